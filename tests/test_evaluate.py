"""Evaluation: estimators that agree with their definitions, and with exact truth."""

import math
import tracemalloc
from statistics import NormalDist

import numpy as np
import pytest
from cases import batch, exact_linear_vae, random_vae

import tinyvae as tv
from tinyvae.evaluate import log_weights


@pytest.fixture
def wrong():
    """The exact linear model, its posterior moved off: the bounds are no longer tight."""
    vae, log_p = exact_linear_vae()
    vae.params["encoder.0.b"] = vae.params["encoder.0.b"] + 0.3
    return vae, log_p


def test_mean_elbo_is_the_mean_of_elbo(rng):
    vae, x = random_vae(tv.Gaussian()), batch(tv.Gaussian(), 2500)[0]  # more than one batch
    eps = np.random.default_rng(4).standard_normal((2500, 3))
    assert tv.mean_elbo(vae, x, np.random.default_rng(4)) == pytest.approx(
        vae.elbo(x, eps).elbo.mean()
    )


def test_iw_at_k_1_is_the_elbos_estimator(wrong):
    vae, _ = wrong
    x = np.random.default_rng(7).standard_normal((50, 7))
    draws = [
        tv.iw_log_likelihood(vae, x, k=1, rng=np.random.default_rng(s)) for s in range(300)
    ]
    eps = np.random.default_rng(9).standard_normal((300, 50, 3))
    elbos = [vae.elbo(x, e).elbo for e in eps]
    a, b = np.mean(draws, axis=1), np.mean(elbos, axis=1)
    assert abs(a.mean() - b.mean()) < 4.5 * np.hypot(a.std(), b.std()) / np.sqrt(300)


def test_iw_is_its_definition(wrong, rng):
    vae, _ = wrong
    x, k = rng.standard_normal((5, 7)), 40
    mu, logvar = vae.encode(x)
    log_w = log_weights(vae, x, mu, logvar, k, np.random.default_rng(1))
    expected = np.log(np.mean(np.exp(log_w), axis=0))
    got = tv.iw_log_likelihood(vae, x, k=k, rng=np.random.default_rng(1))
    np.testing.assert_allclose(got, expected, rtol=1e-10)


def test_iw_grows_with_k_to_log_p(wrong):
    vae, log_p = wrong
    x = np.random.default_rng(7).standard_normal((400, 7))
    gaps = [
        (tv.iw_log_likelihood(vae, x, k=k, rng=np.random.default_rng(0)) - log_p(x)).mean()
        for k in (1, 10, 100, 1000)
    ]
    assert gaps == sorted(gaps)
    assert gaps[0] < -0.3 and abs(gaps[-1]) < 0.01


def test_iw_blocks_do_not_matter(monkeypatch, wrong):
    vae, _ = wrong
    x = np.random.default_rng(7).standard_normal((10, 7))
    whole = tv.iw_log_likelihood(vae, x, k=50, rng=np.random.default_rng(0))
    monkeypatch.setattr("tinyvae.evaluate.NUMBERS", 10 * 7 * 8)  # 8 draws at a time
    parts = tv.iw_log_likelihood(vae, x, k=50, rng=np.random.default_rng(0))
    np.testing.assert_allclose(parts, whole, rtol=1e-12)


def test_iw_memory_is_bounded_whatever_k(rng):
    vae = tv.VAE(784, (50,), 4, rng, tv.Bernoulli())
    x, peaks = rng.random((8, 784)), []
    for k in (2000, 6000):
        tracemalloc.start()
        tv.iw_log_likelihood(vae, x, k=k, rng=rng)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.05 * peaks[0] < 150e6


def test_kl_per_dim_sums_to_the_kl():
    vae, (x, eps) = random_vae(tv.Gaussian()), batch(tv.Gaussian())
    np.testing.assert_allclose(tv.kl_per_dim(vae, x).sum(), vae.elbo(x, eps).kl.mean())


def test_active_units_counts_latents_that_move():
    """Two latents whose mu follows x, one that is the prior whatever x."""
    vae, x = random_vae(tv.Gaussian(), n_h=()), batch(tv.Gaussian(), 200)[0]
    vae.params["encoder.0.W"][:, 1] = 0
    assert tv.active_units(vae, x) == 2
    vae.params["encoder.0.W"] = 0.0
    assert tv.active_units(vae, x) == 0


def test_aggregated_posterior_has_the_moments_of_the_mixture(rng):
    vae, x = random_vae(tv.Gaussian(), n_h=()), batch(tv.Gaussian(), 20_000)[0]
    z = tv.aggregated_posterior(vae, x, rng)
    mu, logvar = vae.encode(x)
    expected = np.cov(mu.T) + np.diag(np.exp(logvar).mean(axis=0))
    np.testing.assert_allclose(
        z.mean(axis=0), mu.mean(axis=0), atol=0.05 * np.sqrt(expected.max())
    )
    np.testing.assert_allclose(np.cov(z.T), expected, atol=0.05 * expected.max())


@pytest.mark.parametrize(("variance", "active"), [(0.005, 0), (0.02, 1)])
def test_active_units_draws_the_line_at_a_variance_of_a_hundredth(variance, active):
    vae = tv.VAE(1, (), 1, np.random.default_rng(0), tv.Gaussian(), dtype=np.float64)
    vae.params["encoder.0.W"] = [[np.sqrt(variance), 0]]
    assert tv.active_units(vae, np.array([[-1.0], [1.0]])) == active


def test_evaluation_between_elbo_and_backward_changes_no_gradient(rng):
    vae, (x, eps) = random_vae(tv.Gaussian()), batch(tv.Gaussian())
    vae.elbo(x, eps)
    vae.backward()
    expected = vae.grads.vector.copy()
    vae.elbo(x, eps)
    tv.mean_elbo(vae, x + 1, rng), tv.iw_log_likelihood(vae, x, k=2, rng=rng)
    tv.kl_per_dim(vae, x - 1), tv.aggregated_posterior(vae, x, rng)
    vae.backward()
    np.testing.assert_array_equal(vae.grads.vector, expected)


@pytest.mark.parametrize(
    "model", [random_vae(tv.Gaussian(), kind=tv.Autoencoder),
              tv.Diffusion(6, 0, (4,), [0.5], np.random.default_rng(0)), tv.mlp, None],
    ids=["Autoencoder", "Diffusion", "function", "None"],
)  # fmt: skip
def test_what_is_no_vae_has_no_such_figures(model, rng):
    x = batch(tv.Gaussian(), 2)[0]
    calls = [
        lambda: tv.iw_log_likelihood(model, x, rng=rng), lambda: tv.kl_per_dim(model, x),
        lambda: tv.active_units(model, x), lambda: tv.aggregated_posterior(model, x, rng),
    ]  # fmt: skip
    if not isinstance(model, tv.Diffusion):  # which has an ELBO
        calls.append(lambda: tv.mean_elbo(model, x, rng))
    for call in calls:
        with pytest.raises(TypeError, match=f"must .*got a {type(model).__name__}"):
            call()


def test_energy_distance_by_its_definition(rng):
    x, y = rng.standard_normal((5, 3)), 1 + rng.standard_normal((4, 3))

    def mean(a, b, apart):
        return np.mean([
            np.sqrt(((a[i] - b[j]) ** 2).sum())
            for i in range(len(a)) for j in range(len(b)) if not apart or i != j
        ])  # fmt: skip

    expected = 2 * mean(x, y, False) - mean(x, x, True) - mean(y, y, True)
    assert tv.energy_distance(x, y) == pytest.approx(expected, rel=1e-12)
    assert tv.energy_distance(y, x) == pytest.approx(expected, rel=1e-12)


def test_energy_distance_of_known_distributions():
    """N(0, 1) and N(m, 1): E|X - Y| is the mean of a folded normal, in closed form."""
    x = np.array([[NormalDist().inv_cdf((i + 0.5) / 1000)] for i in range(1000)])  # no chance
    m = 1.5
    apart = 2 / np.sqrt(np.pi) * np.exp(-(m**2) / 4) + m * math.erf(m / 2)
    expected = 2 * (apart - 2 / np.sqrt(np.pi))
    assert tv.energy_distance(x, x + m) == pytest.approx(expected, rel=0.01)


def test_energy_distance_is_0_on_average_where_nothing_differs(rng):
    draws = [tv.energy_distance(*rng.standard_normal((2, 40, 2))) for _ in range(400)]
    assert abs(np.mean(draws)) < 4.5 * np.std(draws) / np.sqrt(400)
    assert min(draws) < 0 < max(draws)


@pytest.mark.parametrize(
    ("x", "y"),
    [(np.ones((3, 2)), np.ones((3, 1))), (np.ones((1, 2)), np.ones((3, 2))), (np.ones(3),) * 2,
     (np.ones((3, 2)), np.full((3, 2), np.nan))],
)  # fmt: skip
def test_energy_distance_refuses_bad_draws(x, y):
    with pytest.raises(ValueError, match=r"x and y must|y must"):
        tv.energy_distance(x, y)
