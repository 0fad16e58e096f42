"""Models and data that several test files use."""

import numpy as np

import tinyvae as tv

LIKELIHOODS = {
    "Bernoulli": tv.Bernoulli(),
    "Gaussian": tv.Gaussian(),
    "Gaussian(0.3)": tv.Gaussian(sigma=0.3),
    "Categorical": tv.Categorical(3),
}
ACTIVATIONS = {"Tanh": tv.Tanh, "ReLU": tv.ReLU, "SiLU": tv.SiLU}


def random_vae(likelihood, activation=tv.SiLU, n_h=(5, 4), dtype=np.float64, kind=tv.VAE):
    """A small model, every parameter random: at a zero, wrong formulas can agree."""
    rng = np.random.default_rng(1)
    vae = kind(6, n_h, 3, rng, likelihood, activation, dtype)
    vae.params.vector[:] = 0.5 * rng.standard_normal(vae.params.vector.size)
    return vae


def batch(likelihood, n=7):
    """x (n, 6) that the likelihood takes, and eps (n, 3)."""
    rng = np.random.default_rng(2)
    x = rng.standard_normal((n, 6))
    if isinstance(likelihood, tv.Bernoulli):
        x = rng.random((n, 6))
    if isinstance(likelihood, tv.Categorical):
        x = np.eye(3)[rng.integers(0, 3, (n, 2))].reshape(n, 6)
    return x, rng.standard_normal((n, 3))


def exact_linear_vae(n_x=7, n_z=3, sigma=0.4, learn_sigma=False):
    """A linear VAE whose encoder is the exact posterior, its decoder's columns orthogonal.

    Returns (vae, log_p): log_p(x) is log N(x; b, W W^T + sigma^2 I), by the definition.
    """
    rng = np.random.default_rng(3)
    likelihood = tv.Gaussian() if learn_sigma else tv.Gaussian(sigma=sigma)
    vae = tv.VAE(n_x, (), n_z, rng, likelihood, dtype=np.float64)
    if learn_sigma:
        vae.params["likelihood.log_sigma"] = np.log(sigma)
    directions = np.linalg.qr(rng.standard_normal((n_x, n_z)))[0].T
    w = directions * np.array([2.0, 1.0, 0.5])[:n_z, None]
    b = rng.standard_normal(n_x)
    variance = 1 / (1 + (w**2).sum(axis=1) / sigma**2)
    to_mean = w.T * variance / sigma**2
    vae.params["decoder.0.W"], vae.params["decoder.0.b"] = w, b
    vae.params["encoder.0.W"] = np.hstack([to_mean, np.zeros((n_x, n_z))])
    vae.params["encoder.0.b"] = np.concatenate([-b @ to_mean, np.log(variance)])

    def log_p(x):
        covariance = w.T @ w + sigma**2 * np.eye(n_x)
        r = x - b
        square = (r * np.linalg.solve(covariance, r.T).T).sum(axis=1)
        return -0.5 * (n_x * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1] + square)

    return vae, log_p


def sigma_points(n_z):
    """2 n_z noise vectors whose average of any quadratic function is its exact mean."""
    return np.sqrt(n_z) * np.vstack([np.eye(n_z), -np.eye(n_z)])


def random_conditional(likelihood, activation=tv.SiLU, n_h=(5, 4), dtype=np.float64, n_c=2):
    """As random_vae, with a condition of n_c numbers."""
    rng = np.random.default_rng(4)
    vae = tv.VAE(6, n_h, 3, rng, likelihood, activation, dtype, n_c)
    vae.params.vector[:] = 0.5 * rng.standard_normal(vae.params.vector.size)
    return vae


def conditional_batch(likelihood, n=7, n_c=2):
    """x (n, 6), eps (n, 3) and c (n, n_c) for `random_conditional`."""
    x, eps = batch(likelihood, n)
    return x, eps, np.random.default_rng(5).standard_normal((n, n_c))
