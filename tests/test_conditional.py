"""The VAE that is told a condition: the proofs of the VAE, and what the condition does."""

import copy
import pickle

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from cases import ACTIVATIONS, LIKELIHOODS, random_conditional, sigma_points, told
from test_reference import log_likelihood, network

import tinyvae as tv
from tinyvae.evaluate import log_weights

every_likelihood = pytest.mark.parametrize("likelihood", LIKELIHOODS.values(), ids=LIKELIHOODS)
every_activation = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)


@every_activation
@every_likelihood
@pytest.mark.parametrize(("beta", "free_bits"), [(1.0, 0.0), (0.3, 0.2)])
def test_gradients(likelihood, activation, beta, free_bits):
    vae, (rows, eps) = random_conditional(likelihood, activation), told(likelihood)
    errors = tv.check_model(vae, rows, eps, beta, free_bits)
    assert set(errors) == set(vae.params)
    assert max(errors.values()) < 1e-6, errors


@pytest.mark.parametrize("n_h", [(), (5,)])
@pytest.mark.parametrize("n_c", [1, 4])
def test_gradients_of_other_shapes(n_h, n_c):
    vae = random_conditional(tv.Gaussian(), n_h=n_h, n_c=n_c)
    assert max(tv.check_model(vae, *told(tv.Gaussian(), n_c=n_c)).values()) < 1e-6


@every_activation
@every_likelihood
def test_values_and_gradients_are_autograds(likelihood, activation):
    vae, (rows, eps) = random_conditional(likelihood, activation), told(likelihood)
    params = {name: array.copy() for name, array in vae.params.items()}
    x, c = rows[:, :6], rows[:, 6:]

    def parts(params):
        codes = network(params, "encoder", rows, activation)
        mu, var = codes[:, :3], anp.exp(codes[:, 3:])
        z = anp.concatenate([mu + anp.sqrt(var) * eps, c], axis=1)
        out = network(params, "decoder", z, activation)
        kl = anp.sum((mu**2 + var - 1 - anp.log(var)) / 2, axis=1)
        return log_likelihood(likelihood, params, x, out), kl

    terms, (recon, kl) = vae.elbo(rows, eps), parts(params)
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
    vae = tv.ConditionalVAE(7, 2, (), 3, rng, tv.Gaussian(sigma=sigma), dtype=np.float64)
    w = np.linalg.qr(rng.standard_normal((7, 3)))[0].T * np.array([[2.0], [1.0], [0.5]])
    v, b = rng.standard_normal((2, 7)), rng.standard_normal(7)
    variance = 1 / (1 + (w**2).sum(axis=1) / sigma**2)
    to_mean = w.T * variance / sigma**2
    vae.params["decoder.0.W"], vae.params["decoder.0.b"] = np.vstack([w, v]), b
    vae.params["encoder.0.W"][:, :3] = np.vstack([to_mean, -v @ to_mean])
    vae.params["encoder.0.W"][:, 3:] = 0
    vae.params["encoder.0.b"] = np.concatenate([-b @ to_mean, np.log(variance)])

    def log_p(rows):
        r = rows[:, :7] - rows[:, 7:] @ v - b
        covariance = w.T @ w + sigma**2 * np.eye(7)
        square = (r * np.linalg.solve(covariance, r.T).T).sum(axis=1)
        return -0.5 * (7 * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1] + square)

    return vae, log_p


def test_the_elbo_is_log_p_of_x_given_c_at_the_exact_posterior(rng):
    (vae, log_p), rows = exact_conditional(), 2 * rng.standard_normal((20, 9))
    elbos = [vae.elbo(rows, np.tile(eps, (20, 1))).elbo for eps in sigma_points(3)]
    np.testing.assert_allclose(np.mean(elbos, axis=0), log_p(rows), rtol=0, atol=1e-9)


def test_every_importance_weight_is_p_of_x_given_c(rng):
    (vae, log_p), rows = exact_conditional(), 2 * rng.standard_normal((20, 9))
    expected = np.broadcast_to(log_p(rows), (5, 20))
    log_w = log_weights(vae, rows, *vae.encode(rows), 5, rng)
    np.testing.assert_allclose(log_w, expected, rtol=0, atol=1e-9)
    bound = tv.iw_log_likelihood(vae, rows, k=3, rng=rng)
    np.testing.assert_allclose(bound, log_p(rows), rtol=0, atol=1e-9)


def test_the_condition_reaches_both_networks():
    vae, (rows, _) = random_conditional(tv.Gaussian()), told(tv.Gaussian())
    other = rows + np.array([*[0.0] * 6, 1.0, 1.0])
    for a, b in zip(vae.encode(rows), vae.encode(other), strict=True):
        assert (a != b).all()
    z = vae.encode(rows)[0]
    assert (vae.decode(z, rows[:, 6:]) != vae.decode(z, other[:, 6:])).all()


def test_a_vae_without_hidden_layers_shows_what_it_is_told(rng):
    vae = tv.ConditionalVAE(2, 1, (), 2, rng, tv.Gaussian(), dtype=np.float64)
    vae.params["decoder.0.W"] = [[1, 0], [0, 1], [5, 0]]
    x = vae.sample(np.repeat([[0.0], [1.0]], 20_000, axis=0), rng)
    np.testing.assert_allclose(x[:20_000].mean(axis=0), [0, 0], atol=0.04)
    np.testing.assert_allclose(x[20_000:].mean(axis=0), [5, 0], atol=0.04)
    np.testing.assert_allclose(np.cov(x[:20_000].T), np.eye(2), atol=0.05)  # the prior's


@every_likelihood
def test_pictures_by_their_definition(likelihood, rng):
    vae, (rows, _) = random_conditional(likelihood), told(likelihood)
    out = vae.decode(vae.encode(rows)[0], rows[:, 6:])
    np.testing.assert_array_equal(vae.reconstruct(rows), vae.likelihood.mean(out))
    assert vae.sample(rows[:, 6:], rng).shape == (7, 6)
    one = vae.decode(np.ones((3, 3)), [[1.0, -2.0]])  # one condition for all
    np.testing.assert_array_equal(one, vae.decode(np.ones((3, 3)), [[1.0, -2.0]] * 3))


def test_a_batch_is_its_rows():
    vae, (rows, eps) = random_conditional(tv.Gaussian()), told(tv.Gaussian())
    whole, one_by_one = vae.elbo(rows, eps), []
    vae.backward()
    mean_grad, grads = vae.grads.vector.copy(), []
    for i in range(len(rows)):
        one_by_one.append([t[0] for t in vae.elbo(rows[i : i + 1], eps[i : i + 1])])
        vae.backward()
        grads.append(vae.grads.vector.copy())
    np.testing.assert_allclose(np.transpose(one_by_one), whole, rtol=1e-12)
    np.testing.assert_allclose(np.mean(grads, axis=0), mean_grad, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype, rng):
    vae, (rows, eps) = random_conditional(tv.Gaussian(), dtype=dtype), told(tv.Gaussian())
    terms = vae.elbo(rows, eps)
    vae.backward()
    arrays = [*terms, *vae.encode(rows), vae.reconstruct(rows), vae.sample(rows[:, 6:], rng)]
    arrays += [*vae._last, *vae.grads.values()]
    assert {np.asarray(a).dtype for a in arrays} == {np.dtype(dtype)}


def test_it_trains_and_is_evaluated_like_a_vae(rng):
    """Told the mean, a linear model needs no latent for it."""
    c = rng.uniform(-1, 1, (500, 1))
    x = c * np.array([[3.0, -3.0]]) + 0.1 * rng.standard_normal((500, 2))
    vae = tv.ConditionalVAE(2, 1, (), 2, rng, tv.Gaussian())
    rows, opt = np.hstack([x, c]), tv.Adam(vae.params, lr=1e-2)
    *_, epoch = tv.train(vae, opt, rows, 60, 50, rng=rng, x_val=rows, progress=False)
    assert epoch["val_elbo"] > -1 and tv.mean_elbo(vae, rows, rng) > -1
    assert tv.active_units(vae, rows) == 0 and tv.kl_per_dim(vae, rows).sum() < 0.1
    assert tv.aggregated_posterior(vae, rows, rng).shape == (500, 2)


@every_activation
@every_likelihood
def test_the_same_model_comes_back(tmp_path, likelihood, activation):
    vae, (rows, _) = random_conditional(likelihood, activation), told(likelihood)
    tv.save(tmp_path / "m.npz", vae, tv.Adam(vae.params), np.random.default_rng(1), 3)
    again = tv.load_checkpoint(tmp_path / "m.npz").model
    for twin in (again, copy.deepcopy(vae), pickle.loads(pickle.dumps(vae))):
        assert type(twin) is tv.ConditionalVAE and twin.n_c == 2
        np.testing.assert_array_equal(twin.params.vector, vae.params.vector)
        np.testing.assert_array_equal(twin.reconstruct(rows), vae.reconstruct(rows))


def with_value(rows, value, column):
    rows = rows.copy()
    rows[2, column] = value
    return rows


ROWS, EPS = told(tv.Bernoulli())


@pytest.mark.parametrize(
    "rows, message",
    [
        (ROWS[:, :6], r"x, with c beside it, must have shape \(N, 8\).*got \(7, 6\)"),
        (with_value(ROWS, np.nan, 3), "x, with c beside it, must be finite"),
        (with_value(ROWS, np.inf, 7), "x, with c beside it, must be finite"),
        (with_value(ROWS, 2.0, 3), r"x must lie in \[0, 1\]"),
        (ROWS.astype(str), "x, with c beside it, must be an array of real numbers"),
    ],
)
def test_bad_rows(rows, message):
    vae = random_conditional(tv.Bernoulli())
    before = vae.params.vector.copy()
    for call in (
        vae.encode, vae.reconstruct, lambda x: vae.elbo(x, EPS),
        lambda x: tv.train(vae, tv.Adam(vae.params), x, rng=np.random.default_rng(0)),
        lambda x: tv.mean_elbo(vae, x, np.random.default_rng(0)),
        lambda x: tv.iw_log_likelihood(vae, x, rng=np.random.default_rng(0)),
    ):  # fmt: skip
        with pytest.raises((ValueError, TypeError), match=message):
            call(rows)
    np.testing.assert_array_equal(vae.params.vector, before)


def test_a_condition_may_leave_0_to_1():
    random_conditional(tv.Bernoulli()).encode(with_value(ROWS, -7.0, 6))


@pytest.mark.parametrize(
    "c, message",
    [
        (np.ones((7, 3)), r"c must have shape \(N, 2\).*got \(7, 3\)"),
        (np.ones((3, 2)), "c must have one row, or one for each of z's 7, got 3"),
        (np.full((7, 2), np.nan), "c must be finite"),
        ([["a", "b"]], "c must be an array of real numbers"),
    ],
)
def test_bad_conditions(c, message):
    with pytest.raises((ValueError, TypeError), match=message):
        random_conditional(tv.Gaussian()).decode(EPS, c)


def test_other_bad_arguments(rng):
    for n_c in (0, -1, 2.5, "3", True):
        with pytest.raises((ValueError, TypeError), match="n_c must"):
            tv.ConditionalVAE(6, n_c, (5,), 3, rng)
    vae = random_conditional(tv.Gaussian())
    with pytest.raises(TypeError, match="rng must be a Generator"):
        vae.sample(np.ones((2, 2)), 0)
    with pytest.raises(ValueError, match=r"c must have shape \(N, 2\)"):
        vae.sample(5 * np.ones(2), rng)
