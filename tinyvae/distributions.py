"""Likelihoods p(x | z), the normal density, and the KL divergence, each with its gradient.

Every log-density is fully normalised, in nats, summed over features: shape (N,). `out` is what
the decoder gives: logits (Bernoulli, Categorical) or the mean (Gaussian); `grad(x, out)` (N, D)
is d log_prob / d out.
"""

import math
from typing import Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from tinyvae.arrays import check_unit
from tinyvae.ops import Array, logistic_parts, logsumexp, quiet, sigmoid, softplus_sum
from tinyvae.parameters import Parametric
from tinyvae.validation import check_float, check_int

LOG_2PI = math.log(2 * math.pi)


@quiet
def log_normal(z: Array, mu: ArrayLike = 0.0, logvar: ArrayLike = 0.0) -> Array:
    """log N(z; mu, diag(e^logvar)), in nats, over the last axis: by default of N(0, I)."""
    logvar = np.asarray(logvar, np.result_type(z, logvar))  # a plain 0.0 widens no float32
    square = (z - mu) ** 2 * np.exp(-logvar)
    return -0.5 * (LOG_2PI + logvar + square).sum(axis=-1)


@quiet
def kl_to_prior(mu: Array, logvar: Array) -> Array:
    """KL(N(mu, sigma^2) || N(0, 1)) of each latent, in nats: (N, L), every entry >= 0.

    1/2 (mu^2 + sigma^2 - 1 - log sigma^2); Kingma & Welling 2014, appendix B. Near logvar = 0,
    expm1 keeps what e^logvar - 1 loses to rounding, which takes the naive form below zero.
    """
    return 0.5 * (mu**2 + np.expm1(logvar) - logvar)


def kl_to_prior_grad(mu: Array, logvar: Array) -> tuple[Array, Array]:
    """(dKL/dmu, dKL/dlogvar), each (N, L)."""
    return mu, 0.5 * np.expm1(logvar)


class Likelihood(Protocol):
    """What a model asks of p(x | z); one of your own derives from `Parametric`, too.

    check(x)          x (N, D), if it is data that p can have; else ValueError
    log_prob(x, out)  log p(x | z), normalised over x: (N,), in nats
    forward(x, out)   the same; remembers what `backward` needs
    backward()        dout (N, D) for L = -mean(log_prob) of the last forward; fills `grads`
    mean(out)         E[x | z], the picture; sample(out, rng) is a draw for each row of out
    """

    def check(self, x: Array) -> Array: ...
    def log_prob(self, x: Array, out: Array) -> Array: ...
    def forward(self, x: Array, out: Array) -> Array: ...
    def backward(self) -> Array: ...
    def mean(self, out: Array) -> Array: ...
    def sample(self, out: Array, rng: Generator) -> Array: ...


class Bernoulli(Parametric):
    """x in {0, 1}, each pixel a coin; out = logits. The VAE paper's eq. 11.

    Grey x in [0, 1] gives the expected log-probability of binary x with those probabilities (a
    cross-entropy): a fair objective, but no density of grey values.
    """

    def check(self, x: Array) -> Array:
        return check_unit("x", x)

    def log_prob(self, x: Array, out: Array) -> Array:
        """sum(x a - softplus(a)) with a = out: log of sigmoid(a)^x (1 - sigmoid(a))^(1 - x)."""
        return np.vecdot(x, out) - softplus_sum(out)

    def grad(self, x: Array, out: Array) -> Array:
        return x - sigmoid(out)

    def forward(self, x: Array, out: Array) -> Array:
        """log_prob(x, out), keeping -grad(x, out): one exponential serves both."""
        parts = logistic_parts(out)
        self._last = sigmoid(out, parts)
        self._last -= x
        return np.vecdot(x, out) - softplus_sum(out, parts)

    def backward(self) -> Array:
        return self._last / len(self._last)

    def mean(self, out: Array) -> Array:
        return sigmoid(out)

    def sample(self, out: Array, rng: Generator) -> Array:
        return (rng.random(out.shape) < self.mean(out)).astype(out.dtype)


class Gaussian(Parametric):
    """x ~ N(out, sigma^2 I), one sigma shared by all features.

    By default sigma is learned, as params["log_sigma"], a number that starts at 0, so that the
    data weigh the squared error against the KL (Rybkin et al. 2021, arXiv:2006.13202).
    `Gaussian(sigma=0.1)` holds it fixed.
    """

    log_sigma = property(
        lambda self: self.params.get("log_sigma", self._fixed),
        lambda self, value: self.params.__setitem__("log_sigma", value),  # of a learned one
    )
    _fixed: float | None = None

    def __init__(self, sigma: float | None = None) -> None:
        if sigma is None:
            super().__init__(log_sigma=np.array(0.0))
        else:
            sigma = check_float("sigma", sigma, above=0)
            self._fixed = math.log(sigma)
        self.settings = {"sigma": sigma}

    @property
    def sigma(self) -> float:
        return float(np.exp(self.log_sigma))  # no array, which would widen float32

    def check(self, x: Array) -> Array:
        return x  # any finite numbers will do

    def log_prob(self, x: Array, out: Array) -> Array:
        """-1/2 sum((x - out)^2 / sigma^2) - D (log sigma + 1/2 log 2 pi)."""
        return self._log_prob(x - out)

    @quiet
    def _log_prob(self, residual):
        square = np.vecdot(residual, residual)
        constant = residual.shape[-1] * (float(self.log_sigma) + 0.5 * LOG_2PI)
        return -0.5 * square / self.sigma**2 - constant

    def grad(self, x: Array, out: Array) -> Array:
        return (x - out) / self.sigma**2

    def forward(self, x: Array, out: Array) -> Array:
        self._last = x - out
        return self._log_prob(self._last)

    def backward(self) -> Array:
        """Also dL/dlog_sigma = D - mean over the batch of sum((x - out)^2) / sigma^2."""
        residual, scale = self._last, len(self._last) * self.sigma**2
        for slope in self.grads.values():  # of a learned sigma alone
            slope[...] = residual.shape[-1] - np.vdot(residual, residual) / scale
        return residual / -scale

    def mean(self, out: Array) -> Array:
        return out

    def sample(self, out: Array, rng: Generator) -> Array:
        return out + self.sigma * rng.standard_normal(out.shape, out.dtype)


class Categorical(Parametric):
    """Text: x one-hot, (N, positions * n_categories); one softmax of out for each position."""

    def __init__(self, n_categories: int) -> None:
        self.n_categories = check_int("n_categories", n_categories, least=2)
        self.settings = {"n_categories": self.n_categories}

    def _blocks(self, a):
        n, width = self.n_categories, a.shape[-1]
        if width % n:
            raise ValueError(f"the width must be a multiple of n_categories = {n}, got {width}")
        return a.reshape(*a.shape[:-1], -1, n)

    def check(self, x: Array) -> Array:
        blocks = self._blocks(x)
        if not (np.all((x == 0) | (x == 1)) and np.all(blocks.sum(axis=-1) == 1)):
            raise ValueError(
                f"x must be one-hot in blocks of {self.n_categories} for a Categorical "
                "likelihood: one 1 in each block and 0 elsewhere"
            )
        return x

    def log_prob(self, x: Array, out: Array) -> Array:
        """The sum over positions of log softmax(out) at the category that x names."""
        return np.vecdot(x, out) - logsumexp(self._blocks(out)).sum(axis=-1)

    def grad(self, x: Array, out: Array) -> Array:
        return x - self.mean(out)

    def forward(self, x: Array, out: Array) -> Array:
        """log_prob(x, out), keeping -grad(x, out): one logsumexp serves both."""
        blocks = self._blocks(out)
        normaliser = logsumexp(blocks, keepdims=True)
        self._last = np.exp(blocks - normaliser).reshape(out.shape) - x
        return np.vecdot(x, out) - normaliser.sum(axis=(-2, -1))

    def backward(self) -> Array:
        return self._last / len(self._last)

    @quiet
    def mean(self, out: Array) -> Array:
        """The probabilities, softmax(out) position by position."""
        blocks = self._blocks(out)
        return np.exp(blocks - logsumexp(blocks, keepdims=True)).reshape(out.shape)

    def sample(self, out: Array, rng: Generator) -> Array:
        """One-hot draws: the largest of logit + Gumbel noise is a draw from the softmax."""
        blocks = self._blocks(out)
        choice = np.argmax(blocks + rng.gumbel(size=blocks.shape), axis=-1)
        return np.eye(self.n_categories, dtype=out.dtype)[choice].reshape(out.shape)
