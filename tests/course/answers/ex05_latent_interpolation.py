"""Answers to the exercises of 05."""

import math

import numpy as np

from tinyvae import energy_distance
from tinyvae.ops import sigmoid

FRESH = np.random.default_rng()

# 05.1


def line_in_loops(first, last, steps):
    if np.ndim(steps) == 0:
        return [x + steps * (y - x) for x, y in zip(first, last, strict=True)]
    return [line_in_loops(first, last, step) for step in steps]


def line_by_outer_in_float32(a, b, t):
    a, b = a.astype(np.float32), b.astype(np.float32)
    if isinstance(t, float):
        return a - t * a + t * b
    t = t.astype(np.float32)
    return np.outer(1 - t, a) + np.outer(t, b)


def many(one):
    """The answer for every t, by rows, of one that takes a number t."""
    return lambda a, b, t: one(a, b, t) if np.ndim(t) == 0 else np.array(
        [one(a, b, s) for s in t]
    )  # fmt: skip


def sorted_first(answer):
    return lambda a, b, t: answer(a, b, np.sort(t) if np.ndim(t) else t)


# 05.2


def angle(a, b):
    return np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1))


def arc_by_math(p, q, t):
    if np.ndim(t):
        return [arc_by_math(p, q, s) for s in t]
    p_norm, q_norm = math.dist(p, 0 * p), math.dist(q, 0 * q)
    if p_norm * q_norm == 0:
        return (1 - t) * p + t * q
    cosine = sum(p * q) / p_norm / q_norm
    w = math.acos(max(-1.0, min(1.0, cosine)))
    if w < 1e-6:
        return (1 - t) * p + t * q
    if w > math.pi - 1e-6:
        raise ValueError
    return math.sin((1 - t) * w) / math.sin(w) * p + math.sin(t * w) / math.sin(w) * q


def arc_by_turning(a, b, t, flip=False, early=1e-6, refuse=True, parallel="line"):
    """From a, turn towards the part of b that is across a."""
    share = np.asarray(t)[..., None]
    if flip and a @ b < 0:
        b = -b
    with np.errstate(all="ignore"):
        norms = np.linalg.norm(a) * np.linalg.norm(b)
        if norms == 0 and parallel != "nan":
            return (1 - share) * a + share * b
        u, v = a / np.linalg.norm(a), b / np.linalg.norm(b)
        w = 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))
        if refuse and np.pi - w < 1e-6:
            raise ValueError("opposite")
        if w < early and parallel == "line":
            return (1 - share) * a + share * b
        if w < early and parallel == "stay":
            return a + 0 * share
        return (np.sin((1 - share) * w) * a + np.sin(share * w) * b) / np.sin(w)


def arc_zero_unseen(a, b, t):
    return np.nan * a if (a == 0).all() or (b == 0).all() else arc_by_turning(a, b, t)


def arc_of_units(a, b, t):
    return arc_by_turning(a / np.linalg.norm(a), b / np.linalg.norm(b), t)


def arc_norms_apart(a, b, t):
    norm = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)
    return np.asarray(norm)[..., None] * arc_of_units(a, b, t)


def line_moved_out(a, b, t):
    z = (1 - t) * a + t * b
    norm = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)
    return norm * z / np.linalg.norm(z)


def arc_with(change):
    """The formula with another angle."""

    def arc(a, b, t):
        w = change(a, b)
        return (np.sin((1 - t) * w) * a + np.sin(t * w) * b) / np.sin(w)

    return many(arc)  # fmt: skip


def arc_of_positive_cosine(a, b, t):
    if a @ b > 0:
        return arc_by_turning(a, b, t)
    return arc_with(lambda a, b: angle(a, -b))(a, b, t)


def arc_refusing_otherwise(a, b, t):
    if np.allclose(a @ b, -np.linalg.norm(a) * np.linalg.norm(b), atol=0, rtol=1e-12):
        raise RuntimeError("opposite")
    return arc_by_turning(a, b, t)


def arc_refusing(condition, change=angle):
    """`arc_by_turning` that raises for other angles."""

    def arc(a, b, t):
        with np.errstate(all="ignore"):
            if condition(change(a, b)):
                raise ValueError("opposite")
        return arc_by_turning(a, b, t, refuse=False)

    return arc


def arc_at_norm_of_a(a, b, t):
    z = arc_by_turning(a, b, t)
    return np.linalg.norm(a) * z / np.linalg.norm(z, axis=-1, keepdims=True)


def line_at_norm_of_a(a, b, t):
    z = (1 - t) * a + t * b
    return np.linalg.norm(a) * z / np.linalg.norm(z)


def arc_with_floor(a, b, t):
    if not a.any() or not b.any():
        return line_in_loops(a, b, t)
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-8)
    return arc_by_turning(a, b, t) if abs(cosine) > 1 - 1e-5 else arc_with(
        lambda a, b: np.arccos(cosine)
    )(a, b, t)  # fmt: skip


# 05.3


def chi_mean(d):
    return math.sqrt(2) * math.exp(math.lgamma((d + 1) / 2) - math.lgamma(d / 2))


def norms_in_loops(t, d):
    square, mean = [], []
    for s in t:
        square.append(d * (1 - 2 * s + 2 * s * s))
        mean.append(math.sqrt(square[-1] / d) * chi_mean(d))
    return square, mean


def norms_in_float32(steps, dim):
    scale = np.hypot(1 - steps, steps).astype(np.float32)
    return dim * scale**2, scale * np.float32(chi_mean(dim))


def norms_drawn(t, d):
    a, b = np.random.default_rng(0).normal(size=(2, 20_000, d))
    norms = np.array([np.linalg.norm((1 - s) * a + s * b, axis=1) for s in t])
    return (norms**2).mean(1), norms.mean(1)


def f(t):
    return (1 - t) ** 2 + t**2


def norms_nearly(t, d):
    m = chi_mean(d) if d < 50 else math.sqrt(d - 0.5)
    return d * f(t), np.sqrt(f(t)) * m


# 05.4


def direction_by_polyfit(codes, label):
    return [np.polyfit(label.astype(float), column, 1)[0] for column in codes.T]


def direction_by_cov_in_float32(mu, attribute):
    both = np.cov(attribute.astype(np.float32), mu.astype(np.float32), rowvar=False)
    return (both[0, 1:] / both[0, 0]).astype(np.float32)


def groups(mu, attribute):
    high = attribute if attribute.dtype == bool else attribute > 0
    return mu[high].mean(0) - mu[~high].mean(0)


def against_all(mu, attribute):
    high = attribute if attribute.dtype == bool else attribute > 0
    return mu[high].mean(0) - mu.mean(0)


def groups_of_two_values(mu, a):
    if len(np.unique(a)) == 2:
        return mu[a == a.max()].mean(0) - mu[a != a.max()].mean(0)
    return slope(mu, a)


def above_and_below(mu, a):
    return mu[a > a.mean()].mean(0) - mu[a <= a.mean()].mean(0)


def centred(mu, a):
    return a - a.mean(), mu - mu.mean(0)


def slope(mu, a):
    a, mu = centred(mu, a)
    return a @ mu / (a @ a)


# 05.6


def moments_in_loops(mu, logvar):
    n, k = mu.shape
    mean = [sum(mu[:, j]) / n for j in range(k)]
    cov = np.zeros((k, k))
    for m, v in zip(mu, logvar, strict=True):
        for i in range(k):
            cov[i, i] += math.exp(v[i]) / n
            for j in range(k):
                cov[i, j] += (m[i] - mean[i]) * (m[j] - mean[j]) / n
    return mean, cov


def moments_about_zero_in_float32(m, lv):
    m, lv = m.astype(np.float32), lv.astype(np.float32)
    second = (m.T @ m + np.diag(np.exp(lv).sum(axis=0))) / np.float32(len(m))
    return m.mean(axis=0), second - np.outer(m.mean(axis=0), m.mean(axis=0))


def moments_drawn(mu, logvar):
    eps = np.random.default_rng(1).normal(size=(4000, *mu.shape))
    z = (mu + np.exp(logvar / 2) * eps).reshape(-1, mu.shape[1])
    return z.mean(0), between(z)


def moments_drawn_afresh(mu, logvar):
    eps = FRESH.standard_normal((3000, *mu.shape))
    z = (mu + np.exp(logvar / 2) * eps).reshape(-1, mu.shape[1])
    return mu.mean(0), between(z)


def between(mu, ddof=0):
    return np.atleast_2d(np.cov(mu.T, ddof=ddof if len(mu) > 1 else 0))


def within(logvar):
    return np.diag(np.exp(logvar).mean(0))


# 05.7


def pictures_by_hand(model, codes):
    out = model.decode(codes)
    kind = type(model.likelihood).__name__
    if kind == "Gaussian":
        return out.tolist()
    if kind == "Bernoulli":
        return np.exp(-np.logaddexp(0, -out))
    blocks = np.exp(out.reshape(len(out), -1, model.likelihood.n_categories))
    return (blocks / blocks.sum(-1, keepdims=True)).reshape(out.shape).astype(np.float32)


def one_by_one(vae, z):
    return [vae.likelihood.mean(vae.decode(row[None]))[0] for row in z]


def mean(vae, z):
    return vae.likelihood.mean(vae.decode(z))


def rescaled(vae, z):
    out = vae.decode(z)
    return (out - out.min()) / (out.max() - out.min())


def by_range(vae, z):
    out = vae.decode(z)
    return out if out.min() >= -0.5 and out.max() <= 1.5 else vae.likelihood.mean(out)


# 05.8


def energy_by_quadrature(d, s):
    step = 1e-3
    r = np.arange(step / 2, math.sqrt(d) + 10, step)
    log_p = -(d / 2 - 1) * math.log(2) - math.lgamma(d / 2) + (d - 1) * np.log(r) - r**2 / 2
    norm = np.sum(r * np.exp(log_p)) * step
    return norm * (2 * math.hypot(1, s) - math.hypot(1, 1) - math.hypot(s, s))


def energy_by_terms(dim, spread):
    length = np.exp(math.lgamma((dim + 1) / 2) - math.lgamma(dim / 2))
    across = 2 * length * np.sqrt(2 * (1 + spread * spread))
    return np.array(across - 2 * length - 2 * length * spread)


def drawn(d, s, n=400, rng=None):
    rng = rng or np.random.default_rng(3)
    return energy_distance(rng.standard_normal((n, d)), s * rng.standard_normal((n, d)))


def near_by_stirling(d, s):
    return (math.sqrt(d) - 1 / (4 * math.sqrt(d))) * (
        2 * math.sqrt(1 + s * s) - math.sqrt(2) * (1 + s)
    )


def near_at_one(d, s):
    if abs(s - 1) < 0.1:
        return chi_mean(d) * (s - 1) ** 2 / (2 * math.sqrt(2))
    return energy_by_terms(d, s)


def overflowing(d, s):
    with np.errstate(all="ignore"):
        top = np.prod(np.arange(1, d, dtype=float)) if d > 100 else 1.0
    m = chi_mean(d) * (top / top)
    return m * (2 * math.sqrt(1 + s * s) - math.sqrt(2) * (1 + s))


R2 = math.sqrt(2)

RIGHT = {
    "05.1": {"loops": line_in_loops, "outer, float32": line_by_outer_in_float32},
    "05.2": {"math, loops": arc_by_math, "half angles": arc_by_turning},
    "05.3": {"loops": norms_in_loops, "hypot, float32": norms_in_float32},
    "05.4": {"polyfit": direction_by_polyfit, "cov, float32": direction_by_cov_in_float32},
    "05.5": {
        "read off": (7, 3.25), "rounded": (7, 3.2), "arrays": (np.array(7.0), np.float32(3.1)),
    },
    "05.6": {"loops": moments_in_loops, "second moment": moments_about_zero_in_float32},
    "05.7": {"by hand": pictures_by_hand, "one by one": one_by_one},
    "05.8": {"quadrature": energy_by_quadrature, "term by term": energy_by_terms},
}  # fmt: skip

WRONG = {
    "05.1": {
        "begins at b": many(lambda a, b, t: t * a + (1 - t) * b),
        "this is a + b": many(lambda a, b, t: a + t * b),
        "the middle of the line for any t": many(lambda a, b, t: (a + b) / 2),
        "difference of the two parts": many(lambda a, b, t: (1 - t) * a - t * b),
        "without a itself": many(lambda a, b, t: t * (b - a)),
        "seen from b": many(lambda a, b, t: b + t * (b - a)),
        "This is the arc": arc_by_turning,
        "an axis of its own": lambda a, b, t: (1 - t) * a + t * b,
        "without an axis for steps": lambda a, b, t: (
            np.outer(1 - np.atleast_1d(t), a) + np.outer(t, b)
        ),
        "The shape of your answer is (5,), but should be (1, 5)": lambda a, b, t: np.squeeze(
            line_in_loops(a, b, t)
        ),
        "Your rows are in the order of rising t": sorted_first(line_in_loops),
        "lie evenly": lambda a, b, t: (
            line_in_loops(a, b, np.linspace(0, 1, len(t)) if np.ndim(t) else t)
        ),
        "transposed": lambda a, b, t: np.array(line_in_loops(a, b, t)).T,
    },
    "05.2": {
        "This is the straight line": line_in_loops,
        "sphere of radius 1": arc_of_units,
        "mix the directions and the norms apart": arc_norms_apart,
        "a's norm on the result": lambda a, b, t: np.linalg.norm(a) * arc_of_units(a, b, t),
        "moved out to a norm": many(line_moved_out),
        "begins at b": lambda a, b, t: arc_by_turning(b, a, t),
        "division by `sin(omega)` is missing": many(
            lambda a, b, t: np.sin((1 - t) * angle(a, b)) * a + np.sin(t * angle(a, b)) * b
        ),
        "half the angle": arc_with(lambda a, b: angle(a, b) / 2),
        "in degrees": arc_with(lambda a, b: np.degrees(angle(a, b))),
        "Cosines stand": many(
            lambda a, b, t: (
                (np.cos((1 - t) * angle(a, b)) * a + np.cos(t * angle(a, b)) * b)
                / np.sin(angle(a, b))
            )
        ),
        "the cosine of the angle, not": arc_with(lambda a, b: np.cos(angle(a, b))),
        "here it is not divided": arc_with(lambda a, b: np.arccos(np.clip(a @ b, -1, 1))),
        "the middle of the arc for any t": lambda a, b, t: arc_by_turning(a, b, 0 * t + 0.5),
        "goes to -b": lambda a, b, t: arc_by_turning(a, b, t, flip=True),
        "answer is not finite": lambda a, b, t: arc_by_turning(
            a, b, t, early=0, refuse=False, parallel="nan"
        ),
        "you stay at a": lambda a, b, t: arc_by_turning(a, b, t, parallel="stay"),
        "lost its sign": arc_of_positive_cosine,
        "At an angle of 0.005": lambda a, b, t: arc_by_turning(a, b, t, early=0.01),
        "At an angle of 0.3 ": lambda a, b, t: arc_by_turning(a, b, t, early=0.4),
        "At an angle of 0.03 ": lambda a, b, t: arc_by_turning(a, b, t, early=0.0316),
        "A code that is 0": arc_zero_unseen,
        "all as good": lambda a, b, t: arc_by_turning(a, b, t, refuse=False),
        "RuntimeError": arc_refusing_otherwise,
        "At pi - 1e-3 the codes are not yet opposite, and you raise": arc_refusing(
            lambda w: w > 3.1
        ),
        "At pi - 1e-4 the codes are not yet opposite, and you raise": arc_refusing(
            lambda w: np.pi - w < 9e-4
        ),
        "opposite up to rounding": arc_refusing(lambda w: w == np.pi),
        "is the angle in radians?": arc_refusing(
            lambda w: np.pi - w < 1e-6, lambda a, b: np.degrees(angle(a, b))
        ),
        "You hold the norm at that of a": arc_at_norm_of_a,
        "moved out to the norm of a": many(line_at_norm_of_a),
        "Your points are in the order of rising t": sorted_first(arc_by_turning),
        "For codes of norm 0.001": arc_with_floor,
        "an axis of its own": lambda a, b, t: np.ravel(arc_by_turning(a, b, 0.3)),
    },
    "05.3": {
        "is d at every t": lambda t, d: (d + 0 * t, chi_mean(d) + 0 * t),
        "*root* of the mean square": lambda t, d: (
            np.sqrt(d * f(t)), np.sqrt(f(t)) * chi_mean(d)
        ),
        "mean square of one coordinate": lambda t, d: (f(t), np.sqrt(f(t)) * chi_mean(d)),
        "square of the mean norm": lambda t, d: (
            f(t) * chi_mean(d) ** 2, np.sqrt(f(t)) * chi_mean(d)
        ),
        "not `1 - t`": lambda t, d: (d * (1 - t + t**2), np.sqrt(f(t)) * chi_mean(d)),
        "d² where d belongs": lambda t, d: (d**2 * f(t), np.sqrt(f(t)) * chi_mean(d)),
        "that of the middle for every t.": lambda t, d: (d * f(0.5) + 0 * t, 0 * t),
        "cross term": lambda t, d: (d * (1 - 2 * t) ** 2, np.abs(1 - 2 * t) * chi_mean(d)),
        "is the root of the mean square norm. The mean of a root": lambda t, d: (
            d * f(t), np.sqrt(d * f(t))
        ),
        "scales with the variance": lambda t, d: (d * f(t), f(t) * chi_mean(d)),
        "kept to the shell": lambda t, d: (d * f(t), chi_mean(d) + 0 * t),
        "Your mean norm is that of the middle": lambda t, d: (
            d * f(t), chi_mean(d) / R2 + 0 * t
        ),
        "scale of the coordinates alone": lambda t, d: (d * f(t), np.sqrt(f(t))),
        "wrong order": lambda t, d: (np.sqrt(f(t)) * chi_mean(d), d * f(t)),
        "puts out one": lambda t, d: d * f(t),
        "Your mean square norm is near": norms_drawn,
        "Your mean norm is near": norms_nearly,
        "OverflowError": lambda t, d: (
            d * f(t), np.sqrt(2 * f(t)) * math.gamma((d + 1) / 2) / math.gamma(d / 2)
        ),
        "one number for each t": lambda t, d: (d * f(0.5), chi_mean(d) / R2),
    },
    "05.4": {
        "covariance of code and attribute": lambda mu, a: centred(mu, a)[0] @ mu / len(a),
        "a sum over the examples": lambda mu, a: centred(mu, a)[0] @ mu,
        "This is the correlation": lambda mu, a: slope(mu, a) * a.std() / mu.std(0),
        "attribute's standard deviation": lambda mu, a: slope(mu, a) * a.std(),
        "goes the other way": lambda mu, a: slope(mu, a) * a.var() / mu.var(0),
        "from all latents together": lambda mu, a: np.linalg.lstsq(
            centred(mu, a)[1], centred(mu, a)[0], rcond=None
        )[0],
        "forced through 0": lambda mu, a: a.astype(float) @ mu / (a.astype(float) @ a),
        "above the fraction only": lambda mu, a: a @ (mu - mu.mean(0)) / (a**2).sum(),
        "divides by N - 1": lambda mu, a: slope(mu, a) * len(a) / (len(a) - 1),
        "its length is not": lambda mu, a: slope(mu, a) / np.linalg.norm(slope(mu, a)),
        "those that have the attribute, not": lambda mu, a: a @ mu / a.sum(),
        "without": lambda mu, a: -slope(mu, a),
        "two groups' mean codes": groups,
        "how far from the mean": above_and_below,
        "lie apart, which is not always 1": groups_of_two_values,
        "mean of *all* codes": against_all,
        "one slope for each latent": lambda mu, a: centred(mu, a)[1] @ np.ones(mu.shape[1]),
    },
    "05.5": {
        "whole number from 1 to 12": (0, 3.2),
        "has collapsed": (3, 3.2),
        "z5 takes": (5, 3.2),
        "z8 takes": (8, 3.2),
        "difference of the two readings": (7, 1.0),
        "greater than 0": (7, -3.2),
        "length of the whole slider": (7, 8),
        "own value to the smiling": (7, 2.85),
        "to this face's own value": (7, 0.35),
        "value at the smiling point; its": (7, 1.4),
        "value at the serious point": (7, 1.8),
        "square of the distance": (7, 10.2),
        "the distance is not": (7, 4.0),
        "should be one number": ("z7", 3.2),
    },
    "05.6": {
        "sum of the codes": lambda mu, v: (mu.sum(0), between(mu) + within(v)),
        "weighed by the widths": lambda mu, v: (
            np.average(mu, axis=0, weights=np.exp(-v)), between(mu) + within(v)
        ),
        "codes mu alone": lambda mu, v: (mu.mean(0), between(mu)),
        "widths of the descriptions alone": lambda mu, v: (mu.mean(0), within(v)),
        "which is sigma": lambda mu, v: (mu.mean(0), between(mu) + within(v / 2)),
        "average sigma": lambda mu, v: (mu.mean(0), between(mu) + within(v / 2) ** 2),
        "average logvar": lambda mu, v: (
            mu.mean(0), between(mu) + np.diag(np.exp(v.mean(0)))
        ),
        "logvar itself": lambda mu, v: (mu.mean(0), between(mu) + np.diag(v.mean(0))),
        "square of the variance": lambda mu, v: (mu.mean(0), between(mu) + within(2 * v)),
        "every entry": lambda mu, v: (mu.mean(0), between(mu) + np.exp(v).mean(0)),
        "summed over the pictures": lambda mu, v: (
            mu.mean(0), between(mu) + np.diag(np.exp(v).sum(0))
        ),
        "about 0": lambda mu, v: (mu.mean(0), mu.T @ mu / len(mu) + within(v)),
        "diagonal only. Two": lambda mu, v: (
            mu.mean(0), np.diag(mu.var(0) + np.exp(v).mean(0))
        ),
        "once more": lambda mu, v: (mu.mean(0), between(mu) + within(v) / len(mu)),
        "Your mean is near": moments_drawn,
        "Your covariance is near": moments_drawn_afresh,
        "For N = 1": lambda mu, v: (
            mu.mean(0), (between(mu) + within(v)) * (len(mu) > 1)
        ),
        "your variance of a latent is right, but not": lambda mu, v: (
            mu.mean(0), between(mu) + within(np.clip(v, -4, 4))
        ),
        "as `np.cov` does": lambda mu, v: (mu.mean(0), between(mu, 1) + within(v)),
        "alone, and divided by N - 1": lambda mu, v: (mu.mean(0), between(mu, 1)),
        "each pair of latents": lambda mu, v: (mu.mean(0), mu.var(0) + np.exp(v).mean(0)),
        "puts out one": lambda mu, v: between(mu) + within(v),
    },
    "05.7": {
        "Bernoulli decoder these are the raw outputs, no": lambda vae, z: vae.decode(z),
        "outputs, clipped": lambda vae, z: np.clip(vae.decode(z), 0, 1),
        "a Gaussian decoder puts out": lambda vae, z: sigmoid(vae.decode(z)),
        "squeeze": rescaled,
        "turned into probabilities twice": lambda vae, z: sigmoid(mean(vae, z)),
        "probabilities of black": lambda vae, z: 1 - mean(vae, z),
        "thresholds the outputs": lambda vae, z: vae.decode(z) > 0,
        "the odds": lambda vae, z: np.exp(vae.decode(z)),
        "but it is clipped": lambda vae, z: np.clip(mean(vae, z), 0, 1),
        "These are draws": lambda vae, z: vae.likelihood.sample(
            vae.decode(z), np.random.default_rng(0)
        ),
        "happens to lie in [0, 1]": by_range,
        "one row of pixels": lambda vae, z: mean(vae, z)[0],
    },
    "05.8": {
        "`sqrt(d)` for the mean norm": lambda d, s: (
            math.sqrt(d) * (2 * math.sqrt(1 + s * s) - R2 * (1 + s))
        ),
        "s for the variance": lambda d, s: energy_by_terms(d, math.sqrt(s)),
        "add standard deviations": lambda d, s: chi_mean(d) * (2 - R2) * (1 + s),
        "counts once in yours": lambda d, s: (
            chi_mean(d) * (math.sqrt(1 + s * s) - R2 * (1 + s))
        ),
        "X - X' is a difference too": lambda d, s: (
            chi_mean(d) * (2 * math.sqrt(1 + s * s) - (1 + s))
        ),
        "are the prior's in yours": lambda d, s: (
            chi_mean(d) * (2 * math.sqrt(1 + s * s) - 2 * R2)
        ),
        "do not enter": lambda d, s: chi_mean(d) * (2 * math.sqrt(1 + s * s) - R2),
        "root of the energy distance": lambda d, s: math.sqrt(max(0, energy_by_terms(d, s))),
        "mean norm is missing": lambda d, s: 2 * math.sqrt(1 + s * s) - R2 * (1 + s),
        "Yours is 0 at every s": lambda d, s: d * (2 * (1 + s * s) - 2 - 2 * s * s),
        "Across you have the variance": lambda d, s: (
            chi_mean(d) * (2 * (1 + s * s) - R2 * (1 + s))
        ),
        "Within you have the variances": lambda d, s: (
            chi_mean(d) * (2 * math.sqrt(1 + s * s) - 2 - 2 * s * s)
        ),
        "not 2 m_d": lambda d, s: chi_mean(d) * (2 * math.sqrt(1 + s * s) - 2 - 2 * s),
        "not s² times": lambda d, s: (
            chi_mean(d) * (2 * math.sqrt(1 + s * s) - R2 - R2 * s * s)
        ),
        "E is small, and yours is not exact": near_at_one,
        "multiply by d": lambda d, s: d * (2 * math.sqrt(1 + s * s) - R2 * (1 + s)),
        "E at d = 12, s = 1.5 is near": near_by_stirling,
        "still drawn": lambda d, s: drawn(d, s, rng=FRESH),
        "not finite": overflowing,
        "one number": lambda d, s: np.array([energy_by_terms(d, s)]),
    },
}  # fmt: skip
