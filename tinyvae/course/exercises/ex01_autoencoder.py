"""The exercises of 01: backward passes, what compression keeps, and an optimiser's mistake."""

import functools
import itertools

import numpy as np

from tinyvae.course.ask import (
    call,
    close,
    expect,
    extremes,
    parts,
    recognise,
    shape,
    values,
)
from tinyvae.course.exercises import Exercise
from tinyvae.gradcheck import numerical_gradient, relative_error
from tinyvae.layers import Dense, Tanh

SCALES = np.array([[1e-6], [1e-3], [1.0], [1e4]])  # of the rows of an array
NEARLY_FLAT = (
    "Where `out` is close to 1 or -1 your da is wrong: there tanh is nearly flat, but not "
    "flat. Is something cut off or rounded?"
)


def ask_dense(dense):
    """dense(x, W, b) -> (N, K): x W + b."""
    rng = np.random.default_rng(1)
    for n, d, k in ((3, 3, 3), (5, 4, 2), (1, 2, 6), (4, 3, 1), (1, 1, 1), (40, 30, 20)):
        x, W, b = rng.normal(size=(n, d)), rng.normal(size=(d, k)), rng.normal(size=k)
        want = x @ W + b
        got = call(dense, x, W, b)
        shape(got, (n, k), "one row for each example, one column for each output")
        mistakes = {
            "The biases are missing.": x @ W,
            "The biases are subtracted; they are added.": x @ W - b,
            "The biases are added to the weights and so multiplied by x as well. They are "
            "added once, after the product.": x @ (W + b),
            "The biases are added inside the sum, and so once for each input. They are added "
            "once, after it.": x @ W + d * b,
        }
        if n == d == k:
            mistakes |= {
                "`b` is added down the columns, one entry to each example. Entry `b[j]` "
                "belongs to output `j` of every example.": x @ W + b[:, None],
                "This multiplies by `W` transposed. The sum runs over the first index of `W`: "
                "input `i` meets row `i` of `W`.": x @ W.T + b,
                "This is `W x`. The examples are the rows of `x`, so `x` stands on the left.":
                    W @ x + b,
                "This multiplies entry by entry. Each output is a *sum* over all inputs.":
                    x * W + b,
            }  # fmt: skip
        recognise(got, want, mistakes)
        values(got, want, "the output")
    x, W = SCALES * rng.uniform(1, 2, (4, 5)), rng.uniform(1, 2, (5, 3))
    extremes(call(dense, x, W, np.zeros(3)), x @ W, "the output")


def ask_dense_backward(backward):
    """backward(dout, x, W) -> dx (N, D), dW (D, K), db (K,)."""
    rng = np.random.default_rng(2)
    names = "dx, dW and db"
    for n, d, k in ((5, 3, 3), (6, 4, 2), (1, 2, 3), (4, 2, 1), (3, 3, 3), (1, 1, 1)):
        x, dout, layer = rng.normal(size=(n, d)), rng.normal(size=(n, k)), Dense(d, k, rng)
        W = layer.W.copy()
        layer.forward(x)
        dx, dW, db = layer.backward(dout), layer.dW, layer.db
        got = parts(call(backward, dout, x, W), 3, names)
        expect(
            not _permuted(got, (dx, dW, db)),
            "The right arrays in the wrong order: first dx, then dW, then db.",
        )
        shape(got[0], (n, d), "a derivative has the shape of what it is taken by, here `x`",
              "dx")  # fmt: skip
        shape(got[1], (d, k), "a derivative has the shape of what it is taken by, here `W`",
              "dW")  # fmt: skip
        shape(got[2], (k,), "one bias for each output, and all N examples share it", "db")
        square = d == k
        recognise(got[0], dx, {
            "Where D = K, dx multiplies `dout` by `W` as it is. Both products fit there, but "
            "the sum runs over the outputs `j`, the *second* index of `W`.":
                dout @ W if square else np.nan,
            "dx is averaged over the examples. Each example has a dx of its own.": dx / n,
            "dx looks as if `dout` were 1 everywhere; the chain rule multiplies by `dout`.":
                np.ones_like(dout) @ W.T,
        })  # fmt: skip
        recognise(got[1], dW, {
            "dW is transposed: entry `[i, j]` belongs to input `i` and output `j`.":
                dW.T if square else np.nan,
            "dW comes from a single example. Sum over all N of them.":
                _shown(got[1], *(np.outer(*pair) for pair in zip(x, dout, strict=True))),
            "dW is averaged over the examples. If L is a mean, its 1/N is in `dout` already; a "
            "layer sums.": dW / n,
            "dW looks as if `dout` were 1 everywhere; the chain rule multiplies by `dout`.":
                x.T @ np.ones_like(dout),
        })  # fmt: skip
        recognise(got[2], db, {
            "db is averaged over the examples. If L is a mean, its 1/N is in `dout` already; a "
            "layer sums.": db / n,
            "db is the number of examples: the chain rule multiplies by `dout`.":
                np.full(k, float(n)),
            "db is 1 everywhere: `b` acts in every example, and each hands back its `dout`.":
                np.ones(k),
            "db is the `dout` of a single example. All N examples share `b`.":
                _shown(got[2], *dout),
        })  # fmt: skip
        for name, part, want in zip(("dx", "dW", "db"), got, (dx, dW, db), strict=True):
            values(part, want, f"the gradient {name}")
    small, W = SCALES * rng.uniform(1, 2, (4, 5)), rng.uniform(1, 2, (5, 3))
    for x, dout in ((small, np.ones((4, 3))), (np.ones((4, 5)), small[:, 1:4])):
        got = parts(call(backward, dout, x, W), 3, names)
        want = dout @ W.T, x.T @ dout, dout.sum(axis=0)
        for name, *pair in zip(("dx", "dW", "db"), got, want, strict=True):
            extremes(*pair, f"the gradient {name}")


def _permuted(got, want):
    """Whether `got` holds what is wanted, in another order."""
    _, *others = itertools.permutations(want)
    return any(all(map(close, got, order)) for order in others)


def ask_tanh_backward(backward):
    """backward(dout, out) -> da: dout (1 - out^2), of any shape; out = tanh(a)."""
    rng = np.random.default_rng(3)
    for size in ((4, 3), (1,), (2, 3, 2)):
        layer, dout = Tanh(), rng.normal(size=size)
        out = layer.forward(1.5 * rng.normal(size=size))
        want = layer.backward(dout)
        got = call(backward, dout, out)
        shape(got, size, "each entry of a has a derivative of its own")
        s = 1 / (1 + np.exp(-out))
        recognise(got, want, {
            "Here the hyperbolic tangent is taken once more: `out` is `tanh(a)` already, not "
            "a.":
                dout * (1 - np.tanh(out) ** 2),
            "This is the slope of tanh alone. The chain rule multiplies it by `dout`.":
                1 - out**2,
            "Python reads `dout * 1 - out**2` as `dout - out**2`: brackets are missing.":
                dout - out**2,
            "The square is missing: the slope is `1 - out` nowhere but at `out` 0 and 1.":
                dout * (1 - out),
            "`(1 - out)` squared is not 1 minus `out` squared.": dout * (1 - out) ** 2,
            "This is the slope of the logistic sigmoid, whose output is called `s` in the "
            "notebook. Here the output is that of tanh.": dout * out * (1 - out),
            "The sign before the square is wrong: tanh is never steeper than 1.":
                dout * (1 + out**2),
            "This *divides* by the slope of tanh: that is the way back through its inverse.":
                dout / (1 - out**2),
            "`dout` and `out` have changed places.": out * (1 - dout**2),
            "This is the slope of the slope. Differentiate tanh once.": -2 * dout * out,
            "This is the derivative of the SiLU.": dout * (s + out * s * (1 - s)),
            "This hands `dout` on as it came, as if tanh were the line `out = a`.": dout,
            "This multiplies by `out`. Asked is the *slope* of tanh, as a function of `out`.":
                dout * out,
            "The square root is too much: cosh² - sinh² = 1, divided by cosh², gives the "
            "slope.":
                dout * np.sqrt(1 - out**2),
        })  # fmt: skip
        off = ~np.isclose(got, want, rtol=1e-4, atol=1e-5)
        expect(not off.any() or np.abs(out[off]).min() < 0.9, NEARLY_FLAT)
        values(got, want, "the gradient da")
    flat = call(backward, np.array([2.0, -3.0]), np.array([1.0, -1.0]))
    expect(
        np.isfinite(flat).all(),
        "Far from 0, `out` is rounded to exactly 1 or -1; there your da is not finite.",
    )
    expect(np.allclose(flat, 0), "At `out` = 1 and `out` = -1 tanh is flat: da should be 0.")
    a = np.array([1.5, 2.2, 2.7, 3.2, 3.9, 4.6, 5.4, 6.2, 7.0, -1.8, -2.9, -4.2, -6.6])
    near, want = call(backward, np.ones(13), np.tanh(a)), 1 - np.tanh(a) ** 2
    shape(near, (13,), "each entry of a has a derivative of its own")
    expect(
        np.allclose(near, want, rtol=1e-4, atol=5e-7),
        NEARLY_FLAT,
    )
    dout = np.repeat([1e-6, -1e-3, 1.0, -1e4], 3)
    out = np.tile([0.0, 0.5, -0.7], 4)
    extremes(call(backward, dout, out), dout * (1 - out**2), "the gradient da")


def ask_gradient_error(error):
    """error(f, x, gradient, h) -> max|g - n| / max(|g|, |n|), n by central differences."""
    rng = np.random.default_rng(4)
    for size, h in (((2, 3), 0.3), ((5,), 0.2), ((1,), 0.1), ((2, 1, 3), 0.4)):
        x, c = rng.normal(size=(2, *size))
        zero = slice(1, None, 4) if size != (2, 3) else slice(0)
        c.flat[zero] = 0  # f does not depend on these entries of x

        def f(x, c=c):
            return np.sum(c * x**3) + x.flat[0] * x.flat[-1] + 7

        n, off = numerical_gradient(lambda f=f, x=x: f(x), x, h), rng.normal(size=size)
        off.flat[zero] = 0
        right = numerical_gradient(lambda f=f, x=x: f(x), x)
        for gradient in (n + off, n - off, 3 * n + off):
            got, want = _error(error, f, x, gradient, h), relative_error(gradient, n)
            shape(got, (), "the error is one number, the worst over all entries")
            expect(
                not close(got, 1) and not close(got, 0),
                "The answer is a number, the relative error, and not a verdict of 0 or 1: "
                "which error is small enough is for the caller to say.",
            )
            recognise(got, want, _mistaken_errors(got, f, x, gradient, n, h))
            if not close(got, want):
                _ask_right(error, f, x, right)
            values(got, want, "the relative error")
        _ask_right(error, f, x, right)
        for scale in (1e-9, 1e9):
            got = _error(error, lambda x, by=scale, f=f: by * f(x), x, scale * (n + off), h)
            shape(got, (), "the error is one number, the worst over all entries")
            expect(
                close(got, relative_error(n + off, n), 1e-4),
                f"With f and the gradient both {scale:g} times as large, the relative error is "
                "the same; yours is not. Is something added to the divisor, or a small gap "
                "taken for none?",
            )
    x, c = rng.normal(size=(2, 3, 4))
    got = _error(error, lambda x: np.sum(c * x**3), x, 3 * c * x**2, order="F")
    shape(got, (), "the error is one number, the worst over all entries")
    expect(
        got < 1e-6,
        f"For an x that is the transpose of an array, the right gradient gets {got:.3g}. Its "
        "entries do not lie row by row in memory, so `reshape(-1)` and `ravel()` make copies; "
        "`np.ndindex(x.shape)` or `x.flat` reach x itself.",
    )


def _error(error, f, x, *rest, order="C"):
    """call(error, f, x, ...); NotYet if x comes back changed by rounding alone.

    order "F" hands x over as a transposed array is: not row by row in memory.
    """
    off = []

    def watched(f, x, *rest):
        given = np.array(x, order=order)
        out = error(f, given, *rest)
        off.append(np.abs(given - x).max())
        if not off[-1] < 1e-9:
            x[...] = given
        return out

    tried = functools.wraps(error)(watched) if callable(error) else error
    got = call(tried, f, x, *rest)
    expect(
        not 0 < off[0] < 1e-9,
        "x comes back changed in its last digits: adding and taking off h rounds. Change a "
        "copy, or keep the old entry and put it back.",
    )
    return got


def _ask_right(error, f, x, right):
    """The error of the right gradient, with the default h."""
    got = _error(error, f, x, right)
    shape(got, (), "the error is one number, the worst over all entries")
    expect(
        got < 1e-6,
        f"For the right gradient of f it gives {got:.3g}; it should be below 1e-6.",
    )


@np.errstate(all="ignore")  # a mistake may divide by 0
def _mistaken_errors(got, f, x, g, n, h):
    """{message: value} of gradient checks that are wrong in a known way; of several ways to
    make the same mistake, the one that `got` shows."""
    gap, total = np.abs(g - n), np.abs(g) + np.abs(n)
    top, g_top, n_top = np.max([np.abs(g), np.abs(n)]), np.abs(g).max(), np.abs(n).max()
    by_entry = gap / np.maximum(np.abs(g), np.abs(n)), gap / total, gap / np.abs(n)
    forward, backward, half = (
        _differences(f, x, up, down) for up, down in ((h, 0), (0, h), (h / 2, h / 2))
    )
    second = np.reshape(
        [f(x + h * e) - 2 * f(x) + f(x - h * e) for e in np.eye(x.size).reshape(-1, *x.shape)],
        x.shape,
    )
    together, piled = np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h)), _piled(f, x, h)
    norm = np.linalg.norm
    return {
        "This steps forward only, from x to x + h. Its error is of the order of h; a step both "
        "ways makes it h squared.": relative_error(g, forward),
        "This steps backward only, from x - h to x. Its error is of the order of h; a step "
        "both ways makes it h squared.": relative_error(g, backward),
        "The difference is divided by h, but the two points are 2h apart.":
            relative_error(g, 2 * n),
        "The difference is not divided by the distance of the two points.":
            relative_error(g, 2 * h * n),
        "The difference is divided by the square of h: that belongs to a second derivative.":
            _shown(got, relative_error(g, 2 * n / h), relative_error(g, second / h**2)),
        "This steps one way only, and divides by 2h: x and x + h are h apart.":
            _shown(got, relative_error(g, forward / 2), relative_error(g, backward / 2)),
        "The sign of the numerical gradient is turned: f at x + h comes first, f at x - h is "
        "subtracted.": relative_error(g, -n),
        "The numerical gradient is cut to whole numbers: its array was made for integers.":
            relative_error(g, np.trunc(n)),
        "Right for a vector, wrong for a matrix: `x[i]` is a whole row. `np.ndindex(x.shape)` "
        "runs over single entries.": relative_error(g, _by_rows(f, x, h)),
        "Python reads `a / 2 * h` as `(a / 2) * h`: the h belongs under the line.":
            relative_error(g, h * h * n),
        "Your two points are h apart; asked are x + h and x - h.": relative_error(g, half),
        "Your differences use another h than the one that is given.":
            relative_error(g, _differences(f, x, 1e-6, 1e-6)),
        "All entries of x are moved at the same time. Move one, and leave the others.":
            relative_error(g, together),
        "An entry keeps its step when the next one is moved. Put it back first.":
            relative_error(g, piled),
        "This is the absolute error. Divide by the size of the gradients, so that the unit of "
        "f does not matter.": gap.max(),
        "Without the absolute value, a gap below 0 counts as small.":
            _shown(got, np.max(g - n) / top, np.max(n - g) / top),
        "A gradient's greatest entry counts without its sign: one of -5 is larger than one of "
        "3.":
            _shown(got, gap.max() / max(g.max(), n.max()), gap.max() / g.max(),
                   gap.max() / n.max()),
        "This divides by the greatest entry of one gradient only; take the larger of the two.":
            _shown(got, gap.max() / n_top, gap.max() / g_top),
        "This divides by the sum of both sizes; take the larger of the two.":
            _shown(got, gap.max() / (g_top + n_top), gap.max() / total.max()),
        "This divides entry by entry. Where a derivative is 0, rounding alone then makes a "
        "large error; divide by the greatest entry of all.":
            _shown(got, *(np.nanmax(error) for error in by_entry)),
        "This compares lengths. Asked are the greatest entries: in a long gradient one wrong "
        "entry hardly changes the length.":
            _shown(got, norm(gap) / max(norm(g), norm(n)), norm(gap) / (norm(g) + norm(n)),
                   norm(gap) / norm(n), norm(gap) / norm(g)),
        "This compares means. One wrong entry among thousands vanishes in a mean; take the "
        "greatest.":
            _shown(got, gap.mean() / top, gap.mean() / max(abs(g).mean(), abs(n).mean()),
                   gap.mean(), *(np.nanmean(error) for error in by_entry)),
    }  # fmt: skip


def _differences(f, x, up, down):
    """(f(x + up e) - f(x - down e)) / (up + down) for each unit step e."""
    steps = np.eye(x.size).reshape(-1, *x.shape)
    rises = [f(x + up * step) - f(x - down * step) for step in steps]
    return np.reshape(rises, x.shape) / (up + down)


def _by_rows(f, x, h):
    """Central differences of one who moves x[i], all of it, and writes into n[i]."""
    out = np.empty_like(x)
    for i in range(len(x)):
        step = np.zeros_like(x)
        step[i] = h
        out[i] = (f(x + step) - f(x - step)) / (2 * h)
    return out


def _piled(f, x, h):
    """Central differences of one who leaves each entry at x - h."""
    x, out = x.copy(), np.empty(x.size)
    for i in range(x.size):
        x.flat[i] += h
        above = f(x)
        x.flat[i] -= 2 * h
        out[i] = (above - f(x)) / (2 * h)
    return out.reshape(x.shape)


def _shown(got, *wrong):
    """The wrong value that `got` is, or the first."""
    return next((value for value in wrong if close(got, value)), wrong[0])


def ask_least_loss(least_loss):
    """least_loss(x, k) -> the least J of a linear autoencoder with k numbers."""
    rng = np.random.default_rng(5)
    for n, d, k in ((9, 6, 2), (4, 6, 2), (30, 4, 1), (10, 40, 3), (10, 40, 8), (12, 7, 5)):
        x = rng.normal(size=(n, d)) * rng.uniform(0.5, 2, d) + 2 * rng.normal(size=d)
        centred = x - x.mean(axis=0)
        each = _spectrum(centred) / n  # s_i^2 / N, the greatest first
        want = each[k:].sum()
        got = call(least_loss, x, k)
        shape(got, (), "the least loss is one number")
        roots, axes = np.sqrt(n * each), np.linalg.svd(centred)[2][:k]
        kept = axes.T @ axes
        uncentred, by_row = _spectrum(x) / n, _spectrum(x - x.mean(axis=1, keepdims=True)) / n
        recognise(got, want, {
            "The mean of x is not taken off. The biases can paint the mean picture for "
            "nothing, so what counts is the data about their mean.": uncentred[k:].sum(),
            "The mean of each *picture* is taken off, over its own pixels. Take off the mean "
            "picture: for each pixel, the mean over the examples.": by_row[k:].sum(),
            "The mean is not taken off, but one more number is kept. The biases do more: they "
            "put the k axes through the mean picture.": uncentred[k + 1:].sum(),
            "The pixels are divided by their standard deviations. J counts each as it is.":
                _spectrum(centred / x.std(axis=0))[k:].sum() / n,
            "One number is taken off everywhere, the mean of all of x. Each pixel has its own "
            "mean over the examples.": (_spectrum(x - x.mean()) / n)[k:].sum(),
            "This divides by N - 1, as `np.cov` does unless told otherwise. J divides by N.":
                want * n / (n - 1),
            "This is the sum over all examples. J is the mean over them.": want * n,
            "This is also averaged over the D pixels. J sums over the pixels.": want / d,
            "This is what k numbers keep. The loss is the rest.": each[:k].sum(),
            "The values are taken from the wrong end: the k greatest are kept. (`svd` gives "
            "the greatest first, `eigh` the smallest.)":
                _shown(got, each[::-1][k:].sum(), each[::-1][:k].sum()),
            "NumPy's svd gives the axes as the *rows* of its third array.":
                _shown(got, *_by_columns(x, k)),
            "The mean is not added back: the pictures that are painted lie about 0, those of "
            "x about their mean.": want + np.sum(x.mean(axis=0) ** 2),
            "The mean is taken off to find the axes, but not from the pictures that they "
            "paint.": np.sum((x - x @ kept) ** 2) / n,
            "One number too many is kept.": each[k + 1:].sum(),
            "One number too few is kept.": each[k - 1:].sum(),
            "Only the next eigenvalue is counted. All that are not kept are lost.": each[k],
            "The singular values are not squared.": roots[k:].sum() / n,
            "Each singular value is to be squared, and then they are added; not the other way.":
                roots[k:].sum() ** 2 / n,
            "This is the root of the loss.": np.sqrt(want),
            "This is the share of the variance that is lost. J is the amount.":
                want / each.sum(),
            "This is the share of the variance that is kept. J is the amount that is lost.":
                each[:k].sum() / each.sum(),
            "This is the whole variance: k numbers are kept, and they count.": each.sum(),
            "The eigenvalues are squared once too often: those of the covariance are squares "
            "already.": (each[k:] ** 2).sum(),
            "This is half of it: J has no factor ½.": want / 2,
            "These are the variances of single pixels. The autoencoder may keep any direction: "
            "take the eigenvalues of the covariance.": np.sort(x.var(axis=0))[:d - k].sum(),
        })  # fmt: skip
        values(got, want, "the least loss")
    for scale in (1e-4, 1e4):
        extremes(call(least_loss, scale * x, 5), scale**2 * want, "the least loss")
    expect(_is_nothing(least_loss, x, 7), "With k = D numbers nothing is lost: J = 0.")
    expect(
        _is_nothing(least_loss, np.tile([3.0, -1.0, 0.0, 2.0, 4.0], (6, 1)), 1),
        "If all pictures are the same, the biases paint them: J = 0. Yours is not.",
    )
    for n, d, k in (
        (10, 40, 9),
        (10, 40, 10),
        (10, 40, 11),
        (10, 40, 40),
        (2, 3, 1),
        (1, 4, 2),
    ):
        expect(
            _is_nothing(least_loss, rng.normal(1, 1, size=(n, d)), k),
            "N pictures about their mean span at most N - 1 dimensions, so with k = N - 1 or "
            f"more nothing is lost. With N = {n}, D = {d} and k = {k} your J is not 0: is "
            "there one value for each of the D dimensions, and is no index negative?",
        )


def _is_nothing(least_loss, x, k):
    """Whether the least loss of x is 0, up to rounding."""
    got = call(least_loss, x, k)
    shape(got, (), "the least loss is one number")
    return abs(got) < 1e-5 * np.sum(x**2) / len(x)


def _spectrum(x):
    """The eigenvalues of x^T x, the greatest first, all D of them."""
    return np.maximum(np.linalg.eigvalsh(x.T @ x)[::-1], 0)


def _by_columns(x, k):
    """What is lost if columns of the svd's third array are taken for axes."""
    mean = x.mean(axis=0)
    for full in (True, False):
        axes = np.linalg.svd(x - mean, full_matrices=full)[2][:, :k]
        if len(axes) == x.shape[1]:
            painted = (x - mean) @ axes @ axes.T
            yield np.sum((x - mean - painted) ** 2) / len(x)
            yield np.sum((x - painted) ** 2) / len(x)


def ask_dot_loss(dot_loss):
    """dot_loss(D, k) -> (D - 1 - k) / D, the least J for the D pictures of one moving dot."""
    cases = [
        (16, 1), (16, 5), (10, 9), (64, 8), (2, 1), (5, 0), (7, 3), (7, 6), (2, 0), (64, 40),
        (150, 2), (9, 7), (3, 1), (12, 0),
    ]  # fmt: skip
    got = [call(dot_loss, d, k) for d, k in cases]
    for number in got:
        shape(number, (), "the loss is one number")
    d, k = np.array(cases, dtype=float).T
    want = [np.square(np.linalg.svd(np.eye(n) - 1 / n)[1])[m:].sum() / n for n, m in cases]
    got, want = np.array(got), np.array(want)
    recognise(got, want, {
        "This is the loss of an autoencoder without biases. With them the mean picture costs "
        "no number, and only what is left about the mean must be kept.": (d - k) / d,
        "This is the sum over the pictures. J is the mean over them.": d - 1 - k,
        "This is also averaged over the pixels. J sums over the pixels and averages over the "
        "pictures.": (d - 1 - k) / d**2,
        "This is what the k numbers keep, not what is lost.": k / d,
        "This divides by D - 1: it is a share of the variance, or the variance of a sample. J "
        "divides by the number of pictures.": (d - 1 - k) / (d - 1),
        "The place of the dot is one number, but a *linear* decoder cannot turn it into a dot: "
        "its pictures lie on a straight line.": np.where(k >= 1, 0, 1 - 1 / d),
        "The k numbers have no effect in your answer.": (d - 1) / d,
        "D pictures about their mean span one dimension less than D, not two.":
            (d - 2 - k) / d,
        "This is what one axis holds. All the axes that are not kept are lost.": 1 / d,
        "This is the root of the loss.": np.sqrt(want),
    })  # fmt: skip
    wrong = ~np.isclose(got, want, rtol=0, atol=1e-5)
    for told, special in {
        "There the bias of the decoder paints alone: one picture for all, their mean": k == 0,
        "There the k numbers span all that is left about the mean": k == d - 1,
        "For two pixels too, count the dimensions of the pictures about their mean": d == 2,
    }.items():
        where = ", ".join(f"({a}, {b})" for (a, b), w in zip(cases, wrong, strict=True) if w)
        expect(
            not wrong.any() or wrong[~special].any(),
            f"Right but for (D, k) = {where}. {told}.",
        )
    for pixels in (16, 64):
        expect(
            not wrong.any() or wrong[d == pixels].any(),
            f"Right for D = {pixels}, but not for every D: is a number typed in?",
        )
    values(got, want, "the loss over several D and k")


def ask_adam_step(adam_step):
    """adam_step(p, g, m, v, t, lr, beta1, beta2, eps) -> p, m, v after step t (1, 2, ...)."""
    rng = np.random.default_rng(7)
    names = "the new p, m and v"
    for size, settings in (
        ((4,), (0.3, 0.8, 0.95, 0.2)),
        ((2, 3), (0.1, 0.6, 0.9, 0.01)),
        ((1,), (1.0, 0.0, 0.5, 1.0)),
    ):
        m, v = np.zeros(size), np.zeros(size)
        for t in range(1, 7):
            p, g = rng.normal(size=(2, *size))
            lr, b1, b2, eps = settings
            new_m, new_v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
            tops, roots = new_m / (1 - b1**t), np.sqrt(new_v / (1 - b2**t))
            if t > 2:  # in the first steps too much looks alike
                got = parts(call(adam_step, p, g, m, v, t, *settings), 3, names)
                for part, name in zip(got, "pmv", strict=True):
                    shape(part, size, "p, g, m and v all have one shape", f"the new {name}")
                new_p = p - lr * tops / (roots + eps)
                expect(
                    not (close(got[0], p - new_p) or close(got[0], new_p - p)),
                    "The first array is the step alone; asked is the parameter after it.",
                )
                expect(
                    not _permuted(got, (new_p, new_m, new_v)),
                    "The right arrays in the wrong order: first the new p, then m, then v.",
                )
                _ask_means(got, g, m, v, new_m, new_v, (tops, roots**2), b1, b2)
                _ask_update(got[0] - p, g, m, v, t, new_m, new_v, *settings)
                values(got[0], new_p, "the new p")
            m, v = new_m, new_v
    _ask_constant(adam_step, names)
    _ask_late(adam_step, names)


def _ask_means(got, g, m, v, new_m, new_v, corrected, b1, b2):
    """The running means that are kept for the next step."""
    recognise(got[1], new_m, {
        "You hand back the corrected m. The next step would mix it with its gradient and "
        "correct it again; keep m as it is.": corrected[0],
        "In m the old mean and the new gradient have each other's weights.":
            (1 - b1) * m + b1 * g,
        "In m the new gradient has no weight; its weight is 1 - beta1.": b1 * m + g,
        "m comes back as it was given: hand back the new one.": m,
        "m is mixed with beta2; that is the weight in v.": b2 * m + (1 - b2) * g,
        "m is mixed with 0.9, whatever beta1 is given.": 0.9 * m + 0.1 * g,
    })  # fmt: skip
    values(got[1], new_m, "the new m")
    recognise(got[2], new_v, {
        "You hand back the corrected v. The next step would mix it with its gradient and "
        "correct it again; keep v as it is.": corrected[1],
        "In v the old mean and the new square have each other's weights.":
            (1 - b2) * v + b2 * g**2,
        "In v the square of the gradient has no weight; its weight is 1 - beta2.":
            b2 * v + g**2,
        "v is the running mean of the gradient's *square*.": b2 * v + (1 - b2) * g,
        "v is the running mean of g squared, not of m squared.":
            _shown(got[2], b2 * v + (1 - b2) * new_m**2, b2 * v + (1 - b2) * m**2),
        "v is the running mean of g squared, not of its size |g|.":
            b2 * v + (1 - b2) * np.abs(g),
        "v comes back as it was given: hand back the new one.": v,
        "v is mixed with beta1; that is the weight in m.": b1 * v + (1 - b1) * g**2,
        "v is mixed with 0.999, whatever beta2 is given.": 0.999 * v + 0.001 * g**2,
    })  # fmt: skip
    values(got[2], new_v, "the new v")


@np.errstate(all="ignore")  # a mistake may take the root of what is below 0
def _ask_update(got, g, m, v, t, new_m, new_v, lr, b1, b2, eps):
    """What is added to p in step t."""
    c1, c2 = 1 - b1**t, 1 - b2**t

    def move(c1=c1, c2=c2, m=new_m, v=new_v):
        return -lr * (m / c1) / (np.sqrt(v / c2) + eps)

    tops, squares = new_m / c1, new_v / c2
    expect(
        np.isfinite(got).all(),
        f"In step {t} the new p is not finite: you divide by 0, or take the root of a negative "
        "number. A sum of the weights lies between 0 and 1.",
    )
    recognise(got, move(), {
        "The step is still the museum's: both means are divided by the weight of the newest "
        "gradient, in every step. The weights of *all* gradients so far must add up.":
            move(1 - b1, 1 - b2),
        "The means are not corrected: in the first steps they are too small, since both "
        "started at 0.": move(1, 1),
        "Only m is corrected; v started at 0 too.": _shown(got, move(c1, 1), move(c1, 1 - b2)),
        "Only v is corrected; m started at 0 too.": _shown(got, move(1, c2), move(1 - b1, c2)),
        "The sum of the weights is one step late: t is 1 in the first step, and in step t each "
        "mean holds t gradients.": move(1 - b1 ** (t - 1), 1 - b2 ** (t - 1)),
        "The sum of the weights is one step early: t is 1 in the first step, and in step t "
        "each mean holds t gradients.": move(1 - b1 ** (t + 1), 1 - b2 ** (t + 1)),
        "t multiplies; but the weights fall by a factor beta in each step, so t is a power.":
            _shown(got, move(t * (1 - b1), t * (1 - b2)), move(t, t)),
        "The sum of the weights is taken with a power of the wrong thing: 1 minus (beta to the "
        "t), not (1 minus beta) to the t.": move((1 - b1) ** t, (1 - b2) ** t),
        "You divide by beta to the t: that is what the weights *lack*, not what they add up "
        "to.":
            move(b1**t, b2**t),
        "You multiply by the sums of the weights; to make a mean, divide.":
            move(1 / c1, 1 / c2),
        "m and v have each other's correction: m was mixed with beta1, v with beta2.":
            move(c2, c1),
        "Both means are corrected with beta1; v was mixed with beta2.": move(c1, c1),
        "The correction of v is outside of the root; v is corrected before its root is taken.":
            -lr * tops / (np.sqrt(new_v) / c2 + eps),
        "p moves up the slope: the step is subtracted.": -move(),
        "The root is missing: the step divides by the root of v, which has the gradient's "
        "unit.":
            -lr * tops / (squares + eps),
        "eps stands under the root; it is added to the root.":
            -lr * tops / np.sqrt(squares + eps),
        "eps is missing, or is not the one that is given.":
            _shown(got, *(-lr * tops / (np.sqrt(squares) + e) for e in (0, 1e-8))),
        "eps is added to the root of the uncorrected v; add it to the root of the corrected "
        "one.":
            -lr * np.sqrt(c2) / c1 * new_m / (np.sqrt(new_v) + eps),
        "The step uses m and v as they were before this gradient.":
            _shown(got, move(m=m, v=v), move(m=m), move(v=v)),
        "The step uses the gradient itself where the corrected mean m belongs.":
            _shown(got, -lr * g / (np.sqrt(squares) + eps),
                   -lr * g / c1 / (np.sqrt(squares) + eps)),
        "This is plain gradient descent: nothing is divided by the gradient's size.":
            _shown(got, -lr * g, -lr * new_m, -lr * tops),
        "The whole array is divided by one length. Each entry has its own root of v.":
            -lr * tops / (np.linalg.norm(np.sqrt(squares)) + eps),
        "The step keeps only the sign of m. It is divided by the root of the corrected v.":
            -lr * np.sign(new_m),
        "The correction uses 0.9 and 0.999, whatever is given.": move(1 - 0.9**t, 1 - 0.999**t),
        "The learning rate is missing, or is not the one that is given.":
            _shown(got, move() / lr, move() / lr * 1e-3, move() / lr * 0.01),
        "p does not move.": np.zeros_like(got),
    })  # fmt: skip


def _ask_constant(step, names):
    """The same gradient again and again: from the first step on, each is lr long."""
    g = np.array([3.0, -0.02])
    p, m, v = np.zeros((3, 2))
    for t in range(1, 8):
        new, m, v = parts(call(step, p, g, m, v, t, 0.01), 3, names)
        expect(
            np.allclose(new - p, -0.01 * np.sign(g), rtol=1e-4, atol=0),
            "With the same gradient at every step, each step is lr long; with the usual betas "
            f"and eps, yours is not at t = {t}.",
        )
        p = new


def _ask_late(step, names):
    """Single steps, early and late, from p = 0, with gradients from small to large."""
    size = SCALES.ravel()
    for lr, b1, b2, eps in ((0.01, 0.9, 0.9999, 1e-8), (0.02, 0.999, 0.99, 1e-8)):
        for t in (1, 2, 8, 21, 101, 1001, 5001, 40_000):
            g, m, v = np.random.default_rng(t).uniform(1, 2, (3, 4)) * [size, size, size**2]
            m, v = (m * (t > 1), v * (t > 1))
            new_m, new_v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
            new_p = -lr * new_m / (1 - b1**t) / (np.sqrt(new_v / (1 - b2**t)) + eps)
            got = parts(call(step, np.zeros(4), g, m, v, t, lr, b1, b2, eps), 3, names)
            for part, name in zip(got, "pmv", strict=True):
                shape(part, (4,), "p, g, m and v all have one shape", f"the new {name}")
            expect(
                np.isclose(got[0][2], new_p[2], rtol=1e-4, atol=0),
                f"In other steps the new p is right, but not in step {t} with beta1 = {b1} and "
                f"beta2 = {b2}: the weights of t gradients add up to less than 1 however late "
                "it is, and with a beta near 1 that counts for long.",
            )
            for part, want, name in zip(got, (new_p, new_m, new_v), "pmv", strict=True):
                extremes(part, want, f"the new {name}")
    p, zero = np.array([3.0, -1.0]), np.zeros(2)
    new = parts(call(step, p, zero, zero, zero, 3, 0.01), 3, names)
    expect(
        np.array_equal(new, [p, zero, zero]),
        "Where all gradients so far are 0, m and v are 0 and p stays; eps is there so that "
        "nothing is divided by 0.",
    )


EXERCISES = [
    Exercise(
        "01.1", "A dense layer", points=1,
        hints=(
            "Each output is a sum over the D inputs. Which of NumPy's operators multiplies two "
            "arrays and sums over the index between them?",
            "`x` has shape (N, D) and `W` (D, K): their matrix product has shape (N, K). The "
            "biases, of shape (K,), are added to each of its rows by NumPy itself.",
        ),
        moral="Every network of this course is made of this and of activations. In the package "
        "it is `tv.Dense`.",
        ask=ask_dense,
    ),
    Exercise(
        "01.2", "The way back through a dense layer", points=2,
        hints=(
            "Write the derivative of one `out[n, j]` by one `W[i, j]`, by `b[j]` and by "
            "`x[n, i]`. Then sum over every output that this one number can change.",
            "Shapes help: each derivative has the shape of what it is taken by. For dW, sum "
            "over the examples; for dx, over the outputs; `b` enters once in each example.",
            "A sum over the first index of two arrays is a matrix product with the first one "
            "transposed; over the second index, with the second one transposed.",
        ),
        moral="Three products, and no division by N: a mean over the examples belongs to the "
        "loss, and comes in with `dout`. `tv.Dense.backward` is the same.",
        ask=ask_dense_backward,
    ),
    Exercise(
        "01.3", "The way back through tanh, from what it remembered", points=1,
        hints=(
            "tanh is sinh / cosh. The derivative of sinh is cosh, and that of cosh is sinh.",
            "The quotient rule gives (cosh² - sinh²) / cosh². Write it with tanh alone, "
            "without using that cosh² - sinh² = 1.",
            "The slope is 1 minus the square of the output. The chain rule has one term: each "
            "entry of `dout` times the slope at that entry.",
        ),
        moral="tanh needs nothing of its input on the way back, so `tv.Tanh` remembers only "
        "what it put out. What forward must remember is decided by the form of the derivative.",
        ask=ask_tanh_backward,
    ),
    Exercise(
        "01.4", "A check that catches a wrong gradient", points=3,
        hints=(
            "Make an array of the shape of x for the numerical gradient, and fill it entry by "
            "entry: `np.ndindex(x.shape)` runs over all indices of any shape.",
            "For each index: a copy of x with that one entry raised by h, another with it "
            "lowered by h. The difference of f at the two, divided by their distance 2h.",
            "Then the greatest entry of the absolute difference of both gradients, divided by "
            "the greatest absolute entry of either: `np.abs` before every `max`.",
        ),
        moral="It knows nothing of your derivation, and that is its strength. It is "
        "`tv.numerical_gradient` with `tv.relative_error`; `tv.check_model` does it to a whole "
        "model.",
        ask=ask_gradient_error,
    ),
    Exercise(
        "01.5", "What a linear autoencoder must lose", points=2,
        hints=(
            "The theorem of the notebook speaks of *centred* data. The biases are what lets "
            "you apply it to data that are not.",
            "Take off the mean picture. The singular values of what is left, or the "
            "eigenvalues of its covariance, hold all you need; do they come with the greatest "
            "first?",
            "Square the singular values of the centred x, leave out the k greatest squares, "
            "add up the rest and divide by N.",
        ),
        moral="No training can go below it, however long: that makes it a test. A linear "
        "autoencoder that reports less has a bug in its loss.",
        ask=ask_least_loss,
    ),
    Exercise(
        "01.6", "Predict: one dot that moves", points=2,
        hints=(
            "The matrix X of all pictures is the identity. Take off the mean picture, which "
            "has 1/D everywhere. What does the matrix that is left do to a vector?",
            "It takes the mean of its entries off a vector. So it leaves every vector alone "
            "whose entries add up to 0, and it makes 0 of a constant one. So its singular "
            "values are ones and zeros; how many of each?",
            "D - 1 singular values are 1, and one is 0. k of the ones are kept.",
        ),
        moral="The place of the dot is one number. Yet a flat subspace needs D - 1 of them, "
        "and each takes off the same share: with 64 pixels, 8 numbers take off about an "
        "eighth. What moves in a picture is what PCA is worst at.",
        ask=ask_dot_loss,
    ),
    Exercise(
        "01.7", "From the museum: steps of the wrong length", points=3,
        hints=(
            "Write out m after one, two and three steps with the same gradient g, from m = 0. "
            "What stands before g each time?",
            "The weights are a geometric series, (1 - beta1) (1 + beta1 + beta1² + ...) with t "
            "terms. For t = 1 the museum's divisor is right; for no later t.",
            "The series adds up to 1 minus the power t of beta1. Divide m by this, and v by "
            "the same with beta2, each time anew from the m and v that you keep.",
        ),
        moral="The mistake survives because training still works, only with a learning rate "
        "that nobody chose. `tv.Adam` is tested as here: a constant gradient, and each step "
        "must be lr.",
        ask=ask_adam_step,
    ),
]  # fmt: skip
