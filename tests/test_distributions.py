"""Densities sum to 1, means are expectations, the KL is its integral; also in float32."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinyvae as tv
from tinyvae.ops import softplus_sum

FLOATS = st.floats(-30, 30, width=32)
LOGVARS = hnp.arrays(np.float32, 8, elements=st.floats(-80, 80, width=32))
LOGITS = hnp.arrays(np.float64, 6, elements=st.floats(-30, 30))


def within_error(draws, expected, errors=4.5):
    """Is the mean of draws (n, ...) within so many of its standard errors of `expected`?"""
    error = draws.std(axis=0) / np.sqrt(len(draws))
    return np.all(np.abs(draws.mean(axis=0) - expected) <= errors * error + 1e-12)


@given(LOGITS)
def test_bernoulli_sums_to_one(logits):
    corners = np.array(list(itertools.product([0.0, 1.0], repeat=6)))
    assert np.exp(tv.Bernoulli().log_prob(corners, logits)).sum() == pytest.approx(1, abs=1e-12)


@given(LOGITS)
def test_categorical_sums_to_one(logits):
    words = np.array([np.eye(3)[[i, j]].ravel() for i in range(3) for j in range(3)])
    assert np.exp(tv.Categorical(3).log_prob(words, logits)).sum() == pytest.approx(
        1, abs=1e-12
    )


@given(st.floats(-3, 3), st.floats(0.05, 3))
def test_gaussian_integrates_to_one(mean, sigma):
    """On a plane, so that a constant counted once too often or too rarely is seen."""
    steps = np.linspace(-9 * sigma, 9 * sigma, 121)
    plane = np.array(list(itertools.product(steps, steps))) + mean
    p = np.exp(tv.Gaussian(sigma).log_prob(plane, np.full((1, 2), mean)))
    assert p.sum() * (steps[1] - steps[0]) ** 2 == pytest.approx(1, abs=1e-9)


@given(st.floats(-3, 3), st.floats(-4, 2))
def test_log_normal_integrates_to_one(mu, logvar):
    steps = np.linspace(-9, 9, 121) * np.exp(0.5 * logvar)
    plane = np.array(list(itertools.product(steps, steps))) + mu
    p = np.exp(tv.log_normal(plane, np.full(2, mu), np.full(2, logvar)))
    assert p.sum() * (steps[1] - steps[0]) ** 2 == pytest.approx(1, abs=1e-9)


def test_one_sigma_serves_learned_and_fixed(rng):
    x, out = rng.standard_normal((2, 5, 4))
    learned = tv.Gaussian()
    learned.params["log_sigma"][...] = np.log(0.3)
    np.testing.assert_allclose(learned.log_prob(x, out), tv.Gaussian(0.3).log_prob(x, out))
    assert learned.sigma == pytest.approx(0.3)


@pytest.mark.parametrize(
    "likelihood",
    [tv.Bernoulli(), tv.Gaussian(0.5), tv.Categorical(3)],
    ids=lambda p: type(p).__name__,
)
def test_mean_is_the_expectation_of_sample(likelihood, rng):
    out = rng.standard_normal((1, 6))
    draws = likelihood.sample(np.repeat(out, 40_000, axis=0), rng)
    likelihood.check(draws)
    assert within_error(draws, likelihood.mean(out)[0])


def test_mean_is_the_expectation_under_log_prob(rng):
    """The sum of x p(x) over every x: it ties mean to log_prob with no draws at all."""
    out = rng.standard_normal((1, 6))
    for likelihood, every_x in (
        (tv.Bernoulli(), np.array(list(itertools.product([0.0, 1.0], repeat=6)))),
        (
            tv.Categorical(3),
            np.array([np.eye(3)[[i, j]].ravel() for i in range(3) for j in range(3)]),
        ),
    ):
        p = np.exp(likelihood.log_prob(every_x, out))
        np.testing.assert_allclose(p @ every_x, likelihood.mean(out)[0], rtol=1e-12)


def test_gaussian_samples_have_the_stated_sigma(rng):
    draws = tv.Gaussian(0.5).sample(np.zeros((40_000, 2)), rng)
    assert within_error(draws**2, 0.25)


@pytest.mark.parametrize("size", [30, 104, 1e4])
@pytest.mark.parametrize("likelihood", [tv.Bernoulli(), tv.Categorical(2)])
def test_extreme_float32_logits_stay_finite_and_right(likelihood, size):
    out = np.array([[size, -size], [-size, size]], np.float32)
    x = np.array([[1, 0], [1, 0]], np.float32)
    log_prob = likelihood.log_prob(x, out)
    assert log_prob.dtype == np.float32
    np.testing.assert_allclose(log_prob, [0, -2 * size], rtol=1e-6, atol=1e-6)
    grad = likelihood.grad(x, out)
    assert grad.dtype == np.float32
    np.testing.assert_allclose(grad, [[0, 0], [1, -1]], atol=1e-6)


@given(LOGVARS, hnp.arrays(np.float32, 8, elements=FLOATS))
def test_kl_is_never_negative_in_float32(logvar, mu):
    assert (tv.kl_to_prior(mu, logvar) >= 0).all()


def test_kl_near_the_prior_in_float32():
    """Where e^logvar - 1 - logvar is smaller than float32's rounding of e^logvar."""
    logvar = np.linspace(-1e-3, 1e-3, 20_001, dtype=np.float32)
    kl = tv.kl_to_prior(np.zeros_like(logvar), logvar)
    assert (kl >= 0).all()
    np.testing.assert_allclose(kl, logvar.astype(float) ** 2 / 4, atol=2e-10)


@given(st.floats(-3, 3), st.floats(-3, 2))
def test_kl_is_its_integral(mu, logvar):
    z = mu + np.linspace(-12, 12, 4001)[:, None] * np.exp(0.5 * logvar)
    log_q, log_p = tv.log_normal(z, mu, logvar), tv.log_normal(z)
    integral = np.sum(np.exp(log_q) * (log_q - log_p)) * (z[1, 0] - z[0, 0])
    assert tv.kl_to_prior(mu, logvar) == pytest.approx(integral, rel=1e-8, abs=1e-9)


def test_kl_is_its_monte_carlo_estimate(rng):
    mu, logvar = np.array([1.3, -0.7]), 2 * np.log([0.2, 0.5])
    z = tv.reparameterize(mu, logvar, rng.standard_normal((100_000, 2)))
    draws = tv.log_normal(z, mu, logvar) - tv.log_normal(z)
    assert within_error(draws, tv.kl_to_prior(mu, logvar).sum())


@example(np.float32([-1e4, -20, 0, 20, 1e4]))
@given(hnp.arrays(np.float32, 5, elements=st.floats(-1e4, 1e4, width=32)))
def test_scalar_maths_against_wide_floats(a):
    wide = a.astype(np.longdouble)
    np.testing.assert_allclose(tv.softplus(a), np.logaddexp(0, wide), rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(
        tv.sigmoid(a), np.exp(-np.logaddexp(0, -wide)), rtol=1e-5, atol=1e-7
    )
    np.testing.assert_allclose(tv.logsumexp(a), np.logaddexp.reduce(wide), rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(
        tv.logmeanexp(a),
        np.logaddexp.reduce(wide) - np.log(wide.dtype.type(5)),
        rtol=1e-6,
        atol=1e-5,
    )
    assert {f(a).dtype for f in (tv.softplus, tv.sigmoid, tv.logsumexp, tv.logmeanexp)} == {
        a.dtype
    }


@example(np.zeros((2, 200), np.float32))  # the greatest product: each factor is 2
@given(
    hnp.arrays(np.float32, (2, 200), elements=st.floats(-1e4, 1e4, width=32), fill=FLOATS),
)
def test_softplus_sum_against_wide_floats(a):
    """Over more columns than one product holds, the last product a short one."""
    wide = np.logaddexp(0, a.astype(np.longdouble)).sum(axis=-1)
    total = softplus_sum(a)
    assert total.dtype == a.dtype
    np.testing.assert_allclose(total, wide, rtol=1e-5, atol=1e-4)


def test_sigmoid_keeps_its_digits_far_below_zero():
    a = np.linspace(-80, 0, 200, dtype=np.float32)
    wide = np.exp(a.astype(np.longdouble))
    np.testing.assert_allclose(tv.sigmoid(a), wide / (1 + wide), rtol=1e-6)


def test_logsumexp_of_nothing_but_zeros():
    assert tv.logsumexp(np.full(3, -np.inf)) == -np.inf
    assert tv.logsumexp(np.array([-np.inf, 0.0])) == 0


@pytest.mark.parametrize(
    "likelihood",
    [tv.Bernoulli(), tv.Gaussian(0.5), tv.Categorical(3)],
    ids=lambda p: type(p).__name__,
)
def test_draws_are_independent_of_row_and_place(likelihood, rng):
    """One number drawn for a whole row, or a column, has the right mean and is still wrong."""
    draws = likelihood.sample(np.zeros((4000, 6)), rng)[:, [0, 3]]  # two places of the text
    rows = draws.reshape(2000, 4)  # two rows, two places each
    off_diagonal = np.corrcoef(rows.T) - np.eye(4)
    assert np.abs(off_diagonal).max() < 0.1


def test_a_learned_sigma_is_what_sample_draws_with(rng):
    likelihood = tv.Gaussian()
    likelihood.params["log_sigma"][...] = np.log(0.2)
    assert within_error(likelihood.sample(np.zeros((40_000, 1)), rng) ** 2, 0.04)


def test_log_normal_keeps_float32():
    z = np.ones((3, 2), np.float32)
    assert tv.log_normal(z).dtype == tv.log_normal(z, z, z).dtype == np.float32


def test_logmeanexp_of_whole_numbers():
    assert tv.logmeanexp(np.array([0, 0, 0])) == pytest.approx(0, abs=1e-15)
    a = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(tv.logmeanexp(a), np.log(np.exp(a).mean(axis=1)))
