"""The exercises of 01: backward passes, what compression keeps, and an optimiser's mistake."""

import functools
from dataclasses import replace

import numpy as np

from tinyvae.course.ask import (
    SHAPES,
    Part,
    answer_of,
    call,
    close,
    compare,
    expect,
    extremes,
    in_parts,
    parts,
)
from tinyvae.course.exercises import Exercise

SCALES = np.array([[1e-6], [1e-3], [1.0], [1e4]])  # of the rows of an array

# 01.1 and 01.2: a dense layer. x (N, D), W (D, K), b (K,), dout (N, K).


def layers():
    """(x, W, b, dout); square first: there a wrong product fits, and elsewhere it stops."""
    rng = np.random.default_rng(1)
    tall, wide = ((5, 4, 2), (4, 3, 1), (6, 5, 5), (40, 30, 20)), ((1, 2, 6), (2, 7, 4))
    for n, d, k in ((3, 3, 3), *tall, *wide, (1, 1, 1), (2, 1, 3), (1, 4, 1)):
        yield tuple(rng.normal(size=size) for size in ((n, d), (d, k), (k,), (n, k)))


DENSE = Part(lambda x, W, b: x @ W + b, {
    "The biases are missing.": lambda x, W, b: x @ W,
    "The biases are subtracted; they are added.": lambda x, W, b: x @ W - b,
    "The biases are added to the weights and so multiplied by x as well. They are added once, "
    "after the product.": lambda x, W, b: x @ (W + b),
    "The biases are added inside the sum, and so once for each input. They are added once, "
    "after it.": lambda x, W, b: x @ W + len(W) * b,
    "`b` is added down the columns, one entry to each example. Entry `b[j]` belongs to output "
    "`j` of every example.": lambda x, W, b: x @ W + b[:, None],
    "This multiplies by `W` transposed. The sum runs over the first index of `W`: input `i` "
    "meets row `i` of `W`.": (
        lambda x, W, b: x @ W.T + b,
        lambda x, W, b: x @ (W.T if len(W) == len(b) else W) + b,
    ),
    "This is `W x`. The examples are the rows of `x`, so `x` stands on the left.":
        lambda x, W, b: W @ x + b,
    "This multiplies entry by entry. Each output is a *sum* over all inputs.":
        lambda x, W, b: x * W + b,
}, name="the output", why="one row for each example, one column for each output")  # fmt: skip


def ask_dense(dense):
    """dense(x, W, b) -> (N, K): x W + b."""
    compare(dense, [(x, W, b) for x, W, b, _ in layers()], DENSE)
    rng = np.random.default_rng(1)
    x, W = SCALES * rng.uniform(1, 2, (4, 5)), rng.uniform(1, 2, (5, 3))
    extremes(call(dense, x, W, np.zeros(3)), x @ W, "the output")


dx, dW, db = (
    lambda dout, x, W: dout @ W.T, lambda dout, x, W: x.T @ dout,
    lambda dout, x, W: dout.sum(axis=0),
)  # fmt: skip
ORDER = "The order is dx, dW, db."
SHAPE = "a derivative has the shape of what it is taken by, here"
BACKWARD = (
    Part(dx, {
        f"Your first array is the right dW or db. {ORDER}": (dW, db),
        "Where D = K, dx multiplies `dout` by `W` as it is. Both products fit there, but the "
        "sum runs over the outputs `j`, the *second* index of `W`.":
            lambda dout, x, W: dout @ (W if W.shape[0] == W.shape[1] else W.T),
        "dx is averaged over the examples. Each example has a dx of its own.":
            lambda dout, x, W: dout @ W.T / len(x),
        "dx looks as if `dout` were 1 everywhere; the chain rule multiplies by `dout`.":
            lambda dout, x, W: np.ones_like(dout) @ W.T,
    }, name="the gradient dx", why=f"{SHAPE} `x`"),
    Part(dW, {
        f"Your second array is the right dx or db. {ORDER}": (dx, db),
        "dW is transposed: entry `[i, j]` belongs to input `i` and output `j`.":
            lambda dout, x, W: dout.T @ x,
        "dW comes from a single example. Sum over all N of them.": (
            lambda dout, x, W: np.outer(x[0], dout[0]),
            lambda dout, x, W: np.outer(x[-1], dout[-1]),
        ),
        "dW is averaged over the examples. If L is a mean, its 1/N is in `dout` already; a "
        "layer sums.": lambda dout, x, W: x.T @ dout / len(x),
        "dW looks as if `dout` were 1 everywhere; the chain rule multiplies by `dout`.":
            lambda dout, x, W: x.T @ np.ones_like(dout),
    }, name="the gradient dW", why=f"{SHAPE} `W`"),
    Part(db, {
        f"Your third array is the right dx or dW. {ORDER}": (dx, dW),
        "db is averaged over the examples. If L is a mean, its 1/N is in `dout` already; a "
        "layer sums.": lambda dout, x, W: dout.mean(axis=0),
        "db is the number of examples: the chain rule multiplies by `dout`.":
            lambda dout, x, W: np.full(dout.shape[1], len(x)),
        "db is 1 everywhere: `b` acts in every example, and each hands back its `dout`.":
            lambda dout, x, W: np.ones(dout.shape[1]),
        "db is the `dout` of a single example. All N examples share `b`.":
            (lambda dout, x, W: dout[0], lambda dout, x, W: dout[-1]),
        "db is summed over the outputs. There is one bias for each output, and all N examples "
        "share it: sum over them.": lambda dout, x, W: dout.sum(axis=1),
    }, name="the gradient db", why="one bias for each output, and all N examples share it"),
)  # fmt: skip


def ask_dense_backward(backward):
    """backward(dout, x, W) -> dx (N, D), dW (D, K), db (K,)."""
    compare(backward, [(dout, x, W) for x, W, _, dout in layers()], *BACKWARD)
    rng = np.random.default_rng(2)
    small, W = SCALES * rng.uniform(1, 2, (4, 5)), rng.uniform(1, 2, (5, 3))
    for x, dout in ((small, np.ones((4, 3))), (np.ones((4, 5)), small[:, 1:4])):
        for got, part in zip(call(backward, dout, x, W), BACKWARD, strict=True):
            extremes(got, part.right(dout, x, W), part.name)


# 01.3: da of tanh, from dout and out, of one shape.


TANH = Part(lambda dout, out: dout * (1 - out**2), {
    "Here the hyperbolic tangent is taken once more: `out` is `tanh(a)` already, not a.":
        lambda dout, out: dout * (1 - np.tanh(out) ** 2),
    "This is the slope of tanh alone. The chain rule multiplies it by `dout`.":
        lambda dout, out: 1 - out**2,
    "Python reads `dout * 1 - out**2` as `dout - out**2`: brackets are missing.":
        lambda dout, out: dout - out**2,
    "The square is missing: the slope is `1 - out` nowhere but at `out` 0 and 1.":
        lambda dout, out: dout * (1 - out),
    "`(1 - out)` squared is not 1 minus `out` squared.":
        lambda dout, out: dout * (1 - out) ** 2,
    "This is the slope of the logistic sigmoid, whose output is called `s` in the notebook. "
    "Here the output is that of tanh.": lambda dout, out: dout * out * (1 - out),
    "The sign before the square is wrong: tanh is never steeper than 1.":
        lambda dout, out: dout * (1 + out**2),
    "This *divides* by the slope of tanh: that is the way back through its inverse.":
        lambda dout, out: dout / (1 - out**2),
    "`dout` and `out` have changed places.": lambda dout, out: out * (1 - dout**2),
    "This is the slope of the slope. Differentiate tanh once.":
        lambda dout, out: -2 * dout * out,
    "This hands `dout` on as it came, as if tanh were the line `out = a`.":
        lambda dout, out: dout,
    "This multiplies by `out`. Asked is the *slope* of tanh, as a function of `out`.":
        lambda dout, out: dout * out,
    "The square root is too much: cosh² - sinh² = 1, divided by cosh², gives the slope.":
        lambda dout, out: dout * np.sqrt(1 - out**2),
}, name="the gradient da", why="each entry of a has a derivative of its own")  # fmt: skip
FLAT = replace(
    TANH, mistakes={},
    not_finite="Far from 0, `out` is rounded to exactly 1 or -1; there your da is not finite.",
    otherwise=lambda *_: "At `out` = 1 and `out` = -1 tanh is flat: da should be 0.",
)  # fmt: skip


def ask_tanh_backward(backward):
    """backward(dout, out) -> da: dout (1 - out^2), of any shape; out = tanh(a)."""
    rng = np.random.default_rng(3)
    sizes = [(rng.normal(size=size), rng.uniform(-1.2, 1.2, size)) for size in SHAPES]
    compare(backward, [(np.array(dout), np.tanh(a)) for dout, a in sizes], TANH)
    compare(backward, [(np.array([2.0, -3.0, 4.0]), np.array([1.0, -1.0, 1.0]))], FLAT)
    a = np.array([1.5, 2.2, 2.7, 3.2, 3.9, 4.6, 5.4, 6.2, 7.0, -1.8, -2.9, -4.2, -6.6])
    near = call(backward, np.ones(13), np.tanh(a))
    expect(
        np.allclose(near, 1 - np.tanh(a) ** 2, rtol=1e-4, atol=5e-7),
        "Where `out` is close to 1 or -1 your da is wrong: there tanh is nearly flat, but not "
        "flat. Is something cut off or rounded?",
    )
    dout = np.repeat([1e-6, -1e-3, 1.0, -1e4], 3)
    out = np.tile([0.0, 0.5, -0.7], 4)
    extremes(call(backward, dout, out), dout * (1 - out**2), "the gradient da")


# 01.4: a check of a gradient g of f at x, against differences n with the step h.


def central(f, x, step, h):
    return (f(x + step) - f(x - step)) / (2 * h)


def top(*arrays):
    """The greatest size of an entry."""
    return max(np.abs(array).max() for array in arrays)


def relative(g, n):
    """The relative error."""
    return top(g - n) / top(g, n)


def checked(difference=central, error=relative):
    """The check from difference(f, x, step, h) of each entry, and error(g, n)."""

    def gradient_error(f, x, g, h):
        n = np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            step = np.zeros(x.shape)
            step[i] = h
            n[i] = difference(f, x, step, h)
        return error(g, n)

    return gradient_error


def measured(*errors):
    """The checks that are right but for error(g, n)."""
    return tuple(checked(error=error) for error in errors)


def by_entry(mean):
    """Those that divide each gap by something of its own entry."""
    return measured(
        lambda g, n: mean(np.abs(g - n) / np.maximum(np.abs(g), np.abs(n))),
        lambda g, n: mean(np.abs(g - n) / (np.abs(g) + np.abs(n))),
        lambda g, n: mean(np.abs(g - n) / np.abs(n)),
    )


def by_rows(f, x, e, h):
    """The slope of one who moves x[i], all of it."""
    return central(f, x, h * e.any(axis=tuple(range(1, e.ndim)), keepdims=True), h)


def piled(f, x, g, h):
    """Of one who leaves each entry at x - h."""
    x, n = x.copy(), np.empty(x.shape)
    for i in np.ndindex(x.shape):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        n[i] = (above - f(x)) / (2 * h)
    return relative(g, n)


def in_a_flat_copy(f, x, g, h):
    """Of one whose flat array is a copy where entries do not lie row by row: f sees no step."""
    return checked()(f, x, g, h) if x.flags.c_contiguous else relative(g, 0)


norm = np.linalg.norm
ERROR = Part(checked(), {
    "The answer is a number, the relative error, and not a verdict of 0 or 1: which error is "
    "small enough is for the caller to say.":
        measured(lambda g, n: relative(g, n) < 1e-6, lambda g, n: relative(g, n) > 1e-6),
    "This steps one way only, between x and x + h, or x - h and x. Its error is of the order "
    "of h; a step both ways makes it h squared.": (
        checked(lambda f, x, e, h: (f(x + e) - f(x)) / h),
        checked(lambda f, x, e, h: (f(x) - f(x - e)) / h),
    ),
    "The difference is divided by h, but the two points are 2h apart.":
        checked(lambda f, x, e, h: 2 * central(f, x, e, h)),
    "The difference is not divided by the distance of the two points.":
        checked(lambda f, x, e, h: f(x + e) - f(x - e)),
    "The difference is divided by the square of h: that belongs to a second derivative.": (
        checked(lambda f, x, e, h: (f(x + e) - f(x - e)) / h**2),
        checked(lambda f, x, e, h: (f(x + e) - 2 * f(x) + f(x - e)) / h**2),
    ),
    "This steps one way only, and divides by 2h: x and x + h are h apart.": (
        checked(lambda f, x, e, h: (f(x + e) - f(x)) / (2 * h)),
        checked(lambda f, x, e, h: (f(x) - f(x - e)) / (2 * h)),
    ),
    "The sign of the numerical gradient is turned: f at x + h comes first, f at x - h is "
    "subtracted.": checked(lambda f, x, e, h: -central(f, x, e, h)),
    "Your numerical gradient is 0 everywhere: does f see the steps, and is what it gives kept?":
        measured(lambda g, n: relative(g, 0)),
    "f at the two points is added. How much f *rises* is a difference.":
        checked(lambda f, x, e, h: (f(x + e) + f(x - e)) / (2 * h)),
    "The numerical gradient is cut to whole numbers: its array was made for integers.":
        measured(lambda g, n: relative(g, np.trunc(n))),
    "Right for a vector, wrong for a matrix: `x[i]` is a whole row. `np.ndindex(x.shape)` "
    "runs over single entries.": checked(by_rows),
    "Python reads `a / 2 * h` as `(a / 2) * h`: the h belongs under the line.":
        checked(lambda f, x, e, h: (f(x + e) - f(x - e)) / 2 * h),
    "Your two points are h apart; asked are x + h and x - h.":
        checked(lambda f, x, e, h: central(f, x, e / 2, h / 2)),
    "Your differences use another h than the one that is given.":
        lambda f, x, g, h: checked()(f, x, g, 1e-6),
    "All entries of x are moved at the same time. Move one, and leave the others.":
        checked(lambda f, x, e, h: (f(x + h) - f(x - h)) / (2 * h)),
    "An entry keeps its step when the next one is moved. Put it back first.": piled,
    "If x is the transpose of an array, your numerical gradient is 0. The entries of such an x "
    "do not lie row by row in memory, so `reshape(-1)` and `ravel()` make copies; "
    "`np.ndindex(x.shape)` or `x.flat` reach x itself.": in_a_flat_copy,
    "This is the absolute error. Divide by the size of the gradients, so that the unit of f "
    "does not matter.": measured(lambda g, n: top(g - n)),
    "Without the absolute value, a gap below 0 counts as small.": measured(
        lambda g, n: (g - n).max() / top(g, n), lambda g, n: (n - g).max() / top(g, n),
    ),
    "A gradient's greatest entry counts without its sign: -5 is larger than 3.": measured(
        lambda g, n: top(g - n) / max(g.max(), n.max()),
        lambda g, n: top(g - n) / g.max(), lambda g, n: top(g - n) / n.max(),
    ),
    "This divides by the greatest entry of one gradient only; take the larger of the two.":
        measured(lambda g, n: top(g - n) / top(n), lambda g, n: top(g - n) / top(g)),
    "This divides by the sum of both sizes; take the larger of the two.": measured(
        lambda g, n: top(g - n) / (top(g) + top(n)),
        lambda g, n: top(g - n) / top(np.abs(g) + np.abs(n)),
    ),
    "This divides entry by entry. Where a derivative is 0, rounding alone then makes a large "
    "error; divide by the greatest entry of all.":
        (*by_entry(np.max), *by_entry(lambda a: np.nanmax(a, initial=0))),
    "This compares lengths. Asked are the greatest entries: in a long gradient one wrong entry "
    "hardly changes the length.": measured(
        lambda g, n: norm(g - n) / max(norm(g), norm(n)),
        lambda g, n: norm(g - n) / (norm(g) + norm(n)),
        lambda g, n: norm(g - n) / norm(n), lambda g, n: norm(g - n) / norm(g),
    ),
    "This compares means. One wrong entry among thousands vanishes in a mean; take the "
    "greatest.": (
        *measured(
            lambda g, n: np.abs(g - n).mean() / top(g, n), lambda g, n: np.abs(g - n).mean(),
            lambda g, n: np.abs(g - n).mean() / max(abs(g).mean(), abs(n).mean()),
        ),
        *by_entry(np.mean), *by_entry(np.nanmean),
    ),
}, name="the relative error",
   why="the error is one number, the worst over all entries")  # fmt: skip
SCALED = replace(ERROR, mistakes={}, otherwise=lambda *_: (
    "With f and the gradient both a billion times as large, or as small, the relative error is "
    "the same; yours is not. Is something added to the divisor, or a small gap taken for none?"
))  # fmt: skip


def gradients():
    """(f, x, gradient, h): one gradient is exactly right, the others are wrong. x has several
    shapes, one is transposed; f is large or small, and does not depend on some x."""
    rng = np.random.default_rng(4)
    sizes = (2, 3), (5,), (1,), (2, 1, 3), (1, 4), (3, 1), (2, 2), (2, 3, 4), ()
    for i, size in enumerate(sizes):
        x, c, off = (np.array(rng.normal(size=size)) for _ in range(3))
        if size == (2, 3, 4):
            x, c, off = x.T, c.T, off.T
        if not size:  # before the one at which some answers stop
            whole = np.array([3.0, -2.0, 0.0, 5.0])
            yield lambda x, c=whole: np.sum(c * x), whole[::-1] / 4, whole, 0.25
        zero = slice(1, None, 4) if i else slice(0)
        c.flat[zero] = off.flat[zero] = 0
        h, unit = 0.1 + 0.05 * i, (1.0, 0.01)[i % 2]

        def f(x, c=c, unit=unit):
            return unit * (np.sum(c * x**3) + x.flat[0] * x.flat[-1] + 7)

        slopes = np.reshape([central(f, x, h * e, h) for e in units(x)], x.shape)
        for gradient in (slopes + unit * off, slopes - unit * off, unit * off - 3 * slopes):
            yield f, x, gradient, h


def units(x):
    """The steps of length 1, one for each entry of x."""
    return np.eye(x.size).reshape(-1, *x.shape)


def watched(error, off):
    """`error`, where `off` gets what is left of its steps in x, and rounding is made good."""

    @functools.wraps(error)
    def watching(f, x, *rest):
        kept = x.copy("K")
        out = error(f, x, *rest)
        off.append(np.abs(x - kept).max())
        if off[-1] < 1e-9:
            x[...] = kept
        return out

    return watching if callable(error) else error


def ask_gradient_error(error):
    """error(f, x, gradient, h) -> max|g - n| / max(|g|, |n|), n by central differences."""
    cases, off = list(gradients()), []
    tried = watched(error, off)
    compare(tried, cases, ERROR)
    expect(
        not any(0 < change < 1e-9 for change in off),
        "x comes back changed in its last digits: adding and taking off h rounds. Change a "
        "copy, or keep the old entry and put it back.",
    )
    scaled = [
        (lambda x, f=f, by=by: by * f(x), x, by * g, h)
        for f, x, g, h in cases[::5] for by in (1e-9, 1e9)
    ]  # fmt: skip
    compare(tried, scaled, SCALED)
    x, c = np.random.default_rng(4).normal(size=(2, 3, 4))
    got = call(tried, lambda x: np.sum(c * x**3), x, 3 * c * x**2, 1e-6)
    expect(
        got < 1e-6,
        f"With h = 1e-6 it gives {got:.3g} for the right gradient of f; it should be below "
        "1e-6. Is something rounded, or cut to float32?",
    )


# 01.5: the least loss of a linear autoencoder that keeps k numbers of x (N, D).


def squares(x):
    """The eigenvalues of x^T x, the greatest first, all D of them; rounding is made 0."""
    found = np.linalg.eigvalsh(x.T @ x)[::-1]
    return found * (found > 1e-12 * found[0])


def centred(x):
    return x - x.mean(axis=0)


def lost(x, k):
    """The mean square of what k axes through 0 leave of x."""
    return squares(x)[k:].sum() / len(x)


def least_loss(x, k):
    return 0.0 if k >= min(len(x) - 1, x.shape[1]) else lost(centred(x), k)


def variances(x):
    """The variance along each of the D axes, the greatest first."""
    return squares(centred(x)) / len(x)


def painted(axes, take_off=True, add_back=True):
    """The loss with axes(x about its mean, k), (D, k), the mean taken off and added back."""

    def loss(x, k):
        mean = x.mean(axis=0)
        A = axes(x - mean, k)
        return np.sum(((x - take_off * mean) @ A @ A.T + add_back * mean - x) ** 2) / len(x)

    return loss


def svd_rows(x, k):
    return np.linalg.svd(x)[2][:k].T


LEAST_LOSS = Part(least_loss, {
    "The mean of x is not taken off. The biases can paint the mean picture for nothing, so "
    "what counts is the data about their mean.": lost,
    "The mean of each *picture* is taken off, over its own pixels. Take off the mean picture: "
    "for each pixel, the mean over the examples.":
        lambda x, k: lost(x - x.mean(axis=1, keepdims=True), k),
    "The mean is not taken off, but one more number is kept. The biases do more: they put the "
    "k axes through the mean picture.": lambda x, k: lost(x, k + 1),
    "The pixels are divided by their standard deviations. J counts each as it is.":
        lambda x, k: lost(centred(x) / x.std(axis=0), k),
    "One number is taken off everywhere, the mean of all of x. Each pixel has its own mean "
    "over the examples.": lambda x, k: lost(x - x.mean(), k),
    "This divides by N - 1, as `np.cov` does unless told otherwise. J divides by N.":
        lambda x, k: least_loss(x, k) * len(x) / (len(x) - 1),
    "This is the sum over all examples. J is the mean over them.":
        lambda x, k: least_loss(x, k) * len(x),
    "This is also averaged over the D pixels. J sums over the pixels.":
        lambda x, k: least_loss(x, k) / x.shape[1],
    "This is what k numbers keep. The loss is the rest.": lambda x, k: variances(x)[:k].sum(),
    "The values are taken from the wrong end: the k greatest are kept. (`svd` gives the "
    "greatest first, `eigh` the smallest.)": (
        lambda x, k: variances(x)[::-1][k:].sum(),
        lambda x, k: variances(x)[::-1][:k].sum(),
        lambda x, k: variances(x)[: min(x.shape)][::-1][k:].sum(),  # of an svd, if N < D
        lambda x, k: variances(x)[: min(x.shape)][::-1][:k].sum(),
    ),
    "NumPy's svd gives the axes as the *rows* of its third array.": tuple(
        painted(lambda x, k: np.linalg.svd(x)[2][:, :k], add_back=back) for back in (1, 0)
    ),
    "The mean is not added back: the pictures that are painted lie about 0, those of x about "
    "their mean.": painted(svd_rows, add_back=False),
    "The mean is taken off to find the axes, but not from the pictures that they paint.":
        painted(svd_rows, take_off=False, add_back=False),
    "One number too many is kept.": lambda x, k: variances(x)[k + 1 :].sum(),
    "One number too few is kept.": lambda x, k: variances(x)[k - 1 :].sum(),
    "Only the next eigenvalue is counted. All that are not kept are lost.":
        lambda x, k: variances(x)[k],
    "The singular values are not squared.":
        lambda x, k: np.sqrt(squares(centred(x)))[k:].sum() / len(x),
    "This is the root of the loss.": lambda x, k: np.sqrt(least_loss(x, k)),
    "This is the share of the variance that is lost. J is the amount.":
        lambda x, k: least_loss(x, k) / variances(x).sum(),
    "This is the share of the variance that is kept. J is the amount that is lost.":
        lambda x, k: variances(x)[:k].sum() / variances(x).sum(),
    "This is the whole variance: k numbers are kept, and they count.":
        lambda x, k: variances(x).sum(),
    "The eigenvalues are squared once too often: those of the covariance are squares already.":
        lambda x, k: (variances(x)[k:] ** 2).sum(),
    "This is half of it: J has no factor ½.": lambda x, k: least_loss(x, k) / 2,
    "These are the variances of single pixels. The autoencoder may keep any direction: take "
    "the eigenvalues of the covariance.":
        lambda x, k: np.sort(x.var(axis=0))[: x.shape[1] - k].sum(),
}, name="the least loss", why="the least loss is one number")  # fmt: skip


def something_lost(got, x, k):
    """What is wrong with a loss that is not 0, where nothing need be lost."""
    if k == x.shape[1]:
        return "With k = D numbers nothing is lost: J = 0."
    if len(x) > 1 and np.allclose(x, x[0]):
        return "If all pictures are the same, the biases paint them: J = 0. Yours is not."
    return (
        "N pictures about their mean span at most N - 1 dimensions, so with k = N - 1 or more "
        f"nothing is lost. With N = {len(x)}, D = {x.shape[1]} and k = {k} your J is not 0: is "
        "there one value for each of the D dimensions, and is no index negative?"
    )


NOTHING_LOST = Part(
    lambda x, k: 0.0, name="the least loss", why="the least loss is one number",
    otherwise=something_lost,
    not_finite="Where nothing is left about the mean, since all pictures are the same or there "
    "is only one, your J is not finite. It is 0: is it a share of something?",
)  # fmt: skip
# (N, D, k)
SOME_LOST = (9, 6, 2), (5, 7, 2), (30, 4, 1), (10, 40, 8), (6, 6, 3), (5, 2, 1), (12, 7, 5)
NONE_LOST = (12, 7, 7), (3, 5, 5), (10, 40, 9), (6, 9, 7), (6, 6, 5), (2, 3, 1), (1, 4, 2)


def ask_least_loss(answer):
    """least_loss(x, k) -> the least J of a linear autoencoder with k numbers."""
    rng = np.random.default_rng(5)
    cases = [
        (rng.normal(size=(n, d)) * rng.uniform(0.5, 2, d) + 2 * rng.normal(size=d), k)
        for n, d, k in SOME_LOST
    ]
    compare(answer, cases, LEAST_LOSS)
    x, k = cases[-1]
    for scale in (1e-4, 1e4):
        extremes(call(answer, scale * x, k), least_loss(scale * x, k), "the least loss")
    same = np.tile([3.0, -1.0, 0.0, 2.0, 4.0], (6, 1))
    none = [(rng.normal(1, 1, size=(n, d)), k) for n, d, k in NONE_LOST]
    compare(answer, [*none[:2], (same, 1), *none[2:]], NOTHING_LOST)


# 01.6: the same for the D pictures of one dot.


def not_for_these(got, D, k):
    """What is wrong with a loss that was right in the cases before."""
    at = f"Right in other cases, but not for D = {D}, k = {k}."
    if k == 0:
        return f"{at} There the bias of the decoder paints alone: their mean, for all of them."
    if k == D - 1:
        return f"{at} There the k numbers span all that is left about the mean."
    return "The loss has the wrong value."


DOT_LOSS = Part(lambda D, k: (D - 1 - k) / D, {
    "This is the loss of an autoencoder without biases. With them the mean picture costs no "
    "number, and only what is left about the mean must be kept.": lambda D, k: (D - k) / D,
    "This is the sum over the pictures. J is the mean over them.": lambda D, k: D - 1 - k,
    "This is also averaged over the pixels. J sums over the pixels and averages over the "
    "pictures.": lambda D, k: (D - 1 - k) / D**2,
    "This is what the k numbers keep, not what is lost.": lambda D, k: k / D,
    "This divides by D - 1: it is a share of the variance, or the variance of a sample. J "
    "divides by the number of pictures.": lambda D, k: (D - 1 - k) / (D - 1),
    "The place of the dot is one number, but a *linear* decoder cannot turn it into a dot: its "
    "pictures lie on a straight line.": lambda D, k: 0 if k else 1 - 1 / D,
    "The k numbers have no effect in your answer.": lambda D, k: (D - 1) / D,
    "D pictures about their mean span one dimension less than D, not two.":
        lambda D, k: (D - 2 - k) / D,
    "This is what one axis holds. All the axes that are not kept are lost.": lambda D, k: 1 / D,
    "This is the root of the loss.": lambda D, k: np.sqrt((D - 1 - k) / D),
    "This is 0 for all D and k: `//` cuts off what is below 1.": lambda D, k: 0,
    "Right for D = 64 or 16, but not for every D: is a number typed in?":
        (lambda D, k: (63 - k) / 64, lambda D, k: (15 - k) / 16),
}, name="the loss", why="the loss is one number", otherwise=not_for_these)  # fmt: skip
DOTS = (
    (16, 1), (16, 5), (64, 8), (7, 3), (64, 40), (150, 2), (9, 6), (5, 0), (12, 0), (10, 9),
    (64, 63), (7, 6), (3, 2), (2, 1), (2, 0),
)  # fmt: skip


def ask_dot_loss(dot_loss):
    """dot_loss(D, k) -> (D - 1 - k) / D, the least J for the D pictures of one moving dot."""
    compare(dot_loss, DOTS, DOT_LOSS)


# 01.7: one step of Adam. Each function takes p, g, m, v, t, lr, b1, b2, eps.


def new_m(p, g, m, v, t, lr, b1, b2, eps):
    return b1 * m + (1 - b1) * g


def new_v(p, g, m, v, t, lr, b1, b2, eps):
    return b2 * v + (1 - b2) * g**2


def step(g, m, v, c1, c2, lr, eps):
    """What p loses: c1 and c2 are what the weights in m and v add up to."""
    return lr * (m / c1) / (np.sqrt(v / c2) + eps)


def stepped(change):
    """The new p of one who takes off change(g, m, v, c1, c2, lr, eps), with the new means."""

    def new_p(p, g, m, v, t, lr, b1, b2, eps):
        means = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        return p - change(g, *means, 1 - b1**t, 1 - b2**t, lr, eps)

    return new_p


def summed(first, second=None):
    """That of one for whom the weights add up to first(b1, t) and second(b2, t)."""

    def new_p(*inputs):
        *_, t, _, b1, b2, _ = inputs
        sums = first(b1, t), (second or first)(b2, t)
        return stepped(lambda g, m, v, c1, c2, *rest: step(g, m, v, *sums, *rest))(*inputs)

    return new_p


def total(b, t):
    return 1 - b**t


new_p = stepped(step)
ONE_SHAPE = "p, g, m and v all have one shape"
NEW_P = Part(new_p, {
    "The first array is the step alone; asked is the parameter after it.":
        (lambda p, *rest: new_p(p, *rest) - p, lambda p, *rest: p - new_p(p, *rest)),
    "The step is still the museum's: both means are divided by the weight of the newest "
    "gradient, in every step. The weights of *all* gradients so far must add up.":
        summed(lambda b, t: 1 - b),
    "The means are not corrected: in the first steps they are too small, since both started "
    "at 0.": summed(lambda b, t: 1),
    "Only m is corrected; v started at 0 too.":
        (summed(total, lambda b, t: 1), summed(total, lambda b, t: 1 - b)),
    "Only v is corrected; m started at 0 too.":
        (summed(lambda b, t: 1, total), summed(lambda b, t: 1 - b, total)),
    "The sum of the weights is one step late: t is 1 in the first step, and in step t each "
    "mean holds t gradients.": summed(lambda b, t: 1 - b ** (t - 1)),
    "The sum of the weights is one step early: t is 1 in the first step, and in step t each "
    "mean holds t gradients.": summed(lambda b, t: 1 - b ** (t + 1)),
    "t multiplies; but the weights fall by a factor beta in each step, so t is a power.": (
        summed(lambda b, t: t * (1 - b)), summed(lambda b, t: 1 - b * t),
        summed(lambda b, t: t),
    ),
    "The sum of the weights is taken with a power of the wrong thing: 1 minus (beta to the t), "
    "not (1 minus beta) to the t.": summed(lambda b, t: (1 - b) ** t),
    "You divide by beta to the t: that is what the weights *lack*, not what they add up to.":
        summed(lambda b, t: b**t),
    "You multiply by the sums of the weights; to make a mean, divide.":
        summed(lambda b, t: 1 / total(b, t)),
    "m and v have each other's correction: m was mixed with beta1, v with beta2.":
        stepped(lambda g, m, v, c1, c2, *rest: step(g, m, v, c2, c1, *rest)),
    "Both means are corrected with beta1; v was mixed with beta2.":
        stepped(lambda g, m, v, c1, c2, *rest: step(g, m, v, c1, c1, *rest)),
    "Both means are corrected with beta2; m was mixed with beta1.":
        stepped(lambda g, m, v, c1, c2, *rest: step(g, m, v, c2, c2, *rest)),
    "The correction of v is outside of the root; v is corrected before its root is taken.":
        stepped(lambda g, m, v, c1, c2, lr, eps: lr * m / c1 / (np.sqrt(v) / c2 + eps)),
    "p moves up the slope: the step is subtracted.": stepped(lambda *made: -step(*made)),
    "The root is missing: the step divides by the root of v, which has the gradient's unit.":
        stepped(lambda g, m, v, c1, c2, lr, eps: lr * m / c1 / (v / c2 + eps)),
    "eps stands under the root; it is added to the root.":
        stepped(lambda g, m, v, c1, c2, lr, eps: lr * m / c1 / np.sqrt(v / c2 + eps)),
    "eps is missing, or is not the one that is given.": tuple(
        stepped(lambda *made, eps=eps: step(*made[:6], eps)) for eps in (0, 1e-8)
    ),
    "eps is added to the root of the uncorrected v; add it to the root of the corrected one.":
        stepped(
            lambda g, m, v, c1, c2, lr, eps: lr * np.sqrt(c2) / c1 * m / (np.sqrt(v) + eps)
        ),
    "The step uses m and v as they were before this gradient.":
        lambda p, g, m, v, t, lr, b1, b2, eps:
            p - step(g, m, v, total(b1, t), total(b2, t), lr, eps),
    "The step uses the gradient itself where the corrected mean m belongs.": (
        stepped(lambda g, m, v, c1, *rest: step(g, g, v, 1, *rest)),
        stepped(lambda g, m, v, *rest: step(g, g, v, *rest)),
    ),
    "This is plain gradient descent: nothing is divided by the gradient's size.": (
        stepped(lambda g, m, v, c1, c2, lr, eps: lr * g),
        stepped(lambda g, m, v, c1, c2, lr, eps: lr * m),
        stepped(lambda g, m, v, c1, c2, lr, eps: lr * m / c1),
    ),
    "The whole array is divided by one length. Each entry has its own root of v.": stepped(
        lambda g, m, v, c1, c2, lr, eps: lr * m / c1 / (np.sqrt(np.sum(v / c2)) + eps)
    ),
    "The step keeps only the sign of m. It is divided by the root of the corrected v.":
        stepped(lambda g, m, v, c1, c2, lr, eps: lr * np.sign(m)),
    "The correction uses 0.9 and 0.999, whatever is given.":
        summed(lambda b, t: 1 - 0.9**t, lambda b, t: 1 - 0.999**t),
    "The learning rate is missing, or is not the one that is given.": tuple(
        stepped(lambda *made, lr=lr: step(*made[:5], lr, made[6])) for lr in (1, 1e-3, 0.01)
    ),
    "p does not move.": lambda p, *rest: p,
}, name="the new p", why=ONE_SHAPE,
   not_finite="The new p is not finite: you divide by 0, or take the root of a negative "
   "number. A sum of the weights lies between 0 and 1.")  # fmt: skip
NEW_M = Part(new_m, {
    "Your second array is the right p or v. The order is p, m, v.": (new_p, new_v),
    "You hand back the corrected m. The next step would mix it with its gradient and correct "
    "it again; keep m as it is.":
        lambda p, g, m, v, t, lr, b1, b2, eps: (b1 * m + (1 - b1) * g) / (1 - b1**t),
    "In m the old mean and the new gradient have each other's weights.":
        lambda p, g, m, v, t, lr, b1, b2, eps: (1 - b1) * m + b1 * g,
    "In m the new gradient has no weight; its weight is 1 - beta1.":
        lambda p, g, m, v, t, lr, b1, b2, eps: b1 * m + g,
    "m comes back as it was given: hand back the new one.": lambda p, g, m, *rest: m,
    "m is mixed with beta2; that is the weight in v.":
        lambda p, g, m, v, t, lr, b1, b2, eps: b2 * m + (1 - b2) * g,
    "m is mixed with 0.9, whatever beta1 is given.": lambda p, g, m, *_: 0.9 * m + 0.1 * g,
}, name="the new m", why=ONE_SHAPE)  # fmt: skip
NEW_V = Part(new_v, {
    "Your third array is the right p or m. The order is p, m, v.": (new_p, new_m),
    "You hand back the corrected v. The next step would mix it with its gradient and correct "
    "it again; keep v as it is.":
        lambda p, g, m, v, t, lr, b1, b2, eps: (b2 * v + (1 - b2) * g**2) / (1 - b2**t),
    "In v the old mean and the new square have each other's weights.":
        lambda p, g, m, v, t, lr, b1, b2, eps: (1 - b2) * v + b2 * g**2,
    "In v the square of the gradient has no weight; its weight is 1 - beta2.":
        lambda p, g, m, v, t, lr, b1, b2, eps: b2 * v + g**2,
    "v is the running mean of the gradient's *square*.":
        lambda p, g, m, v, t, lr, b1, b2, eps: b2 * v + (1 - b2) * g,
    "v is the running mean of g squared, not of m squared.": lambda *given: (
        new_v(given[0], new_m(*given), *given[2:])
    ),
    "v is the running mean of g squared, not of its size |g|.":
        lambda p, g, m, v, t, lr, b1, b2, eps: b2 * v + (1 - b2) * np.abs(g),
    "v comes back as it was given: hand back the new one.": lambda p, g, m, v, *rest: v,
    "v is mixed with beta1; that is the weight in m.":
        lambda p, g, m, v, t, lr, b1, b2, eps: b1 * v + (1 - b1) * g**2,
    "v is mixed with 0.999, whatever beta2 is given.":
        lambda p, g, m, v, *rest: 0.999 * v + 0.001 * g**2,
}, name="the new v", why=ONE_SHAPE)  # fmt: skip
ADAM = NEW_P, NEW_M, NEW_V


def steps():
    """p, g, m, v of each shape, in step 1 and in later ones; the settings are large, so that
    each counts."""
    rng = np.random.default_rng(7)
    settings = (0.3, 0.8, 0.95, 0.2), (0.1, 0.6, 0.9, 0.01), (0.7, 0.0, 0.5, 1.0)
    for i, size in enumerate(SHAPES):
        for t in (3 + i, 1, 2):
            p, g, m, v = (np.array(rng.normal(size=size)) for _ in range(4))
            yield p, g, m * (t > 1), v**2 * (t > 1), t, *settings[i % 3]
    yield *rng.normal(size=(3, 4)), np.ones(4), 5, 0.2, 0.9, 0.0, 0.1


def late_steps():
    """Single steps, early and late, from p = 0, with gradients from small to large."""
    size = SCALES.ravel()
    for settings in ((0.01, 0.9, 0.9999, 1e-8), (0.02, 0.999, 0.99, 1e-8)):
        for t in (1, 2, 8, 21, 101, 1001, 5001, 40_000):
            g, m, v = np.random.default_rng(t).uniform(1, 2, (3, 4)) * [size, size, size**2]
            yield np.zeros(4), g, m * (t > 1), v * (t > 1), t, *settings


def means_first(adam_step):
    """adam_step with p put out last: a wrong mean makes a wrong p."""

    @functools.wraps(adam_step)
    def answer(*inputs):
        p, *means = adam_step(*inputs)
        return (*means, p)

    return answer


def ask_adam_step(adam_step):
    """adam_step(p, g, m, v, t, lr, beta1, beta2, eps) -> p, m, v after step t (1, 2, ...)."""
    cases = list(steps())
    for case in cases[:3]:  # the first step is among them
        parts(call(adam_step, *case), 3, "the new p, m and v")
    compare(means_first(adam_step), cases, NEW_M, NEW_V, NEW_P)
    for case in late_steps():
        got = call(adam_step, *case)
        *_, t, _, b1, b2, _ = case
        expect(
            np.isclose(got[0][2], new_p(*case)[2], rtol=1e-4, atol=0),
            f"In other steps the new p is right, but not in step {t} with beta1 = {b1} and "
            f"beta2 = {b2}: the weights of t gradients add up to less than 1 however late it "
            "is, and with a beta near 1 that counts for long.",
        )
        for one, part in zip(got, ADAM, strict=True):
            extremes(one, part.right(*case), part.name)
    p, zero = np.array([3.0, -1.0]), np.zeros(2)
    expect(
        close(call(adam_step, p, zero, zero, zero, 3, 0.01, 0.9, 0.999, 1e-8)[0], p),
        "Where all gradients so far are 0, p stays; eps is there so that nothing is divided by "
        "0.",
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
        ask=ask_dense, right=answer_of(DENSE), wrong=in_parts(DENSE),
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
        ask=ask_dense_backward, right=answer_of(*BACKWARD), wrong=in_parts(*BACKWARD),
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
        ask=ask_tanh_backward, right=answer_of(TANH), wrong=in_parts(TANH),
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
        ask=ask_gradient_error, right=answer_of(ERROR), wrong=in_parts(ERROR),
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
        ask=ask_least_loss, right=least_loss, wrong=in_parts(LEAST_LOSS),
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
        ask=ask_dot_loss, right=answer_of(DOT_LOSS), wrong=in_parts(DOT_LOSS),
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
        ask=ask_adam_step, right=answer_of(*ADAM), wrong=in_parts(*ADAM),
    ),
]  # fmt: skip
