"""Likelihoods p(x | z), the normal density, and the KL divergence, each with its gradient.

Every log-density is fully normalised, in nats, summed over features: shape (N,). `out` is what
the decoder gives: logits (Bernoulli, Categorical) or the mean (Gaussian). `mean(out)` is
E[x | z], the picture. `forward` and `backward` are those of a layer, a model's last:
`forward(x, out)` is log_prob(x, out) and remembers what `backward()` then needs, which takes
the mean over the batch: it returns dout for L = -mean(log_prob) and fills the likelihood's own
gradients. One of your own making needs `check`, `params`, `grads`, `bind` and `settings` too:
see `NoParameters`.
"""

import math

import numpy as np

from tinyvae.ops import logistic_parts, logsumexp, sigmoid, softplus_sum
from tinyvae.parameters import NoParameters
from tinyvae.validation import check_float, check_int

LOG_2PI = math.log(2 * math.pi)


def log_normal(z, mu=0.0, logvar=0.0):
    """log N(z; mu, diag(e^logvar)) in nats, summed over the last axis; default N(0, I).

    -1/2 sum(log 2 pi + logvar + (z - mu)^2 / e^logvar).
    """
    logvar = np.asarray(logvar, np.result_type(z, logvar))  # a plain 0.0 widens no float32
    square = (z - mu) ** 2 * np.exp(-logvar)
    return -0.5 * (LOG_2PI + logvar + square).sum(axis=-1)


def kl_to_prior(mu, logvar):
    """KL(N(mu, sigma^2) || N(0, 1)) of each latent, in nats: (N, L), every entry >= 0.

    1/2 (mu^2 + sigma^2 - 1 - log sigma^2); Kingma & Welling 2014, appendix B. expm1 keeps what
    e^logvar - 1 loses to rounding near logvar = 0, where the naive form goes below zero.
    """
    return 0.5 * (mu**2 + np.expm1(logvar) - logvar)


def kl_to_prior_grad(mu, logvar):
    """(dKL/dmu, dKL/dlogvar), each (N, L)."""
    return mu, 0.5 * np.expm1(logvar)


class Bernoulli(NoParameters):
    """x in {0, 1}, each pixel a coin; out = logits. The VAE paper's eq. 11.

    Grey x in [0, 1] is taken too, as the expected log-probability of binary x with those
    probabilities (a cross-entropy): a fair objective, but no density of grey values.
    """

    def check(self, x):
        """ValueError unless 0 <= x <= 1."""
        if x.min() < 0 or x.max() > 1:
            raise ValueError(
                "x must lie in [0, 1] for a Bernoulli likelihood, "
                f"got values from {x.min():g} to {x.max():g}"
            )

    def log_prob(self, x, out):
        """sum(x a - softplus(a)) with a = out: log of sigmoid(a)^x (1 - sigmoid(a))^(1 - x)."""
        return np.vecdot(x, out) - softplus_sum(out)

    def grad(self, x, out):
        """d log_prob / d out = x - sigmoid(out)."""
        return x - sigmoid(out)

    def forward(self, x, out):
        """log_prob(x, out), keeping -grad(x, out): one exponential serves both."""
        parts = logistic_parts(out)
        self._dout = sigmoid(out, parts)
        self._dout -= x
        return np.vecdot(x, out) - softplus_sum(out, parts)

    def backward(self):
        return self._dout / len(self._dout)

    def mean(self, out):
        return sigmoid(out)

    def sample(self, out, rng):
        return (rng.random(out.shape) < self.mean(out)).astype(out.dtype)


class Gaussian:
    """x ~ N(out, sigma^2 I), one sigma shared by all features.

    By default sigma is learned, as params["log_sigma"] (a number, starting at log 1): the
    squared error is then weighed as the data ask, which is what balances it against the KL
    (Rybkin et al. 2021, arXiv:2006.13202). `Gaussian(sigma=0.1)` holds it fixed.
    """

    def __init__(self, sigma=None):
        fixed = None if sigma is None else check_float("sigma", sigma, above=0)
        self.settings = {"sigma": fixed}
        self.log_sigma = np.array(0.0 if fixed is None else math.log(fixed))
        self.dlog_sigma = np.array(0.0)

    @property
    def params(self):
        return {"log_sigma": self.log_sigma} if self.settings["sigma"] is None else {}

    @property
    def grads(self):
        return {"log_sigma": self.dlog_sigma} if self.settings["sigma"] is None else {}

    def bind(self, params, grads):
        """Use these arrays (views of a model's one vector) from now on."""
        if params:
            self.log_sigma, self.dlog_sigma = params["log_sigma"], grads["log_sigma"]

    @property
    def sigma(self):
        """The standard deviation, a float (so that it never widens a float32 array)."""
        return float(np.exp(self.log_sigma))

    def check(self, x):
        """Any finite x will do."""

    def log_prob(self, x, out):
        """-1/2 sum((x - out)^2 / sigma^2) - D (log sigma + 1/2 log 2 pi)."""
        return self._log_prob(x - out)

    def _log_prob(self, residual):
        square = np.vecdot(residual, residual)
        constant = residual.shape[-1] * (float(self.log_sigma) + 0.5 * LOG_2PI)
        return -0.5 * square / self.sigma**2 - constant

    def grad(self, x, out):
        """d log_prob / d out = (x - out) / sigma^2."""
        return (x - out) / self.sigma**2

    def forward(self, x, out):
        """log_prob(x, out), keeping x - out."""
        self._residual = x - out
        return self._log_prob(self._residual)

    def backward(self):
        """Also dL/dlog_sigma = D - mean over the batch of sum((x - out)^2) / sigma^2."""
        residual, scale = self._residual, len(self._residual) * self.sigma**2
        self.dlog_sigma[...] = residual.shape[-1] - np.vdot(residual, residual) / scale
        return residual / -scale

    def mean(self, out):
        return out

    def sample(self, out, rng):
        return out + self.sigma * rng.standard_normal(out.shape, out.dtype)


class Categorical(NoParameters):
    """Text: x one-hot, (N, positions * n_categories), one softmax of out a position."""

    def __init__(self, n_categories):
        self.n_categories = check_int("n_categories", n_categories, least=2)
        self.settings = {"n_categories": self.n_categories}

    def _blocks(self, a):
        if a.shape[-1] % self.n_categories:
            raise ValueError(
                f"the width must be a multiple of n_categories = {self.n_categories}, "
                f"got {a.shape[-1]}"
            )
        return a.reshape(*a.shape[:-1], -1, self.n_categories)

    def check(self, x):
        """ValueError unless each block of n_categories is one-hot."""
        blocks = self._blocks(x)
        if not (np.all((x == 0) | (x == 1)) and np.all(blocks.sum(axis=-1) == 1)):
            raise ValueError(
                f"x must be one-hot in blocks of {self.n_categories} for a Categorical "
                "likelihood: one 1 in each block and 0 elsewhere"
            )

    def log_prob(self, x, out):
        """sum over positions of log softmax(out) at the category that x names."""
        return np.vecdot(x, out) - logsumexp(self._blocks(out)).sum(axis=-1)

    def grad(self, x, out):
        """d log_prob / d out = x - softmax(out)."""
        return x - self.mean(out)

    def forward(self, x, out):
        """log_prob(x, out), keeping -grad(x, out): one logsumexp serves both."""
        blocks = self._blocks(out)
        normaliser = logsumexp(blocks, keepdims=True)
        self._dout = np.exp(blocks - normaliser).reshape(out.shape) - x
        return np.vecdot(x, out) - normaliser.sum(axis=(-2, -1))

    def backward(self):
        return self._dout / len(self._dout)

    def mean(self, out):
        """The probabilities, softmax(out) position by position."""
        blocks = self._blocks(out)
        return np.exp(blocks - logsumexp(blocks, keepdims=True)).reshape(out.shape)

    def sample(self, out, rng):
        """One-hot draws: the largest of logit + Gumbel noise is a draw from the softmax."""
        blocks = self._blocks(out)
        choice = np.argmax(blocks + rng.gumbel(size=blocks.shape), axis=-1)
        return np.eye(self.n_categories, dtype=out.dtype)[choice].reshape(out.shape)
