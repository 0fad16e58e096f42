"""Drawing z: the mean, the standard deviation, and nothing left to chance."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from test_distributions import within_error

import tinyvae as tv


@given(st.floats(-5, 5), st.floats(-8, 4))
def test_one_sigma_up_is_mu_plus_sigma(mu, logvar):
    np.testing.assert_allclose(
        tv.reparameterize(mu, logvar, 1.0), mu + np.sqrt(np.exp(logvar)), rtol=1e-12
    )


def test_the_decks_worked_example():
    mu, sigma, eps = np.array([1.3, -0.7]), np.array([0.2, 0.5]), np.array([0.5, 0.2])
    np.testing.assert_allclose(tv.reparameterize(mu, 2 * np.log(sigma), eps), [1.4, -0.6])


def test_moments(rng):
    mu, sigma = np.array([1.3, -0.7]), np.array([0.2, 0.5])
    z = tv.reparameterize(mu, 2 * np.log(sigma), rng.standard_normal((50_000, 2)))
    assert within_error(z, mu)
    assert within_error((z - mu) ** 2, sigma**2)


def test_dtype_is_kept():
    mu, logvar, eps = np.ones((3, 2, 2), np.float32)
    assert tv.reparameterize(mu, logvar, eps).dtype == np.float32
    assert {a.dtype for a in tv.reparameterize_grad(mu, logvar, eps)} == {np.dtype(np.float32)}
