"""Answers to the exercises of 06."""

import math

import numpy as np

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


def scored(effect=None, leak=None, worst=None):
    """A right score but for one part: a function of the change and j."""

    def score(before, after, j):
        out = list(score_in_loops(before, after, j))
        for i, part in enumerate((effect, leak, worst)):
            if part:
                out[i] = part(after - before, j)
        return tuple(out)

    return score


def leaked(f):
    """A right score but for the leaks, f of all K without j."""
    return scored(leak=lambda c, j: np.delete(f(c, j), j))


def students_score(before, after, j):
    change = after - before
    effect = change[:, j].mean()
    leak = np.abs(np.delete(change.mean(axis=0), j)) / effect
    return effect, leak, leak.argmax()


def size(c):
    return np.abs(c).mean(0)


def e(c, j):
    return abs(c[:, j].mean())


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


def one_after_another(d, R):
    for r in R:
        d = d - (d @ r) / (r @ r) * r
    return d


def unit(v):
    return v / np.linalg.norm(v)


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


def density(r, S, logdet=0.5, square=0.5, two_pi=0.5, inverse=True):
    S = np.linalg.inv(S) if inverse else S
    det = -np.linalg.slogdet(S)[1] if inverse else np.linalg.slogdet(S)[1]
    quad = np.einsum("ni,ij,nj->n", r, S, r)
    return -square * quad - logdet * det - two_pi * r.shape[1] * math.log(2 * math.pi)


def rest(x, c, V, b):
    return x - c @ V - b


def covariance(W, s, x):
    return W.T @ W + s**2 * np.eye(x.shape[1])


def factor(**factors):
    """The formula with other factors."""
    return lambda x, c, W, V, b, s: density(rest(x, c, V, b), covariance(W, s, x), **factors)


def right_log_p(*given):
    return np.array(log_p_by_parts(*given))


def at_the_likeliest_z(x, c, W, V, b, s):
    r = rest(x, c, V, b)
    z = r @ W.T @ np.linalg.inv(W @ W.T + s**2 * np.eye(len(W)))
    return density(r - z @ W, s**2 * np.eye(x.shape[1]))


def by_det(x, c, W, V, b, s):
    S = covariance(W, s, x)
    r = rest(x, c, V, b)
    square = (r @ np.linalg.inv(S) * r).sum(1)
    return -0.5 * square - 0.5 * np.log(np.linalg.det(2 * np.pi * S))


def by_latent_matrix(x, c, W, V, b, s):
    return density(rest(x, c, V, b), W @ W.T + s**2 * np.eye(len(W)))


def log_p_drawn(x, c, W, V, b, s):
    z = np.random.default_rng(0).normal(size=(2000, len(W)))
    each = [density(row - z @ W, s**2 * np.eye(x.shape[1])) for row in rest(x, c, V, b)]
    return np.array([np.log(np.mean(np.exp(row))) for row in each])


# 06.4


def code(model, x, c):
    return model.encode(np.concatenate([x, c], axis=1))[0]


def picture(model, z, c):
    return model.likelihood.mean(model.decode(z, c))


def edit_one_by_one(vae, faces, true, wanted):
    return [
        picture(vae, code(vae, faces[i : i + 1], true[i : i + 1]), wanted[i : i + 1])[0]
        for i in range(len(faces))
    ]


def edit_by_decoder(m, x, c, w):
    mu, _ = m.encode(np.column_stack([x, c]).astype(np.float32))
    return m.likelihood.mean(m.decoder(np.hstack([mu, w])))


def edit_drawn(model, x, c, wish):
    mu, logvar = model.encode(np.hstack([x, c]))
    noise = np.random.default_rng().standard_normal(mu.shape)
    return picture(model, mu + np.exp(logvar / 2) * noise, wish)


def edit_drawn_alike(model, x, c, wish):
    mu, logvar = model.encode(np.hstack([x, c]))
    noise = np.random.default_rng(0).standard_normal(mu.shape)
    return picture(model, mu + np.exp(logvar / 2) * noise, wish)


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
        "the mean *absolute* change": scored(effect=lambda c, j: size(c)[j]),
        "lost its sign": scored(effect=e),
        "before less after": lambda b, a, j: score_in_loops(a, b, j),
        "mean over all factors": scored(effect=lambda c, j: c.mean()),
        "that of factor 0": scored(effect=lambda c, j: c[:, 0].mean()),
        "read *after* the edit": lambda b, a, j: (
            a[:, j].mean(), *score_in_loops(b, a, j)[1:]
        ),
        "Your effect is a sum": scored(effect=lambda c, j: c[:, j].sum()),
        "Your effect is a median": scored(effect=lambda c, j: np.median(c[:, j])),
        "Opposite changes still cancel": students_score,
        "Take the absolute value of each": leaked(lambda c, j: c.mean(0) / e(c, j)),
        "negative where the effect is": leaked(lambda c, j: size(c) / c[:, j].mean()),
        "not yet a share": leaked(lambda c, j: size(c)),
        "mean absolute change of factor j": leaked(lambda c, j: size(c) / size(c)[j]),
        "each face's own share": leaked(lambda c, j: size(c / c[:, [j]])),
        "root mean squares": leaked(lambda c, j: np.sqrt((c**2).mean(0)) / e(c, j)),
        "Your leaks are sums": leaked(lambda c, j: np.abs(c).sum(0) / e(c, j)),
        "leave out the first factor": scored(leak=lambda c, j: size(c)[1:] / e(c, j)),
        "leave out the last factor": scored(leak=lambda c, j: size(c)[:-1] / e(c, j)),
        "the greatest changes": leaked(lambda c, j: np.abs(c).max(0) / e(c, j)),
        "one leak for each factor but j": scored(leak=lambda c, j: size(c) / e(c, j)),
        "into factor j itself": scored(worst=lambda c, j: size(c).argmax()),
        "counted in the list *without* j": scored(
            worst=lambda c, j: np.delete(size(c), j).argmax()
        ),
        "found by changes that cancel": scored(
            worst=lambda c, j: np.delete(np.arange(c.shape[1]), j)[
                np.delete(np.abs(c.mean(0)), j).argmax()
            ]
        ),
        "yours is a leak": scored(worst=lambda c, j: np.delete(size(c) / e(c, j), j).max()),
        "is not the number of the factor": scored(
            worst=lambda c, j: np.delete(np.arange(c.shape[1]), j)[
                np.delete(size(c), j).argmin()
            ]
        ),
        "One number is asked for; `worst`": scored(
            worst=lambda c, j: f"factor {size(c).argmax()}"
        ),
        "puts out 2": lambda b, a, j: score_in_loops(b, a, j)[:2],
    },
    "06.2": {
        "Asked is the rest": lambda d, R: d - keep_by_qr(d, R),
        "only the last is sure to be 0.": one_after_another,
        "(Yours goes through them backwards.)": lambda d, R: one_after_another(d, R[::-1]),
        "taken off more than once": lambda d, R: d - sum((d @ r) / (r @ r) * r for r in R),
        "for readers of length 1": lambda d, R: d - R.T @ R @ d,
        "stretched to the length of d": lambda d, R: (
            unit(keep_by_qr(d, R)) * np.linalg.norm(d)
        ),
        "its length is not": lambda d, R: unit(keep_by_qr(d, R)),
        "A vector of zeros": lambda d, R: 0 * d,
        "Only the first reader": lambda d, R: one_after_another(d, R[:1]),
        "d as it came": lambda d, R: d,
        "d plus the part": lambda d, R: 2 * d - keep_by_qr(d, R),
        "one reader: their sum": lambda d, R: one_after_another(d, R.sum(0, keepdims=True)),
        "has to be inverted": lambda d, R: d - R.T @ (R @ R.T) @ R @ d,
        "but for its sign": lambda d, R: -keep_by_qr(d, R),
        "some reading still changes": lambda d, R: d - R.T @ np.linalg.solve(
            R @ R.T + 0.1 * np.eye(len(R)), R @ d
        ),
        "another such vector is nearer": lambda d, R: np.linalg.svd(R)[2][-1],
        "a vector of codes, as d is": lambda d, R: R @ d,
        "ValueError": lambda d, R: d - R.T @ np.linalg.solve(R.T @ R, R @ d),
    },
    "06.3": {
        "c does not enter": lambda x, c, W, V, b, s: density(x - b, covariance(W, s, x)),
        "the mean over every c": lambda x, c, W, V, b, s: density(
            x - b, covariance(W, s, x) + V.T @ V
        ),
        "The covariance has `V.T @ V`": lambda x, c, W, V, b, s: density(
            rest(x, c, V, b), covariance(W, s, x) + V.T @ V
        ),
        "b does not enter": lambda x, c, W, V, b, s: density(
            x - c @ V, covariance(W, s, x)
        ),
        "at z = 0": lambda x, c, W, V, b, s: density(rest(x, c, V, b), covariance(0 * W, s, x)),
        "likeliest for this x": at_the_likeliest_z,
        "variance sigma": lambda x, c, W, V, b, s: density(
            rest(x, c, V, b), covariance(W, math.sqrt(s), x)
        ),
        "covariance's diagonal": lambda x, c, W, V, b, s: density(
            rest(x, c, V, b), np.diag(np.diag(covariance(W, s, x)))
        ),
        "log p(x, c)": lambda x, c, W, V, b, s: (
            right_log_p(x, c, W, V, b, s) + density(c, np.eye(c.shape[1]))
        ),
        "The `log 2 pi` is missing": factor(two_pi=0),
        "stands there once": lambda x, c, W, V, b, s: (
            factor(two_pi=0)(x, c, W, V, b, s) - 0.5 * math.log(2 * math.pi)
        ),
        "`log 2 pi` is not halved": factor(two_pi=1),
        "for each latent": lambda x, c, W, V, b, s: (
            factor(two_pi=0)(x, c, W, V, b, s) - 0.5 * len(W) * math.log(2 * math.pi)
        ),
        "log-determinant of the covariance is missing": factor(logdet=0),
        "log-determinant is added": factor(logdet=-0.5),
        "log-determinant is not halved": factor(logdet=1),
        "form is not halved": factor(square=1),
        "form is added": factor(square=-0.5),
        "density itself": lambda *given: np.exp(right_log_p(*given)),
        "minus the log-density": lambda *given: -right_log_p(*given),
        "per pixel": lambda x, *given: right_log_p(x, *given) / x.shape[1],
        "takes its inverse": factor(inverse=False),
        "sum over the rows": lambda *given: right_log_p(*given).sum(),
        "mean over the rows": lambda *given: right_log_p(*given).mean(),
        "too small for a float": by_det,
        "ValueError": by_latent_matrix,
        "wrong in": log_p_drawn,
    },
    "06.4": {
        "the student's own": lambda m, x, c, w: picture(m, code(m, x, w), w),
        "The wish does not enter": lambda m, x, c, w: m.reconstruct(np.hstack([x, c])),
        "changed round": lambda m, x, c, w: picture(m, code(m, x, w), c),
        "told zeros": lambda m, x, c, w: picture(m, code(m, x, 0 * c), w),
        "The person does not enter": lambda m, x, c, w: picture(m, 0 * code(m, x, c), w),
        "difference of wish and c": lambda m, x, c, w: picture(m, code(m, x, c), w - c),
        "c plus the wish": lambda m, x, c, w: picture(m, code(m, x, c), w + c),
        "told the mean": lambda m, x, c, w: picture(m, code(m, x, c), (c + w) / 2),
        "raw outputs": lambda m, x, c, w: m.decode(code(m, x, c), w),
        "x with the change added": lambda m, x, c, w: (
            x + picture(m, code(m, x, c), w) - picture(m, code(m, x, c), c)
        ),
        "logvar, is decoded": lambda m, x, c, w: picture(
            m, m.encode(np.hstack([x, c]))[1], w
        ),
        "but clipped": lambda m, x, c, w: np.clip(picture(m, code(m, x, c), w), 0, 1),
        "Two calls give different pictures": edit_drawn,
        "though always the same": edit_drawn_alike,
        "the picture first": lambda m, x, c, w: picture(
            m, m.encode(np.hstack([c, x]))[0], w
        ),
        "ValueError": lambda m, x, c, w: picture(m, code(m, x, c)[0], w),
        "one picture for each row": lambda m, x, c, w: picture(m, code(m, x, c)[:1], w[:1]),
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
