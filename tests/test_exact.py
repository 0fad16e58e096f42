"""The linear-Gaussian model, whose log p(x) and p(z|x) are known."""

import numpy as np
import pytest
from cases import exact_linear_vae, sigma_points

import tinyvae as tv
from tinyvae.evaluate import log_weights

EXACT = {"rtol": 0, "atol": 1e-9}


@pytest.fixture
def x(rng):
    return 2 * rng.standard_normal((20, 7))


def test_every_importance_weight_is_p_of_x(x, rng):
    vae, log_p = exact_linear_vae()
    mu, logvar = vae.encode(x)
    log_w = log_weights(vae, x, mu, logvar, 5, rng)
    np.testing.assert_allclose(log_w, np.broadcast_to(log_p(x), (5, 20)), **EXACT)


@pytest.mark.parametrize("k", [1, 3, 10])
def test_iw_log_likelihood_is_exact(x, rng, k):
    vae, log_p = exact_linear_vae()
    np.testing.assert_allclose(tv.iw_log_likelihood(vae, x, k=k, rng=rng), log_p(x), **EXACT)


def averaged(vae, x, look):
    """The mean of look(elbo terms) over the sigma points, each used for all rows of x."""
    return np.mean(
        [look(vae.elbo(x, np.tile(eps, (len(x), 1)))) for eps in sigma_points(vae.n_z)],
        axis=0,
    )


def test_the_elbo_is_log_p_of_x_at_the_exact_posterior(x):
    vae, log_p = exact_linear_vae()
    np.testing.assert_allclose(averaged(vae, x, lambda terms: terms.elbo), log_p(x), **EXACT)


def test_the_gap_is_the_kl_to_the_exact_posterior(x):
    """log p(x) - ELBO = KL(q || p(z|x)), here after moving q off by known steps."""
    vae, log_p = exact_linear_vae()
    exact_var = np.exp(vae.params["encoder.0.b"][3:])
    vae.params["encoder.0.b"][:3] += 0.3
    vae.params["encoder.0.b"][3:] += np.log(1.7)
    gap = 0.5 * np.sum(1.7 + 0.3**2 / exact_var - 1 - np.log(1.7))
    elbo = averaged(vae, x, lambda terms: terms.elbo)
    np.testing.assert_allclose(log_p(x) - elbo, np.full(20, gap), **EXACT)


def test_the_encoder_has_no_gradient_at_the_exact_posterior(x):
    vae, _ = exact_linear_vae()

    def encoder_grads(terms):
        vae.backward()
        return np.concatenate([vae.grads["encoder.0.W"].ravel(), vae.grads["encoder.0.b"]])

    np.testing.assert_allclose(averaged(vae, x, encoder_grads), np.zeros(7 * 6 + 6), **EXACT)


def test_the_sigma_gradient_is_that_of_log_p_at_the_exact_posterior(x):
    vae, _ = exact_linear_vae(learn_sigma=True)

    def sigma_grad(terms):
        vae.backward()
        return float(vae.grads["likelihood.log_sigma"])

    h = 1e-6
    above, below = (exact_linear_vae(sigma=0.4 * np.exp(d))[1](x).mean() for d in (h, -h))
    assert averaged(vae, x, sigma_grad) == pytest.approx(-(above - below) / (2 * h), rel=1e-6)


def test_a_trained_encoder_finds_the_exact_posterior(rng):
    """z ~ N(0, 1), x ~ N(2 z, 0.5): p(z|x) has mean 4 x / 9, standard deviation 1/3."""
    vae = tv.VAE(1, (), 1, rng, tv.Gaussian(sigma=np.sqrt(0.5)), dtype=np.float64)
    vae.params["decoder.0.W"], vae.params["decoder.0.b"] = 2.0, 0.0
    x = np.sqrt(4.5) * rng.standard_normal((4000, 1))
    opt = tv.Adam({n: p for n, p in vae.params.items() if n.startswith("encoder")}, lr=0.01)
    for _ in tv.train(vae, opt, x, epochs=100, rng=rng, cosine=True, progress=False):
        pass
    mu, logvar = vae.encode(np.array([[3.0]]))
    assert np.exp(0.5 * logvar[0, 0]) == pytest.approx(1 / 3, abs=0.01)
    assert mu[0, 0] == pytest.approx(4 / 3, abs=0.02)


def gaussian_data(rng, n=2000):
    """Variances 4.25, 2.25, 1.25 in three directions of 10, in the others 0.25."""
    directions = np.linalg.qr(rng.standard_normal((10, 3)))[0]
    z = rng.standard_normal((n, 3)) * [2, np.sqrt(2), 1]
    return z @ directions.T + 0.5 * rng.standard_normal((n, 10)) + 1


def train_linear(x, n_z, rng, likelihood, epochs):
    vae = tv.VAE(x.shape[1], (), n_z, rng, likelihood, dtype=np.float64)
    opt = tv.Adam(vae.params, lr=1e-2)
    for _ in tv.train(vae, opt, x, epochs, rng=rng, cosine=True, progress=False):
        pass
    return vae


@pytest.mark.parametrize("data, n_z, epochs", [("made", 3, 250), ("digits", 8, 900)])
def test_training_reaches_probabilistic_pca(data, n_z, epochs, rng):
    """The best linear VAE is PPCA, its ELBO PPCA's log-likelihood (Lucas et al. 2019)."""
    x = gaussian_data(rng) if data == "made" else tv.load_digits().x.astype(float)
    from sklearn.decomposition import PCA  # here, as it takes long to import

    vae = train_linear(x, n_z, rng, tv.Gaussian(), epochs)
    best = PCA(n_z).fit(x).score(x)
    reached = np.mean([tv.mean_elbo(vae, x, rng) for _ in range(20)])
    print(f"{data}: PPCA {best:.4f}, linear VAE {reached:.4f} nats per example")
    assert best - 0.05 < reached < best + 0.01


def test_active_units_are_the_eigenvalues_above_the_noise(rng):
    x = gaussian_data(rng)
    vae = train_linear(x, 5, rng, tv.Gaussian(sigma=0.8), 250)
    assert np.sum(np.linalg.eigvalsh(np.cov(x.T)) > 0.8**2) == 3
    assert tv.active_units(vae, x) == 3
    assert np.sum(tv.kl_per_dim(vae, x) > 0.1) == 3
