"""Answers to the exercises of 05."""

import math
from fractions import Fraction

import numpy as np

from tinyvae import energy_distance
from tinyvae.course.exercises import find

from .ex03_sampling import changed, same

FRESH = np.random.default_rng()
line, arc, norms, slope, _, moments, picture, true_energy = (
    find(f"05.{i}").right for i in range(1, 9)
)


def line_in_float32(a, b, t):
    a, b, t = a.astype(np.float32), b.astype(np.float32), np.float32(t)
    return a - t * a + t * b if t.ndim == 0 else np.outer(1 - t, a) + np.outer(t, b)


def direction_by_polyfit(codes, label):
    return tuple(np.polyfit(label.astype(float), column, 1)[0] for column in codes.T)


def direction_by_cov_in_float32(mu, attribute):
    both = np.cov(attribute.astype(np.float32), mu.astype(np.float32), rowvar=False)
    return (both[0, 1:] / both[0, 0]).astype(np.float32)


def moments_by_cov(mu, logvar):
    return mu.mean(axis=0), np.cov(mu.T, ddof=0) + np.diag(np.mean(np.exp(logvar), axis=0))


def moments_about_zero_in_float32(m, lv):
    m, lv = m.astype(np.float32), lv.astype(np.float32)
    second = (m.T @ m + np.diag(np.exp(lv).sum(axis=0))) / np.float32(len(m))
    return m.mean(axis=0), second - np.outer(m.mean(axis=0), m.mean(axis=0))


def energy_by_terms(dim, spread):
    length = np.exp(math.lgamma((dim + 1) / 2) - math.lgamma(dim / 2))
    across = 2 * length * np.sqrt(2 * (1 + spread * spread))
    return np.array(across - 2 * length - 2 * length * spread)


def drawn(d, s):
    return energy_distance(FRESH.normal(size=(400, d)), s * FRESH.normal(size=(400, d)))


RIGHT = {
    "05.1": {"tuple": lambda *given: tuple(line(*given)), "float32": line_in_float32},
    "05.2": {
        "list": lambda *given: arc(*given).tolist(),
        "float32": lambda *given: arc(*given).astype("f"),
    },
    "05.3": {
        "list, tuple": changed(norms, list, tuple),
        "float32": changed(norms, np.float32, np.float32),
    },
    "05.4": {"polyfit": direction_by_polyfit, "cov, float32": direction_by_cov_in_float32},
    "05.5": {"arrays": (np.array(7.0), np.float32(3.1)), "others": (7, Fraction(13, 4))},
    "05.6": {"np.cov": moments_by_cov, "second moment": moments_about_zero_in_float32},
    "05.7": {
        "list": lambda *given: picture(*given).tolist(),
        "one by one": lambda vae, z: [picture(vae, row[None])[0] for row in z],
    },
    "05.8": {
        "by terms": energy_by_terms,
        "Fraction": lambda d, s: Fraction(float(true_energy(d, s))),
    },
}  # fmt: skip

WRONG = {
    "05.1": {
        "is (4,), but should be (1, 4)": lambda *given: np.squeeze(line(*given)),
        "wrong in 1 of 4 places": lambda a, b, t: line(a, b, t) * (np.arange(len(a)) != 3),
    },
    "05.2": {
        "is wrong in 4 of 4": lambda a, b, t: np.ravel(arc(a, b, 0.3)) ** 3,
        "Called with a of shape": lambda a, b, t: arc(np.stack([a, a]), b, t),
        "puts out `None`": lambda a, b, t: (
            None if np.allclose(a @ b, -math.sqrt(a @ a * (b @ b)), 1e-9, 0) else arc(a, b, t)
        ),
    },
    "05.3": {
        "puts out one": lambda *given: norms(*given)[0],
        "Your mean square norm is near": changed(norms, lambda one: 1.01 * one, same),
        "Your mean norm is near": changed(norms, same, lambda one: one * (1 - 3e-6)),
        "Your mean norm has the wrong sign": changed(norms, same, np.negative),
        "OverflowError": lambda t, d: (norms(t, d)[0], norms(t, d)[1] * math.gamma(d) ** 0),
        "one number for each t": changed(norms, np.mean, np.mean),
    },
    "05.4": {
        "one slope for each latent": lambda mu, a: slope(mu, a).sum(),
        "off by the same amount": lambda mu, a: slope(mu, a) + 0.01,
    },
    "05.5": {
        "whole number from 1 to 12": (0, 3.2),
        "has collapsed": (3, 3.2),
        "z5 takes": (5, 3.2),
        "z8 takes": (8, 3.2),
        "the distance is not": (7, 4.0),
        "A whole number is asked for": ("7", 3.2),
        "One number is asked for": (7, "3.2"),
    },
    "05.6": {
        "Your mean is near": changed(moments, lambda mean: mean * 1.01, same),
        "Your covariance is near": changed(moments, same, lambda cov: cov * 1.01),
        "your covariance is right, but not": lambda mu, v: moments(mu, np.clip(v, -4, 4)),
        "each pair of latents": changed(moments, same, np.diag),
        "wrong sign": changed(moments, np.negative, same),
        "puts out one": lambda *given: moments(*given)[1],
    },
    "05.7": {
        "one row of pixels": lambda vae, z: picture(vae, z)[0],
        "2 times what it should be": lambda vae, z: 2 * picture(vae, z),
    },
    "05.8": {
        "E is near": lambda d, s: true_energy(d, s) * 1.01,
        "E has the wrong sign": lambda d, s: -true_energy(d, s),
        "still drawn": drawn,
        "E of one d": lambda d, s: np.array([true_energy(d, s)]),
    },
}  # fmt: skip
