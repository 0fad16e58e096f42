"""Answers to the exercises of 01."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np

from tinyvae.course.ask import answer_of
from tinyvae.course.exercises import ex01_autoencoder as ex
from tinyvae.course.exercises import find

# 01.2


def dense_backward_one_example_at_a_time(d, x, W):
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros(W.shape[1])
    for n in range(len(x)):
        dx[n] = W @ d[n]
        dW += np.outer(x[n], d[n])
        db += d[n]
    return [dx, dW, db]


# 01.4


def entry_by_entry_in_place(f, x, gradient, h):
    numerical, flat = [], x.flat
    for i in range(x.size):
        kept = flat[i]
        flat[i] = kept + h
        above = f(x)
        flat[i] = kept - h
        below = f(x)
        flat[i] = kept
        numerical.append((above - below) / h / 2)
    worst = max(abs(g - n) for g, n in zip(gradient.flat, numerical, strict=True))
    return worst / max(max(map(abs, gradient.flat)), max(map(abs, numerical)))


def by_unit_steps(f, x, gradient, h=1e-6):
    n = np.array([0.5 * (f(x + h * e) - f(x - h * e)) / h for e in ex.units(x)])
    g = gradient.ravel()
    return np.linalg.norm(g - n, np.inf) / np.max(np.abs([g, n]))


def shifts_the_given_x(f, x, gradient, h):
    n = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        n[i] = (above - f(x)) / (2 * h)
        x[i] += h
    return ex.relative(gradient, n)


# 01.5


def s(x):
    return np.linalg.svd(x, compute_uv=False)


def ascending(x):
    return np.linalg.eigvalsh(np.cov(x.T, bias=True))


def least_loss_from_the_smaller_matrix(x, k):
    c = x - x.mean(axis=0)
    lam = np.linalg.eigvalsh(c @ c.T) / len(x)
    return lam[: len(x) - k].sum()


def least_loss_by_shares(x, k):
    total, eigenvalues = x.var(axis=0).sum(), ascending(x)[::-1]
    return total * (1 - (eigenvalues / eigenvalues.sum())[:k].sum())


# 01.7


def adam_as_one_step_size(p, g, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (g * g - v)
    root = math.sqrt(1 - beta2**t)
    return p - lr * root / (1 - beta1**t) * m / (np.sqrt(v) + eps * root), m, v


def adam_with_the_weights_added_up(p, g, m, v, t, lr, b1, b2, eps):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * np.square(g)
    weights1 = sum((1 - b1) * b1**i for i in range(t))
    weights2 = sum((1 - b2) * b2**i for i in range(t))
    return [p - lr * (m / weights1) / ((v / weights2) ** 0.5 + eps), m, v]


def adam_in_float32(p, g, m, v, *rest):
    return np.stack(adam(ex.new_p)(*(a.astype(np.float32) for a in (p, g, m, v)), *rest))


def adam(new_p):
    """An answer to 01.7 that is right but for the new p."""
    return answer_of(replace(ex.NEW_P, right=new_p), ex.NEW_M, ex.NEW_V)


def corrected_up_to(last):
    return adam(lambda *given: ex.new_p(*given[:4], min(given[4], last), *given[5:]))


def adam_from_a_wrong_mean(p, g, m, v, t, lr, b1, b2, eps):
    m, v = (1 - b1) * m + b1 * g, b2 * v + (1 - b2) * g**2
    return p - ex.step(g, m, v, 1 - b1**t, 1 - b2**t, lr, eps), m, v


RIGHT = {
    "01.1": {
        "in tuples": lambda x, W, b: tuple(map(tuple, x @ W + b)),
        "in float32": lambda x, W, b: x.astype("float32") @ W.astype("float32") + b,
        "one product": lambda x, W, b: np.c_[x, np.ones(len(x))] @ np.vstack([W, b]),
    },
    "01.2": {
        "one example at a time, in a list": dense_backward_one_example_at_a_time,
        "in float32":
            lambda *given: find("01.2").right(*(a.astype("float32") for a in given)),
    },
    "01.3": {
        "cosh": lambda dout, out: dout / np.cosh(np.arctanh(out)) ** 2,
        "in float32": lambda dout, out: (dout - dout * out * out).astype(np.float32),
    },
    "01.4": {
        "in place and put back": entry_by_entry_in_place, "unit steps": by_unit_steps,
        "on a copy": lambda f, x, g, h: shifts_the_given_x(f, x.copy(), g, h),
    },
    "01.5": {
        "covariance": lambda x, k: ascending(x)[: x.shape[1] - k].sum(),
        "what PCA paints": ex.painted(ex.svd_rows),
        "in float32": lambda x, k: np.sum(s(np.float32(ex.centred(x)))[k:] ** 2) / len(x),
        "all minus kept": lambda x, k: x.var(0).sum() - ex.variances(x)[:k].sum(),
    },
    "01.6": {
        "svd": lambda D, k: np.sum(s(np.eye(D) - 1 / D)[k:] ** 2) / D,
        "a fraction": lambda D, k: 1 - Fraction(k + 1, D),
        "a loop, in float32": lambda D, k: np.float32(sum(1 / D for _ in range(D - 1 - k))),
    },
    "01.7": {
        "one step size": adam_as_one_step_size, "in float32, stacked": adam_in_float32,
        "weights added up, in a list": adam_with_the_weights_added_up,
    },
}  # fmt: skip

WRONG = {
    "01.1": {
        "very small or very large": lambda x, W, b: np.round(x @ W + b, 7),
        "should be (3, 3)": lambda x, W, b: (x @ W + b).sum(axis=0),
    },
    "01.2": {
        "very small or very large":
            lambda d, x, W: (d @ W.T, np.clip(x.T @ d, -99, 99), d.sum(0)),
        "first array is the right dW": lambda d, x, W: (x.T @ d, d.sum(0), d @ W.T),
        "puts out 2 values": lambda d, x, W: (x.T @ d, d.sum(0)),
    },
    "01.3": {
        "not finite": lambda dout, out: dout * (1 - out**2) ** 2 / (1 - out**2),
        "da should be 0": lambda dout, out: dout * np.where(out**2 < 1, 1 - out**2, 1),
        "close to 1 or -1": lambda dout, out: dout * (1 - out**2) * (np.abs(out) < 0.999),
        "very small or very large": lambda dout, out: np.clip(dout, -100, 100) * (1 - out**2),
    },
    "01.4": {
        "changes the arrays": lambda f, x, g, h: (x.fill(0), ex.checked()(f, x, g, h))[1],
        "in its last digits": shifts_the_given_x,
        "a billion times": ex.checked(
            error=lambda g, n: ex.top(g - n) / (ex.top(g, n) + 1e-8)
        ),
        "Is something rounded": lambda f, x, *rest: (
            ex.checked()(lambda x: np.float32(f(x)), x, *rest)
        ),
    },
    "01.5": {
        "span at most N - 1": least_loss_from_the_smaller_matrix,
        "your J is not finite": least_loss_by_shares,
        "all pictures are the same": lambda x, k: ex.least_loss(x, k) or np.ptp(x, 0).max() < 1,
        "k = D": lambda x, k: ex.lost(ex.centred(x), min(k, x.shape[1] - 1)),
        "very small or very large": lambda x, k: ex.least_loss(x, k) + 1e-8 * (k < len(x) - 1),
    },
    "01.6": {
        "the bias of the decoder": lambda D, k: (D - 1 - k) / D if k else 1.0,
        "span all that is left": lambda D, k: max(D - 1 - k, 1) / D,
        "has the wrong value": lambda D, k: (D - 1 - k) ** 2 / D**2,
    },
    "01.7": {
        "lies between 0 and 1": adam(lambda p, *rest: np.sqrt(-np.abs(p))),
        "In m the old mean": adam_from_a_wrong_mean,
        "in step 40000 with": corrected_up_to(5001), "in step 21 with": corrected_up_to(20),
        "the new p is right, but not for very small": adam(ex.stepped(
            lambda g, m, v, *rest: ex.step(g, m, np.maximum(v, 1e-8), *rest)
        )),
        "all gradients so far are 0": adam(ex.stepped(
            lambda g, m, v, c1, c2, lr, eps: lr * m / c1 / (np.sqrt(v / c2) * (
                1 + eps / np.sqrt(v / c2)))
        )),
        "puts out one": lambda *inputs: inputs[0],
    },
}  # fmt: skip
