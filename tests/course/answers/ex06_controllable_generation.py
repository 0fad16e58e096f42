"""Answers to the exercises of 06."""

import math

import numpy as np

from tinyvae.course.exercises import ex06_controllable_generation as ex

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


def score_in_float32(before, after, j):
    change = (after - before).astype(np.float32)
    leak = np.abs(change).mean(0) / np.abs(change[:, j].mean())
    rest = leak.copy()
    rest[j] = -np.inf
    return change[:, j].mean(), np.delete(leak, j), int(np.argmax(rest))


# 06.2


def keep_by_qr(d, R):
    Q = np.linalg.qr(R.T)[0]
    return d - Q @ (Q.T @ d)


def keep_by_gram_schmidt(smile, readers):
    basis = []
    for r in readers:
        for q in basis:
            r = r - (q @ r) * q
        basis.append(r / math.sqrt(r @ r))
    for q in basis:
        smile = smile - (q @ smile) * q
    return list(smile)


def keep_in_float32(d, R):
    d, R = d.astype(np.float32), R.astype(np.float32)
    return d - np.linalg.pinv(R) @ (R @ d)


def keep_by_null_space(d, R):
    across = np.linalg.svd(R)[2][len(R) :]
    return across.T @ (across @ d)


# 06.3


def log_p_by_parts(x, c, W, V, b, sigma):
    """Woodbury's inverse and the determinant of the L x L matrix."""
    out = []
    for row, told in zip(x, c, strict=True):
        r = row - told @ V - b
        M = W @ W.T + sigma**2 * np.eye(len(W))
        Wr = W @ r
        square = (r @ r - Wr @ np.linalg.inv(M) @ Wr) / sigma**2
        logdet = np.linalg.slogdet(M)[1] + (len(r) - len(W)) * math.log(sigma**2)
        out.append(-0.5 * (square + logdet + len(r) * math.log(2 * math.pi)))
    return out


def log_p_in_float32(pictures, told, W, V, b, s):
    r = (pictures - told @ V - b).astype(np.float32)
    values, axes = np.linalg.eigh((W.T @ W).astype(np.float32))
    values = np.maximum(values, 0) + np.float32(s**2)
    return -0.5 * ((r @ axes) ** 2 / values + np.log(2 * np.pi * values)).sum(1)


def by_det(x, c, W, V, b, s):
    S, rest = ex.spread(W, s**2), x - c @ V - b
    square = (rest @ np.linalg.inv(S) * rest).sum(1)
    return -0.5 * square - 0.5 * np.log(np.linalg.det(2 * np.pi * S))


# 06.4


def edit_one_by_one(vae, faces, true, wanted):
    rows = [slice(i, i + 1) for i in range(len(faces))]
    return [vae.picture(vae.encode(faces[i], true[i])[0], wanted[i])[0] for i in rows]


def edit_by_decoder(m, x, c, w):
    mu, _ = m.encode(x.astype(np.float32), c)
    return m.likelihood.mean(m.decoder(np.hstack([mu, w])))


def edit_drawn(model, x, c, wish, seed=None):
    mu, logvar = model.encode(x, c)
    noise = np.random.default_rng(seed).standard_normal(mu.shape)
    return model.picture(mu + np.exp(logvar / 2) * noise, wish)


RIGHT = {
    "06.1": {"loops": score_in_loops, "float32": score_in_float32},
    "06.2": {
        "QR": keep_by_qr, "Gram and Schmidt": keep_by_gram_schmidt,
        "pseudo-inverse, float32": keep_in_float32, "null space": keep_by_null_space,
    },
    "06.3": {"Woodbury, loops": log_p_by_parts, "eigenvalues, float32": log_p_in_float32},
    "06.4": {"one by one": edit_one_by_one, "decoder, float32": edit_by_decoder},
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
        "puts out 2": lambda *given: score_in_loops(*given)[:2],
    },
    "06.2": {
        "some reading still changes": lambda d, R: d - R.T @ np.linalg.solve(
            R @ R.T + 0.1 * np.eye(len(R)), R @ d
        ),
        "another such vector is nearer": lambda d, R: np.linalg.svd(R)[2][-1],
        "a vector of codes, as d is": lambda d, R: R @ d,
        "ValueError": lambda d, R: d - R.T @ np.linalg.solve(R.T @ R, R @ d),
    },
    "06.3": {
        "too small for a float": by_det,
        "ValueError": lambda x, c, W, V, b, s: (
            ex.log_density(x - c @ V - b, W @ W.T + s**2 * np.eye(len(W)))
        ),
    },
    "06.4": {
        "is something drawn": edit_drawn,
        "one picture for each row": lambda m, x, c, w: ex.edit(m, x, c, w)[:1],
        "stopped with `ValueError": lambda m, x, c, w: m.picture(m.encode(x)[0], w),
    },
    "06.5": {
        "With nothing added": (0, 0),
        "changed round": (0.32, -0.38),
        "Both have the wrong sign": (0.38, -0.32),
        "how much the reading changed": (0.27, -0.35),
        "with its sign turned": (-0.27, 0.35),
        "the widths before": (-0.74, 0.76),
        "the middle": (0.69, -0.55),
        "same sign": (-0.38, -0.38),
        "`narrow` is more than 0.05": (-0.2, 0.32),
        "`wide` is more than 0.05": (-0.38, 0.22),
        "`wide` is still None": (-0.38, None),
        "`narrow` is still None": (None, 0.32),
        "One number is asked for": ("left", 0.32),
    },
}  # fmt: skip
