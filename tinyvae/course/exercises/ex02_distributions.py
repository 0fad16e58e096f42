"""The exercises of 02: densities as likelihoods, and the KL divergence."""

from dataclasses import replace
from functools import partial

import numpy as np

from tinyvae.course.ask import (
    CLOSE,
    SIZES,
    NotYet,
    Part,
    answer_of,
    at_edge,
    call,
    compare,
    expect,
    in_parts,
    not_usual,
    number,
    of_two,
    parts,
    shape,
)
from tinyvae.course.exercises import Exercise
from tinyvae.distributions import LOG_2PI, kl_to_prior, log_normal
from tinyvae.ops import logsumexp, sigmoid, softplus

SUMMED = "one number a row, summed over its columns and not over the batch"
WIDTHS = (-16, -9, -6.5, -4.5, -3.5, -2.2, 0, 2.2, 3.5, 4.5, 6.5, 8, 10)  # logvars


def usual_notes(seed, n_means=1):
    """(mean, ..., logvar) in each of SIZES, in so many rows that no range is missed, far from
    0, and as float32."""
    rng = np.random.default_rng(seed)
    for n, size, off in (*((*size, 0) for size in SIZES), (300, 1, 0), (5, 2, 8), (3, 2, 0)):
        means = 0.3 + 1.2 * rng.normal(size=(n_means, n, size)) + off * rng.normal(size=size)
        note = *means, 0.3 + 1.1 * rng.normal(size=(n, size))
        yield note
    yield tuple(array.astype("f4") for array in note)


# 02.1: log N(z; mu, e^logvar), summed over the columns. z, mu and logvar are (N, L).


def density(z, mu, logvar, two_pi=1, log=1, square=1, far=None):
    """log_normal; with other numbers of log 2π, logvar and squares, or another square `far`."""
    apart = (z - mu) ** 2 / np.exp(logvar) if far is None else far(z - mu, logvar)
    return -0.5 * (two_pi * LOG_2PI + log * logvar + square * apart).sum(axis=-1)


def without_exp(log_sigma, wide):
    """The density of one who reads logvar as sigma or sigma^2, with any log sigma."""
    return lambda z, m, v: density(
        z, m, v, log=0, far=lambda off, v: 2 * log_sigma(v) + off**2 / wide(v)
    )


DENSITY = Part(log_normal, {
    "This density does not integrate to 1: the constant with 2π is missing.":
        partial(density, two_pi=0),
    "The constant ½ log 2π is there once a row. Each of the row's numbers brings its own.":
        lambda z, m, v: density(z, m, v, two_pi=1 / z.shape[1]),
    "The constant is counted too often: each number of a row brings ½ log 2π once.":
        lambda z, m, v: density(z, m, v, two_pi=z.shape[1]),
    "The term -½ logvar is missing. It is the logarithm of the width by which the density is "
    "divided: a wide curve must be low.": partial(density, log=0),
    "logvar has the wrong sign in the constant: a wide curve must be low.":
        partial(density, log=-1),
    "logvar stands whole where half of it belongs: log sigma is logvar / 2.":
        partial(density, log=2),
    "This is the density whose *standard deviation* is `exp(logvar)`. logvar is the log of the "
    "variance: sigma² is `exp(logvar)`.": lambda z, m, v: log_normal(z, m, 2 * v),
    "This is the density whose variance is `exp(logvar / 2)`. That is sigma; sigma² is "
    "`exp(logvar)`.": lambda z, m, v: log_normal(z, m, v / 2),
    "This is the density whose variance is `exp(-logvar)`: sigma² is `exp(logvar)`.":
        lambda z, m, v: log_normal(z, m, -v),
    "The squared distance is divided by sigma. It belongs over sigma², which is "
    "`exp(logvar)`.": partial(density, far=lambda off, v: off**2 / np.exp(v / 2)),
    "The squared distance is multiplied by sigma², where it should be divided by it.":
        partial(density, far=lambda off, v: off**2 * np.exp(v)),
    "The squared distance is divided by sigma⁴: `exp(logvar)` is sigma² already.":
        partial(density, far=lambda off, v: off**2 / np.exp(2 * v)),
    "The squared distance is not divided by sigma²: what is far for a narrow curve is near for "
    "a wide one.": partial(density, far=lambda off, v: off**2),
    "The distance from mu is not squared.": (
        partial(density, far=lambda off, v: off / np.exp(v)),
        partial(density, far=lambda off, v: off / np.exp(v / 2)),
        partial(density, far=lambda off, v: np.abs(off) / np.exp(v)),
        partial(density, far=lambda off, v: np.abs(off) / np.exp(v / 2)),
    ),
    "logvar is used as if it were sigma or sigma². It is the logarithm of sigma².": tuple(
        without_exp(log_sigma, wide)
        for log_sigma in (
            lambda v: np.log(np.abs(v)), lambda v: np.log(np.abs(v)) / 2,
            lambda v: v, lambda v: v / 2,
        )
        for wide in (np.square, np.positive, np.abs)
    ),
    "The factor ½ of the squared distance is missing.": partial(density, square=2),
    "The squared distance is added, so the density would grow away from mu.":
        partial(density, square=-1),
    "mu is not in the distance: the curve stands at mu.":
        lambda z, m, v: log_normal(z, 0 * m, v),
    "The squared distance is missing: every z would be as likely as mu.":
        partial(density, square=0),
    "This is twice the log-density: the factor ½ before the bracket is missing.":
        lambda *note: 2 * log_normal(*note),
    "This is a mean over the columns. The numbers of a row are independent: their densities "
    "multiply, so the logarithms add up.": lambda z, m, v: log_normal(z, m, v) / z.shape[1],
    "The log-density is divided by the number of rows. Each row's own is asked for.":
        lambda z, m, v: log_normal(z, m, v) / len(z),
    "This is the density itself; asked is its natural logarithm.":
        lambda *note: np.exp(log_normal(*note)),
    "This is minus the log-density, the surprise.": lambda *note: -log_normal(*note),
    "This is a logarithm to base 2 (bits). Asked are nats: the natural logarithm.":
        lambda *note: log_normal(*note) / np.log(2),
    "This is a logarithm to base 10. Asked are nats: the natural logarithm.":
        lambda *note: log_normal(*note) / np.log(10),
}, name="the log-density", why=SUMMED, not_finite=
    "There is a NaN or an infinity at ordinary inputs. `logvar` may be negative: it is itself "
    "a logarithm, so no logarithm or root of it is needed.",
)  # fmt: skip
DENSITY_FAR = at_edge(
    DENSITY,
    "Right near mu, but not 60 sigmas away: there the density itself is rounded to 0. Take the "
    "logarithm on paper, and let the code add and subtract.",
    1e-4,
)


def ask_log_density(log_density):
    """log_density(z, mu, logvar) -> (N,): log N(z; mu, e^logvar), summed over the columns."""
    cases = [*usual_notes(21, n_means=2)]
    z, mu, logvar = cases[len(SIZES)]  # the many rows, here near mu: densities about 1
    compare(log_density, [*cases, (z / 9, mu / 9, logvar - 2)], DENSITY)
    far, note = np.array([[60.0, -0.5], [0.2, -60.0]]), np.full((2, 2), 0.5)
    compare(log_density, [(far, note, -note), (-far[:1], note[:1], note[:1])], DENSITY_FAR)
    columns = np.ones((1, 1)), np.ones((1, 3)), np.ones((1, 300))
    cases = [
        (sigmas * np.exp(v / 2) * ones, 0 * ones, v * ones)
        for ones in columns for sigmas in (0, 2, 4, -6) for v in WIDTHS
    ]  # fmt: skip
    compare(log_density, cases, not_usual(DENSITY))


# 02.2: pixels x and logits a, both (N, D).


def coins(x, a):
    """The Bernoulli log-likelihood, (N,)."""
    return (x * a - softplus(a)).sum(axis=-1)


def coins_slope(x, a):
    """Its slope along each logit, (N, D)."""
    return x - sigmoid(a)


COINS = Part(coins, {
    "This is minus the log-likelihood, the loss (cross-entropy).": lambda x, a: -coins(x, a),
    "This is a mean over the pixels. The pixels are independent: their probabilities multiply, "
    "so the logarithms add up.": lambda x, a: coins(x, a) / x.shape[1],
    "This is the probability of the picture; asked is its logarithm.":
        lambda x, a: np.exp(coins(x, a)),
    "Only the white pixels count here: the term with `1 - x` is missing.":
        lambda x, a: -(x * softplus(-a)).sum(axis=-1),
    "Only the black pixels count here: the term with `x` is missing.":
        lambda x, a: -((1 - x) * softplus(a)).sum(axis=-1),
    "The pixels are read the wrong way round: `sigmoid(a)` is the probability of a 1.":
        lambda x, a: coins(1 - x, a),
    "The softplus has the wrong argument or sign: `log(1 - p)` is `-softplus(a)`, and `log p` "
    "is `a - softplus(a)`.": lambda x, a: (x * a - softplus(-a)).sum(axis=-1),
    "The softplus is added. It should be subtracted.":
        lambda x, a: (x * a + softplus(a)).sum(axis=-1),
    "The softplus is missing: `x * a` alone knows no bound.":
        lambda x, a: (x * a).sum(axis=-1),
    "The arguments are read in the wrong order: the pixels x come first, then the logits.":
        lambda x, a: coins(a, x),
    "This is a squared error. A pixel that is a coin has another log-likelihood.": (
        lambda x, a: -((x - sigmoid(a)) ** 2).sum(axis=-1),
        lambda x, a: -((x - sigmoid(a)) ** 2).sum(axis=-1) / 2,
    ),
    "The sigmoid is taken twice, or of something that is a probability already.":
        lambda x, a: coins(x, sigmoid(a)),
    "This is a logarithm to base 2 (bits). Asked are nats: the natural logarithm.":
        lambda x, a: coins(x, a) / np.log(2),
    "Right for x of 0 and 1, but not for grey x between them: there both terms count, `log p` "
    "with the weight x and `log(1 - p)` with the weight 1 - x.": (
        lambda x, a: coins(x > 0.5, a), lambda x, a: coins(x == 1, a),
        lambda x, a: coins(x != 0, a),
        lambda x, a: np.log(np.abs(x - sigmoid(-a))).sum(axis=-1),
        lambda x, a: np.log(x * sigmoid(a) + (1 - x) * sigmoid(-a)).sum(axis=-1),
    ),
}, name="the log-likelihood", why=SUMMED, not_finite=
    "The log-likelihood has a NaN or an infinity at ordinary logits. A logit may be any real "
    "number: only `sigmoid(a)` is a probability, and a product of many is rounded to 0.",
)  # fmt: skip
COINS_SLOPE = Part(coins_slope, {
    "This is the gradient of the loss. Asked is that of the log-likelihood, which has the "
    "other sign.": lambda x, a: -coins_slope(x, a),
    "This is `x - a`. What was expected is not the logit, but its sigmoid.":
        lambda x, a: x - a,
    "The derivative of the softplus is missing; the softplus itself stands there.":
        lambda x, a: x - softplus(a),
    "This is the slope along p, the probability. Asked is the slope along the logit a, so the "
    "chain rule has one more factor.":
        lambda x, a: x / sigmoid(a) - (1 - x) / sigmoid(-a),
    "There is a factor `p (1 - p)` too many: the slope of the logarithm cancels it.":
        lambda x, a: coins_slope(x, a) * sigmoid(a) * sigmoid(-a),
    "This is `p (1 - p)`, the slope of the sigmoid. Asked is that of the log-likelihood.":
        lambda x, a: sigmoid(a) * sigmoid(-a),
    "Only the white pixels have a slope here; those with x = 0 push their logit down.":
        lambda x, a: x * sigmoid(-a),
    "Only the black pixels have a slope here; those with x = 1 push their logit up.":
        lambda x, a: (x - 1) * sigmoid(a),
    "The sign of the logit is turned: `1 / (1 + exp(a))` is the probability of a 0.":
        lambda x, a: x - sigmoid(-a),
    "The derivative of x log p is taken, and x is then lost: this does not depend on x.":
        lambda x, a: sigmoid(-a),
    "This is the sigmoid, or minus it; the slope of `x a`, which is x, is missing.": (
        lambda x, a: sigmoid(a), lambda x, a: -sigmoid(a),
    ),
    "The arguments of the gradient are read in the wrong order: the pixels x come first.":
        lambda x, a: coins_slope(a, x),
    "Grey pixels are rounded: x itself belongs there.": (
        lambda x, a: coins_slope(x > 0.5, a), lambda x, a: coins_slope(x == 1, a),
        lambda x, a: coins_slope(x != 0, a),
    ),
    "The gradient is divided by the number of rows. Each row's own slope is asked for.":
        lambda x, a: coins_slope(x, a) / len(x),
    "The gradient is divided by the number of columns. The log-likelihood is a sum.":
        lambda x, a: coins_slope(x, a) / x.shape[1],
}, name="the gradient", why="a slope for each logit, nothing is summed")  # fmt: skip


def pixels():
    """(x, a): binary and grey pixels, with ordinary logits."""
    rng = np.random.default_rng(22)
    for n, size in (*SIZES, (300, 1), (2, 784)):
        a, x = 0.4 + 2 * rng.normal(size=(n, size)), rng.random((n, size))
        yield np.round(x), a
        yield x, a
    yield x[:, :3].astype("f4"), a[:, :3].astype("f4") / 2


def ask_bernoulli(log_prob, grad):
    """log_prob(x, a) -> (N,), grad(x, a) -> (N, D): pixels x, logits a, at any size of a."""
    for f, part in (log_prob, COINS), (grad, COINS_SLOPE):
        compare(f, pixels(), part)
        x, a = np.meshgrid([0, 0.3, 1], [0, 1, -3, 5, -7, 7, 8.5, -8.5, 10, -10, 12, -12])
        said = (
            f"At logits between -12 and 12 {part.name} is not quite right: a painter who is "
            "sure is not certain. Does some part of it stop at a large logit?"
        )
        greatest = 12 if part is COINS else 1  # what the tolerance is relative to
        compare(f, [(x.reshape(-1, 1), a.reshape(-1, 1))], at_edge(part, said, 3e-6 / greatest))
        for size in (20, 50, 100, 1000, 10000):
            for dtype in ("float32", "float64"):
                _ask_large_logits(f, part, size, dtype)


def _ask_large_logits(f, part, size, dtype):
    a = size * np.array([[1.0, -1.0, 1.0, -1.0, 1.0, -1.0]]).T
    x = np.array([[1.0, 1.0, 0.0, 0.0, 0.25, 0.25]]).T
    told = f"At logits of {size} and -{size} in {dtype} {part.name}"
    large = at_edge(
        part,
        f"{told} is finite, but wrong. Twice as large a wrong logit must cost twice as many "
        "nats, and its slope must not end; is something clipped?",
        CLOSE,
        f"{told} has a NaN or an infinity: a sigmoid is rounded to 0 or 1 before its logarithm "
        "is taken, an exponential overflows, or a 0 divides.",
    )
    small = 0.5 + 0 * a  # a row of large and small logits
    for case in (x, a), (np.hstack([x, x]), np.hstack([a, small])), (x[2:3], a[2:3]):
        compare(f, [tuple(array.astype(dtype) for array in case)], large)


# 02.3: one-hot letters x and logits a, both (N, T k).


def of_places(x, k):
    """(N, T, k)"""
    return x.reshape(len(x), -1, k)


def log_sums(a, k):
    """The log of the sum of the exponentials of each place, (N, T)."""
    return logsumexp(of_places(a, k))


def letters(x, a, k):
    """The log-likelihood of each text, (N,)."""
    return (x * a).sum(axis=-1) - log_sums(a, k).sum(axis=-1)


def softmax(a, k):
    """The probabilities of the letters, (N, T k)."""
    return np.exp(of_places(a, k) - log_sums(a, k)[..., None]).reshape(a.shape)


def letters_slope(x, a, k):
    """The slope of a text's log-likelihood along each of its logits."""
    return x - softmax(a, k)


def normed(blocks, axis):
    """The log-likelihoods of one who normalises the logits, as blocks(a, k), along a wrong axis
    and subtracts the norm at each letter that is there, or all norms."""

    def at_letters(x, a, k):
        x, a = blocks(x, k), blocks(a, k)
        return (x * (a - logsumexp(a, axis=axis, keepdims=True))).sum(axis=(1, 2))

    def all_norms(x, a, k):
        norms = logsumexp(blocks(a, k), axis=axis, keepdims=True)
        return (x * a).sum(axis=-1) - norms.sum(axis=(1, 2))

    return at_letters, all_norms


def normed_slope(blocks, axis):
    """The gradient of one who normalises the logits, as blocks(a, k), along a wrong axis."""

    def slope(x, a, k):
        a = blocks(a, k)
        return x - np.exp(a - logsumexp(a, axis=axis, keepdims=True)).reshape(x.shape)

    return slope


def crosswise(x, k):
    """(N, k, T)"""
    return x.reshape(len(x), k, -1)


LETTERS = Part(letters, {
    "One softmax is taken over the whole row. Each place has its own: its k probabilities sum "
    "to 1.": normed(lambda x, k: x[:, None], -1),
    "The blocks are read crosswise: place t has the columns t k, ..., t k + k - 1, so a row "
    "reshapes to (places, k).": (
        *normed(crosswise, 1), lambda x, a, k: letters(x, a, x.shape[1] // k),
    ),
    "The sum runs over the places. A softmax runs over the k letters of one place: the last "
    "axis of (N, T, k).": normed(of_places, 1),
    "The sum runs over the texts. A softmax runs over the k letters of one place, in one "
    "text.": normed(of_places, 0),
    "This is minus the log-likelihood, the loss (cross-entropy).":
        lambda *text: -letters(*text),
    "This is a mean over the places. The places are independent: their probabilities multiply, "
    "so the logarithms add up.": lambda x, a, k: letters(x, a, k) * k / x.shape[1],
    "This is a mean over the columns. The log-probabilities of the places add up.":
        lambda x, a, k: letters(x, a, k) / x.shape[1],
    "The logarithm of the sum is subtracted k times at each place, once for each letter. It "
    "belongs there once: only at the letter that is there.":
        lambda x, a, k: (x * a).sum(axis=-1) - k * log_sums(a, k).sum(axis=-1),
    "The normalising term is missing: a logit alone is no log-probability.":
        lambda x, a, k: (x * a).sum(axis=-1),
    "The normalising term is added. It should be subtracted.":
        lambda x, a, k: (x * a).sum(axis=-1) + log_sums(a, k).sum(axis=-1),
    "The logarithm of the sum is missing: the sum of the exponentials is subtracted.":
        lambda x, a, k: (x * a).sum(axis=-1) - np.exp(log_sums(a, k)).sum(axis=-1),
    "This is the probability of the text; asked is its logarithm.":
        lambda *text: np.exp(letters(*text)),
    "The log-probabilities of all letters are added up, also of those that are not there: does "
    "x come in?": lambda x, a, k: np.log(softmax(a, k)).sum(axis=-1),
    "Each letter is a coin of its own here (a sigmoid). The letters of one place exclude each "
    "other: their probabilities are a softmax.": lambda x, a, k: coins(x, a),
    "The sigmoid of the right letter's logit is no probability among k letters; the softmax "
    "is.": lambda x, a, k: (x * (a - softplus(a))).sum(axis=-1),
    "This adds up the probabilities of the letters that are there. Asked are their logarithms.":
        lambda x, a, k: (x * softmax(a, k)).sum(axis=-1),
    "The greatest logit is taken out before the exponential, and never comes back.":
        lambda x, a, k: letters(x, a, k) + of_places(a, k).max(axis=-1).sum(axis=-1),
    "The greatest logit stands in place of the logarithm of the sum. It is only the greatest "
    "part of it.":
        lambda x, a, k: (x * a).sum(axis=-1) - of_places(a, k).max(axis=-1).sum(axis=-1),
    "This is a logarithm to base 2 (bits). Asked are nats: the natural logarithm.":
        lambda *text: letters(*text) / np.log(2),
    "Only the first place counts here. The log-probabilities of all places add up.":
        lambda x, a, k: letters(x[:, :k], a[:, :k], k),
}, name="the log-likelihood",
   why="one number a row, summed over its places and not over the batch", not_finite=
    "The log-likelihood has a NaN or an infinity at ordinary logits. A logit may be any real "
    "number: only its softmax is a probability.",
)  # fmt: skip
LETTERS_SLOPE = Part(letters_slope, {
    "The gradient's softmax is taken over the whole row. Each place has its own.":
        normed_slope(lambda x, k: x[:, None], -1),
    "The gradient reads the blocks crosswise: place t has the columns t k, ..., t k + k - 1.":
        (normed_slope(crosswise, 1), lambda x, a, k: letters_slope(x, a, x.shape[1] // k)),
    "The gradient's softmax sums over the places. It sums over the k letters of one place: the "
    "last axis of (N, T, k).": normed_slope(of_places, 1),
    "The gradient's softmax sums over the texts. It sums over the k letters of one place, in "
    "one text.": normed_slope(of_places, 0),
    "This is the gradient of the loss. Asked is that of the log-likelihood, which has the "
    "other sign.": lambda *text: -letters_slope(*text),
    "This is `x - a`. What was expected is not the logit, but its softmax.":
        lambda x, a, k: x - a,
    "Only the letters that are there have a slope here. The others' logits sit in the sum of "
    "the exponentials: theirs must go down.": lambda x, a, k: x * letters_slope(x, a, k),
    "There is a factor `p (1 - p)` too many: the slope of the logarithm cancels it.":
        lambda x, a, k: letters_slope(x, a, k) * softmax(a, k) * (1 - softmax(a, k)),
    "This is the slope along p, the probability. Asked is the slope along the logit a.":
        lambda x, a, k: x / softmax(a, k),
    "The gradient uses a sigmoid of each logit. The letters of one place share a softmax.":
        lambda x, a, k: x - sigmoid(a),
    "This is the softmax; x, the letter that is there, does not come in.":
        lambda x, a, k: softmax(a, k),
    "This is minus the softmax; the slope of the picked logit itself, x, is missing.":
        lambda x, a, k: -softmax(a, k),
    "The normalising term's own value is subtracted. Its slope along a logit is asked for.":
        lambda x, a, k: x - np.repeat(log_sums(a, k), k, axis=1),
    "This is `x - log p`; the slope has the probability p itself.":
        lambda x, a, k: x - np.log(softmax(a, k)),
    "The gradient is divided by the number of rows. Each row's own slope is asked for.":
        lambda x, a, k: letters_slope(x, a, k) / len(x),
    "The gradient is divided by the number of places. The log-likelihood is a sum.":
        lambda x, a, k: letters_slope(x, a, k) * k / x.shape[1],
    "The gradient is divided by the number of letters. The log-likelihood is a sum.":
        lambda x, a, k: letters_slope(x, a, k) / k,
}, name="the gradient",
   why="a slope for each logit, in the order of the logits")  # fmt: skip


def texts():
    """(x, a, k): N one-hot texts of T places, and ordinary logits; also T = 1, k = 2 and 1."""
    rng = np.random.default_rng(23)
    for n, places, k in (
        (5, 3, 4), (1, 2, 3), (2, 5, 3), (4, 1, 6), (3, 4, 2), (3, 3, 3), (1, 1, 5), (2, 3, 1),
        (300, 1, 2), (2, 20, 30),
    ):  # fmt: skip
        x = np.eye(k)[rng.integers(0, k, (n, places))].reshape(n, -1)
        a = 0.5 + 2 * rng.normal(size=x.shape)
        yield x, a, k
    yield x.astype("f4"), a.astype("f4"), k


def ask_categorical(log_prob, grad):
    """log_prob(x, a, k) -> (N,), grad(x, a, k) -> (N, T k): one-hot letters x, logits a."""
    wide = np.array([[1e4, 0.0, -1e4, -1e4, -9990.0, -9990.5], [0.0, 1.0, 2.0, -1e4, 0.0, 1e4]])
    told = np.array([[0.0, 0, 1, 0, 1, 0], [1.0, 0, 0, 0, 0, 1]])
    for f, part in (log_prob, LETTERS), (grad, LETTERS_SLOPE):
        compare(f, texts(), part)
        large = at_edge(
            part,
            f"At logits of 10000 {part.name} is finite, but wrong: is something clipped, or "
            "added inside a logarithm to keep it from 0?",
            CLOSE if part is LETTERS else 4e-3,  # the step of float32 at 10000 is 1e-3
            f"At logits of 10000 {part.name} has a NaN or an infinity. Take each *place's* "
            "greatest logit out before the exponential: the softmax stays the same. A "
            "log-likelihood gets it back after the logarithm, and takes no logarithm of a "
            "probability.",
        )
        compare(f, [(told, wide, 3), (told, -wide, 3)], large)
        for size in (0.0, 3.0, 9.0, 12.0, 40.0, 200.0, 800.0, 2000.0, 1e4):
            _ask_letters_at(f, part, size)


def _ask_letters_at(f, part, size):
    """f at one place of 3 letters, two or one of which have a logit of this size."""
    said = (
        f"With one place, three letters and logits up to {size:g}, {part.name} is not quite "
        "right: is something cut off, or left out, where p is near 0 or near 1?"
    )
    # In float32 a logit is rounded, the more the larger it is; a log-likelihood grows with it.
    tolerance = 6e-7 if part is LETTERS else 2e-6 + 4e-7 * size * (size > 20)
    cases = [
        (np.eye(3), np.tile(logits, (3, 1)), 3)
        for logits in ([size, size, 0], [size, size - 0.5, 0], [0, size, 0], [0, -size, -size])
    ]
    compare(f, cases, at_edge(part, said, tolerance))


# 02.4: KL(N(mu, e^logvar) || N(0, 1)), summed over the latents. mu and logvar are (N, L).


def cost(mu, logvar):
    """The KL of each note, (N,)."""
    return kl_to_prior(mu, logvar).sum(axis=-1)


def terms(mu, logvar, square=np.square, width=np.exp, log=1, one=1):
    """`cost` from its terms: ½ (square(mu) + width(logvar) - one - log * logvar)."""
    return 0.5 * (square(mu) + width(logvar) - one - log * logvar).sum(axis=-1)


KL = Part(cost, {
    "This is the KL of Gaussians whose *standard deviation* is `exp(logvar)`. logvar is the "
    "log of the variance: sigma² is `exp(logvar)`.": lambda m, v: cost(m, 2 * v),
    "This is the KL of Gaussians whose variance is `exp(logvar / 2)`. That is sigma; sigma² is "
    "`exp(logvar)`.": lambda m, v: cost(m, v / 2),
    "This is a mean over the latents. The latents are independent under q and under p, so "
    "their KLs add up.": lambda m, v: cost(m, v) / m.shape[1],
    "This is twice the KL: the factor ½ before the bracket is missing.":
        lambda m, v: 2 * cost(m, v),
    "This is half of the KL: the factor ½ is there twice.": lambda m, v: cost(m, v) / 2,
    "This is minus the KL. A KL divergence is never negative.": lambda m, v: -cost(m, v),
    "The -1 of each latent is missing, so a note that equals the prior would cost ½ a nat.":
        partial(terms, one=0),
    "The -1 is there once a row. Each latent has its own.":
        lambda m, v: terms(m, v, one=1 / m.shape[1]),
    "This is `KL(p || q)`, from the prior to the note. Asked is `KL(q || p)`: the mean of "
    "log q - log p under q.": lambda m, v: cost(m / np.exp(v / 2), -v),
    "mu enters as it is; its square belongs there, since the prior is centred at 0.":
        (partial(terms, square=np.positive), partial(terms, square=np.abs)),
    "mu does not come in: a note far from the prior must cost more.":
        lambda m, v: cost(0 * m, v),
    "mu² has the wrong sign: a note far from the prior must cost more.":
        partial(terms, square=lambda m: -(m**2)),
    "logvar has the wrong sign: a very narrow note must cost more, not less.":
        partial(terms, log=-1),
    "logvar itself is missing: a very narrow note must cost more, without bound.":
        partial(terms, log=0),
    "The logarithm is halved once too often: in the bracket stands log sigma², which is "
    "logvar, beside mu² + sigma² - 1.": partial(terms, log=0.5),
    "sigma² is missing: a very wide note must cost more, not less.":
        partial(terms, width=np.zeros_like),
    "sigma² is `exp(logvar)`, not `exp(-logvar)`.": partial(terms, width=lambda v: np.exp(-v)),
    "sigma stands where its square belongs: sigma² is `exp(logvar)`.":
        partial(terms, width=lambda v: np.exp(v / 2)),
    "sigma⁴ stands where sigma² belongs: `exp(logvar)` is sigma² already.":
        partial(terms, width=lambda v: np.exp(2 * v)),
    "logvar is used as if it were sigma². It is the logarithm of sigma².":
        lambda m, v: cost(m, np.log(np.abs(v))) + (v - np.abs(v)).sum(axis=-1) / 2,
    "logvar is used as if it were sigma. It is the logarithm of sigma².":
        lambda m, v: cost(m, np.log(v**2)),
    "The KL is divided by the number of rows. Each row's own KL is asked for.":
        lambda m, v: cost(m, v) / len(m),
    "The sum over the latents is squared; each latent has its own mu².":
        lambda m, v: cost(0 * m, v) + m.sum(axis=-1) ** 2 / 2,
    "mu and logvar have changed places: mu comes first.": lambda m, v: cost(v, m),
    "This is a KL in bits. Asked are nats: the natural logarithm.":
        lambda m, v: cost(m, v) / np.log(2),
}, why="one number a row, summed over the latents and not over the batch", name="the KL",
   not_finite=
    "There is a NaN or an infinity at ordinary inputs. `logvar` may be negative: it is itself "
    "the logarithm of sigma², so no logarithm or root of it is needed.",
)  # fmt: skip
TWO_FORMULAS = "is it put together from two formulas, or cut off? One is exact everywhere."
KL_NEAR = at_edge(
    KL,
    "Close to the prior, where mu and logvar are small or 0, your KL is not quite right: "
    + TWO_FORMULAS,
    4e-4,
)


def ask_kl(kl):
    """kl(mu, logvar) -> (N,): KL(N(mu, e^logvar) || N(0, I)), summed over the latents."""
    compare(kl, usual_notes(24), KL)
    cases = [
        (np.full((1, columns), mean), np.full((1, columns), v))
        for columns in (1, 3, 200) for mean in (0.0, 0.3, -20.0) for v in WIDTHS if v or mean
    ]  # fmt: skip
    compare(kl, cases, not_usual(KL))
    near = np.array([[0.07, 0.045, 0.03, 0.02, 0.01, -0.02, -0.03, -0.045, -0.07]]).T
    compare(kl, [(0 * near, near), (near, 0 * near), (0 * near, 0 * near)], KL_NEAR)


# 02.5: the gradients of KL(N(mu, e^logvar) || N(m, e^v)). mu, logvar (N, L); m, v (L,).


def dmu(mu, logvar, m, v):
    """The slope along mu."""
    return (mu - m) / np.exp(v)


def dlogvar(mu, logvar, m, v):
    """The slope along logvar."""
    return np.expm1(logvar - v) / 2


KL_GRAD = (
    Part(dmu, {
        "Where dmu is asked for stands dlogvar: dmu comes first.": dlogvar,
        "dmu has a factor 2 too many: the ½ of the KL cancels the 2 of the square.":
            lambda *given: 2 * dmu(*given),
        "dmu has a factor ½ too many: it cancels against the 2 of the square.":
            lambda *given: dmu(*given) / 2,
        "dmu has the wrong sign: moving mu away from the prior's mean must make the KL grow.":
            lambda *given: -dmu(*given),
        "`prior_mu` and `prior_logvar` have changed places: prior_mu comes first.":
            lambda mu, lv, m, v: dmu(mu, lv, v, m),
        "`mu` and `logvar` have changed places: mu comes first.":
            lambda mu, lv, m, v: dmu(lv, mu, m, v),
        "dmu does not know the prior: this is its value for the prior N(0, 1).":
            lambda mu, lv, m, v: mu,
        "dmu leaves out the prior's variance: a narrow prior pulls harder.":
            lambda mu, lv, m, v: mu - m,
        "dmu leaves out the prior's mean: at mu = prior_mu the slope must be 0.":
            lambda mu, lv, m, v: mu / np.exp(v),
        "dmu is divided by the prior's standard deviation. Its variance belongs there: "
        "`exp(prior_logvar)`.": lambda mu, lv, m, v: (mu - m) / np.exp(v / 2),
        "dmu is divided by the square of the prior's variance: `exp(prior_logvar)` is a square "
        "already.": lambda mu, lv, m, v: (mu - m) / np.exp(2 * v),
        "dmu is multiplied by the prior's variance, where it should be divided.":
            lambda mu, lv, m, v: (mu - m) * np.exp(v),
        "dmu is divided by the note's own variance. That is the slope of `KL(p || q)`, from "
        "the prior to the note.": lambda mu, lv, m, v: (mu - m) / np.exp(lv),
        "dmu is divided by the number of rows. Each row's own slope is asked for.":
            lambda mu, *rest: dmu(mu, *rest) / len(mu),
        "dmu is divided by the number of latents. The KL is a sum over them.":
            lambda mu, *rest: dmu(mu, *rest) / mu.shape[1],
    }, name="`dmu`", why="a slope for each number of the note"),
    Part(dlogvar, {
        "Where dlogvar is asked for stands dmu: dmu comes first.": dmu,
        "dlogvar has a factor 2 too many: is it the slope along log sigma? logvar is twice "
        "that.": lambda *given: 2 * dlogvar(*given),
        "dlogvar has the wrong sign: beyond the prior's width, widening must make the KL "
        "grow.": lambda *given: -dlogvar(*given),
        "dlogvar has the ratio of the variances upside down: the note's belongs above, the "
        "prior's below.": lambda mu, lv, m, v: np.expm1(v - lv) / 2,
        "dlogvar takes prior_mu for prior_logvar.": lambda mu, lv, m, v: np.expm1(lv - m) / 2,
        "dlogvar takes mu for logvar.": lambda mu, lv, m, v: np.expm1(mu - v) / 2,
        "dlogvar does not know the prior: this is its value for the prior N(0, 1).":
            lambda mu, lv, m, v: np.expm1(lv) / 2,
        "dlogvar lacks the -½ that comes from the term -½ logvar; so it is not 0 where the "
        "note is as wide as the prior.": lambda mu, lv, m, v: np.exp(lv - v) / 2,
        "dlogvar is the slope along sigma². By the chain rule the slope along logvar is that "
        "times the derivative of `exp(logvar)`.":
            lambda mu, lv, m, v: np.expm1(lv - v) / 2 / np.exp(lv),
        "dlogvar is the slope along sigma. Asked is the slope along logvar.":
            lambda mu, lv, m, v: np.expm1(lv - v) / np.exp(lv / 2),
        "dlogvar reads logvar as log sigma. It is the log of the variance.":
            lambda mu, lv, m, v: np.expm1(2 * (lv - v)),
        "dlogvar has standard deviations where variances belong: sigma² is `exp(logvar)`.":
            lambda mu, lv, m, v: np.expm1((lv - v) / 2) / 2,
        "dlogvar multiplies by the prior's variance, where it should divide.":
            lambda mu, lv, m, v: np.expm1(lv + v) / 2,
        "dlogvar is the slope of `KL(p || q)`, from the prior to the note.":
            lambda mu, lv, m, v: (1 - (np.exp(v) + (mu - m) ** 2) / np.exp(lv)) / 2,
        "dlogvar still has mu in it. In `KL(q || p)` logvar and mu stand in different terms.":
            lambda mu, lv, m, v: ((np.exp(lv) + (mu - m) ** 2) / np.exp(v) - 1) / 2,
        "dlogvar compares the logarithms of the variances. The variances themselves belong "
        "there.": lambda mu, lv, m, v: (lv - v) / 2,
        "dlogvar has the prior's part subtracted, not divided by: the KL holds the ratio of "
        "the variances.": lambda mu, lv, m, v: (np.exp(lv) - np.exp(v)) / 2,
        "dlogvar is divided by the number of rows. Each row's own slope is asked for.":
            lambda mu, *rest: dlogvar(mu, *rest) / len(mu),
        "dlogvar is divided by the number of latents. The KL is a sum over them.":
            lambda mu, *rest: dlogvar(mu, *rest) / mu.shape[1],
    }, name="`dlogvar`", why="a slope for each number of the note"),
)  # fmt: skip


def notes_and_priors():
    """(mu, logvar, m, v); the prior is N(0, 1), or another one for each latent."""
    rng = np.random.default_rng(32)
    for mu, logvar in usual_notes(32):
        m, v = rng.normal(-0.5, 1, size=(2, mu.shape[1])).astype(mu.dtype)
        yield mu, logvar, m, v
        yield mu, logvar, 7 * m, v
        yield mu, logvar, 0 * m, 0 * v


def ask_kl_grad(kl_grad):
    """kl_grad(mu, logvar, m, v) -> (dmu, dlogvar) of KL(N(mu, e^logvar) || N(m, e^v))."""
    compare(kl_grad, notes_and_priors(), *KL_GRAD)
    one = np.ones((1, 1))
    cases = [
        ((m + off) * one, (v + wider) * one, m * one[0], v * one[0])
        for m in (0.0, 0.3) for off in (1, -40, 0)
        for v, wider in [(w, r) for w in WIDTHS for r in (0.7, -0.7, 0, 13, -13)]
        + [(0, w) for w in WIDTHS]
    ]  # fmt: skip
    compare(kl_grad, cases, *map(not_usual, KL_GRAD))
    cases = [
        ((0.25 + off) * one, (v + off) * one, 0.25 * one[0], v * one[0])
        for v in (0, 0.5) for off in (0.04, 0.03, 0.02, 0.01, -0.01, -0.03)
    ]  # fmt: skip
    said = "Where note and prior are nearly the same, `dlogvar` is not quite right: "
    compare(kl_grad, cases, KL_GRAD[0], at_edge(KL_GRAD[1], said + TWO_FORMULAS, 3e-4))


# 02.6: mu and logvar (L,), eps (S, L).


def draws(mu, logvar, eps):
    """The draws z from the note, (S, L)."""
    return mu + np.exp(logvar / 2) * eps


def ratios(mu, logvar, eps, z=draws):
    """log q(z) - log p(z) of each draw z(mu, logvar, eps), (S,)."""
    z = z(mu, logvar, eps)
    return log_normal(z, mu, logvar) - log_normal(z)


def estimate(*note, z=draws):
    """The KL's estimate."""
    return ratios(*note, z=z).mean()


def drawn(z):
    """The estimate of one who draws z(mu, logvar, eps)."""
    return partial(estimate, z=z)


def averaged(f):
    """The estimate of one who averages f(mu, logvar, eps, z) over the right draws z."""
    return lambda *note: f(*note, draws(*note)).mean()


def error(*note, ddof=0):
    """The estimate's standard error."""
    return ratios(*note).std(ddof=ddof) / np.sqrt(len(note[2]))


def by_spread(f):
    """Functions f(standard deviation of the log-ratios, eps), with divisor S and S - 1."""
    return tuple(
        lambda *note, ddof=ddof: f(ratios(*note).std(ddof=ddof), note[2]) for ddof in (0, 1)
    )


def by_latent(f):
    """Functions f(standard error of each latent's own KL), with divisor S and S - 1."""

    def error(mu, logvar, eps, ddof):
        each = (draws(mu, logvar, eps) ** 2 - eps**2) / 2
        return f(each.std(axis=0, ddof=ddof) / np.sqrt(len(eps)))

    return partial(error, ddof=0), partial(error, ddof=1)


ESTIMATE = Part(estimate, {
    "This is the closed form. Asked is an estimate of it from the draws `eps` alone.":
        lambda mu, v, e: cost(mu, v),
    "Where the estimate is asked for stands its standard error: the estimate comes first.":
        (error, partial(error, ddof=1)),
    "The draws are made with `exp(logvar)`, the variance, in place of sigma.":
        drawn(lambda mu, v, e: mu + np.exp(v) * e),
    "The draws are made with logvar in place of sigma.": drawn(lambda mu, v, e: mu + v * e),
    "`eps` itself is taken for the draws. Those come from the prior; draws from the note are "
    "asked for.": drawn(lambda mu, v, e: e),
    "mu is not in the draws.": drawn(lambda mu, v, e: np.exp(v / 2) * e),
    "sigma is not in the draws.": drawn(lambda mu, v, e: mu + e),
    "This is the mean of log p - log q under q, which is minus the KL.":
        lambda *note: -estimate(*note),
    "This estimates `KL(p || q)`, with draws from the prior. Asked is `KL(q || p)`, with draws "
    "from the note.": lambda *note: -drawn(lambda mu, v, e: e)(*note),
    "The log-ratio is weighed with q(z) once more. The draws come from q, which is weight "
    "enough.": averaged(lambda mu, v, e, z: np.exp(log_normal(z, mu, v)) * ratios(mu, v, e)),
    "The ratio q / p is averaged, and the logarithm taken afterwards. The KL is the mean of "
    "the logarithm.": lambda *note: np.log(np.exp(ratios(*note)).mean()),
    "The ratio q / p is averaged without its logarithm.":
        lambda *note: np.exp(ratios(*note)).mean(),
    "This is a mean over the latents too. The latents' log-densities add up; only the draws "
    "are averaged.": lambda mu, *rest: estimate(mu, *rest) / len(mu),
    "This is a sum over the draws. Their mean is asked for.":
        lambda *note: ratios(*note).sum(),
    "The constant ½ log 2π stands in one of the two densities only.": (
        lambda mu, *rest: estimate(mu, *rest) + len(mu) * LOG_2PI / 2,
        lambda mu, *rest: estimate(mu, *rest) - len(mu) * LOG_2PI / 2,
    ),
    "The term -½ logvar of log q is missing.":
        lambda mu, v, e: estimate(mu, v, e) + v.sum() / 2,
    "log q has the variance `exp(2 logvar)`: logvar is read as log sigma.":
        averaged(lambda mu, v, e, z: log_normal(z, mu, 2 * v) - log_normal(z)),
    "The mean of log q is taken from its closed form. Both logarithms are averaged over the "
    "draws.": averaged(lambda mu, v, e, z: -(LOG_2PI + 1 + v).sum() / 2 - log_normal(z)),
    "This is the median of the log-ratios. The KL is their mean.":
        lambda *note: np.median(ratios(*note)),
    "log q is left out: this is the mean of -log p alone.":
        averaged(lambda mu, v, e, z: -log_normal(z)),
    "Only log q is here; subtract log p(z).":
        averaged(lambda mu, v, e, z: log_normal(z, mu, v)),
    "`tv.log_normal` takes log sigma²; for N(0, 1) that is 0, not 1.":
        averaged(lambda mu, v, e, z: log_normal(z, mu, v) - log_normal(z, 0, 1)),
    "`tv.log_normal` is given sigma² in place of its logarithm.": (
        averaged(lambda mu, v, e, z: log_normal(z, mu, np.exp(v)) - log_normal(z)),
        averaged(lambda mu, v, e, z: log_normal(z, mu, np.exp(v)) - log_normal(z, 0, 1)),
    ),
    "`tv.log_normal` is given sigma in place of the logarithm of sigma².": (
        averaged(lambda mu, v, e, z: log_normal(z, mu, np.exp(v / 2)) - log_normal(z)),
        averaged(lambda mu, v, e, z: log_normal(z, mu, np.exp(v / 2)) - log_normal(z, 0, 1)),
    ),
    "log p is taken at `eps`. Both densities are taken at z, a draw from the note.":
        averaged(lambda mu, v, e, z: log_normal(z, mu, v) - log_normal(e)),
    "log q is taken at `eps`. Both densities are taken at z, a draw from the note.":
        averaged(lambda mu, v, e, z: log_normal(e, mu, v) - log_normal(z)),
    "Your estimate is never below 0. The KL is not, but an estimate from draws may be.":
        (lambda *note: max(estimate(*note), 0), lambda *note: abs(estimate(*note))),
}, name="the estimate", why="the mean over the draws", not_finite=
    "The estimate is not finite: logvar may be negative, so it has no root and no logarithm.",
)  # fmt: skip
ERROR = Part(error, {
    "The second number is the estimate once more. Its standard error is asked for.": estimate,
    "The second number is the spread of the draws. Their *mean* is more certain: more draws "
    "must make it smaller.": by_spread(lambda s, e: s),
    "The second number is a variance. A standard error has the unit of the estimate, nats.":
        by_spread(lambda s, e: s**2),
    "The second number is the variance of the mean. The standard error is its root.":
        by_spread(lambda s, e: s**2 / len(e)),
    "The second number has the variance where the standard deviation belongs.":
        by_spread(lambda s, e: s**2 / np.sqrt(len(e))),
    "The spread is divided by the number of draws. The root of it belongs there.":
        by_spread(lambda s, e: s / len(e)),
    "The spread is divided by the root of the count of *all* numbers in eps. One draw is one "
    "row of eps.": by_spread(lambda s, e: s / np.sqrt(e.size)),
    "The spread is divided by the root of the number of latents. The number of draws belongs "
    "there.": by_spread(lambda s, e: s / np.sqrt(e.shape[1])),
    "The second number is the spread of eps. Asked is that of log q(z) - log p(z).": (
        lambda mu, v, e: e.std() / np.sqrt(len(e)),
        lambda mu, v, e: e.std(ddof=1) / np.sqrt(len(e)),
    ),
    "The standard errors of the latents are added up. Add the latents first, draw by draw, and "
    "take the standard deviation of these sums.": by_latent(np.sum),
    "The latents' variances are added up. Add the latents themselves, draw by draw, and take "
    "the standard deviation of these sums.": by_latent(np.linalg.norm),
    "The second number is twice the standard error.":
        by_spread(lambda s, e: 2 * s / np.sqrt(len(e))),
    "The second number is 1.96 standard errors. One is asked for.":
        by_spread(lambda s, e: 1.96 * s / np.sqrt(len(e))),
}, name="the standard error", why="that of the mean over the draws")  # fmt: skip


def notes_and_draws(rng):
    """(mu, logvar, eps). A spread needs two draws, so SIZES will not do."""
    for count, n_z in (11, 3), (40, 1), (5, 6), (4, 4), (3000, 2), (2, 3), (3, 1), (2, 1):
        mu, logvar = 0.4 + 0.9 * rng.normal(size=(2, n_z))
        yield mu, logvar, rng.normal(size=(count, n_z))
    for logvar in np.array([[-5.2, -2.7], [3.3, 2.4]]):
        yield np.array([0.7, -0.2]), logvar, rng.normal(size=(20, 2))
    yield mu.astype("f4"), logvar[:1].astype("f4"), rng.normal(size=(9, 1)).astype("f4")


def centred(rng, logvars):
    """(mu, logvar, eps) of notes about 0."""
    return [
        (np.zeros(n_z), np.full(n_z, v), rng.normal(size=(9, n_z)))
        for n_z in (1, 2) for v in logvars
    ]  # fmt: skip


def ask_monte_carlo(monte_carlo_kl):
    """monte_carlo_kl(mu, logvar, eps) -> (estimate, its standard error), given the draws."""
    rng = np.random.default_rng(39)
    cases = [*notes_and_draws(rng)]
    _ask_same_draws(monte_carlo_kl, cases[0], rng.normal(size=(11, 3)))
    _compare_errors(monte_carlo_kl, cases, ESTIMATE, ERROR)
    far = np.array([20.0]), np.array([2.2]), rng.normal(size=(9, 1))
    wide = [far, *centred(rng, [v for v in WIDTHS if v])]
    _compare_errors(monte_carlo_kl, wide, not_usual(ESTIMATE), not_usual(ERROR))
    said = (
        "For a note that is nearly the prior, {} is wrong: there it is small, or 0. Is "
        "something added, or is there a least value?"
    )
    near = [at_edge(part, said.format(part.name), 1e-3) for part in (ESTIMATE, ERROR)]
    _compare_errors(monte_carlo_kl, centred(rng, [0, 0.02, 0.05]), *near)


def _ask_same_draws(answer, case, others):
    """Whether the answer depends on eps, and on nothing that changes from call to call."""
    first, again, other = (
        _two_numbers(answer, *case[:2], eps) for eps in (case[2], case[2], others)
    )
    expect(
        np.array_equal(first, again, equal_nan=True),
        "Called twice with the same numbers, your function puts out different ones. Use the "
        "draws `eps` that are given, and draw none.",
    )
    expect(
        not np.array_equal(first, other) or not np.isfinite(first).all(),
        "With other draws `eps` the same numbers come out. Use the draws that are given.",
    )


def _two_numbers(answer, *case):
    out = parts(call(answer, *case), 2, "the estimate and its standard error")
    for got, part in zip(out, (ESTIMATE, ERROR), strict=True):
        shape(got, (), part.why, part.name)
    return out


def _compare_errors(answer, cases, of_estimate, of_error):
    """`compare`, where the standard deviation has the divisor S, or S - 1."""
    try:
        compare(answer, cases, of_estimate, of_error)
    except NotYet as refused:
        other = replace(of_error, right=partial(error, ddof=1))
        try:
            compare(answer, cases, of_estimate, other)
        except NotYet:
            raise refused from None


# 02.7: [[mean, sigma], [mean, sigma]], a narrow and a wide note of half a nat.


def half_a_nat(mean, sigma):
    return np.abs(kl_to_prior(mean, 2 * np.log(sigma)) - 0.5) <= 0.05 + 1e-6


def fit(notes):
    """Whether these are a narrow and a wide note of half a nat each."""
    mean, sigma = notes.T
    asked = sigma[1] >= 1.3 - 1e-6 and 0 < sigma[0] <= 0.7 + 1e-6
    return asked and half_a_nat(mean, sigma).all()


def fit_with(f, notes):
    """Whether the notes fit, with f of their second numbers in place of these."""
    return fit(np.column_stack([notes[:, 0], f(notes[:, 1])]))


def costs(place, less, notes):
    """Whether the note of that place costs less, or else more, than half a nat."""
    mean, sigma = notes[place]
    cheap = kl_to_prior(mean, 2 * np.log(sigma)) < 0.5
    return not half_a_nat(mean, sigma) and cheap == less


# {message: (whether notes that do not fit get it, such notes)}, the first that holds
NOTES = {
    "The wide note stands first; the narrow one belongs in the first row.":
        (lambda notes: fit(notes[::-1]), [[0.75, 1.5], [0.6, 0.5]]),
    "In each row the mean comes first, then sigma.":
        (lambda notes: fit(notes[:, ::-1]), [[0.5, 0.6], [1.5, 0.75]]),
    "Each *row* is a note, [mean, sigma]. Yours has the means in one row and the sigmas in the "
    "other.": (lambda notes: fit(notes.T), [[0.6, 0.75], [0.5, 1.5]]),
    "Your second numbers are logvars. Give sigma itself, as the slider has it.":
        (partial(fit_with, lambda v: np.exp(v / 2)), [[0.6, -1.4], [0.75, 0.8]]),
    "Your second numbers are logarithms of sigma. Give sigma itself, as the slider has it.":
        (partial(fit_with, np.exp), [[0.6, -0.7], [0.75, 0.4]]),
    "Your second numbers are variances. Give sigma itself, as the slider has it.":
        (partial(fit_with, np.sqrt), [[0.6, 0.25], [0.75, 2.25]]),
    "A sigma must be greater than 0.":
        (lambda notes: notes[:, 1].min() <= 0, [[0.6, -0.5], [0.75, 1.5]]),
    "The first note is not narrow: its sigma must be at most 0.7.":
        (lambda notes: notes[0, 1] > 0.7 + 1e-6, [[1.0, 1.0], [0.75, 1.5]]),
    "The second note is not wide: its sigma must be at least 1.3.":
        (lambda notes: notes[1, 1] < 1.3 - 1e-6, [[0.6, 0.5], [-0.6, 0.5]]),
    "These notes have `KL(p || q)` near 0.5 nats. Asked is the first number under the picture, "
    "`KL(q || p)`.": (
        lambda notes: half_a_nat(notes[:, 0] / notes[:, 1], 1 / notes[:, 1]).all(),
        [[0.3, 0.6], [1.25, 1.4]],
    ),
    "The first note costs more than 0.5 nats, by more than 0.05.":
        (partial(costs, 0, False), [[1.0, 0.5], [0.75, 1.5]]),
    "The first note costs less than 0.5 nats, by more than 0.05.":
        (partial(costs, 0, True), [[0.0, 0.5], [0.75, 1.5]]),
    "The second note costs more than 0.5 nats, by more than 0.05.":
        (partial(costs, 1, False), [[0.6, 0.5], [1.2, 1.5]]),
    "The second note costs less than 0.5 nats, by more than 0.05.":
        (partial(costs, 1, True), [[0.6, 0.5], [0.1, 1.5]]),
}  # fmt: skip


def ask_two_notes(notes):
    """notes: [[mean, sigma], [mean, sigma]], each with KL(q || p) = 0.5 nats, to 0.05."""
    try:
        rows = [list(note) for note in notes]
    except TypeError:
        rows = []
    expect(
        [len(note) for note in rows] == [2, 2],
        "Two rows of two numbers are asked for: mean and sigma of each note.",
    )
    said = "two of them are the mean and sigma of each note"
    notes = np.array([[number(value, said) for value in note] for note in rows])
    if not fit(notes):
        raise NotYet(next(message for message, (holds, _) in NOTES.items() if holds(notes)))


# 02.8: x and out (N, D), and one log sigma s.


def gaussian(x, out, s, **numbers):
    """log N(x; out, sigma^2 I), (N,); with other `numbers` of terms, as in `density`."""
    return density(x, out, 2 * s, **numbers)


def slope(x, out, s, square=np.square, over=2, n=None):
    """Its slope along log sigma, (N,): square(x - out) / sigma^over, less n or D."""
    terms = square(x - out) / np.exp(over * s)
    return terms.sum(axis=-1) - (x.shape[1] if n is None else n)


GAUSSIAN = Part(gaussian, {
    "The constant of all D numbers is still counted D times, once in each of the terms that "
    "are summed.": lambda x, o, s: gaussian(x, o, s, two_pi=x.shape[1], log=x.shape[1]),
    "-log sigma is still counted D times too often; the part with 2π is right now.":
        lambda x, o, s: gaussian(x, o, s, log=x.shape[1]),
    "½ log 2π is still counted D times too often; the part with log sigma is right now.":
        lambda x, o, s: gaussian(x, o, s, two_pi=x.shape[1]),
    "Now the constant is there once a row. Each of its D numbers brings one.":
        lambda x, o, s: gaussian(x, o, s, two_pi=1 / x.shape[1], log=1 / x.shape[1]),
    "-log sigma is there once a row. Each of the D numbers brings one.":
        lambda x, o, s: gaussian(x, o, s, log=1 / x.shape[1]),
    "½ log 2π is there once a row. Each of the D numbers brings one.":
        lambda x, o, s: gaussian(x, o, s, two_pi=1 / x.shape[1]),
    "The constant with 2π is gone altogether: the area is not 1 yet.":
        partial(gaussian, two_pi=0),
    "The constant is gone altogether: the area is not 1 yet.":
        partial(gaussian, two_pi=0, log=0),
    "log sigma is gone: the area is not 1 yet, except at sigma = 1.": partial(gaussian, log=0),
    "log_sigma is read as log sigma². Here it is log sigma, as its name says.":
        lambda x, o, s: gaussian(x, o, s / 2),
    "The squared error is divided by sigma, and not by its square.":
        partial(gaussian, far=lambda off, v: off**2 / np.exp(v / 2)),
    "The squared error is not divided by sigma².": partial(gaussian, far=lambda off, v: off**2),
    "The error is not squared.": (
        partial(gaussian, far=lambda off, v: off / np.exp(v)),
        partial(gaussian, far=lambda off, v: np.abs(off) / np.exp(v)),
    ),
    "log sigma stands halved in the constant, as if it were log sigma².":
        partial(gaussian, log=0.5),
    "log sigma has the wrong sign: a wide curve must be low.": partial(gaussian, log=-1),
    "The factor ½ of the squared error is missing.": partial(gaussian, square=2),
    "The squared error is added. It should be subtracted.": partial(gaussian, square=-1),
    "The constant is twice too large: per number it is log sigma + ½ log 2π.":
        partial(gaussian, two_pi=2, log=2),
    "The constant is added. It should be subtracted.": partial(gaussian, two_pi=-1, log=-1),
    "The constant is counted once for each row of the batch. It has nothing to do with N.":
        lambda x, o, s: gaussian(
            x, o, s, two_pi=len(x) / x.shape[1], log=len(x) / x.shape[1]
        ),
    "The squared error is averaged over the D numbers. It is a sum.":
        lambda x, o, s: gaussian(x, o, s, square=1 / x.shape[1]),
    "Now this is a mean over the D numbers. Log-densities of independent numbers add up.":
        lambda x, o, s: gaussian(x, o, s) / x.shape[1],
    "This is minus the log-likelihood, the loss.": lambda *given: -gaussian(*given),
}, name="the log-likelihood", why=SUMMED)  # fmt: skip
SLOPE = Part(slope, {
    "This is the slope of the faulty likelihood: its constant is counted D times.":
        lambda x, o, s: slope(x, o, s, n=x.shape[1] ** 2),
    "The slope's constant is there once a row. Each of its D numbers brings one.":
        partial(slope, n=1),
    "The slope's constant is twice too large; it comes from -log sigma, once for each number.":
        lambda x, o, s: slope(x, o, s, n=2 * x.shape[1]),
    "The slope lacks the constant's part: it would never be 0, and sigma would grow for ever.":
        partial(slope, n=0),
    "The slope lacks the part of the squared error: sigma would shrink for ever.":
        lambda x, o, s: slope(x, x, s),
    "The slope has the wrong sign. It is that of the log-likelihood, not of the loss.":
        lambda *given: -slope(*given),
    "This is the slope along sigma. Along log sigma there is one factor sigma more.":
        lambda x, o, s: slope(x, o, s) / np.exp(s),
    "This is the slope along sigma². Asked is the slope along log sigma.":
        lambda x, o, s: slope(x, o, s) / np.exp(2 * s) / 2,
    "This is the slope along log sigma². Asked is the slope along log sigma, which is twice "
    "that.": lambda x, o, s: slope(x, o, s) / 2,
    "The factor ½ of the squared error is still there; the 2 of the exponent cancels it.":
        partial(slope, square=lambda off: off**2 / 2),
    "The squared error in the slope is divided by sigma, and not by its square.":
        partial(slope, over=1),
    "The squared error in the slope is not divided by sigma².": partial(slope, over=0),
    "The part of the squared error in the slope has the wrong sign.":
        partial(slope, square=lambda off: -(off**2)),
    "The constant's part in the slope has the wrong sign.":
        lambda x, o, s: slope(x, o, s, n=-x.shape[1]),
    "The squared error in the slope is averaged over the D numbers. It is a sum.":
        lambda x, o, s: slope(x, o, s, lambda off: off**2 / x.shape[1]),
    "The slope's constant counts the rows of the batch. It has nothing to do with N.":
        lambda x, o, s: slope(x, o, s, n=len(x)),
    "The slope is divided by the number of rows. Each row's own slope is asked for.":
        lambda x, o, s: slope(x, o, s) / len(x),
    "The slope is divided by D. The log-likelihood is a sum.":
        lambda x, o, s: slope(x, o, s) / x.shape[1],
    "The errors are summed before they are squared.": lambda x, o, s:
        (x - o).sum(axis=-1) ** 2 / np.exp(2 * s) - x.shape[1],
    "The errors in the slope are not squared.":
        (partial(slope, square=np.positive), partial(slope, square=np.abs)),
}, name="the slope", why="one for each row, since its D numbers share one sigma")  # fmt: skip


def data_and_means():
    """(x, out, log sigma), with ordinary numbers."""
    rng = np.random.default_rng(27)
    for n, size in (*SIZES, (300, 1), (2, 784)):
        x, out = 0.2 + rng.normal(size=(2, n, size))
        for log_sigma in (-0.713, np.float64(0.457), 0):
            yield x, out, log_sigma
    for log_sigma in (0.043, 2.116, -2.384):
        yield 9 * x[:, :3], 9 * out[:, :3], log_sigma
    yield x.reshape(-1, 2) / 3, out.reshape(-1, 2) / 3, -0.95  # densities about 1
    yield x.astype("f4"), out.astype("f4"), 0.3


def ask_gaussian(log_prob, slope):
    """log_prob(x, out, log_sigma), slope(x, out, log_sigma) -> (N,), (N,): the museum's two."""
    cases = [
        (off * np.exp(log_sigma) * np.ones((1, size)), np.zeros((1, size)), log_sigma)
        for size in (1, 2, 40) for off in (0, 1.2, -6)
        for log_sigma in (-12.0, -8.0, -5.0, -3.2, -2.0, 0.0, 1.6, 3.0, 5.0, 9.0)
    ]  # fmt: skip
    for f, part in (log_prob, GAUSSIAN), (slope, SLOPE):
        compare(f, data_and_means(), part)
        compare(f, cases, not_usual(part))


EXERCISES = [
    Exercise(
        "02.1", "The Gaussian log-density, with its constant", points=2,
        hints=(
            "Write the density of *one* number, then take its logarithm: a product becomes a "
            "sum, and the exponential goes away.",
            "log(1 / (sqrt(2π) sigma)) is -½ log 2π - log sigma, and log sigma is logvar / 2.",
            "For one number: -½ (log 2π + logvar + (z - mu)² / exp(logvar)). Sum that over the "
            "last axis, the constant too.",
        ),
        moral="With its constant the log-density is in nats that others can compare with; its "
        "area is 1. The package has it as `tv.log_normal`.",
        ask=ask_log_density,
        right=answer_of(DENSITY), wrong=in_parts(DENSITY),
    ),
    Exercise(
        "02.2", "Museum: probabilities clipped", points=3, takes=2,
        hints=(
            "The faulty code goes from the logit to p and back. Put p = 1 / (1 + exp(-a)) into "
            "both logarithms on paper, and see what is left.",
            "log p = a - softplus(a) and log(1 - p) = -softplus(a). So all that has to be "
            "stable is softplus(a) = log(e^0 + e^a); NumPy has a function that adds "
            "exponentials under a logarithm.",
            "`np.logaddexp(0, a)` is the softplus, at any a. The slope of x a - softplus(a) "
            "along a is x - sigmoid(a), and the sigmoid is ½ (1 + tanh(a / 2)).",
        ),
        moral="Work from logits: nothing needs a clip, and the pixel that is most wrong keeps "
        "its full gradient. `tv.Bernoulli` does so.",
        ask=ask_bernoulli,
        right=(coins, coins_slope), wrong=of_two(COINS, COINS_SLOPE),
    ),
    Exercise(
        "02.3", "A text's log-likelihood and its gradient", points=3, takes=2,
        hints=(
            "`a.reshape(len(a), -1, k)` has an axis for the places and one for the letters. "
            "Each place then has a softmax along the last axis.",
            "At one place: the right letter's logit minus log sum exp of the k logits. Take "
            "the place's greatest logit out of the exponentials (`keepdims=True` helps), and "
            "add it again outside of the logarithm.",
            "The gradient is x - softmax(a), place by place: reshape, take the maximum out, "
            "exponentials, divide by their sum over the last axis, reshape back to a's shape.",
        ),
        moral="A softmax never needs a large exponential, since it does not change when a "
        "place's logits are all shifted. `tv.Categorical` reads its blocks just so.",
        ask=ask_categorical,
        right=(letters, letters_slope), wrong=of_two(LETTERS, LETTERS_SLOPE),
    ),
    Exercise(
        "02.4", "The KL divergence of a note from the prior", points=3,
        hints=(
            "For one latent, write log q(z) - log p(z): the constant ½ log 2π cancels. Of the "
            "three terms that are left, two have z in them; what are their means under q?",
            "Under q, the mean of (z - mu)² is sigma², and the mean of z² is mu² + sigma².",
            "For one latent: ½ (mu² + sigma² - 1 - log sigma²), with sigma² = exp(logvar). Sum "
            "over the last axis.",
        ),
        moral="This is what a note costs, in nats. `tv.kl_to_prior` gives it for each latent.",
        ask=ask_kl,
        right=answer_of(KL), wrong=in_parts(KL),
    ),
    Exercise(
        "02.5", "The gradient of the KL, for any Gaussian prior", points=3,
        hints=(
            "Write the KL of section 5 with logvar in place of the sigmas: log(sigma_p / "
            "sigma_q) is ½ (prior_logvar - logvar). Then mark where mu and logvar stand.",
            "mu is in (mu - prior_mu)² / (2 exp(prior_logvar)) only. logvar is in two terms: "
            "in -½ logvar and in exp(logvar) / (2 exp(prior_logvar)).",
            "dmu is the distance of the means over the prior's variance. dlogvar is half of "
            "(the ratio of the variances, note over prior, minus 1).",
        ),
        moral="These two push every note towards the prior: mu like a spring, logvar until the "
        "widths agree. `tv.kl_to_prior_grad` has them for the prior N(0, 1).",
        ask=ask_kl_grad,
        right=answer_of(*KL_GRAD), wrong=in_parts(*KL_GRAD),
    ),
    Exercise(
        "02.6", "A KL from draws, with its standard error", points=2,
        hints=(
            "First all draws at once, of shape (S, L): NumPy adds and multiplies mu and sigma, "
            "of shape (L,), to each row of eps. Sigma is the exponential of what?",
            "For each draw you need two log-densities at the same z. `tv.log_normal` gives "
            "each of them. It sums over the last axis; what is logvar when the variance is 1?",
            "`tv.log_normal(z, mu, logvar)` minus `tv.log_normal(z, 0, 0)` are S numbers. "
            "Their mean is the estimate; their `.std()`, over `np.sqrt(len(eps))`, its "
            "standard error.",
        ),
        moral="Draws give the KL even where no closed form exists. An estimate without its "
        "standard error cannot be compared with anything.",
        ask=ask_monte_carlo,
        right=answer_of(ESTIMATE, ERROR), wrong=in_parts(ESTIMATE, ERROR),
    ),
    Exercise(
        "02.7", "Explore: two notes of half a nat", points=1,
        hints=(
            "Set sigma first, to something narrow or wide. Then only the mean is left to move.",
            "Moving the mean away from 0, to either side, makes KL(q || p) grow. Begin at 0: "
            "if the KL is already above 0.5 there, sigma is too extreme.",
            "A sigma of 0.5 and one of 1.5 both leave room: move the mean until the first "
            "number under the picture says 0.50, or nearly.",
        ),
        moral="One price, quite different notes. For half a nat the mean can stand at most 1 "
        "from 0, and that far only with sigma = 1: a width unlike the prior's costs too.",
        ask=ask_two_notes,
        right=[[0.6, 0.5], [0.75, 1.5]],
        wrong={message: [notes] for message, (_, notes) in NOTES.items()},
    ),
    Exercise(
        "02.8", "Museum: a constant counted D times", points=3, takes=2,
        hints=(
            "Count: into how many of the summed terms does the constant go, and how large is "
            "it in each?",
            "Each number x_d has the log-density -½ (x_d - out_d)² / sigma² - log sigma - "
            "½ log 2π. Sum these D.",
            "Along log sigma, the derivative of exp(-2 log_sigma) is -2 exp(-2 log_sigma), and "
            "that of -D log_sigma is -D. So the slope is the squared error over sigma², "
            "minus D.",
        ),
        moral="No gradient check sees a wrong constant, for it checks the slope of the wrong "
        "function. An area does, and so does a learned sigma that is not the RMSE. Right: "
        "`tv.Gaussian`.",
        ask=ask_gaussian,
        right=(gaussian, slope), wrong=of_two(GAUSSIAN, SLOPE),
    ),
]  # fmt: skip
