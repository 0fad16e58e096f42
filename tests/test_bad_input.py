"""Each bad input gets one error that names the argument, before anything is changed."""

import numpy as np
import pytest
from cases import batch, random_vae

import tinyvae as tv
from tinyvae.validation import check_float

RNG = np.random.default_rng(0)
X, EPS = batch(tv.Gaussian())


def with_value(x, value):
    x = x.copy()
    x[2, 3] = value
    return x


BAD_X = {
    "NaN": (with_value(X, np.nan), "x must be finite"),
    "infinity": (with_value(X, np.inf), "x must be finite"),
    "too large for float32": (with_value(X, 1e300), "x must be finite in float32"),
    "width": (X[:, :5], r"x must have shape \(N, 6\).*got \(7, 5\)"),
    "one dimension": (X[0], r"x must have shape \(N, 6\).*got \(6,\)"),
    "three dimensions": (X[None], r"x must have shape \(N, 6\)"),
    "empty": (X[:0], r"N >= 1, got \(0, 6\)"),
    "object": (with_value(X.astype(object), "a"), "x must be .* got dtype object, a str"),
    "text": (X.astype(str), "x must be an array of real numbers"),
    "complex": (X + 1j, "x must be an array of real numbers"),
}


def calls(vae):
    """Everything public that takes x."""
    opt = tv.Adam(vae.params)
    return {
        "encode": vae.encode, "reconstruct": vae.reconstruct,
        "elbo": lambda x: vae.elbo(x, EPS),
        "train": lambda x: next(tv.train(vae, opt, x, rng=RNG)),
        "train, x_val": lambda x: next(tv.train(vae, opt, X, rng=RNG, x_val=x)),
        "mean_elbo": lambda x: tv.mean_elbo(vae, x, RNG),
        "iw_log_likelihood": lambda x: tv.iw_log_likelihood(vae, x, rng=RNG),
        "kl_per_dim": lambda x: tv.kl_per_dim(vae, x),
        "active_units": lambda x: tv.active_units(vae, x),
        "aggregated_posterior": lambda x: tv.aggregated_posterior(vae, x, RNG),
    }  # fmt: skip


@pytest.mark.parametrize("call", calls(random_vae(tv.Gaussian())))
@pytest.mark.parametrize("case", BAD_X)
def test_bad_x(case, call):
    vae = random_vae(tv.Gaussian(), dtype=np.float32)
    before = vae.params.vector.copy()
    x, message = BAD_X[case]
    message = message.replace("x must", "x_val must") if call == "train, x_val" else message
    with pytest.raises((ValueError, TypeError), match=message):
        calls(vae)[call](x)
    np.testing.assert_array_equal(vae.params.vector, before)


@pytest.mark.parametrize("call", calls(random_vae(tv.Gaussian())))
def test_lists_and_other_number_types_are_taken(call):
    vae = random_vae(tv.Gaussian())
    calls(vae)[call](X.tolist())
    calls(vae)[call](X.astype(int))


def test_pixels_outside_0_to_1():
    vae = random_vae(tv.Bernoulli())
    for value in (-0.01, 1.01):
        with pytest.raises(ValueError, match=r"x must lie in \[0, 1\].*got values from"):
            vae.elbo(with_value(np.full((7, 6), 0.5), value), EPS)
        with pytest.raises(ValueError, match=r"x must lie in \[0, 1\]"):
            tv.train(vae, tv.Adam(vae.params), with_value(np.full((7, 6), 0.5), value), rng=RNG)


def test_x_that_is_not_one_hot():
    vae, (x, eps) = random_vae(tv.Categorical(3)), batch(tv.Categorical(3))
    for value in (0.5, -1, 2):
        with pytest.raises(ValueError, match="one-hot in blocks of 3"):
            vae.elbo(with_value(x, value), eps)
    with pytest.raises(ValueError, match="one-hot in blocks of 3"):
        vae.elbo(np.zeros_like(x), eps)


def test_a_width_that_the_categories_do_not_divide():
    with pytest.raises(ValueError, match="multiple of n_categories = 4, got 6"):
        random_vae(tv.Categorical(4)).elbo(X, EPS)


@pytest.mark.parametrize(
    "eps", [EPS[:, :2], EPS[:3], with_value(np.ones((7, 4)), np.nan)[:, 1:]]
)
def test_bad_eps(eps):
    with pytest.raises(ValueError, match="eps must"):
        random_vae(tv.Gaussian()).elbo(X, eps)


@pytest.mark.parametrize("z", [EPS[:, :2], EPS[0], EPS * np.nan])
def test_bad_z(z):
    with pytest.raises(ValueError, match="z must"):
        random_vae(tv.Gaussian()).decode(z)


def vae_with(**bad):
    return tv.VAE(**({"n_x": 6, "n_h": (5,), "n_z": 3, "rng": RNG} | bad))


def train_with(**bad):
    vae = random_vae(tv.Gaussian())
    return tv.train(vae, tv.Adam(vae.params), X, rng=RNG, **bad)


def adam_with(**bad):
    return tv.Adam({"p": np.zeros(2)}, **bad)


def iw_with(**bad):
    return tv.iw_log_likelihood(random_vae(tv.Gaussian()), X, rng=RNG, **bad)


def backward_with(**bad):
    vae = random_vae(tv.Gaussian())
    vae.elbo(X, EPS)
    vae.grads.vector[:] = 7
    try:
        vae.backward(**bad)
    finally:
        assert (vae.grads.vector == 7).all()  # refused before anything was changed


@pytest.mark.parametrize(
    ("call", "bad"),
    [
        *[(vae_with, {n: v}) for n in ("n_x", "n_z") for v in (0, -1, 2.5, "3", True)],
        *[(vae_with, {"n_h": v}) for v in ((0,), (5, -1), (2.5,))],
        *[(train_with, {n: v}) for n in ("epochs", "batch_size") for v in (0, -3, 1.5)],
        *[(train_with, {n: v}) for n in ("beta", "free_bits") for v in (-0.1, np.nan, "a")],
        *[(train_with, {"warmup": v}) for v in (-1, np.inf)],
        *[(train_with, {"beta": v, "warmup": 2}) for v in (-0.1, np.nan)],
        (train_with, {"start": -1}),
        *[(backward_with, {n: v}) for n in ("beta", "free_bits") for v in (-0.1, np.inf)],
        *[(iw_with, {"k": v}) for v in (0, -1, 1.5)],
        *[(adam_with, {n: v}) for n in ("lr", "eps") for v in (0, -1e-3, np.nan, "a")],
        *[(adam_with, {n: v}) for n in ("beta1", "beta2") for v in (-0.1, 1.0, np.nan)],
        *[(tv.Gaussian, {"sigma": v}) for v in (0, -1, np.nan, "a")],
        *[(tv.Categorical, {"n_categories": v}) for v in (0, 1, 2.5)],
    ],
)  # fmt: skip
def test_bad_numbers_are_named(call, bad):
    name = next(iter(bad))
    with pytest.raises((ValueError, TypeError), match=name):
        call(**bad)


@pytest.mark.parametrize("n", [0, -1, 2.5])
def test_bad_counts(n):
    for call in (
        lambda: random_vae(tv.Gaussian()).sample(n, RNG), lambda: tv.grid(n),
        lambda: tv.path(EPS[0], EPS[1], n), lambda: tv.load_faces(n),
    ):  # fmt: skip
        with pytest.raises((ValueError, TypeError), match="n must be"):
            call()


def test_bad_codes():
    a = np.ones(3)
    for between in (tv.lerp, tv.slerp):
        for bad in (
            (a, np.ones(4), 0.5),
            (a * np.nan, a, 0.5),
            (a, a, np.nan),
            (EPS, EPS, 0.5),
        ):
            with pytest.raises(ValueError, match="must"):
                between(*bad)
    with pytest.raises(ValueError, match="more than one value"):
        tv.attribute_direction(EPS, np.ones(7))
    with pytest.raises(ValueError, match=r"attribute \(N,\)"):
        tv.attribute_direction(EPS, np.ones(6))


def test_a_class_where_an_instance_belongs():
    with pytest.raises(
        TypeError, match=r"likelihood must be an instance, such as Bernoulli\(\)"
    ):
        vae_with(likelihood=tv.Bernoulli)
    with pytest.raises(TypeError, match="float32 or float64, got float16"):
        vae_with(dtype=np.float16)


def test_backward_before_elbo():
    with pytest.raises(RuntimeError, match="call elbo or recon first"):
        random_vae(tv.Gaussian()).backward()


def test_arrays_that_adam_could_not_update_in_place():
    with pytest.raises(ValueError, match="p must be C-contiguous"):
        tv.Adam({"p": np.zeros((4, 4))[:, :2]})
    for strange in (1.0, [1.0, 2.0], np.zeros(2, int), None):
        with pytest.raises(TypeError, match="p must be an array of a float dtype"):
            tv.Adam({"p": strange})
    for strange in ([np.zeros(2)], np.zeros(2), random_vae(tv.Gaussian()), None):
        with pytest.raises(TypeError, match="params must be a dict of arrays"):
            tv.Adam(strange)


@pytest.mark.parametrize(
    "bad",
    [{"n_h": 5}, {"activation": "tanh"}, {"activation": tv.SiLU()}, {"activation": int},
     {"likelihood": "bernoulli"}, {"rng": 0}, {"rng": None}],
    ids=str,
)  # fmt: skip
def test_arguments_of_another_kind_are_named(bad):
    ((name, _),) = bad.items()
    with pytest.raises(TypeError, match=name):
        vae_with(**bad)


def test_a_seed_where_a_generator_belongs():
    vae = random_vae(tv.Gaussian())
    for call in (
        lambda: tv.train(vae, tv.Adam(vae.params), X, rng=0), lambda: vae.sample(3, 0),
        lambda: tv.mean_elbo(vae, X, 0), lambda: tv.iw_log_likelihood(vae, X, rng=0),
    ):  # fmt: skip
        with pytest.raises(TypeError, match="rng must be a Generator"):
            call()


def test_loss_and_resuming_have_bounds():
    vae = random_vae(tv.Gaussian())
    vae.elbo(X, EPS)
    with pytest.raises(ValueError, match="beta"):
        vae.loss(beta=-1)
    with pytest.raises(ValueError, match="start must be <= epochs"):
        train_with(start=5, epochs=2)
    with pytest.raises(ValueError, match="unequal length"):
        vae.encode([[1, 2, 3, 4, 5, 6], [1]])
    with pytest.raises(TypeError, match="lr must be a number"):
        adam_with(lr=True)
    with pytest.raises(ValueError, match="lr must be finite"):
        adam_with(lr=10**400)
    with pytest.raises(ValueError, match=r"^guidance must be finite, got nan"):
        check_float("guidance", np.nan)
    for cosine in ("no", 10, None):  # no number of epochs
        with pytest.raises(TypeError, match="cosine must be True or False"):
            train_with(cosine=cosine)
    with pytest.raises(ValueError, match="two different"):
        tv.grid(3, latents=(0, 0))


@pytest.mark.parametrize("latent", [3, -1, 1.0, "1"])
def test_a_latent_that_is_not_there(latent):
    for call in (
        lambda: tv.traversal(EPS[0], latent, [0, 1]),
        lambda: tv.grid(3, n_z=3, latents=(0, latent)),
    ):
        with pytest.raises((ValueError, TypeError), match=r"latents? must be"):
            call()


@pytest.mark.parametrize("model", [tv.VAE, None, tv.Adam({}), tv.mlp((6, 3), RNG)], ids=repr)
def test_what_is_no_model_is_not_trained_or_saved(model, tmp_path):
    with pytest.raises(TypeError, match="model must be one such as"):
        tv.train(model, tv.Adam({}), X, rng=RNG)
    with pytest.raises(TypeError, match=r"save\(path, model\)"):
        tv.save(tmp_path / "m", model)
    with pytest.raises(TypeError, match=r"save\(path, model\)"):
        tv.save(random_vae(tv.Gaussian()), str(tmp_path / "m"))  # as others have it
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "c_val", [None, np.ones((7, 3)), np.full((7, 2), np.nan), np.ones((5, 2))]
)
def test_a_bad_held_out_condition_is_called_so(c_val):
    for model, x in (
        (tv.VAE(6, (5,), 3, RNG, n_c=2), X),
        (tv.Diffusion(3, 2, (5,), tv.log_snr_schedule(4), RNG), EPS),
    ):
        with pytest.raises(ValueError, match=r"^c_val must"):
            tv.train(
                model, tv.Adam(model.params), x, rng=RNG, c=np.ones((7, 2)), x_val=x,
                c_val=c_val,
            )  # fmt: skip


@pytest.mark.parametrize("attribute", [np.full(7, 0.1), [1, 2, 3, np.nan, 5, 6, 7]])
def test_an_attribute_that_says_nothing(attribute):
    with pytest.raises(ValueError, match="attribute must"):
        tv.attribute_direction(EPS, attribute)
