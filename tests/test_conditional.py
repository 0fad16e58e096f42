"""The VAE with a condition: the proofs of the VAE, and what the condition does."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from cases import (
    ACTIVATIONS,
    LIKELIHOODS,
    conditional_batch,
    random_conditional,
    random_vae,
    sigma_points,
)
from test_reference import log_likelihood, network

import tinyvae as tv
from tinyvae.evaluate import log_weights

every_likelihood = pytest.mark.parametrize("likelihood", LIKELIHOODS.values(), ids=LIKELIHOODS)
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)


@every_activation
@every_likelihood
@pytest.mark.parametrize(("beta", "free_bits"), [(1.0, 0.0), (0.3, 0.2)])
def test_gradients(likelihood, activation, beta, free_bits):
    vae, (x, eps, c) = random_conditional(likelihood, activation), conditional_batch(likelihood)
    errors = tv.check_model(vae, x, eps, beta, free_bits, c=c)
    assert set(errors) == set(vae.params)
    assert max(errors.values()) < 1e-6, errors


@pytest.mark.parametrize("n_h", [(), (5,)])
@pytest.mark.parametrize("n_c", [1, 4])
def test_gradients_of_other_shapes(n_h, n_c):
    vae = random_conditional(tv.Gaussian(), n_h=n_h, n_c=n_c)
    x, eps, c = conditional_batch(tv.Gaussian(), n_c=n_c)
    assert max(tv.check_model(vae, x, eps, c=c).values()) < 1e-6


@every_activation
@every_likelihood
def test_values_and_gradients_are_autograds(likelihood, activation):
    vae, (x, eps, c) = random_conditional(likelihood, activation), conditional_batch(likelihood)
    params = {name: array.copy() for name, array in vae.params.items()}

    def parts(params):
        codes = network(params, "encoder", np.hstack([x, c]), activation)
        mu, var = codes[:, :3], anp.exp(codes[:, 3:])
        z = anp.concatenate([mu + anp.sqrt(var) * eps, c], axis=1)
        out = network(params, "decoder", z, activation)
        kl = anp.sum((mu**2 + var - 1 - anp.log(var)) / 2, axis=1)
        return log_likelihood(likelihood, params, x, out), kl

    terms, (recon, kl) = vae.elbo(x, eps, c), parts(params)
    np.testing.assert_allclose(terms.recon, recon, rtol=1e-10)
    np.testing.assert_allclose(terms.kl, kl, rtol=1e-10)
    np.testing.assert_array_equal(terms.elbo, terms.recon - terms.kl)
    vae.backward(beta=0.3)
    expected = grad(lambda p: anp.mean(0.3 * parts(p)[1] - parts(p)[0]))(params)
    for name, gradient in expected.items():
        np.testing.assert_allclose(vae.grads[name], gradient, rtol=1e-10, atol=1e-12)


def exact_conditional(sigma=0.4):
    """x = z W + c V + b + sigma n with the exact posterior for encoder; (vae, log p(x|c))."""
    rng = np.random.default_rng(3)
    vae = tv.VAE(7, (), 3, rng, tv.Gaussian(sigma=sigma), dtype=np.float64, n_c=2)
    w = np.linalg.qr(rng.standard_normal((7, 3)))[0].T * np.array([[2.0], [1.0], [0.5]])
    v, b = rng.standard_normal((2, 7)), rng.standard_normal(7)
    variance = 1 / (1 + (w**2).sum(axis=1) / sigma**2)
    to_mean = w.T * variance / sigma**2
    vae.params["decoder.0.W"], vae.params["decoder.0.b"] = np.vstack([w, v]), b
    vae.params["encoder.0.W"][:, :3] = np.vstack([to_mean, -v @ to_mean])
    vae.params["encoder.0.W"][:, 3:] = 0
    vae.params["encoder.0.b"] = np.concatenate([-b @ to_mean, np.log(variance)])

    def log_p(x, c):
        r = x - c @ v - b
        covariance = w.T @ w + sigma**2 * np.eye(7)
        square = (r * np.linalg.solve(covariance, r.T).T).sum(axis=1)
        return -0.5 * (7 * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1] + square)

    return vae, log_p


def data(rng):
    return 2 * rng.standard_normal((20, 7)), 2 * rng.standard_normal((20, 2))


def test_the_elbo_is_log_p_of_x_given_c_at_the_exact_posterior(rng):
    (vae, log_p), (x, c) = exact_conditional(), data(rng)
    elbos = [vae.elbo(x, np.tile(eps, (20, 1)), c).elbo for eps in sigma_points(3)]
    np.testing.assert_allclose(np.mean(elbos, axis=0), log_p(x, c), rtol=0, atol=1e-9)


def test_every_importance_weight_is_p_of_x_given_c(rng):
    (vae, log_p), (x, c) = exact_conditional(), data(rng)
    expected = np.broadcast_to(log_p(x, c), (5, 20))
    log_w = log_weights(vae, x, *vae.encode(x, c), 5, rng, c)
    np.testing.assert_allclose(log_w, expected, rtol=0, atol=1e-9)
    bound = tv.iw_log_likelihood(vae, x, k=3, rng=rng, c=c)
    np.testing.assert_allclose(bound, log_p(x, c), rtol=0, atol=1e-9)


def test_the_condition_reaches_both_networks():
    vae, (x, _, c) = random_conditional(tv.Gaussian()), conditional_batch(tv.Gaussian())
    for a, b in zip(vae.encode(x, c), vae.encode(x, c + 1), strict=True):
        assert (a != b).all()
    z = vae.encode(x, c)[0]
    assert (vae.decode(z, c) != vae.decode(z, c + 1)).all()


def test_a_vae_without_hidden_layers_shows_its_condition(rng):
    vae = tv.VAE(2, (), 2, rng, tv.Gaussian(), dtype=np.float64, n_c=1)
    vae.params["decoder.0.W"] = [[1, 0], [0, 1], [5, 0]]
    x = vae.sample(40_000, rng, np.repeat([[0.0], [1.0]], 20_000, axis=0))
    np.testing.assert_allclose(x[:20_000].mean(axis=0), [0, 0], atol=0.04)
    np.testing.assert_allclose(x[20_000:].mean(axis=0), [5, 0], atol=0.04)
    np.testing.assert_allclose(np.cov(x[:20_000].T), np.eye(2), atol=0.05)  # the prior's


@every_likelihood
def test_pictures_by_their_definition(likelihood, rng):
    vae, (x, _, c) = random_conditional(likelihood), conditional_batch(likelihood)
    out = vae.decode(vae.encode(x, c)[0], c)
    np.testing.assert_array_equal(vae.reconstruct(x, c), vae.likelihood.mean(out))
    assert vae.sample(7, rng, c).shape == (7, 6)
    for one in ([[1.0, -2.0]], [1.0, -2.0]):  # one condition for all
        many = vae.picture(np.ones((3, 3)), [[1.0, -2.0]] * 3)
        np.testing.assert_array_equal(vae.picture(np.ones((3, 3)), one), many)


def test_it_trains_and_is_evaluated_like_a_vae(rng):
    """With the mean for its condition, a linear model needs no latent for it."""
    c = rng.uniform(-1, 1, (500, 1))
    x = c * np.array([[3.0, -3.0]]) + 0.1 * rng.standard_normal((500, 2))
    vae = tv.VAE(2, (), 2, rng, tv.Gaussian(), n_c=1)
    held_out = {"x_val": x, "c_val": c}
    opt = tv.Adam(vae.params, lr=1e-2)
    *_, epoch = tv.train(vae, opt, x, 60, 50, rng=rng, c=c, **held_out, progress=False)
    assert epoch["val_elbo"] > -1 and tv.mean_elbo(vae, x, rng, c) > -1
    assert tv.active_units(vae, x, c) == 0 and tv.kl_per_dim(vae, x, c).sum() < 0.1
    assert tv.aggregated_posterior(vae, x, rng, c).shape == (500, 2)


X, EPS, C = conditional_batch(tv.Bernoulli())
BAD_CONDITIONS = [
    (None, "c must be given"),
    (np.ones((7, 3)), r"c must have shape \(N, 2\).*got \(7, 3\)"),
    (np.ones((3, 2)), "c must have one row, or one for each of 7, got 3"),
    (np.full((7, 2), np.nan), "c must be finite"),
    ([["a", "b"]], "c must be an array of real numbers"),
]


def uses(vae, c):
    """Every public function that takes a condition, as a function of nothing."""
    rng = np.random.default_rng(0)
    return [
        lambda: vae.encode(X, c), lambda: vae.reconstruct(X, c), lambda: vae.elbo(X, EPS, c),
        lambda: vae.decode(EPS, c), lambda: vae.picture(EPS, c), lambda: vae.sample(7, rng, c),
        lambda: tv.train(vae, tv.Adam(vae.params), X, rng=rng, c=c),
        lambda: tv.mean_elbo(vae, X, rng, c), lambda: tv.kl_per_dim(vae, X, c),
        lambda: tv.iw_log_likelihood(vae, X, rng=rng, c=c), lambda: tv.active_units(vae, X, c),
        lambda: tv.aggregated_posterior(vae, X, rng, c),
        lambda: tv.check_model(vae, X, EPS, c=c),
    ]  # fmt: skip


@pytest.mark.parametrize(("c", "message"), BAD_CONDITIONS)
def test_bad_conditions(c, message):
    vae = random_conditional(tv.Bernoulli())
    before = vae.params.vector.copy()
    for use in uses(vae, c):
        with pytest.raises((ValueError, TypeError), match=message):
            use()
    np.testing.assert_array_equal(vae.params.vector, before)


def test_a_condition_that_cannot_act_is_refused():
    for use in uses(random_vae(tv.Bernoulli()), C):
        with pytest.raises(ValueError, match="c must be None: n_c = 0"):
            use()
    vae = random_conditional(tv.Bernoulli())
    with pytest.raises(ValueError, match="c_val goes with x_val"):
        tv.train(vae, tv.Adam(vae.params), X, rng=np.random.default_rng(0), c=C, c_val=C)


def test_an_array_of_no_columns_is_no_condition():
    """It is what `validate` makes of None, and so what all later steps are given."""
    none, vae = np.empty((len(X), 0)), random_vae(tv.Bernoulli())
    for name, given in (("encode", (X,)), ("decode", (EPS,)), ("elbo", (X, EPS))):
        one, other = getattr(vae, name)(*given, none), getattr(vae, name)(*given)
        np.testing.assert_equal(one, other)
    with pytest.raises(ValueError, match="c must be given: n_c = 2"):
        random_conditional(tv.Bernoulli()).encode(X, none)


def test_a_condition_may_leave_0_to_1():
    random_conditional(tv.Bernoulli()).encode(X, -7 * C)


def test_other_bad_arguments(rng):
    for n_c in (-1, 2.5, "3", True):
        with pytest.raises((ValueError, TypeError), match="n_c must"):
            tv.VAE(6, (5,), 3, rng, n_c=n_c)
