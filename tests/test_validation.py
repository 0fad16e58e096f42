"""What every function asks of its input, by the kinds of input that people bring."""

import datetime
import fractions
import subprocess
import sys

import numpy as np
import pytest
from cases import batch, random_vae

import tinyvae as tv
from tinyvae.arrays import check_matrix, check_real, check_unit, check_variation
from tinyvae.estimator import VAETransformer

X, EPS = batch(tv.Gaussian())
FACES, NAMES = tv.load_faces(4), tv.load_names()


def matrix(value, dtype=np.float32):
    return check_matrix("pictures", value, 2, dtype)


# Masked entries

ESTIMATOR = VAETransformer(2, epochs=1, n_draws=1).fit(X)


def masked(array):
    """The array with one entry hidden, as -999 often is."""
    array = np.array(array, float)
    array.flat[-1] = -999
    return np.ma.masked_equal(array, -999)


def model_calls():
    vae = random_vae(tv.Gaussian())
    autoencoder = random_vae(tv.Gaussian(), kind=tv.Autoencoder)
    rng, opt = np.random.default_rng(0), tv.Adam(vae.params)
    own = {"rng": rng, "progress": False}
    return {
        "encode": (vae.encode, X), "elbo, x": (lambda x: vae.elbo(x, EPS), X),
        "elbo, eps": (lambda eps: vae.elbo(X, eps), EPS), "decode": (vae.decode, EPS),
        "reconstruct": (vae.reconstruct, X), "recon": (autoencoder.recon, X),
        "train, x": (lambda x: list(tv.train(vae, opt, x, 1, **own)), X),
        "train, x_val": (lambda x: list(tv.train(vae, opt, X, 1, x_val=x, **own)), X),
        "mean_elbo": (lambda x: tv.mean_elbo(vae, x, rng), X),
        "iw_log_likelihood": (lambda x: tv.iw_log_likelihood(vae, x, rng=rng), X),
        "kl_per_dim": (lambda x: tv.kl_per_dim(vae, x), X),
        "active_units": (lambda x: tv.active_units(vae, x), X),
        "aggregated_posterior": (lambda x: tv.aggregated_posterior(vae, x, rng), X),
    }  # fmt: skip


def conditional_calls():
    rng = np.random.default_rng(0)
    vae, c = tv.VAE(6, (5,), 3, rng, n_c=2), rng.standard_normal((7, 2))
    opt, diffusion = tv.Adam(vae.params), tv.Diffusion(6, 2, (5,), [0.9, 0.5, 0.1], rng)
    own = {"rng": rng, "progress": False}
    return {
        "encode, c": (lambda c: vae.encode(X, c), c),
        "decode, c": (lambda c: vae.decode(EPS, c), c),
        "elbo, c": (lambda c: vae.elbo(X, EPS, c), c),
        "sample, c": (lambda c: vae.sample(7, rng, c=c), c),
        "picture, c": (lambda c: vae.picture(EPS, c), c),
        "reconstruct, c": (lambda c: vae.reconstruct(X, c), c),
        "train, c": (lambda c: list(tv.train(vae, opt, X, 1, c=c, **own)), c),
        "train, c_val": (
            lambda a: list(tv.train(vae, opt, X, 1, c=c, x_val=X, c_val=a, **own)),
            c,
        ),
        "train, diffusion": (
            lambda x: list(tv.train(diffusion, tv.Adam(diffusion.params), x, 1, c=c, **own)),
            X,
        ),
    }


CALLS = model_calls() | conditional_calls() | {
    "energy_distance, x": (lambda x: tv.energy_distance(x, X), X),
    "energy_distance, y": (lambda y: tv.energy_distance(X, y), X),
    "lerp, a": (lambda a: tv.lerp(a, EPS[1], 0.5), EPS[0]),
    "lerp, b": (lambda b: tv.lerp(EPS[1], b, 0.5), EPS[0]),
    "lerp, t": (lambda t: tv.lerp(EPS[0], EPS[1], t), np.linspace(0, 1, 3)),
    "slerp": (lambda a: tv.slerp(a, EPS[1], 0.5), EPS[0]),
    "path": (lambda a: tv.path(a, EPS[1], 3), EPS[0]),
    "traversal, z": (lambda z: tv.traversal(z, 0, [1, 2]), EPS[0]),
    "traversal, values": (lambda values: tv.traversal(EPS[0], 0, values), np.arange(3)),
    "attribute_direction, mu": (lambda mu: tv.attribute_direction(mu, X[:, 0]), EPS),
    "attribute_direction": (lambda a: tv.attribute_direction(EPS, a), X[:, 0]),
    "Diffusion, alpha_bar": (
        lambda a: tv.Diffusion(3, 0, (4,), a, np.random.default_rng(0)),
        np.linspace(0.9, 0.1, 7),
    ),
    "draw_faces": (tv.draw_faces, FACES.factors), "face_reader": (tv.face_reader(50), FACES.x),
    "Names.decode": (NAMES.decode, NAMES.x[:3]),
    "fit": (lambda x: VAETransformer(epochs=1).fit(x), X),
    "transform": (ESTIMATOR.transform, X), "score_samples": (ESTIMATOR.score_samples, X),
    "inverse_transform": (ESTIMATOR.inverse_transform, EPS[:, :2]),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_what_is_masked_is_no_input(call):
    function, good = CALLS[call]
    hidden = masked(good)
    before = hidden.data.copy()
    with pytest.raises(ValueError, match="must have no masked entries"):
        function(hidden)
    np.testing.assert_array_equal(hidden.data, before)
    function(np.ma.array(good))  # a masked array that hides nothing


@pytest.mark.parametrize("kind", [list, tuple])
def test_rows_that_are_masked_arrays(kind):
    with pytest.raises(ValueError, match="pictures must have no masked entries"):
        matrix(kind(masked(np.ones((3, 2)))))


# Frames, objects and sparse matrices


@pytest.mark.parametrize(
    "dtype", ["float64", "Float64", "Int32", "boolean", "double[pyarrow]", "bool[pyarrow]"]
)
def test_a_frame_of_pandas(dtype):
    pd = pytest.importorskip("pandas")
    if "pyarrow" in dtype:
        pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"a": [0, 1, 1], "b": [1, 1, 0]}).astype(dtype)
    np.testing.assert_array_equal(matrix(frame), [[0, 1], [1, 1], [1, 0]])
    mixed = frame.assign(b=[0.5, 1.5, 2.5])
    np.testing.assert_array_equal(matrix(mixed), [[0, 0.5], [1, 1.5], [1, 2.5]])


@pytest.mark.parametrize("missing", [None, float("nan"), "NA", "NaT"])
def test_a_frame_in_which_something_is_missing(missing):
    pd = pytest.importorskip("pandas")
    missing = getattr(pd, missing) if isinstance(missing, str) else missing
    frame = pd.DataFrame({"a": [1.5, 2], "b": [1.5, missing]}, dtype=object)
    with pytest.raises(ValueError, match=r"pictures must (have no missing|be finite)"):
        matrix(frame)
    frame = pd.DataFrame({"a": [1.5, None], "b": [1, 2]}).convert_dtypes()
    with pytest.raises(ValueError, match=r"pictures must (have no missing|be finite)"):
        matrix(frame)


def test_objects_that_are_numbers():
    rows = [[1, np.float32(0.5)], [fractions.Fraction(1, 4), True], [np.int8(3), np.False_]]
    array = matrix(np.array(rows, object))
    np.testing.assert_array_equal(array, [[1, 0.5], [0.25, 1], [3, 0]])
    assert array.dtype == np.float32


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("0.5", "dtype object, a str"), (None, "no missing entries, got None"),
        (1j, "dtype object, a complex"), (datetime.date(2024, 1, 1), "dtype object, a date"),
        ([1, 2], "dtype object, a list"), (10**400, "finite in float64"),
    ],
    ids=["text", "None", "complex", "date", "list", "huge"],
)  # fmt: skip
def test_an_object_that_is_no_number(entry, says):
    array = np.ones((3, 2), object)
    array[2, 1] = entry
    with pytest.raises((ValueError, TypeError), match=f"^pictures must.* ?{says}"):
        matrix(array)


@pytest.mark.parametrize(
    "value", [{1, 2}, {"a": 1}, iter([1]), None], ids=["set", "dict", "iterator", "None"]
)
def test_what_is_no_array_at_all(value):
    with pytest.raises((ValueError, TypeError), match=r"^pictures must"):
        matrix(value)


@pytest.mark.parametrize("kind", ["csr_matrix", "csr_array", "coo_array", "lil_matrix"])
def test_sparse_input_is_called_sparse(kind):
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match=rf"^x must be dense, got a sparse {kind}.*toarray\(\)"):
        random_vae(tv.Gaussian()).encode(getattr(sparse, kind)(np.eye(6)))


@pytest.mark.parametrize("shape", [(5, 4, 4, 3), (4, 4, 3), (5, 48, 1), (5, 4, 12)])
def test_pictures_that_are_no_rows(shape):
    with pytest.raises(ValueError, match=r"must have shape \(N, 48\).*in colour, is one row"):
        check_matrix("x", np.zeros(shape), 48, np.float32)


def test_nothing_is_loaded_to_look_for_masks():
    code = (
        "import sys, tinyvae; tinyvae.draw_faces([[0] * 8]); print('numpy.ma' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.split() == [b"False"]


def test_what_fits_is_not_copied():
    x = np.zeros((3, 2), np.float32)
    assert check_real("x", x) is x and matrix(x) is x and check_unit("x", x) is x


# Numbers that float32 cannot tell apart


@pytest.mark.parametrize(
    "column",
    [
        1.7e9 + np.arange(60),  # a minute, in seconds
        np.arange(10**18, 10**18 + 10**10, 10**9),  # whole numbers: nanoseconds
        -1.7e9 - np.arange(60), 1e8 + np.array([0.0, 1.0]), 1 + 1e-9 * np.arange(60),
    ],
)  # fmt: skip
def test_a_column_that_float32_would_make_constant(column):
    x = np.stack([np.arange(len(column)), column], axis=1).astype(column.dtype)
    with pytest.raises(ValueError, match=r"^x must vary in float32: column 1 goes from"):
        check_variation("x", x, np.float32)
    check_variation("x", x, np.float64)
    check_variation("x", x - x.mean(axis=0), np.float32)  # what the message says to do
    vae, still = tv.VAE(2, (3,), 1, np.random.default_rng(0), n_c=2), np.zeros((len(x), 2))
    for name, data in (("x", (x, still)), ("c", (still, x))):
        with pytest.raises(ValueError, match=rf"^{name} must vary in float32"):
            tv.train(vae, tv.Adam(vae.params), data[0], c=data[1], rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    "column",
    [
        1.7e9 + 86_400.0 * np.arange(60),  # days
        1e6 + np.arange(60), 1e30 * np.arange(60), np.arange(60) << 50,
        np.full(60, 1.7e9),  # constant before, too
        0.1 + np.spacing(0.1) * np.arange(60),  # constant but for rounding
        1e-60 * np.arange(60),  # next to nothing: 0
        np.append(np.zeros(59), 1e9), np.arange(60) % 2 == 0,
    ],
)  # fmt: skip
def test_columns_that_float32_holds(column):
    check_variation("x", np.stack([column, column], axis=1), np.float32)


# The ends of [0, 1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ulps", [1, 2, 4])
def test_rounding_at_the_ends_is_cut_off(dtype, ulps):
    eps = np.finfo(dtype).eps
    x = np.array([[-ulps * eps, 0.5, 1 + ulps * eps]], dtype)
    kept = x.copy()
    inside = check_unit("x", x)
    assert inside.dtype == dtype and inside.min() == 0 and inside.max() == 1
    np.testing.assert_array_equal(x, kept)
    single = check_unit("x", x.astype(np.float32).astype(np.float64))  # scaled in float32
    assert single.min() == 0 and single.max() == 1


def test_scaled_data_lie_in_0_to_1():
    from sklearn.preprocessing import MinMaxScaler

    outside = 0
    for seed in range(100):
        x = np.random.default_rng(seed).normal(size=(30, 6)) * 10.0 ** (seed % 7)
        scaled = MinMaxScaler().fit_transform(x)
        outside += scaled.max() > 1
        assert check_unit("x", scaled).max() == 1
    assert outside > 10  # or this tells nothing


@pytest.mark.parametrize("extreme", [1.00001, 1.000001, 2, 255, -1e-6, -0.5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_further_out_the_message_shows_what_is_outside(extreme, dtype):
    x = np.array([[0.5, extreme]], dtype)
    with pytest.raises(ValueError, match=r"^pixels must lie in \[0, 1\].* got values") as said:
        check_unit("pixels", x)
    low, high = map(float, str(said.value).split("from ")[1].split(" to "))
    assert (low < 0) == (extreme < 0) and (high > 1) == (extreme > 1)


def test_a_gaussian_takes_any_finite_number():
    x = np.array([[1 + 1e-7, -1e-7, 2, -3, 0, 1]])
    assert np.isfinite(random_vae(tv.Gaussian()).elbo(x, EPS[:1]).elbo).all()
