"""Answers to the exercises of 01."""

import math

import numpy as np

# 01.1


def dense_in_loops(x, W, b):
    rows = []
    for row in x:
        rows.append(
            [b[j] + sum(row[i] * W[i, j] for i in range(len(row))) for j in range(len(b))]
        )
    return rows


def dense_in_float32(examples, weights, biases):
    return np.dot(examples.astype(np.float32), weights.astype(np.float32)) + biases


# 01.2


def dense_backward_by_einsum(dout, x, W):
    return [
        np.einsum("nj,ij->ni", dout, W),
        np.einsum("ni,nj->ij", x, dout),
        np.einsum("nj->j", dout),
    ]


def dense_backward_one_example_at_a_time(d, x, W):
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros(W.shape[1])
    for n in range(len(x)):
        dx[n] = W @ d[n]
        dW += np.outer(x[n], d[n])
        db += d[n]
    return dx, dW, db


def dense_backward_in_float32(dout, x, W):
    dout, x, W = (array.astype("float32") for array in (dout, x, W))
    return (W @ dout.T).T, (dout.T @ x).T, np.ones(len(dout), "float32") @ dout


def dense_backward_that_overwrites(dout, x, W):
    for n in range(len(x)):
        dW = np.outer(x[n], dout[n])
    return dout @ W.T, dW, dout.sum(axis=0)


def dense_backward_by_what_fits(dout, x, W):
    dx = dout @ W if W.shape[0] == dout.shape[1] else dout @ W.T
    return dx, x.T @ dout, dout.sum(axis=0)


# 01.4


def entry_by_entry_in_place(f, x, gradient, h=1e-6):
    numerical, flat = [], x.flat
    for i in range(x.size):
        kept = flat[i]
        flat[i] = kept + h
        above = f(x)
        flat[i] = kept - h
        below = f(x)
        flat[i] = kept
        numerical.append((above - below) / h / 2)
    worst = max(abs(g - n) for g, n in zip(gradient.reshape(-1), numerical, strict=True))
    return worst / max(max(map(abs, gradient.reshape(-1))), max(map(abs, numerical)))


def by_unit_steps(f, x, gradient, h=1e-6):
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    n = np.array([0.5 * (f(x + e) - f(x - e)) / h for e in steps])
    g = gradient.ravel()
    return np.linalg.norm(g - n, np.inf) / np.max(np.abs([g, n]))


def gradient_check(difference, error):
    """An answer to 01.4 from difference(f, x, step, h) of an entry and error(g, n)."""

    def gradient_error(f, x, gradient, h=1e-6):
        n = np.zeros_like(x)
        for i in np.ndindex(x.shape):
            step = np.zeros_like(x)
            step[i] = h
            n[i] = difference(f, x, step, h)
        return error(gradient, n)

    return gradient_error


def central(f, x, e, h):
    return (f(x + e) - f(x - e)) / (2 * h)


def relative(g, n):
    return np.abs(g - n).max() / max(np.abs(g).max(), np.abs(n).max())


def never_put_back(f, x, gradient, h=1e-6):
    n, y = np.zeros_like(x), x.copy()
    for i in np.ndindex(x.shape):
        y[i] += h
        above = f(y)
        y[i] -= 2 * h
        n[i] = (above - f(y)) / (2 * h)
    return relative(gradient, n)


def shifts_the_given_x(f, x, gradient, h=1e-6):
    n = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        n[i] = (above - f(x)) / (2 * h)
        x[i] += h
    return relative(gradient, n)


def steps_with_rows(f, x, gradient, h=1e-6):
    x, n = x.copy(), np.zeros_like(x)
    for i in range(len(x)):
        kept = x[i].copy()
        x[i] = kept + h
        above = f(x)
        x[i] = kept - h
        n[i] = (above - f(x)) / (2 * h)
        x[i] = kept
    return relative(gradient, n)


def into_integers(f, x, gradient, h=1e-6):
    n = np.zeros(x.shape, dtype=int)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        n[i] = (f(x + e) - f(x - e)) / (2 * h)
    return relative(gradient, n)


def leaves_x_moved(f, x, gradient, h=1e-6):
    n = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        n[i] = (above - f(x)) / (2 * h)
    return relative(gradient, n)


def in_a_flat_copy(f, x, gradient, h=1e-6):
    flat, n = x.reshape(-1), np.zeros(x.size)
    for i in range(x.size):
        kept = flat[i]
        flat[i] = kept + h
        above = f(x)
        flat[i] = kept - h
        n[i] = (above - f(x)) / (2 * h)
        flat[i] = kept
    return relative(gradient.reshape(-1), n)


def for_matrices_only(f, x, gradient, h=1e-6):
    n = np.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            e = np.zeros_like(x)
            e[i, j] = h
            n[i, j] = (f(x + e) - f(x - e)) / (2 * h)
    return relative(gradient, n)


# 01.5


def least_loss_from_the_covariance(x, k):
    eigenvalues = np.linalg.eigh(np.cov(x.T, bias=True))[0]  # the smallest first
    return eigenvalues[: x.shape[1] - k].sum()


def least_loss_of_what_pca_paints(x, k):
    mean = x.mean(axis=0)
    axes = np.linalg.svd(x - mean, full_matrices=False)[2][:k]
    painted = mean + (x - mean) @ axes.T @ axes
    return float(np.mean(np.sum((painted - x) ** 2, axis=1)))


def least_loss_in_float32(x, k):
    x = x.astype(np.float32)
    x = x - x.mean(0)
    return [np.sum(np.linalg.svd(x)[1][k:] ** 2) / np.float32(len(x))][0]


def least_loss_from_the_smaller_matrix(x, k):
    c = x - x.mean(axis=0)
    lam = np.linalg.eigvalsh(c @ c.T) / len(x)
    return lam[: len(x) - k].sum()


def least_loss_by_shares(x, k):
    total, eigenvalues = x.var(axis=0).sum(), ascending(x)[::-1]
    return total * (1 - (eigenvalues / eigenvalues.sum())[:k].sum())


def painted_loss(axes, take_off=True, add_back=True):
    """An answer to 01.5 from axes(x about its mean, k), of shape (D, k)."""

    def least_loss(x, k):
        mean = x.mean(axis=0)
        A = axes(x - mean, k)
        painted = (x - mean * take_off) @ A @ A.T + mean * add_back
        return np.mean(np.sum((painted - x) ** 2, axis=1))

    return least_loss


def s(x):
    return np.linalg.svd(x, compute_uv=False)


def centred(x):
    return x - x.mean(axis=0)


def ascending(x):
    return np.linalg.eigvalsh(np.cov(x.T, bias=True))


# 01.6


def dot_loss_by_svd(pixels, numbers):
    return np.sum(s(np.eye(pixels) - 1 / pixels)[numbers:] ** 2) / pixels


# 01.7


def adam_as_one_step_size(p, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g * g - v)
    root = math.sqrt(1 - beta2**t)
    return p - lr * root / (1 - beta1**t) * m / (np.sqrt(v) + eps * root), m, v


def adam_with_the_weights_added_up(p, g, m, v, t, lr, b1=0.9, b2=0.999, eps=1e-8):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * np.square(g)
    weights1 = sum((1 - b1) * b1**i for i in range(t))
    weights2 = sum((1 - b2) * b2**i for i in range(t))
    return [p - lr * (m / weights1) / ((v / weights2) ** 0.5 + eps), m, v]


def adam_in_float32(p, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    p, g, m, v = (array.astype(np.float32) for array in (p, g, m, v))
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    top, square = m / (1 - beta1**t), v / (1 - beta2**t)
    return p - np.float32(lr) * top / (np.sqrt(square) + np.float32(eps)), m, v


def adam(change, mean=None, square=None, keep=lambda m, v, c1, c2: (m, v)):
    """An answer to 01.7 from change(m, v, t, b1, b2, lr, eps), what p loses, and the means."""

    def adam_step(p, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        m = (mean or (lambda m, g, b1, b2: b1 * m + (1 - b1) * g))(m, g, beta1, beta2)
        v = (square or (lambda v, g, b1, b2: b2 * v + (1 - b2) * g**2))(v, g, beta1, beta2)
        p = p - change(m, v, t, beta1, beta2, lr, eps)
        return p, *keep(m, v, 1 - beta1**t, 1 - beta2**t)

    return adam_step


def right_change(m, v, t, b1, b2, lr, eps):
    return lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)


def change(c1, c2):
    """What p loses with the corrections c1(b1, t) and c2(b2, t)."""
    return lambda m, v, t, b1, b2, lr, eps: (
        lr * (m / c1(b1, t)) / (np.sqrt(v / c2(b2, t)) + eps)
    )


def weights(b, t):
    return 1 - b**t


def adam_that_steps_first(p, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    p = p - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return p, beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2


def adam_in_place(p, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m[:] = beta1 * m + (1 - beta1) * g
    v[:] = beta2 * v + (1 - beta2) * g**2
    return p - right_change(m, v, t, beta1, beta2, lr, eps), m, v


def adam_in_another_order(p, g, m, v, *rest):
    p, m, v = adam(right_change)(p, g, m, v, *rest)
    return m, v, p


def adam_that_stops_to_correct(last):
    """An answer to 01.7 that no longer corrects after step `last`."""

    def adam_step(p, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        if t > last:
            return p - lr * m / (np.sqrt(v) + eps), m, v
        return p - right_change(m, v, t, beta1, beta2, lr, eps), m, v

    return adam_step


def adam_with_the_usual_betas(p, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    return p - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + eps), m, v


RIGHT = {
    "01.1": {
        "loops": dense_in_loops,
        "in float32": dense_in_float32,
        "einsum": lambda x, W, b: np.einsum("ni,ij->nj", x, W) + b[None],
        "one product": lambda x, W, b: np.c_[x, np.ones(len(x))] @ np.vstack([W, b]),
    },
    "01.2": {
        "einsum, in a list": dense_backward_by_einsum,
        "one example at a time": dense_backward_one_example_at_a_time,
        "in float32, other transposes": dense_backward_in_float32,
    },
    "01.3": {
        "cosh": lambda dout, out: dout / np.cosh(np.arctanh(out)) ** 2,
        "factors": lambda d, y: d * (1 - y) * (1 + y),
        "in float32": lambda dout, out: (dout - dout * out * out).astype(np.float32),
    },
    "01.4": {
        "one entry at a time, in place and put back": entry_by_entry_in_place,
        "unit steps": by_unit_steps,
        "entry by entry, copies": gradient_check(central, relative),
    },
    "01.5": {
        "covariance": least_loss_from_the_covariance,
        "what PCA paints": least_loss_of_what_pca_paints,
        "in float32": least_loss_in_float32,
        "all minus kept": lambda x, k: x.var(0).sum() - np.sum(s(centred(x))[:k] ** 2) / len(x),
    },
    "01.6": {
        "svd": dot_loss_by_svd,
        "one minus": lambda D, k: 1 - (k + 1) / D,
        "a loop, in float32": lambda D, k: np.float32(sum(1 / D for _ in range(D - 1 - k))),
    },
    "01.7": {
        "one step size": adam_as_one_step_size,
        "weights added up, in a list": adam_with_the_weights_added_up,
        "in float32": adam_in_float32,
    },
}

WRONG = {
    "01.1": {
        "biases are missing": lambda x, W, b: x @ W,
        "subtracted": lambda x, W, b: x @ W - b,
        "multiplied by x as well": lambda x, W, b: x @ (W + b),
        "down the columns": lambda x, W, b: x @ W + b[:, None],
        "`W` transposed": lambda x, W, b: x @ W.T + b,
        "very small or very large": lambda x, W, b: np.round(x @ W + b, 6),
        "stands on the left": lambda x, W, b: W @ x + b,
        "entry by entry": lambda x, W, b: x * W + b,
        "inside the sum": lambda x, W, b: (x[:, :, None] * W + b).sum(axis=1),
        "should be (3, 3)": lambda x, W, b: (x @ W + b).sum(axis=0),
        "ValueError": lambda x, W, b: x @ W.reshape(3, 3) + b,
    },
    "01.2": {
        "Where D = K, dx multiplies": dense_backward_by_what_fits,
        "dx is averaged": lambda d, x, W: (d @ W.T / len(x), x.T @ d, d.sum(0)),
        "dx looks as if": lambda d, x, W: (np.ones_like(d) @ W.T, x.T @ d, d.sum(0)),
        "dW is transposed": lambda d, x, W: (d @ W.T, d.T @ x, d.sum(0)),
        "dW is averaged": lambda d, x, W: (d @ W.T, x.T @ d / len(x), d.sum(0)),
        "dW comes from a single": dense_backward_that_overwrites,
        "dW looks as if": lambda d, x, W: (d @ W.T, x.T @ np.ones_like(d), d.sum(0)),
        "db is averaged": lambda d, x, W: (d @ W.T, x.T @ d, d.mean(0)),
        "db is the number of examples": lambda d, x, W: (
            d @ W.T, x.T @ d, np.full(W.shape[1], len(x))
        ),
        "db is 1 everywhere": lambda d, x, W: (d @ W.T, x.T @ d, np.ones(W.shape[1])),
        "single example": lambda d, x, W: (d @ W.T, x.T @ d, d[0]),
        "shape of db is (5,)": lambda d, x, W: (d @ W.T, x.T @ d, d.sum(1)),
        "shape of db is (1, 3)": lambda d, x, W: (d @ W.T, x.T @ d, d.sum(0, keepdims=True)),
        "wrong order": lambda d, x, W: (x.T @ d, d.sum(0), d @ W.T),
        "puts out 2 values": lambda d, x, W: (x.T @ d, d.sum(0)),
    },
    "01.3": {
        "once more": lambda dout, out: dout * (1 - np.tanh(out) ** 2),
        "slope of tanh alone": lambda dout, out: 1 - out**2,
        "square is missing": lambda dout, out: dout * (1 - out),
        "brackets": lambda dout, out: dout * 1 - out**2,
        "squared is not": lambda dout, out: dout * (1 - out) ** 2,
        "logistic sigmoid": lambda dout, out: dout * out * (1 - out),
        "never steeper than 1": lambda dout, out: dout * (1 + out**2),
        "*divides*": lambda dout, out: dout / (1 - out**2),
        "changed places": lambda out, dout: dout * (1 - out**2),
        "slope of the slope": lambda dout, out: dout * -2 * out,
        "SiLU": lambda dout, out: dout * (1 + out * (1 - (s := 1 / (1 + np.exp(-out))))) * s,
        "as it came": lambda dout, out: dout,
        "multiplies by `out`": lambda dout, out: dout * out,
        "square root is too much": lambda dout, out: dout * np.sqrt(1 - out**2),
        "not finite": lambda dout, out: dout * (1 - out**2) / (1 - out**2) * (1 - out**2),
        "close to 1 or -1": lambda dout, out: np.where(
            np.abs(out) > 0.999, 0.0, dout * (1 - out**2)
        ),
        "very small or very large": lambda dout, out: np.clip(dout, -100, 100) * (1 - out**2),
        "should be (4, 3)": lambda dout, out: (dout * (1 - out**2)).sum(axis=0),
        "wrong sign": lambda dout, out: dout * (out**2 - 1),
    },
    "01.4": {
        "forward only": gradient_check(lambda f, x, e, h: (f(x + e) - f(x)) / h, relative),
        "backward only": gradient_check(lambda f, x, e, h: (f(x) - f(x - e)) / h, relative),
        "2h apart": gradient_check(lambda f, x, e, h: (f(x + e) - f(x - e)) / h, relative),
        "not divided": gradient_check(lambda f, x, e, h: f(x + e) - f(x - e), relative),
        "under the line": gradient_check(
            lambda f, x, e, h: (f(x + e) - f(x - e)) / 2 * h, relative
        ),
        "Your two points": gradient_check(
            lambda f, x, e, h: (f(x + e / 2) - f(x - e / 2)) / h, relative
        ),
        "another h": lambda f, x, g, h=1e-6: gradient_check(central, relative)(f, x, g, 1e-6),
        "same time": gradient_check(
            lambda f, x, e, h: (f(x + h) - f(x - h)) / (2 * h), relative
        ),
        "keeps its step": never_put_back,
        "in its last digits": shifts_the_given_x,
        "changes the arrays": leaves_x_moved,
        "a whole row": steps_with_rows,
        "whole numbers": into_integers,
        "square of h": gradient_check(
            lambda f, x, e, h: (f(x + e) - f(x - e)) / h**2, relative
        ),
        "sign of the numerical": gradient_check(
            lambda f, x, e, h: (f(x - e) - f(x + e)) / (2 * h), relative
        ),
        "divides by 2h": gradient_check(
            lambda f, x, e, h: (f(x + e) - f(x)) / (2 * h), relative
        ),
        "right gradient of f": gradient_check(
            lambda f, x, e, h: (f(x + e) + f(x - e)) / (2 * h), relative
        ),
        "IndexError": for_matrices_only,
        "transpose of an array": in_a_flat_copy,
        "both 1e-09 times": gradient_check(
            central,
            lambda g, n: (
                np.abs(g - n).max() / (max(np.abs(g).max(), np.abs(n).max()) + 1e-8)
            ),
        ),
        "absolute error": gradient_check(central, lambda g, n: np.abs(g - n).max()),
        "a gap below 0": gradient_check(
            central, lambda g, n: np.max(g - n) / max(np.abs(g).max(), np.abs(n).max())
        ),
        "without its sign": gradient_check(
            central, lambda g, n: np.abs(g - n).max() / max(g.max(), n.max())
        ),
        "one gradient only": gradient_check(
            central, lambda g, n: np.abs(g - n).max() / np.abs(n).max()
        ),
        "sum of both": gradient_check(
            central, lambda g, n: np.abs(g - n).max() / (np.abs(g).max() + np.abs(n).max())
        ),
        "divides entry by entry": gradient_check(
            central, lambda g, n: np.max(np.abs(g - n) / np.maximum(np.abs(g), np.abs(n)))
        ),
        "compares lengths": gradient_check(
            central,
            lambda g, n: np.linalg.norm(g - n) / (np.linalg.norm(g) + np.linalg.norm(n)),
        ),
        "compares means": gradient_check(
            central, lambda g, n: np.abs(g - n).mean() / max(np.abs(g).max(), np.abs(n).max())
        ),
        "not a verdict": gradient_check(central, lambda g, n: relative(g, n) < 1e-6),
        "One number is asked for": gradient_check(
            central, lambda g, n: np.abs(g - n) / max(np.abs(g).max(), np.abs(n).max())
        ),
    },
    "01.5": {
        "mean of x is not taken off": lambda x, k: np.sum(s(x)[k:] ** 2) / len(x),
        "mean of each *picture*": lambda x, k: (
            np.sum(s(x - x.mean(1, keepdims=True))[k:] ** 2) / len(x)
        ),
        "one more number is kept": lambda x, k: np.sum(s(x)[k + 1 :] ** 2) / len(x),
        "standard deviations": lambda x, k: (
            np.sum(s(centred(x) / x.std(axis=0))[k:] ** 2) / len(x)
        ),
        "One number is taken off": lambda x, k: np.sum(s(x - x.mean())[k:] ** 2) / len(x),
        "N - 1": lambda x, k: np.linalg.eigvalsh(np.cov(x.T))[::-1][k:].sum(),
        "sum over all examples": lambda x, k: np.sum(s(centred(x))[k:] ** 2),
        "over the D pixels": lambda x, k: np.sum(s(centred(x))[k:] ** 2) / x.size,
        "what k numbers keep": lambda x, k: np.sum(s(centred(x))[:k] ** 2) / len(x),
        "wrong end": lambda x, k: ascending(x)[k:].sum(),
        "*rows* of its third": painted_loss(
            lambda x, k: np.linalg.svd(x, full_matrices=False)[2][:, :k]
        ),
        "not added back": painted_loss(
            lambda x, k: np.linalg.svd(x)[2][:k].T, add_back=False
        ),
        "taken off to find the axes": painted_loss(
            lambda x, k: np.linalg.svd(x)[2][:k].T, take_off=False, add_back=False
        ),
        "too many": lambda x, k: np.sum(s(centred(x))[k + 1 :] ** 2) / len(x),
        "too few": lambda x, k: np.sum(s(centred(x))[k - 1 :] ** 2) / len(x),
        "Only the next": lambda x, k: s(centred(x))[k] ** 2 / len(x),
        "are not squared": lambda x, k: np.sum(s(centred(x))[k:]) / len(x),
        "not the other way": lambda x, k: np.sum(s(centred(x))[k:]) ** 2 / len(x),
        "root of the loss": lambda x, k: np.sqrt(np.sum(s(centred(x))[k:] ** 2) / len(x)),
        "share of the variance that is lost": lambda x, k: (
            ascending(x)[::-1][k:].sum() / ascending(x).sum()
        ),
        "share of the variance that is kept": lambda x, k: (
            ascending(x)[::-1][:k].sum() / ascending(x).sum()
        ),
        "whole variance": lambda x, k: x.var(axis=0).sum(),
        "squared once too often": lambda x, k: np.sum(ascending(x)[::-1][k:] ** 2),
        "half of it": lambda x, k: 0.5 * np.sum(s(centred(x))[k:] ** 2) / len(x),
        "span at most N - 1": least_loss_from_the_smaller_matrix,
        "all pictures are the same": least_loss_by_shares,
        "k = D": lambda x, k: np.sum(s(centred(x))[min(k, x.shape[1] - 1) :] ** 2) / len(x),
        "very small or very large": lambda x, k: (
            np.maximum(ascending(x)[: x.shape[1] - k], 1e-8).sum() if k < x.shape[1] else 0
        ),
        "single pixels": lambda x, k: np.sort(x.var(axis=0))[::-1][k:].sum(),
        "One number is asked for": lambda x, k: s(centred(x))[k:] ** 2 / len(x),
    },
    "01.6": {
        "without biases": lambda D, k: (D - k) / D,
        "sum over the pictures": lambda D, k: D - 1 - k,
        "averaged over the pixels": lambda D, k: (D - 1 - k) / D**2,
        "not what is lost": lambda D, k: k / D,
        "divides by D - 1": lambda D, k: 1 - k / (D - 1),
        "straight line": lambda D, k: 0.0 if k else 1 - 1 / D,
        "no effect": lambda D, k: (D - 1) / D,
        "not two": lambda D, k: (D - 2 - k) / D,
        "one axis holds": lambda D, k: 1 / D,
        "root of the loss": lambda D, k: math.sqrt((D - 1 - k) / D),
        "One number is asked for": lambda D, k: [1 / D] * (D - 1 - k),
        "typed in": lambda D, k: (63 - k) / 64,
        "the bias of the decoder": lambda D, k: (D - 1 - k) / D if k else 1.0,
        "span all that is left": lambda D, k: max(D - 1 - k, 1) / D,
        "is wrong in": lambda D, k: (D - 1 - k) ** 2 / D**2,
    },
    "01.7": {
        "still the museum's": adam(change(lambda b, t: 1 - b, lambda b, t: 1 - b)),
        "not corrected": adam(change(lambda b, t: 1, lambda b, t: 1)),
        "Only m": adam(change(weights, lambda b, t: 1 - b)),
        "Only v": adam(change(lambda b, t: 1, weights)),
        "one step late": adam(
            change(lambda b, t: weights(b, t - 1), lambda b, t: weights(b, t - 1))
        ),
        "one step early": adam(
            change(lambda b, t: weights(b, t + 1), lambda b, t: weights(b, t + 1))
        ),
        "lies between 0 and 1": adam(change(lambda b, t: 1 - b * t, lambda b, t: 1 - b * t)),
        "t is a power": adam(change(lambda b, t: t * (1 - b), lambda b, t: t * (1 - b))),
        "power of the wrong thing": adam(
            change(lambda b, t: (1 - b) ** t, lambda b, t: (1 - b) ** t)
        ),
        "what the weights *lack*": adam(change(lambda b, t: b**t, lambda b, t: b**t)),
        "to make a mean, divide": adam(
            change(lambda b, t: 1 / weights(b, t), lambda b, t: 1 / weights(b, t))
        ),
        "each other's correction": adam(
            lambda m, v, t, b1, b2, lr, eps: (
                lr * m / (1 - b2**t) / (np.sqrt(v / (1 - b1**t)) + eps)
            )
        ),
        "Both means are corrected with beta1": adam(
            lambda m, v, t, b1, b2, lr, eps: (
                lr * m / (1 - b1**t) / (np.sqrt(v / (1 - b1**t)) + eps)
            )
        ),
        "outside of the root": adam(
            lambda m, v, t, b1, b2, lr, eps: (
                lr * m / (1 - b1**t) / (np.sqrt(v) / (1 - b2**t) + eps)
            )
        ),
        "up the slope": adam(lambda *inputs: -right_change(*inputs)),
        "root is missing": adam(
            lambda m, v, t, b1, b2, lr, eps: (
                lr * m / (1 - b1**t) / (v / (1 - b2**t) + eps)
            )
        ),
        "under the root": adam(
            lambda m, v, t, b1, b2, lr, eps: (
                lr * m / (1 - b1**t) / np.sqrt(v / (1 - b2**t) + eps)
            )
        ),
        "eps is missing": adam(
            lambda m, v, t, b1, b2, lr, eps: lr * m / (1 - b1**t) / np.sqrt(v / (1 - b2**t))
        ),
        "uncorrected v": adam(
            lambda m, v, t, b1, b2, lr, eps: (
                lr * np.sqrt(1 - b2**t) / (1 - b1**t) * m / (np.sqrt(v) + eps)
            )
        ),
        "before this gradient": adam_that_steps_first,
        "in step 5001 with": adam_that_stops_to_correct(5000),
        "in step 21 with": adam_that_stops_to_correct(20),
        "the new p is right, but not for very small": adam(
            lambda m, v, t, b1, b2, lr, eps: (
                lr * (m / (1 - b1**t)) / (np.sqrt(np.maximum(v / (1 - b2**t), 1e-8)) + eps)
            )
        ),
        "whatever is given": adam_with_the_usual_betas,
        "learning rate": adam(
            lambda m, v, t, b1, b2, lr, eps: right_change(m, v, t, b1, b2, 1, eps)
        ),
        "step alone": lambda p, *rest: (p - adam(right_change)(p, *rest)[0], *rest[1:3]),
        "plain gradient descent": adam(lambda m, v, t, b1, b2, lr, eps: lr * m),
        "one length": adam(
            lambda m, v, t, b1, b2, lr, eps: (
                lr * m / (1 - b1**t) / (np.linalg.norm(np.sqrt(v / (1 - b2**t))) + eps)
            )
        ),
        "only the sign": adam(lambda m, v, t, b1, b2, lr, eps: lr * np.sign(m)),
        "p does not move": adam(lambda *inputs: 0),
        "corrected m": adam(right_change, keep=lambda m, v, c1, c2: (m / c1, v)),
        "corrected v": adam(right_change, keep=lambda m, v, c1, c2: (m, v / c2)),
        "In m the old mean": adam(
            right_change, mean=lambda m, g, b1, b2: (1 - b1) * m + b1 * g
        ),
        "In m the new gradient": adam(right_change, mean=lambda m, g, b1, b2: b1 * m + g),
        "In v the square": adam(right_change, square=lambda v, g, b1, b2: b2 * v + g**2),
        "gradient's *square*": adam(
            right_change, square=lambda v, g, b1, b2: b2 * v + (1 - b2) * g
        ),
        "mixed with beta1": adam(
            right_change, square=lambda v, g, b1, b2: b1 * v + (1 - b1) * g**2
        ),
        "changes the arrays": adam_in_place,
        "wrong order": adam_in_another_order,
        "puts out one": lambda *inputs: adam(right_change)(*inputs)[0],
    },
}  # fmt: skip
