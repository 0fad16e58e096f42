"""The importance-weighted objective: its gradient, its value, and what it is at k = 1."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from autograd.scipy.special import logsumexp
from autograd.scipy.stats import norm
from cases import batch, random_vae
from test_reference import log_likelihood, network

import tinyvae as tv

FIXED = {
    "Bernoulli": tv.Bernoulli(),
    "Gaussian(0.3)": tv.Gaussian(sigma=0.3),
    "Categorical": tv.Categorical(3),
}
EMPTY = np.empty((7, 0))


def reference(params, x, eps, likelihood):
    """The mean of L_k, its densities written out."""
    codes = network(params, "encoder", x, tv.SiLU)
    mu, sigma = codes[:, :3], anp.exp(codes[:, 3:] / 2)
    rows = []
    for noise in eps:
        z = mu + sigma * noise
        recon = log_likelihood(likelihood, params, x, network(params, "decoder", z, tv.SiLU))
        rows.append(recon + anp.sum(norm.logpdf(z) - norm.logpdf(z, mu, sigma), axis=1))
    return anp.mean(logsumexp(anp.array(rows), axis=0) - np.log(len(eps)))


@pytest.mark.parametrize("likelihood", FIXED.values(), ids=FIXED)
@pytest.mark.parametrize("k", [1, 2, 5])
def test_value_and_gradient_are_autograds(likelihood, k, rng):
    vae, (x, _) = random_vae(likelihood), batch(likelihood)
    eps = rng.standard_normal((k, 7, 3))
    params = {name: array.copy() for name, array in vae.params.items()}
    model = tv.IWAE(vae, k)
    bound = model._bound(x, EMPTY, eps).bound
    np.testing.assert_allclose(bound.mean(), reference(params, x, eps, likelihood), rtol=1e-12)
    model.backward()
    expected = grad(lambda p: -reference(p, x, eps, likelihood))(params)
    for name, array in vae.grads.items():
        assert tv.relative_error(array, expected[name]) < 1e-10, name


def test_with_a_condition_against_finite_differences(rng):
    vae = tv.VAE(6, (5,), 3, rng, tv.Bernoulli(), dtype=np.float64, n_c=2)
    x, c, eps = rng.random((7, 6)), rng.standard_normal((7, 2)), rng.standard_normal((4, 7, 3))
    model = tv.IWAE(vae, 4)
    model._bound(x, c, eps)
    model.backward()
    for name, array in vae.params.items():
        slopes = tv.numerical_gradient(lambda: -model._bound(x, c, eps).bound.mean(), array)
        assert tv.relative_error(slopes, vae.grads[name]) < 1e-6, name


def test_what_is_not_remembered_changes_no_gradient(rng):
    vae, (x, _) = random_vae(tv.Bernoulli()), batch(tv.Bernoulli())
    model = tv.IWAE(vae, 3)
    model.objective(x, EMPTY, np.random.default_rng(1))
    model.backward()
    before = vae.grads.vector.copy()
    model.objective(x[:2], EMPTY[:2], rng, remember=False)
    model.backward()
    np.testing.assert_array_equal(vae.grads.vector, before)


def test_it_is_the_bound_that_evaluate_computes(rng):
    vae, (x, _) = random_vae(tv.Bernoulli()), batch(tv.Bernoulli())
    many = np.mean(
        [tv.IWAE(vae, 50).objective(x, EMPTY, rng, remember=False).bound for _ in range(40)],
        axis=0,
    )
    again = np.mean([tv.iw_log_likelihood(vae, x, k=50, rng=rng) for _ in range(40)], axis=0)
    np.testing.assert_allclose(many, again, atol=0.05)
    assert many.mean() > np.mean([tv.mean_elbo(vae, x, rng) for _ in range(40)])


def test_training_raises_the_bound(rng):
    vae, x = random_vae(tv.Bernoulli()), (rng.random((200, 6)) < 0.8).astype(float)
    opt = tv.Adam(vae.params, lr=1e-2)
    epochs = list(tv.train(tv.IWAE(vae, 5), opt, x, 20, 20, rng=rng, progress=False))
    assert set(epochs[0]) == {"epoch", "bound", "seconds"}
    assert epochs[-1]["bound"] > epochs[0]["bound"] + 0.5
    assert isinstance(vae.elbo(x[:3], np.zeros((3, 3))).elbo, np.ndarray)  # the VAE goes on


@pytest.mark.parametrize("wrong", ["a learned sigma", "no draw", "an autoencoder", "beta"])
def test_what_cannot_be(wrong, rng):
    vae = random_vae(tv.Bernoulli())
    with pytest.raises((ValueError, TypeError)):
        if wrong == "a learned sigma":
            tv.IWAE(random_vae(tv.Gaussian()), 5)
        if wrong == "no draw":
            tv.IWAE(vae, 0)
        if wrong == "an autoencoder":
            tv.IWAE(tv.Autoencoder(6, (5,), 3, rng, tv.Bernoulli()), 5)
        if wrong == "beta":
            x = rng.random((20, 6))
            tv.train(tv.IWAE(vae, 5), tv.Adam(vae.params), x, beta=2.0, rng=rng)
