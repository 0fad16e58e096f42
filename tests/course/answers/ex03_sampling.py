"""Answers to the exercises of 03."""

import math
from fractions import Fraction

import numpy as np

from tinyvae import kl_to_prior, reparameterize, reparameterize_grad
from tinyvae.course.exercises import find

own = np.random.default_rng()  # another luck at each call
draw_grad, (score, estimate), slopes, variances, one_noise, log_sigma, place = (
    find(f"03.{i}").right for i in range(2, 9)
)


def clipped(answer, place, low=-2, high=2):
    """`answer` to a logvar, its argument at `place`, that is clipped first."""

    def with_clip(*given):
        given = list(given)
        given[place] = np.clip(given[place], low, high)
        return answer(*given)

    return with_clip


def changed(answer, *changes):
    """`answer`, with its outputs changed by these functions."""
    return lambda *given: tuple(
        change(one) for change, one in zip(changes, answer(*given), strict=True)
    )


def same(value):
    return value


# 03.1, 03.2


def draw_in_loops(mu, logvar, eps):
    z = []
    for m_row, v_row, e_row in zip(mu, logvar, eps, strict=True):
        rows = zip(m_row, v_row, e_row, strict=True)
        z.append(tuple(m + math.sqrt(math.exp(v)) * e for m, v, e in rows))
    return tuple(z)


def draw_grad_by_sigma(d_z, lv, e):
    sigma = np.sqrt(np.exp(lv)).astype(np.float32)
    return np.stack([d_z, d_z * e * sigma / 2])


# 03.3, 03.4


def score_in_loops(z, mu, logvar):
    by_mu, by_logvar = [], []
    for one in z:
        by_mu.append((one - mu) / math.exp(logvar))
        by_logvar.append(((one - mu) ** 2 / math.exp(logvar) - 1) / 2)
    return by_mu, tuple(by_logvar)


def score_in_float32(z, m, lv):
    sd = np.float32(np.exp(lv / 2))
    e = ((z - m) / sd).astype(np.float32)
    return np.stack([e / sd, (e - 1) * (e + 1) / 2])


def estimate_in_loops(f, z, mu, logvar):
    totals = [0.0, 0.0]
    for one in z:
        totals[0] += f(one) * (one - mu) / math.exp(logvar)
        totals[1] += f(one) * ((one - mu) ** 2 / math.exp(logvar) - 1) / 2
    return [total / len(z) for total in totals]


def estimate_by_dot(f, z, mu, logvar):
    return tuple(np.array(score(z, mu, logvar)) @ f(z) / z.size)


def slopes_in_loops(df, mu, logvar, eps):
    total_mu = total_logvar = 0
    for e in eps:
        z = mu + math.exp(logvar / 2) * e
        total_mu += df(z) / len(eps)
        total_logvar += df(z) * (z - mu) / 2 / len(eps)
    return [total_mu, total_logvar]


def slopes_in_float32(df, m, lv, noise):
    spread = np.float32(np.exp(lv / 2)) * noise.astype(np.float32)
    at = df(m + spread).astype(np.float32)
    return np.array([np.average(at), at @ spread / (2 * len(at))], dtype=np.float32)


# 03.5


def in_other_algebra(m, s):
    first = (2 * m**4 + 60 * m**2 * s**2 + 78 * s**4) / 4 - s**4
    return np.float32(first), np.float32(s**2 * (m**2 + 2 * s**2))


def by_fractions(mu, sigma):
    m, s = Fraction(float(mu)), Fraction(float(sigma))
    return m**4 / 2 + 15 * (m * s) ** 2 + s**4 * 37 / 2, (m * s) ** 2 + 2 * s**4


# 03.6, 03.7


def noise_from_z(a, c, x, rng):
    sigma = np.exp(0.5 * c)
    z = rng.normal(a * x, sigma)
    dz = -4 * (x - 2 * z)
    loss = np.mean((x - 2 * z) ** 2 + kl_to_prior(a * x, c))
    dc = np.mean(dz * 0.5 * (z - a * x)) + 0.5 * (np.exp(c) - 1)
    return loss, np.mean((dz + a * x) * x), dc


def one_draw_a_face(a, c, x, rng):
    return np.mean([one_noise(a, c, x[i : i + 1], rng) for i in range(len(x))], axis=0)


def log_sigma_by_logvar(a, c, x, eps):
    z = reparameterize(a * x, 2 * c, eps)
    loss = np.mean((x - 2 * z) ** 2 + kl_to_prior(a * x, 2 * c))
    dc = 4 * np.mean((2 * z - x) * (z - a * x)) + np.expm1(2 * c)
    return [loss, np.mean((8 * z - 4 * x + a * x) * x), dc]


def log_sigma_in_loops(a, c, x, eps):
    rows = [log_sigma_by_logvar(a, c, *pair) for pair in zip(x, eps, strict=True)]
    return np.mean(rows, axis=0)


RIGHT = {
    "03.1": {
        "loops": draw_in_loops, "float32": lambda *given: reparameterize(*given).astype("f"),
    },
    "03.2": {"by sigma": draw_grad_by_sigma, "package": reparameterize_grad},
    "03.3": {
        "loops": (score_in_loops, estimate_in_loops),
        "float32, arrays": (score_in_float32, estimate_by_dot),
    },
    "03.4": {"loops": slopes_in_loops, "float32": slopes_in_float32},
    "03.5": {"algebra": in_other_algebra, "Fraction": by_fractions},
    "03.6": {"noise from z": noise_from_z, "loops": one_draw_a_face},
    "03.7": {"loops": log_sigma_in_loops, "by logvar": log_sigma_by_logvar},
    "03.8": {
        "exact": place, "by hand": 1.68, "array": np.array(1.66), "Fraction": Fraction(5, 3),
    },
}  # fmt: skip

WRONG = {
    "03.1": {
        "is wrong in 12 of 15": lambda m, v, e: m + np.exp(v[0] / 2) * e,
        "noise of its own": lambda m, v, e: m + np.exp(v / 2) * own.standard_normal(m.shape),
        "does not use the noise": lambda m, v, e: (
            np.random.default_rng(0).normal(m, np.exp(v / 2))
        ),
        "not finite": lambda m, v, e: m + np.sqrt(v) * e,
        "changes the arrays": lambda m, v, e: m + np.multiply(e, np.exp(v / 2), out=e),
        "should be (5, 3)": lambda m, v, e: (m + np.exp(v / 2) * e).sum(axis=-1),
        "should be (1, 4)": lambda m, v, e: np.squeeze(m + np.exp(v / 2) * e),
        "your z is right, but not for very small": lambda m, v, e: (
            m + np.sqrt(np.exp(v) + 1e-8) * e
        ),
        "off by the same amount": lambda m, v, e: m + 0.1 + np.exp(v / 2) * e,
    },
    "03.2": {
        "puts out one": lambda *given: draw_grad(*given)[0],
        "The shape of your dmu is (3,)": changed(draw_grad, sum, sum),
        "The shape of your dlogvar is (3,)": changed(draw_grad, same, sum),
        "your dlogvar is right, but not for very small": clipped(draw_grad, 1, -12, 99),
        "Your dlogvar has the wrong sign": changed(draw_grad, same, np.negative),
        "Your dmu is not finite": changed(draw_grad, np.sqrt, same),
    },
    "03.3": {
        "the score by mu is right, but not": (clipped(score, 2), estimate),
        "the estimate for mu is right, but not": (score, clipped(estimate, 3)),
        "the score by mu is (), but should be (7,)": (changed(score, np.mean, same), estimate),
        "One number is asked for": (
            score, lambda f, z, m, v: tuple(f(z) * one for one in score(z, m, v)),
        ),
        "noise of its own": (
            score, lambda f, z, m, v: estimate(f, own.normal(m, np.exp(v / 2), z.shape), m, v),
        ),
        "it puts out one": (score, lambda f, z, m, v: (f(z) * score(z, m, v)[0]).mean()),
        "for mu has the wrong value": (score, changed(estimate, np.sin, same)),
    },
    "03.4": {
        "the estimate for mu is (7,)": lambda df, m, v, e: (df(m + e), df(m + e)),
        "it puts out one": lambda *given: slopes(*given)[0],
        "the estimate for mu is right, but not": clipped(slopes, 2),
        "noise of its own": lambda df, m, v, e: slopes(df, m, v, own.normal(size=len(e))),
        "logvar has the wrong sign": changed(slopes, same, np.negative),
        "mu has the wrong sign": changed(slopes, np.abs, same),
    },
    "03.5": {
        "or it is an estimate from draws": changed(variances, lambda v: 1.02 * v, same),
        "The score function's variance has the wrong value": changed(variances, np.sin, same),
        "it puts out one": lambda m, s: m**4 / 2 + 15 * m**2 * s**2 + 18.5 * s**4,
        "One number is asked": lambda m, s: ([m**4], [s**4]),
        "stopped with `ZeroDivisionError": lambda m, s: (m**4 / 0, s**4),
    },
    "03.6": {
        "takes nothing from `rng`": lambda a, c, x, rng: (
            one_noise(a, c, x, np.random.default_rng(0))
        ),
        "use the noise that `rng` gives": lambda a, c, x, rng: (
            rng.random(), one_noise(a, c, x, np.random.default_rng(0)),
        )[1],
        "the same seed give different numbers": lambda a, c, x, rng: one_noise(a, c, x, own),
        "Your loss is 2 times": changed(one_noise, lambda loss: 2 * loss, same, same),
        "da is not the slope": changed(one_noise, same, np.negative, same),
        "dc is not the slope": changed(one_noise, same, same, lambda dc: dc / 2),
        "it puts out one": lambda *given: one_noise(*given)[0],
        "Your loss is not finite": changed(one_noise, lambda loss: loss + np.inf, same, same),
        "of type `int`": 3,
    },
    "03.7": {
        "Your loss has the wrong value": lambda a, c, x, e: log_sigma(a, c, x, 0.9 * e),
        "has the wrong sign": changed(log_sigma, np.negative, np.negative, np.negative),
        "it puts out 2 values": lambda *given: log_sigma(*given)[1:],
        "The shape of your da is": changed(log_sigma, same, np.atleast_1d, same),
    },
    "03.8": {"the slope is not 0": 2.0, "One number is asked": "1.68"},
}  # fmt: skip
