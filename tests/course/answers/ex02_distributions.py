"""Answers to the exercises of 02; each known mistake stands in the exercise itself."""

import math
import statistics
from decimal import Decimal
from fractions import Fraction

import numpy as np

from tinyvae import log_normal

TAU = math.log(2 * math.pi)


def in_loops(entry):
    """The sum of entry(number, number, ...) over the columns, in plain Python."""

    def rows(*arrays):
        lists = zip(*(np.asarray(array, float).tolist() for array in arrays), strict=True)
        return [sum(entry(*each) for each in zip(*row, strict=True)) for row in lists]

    return rows


def in_float32(function):
    """The function of its arrays as float32."""

    def answer(*inputs):
        return function(*(v.astype("f4") if np.ndim(v) else v for v in inputs))

    return answer


# 02.1


def density(z, m, v):
    return -0.5 * (TAU + v + (z - m) ** 2 / np.exp(v)).sum(-1)


def density_entry(z, m, v):
    sigma = math.exp(v / 2)
    return -(((z - m) / sigma) ** 2) / 2 - math.log(sigma * math.sqrt(2 * math.pi))


# 02.2


def bernoulli(x, a):
    return (x * a - np.logaddexp(0, a)).sum(-1)


def bernoulli_grad(x, a):
    return x - 1 / (1 + np.exp(-a))


def bernoulli_entry(x, a):
    return x * a - max(a, 0) - math.log1p(math.exp(-abs(a)))


def bernoulli_by_p(clip):
    def log_prob(x, a):
        p = np.clip(1 / (1 + np.exp(-a)), clip, 1 - clip)
        return (x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=-1)

    return log_prob


def cut_at(most, function):
    """The function, with the sigmoid at 0 or 1 where a logit is beyond `most`."""
    return lambda x, a: function(x, np.where(np.abs(a) > most, 50 * a, a))


# 02.3


def letters_by_places(x, a, k):
    places = np.split(a, a.shape[1] // k, axis=1)
    return (x * a).sum(1) - sum(np.logaddexp.reduce(place, axis=1) for place in places)


def log_softmax(a, k):
    blocks = a.reshape(len(a), -1, k)
    return blocks - np.logaddexp.reduce(blocks, axis=-1, keepdims=True)


def letters(x, a, k):
    return (x * log_softmax(a, k).reshape(a.shape)).sum(-1)


def letters_grad(x, a, k):
    return x - np.exp(log_softmax(a, k)).reshape(a.shape)


def letters_picked(x, a, k):
    log_p = log_softmax(a, k)
    return log_p[x.reshape(log_p.shape) == 1].reshape(len(x), -1).sum(1)


# 02.4


def kl(m, v):
    return 0.5 * (m * m + np.exp(v) - 1 - v).sum(axis=1)


def kl_in_two_pieces(mu, logvar):
    width = np.where(np.abs(logvar) < 0.05, logvar**2 / 4, 0.5 * (np.exp(logvar) - 1 - logvar))
    return (0.5 * mu**2 + width).sum(axis=-1)


# 02.5


def kl_grad(mu, logvar, m, v):
    return (mu - m) / np.exp(v), (np.exp(logvar) / np.exp(v) - 1) / 2


def kl_grad_one_by_one(mu, logvar, m, v):
    dmu, dlogvar = 0 * mu, 0 * mu
    for i, j in np.ndindex(mu.shape):
        dmu[i, j] = (mu[i, j] - m[j]) / math.exp(v[j])
        dlogvar[i, j] = (math.exp(logvar[i, j]) / math.exp(v[j]) - 1) / 2
    return [dmu, dlogvar]


def dlogvar_in_two_pieces(mu, logvar, m, v):
    apart = logvar - v
    return np.where(np.abs(apart) < 0.012, apart, np.expm1(apart)) / 2


def kl_grad_with(dmu=None, dlogvar=None):
    """The right pair, but for the parts that are given."""

    def answer(*given):
        right = kl_grad(*given)
        return [f(*given) if f else part for f, part in zip((dmu, dlogvar), right, strict=True)]

    return answer


# 02.6


def log_ratios(mu, logvar, eps):
    z = mu + np.exp(logvar / 2) * eps
    return log_normal(z, mu, logvar) - log_normal(z)


def monte_carlo_in_loops(mu, logvar, eps):
    def entry(m, v, e):
        return ((m + math.exp(v / 2) * e) ** 2 - e**2 - v) / 2  # log 2 pi is in both

    ratios = in_loops(entry)(mu + 0 * eps, logvar + 0 * eps, eps)
    return statistics.mean(ratios), statistics.stdev(ratios) / math.sqrt(len(ratios))


def monte_carlo_with(mean=np.mean, spread=np.std, floor=-99):
    """The right pair, but for the mean and the spread, and a least logvar."""

    def answer(mu, logvar, eps):
        r = log_ratios(mu, np.maximum(logvar, floor), eps)
        return mean(r), spread(r) / np.sqrt(len(r))

    return answer


def own_draws(*seed):
    """The pair of one who draws, with a seed or without."""
    return lambda mu, logvar, eps: monte_carlo_with()(
        mu, logvar, np.random.default_rng(*seed).standard_normal(eps.shape)
    )


# 02.8


def gaussian(x, out, log_sigma):
    return density(x, out, 2 * log_sigma)


def slope(x, out, log_sigma):
    return (((x - out) / np.exp(log_sigma)) ** 2 - 1).sum(-1)


def with_floor(function, floor):
    return lambda x, out, log_sigma: function(x, out, max(log_sigma, floor))


RIGHT = {
    "02.1": {
        "loops": in_loops(density_entry),
        "float32, a tuple": lambda *note: tuple(in_float32(density)(*note)),
        "Fractions": lambda *note: [Fraction(float(row)) for row in density(*note)],
        "by a matrix product": lambda z, m, v: (
            -((TAU + v + (z - m) ** 2 / np.exp(v)) @ np.full(z.shape[1], 0.5))
        ),
    },
    "02.2": {
        "loops": (in_loops(bernoulli_entry), lambda x, a: [*map(list, bernoulli_grad(x, a))]),
        "logaddexp, plain sigmoid": (bernoulli, bernoulli_grad),
        "float32": (in_float32(bernoulli), in_float32(bernoulli_grad)),
        "two terms; tanh": (
            lambda x, a: -(x * np.logaddexp(0, -a) + (1 - x) * np.logaddexp(0, a)).sum(1),
            lambda x, a: list(x - 0.5 - 0.5 * np.tanh(0.5 * a)),
        ),
    },
    "02.3": {
        "place by place, tuples": (letters_by_places, lambda *text: tuple(letters_grad(*text))),
        "picked, float32": (in_float32(letters_picked), in_float32(letters_grad)),
    },
    "02.4": {
        "loops": in_loops(lambda m, v: (m * m + math.exp(v) - 1 - v) / 2),
        "in float32": in_float32(kl),
        "difference of entropies": lambda m, v: tuple(
            (-0.5 * (TAU + 1 + v) + 0.5 * (TAU + m**2 + np.exp(v))).sum(axis=-1)
        ),
    },
    "02.5": {
        "loops": kl_grad_one_by_one,
        "in float32": in_float32(kl_grad),
        "stacked": lambda mu, lv, m, v: np.stack(
            [np.exp(-v) * (mu - m), (np.exp(lv) - np.exp(v)) / (2 * np.exp(v))]
        ),
    },
    "02.6": {
        "loops, without log 2 pi, divisor S - 1": monte_carlo_in_loops,
        "float32": in_float32(monte_carlo_with()),
        "float32, divisor S - 1": in_float32(monte_carlo_with(spread=lambda r: r.std(ddof=1))),
    },
    "02.7": {
        "by hand, a list": [[0.6, 0.5], [-0.75, 1.5]],
        "at the edge": [(-0.9, 0.7), (0, 1.75)],
        "float32": np.array([[0.0, 0.4], [0.9, 1.3]], dtype=np.float32),
        "Fractions, Decimals": [[Fraction(3, 5), 0.5], [Decimal("0.75"), Decimal("1.5")]],
    },
    "02.8": {
        "one by one": (
            lambda x, out, s: [gaussian(*row, s) for row in zip(x, out, strict=True)],
            lambda x, out, s: [slope(*row, s) for row in zip(x, out, strict=True)],
        ),
        "float32": (in_float32(gaussian), in_float32(slope)),
    },
}

# What no known mistake explains, and what is wrong only where inputs are not as usual.
WRONG = {
    "02.1": {
        "There is a NaN": lambda z, m, v: density(z, m, np.log(v)),
        "should be (5,)": lambda z, m, v: density(z.T, m.T, v.T),
        "60 sigmas away": lambda *note: np.log(np.exp(density(*note))),
        "very small or very large": lambda z, m, v: density(z, m, np.clip(v, -6, 6)),
    },
    "02.2": {
        "-20 in float32 the log-likelihood has": (bernoulli_by_p(1e-15), bernoulli_grad),
        "-20 in float32 the log-likelihood is": (bernoulli_by_p(1e-7), bernoulli_grad),
        "-50 in float64 the log-likelihood is": (
            lambda x, a: (bernoulli_by_p(1e-15) if a.dtype == float else bernoulli)(x, a),
            bernoulli_grad,
        ),
        "12 the log-likelihood": (cut_at(8, bernoulli), bernoulli_grad),
        "12 the gradient": (bernoulli, cut_at(9, bernoulli_grad)),
        "log-likelihood is wrong in": (lambda x, a: bernoulli(x**2, a), bernoulli_grad),
        "at ordinary logits": (lambda x, a: (x * np.log(a)).sum(1), bernoulli_grad),
        "log-likelihood is ()": (lambda x, a: bernoulli(x, a).sum(), bernoulli_grad),
        "the gradient has": (bernoulli, lambda x, a: x - np.exp(a) / (1 + np.exp(a))),
        "-20 in float32 the gradient is": (
            bernoulli, lambda x, a: bernoulli_grad(x, a * (np.abs(a) < 15)),
        ),
        "The shape of the gradient": (bernoulli, lambda x, a: bernoulli_grad(x, a).sum(1)),
    },
    "02.3": {
        "10000 the log-likelihood has": (
            lambda x, a, k: letters(x, np.log(np.exp(a)), k), letters_grad,
        ),
        "the log-likelihood is": (lambda x, a, k: letters(x, a.clip(-99, 99), k), letters_grad),
        "10000 the gradient has": (
            letters, lambda x, a, k: letters_grad(x, np.log(np.exp(a)), k),
        ),
        "10000 the gradient is": (letters, lambda x, a, k: letters_grad(x, a.clip(-99, 99), k)),
        "up to 0, the log-likelihood": (
            lambda x, a, k: letters(x, a + 0.01 * (a == 0), k), letters_grad,
        ),
        "up to 12, the gradient": (
            letters,
            lambda x, a, k: letters_grad(x, a, k) * (np.abs(letters_grad(x, a, k)) > 1e-5),
        ),
        "ordinary logits": (lambda x, a, k: (x * np.log(a)).sum(-1), letters_grad),
        "log-likelihood is (5, 3)": (lambda x, a, k: log_softmax(a, k).sum(-1), letters_grad),
        "in the order of the logits": (letters, lambda x, a, k: log_softmax(a, k)),
    },
    "02.4": {
        "There is a NaN": lambda m, v: kl(m, np.log(v)),
        "should be (5,)": lambda m, v: kl(m.T, v.T),
        "Close to the prior": kl_in_two_pieces,
        "very small or very large": lambda m, v: kl(m, np.clip(v, -6, 6)),
    },
    "02.5": {
        "puts out one": lambda *given: kl_grad(*given)[0],
        "The shape of `dmu`": lambda *given: [part.mean(0) for part in kl_grad(*given)],
        "The shape of `dlogvar`": kl_grad_with(None, lambda mu, *_: mu[0]),
        "inputs `dmu` is right": kl_grad_with(
            lambda mu, lv, m, v: (mu - m) / (np.exp(v) + 1e-8)
        ),
        "inputs `dlogvar` is right": kl_grad_with(
            None, lambda mu, lv, m, v: kl_grad(mu, np.clip(lv, -6, 6), m, v)[1]
        ),
        "nearly the same, `dlogvar`": kl_grad_with(None, dlogvar_in_two_pieces),
    },
    "02.6": {
        "puts out one": lambda *note: log_ratios(*note).mean(),
        "The shape of the estimate is": monte_carlo_with(mean=np.positive),
        "The shape of the standard error is": monte_carlo_with(spread=lambda r: r[:3]),
        "The estimate is not finite": lambda mu, v, e: monte_carlo_with()(mu, np.log(v), e),
        "Called twice": own_draws(),
        "With other draws": own_draws(0),
        "inputs the estimate is right": monte_carlo_with(floor=-5.5),
        "inputs the standard error is": monte_carlo_with(spread=lambda r: min(r.std(), 99)),
        "nearly the prior, the estimate": monte_carlo_with(
            lambda r: np.where(abs(r.mean()) < 0.01, 0.01, r.mean())
        ),
        "prior, the standard error": monte_carlo_with(spread=lambda r: max(r.std(), 0.01)),
    },
    "02.7": {
        "Two rows": [[0.6, 0.5], [0.75]],
        "One number is asked for": [["0.6", "0.5"], ["0.75", "1.5"]],
    },
    "02.8": {
        "inputs the log-likelihood is right": (with_floor(gaussian, -7), slope),
        "inputs the slope is right": (gaussian, with_floor(slope, -2.5)),
        "The shape of the log-likelihood": (lambda *given: gaussian(*given).mean(), slope),
        "The shape of the slope": (gaussian, lambda *given: slope(*given).mean()),
    },
}  # fmt: skip
