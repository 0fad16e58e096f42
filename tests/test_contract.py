"""What every model promises, whatever its likelihood, with a condition and without."""

import copy
import io
import pickle

import numpy as np
import pytest
from cases import LIKELIHOODS, batch

import tinyvae as tv
from tinyvae.evaluate import mean_terms
from tinyvae.parameters import Parametric


class Laplace(Parametric):
    """A learner's own p(x | z) = Laplace(out, scale), with state of its own."""

    def __init__(self, scale):
        self.scale = scale

    def check(self, x):
        return x

    def log_prob(self, x, out):
        return -(np.abs(x - out) / self.scale + np.log(2 * self.scale)).sum(axis=-1)

    def forward(self, x, out):
        self._last = np.sign(out - x) / self.scale
        return self.log_prob(x, out)

    def backward(self):
        return self._last / len(self._last)

    def mean(self, out):
        return out

    def sample(self, out, rng):
        return rng.laplace(out, self.scale)


def coder(kind, likelihood, n_c):
    return lambda rng, dtype: kind(6, (5, 4), 3, rng, likelihood, tv.SiLU, dtype, n_c)


def diffusion(n_c):
    schedule = tv.log_snr_schedule(6)
    return lambda rng, dtype: tv.Diffusion(6, n_c, (5, 4), schedule, rng, dtype=dtype)


OWN = {"Laplace": Laplace(0.7)}
MODELS = {
    f"{kind.__name__} {name} n_c={n_c}": (coder(kind, likelihood, n_c), likelihood, n_c)
    for kind in (tv.VAE, tv.Autoencoder)
    for name, likelihood in (LIKELIHOODS | OWN).items()
    for n_c in (0, 2)
} | {f"Diffusion n_c={n_c}": (diffusion(n_c), tv.Gaussian(), n_c) for n_c in (0, 2)}
every_model = pytest.mark.parametrize("name", MODELS)


def made(name, dtype=np.float64):
    """(model with random parameters, its noise, x and c)."""
    build, likelihood, n_c = MODELS[name]
    rng = np.random.default_rng(1)
    model = build(rng, dtype)
    model.params.vector[:] = 0.5 * rng.standard_normal(model.params.vector.size)
    x, eps = batch(likelihood)
    c = rng.standard_normal((7, n_c)) if n_c else None
    if isinstance(model, tv.Diffusion):
        eps = rng.standard_normal((7, 6))
        eps = tv.Noise(np.arange(7) % 6 + 1, eps, rng.random((7, n_c)) < 0.5)
    return model, eps, x, c


def terms_of(model, noise, x, c, rows=slice(None)):
    c = None if c is None else c[rows]
    if isinstance(model, tv.Autoencoder):
        return (model.recon(x[rows], c),)
    if isinstance(noise, tv.Noise):
        return model.elbo(x[rows], tv.Noise(*(part[rows] for part in noise)), c)
    return model.elbo(x[rows], noise[rows], c)


def trained(model, x, c, seed=0):
    opt, rng = tv.Adam(model.params, lr=1e-2), np.random.default_rng(seed)
    list(tv.train(model, opt, x, 3, 3, rng=rng, c=c, progress=False))
    return model.params.vector


@every_model
def test_the_elbo_is_its_parts(name):
    terms = terms_of(*made(name))
    first, *rest = terms
    assert first.shape == (7,) and np.isfinite(first).all()
    if rest:
        np.testing.assert_array_equal(first, rest[0] - sum(rest[1:]))


@every_model
def test_the_gradient_is_that_of_the_loss(name):
    model, noise, x, c = made(name)
    errors = tv.check_model(model, x, noise, c=c)
    assert set(errors) == set(model.params) and max(errors.values()) < 1e-6, errors


@every_model
def test_a_batch_is_its_rows(name):
    model, noise, x, c = made(name)
    whole, rows, slopes = terms_of(model, noise, x, c), [], []
    model.backward()
    slope = model.grads.vector.copy()
    for i in range(7):
        rows.append([term[0] for term in terms_of(model, noise, x, c, slice(i, i + 1))])
        model.backward()
        slopes.append(model.grads.vector.copy())
    np.testing.assert_allclose(np.transpose(rows), whole, rtol=1e-11)
    np.testing.assert_allclose(np.mean(slopes, axis=0), slope, atol=1e-11)


def through_a_file(model):
    file = io.BytesIO()
    tv.save(file, model)
    file.seek(0)
    return tv.load(file)


COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "astype": lambda model: model.astype(model.dtype),
    "file": through_a_file,
}


@every_model
@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_copy_is_equal_to_the_last_bit_or_refused(name, way, dtype):
    model, noise, x, c = made(name, dtype)
    before = terms_of(model, noise, x, c)
    if way == "file" and "Laplace" in name:
        with pytest.raises(TypeError, match="cannot save a Laplace"):
            COPIES[way](model)
        return
    twin = COPIES[way](model)
    np.testing.assert_array_equal(terms_of(twin, noise, x, c), before)
    model.backward(), twin.backward()
    np.testing.assert_array_equal(twin.grads.vector, model.grads.vector)
    twin.params.vector[:] = 0
    np.testing.assert_array_equal(terms_of(model, noise, x, c), before)
    assert not np.array_equal(terms_of(twin, noise, x, c), before)
    trained(model, x, c)  # what was copied still learns
    assert not np.array_equal(terms_of(model, noise, x, c), before)


@every_model
def test_what_load_would_not_make_again_is_not_saved(name):
    """Networks of the usual sizes, but other layers between."""
    for last in (tv.ReLU, None):
        model, *_ = made(name)
        part = model.parts[0]
        dense = [layer for layer in getattr(model, part).layers if layer.params]
        layers = [x for layer in dense for x in (layer, *([last()] if last else []))]
        setattr(model, part, tv.Sequential(*layers[: len(layers) - bool(last)]))
        with pytest.raises(TypeError, match="cannot save a"):
            tv.save(io.BytesIO(), model)


@every_model
def test_what_a_model_was_made_with_stays(name):
    model, *_ = made(name)
    for setting in set(model.settings) - {"likelihood"}:
        other = copy.deepcopy(model.settings[setting])
        other = tv.ReLU if setting == "activation" else np.array([other])
        with pytest.raises(AttributeError, match=f"{setting} stays what the model was made"):
            setattr(model, setting, other)
    if hasattr(model, "alpha_bar"):
        with pytest.raises(ValueError, match="read-only"):
            model.alpha_bar[0] *= 0.9


@every_model
def test_same_seed_same_bits(name):
    a, b = (trained(made(name)[0], *made(name)[2:]).copy() for _ in range(2))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, made(name)[0].params.vector)
    assert not np.array_equal(a, trained(made(name)[0], *made(name)[2:], seed=1))


@every_model
def test_an_optimiser_of_another_model_is_refused(name):
    model, _, x, c = made(name)
    others = {
        "another": made(name)[0].params,
        "a copy's": copy.deepcopy(model).params,
        "cast": model.astype(np.float32).params,
        "kept": model.params.copy(),
        "none": {},
        "one strange": {**model.params, "strange": np.zeros(3)},
        "a slice": {n: a[:1] if a.ndim else a for n, a in model.params.items()},
        "exchanged": dict(zip(model.params, reversed(model.params.values()), strict=True)),
        "its gradients": model.grads,
    }
    for params in others.values():
        before = {n: a.copy() for n, a in params.items()}
        with pytest.raises(ValueError, match="opt must be an optimiser of this model"):
            tv.train(model, tv.Adam(params), x, rng=np.random.default_rng(0), c=c)
        assert all((params[n] == before[n]).all() for n in before)
    for opt in (None, tv.Adam, model.params, {}, 1e-3, model):
        with pytest.raises(ValueError, match="opt must be an optimiser of this model"):
            tv.train(model, opt, x, rng=np.random.default_rng(0), c=c)


@every_model
def test_a_part_of_the_parameters_may_be_trained(name):
    model, _, x, c = made(name)
    first, *held = model.params
    before = model.params.copy()
    opt = tv.Adam({first: model.params[first]}, lr=1e-2)
    list(tv.train(model, opt, x, 2, 4, rng=np.random.default_rng(0), c=c, progress=False))
    assert (model.params[first] != before[first]).any()
    assert all((model.params[n] == before[n]).all() for n in held)


@every_model
def test_a_network_that_is_replaced_is_trained_or_the_optimiser_is_refused(name):
    model, noise, x, c = made(name)
    opt, part = tv.Adam(model.params), model.parts[0]
    sizes = model.sizes(**{n: model.settings[n] for n in ("n_x", "n_h", "n_z", "n_c")
                           if n in model.settings})[part]  # fmt: skip
    rng = np.random.default_rng(5)
    given = tv.mlp((sizes[0], 9, sizes[-1]), rng)
    setattr(model, part, given)
    assert model.params[f"{part}.0.W"].shape == (sizes[0], 9)
    with pytest.raises(ValueError, match="opt must be an optimiser of this model"):
        tv.train(model, opt, x, rng=rng, c=c)
    trained(model, x, c)
    assert max(tv.check_model(model, x, noise, c=c).values()) < 1e-6
    assert (given.layers[0].W != model.params[f"{part}.0.W"]).any()  # a copy of it was taken
    for way in ("deepcopy", "pickle", "astype"):
        twin = COPIES[way](model)
        np.testing.assert_array_equal(terms_of(twin, noise, x, c), terms_of(model, noise, x, c))
    with pytest.raises(TypeError, match="cannot save a"):
        tv.save(io.BytesIO(), model)


@every_model
def test_parameters_cannot_lose_their_link(name):
    model, *_ = made(name)
    for attribute in ("params", "grads"):
        with pytest.raises(AttributeError, match="set in place"):
            setattr(model, attribute, model.params.copy())
    layer = getattr(model, model.parts[0]).layers[0]
    with pytest.raises(AttributeError):
        getattr(model, model.parts[0]).layers = (layer,)
    for attribute in ("W", "b", "dW", "db"):
        whole = model.grads if attribute[0] == "d" else model.params
        setattr(layer, attribute, 3.0)
        setattr(layer, attribute, getattr(layer, attribute) + 1)
        array = getattr(layer, attribute)
        assert (array == 4).all() and np.shares_memory(array, whole.vector)
    layer.b += 1
    assert (layer.params["b"] == 5).all()
    for kept in (dict(model.params), {n: a[...] for n, a in model.params.items()}):
        with pytest.raises(ValueError, match=r"keep params\.copy\(\)"):
            model.params.update(kept)
    layer.params["W"] = 3.0
    assert (model.params.vector == 3).sum() == layer.W.size
    model.params |= {next(iter(model.params)): 4.0}
    assert (layer.W == 4).all()
    with pytest.raises(ValueError, match="could not be broadcast"):
        model.params.update({f"{model.parts[0]}.0.W": 7.0, f"{model.parts[0]}.0.b": [1, 2, 3]})
    assert (layer.W == 4).all()
    for arrays in (model.params, model.grads):
        arrays.vector = np.arange(arrays.vector.size)
        arrays.vector += 1
        whole = np.concatenate([a.ravel() for a in arrays.values()])
        assert (whole == np.arange(whole.size) + 1).all()


@every_model
def test_weights_of_a_kl_are_refused_where_there_is_none(name):
    model, _, x, c = made(name)
    options = [{"beta": 7.0}, {"free_bits": 3.0}, {"warmup": 2}, {"beta": 0.0}]
    for option in options:
        opt, rng = tv.Adam(model.params), np.random.default_rng(0)
        if model.weighs_kl:
            *_, last = tv.train(model, opt, x, 1, rng=rng, c=c, progress=False, **option)
            assert "beta" in last
        else:
            with pytest.raises(ValueError, match="beta and free_bits act on a KL"):
                tv.train(model, opt, x, 1, rng=rng, c=c, progress=False, **option)
    if not model.weighs_kl:
        *_, last = tv.train(model, tv.Adam(model.params), x, 1, rng=rng, c=c, progress=False)
        assert "beta" not in last
        with pytest.raises(ValueError, match="beta and free_bits act on a KL"):
            tv.check_model(model, x, beta=2.0, c=c)


@every_model
def test_a_learners_floating_point_settings_are_no_fault(name):
    model, noise, x, c = made(name)
    expected = [*terms_of(model, noise, x, c)], trained(made(name)[0], x, c)
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(terms_of(model, noise, x, c), expected[0])
        np.testing.assert_array_equal(trained(made(name)[0], x, c), expected[1])


@every_model
@pytest.mark.parametrize("size", [1e-30, 1e-15, 1, 4])
def test_what_is_rounded_to_0_stops_nobody(name, size):
    """Whatever np.seterr says, beside a training, too: activations that saturate, tiny data."""
    model, noise, x, c = made(name, np.float32)
    model.params.vector *= np.float32(size)
    if "Diffusion" in name or "Gaussian" in name:
        x = x * min(size, 1)
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore", under="raise"):
        terms_of(model, noise, x, c)
        model.backward()
        mean_terms(model, x, rng, c)
        if isinstance(model, tv.VAE):
            tv.kl_per_dim(model, x, c)
            tv.iw_log_likelihood(model, x, 3, rng=rng, c=c)
        if hasattr(model, "sample"):
            model.sample(20, rng, None if c is None else c[:1])
        if hasattr(model, "reconstruct"):
            model.reconstruct(x, c)
            model.likelihood.sample(
                model.decode(np.full((1, 3), size), c if c is None else c[:1]), rng
            )


@every_model
def test_held_out_terms_are_means(name):
    model, _, x, c = made(name)
    means = mean_terms(model, x, np.random.default_rng(3), c)
    terms = model.objective(*model.validate(x, c), np.random.default_rng(3), remember=False)
    for field, value in means.items():
        assert value == pytest.approx(getattr(terms, field).mean(), rel=1e-12)


@every_model
def test_it_says_what_it_is_in_one_line(name):
    model, *_ = made(name)
    for thing in (model, tv.Adam(model.params), *(getattr(model, n) for n in model.parts)):
        assert "\n" not in repr(thing) and "object at" not in repr(thing), repr(thing)
    assert f"{model.params.vector.size:,} parameters" in repr(model)
    assert repr(model).startswith(type(model).__name__)
