"""Every hand-written gradient against finite differences, in float64, eps held still."""

import numpy as np
import pytest
from cases import ACTIVATIONS, LIKELIHOODS, batch, random_vae

import tinyvae as tv

GOAL = 1e-6


def check(f, array, gradient, cotangent):
    """`gradient` of sum(cotangent * f()) with respect to `array`."""
    numerical = tv.numerical_gradient(lambda: float((cotangent * f()).sum()), array)
    assert tv.relative_error(numerical, gradient) < GOAL


@pytest.mark.parametrize("activation", ACTIVATIONS.values())
def test_activation(activation, rng):
    layer, x = activation(), rng.standard_normal((5, 4))
    x[np.abs(x) < 0.01] = 0.5  # away from ReLU's kink
    dout = rng.standard_normal(x.shape)
    layer.forward(x)
    check(lambda: layer(x), x, layer.backward(dout), dout)


def test_dense(rng):
    layer, x = tv.Dense(4, 3, rng), rng.standard_normal((5, 4))
    layer.b[:] = rng.standard_normal(3)
    dout = rng.standard_normal((5, 3))
    layer.forward(x)
    dx = layer.backward(dout)
    for array, gradient in ((x, dx), (layer.W, layer.dW), (layer.b, layer.db)):
        check(lambda: layer(x), array, gradient, dout)


def test_backward_overwrites_gradients(rng):
    layer, dout = tv.Dense(4, 3, rng), rng.standard_normal((5, 3))
    layer.forward(rng.standard_normal((5, 4)))
    layer.backward(dout)
    first = layer.dW.copy(), layer.db.copy()
    layer.backward(dout)
    np.testing.assert_array_equal(layer.dW, first[0])
    np.testing.assert_array_equal(layer.db, first[1])


@pytest.mark.parametrize("activation", ACTIVATIONS.values())
def test_sequential(activation, rng):
    net, x = tv.mlp((4, 6, 5, 3), rng, activation), rng.standard_normal((5, 4))
    for param in net.params.values():
        param[...] = rng.standard_normal(param.shape)
    dout = rng.standard_normal((5, 3))
    net.forward(x)
    check(lambda: net(x), x, net.backward(dout), dout)
    assert list(net.params) == ["0.W", "0.b", "1.W", "1.b", "2.W", "2.b"]
    for name, param in net.params.items():
        check(lambda: net(x), param, net.grads[name], dout)


@pytest.mark.parametrize("likelihood", LIKELIHOODS.values(), ids=LIKELIHOODS)
def test_likelihood(likelihood, rng):
    x, _ = batch(likelihood)
    out, weights = rng.standard_normal(x.shape), rng.standard_normal(len(x))
    analytic = weights[:, None] * likelihood.grad(x, out)
    check(lambda: likelihood.log_prob(x, out), out, analytic, weights)


@pytest.mark.parametrize("likelihood", LIKELIHOODS.values(), ids=LIKELIHOODS)
def test_likelihood_forward_is_log_prob_and_backward_minus_the_mean_of_grad(likelihood, rng):
    x, _ = batch(likelihood)
    out = rng.standard_normal(x.shape)
    np.testing.assert_array_equal(likelihood.forward(x, out), likelihood.log_prob(x, out))
    np.testing.assert_allclose(
        likelihood.backward(), -likelihood.grad(x, out) / len(x), rtol=1e-12
    )


def test_gaussian_log_sigma(rng):
    likelihood, (x, _) = tv.Gaussian(), batch(tv.Gaussian())
    likelihood.log_sigma[...] = -0.7
    out = rng.standard_normal(x.shape)
    likelihood.forward(x, out)
    likelihood.backward()
    gradient, weights = likelihood.grads["log_sigma"], np.full(len(x), -1 / len(x))
    check(lambda: likelihood.log_prob(x, out), likelihood.log_sigma, gradient, weights)


def test_reparameterize(rng):
    mu, logvar, eps, dz = rng.standard_normal((4, 5, 3))
    dmu, dlogvar = tv.reparameterize_grad(dz, logvar, eps)
    for array, gradient in ((mu, dmu), (logvar, dlogvar)):
        check(lambda: tv.reparameterize(mu, logvar, eps), array, gradient, dz)


def test_kl(rng):
    mu, logvar, weights = rng.standard_normal((3, 5, 3))
    for array, gradient in zip((mu, logvar), tv.kl_to_prior_grad(mu, logvar), strict=True):
        check(lambda: tv.kl_to_prior(mu, logvar), array, weights * gradient, weights)


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
@pytest.mark.parametrize("likelihood", LIKELIHOODS.values(), ids=LIKELIHOODS)
@pytest.mark.parametrize(("beta", "free"), [(1.0, False), (0.3, False), (2.0, True)])
def test_vae(likelihood, activation, beta, free):
    vae, (x, eps) = random_vae(likelihood, activation), batch(likelihood)
    least, middle, _ = np.sort(tv.kl_per_dim(vae, x))
    free_bits = (least + middle) / 2 if free else 0.0  # holds back one latent, not the others
    errors = tv.check_model(vae, x, eps, beta=beta, free_bits=free_bits)
    assert set(errors) == set(vae.params)
    assert max(errors.values()) < GOAL, errors


@pytest.mark.parametrize("n_h", [(), (5,)])
@pytest.mark.parametrize("likelihood", LIKELIHOODS.values(), ids=LIKELIHOODS)
def test_autoencoder(likelihood, n_h):
    ae = random_vae(likelihood, n_h=n_h, kind=tv.Autoencoder)
    assert max(tv.check_model(ae, batch(likelihood)[0]).values()) < GOAL


def test_the_check_can_fail(monkeypatch):
    """A KL gradient three times too steep: the kind of bug that hides behind a zero."""
    vae, (x, eps) = random_vae(tv.Gaussian()), batch(tv.Gaussian())
    right = tv.kl_to_prior_grad
    monkeypatch.setattr(
        "tinyvae.models.kl_to_prior_grad",
        lambda m, lv: (right(m, lv)[0], 3 * right(m, lv)[1]),
    )
    errors = tv.check_model(vae, x, eps)
    assert errors["encoder.2.W"] > 1e-2
    assert errors["decoder.2.W"] < GOAL  # the KL does not reach the decoder


def test_check_model_leaves_the_model_alone():
    vae, (x, eps) = random_vae(tv.Gaussian(), dtype=np.float32), batch(tv.Gaussian())
    before = vae.params.vector.copy()
    assert max(tv.check_model(vae, x, eps).values()) < GOAL  # float32 is checked in float64
    np.testing.assert_array_equal(vae.params.vector, before)


def test_backward_is_that_of_the_last_elbo_whatever_is_looked_at_between():
    vae, (x, eps) = random_vae(tv.Gaussian()), batch(tv.Gaussian())
    vae.elbo(x, eps)
    vae.backward()
    expected = vae.grads.vector.copy()
    vae.elbo(x, eps)
    (
        vae.encode(x + 1),
        vae.decode(eps - 1),
        vae.reconstruct(x * 2),
        vae.sample(3, np.random.default_rng(0)),
    )
    vae.backward()
    np.testing.assert_array_equal(vae.grads.vector, expected)


@pytest.mark.parametrize("likelihood", LIKELIHOODS.values(), ids=LIKELIHOODS)
def test_a_batch_is_its_rows(likelihood):
    vae, (x, eps) = random_vae(likelihood), batch(likelihood)
    whole = vae.elbo(x, eps)
    vae.backward()
    mean_grad, rows, grads = vae.grads.vector.copy(), [], []
    for i in range(len(x)):
        rows.append([t[0] for t in vae.elbo(x[i : i + 1], eps[i : i + 1])])
        vae.backward()
        grads.append(vae.grads.vector.copy())
    np.testing.assert_allclose(np.transpose(rows), whole, rtol=1e-12)
    np.testing.assert_allclose(np.mean(grads, axis=0), mean_grad, atol=1e-12)


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_known_error_is_measured_as_it_is(sign, monkeypatch):
    """One hundredth too much or too little in one tensor: the check says about a hundredth."""
    a = np.array([[1.0, -2.0], [0.5, 4.0]])
    assert tv.relative_error(a, a + sign * np.array([[0, 0.04], [0, 0]])) == pytest.approx(
        0.01, rel=0.02
    )
    vae, (x, eps) = random_vae(tv.Gaussian()), batch(tv.Gaussian())
    backward = tv.VAE.backward

    def nearly(self, beta, free_bits):
        backward(self, beta, free_bits)
        self.grads["decoder.1.W"] *= 1 + sign * 0.01

    monkeypatch.setattr(tv.VAE, "backward", nearly)
    errors = tv.check_model(vae, x, eps)
    assert 0.005 < errors.pop("decoder.1.W") < 0.03
    assert max(errors.values()) < GOAL


def test_an_activation_may_come_first(rng):
    net, x, dout = (
        tv.Sequential(tv.Tanh(), tv.Dense(3, 2, rng)),
        rng.standard_normal((4, 3)),
        rng.standard_normal((4, 2)),
    )
    net.forward(x)
    check(lambda: net(x), x, net.backward(dout), dout)


def test_arrays_that_cannot_be_checked_are_refused(rng):
    for array in (rng.standard_normal((3, 2)).T, np.ones(3, np.float32)):
        with pytest.raises(ValueError, match="C-contiguous float64"):
            tv.numerical_gradient(lambda: 0.0, array)


def test_a_model_of_ones_own_need_not_know_conditions():
    class Own(tv.VAE):
        def elbo(self, x, eps):
            return super().elbo(x, eps)

    vae, (x, eps) = random_vae(tv.Gaussian(), kind=Own), batch(tv.Gaussian())
    assert max(tv.check_model(vae, x, eps).values()) < 1e-6
