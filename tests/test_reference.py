"""Values and gradients against autograd, from formulas written anew the naive way."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from autograd.misc.optimizers import adam
from autograd.scipy.stats import norm
from cases import ACTIVATIONS, LIKELIHOODS, batch, random_vae

import tinyvae as tv


def logistic(a):
    return 1 / (1 + anp.exp(-a))


SHAPES = {tv.Tanh: anp.tanh, tv.ReLU: lambda a: anp.where(a > 0, a, 0.0),
          tv.SiLU: lambda a: a * logistic(a)}  # fmt: skip


def network(params, part, h, activation):
    last = sum(name.startswith(part) for name in params) // 2 - 1
    for i in range(last + 1):
        h = anp.dot(h, params[f"{part}.{i}.W"]) + params[f"{part}.{i}.b"]
        h = SHAPES[activation](h) if i < last else h
    return h


def log_likelihood(likelihood, params, x, out):
    if isinstance(likelihood, tv.Bernoulli):
        p = logistic(out)
        return anp.sum(x * anp.log(p) + (1 - x) * anp.log(1 - p), axis=1)
    if isinstance(likelihood, tv.Gaussian):
        sigma = likelihood.settings["sigma"] or anp.exp(params["likelihood.log_sigma"])
        return anp.sum(norm.logpdf(x, out, sigma), axis=1)
    odds = anp.exp(anp.reshape(out, (len(x), 2, 3)))
    p = odds / anp.sum(odds, axis=2, keepdims=True)
    return anp.sum(anp.log(anp.sum(anp.reshape(x, (len(x), 2, 3)) * p, axis=2)), axis=1)


def reference(params, x, eps, likelihood, activation):
    """(recon, kl), each (N,), of the VAE with these parameters."""
    codes = network(params, "encoder", x, activation)
    mu, var = codes[:, :3], anp.exp(codes[:, 3:])
    out = network(params, "decoder", mu + anp.sqrt(var) * eps, activation)
    kl = anp.sum((mu**2 + var - 1 - anp.log(var)) / 2, axis=1)
    return log_likelihood(likelihood, params, x, out), kl


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
@pytest.mark.parametrize("likelihood", LIKELIHOODS.values(), ids=LIKELIHOODS)
@pytest.mark.parametrize("beta", [1.0, 0.3])
def test_vae(likelihood, activation, beta):
    vae, (x, eps) = random_vae(likelihood, activation), batch(likelihood)
    params = {name: array.copy() for name, array in vae.params.items()}

    def loss(params):
        recon, kl = reference(params, x, eps, likelihood, activation)
        return -anp.mean(recon - beta * kl)

    terms = vae.elbo(x, eps)
    recon, kl = reference(params, x, eps, likelihood, activation)
    np.testing.assert_allclose(terms.recon, recon, rtol=1e-10)
    np.testing.assert_allclose(terms.kl, kl, rtol=1e-10)
    np.testing.assert_allclose(terms.elbo, recon - kl, rtol=1e-10)
    np.testing.assert_allclose(vae.loss(beta), loss(params), rtol=1e-10)
    vae.backward(beta=beta)
    for name, expected in grad(loss)(params).items():
        np.testing.assert_allclose(vae.grads[name], expected, rtol=1e-10, atol=1e-12)


def test_adam_follows_the_reference_for_100_steps():
    start = np.random.default_rng(0).standard_normal(5)

    def slope(p, i):
        return np.sin(p) * (1 + i % 7)

    expected = adam(slope, start, num_iters=100, step_size=0.05)
    params = {"p": start.copy()}
    opt = tv.Adam(params, lr=0.05)
    for i in range(100):
        opt.step({"p": slope(params["p"], i)})
    np.testing.assert_allclose(params["p"], expected, rtol=1e-12)
