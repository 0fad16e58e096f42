"""Answers to the exercises of 06."""

import math

import numpy as np

from tinyvae.course.exercises import ex06_controllable_generation as ex
from tinyvae.course.exercises import find

# 06.1


def score_in_loops(b, a, k):
    n, n_factors = b.shape
    effect = sum(a[i, k] - b[i, k] for i in range(n)) / n
    leaks, worst, most = [], None, -1
    for f in range(n_factors):
        if f != k:
            leaks.append(sum(abs(a[i, f] - b[i, f]) for i in range(n)) / n / abs(effect))
            if leaks[-1] > most:
                worst, most = f, leaks[-1]
    return effect, leaks, worst


# 06.3


def log_p_by_parts(x, c, W, V, b, sigma):
    """Woodbury's inverse and the determinant of the L x L matrix."""
    rest, M = x - c @ V - b, W @ W.T + sigma**2 * np.eye(len(W))
    seen = rest @ W.T
    square = ((rest**2).sum(1) - (seen @ np.linalg.inv(M) * seen).sum(1)) / sigma**2
    logdet = np.linalg.slogdet(M)[1] + (len(b) - len(W)) * math.log(sigma**2)
    return list(-0.5 * (square + logdet + len(b) * math.log(2 * math.pi)))


def by_det(x, c, W, V, b, s):
    S = ex.spread(W, s**2)
    return ex.log_density(x - c @ V - b, S, logdet=0) - 0.5 * np.log(np.linalg.det(S))


# 06.4


def edit_one_by_one(vae, faces, true, wanted):
    rows = [slice(i, i + 1) for i in range(len(faces))]
    return [vae.picture(vae.encode(faces[i], true[i])[0], wanted[i])[0] for i in rows]


def edit_drawn(model, x, c, wish):
    mu, logvar = model.encode(x, c)
    noise = np.random.default_rng(0).standard_normal(mu.shape)
    return model.picture(mu + np.exp(logvar / 2) * noise, wish)


RIGHT = {
    "06.1": {
        "loops": score_in_loops,
        "float32": lambda b, a, j: find("06.1").right(np.float32(b), np.float32(a), j),
    },
    "06.2": {
        "QR": lambda d, R: d - (Q := np.linalg.qr(R.T)[0]) @ (Q.T @ d),
        "pseudo-inverse, float32":
            lambda d, R: np.float32(d) - np.linalg.pinv(np.float32(R)) @ (R @ d),
        "null space": lambda d, R: (across := np.linalg.svd(R)[2][len(R) :]).T @ across @ d,
    },
    "06.3": {
        "Woodbury, loops": log_p_by_parts,
        "a tuple, float32": lambda *given: tuple(np.float32(ex.log_p(*given))),
    },
    "06.4": {
        "one by one": edit_one_by_one,
        "decoder": lambda m, x, c, w: (
            m.likelihood.mean(m.decoder(np.hstack([m.encode(x, c)[0], w])))
        ),
    },
    "06.5": {
        "read off": (-0.38, 0.32), "rounded": (-0.4, 0.3),
        "arrays": (np.array(-0.36), np.float32(0.34)),
    },
}  # fmt: skip

WRONG = {
    "06.1": {
        "is not the number of the factor": lambda *given: (
            *score_in_loops(*given)[:2], int(ex.leaks(*given).argmin() + 1)
        ),
        "`worst` is of type": lambda *given: (*score_in_loops(*given)[:2], "mouth"),
        "one leak for each factor but j": lambda b, a, j: (
            ex.effect(b, a, j), np.abs(a - b).mean(0), ex.worst(b, a, j)
        ),
    },
    "06.2": {
        "some reading still changes": lambda d, R: d - R.T @ np.linalg.solve(
            R @ R.T + 0.1 * np.eye(len(R)), R @ d
        ),
        "another such vector is nearer": lambda d, R: np.linalg.svd(R)[2][-1],
        "a vector of codes, as d is": lambda d, R: R @ d,
    },
    "06.3": {
        "too small for a float": by_det,
        "ValueError": lambda x, c, W, V, b, s: (
            ex.log_density(x - c @ V - b, W @ W.T + s**2 * np.eye(len(W)))
        ),
    },
    "06.4": {
        "Is something drawn": edit_drawn,
        "one picture for each row": lambda m, x, c, w: ex.edit(m, x, c, w)[:1],
        "stopped with `ValueError": lambda m, x, c, w: m.picture(m.encode(x)[0], w),
    },
    "06.5": {
        "With nothing added": (0, 0), "changed round": (0.32, -0.38),
        "Both have the wrong sign": (0.38, -0.32), "the middle": (0.69, -0.55),
        "how much the reading changed": (0.27, -0.35), "the widths before": (-0.74, 0.76),
        "with its sign turned": (-0.27, 0.35), "same sign": (-0.38, -0.38),
        "`narrow` is more than 0.05": (-0.2, 0.32), "`wide` is more than 0.05": (-0.38, 0.22),
        "`narrow` is still None": (None, 0.32), "`wide` is still None": (-0.38, None),
        "`narrow`. ": ("-0.38", 0.32), "`wide`. ": (-0.38, [0.32]),
    },
}  # fmt: skip
