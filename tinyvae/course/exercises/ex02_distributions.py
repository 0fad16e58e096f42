"""The exercises of 02: densities as likelihoods, and the KL divergence."""

import numpy as np

from tinyvae.course.ask import (
    NotYet,
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
from tinyvae.distributions import (
    LOG_2PI,
    Bernoulli,
    Categorical,
    kl_to_prior,
    kl_to_prior_grad,
    log_normal,
)
from tinyvae.ops import logsumexp, sigmoid, softplus

SHAPES = (7, 3), (1, 4), (5, 1), (2, 7), (3, 3), (1, 1)  # (rows, columns)
SUMMED = "one number a row, summed over its columns and not over the batch"
WIDTHS = np.array([-16, -9, -6.5, -4.5, -3.5, -2.2, 2.2, 3.5, 4.5, 6.5, 8, 10])  # logvars


def _ask_clip(got, want, width):
    """NotYet if just the entries of greatest `width`, some |logvar|, are wrong."""
    off = ~np.isclose(got, want, rtol=1e-4, atol=1e-5)
    expect(
        off.all() or not off.any() or width[off].min() < width[~off].max(),
        "Right, but not where a logvar is furthest from 0: is it clipped?",
    )


def ask_log_density(log_density):
    """log_density(z, mu, logvar) -> (N,): log N(z; mu, e^logvar), summed over the columns."""
    for n, size in SHAPES:
        z, mu, logvar = np.random.default_rng(size).normal(0.3, 1.2, size=(3, n, size))
        got, want = call(log_density, z, mu, logvar), log_normal(z, mu, logvar)
        shape(got, (n,), SUMMED)
        expect(
            np.isfinite(got).all(),
            "There is a NaN or an infinity at ordinary inputs. `logvar` may be negative: it is "
            "itself a logarithm, so no logarithm or root of it is needed.",
        )
        square = (z - mu) ** 2 / np.exp(logvar)
        half = (z - mu) ** 2 / np.exp(logvar / 2)
        recognise(got, want, {
            "This density does not integrate to 1: the constant with 2π is missing.":
                want + size * LOG_2PI / 2,
            "The constant ½ log 2π is there once a row. Each of the row's numbers brings its "
            "own.": want + (size - 1) * LOG_2PI / 2,
            "The constant is counted too often: each number of a row brings ½ log 2π once.":
                want - size * (size - 1) * LOG_2PI / 2,
            "The term -½ logvar is missing. It is the logarithm of the width by which the "
            "density is divided: a wide curve must be low.": want + logvar.sum(axis=-1) / 2,
            "logvar has the wrong sign in the constant: a wide curve must be low.":
                want + logvar.sum(axis=-1),
            "logvar stands whole where half of it belongs: log sigma is logvar / 2.":
                want - logvar.sum(axis=-1) / 2,
            "This is the density whose *standard deviation* is `exp(logvar)`. logvar is the "
            "log of the variance: sigma² is `exp(logvar)`.": log_normal(z, mu, 2 * logvar),
            "This is the density whose variance is `exp(logvar / 2)`. That is sigma; sigma² is "
            "`exp(logvar)`.": log_normal(z, mu, logvar / 2),
            "The squared distance is divided by sigma. It belongs over sigma², which is "
            "`exp(logvar)`.": want + (square - half).sum(axis=-1) / 2,
            "The squared distance is multiplied by sigma², where it should be divided by it.":
                want + (square - (z - mu) ** 2 * np.exp(logvar)).sum(axis=-1) / 2,
            "The squared distance is divided by sigma⁴: `exp(logvar)` is sigma² already.":
                want + (square - square / np.exp(logvar)).sum(axis=-1) / 2,
            "The distance from mu is not squared.":
                _shown(got, *(want + (square - (z - mu) / wide).sum(axis=-1) / 2
                              for wide in (np.exp(logvar), np.exp(logvar / 2)))),
            "logvar is used as if it were sigma or sigma². It is the logarithm of sigma².":
                _shown(got, *_without_exp(z - mu, logvar)),
            "The factor ½ of the squared distance is missing.": want - square.sum(axis=-1) / 2,
            "The squared distance is added, so the density would grow away from mu.":
                want + square.sum(axis=-1),
            "This is twice the log-density: the factor ½ before the bracket is missing.":
                2 * want,
            "This is a mean over the columns. The numbers of a row are independent: their "
            "densities multiply, so the logarithms add up.": want / size,
            "This is the density itself; asked is its natural logarithm.": np.exp(want),
            "This is minus the log-density, the surprise.": -want,
            "This is a logarithm to base 2 (bits). Asked are nats: the natural logarithm.":
                want / np.log(2),
            "This is a logarithm to base 10. Asked are nats: the natural logarithm.":
                want / np.log(10),
        })  # fmt: skip
        _ask_clip(got, want, np.abs(logvar).max(axis=-1))
        values(got, want, "the log-density")
    far, note = np.array([[60.0, -0.5], [0.2, -60.0]]), np.full((2, 2), 0.5)
    got, want = call(log_density, far, note, -note), log_normal(far, note, -note)
    expect(
        np.isfinite(got).all(),
        "Far from mu your answer is infinite: there the density itself is rounded to 0. Take "
        "the logarithm on paper, and let the code add and subtract.",
    )
    values(got, want, "the log-density far from mu")
    for columns in (1, 3):
        for sigmas in (0, 2, 4, 6):
            for widths in (WIDTHS, *WIDTHS[:, None]):
                logvar = np.repeat(widths[:, None], columns, axis=1)
                z, mu = sigmas * np.exp(logvar / 2), np.zeros(logvar.shape)
                want = log_normal(z, mu, logvar)
                extremes(call(log_density, z, mu, logvar), want, "the log-density")


def _shown(got, *wrong):
    """The wrong value that `got` is, or the first."""
    return next((value for value in wrong if close(got, value)), wrong[0])


def _without_exp(off, logvar):
    """Log-densities of one who reads logvar as sigma or sigma^2, with any log sigma."""
    for log_sigma in (np.log(np.abs(logvar)), np.log(np.abs(logvar)) / 2, logvar, logvar / 2):
        for wide in (logvar**2, logvar, np.abs(logvar)):
            yield -(LOG_2PI / 2 + log_sigma + off**2 / wide / 2).sum(axis=-1)


def ask_bernoulli(log_prob, grad):
    """log_prob(x, a) -> (N,), grad(x, a) -> (N, D): pixels x, logits a, at any size of a."""
    coin = Bernoulli()
    for n, size in SHAPES:
        rng = np.random.default_rng(size)
        a = rng.normal(0.4, 2, size=(n, size))
        binary = (rng.random((n, size)) < 0.4).astype(float)
        for x in (binary, rng.random((n, size))):
            _ask_bernoulli_log_prob(call(log_prob, x, a), x, a, grey=x is not binary)
    a = np.array([[50.0], [-50.0], [50.0], [-50.0]])
    x = np.array([[1.0], [1.0], [0.0], [0.0]])
    for logits in (a, 2 * a, 200 * a):
        for dtype in (np.float32, np.float64):
            pixels, typed = x.astype(dtype), logits.astype(dtype)
            got, size = call(log_prob, pixels, typed), np.abs(logits).max()
            told = f"At logits of {size:g} and -{size:g} in {np.dtype(dtype)}"
            expect(
                np.isfinite(got).all(),
                f"{told} the log-likelihood has a NaN or an infinity: a sigmoid is rounded to "
                "0 or 1 before its logarithm is taken, or an exponential overflows.",
            )
            want = coin.log_prob(x, logits)
            expect(
                close(got, want),
                f"{told} the log-likelihood is finite, but wrong. Twice as large a wrong logit "
                "must cost twice as many nats; is something clipped?",
            )
    for n, size in SHAPES:
        rng = np.random.default_rng(size)
        x, a = rng.random((n, size)), rng.normal(0.4, 2, size=(n, size))
        for pixels in (np.round(x), x):
            _ask_bernoulli_grad(call(grad, pixels, a), pixels, a)
    a = np.repeat([0, 1, -3, 5, -7, 7, 8.5, -8.5, 10, -10, 12, -12], 3)[:, None]
    x = np.tile([0, 1, 0.3], 12)[:, None]
    for name, f, truth in (
        ("log-likelihood", log_prob, coin.log_prob),
        ("gradient", grad, coin.grad),
    ):
        got, want = call(f, x, a), truth(x, a)
        shape(got, want.shape, "as before", f"the {name}")
        expect(
            np.allclose(got, want, rtol=0, atol=3e-6),
            f"At logits between -12 and 12 the {name} is not quite right: a painter who is "
            "sure is not certain. Does some part of it stop at a large logit?",
        )
    x, a = np.array([[1.0, 1.0, 0.0, 0.0]]), np.array([[1e4, -1e4, 1e4, -1e4]])
    for dtype in (np.float32, np.float64):
        got = call(grad, x.astype(dtype), a.astype(dtype))
        expect(
            np.isfinite(got).all(),
            f"At logits of 10000 and -10000 in {np.dtype(dtype)} the gradient has a NaN or an "
            "infinity: does an exponential overflow there, or a 0 divide?",
        )
        values(got, coin.grad(x, a), "the gradient at logits of 10000 and -10000")


def _ask_bernoulli_log_prob(got, x, a, grey):
    want, size = Bernoulli().log_prob(x, a), x.shape[1]
    shape(got, (len(x),), SUMMED, "the log-likelihood")
    expect(
        np.isfinite(got).all(),
        "The log-likelihood has a NaN or an infinity at ordinary logits. A logit may be any "
        "real number: only `sigmoid(a)` is a probability.",
    )
    recognise(got, want, {
        "This is minus the log-likelihood, the loss (cross-entropy).": -want,
        "This is a mean over the pixels. The pixels are independent: their probabilities "
        "multiply, so the logarithms add up.": want / size,
        "This is the probability of the picture; asked is its logarithm.": np.exp(want),
        "Only the white pixels count here: the term with `1 - x` is missing.":
            -(x * softplus(-a)).sum(axis=-1),
        "Only the black pixels count here: the term with `x` is missing.":
            -((1 - x) * softplus(a)).sum(axis=-1),
        "The pixels are read the wrong way round: `sigmoid(a)` is the probability of a 1.":
            ((1 - x) * a - softplus(a)).sum(axis=-1),
        "The softplus has the wrong argument or sign: `log(1 - p)` is `-softplus(a)`, and "
        "`log p` is `a - softplus(a)`.": (x * a - softplus(-a)).sum(axis=-1),
        "The softplus is added. It should be subtracted.": (x * a + softplus(a)).sum(axis=-1),
        "The softplus is missing: `x * a` alone knows no bound.": (x * a).sum(axis=-1),
        "The arguments are read in the wrong order: the pixels x come first, then the logits.":
            (a * x - softplus(x)).sum(axis=-1),
        "This is a squared error. A pixel that is a coin has another log-likelihood.":
            -((x - sigmoid(a)) ** 2).sum(axis=-1),
        "The sigmoid is taken twice, or of something that is a probability already.":
            (x * sigmoid(a) - softplus(sigmoid(a))).sum(axis=-1),
        "This is a logarithm to base 2 (bits). Asked are nats: the natural logarithm.":
            want / np.log(2),
    })  # fmt: skip
    if grey:
        expect(
            close(got, want),
            "Right for x of 0 and 1, but not for grey x between them: there both terms count, "
            "`log p` with the weight x and `log(1 - p)` with the weight 1 - x.",
        )
    values(got, want, "the log-likelihood")


def _ask_bernoulli_grad(got, x, a):
    want, p = Bernoulli().grad(x, a), sigmoid(a)
    shape(got, x.shape, "a slope for each logit, nothing is summed", "the gradient")
    recognise(got, want, {
        "This is the gradient of the loss. Asked is that of the log-likelihood, which has the "
        "other sign.": -want,
        "This is `x - a`. What was expected is not the logit, but its sigmoid.": x - a,
        "The derivative of the softplus is missing; the softplus itself stands there.":
            x - softplus(a),
        "This is the slope along p, the probability. Asked is the slope along the logit a, so "
        "the chain rule has one more factor.": want / (p * (1 - p)),
        "There is a factor `p (1 - p)` too many: the slope of the logarithm cancels it.":
            want * p * (1 - p),
        "This is `p (1 - p)`, the slope of the sigmoid. Asked is that of the log-likelihood.":
            p * (1 - p),
        "Only the white pixels have a slope here; those with x = 0 push their logit down.":
            x * (1 - p),
        "Only the black pixels have a slope here; those with x = 1 push their logit up.":
            -(1 - x) * p,
        "The sign of the logit is turned: `1 / (1 + exp(a))` is the probability of a 0.":
            x - sigmoid(-a),
        "The derivative of x log p is taken, and x is then lost: this does not depend on x.":
            1 - p,
        "The gradient is divided by the number of rows. Each row's own slope is asked for.":
            want / len(x),
        "The gradient is divided by the number of columns. The log-likelihood is a sum.":
            want / x.shape[1],
    })  # fmt: skip
    values(got, want, "the gradient")


def ask_categorical(log_prob, grad):
    """log_prob(x, a, k) -> (N,), grad(x, a, k) -> (N, T k): one-hot letters x, logits a."""
    cases = [
        (n, places, k, *_letters(n, places, k))
        for n, places, k in ((5, 3, 4), (1, 2, 3), (2, 5, 3), (4, 1, 6), (3, 4, 2))
    ]
    for n, places, k, x, a in cases:
        _ask_categorical_log_prob(call(log_prob, x, a, k), n, places, k, x, a)
    wide = np.array([[1e4, 0.0, -1e4, -1e4, -9990.0, -9990.5], [0.0, 1.0, 2.0, -1e4, 0.0, 1e4]])
    told = np.array([[0.0, 0, 1, 0, 1, 0], [1.0, 0, 0, 0, 0, 1]])
    got = call(log_prob, told, wide, 3)
    expect(
        np.isfinite(got).all(),
        "At logits of 10000 the log-likelihood has a NaN or an infinity. Take each *place's* "
        "greatest logit out before the exponential, and add it again after the logarithm; "
        "never take the logarithm of a probability.",
    )
    expect(
        close(got, Categorical(3).log_prob(told, wide)),
        "At logits of 10000 the log-likelihood is finite, but wrong: is something clipped, or "
        "added inside a logarithm to keep it from 0?",
    )
    _ask_letters_at(log_prob, Categorical(3).log_prob, "log-likelihood", least=0.0)
    for n, places, k, x, a in cases:
        _ask_categorical_grad(call(grad, x, a, k), n, places, k, x, a)
    got = call(grad, told, wide, 3)
    expect(
        np.isfinite(got).all(),
        "At logits of 10000 the gradient has a NaN or an infinity. Take each *place's* "
        "greatest logit out before the exponential: the softmax stays the same.",
    )
    values(got, Categorical(3).grad(told, wide), "the gradient at logits of 10000", 4e-3)
    _ask_letters_at(grad, Categorical(3).grad, "gradient", least=20.0)


def _ask_letters_at(f, truth, name, least):
    """f at one place of 3 letters, two or one of which have a logit of any size.

    At logits from `least` on, float32 may round as it does to the logit.
    """
    for size in (0.0, 3.0, 9.0, 12.0, 40.0, 200.0, 800.0, 2000.0, 1e4):
        for logits in ([size, size, 0], [size, size - 0.5, 0], [0, size, 0], [0, -size, -size]):
            a, x = np.tile(logits, (3, 1)), np.eye(3)
            got, want = call(f, x, a, 3), truth(x, a)
            shape(got, want.shape, "three texts of one letter", f"the {name}")
            expect(
                np.allclose(got, want, rtol=0, atol=1e-6 + 4e-7 * size * (size > least)),
                f"With one place, three letters and logits up to {size:g}, the {name} is not "
                "quite right: is something cut off, or left out, where p is near 0 or near 1?",
            )


def _letters(n, places, k):
    """One-hot letters and logits of n rows."""
    rng = np.random.default_rng(10 * places + k)
    x = np.eye(k)[rng.integers(0, k, (n, places))].reshape(n, -1)
    return x, rng.normal(0.5, 2, size=x.shape)


def _mixed_up(a, n, places, k):
    """The softmax of columns t, t + places, t + 2 places ...: the blocks read crosswise."""
    blocks = a.reshape(n, k, places)
    return np.exp(blocks - logsumexp(blocks, axis=1, keepdims=True)).reshape(a.shape)


def _normed_over(axis, got, x, a):
    """Log-likelihoods of (N, T, k) with the softmax along a wrong axis."""
    norms, picked = logsumexp(a, axis=axis, keepdims=True), (x * a).sum(axis=(1, 2))
    at_letters = (x * norms).sum(axis=(1, 2))
    return _shown(got, picked - at_letters, picked - norms.sum(axis=(1, 2)))


def _ask_categorical_log_prob(got, n, places, k, x, a):
    want = Categorical(k).log_prob(x, a)
    shape(
        got, (n,), "one number a row, summed over its places and not over the batch",
        "the log-likelihood",
    )  # fmt: skip
    expect(
        np.isfinite(got).all(),
        "The log-likelihood has a NaN or an infinity at ordinary logits. A logit may be any "
        "real number: only its softmax is a probability.",
    )
    picked, norm = (x * a).sum(axis=-1), logsumexp(a)
    each = logsumexp(a.reshape(n, places, k))
    whole_row = (
        "One softmax is taken over the whole row. Each place has its own: its k probabilities "
        "sum to 1."
    )
    recognise(got, want, {whole_row: picked - norm})
    recognise(got, want, {whole_row: picked - places * norm})
    crosswise = (
        "The blocks are read crosswise: place t has the columns t k, ..., t k + k - 1, so "
        "a row reshapes to (places, k)."
    )
    recognise(got, want, {crosswise: (x * np.log(_mixed_up(a, n, places, k))).sum(axis=-1)})
    recognise(
        got, want, {crosswise: picked - logsumexp(a.reshape(n, k, places), axis=1).sum(axis=-1)}
    )
    blocks = a.reshape(n, places, k)
    recognise(got, want, {
        "The sum runs over the places. A softmax runs over the k letters of one place: the "
        "last axis of (N, T, k).": _normed_over(1, got, x.reshape(blocks.shape), blocks),
        "The sum runs over the texts. A softmax runs over the k letters of one place, in one "
        "text.": _normed_over(0, got, x.reshape(blocks.shape), blocks),
        "This is minus the log-likelihood, the loss (cross-entropy).": -want,
        "This is a mean over the places. The places are independent: their probabilities "
        "multiply, so the logarithms add up.": want / places,
        "This is a mean over the columns. The log-probabilities of the places add up.":
            want / (places * k),
        "The logarithm of the sum is subtracted k times at each place, once for each letter. "
        "It belongs there once: only at the letter that is there.":
            picked - k * each.sum(axis=-1),
        "The normalising term is missing: a logit alone is no log-probability.": picked,
        "The normalising term is added. It should be subtracted.": picked + each.sum(axis=-1),
        "The logarithm of the sum is missing: the sum of the exponentials is subtracted.":
            picked - np.exp(each).sum(axis=-1),
        "This is the probability of the text; asked is its logarithm.": np.exp(want),
        "The log-probabilities of all letters are added up, also of those that are not there: "
        "does x come in?": (a.sum(axis=-1) - k * each.sum(axis=-1)),
        "Each letter is a coin of its own here (a sigmoid). The letters of one place exclude "
        "each other: their probabilities are a softmax.":
            (x * a - softplus(a)).sum(axis=-1),
        "The sigmoid of the right letter's logit is no probability among k letters; the "
        "softmax is.": (x * (a - softplus(a))).sum(axis=-1),
        "This adds up the probabilities of the letters that are there. Asked are their "
        "logarithms.": (x * Categorical(k).mean(a)).sum(axis=-1),
        "The greatest logit is taken out before the exponential, and never comes back.":
            want + a.reshape(n, places, k).max(axis=-1).sum(axis=-1),
        "This is a logarithm to base 2 (bits). Asked are nats: the natural logarithm.":
            want / np.log(2),
    })  # fmt: skip
    values(got, want, "the log-likelihood")


def _ask_categorical_grad(got, n, places, k, x, a):
    letters = Categorical(k)
    want, p = letters.grad(x, a), letters.mean(a)
    blocks = a.reshape(n, places, k)
    by_axis = [
        np.exp(blocks - logsumexp(blocks, axis=axis, keepdims=True)).reshape(a.shape)
        for axis in (0, 1)
    ]
    shape(got, a.shape, "a slope for each logit, in the order of the logits", "the gradient")
    recognise(got, want, {
        "The gradient's softmax is taken over the whole row. Each place has its own.":
            x - np.exp(a - logsumexp(a, keepdims=True)),
        "The gradient reads the blocks crosswise: place t has the columns t k, ..., "
        "t k + k - 1.": x - _mixed_up(a, n, places, k),
        "The gradient's softmax sums over the places. It sums over the k letters of one place: "
        "the last axis of (N, T, k).": x - by_axis[1],
        "The gradient's softmax sums over the texts. It sums over the k letters of one place, "
        "in one text.": x - by_axis[0],
        "This is the gradient of the loss. Asked is that of the log-likelihood, which has the "
        "other sign.": -want,
        "This is `x - a`. What was expected is not the logit, but its softmax.": x - a,
        "Only the letters that are there have a slope here. The others' logits sit in the sum "
        "of the exponentials: theirs must go down.": x * want,
        "There is a factor `p (1 - p)` too many: the slope of the logarithm cancels it.":
            want * p * (1 - p),
        "This is the slope along p, the probability. Asked is the slope along the logit a.":
            x / p,
        "The gradient uses a sigmoid of each logit. The letters of one place share a softmax.":
            x - sigmoid(a),
        "This is the softmax; x, the letter that is there, does not come in.": p,
        "This is minus the softmax; the slope of the picked logit itself, x, is missing.": -p,
        "The normalising term's own value is subtracted. Its slope along a logit is asked for.":
            (x.reshape(n, places, k) - logsumexp(a.reshape(n, places, k), keepdims=True))
            .reshape(a.shape),
        "This is `x - log p`; the slope has the probability p itself.": x - np.log(p),
        "The gradient is divided by the number of rows. Each row's own slope is asked for.":
            want / n,
        "The gradient is divided by the number of places. The log-likelihood is a sum.":
            want / places,
        "The gradient is divided by the number of letters. The log-likelihood is a sum.":
            want / k,
    })  # fmt: skip
    values(got, want, "the gradient")


def ask_kl(kl):
    """kl(mu, logvar) -> (N,): KL(N(mu, e^logvar) || N(0, I)), summed over the latents."""
    for n, size in SHAPES:
        mu, logvar = np.random.default_rng(size).normal(0.2, 1.1, size=(2, n, size))
        got, per_latent = call(kl, mu, logvar), kl_to_prior(mu, logvar)
        want, variance = per_latent.sum(axis=-1), np.exp(logvar)
        shape(got, (n,), "one number a row, summed over the latents and not over the batch")
        expect(
            np.isfinite(got).all(),
            "There is a NaN or an infinity at ordinary inputs. `logvar` may be negative: it is "
            "itself the logarithm of sigma², so no logarithm or root of it is needed.",
        )
        recognise(got, want, {
            "This is the KL of Gaussians whose *standard deviation* is `exp(logvar)`. "
            "logvar is the log of the variance: sigma² is `exp(logvar)`.":
                kl_to_prior(mu, 2 * logvar).sum(axis=-1),
            "This is the KL of Gaussians whose variance is `exp(logvar / 2)`. That is sigma; "
            "sigma² is `exp(logvar)`.": kl_to_prior(mu, logvar / 2).sum(axis=-1),
            "This is a mean over the latents. The latents are independent under q and under "
            "p, so their KLs add up.": per_latent.mean(axis=-1),
            "This is twice the KL: the factor ½ before the bracket is missing.": 2 * want,
            "This is minus the KL. A KL divergence is never negative.": -want,
            "The -1 of each latent is missing, so a note that equals the prior would cost ½ "
            "a nat.": (per_latent + 0.5).sum(axis=-1),
            "The -1 is there once a row. Each latent has its own.":
                want + 0.5 * (size - 1),
            "This is `KL(p || q)`, from the prior to the note. Asked is `KL(q || p)`: the "
            "mean of log q - log p under q.":
                0.5 * ((1 + mu**2) / variance - 1 + logvar).sum(axis=-1),
            "mu enters as it is; its square belongs there, since the prior is centred at 0.":
                0.5 * (mu + np.expm1(logvar) - logvar).sum(axis=-1),
            "mu does not come in: a note far from the prior must cost more.":
                0.5 * (np.expm1(logvar) - logvar).sum(axis=-1),
            "mu² has the wrong sign: a note far from the prior must cost more.":
                0.5 * (np.expm1(logvar) - logvar - mu**2).sum(axis=-1),
            "logvar has the wrong sign: a very narrow note must cost more, not less.":
                0.5 * (mu**2 + np.expm1(logvar) + logvar).sum(axis=-1),
            "logvar itself is missing: a very narrow note must cost more, without bound.":
                0.5 * (mu**2 + np.expm1(logvar)).sum(axis=-1),
            "The logarithm is halved once too often: in the bracket stands log sigma², which "
            "is logvar, beside mu² + sigma² - 1.":
                0.5 * (mu**2 + np.expm1(logvar) - logvar / 2).sum(axis=-1),
            "sigma stands where its square belongs: sigma² is `exp(logvar)`.":
                0.5 * (mu**2 + np.expm1(logvar / 2) - logvar).sum(axis=-1),
            "sigma⁴ stands where sigma² belongs: `exp(logvar)` is sigma² already.":
                0.5 * (mu**2 + np.expm1(2 * logvar) - logvar).sum(axis=-1),
            "logvar is used as if it were sigma². It is the logarithm of sigma².":
                0.5 * (mu**2 + logvar - 1 - np.log(np.abs(logvar))).sum(axis=-1),
            "logvar is used as if it were sigma. It is the logarithm of sigma².":
                0.5 * (mu**2 + logvar**2 - 1 - np.log(logvar**2)).sum(axis=-1),
            "The KL is divided by the number of rows. Each row's own KL is asked for.":
                want / n,
            "The sum over the latents is squared; each latent has its own mu².":
                0.5 * (mu.sum(axis=-1) ** 2 + (np.expm1(logvar) - logvar).sum(axis=-1)),
            "This is a KL in bits. Asked are nats: the natural logarithm.": want / np.log(2),
        })  # fmt: skip
        at_prior = call(kl, np.zeros((2, 4)), np.zeros((2, 4)))
        expect(np.allclose(at_prior, 0, atol=1e-6), "At mu = 0, logvar = 0 the note *is* the "
               "prior: KL = 0.")  # fmt: skip
        _ask_clip(got, want, np.abs(logvar).max(axis=-1))
        values(got, want, "the KL")
    for columns in (1, 3):
        for mean in (0.0, 0.3, -20.0):
            for widths in (WIDTHS, *WIDTHS[:, None]):
                logvar = np.repeat(widths[:, None], columns, axis=1)
                mu = np.full(logvar.shape, mean)
                extremes(call(kl, mu, logvar), kl_to_prior(mu, logvar).sum(axis=-1), "the KL")
    near = np.array([0.07, 0.045, 0.03, 0.02, 0.01, -0.02, -0.03, -0.045, -0.07])[:, None]
    for mu, logvar in ((0 * near, near), (near, 0 * near)):
        got = call(kl, mu, logvar)
        shape(got, (9,), "one number a row, summed over the latents and not over the batch")
        expect(
            np.allclose(got, kl_to_prior(mu, logvar)[:, 0], rtol=1e-4, atol=5e-7),
            "Close to the prior, where mu and logvar are small but not 0, your KL is not quite "
            "right: is it put together from two formulas? One is exact everywhere.",
        )


def ask_kl_grad(kl_grad):
    """kl_grad(mu, logvar, m, v) -> (dmu, dlogvar) of KL(N(mu, e^logvar) || N(m, e^v))."""
    names = "dmu and dlogvar"
    why = "a slope for each number of the note"
    for n, size in ((7, 3), (1, 4), (5, 1), (3, 5), (4, 4), (1, 1)):
        rng = np.random.default_rng(size)
        mu, logvar = rng.normal(0.3, 1.1, size=(2, n, size))
        for m, v in (np.zeros((2, size)), rng.normal(-0.5, 1, size=(2, size))):
            dmu, dlogvar = parts(call(kl_grad, mu, logvar, m, v), 2, names)
            shape(dmu, (n, size), why, "`dmu`")
            shape(dlogvar, (n, size), why, "`dlogvar`")
            _ask_kl_grad(dmu, dlogvar, mu, logvar, m, v)
    _ask_kl_grad_widths(kl_grad, names)
    near = np.array([[0.04, 0.03, 0.02, 0.01, -0.01, -0.03]])
    for v in (np.zeros(6), np.full(6, 0.5)):
        got = parts(call(kl_grad, near + 0.25, near + v, np.full(6, 0.25), v), 2, names)
        want = near / np.exp(v), np.expm1(near) / 2
        for part, true, name in zip(got, want, ("`dmu`", "`dlogvar`"), strict=True):
            shape(part, (1, 6), why, name)
            expect(
                np.allclose(part, true, rtol=3e-4, atol=0),
                f"Where note and prior are nearly the same, {name} is not quite right: is it "
                "put together from two formulas? One is exact everywhere.",
            )


def _ask_kl_grad_widths(kl_grad, names):
    """Notes and priors from narrow to wide, side by side and each alone."""
    for v, ratio in ((WIDTHS, 0.7), (WIDTHS, -0.7), (0 * WIDTHS, WIDTHS), (WIDTHS, 0)):
        mu, m = np.repeat([[1.3], [-39.7], [0.3]], 12, axis=1), np.full(12, 0.3)
        logvar = np.tile(v + ratio, (3, 1))
        for rows, latents in [(slice(3), slice(12)), *((slice(1), [j]) for j in range(12))]:
            note = mu[rows, latents], logvar[rows, latents]
            got = parts(call(kl_grad, *note, m[latents], v[latents]), 2, names)
            off = note[0] - m[latents], note[1] - v[latents]
            want = off[0] / np.exp(v[latents]), np.expm1(off[1]) / 2
            for part, true, name in zip(got, want, ("`dmu`", "`dlogvar`"), strict=True):
                shape(part, true.shape, "a slope for each number of the note", name)
                _exact(part, true, name)


def _exact(got, want, name):
    """`extremes`; where the slope is 0, up to rounding."""
    zero = np.abs(want) < 1e-12
    expect(
        np.allclose(got[zero], 0, atol=1e-5),
        f"Where the note equals the prior, {name} is not 0, if the prior is very narrow or "
        "very wide.",
    )
    extremes(got[~zero], want[~zero], name)


def _ask_kl_grad(dmu, dlogvar, mu, logvar, m, v):
    """One pair of gradients: those of the KL to N(0, 1), in the prior's own unit."""
    unit = np.exp(v / 2)
    standard = kl_to_prior_grad((mu - m) / unit, logvar - v)
    want_dmu, want_dlogvar = standard[0] / unit, standard[1]
    n, variance, prior = len(mu), np.exp(logvar), np.exp(v)
    expect(
        not (close(dmu, want_dlogvar) and close(dlogvar, want_dmu)),
        "The two are in the wrong order: dmu comes first.",
    )
    recognise(dmu, want_dmu, {
        "dmu has a factor 2 too many: the ½ of the KL cancels the 2 of the square.":
            2 * want_dmu,
        "dmu has a factor ½ too many: it cancels against the 2 of the square.": want_dmu / 2,
        "dmu has the wrong sign: moving mu away from the prior's mean must make the KL grow.":
            -want_dmu,
        "`prior_mu` and `prior_logvar` have changed places: prior_mu comes first.":
            (mu - v) / np.exp(m),
        "dmu does not know the prior: this is its value for the prior N(0, 1).": mu,
        "dmu leaves out the prior's variance: a narrow prior pulls harder.": mu - m,
        "dmu leaves out the prior's mean: at mu = prior_mu the slope must be 0.": mu / prior,
        "dmu is divided by the prior's standard deviation. Its variance belongs there: "
        "`exp(prior_logvar)`.": (mu - m) / unit,
        "dmu is divided by the square of the prior's variance: `exp(prior_logvar)` is a "
        "square already.": (mu - m) / prior**2,
        "dmu is multiplied by the prior's variance, where it should be divided.":
            (mu - m) * prior,
        "dmu is divided by the note's own variance. That is the slope of `KL(p || q)`, from "
        "the prior to the note.": (mu - m) / variance,
        "dmu is the slope of a KL in which mu is not squared.": np.full_like(mu, 0.5) / prior,
        "dmu is divided by the number of rows. Each row's own slope is asked for.":
            want_dmu / n,
        "dmu is divided by the number of latents. The KL is a sum over them.":
            want_dmu / mu.shape[1],
    })  # fmt: skip
    values(dmu, want_dmu, "`dmu`")
    ratio = np.exp(logvar - v)
    recognise(dlogvar, want_dlogvar, {
        "dlogvar has a factor 2 too many: is it the slope along log sigma? logvar is twice "
        "that.": 2 * want_dlogvar,
        "dlogvar has the wrong sign: beyond the prior's width, widening must make the KL grow.":
            -want_dlogvar,
        "dlogvar has the ratio of the variances upside down: the note's belongs above, the "
        "prior's below.": np.expm1(v - logvar) / 2,
        "dlogvar takes prior_mu for prior_logvar.": np.expm1(logvar - m) / 2,
        "dlogvar does not know the prior: this is its value for the prior N(0, 1).":
            np.expm1(logvar) / 2,
        "dlogvar lacks the -½ that comes from the term -½ logvar; so it is not 0 where the "
        "note is as wide as the prior.": ratio / 2,
        "dlogvar is the slope along sigma². By the chain rule the slope along logvar is that "
        "times the derivative of `exp(logvar)`.": want_dlogvar / variance,
        "dlogvar is the slope along sigma. Asked is the slope along logvar.":
            2 * want_dlogvar / np.exp(logvar / 2),
        "dlogvar reads logvar as log sigma. It is the log of the variance.":
            np.expm1(2 * (logvar - v)),
        "dlogvar has standard deviations where variances belong: sigma² is `exp(logvar)`.":
            np.expm1((logvar - v) / 2) / 2,
        "dlogvar multiplies by the prior's variance, where it should divide.":
            np.expm1(logvar + v) / 2,
        "dlogvar is the slope of `KL(p || q)`, from the prior to the note.":
            0.5 * (1 - (prior + (mu - m) ** 2) / variance),
        "dlogvar still has mu in it. In `KL(q || p)` logvar and mu stand in different terms.":
            0.5 * ((variance + (mu - m) ** 2) / prior - 1),
        "dlogvar compares the logarithms of the variances. The variances themselves belong "
        "there.": 0.5 * (logvar - v),
        "dlogvar has the prior's part subtracted, not divided by: the KL holds the ratio of "
        "the variances.": 0.5 * (variance - prior),
        "dlogvar is divided by the number of rows. Each row's own slope is asked for.":
            want_dlogvar / n,
        "dlogvar is divided by the number of latents. The KL is a sum over them.":
            want_dlogvar / mu.shape[1],
    })  # fmt: skip
    _ask_clip(dlogvar, want_dlogvar, np.abs(logvar))
    values(dlogvar, want_dlogvar, "`dlogvar`")


def ask_monte_carlo(monte_carlo_kl):
    """monte_carlo_kl(mu, logvar, eps) -> (estimate, its standard error), given the draws."""
    for draws, size in ((11, 3), (40, 1), (5, 6), (4, 4), (3000, 2), (2, 3), (3, 1)):
        rng = np.random.default_rng(size)
        mu, logvar = rng.normal(0.4, 0.9, size=(2, size))
        eps = rng.normal(size=(draws, size))
        others = rng.normal(size=(draws, size))
        out = call(monte_carlo_kl, mu, logvar, eps)
        estimate, error = parts(out, 2, "the estimate and its standard error")
        shape(estimate, (), "a number, the mean over the draws", "the estimate")
        shape(error, (), "a number", "the standard error")
        expect(
            np.isfinite(estimate),
            "The estimate is not finite: logvar may be negative, so it has no root and no "
            "logarithm.",
        )
        again = parts(call(monte_carlo_kl, mu, logvar, eps), 2, "the same as before")
        expect(
            np.array_equal(again, (estimate, error), equal_nan=True),
            "Called twice with the same numbers, your function puts out different ones. Use "
            "the draws `eps` that are given, and draw none.",
        )
        other = parts(call(monte_carlo_kl, mu, logvar, others), 2, "the same as before")
        terms = _log_ratios(mu, logvar, eps)
        closed = (
            "This is the closed form. Asked is an estimate of it from the draws `eps` alone."
        )
        recognise(estimate, terms.mean(), {closed: kl_to_prior(mu, logvar).sum()})
        expect(
            not np.array_equal(other, (estimate, error), equal_nan=True),
            "With other draws `eps` the same numbers come out. Use the draws that are given.",
        )
        expect(
            not (close(error, terms.mean()) and _is_error(estimate, terms)),
            "The two are in the wrong order: the estimate comes first.",
        )
        _ask_estimate(estimate, terms.mean(), mu, logvar, eps)
        _ask_error(error, terms, mu, logvar, eps)
    for size in (1, 2):
        _ask_widths(monte_carlo_kl, np.random.default_rng(size).normal(size=(9, size)))


def _ask_widths(monte_carlo_kl, eps):
    """Notes from narrow to wide, about the prior's mean."""
    out, want = [], []
    for logvar in np.repeat(WIDTHS[:, None], eps.shape[1], axis=1):
        note = np.zeros(len(logvar)), logvar
        got = call(monte_carlo_kl, *note, eps)
        out.append(parts(got, 2, "the estimate and its standard error"))
        for part, name in zip(out[-1], ("the estimate", "the standard error"), strict=True):
            shape(part, (), "a number", name)
        terms = _log_ratios(*note, eps)
        want.append([terms.mean(), terms.std() / 3, terms.std() / np.sqrt(8)])
    (estimates, errors), want = np.transpose(out), np.transpose(want)
    extremes(estimates, want[0], "the estimate")
    if not np.allclose(errors, want[2], rtol=1e-4, atol=0):  # divisor S - 1
        extremes(errors, want[1], "the standard error")
    for logvar in (0.0, 0.01, 0.05):
        note = np.zeros(eps.shape[1]), np.full(eps.shape[1], logvar)
        out = parts(call(monte_carlo_kl, *note, eps), 2, "the same as before")
        terms = _log_ratios(*note, eps)
        wanted = (terms.mean(),), (terms.std() / 3, terms.std() / np.sqrt(8))
        for part, right, name in zip(
            out, wanted, ("the estimate", "the standard error"), strict=True
        ):
            shape(part, (), "a number", name)
            expect(
                any(np.isclose(part, one, rtol=1e-3, atol=3e-6) for one in right),
                f"For a note that is nearly the prior, {name} is wrong: there it is small, or "
                "0. Is something added, or is there a least value?",
            )


def _is_error(error, terms):
    """Whether it is the standard error, with divisor S or S - 1."""
    return any(close(error, terms.std() / np.sqrt(n)) for n in (len(terms), len(terms) - 1))


def _log_ratios(mu, logvar, eps):
    """log q(z) - log p(z) of each draw z."""
    z = mu + np.exp(logvar / 2) * eps
    return log_normal(z, mu, logvar) - log_normal(z)


def _ask_estimate(estimate, want, mu, logvar, eps):
    sigma, size = np.exp(logvar / 2), len(mu)

    def at(z):
        return (log_normal(z, mu, logvar) - log_normal(z)).mean()

    z = mu + sigma * eps
    log_q, log_p = log_normal(z, mu, logvar), log_normal(z)
    recognise(estimate, want, {
        "The draws are made with `exp(logvar)`, the variance, in place of sigma.":
            at(mu + sigma**2 * eps),
        "The draws are made with logvar in place of sigma.": at(mu + logvar * eps),
        "`eps` itself is taken for the draws. Those come from the prior; draws from the note "
        "are asked for.": at(eps),
        "mu is not in the draws.": at(sigma * eps),
        "sigma is not in the draws.": at(mu + eps),
        "This is the mean of log p - log q under q, which is minus the KL.": -want,
        "This estimates `KL(p || q)`, with draws from the prior. Asked is `KL(q || p)`, with "
        "draws from the note.": -at(eps),
        "The log-ratio is weighed with q(z) once more. The draws come from q, which is weight "
        "enough.": (np.exp(log_q) * (log_q - log_p)).mean(),
        "The ratio q / p is averaged, and the logarithm taken afterwards. The KL is the mean "
        "of the logarithm.": np.log(np.exp(log_q - log_p).mean()),
        "The ratio q / p is averaged without its logarithm.": np.exp(log_q - log_p).mean(),
        "This is a mean over the latents too. The latents' log-densities add up; only the "
        "draws are averaged.": want / size,
        "This is a sum over the draws. Their mean is asked for.": want * len(eps),
        "The constant ½ log 2π stands in one of the two densities only.":
            want + size * LOG_2PI / 2,
        "The constant ½ log 2π is missing in one of the two densities.":
            want - size * LOG_2PI / 2,
        "The term -½ logvar of log q is missing.": want + logvar.sum() / 2,
        "log q has the variance `exp(2 logvar)`: logvar is read as log sigma.":
            (log_normal(z, mu, 2 * logvar) - log_p).mean(),
        "The mean of log q is taken from its closed form. Both logarithms are averaged over "
        "the draws.": -(size * (LOG_2PI + 1) + logvar.sum()) / 2 - log_p.mean(),
        "This is the median of the log-ratios. The KL is their mean.":
            np.median(log_q - log_p),
        "log q is left out: this is the mean of -log p alone.": -log_p.mean(),
        "Only log q is here; subtract log p(z).": log_q.mean(),
        "`tv.log_normal` takes log sigma²; for N(0, 1) that is 0, not 1.":
            (log_q - log_normal(z, 0, 1)).mean(),
        "`tv.log_normal` is given sigma² in place of its logarithm.":
            _shown(estimate, *((log_normal(z, mu, sigma**2) - log_normal(z, 0, v)).mean()
                               for v in (0, 1))),
        "`tv.log_normal` is given sigma in place of the logarithm of sigma².":
            _shown(estimate, *((log_normal(z, mu, sigma) - log_normal(z, 0, v)).mean()
                               for v in (0, 1))),
        "log p is taken at `eps`. Both densities are taken at z, a draw from the note.":
            (log_q - log_normal(eps)).mean(),
        "log q is taken at `eps`. Both densities are taken at z, a draw from the note.":
            (log_normal(eps, mu, logvar) - log_p).mean(),
    })  # fmt: skip
    values(estimate, want, "the estimate")


def _ask_error(error, terms, mu, logvar, eps):
    n, spread = len(terms), terms.std()
    accepted = spread / np.sqrt(n), spread / np.sqrt(n - 1)  # divisor S, divisor S - 1
    if _is_error(error, terms):
        return
    for ddof in (0, 1):
        spread = terms.std(ddof=ddof)
        each = ((mu + np.exp(logvar / 2) * eps) ** 2 - eps**2).std(axis=0, ddof=ddof) / 2
        recognise(error, accepted[ddof], {
            "The second number is the spread of the draws. Their *mean* is more certain: more "
            "draws must make it smaller.": spread,
            "The second number is a variance. A standard error has the unit of the estimate, "
            "nats.": spread**2,
            "The second number is the variance of the mean. The standard error is its root.":
                spread**2 / n,
            "The second number has the variance where the standard deviation belongs.":
                spread**2 / np.sqrt(n),
            "The spread is divided by the number of draws. The root of it belongs there.":
                spread / n,
            "The spread is divided by the root of the count of *all* numbers in eps. One draw "
            "is one row of eps.": spread / np.sqrt(eps.size),
            "The spread is divided by the root of the number of latents. The number of draws "
            "belongs there.": spread / np.sqrt(eps.shape[1]),
            "The spread is divided by the fourth root of the number of draws.":
                spread / n**0.25,
            "The second number is the spread of eps. Asked is that of log q(z) - log p(z).":
                eps.std(ddof=ddof) / np.sqrt(n),
            "The standard errors of the latents are added up. Add the latents first, draw by "
            "draw, and take the standard deviation of these sums.": each.sum() / np.sqrt(n),
            "The latents' variances are added up. Add the latents themselves, draw by draw, "
            "and take the standard deviation of these sums.": np.sqrt((each**2).sum() / n),
            "The second number is twice the standard error.": 2 * accepted[ddof],
            "The second number is 1.96 standard errors. One is asked for.":
                1.96 * accepted[ddof],
        })  # fmt: skip
    values(error, accepted[0], "the standard error")


def ask_two_notes(notes):
    """notes: [[mean, sigma], [mean, sigma]], each with KL(q || p) = 0.5 nats, to 0.05."""
    try:
        notes = np.array(notes, dtype=float)
    except (TypeError, ValueError):
        raise NotYet("Two rows are asked for: mean and sigma of each note.") from None
    shape(notes, (2, 2), "a row for each note, its mean and its sigma")
    expect(np.isfinite(notes).all(), "There is a NaN or an infinity among your numbers.")
    if _notes_fit(notes):
        return
    expect(not _notes_fit(notes[::-1]), "The wide note stands first; the narrow one belongs "
           "in the first row.")  # fmt: skip
    expect(not _notes_fit(notes[:, ::-1]), "In each row the mean comes first, then sigma.")
    expect(not _notes_fit(notes.T), "Each *row* is a note, [mean, sigma]. Yours has the means "
           "in one row and the sigmas in the other.")  # fmt: skip
    mean, second = notes.T
    with np.errstate(invalid="ignore", over="ignore"):
        expect(
            not _notes_fit(np.column_stack([mean, np.exp(second / 2)])),
            "Your second numbers are logvars. Give sigma itself, as the slider has it.",
        )
        expect(
            not _notes_fit(np.column_stack([mean, np.sqrt(second)])),
            "Your second numbers are variances. Give sigma itself, as the slider has it.",
        )
    expect((second > 0).all(), "A sigma must be greater than 0.")
    expect(
        second[0] <= 0.7 + 1e-6, "The first note is not narrow: its sigma must be at most 0.7."
    )
    expect(
        second[1] >= 1.3 - 1e-6, "The second note is not wide: its sigma must be at least 1.3."
    )
    logvar = 2 * np.log(second)
    there = kl_to_prior(mean, logvar)
    back = kl_to_prior(-mean / second, -logvar)
    expect(
        not _half_a_nat(back).all(),
        "These notes have `KL(p || q)` near 0.5 nats. Asked is the first number under the "
        "picture, `KL(q || p)`.",
    )
    for i, name in enumerate(("first", "second")):
        much = "more" if there[i] > 0.5 else "less"
        expect(
            _half_a_nat(there[i]),
            f"The {name} note costs {much} than 0.5 nats, by more than 0.05.",
        )


def _half_a_nat(kl):
    return np.abs(kl - 0.5) <= 0.05 + 1e-6


def _notes_fit(notes):
    """Whether [[mean, sigma], [mean, sigma]] are a narrow and a wide note of 0.5 nats each."""
    mean, sigma = notes.T
    if not (0 < sigma[0] <= 0.7 + 1e-6 and sigma[1] >= 1.3 - 1e-6):
        return False
    return bool(_half_a_nat(kl_to_prior(mean, 2 * np.log(sigma))).all())


def ask_gaussian(log_prob, slope):
    """log_prob(x, out, log_sigma), slope(x, out, log_sigma) -> (N,), (N,): the museum's two."""
    cases = []
    for n, size in SHAPES:
        rng = np.random.default_rng(size)
        x, out = rng.normal(0.2, 1, size=(2, n, size))
        cases += [(x, out, log_sigma) for log_sigma in (-0.7, 0.45)]
    for x, out, log_sigma in cases:
        _ask_gaussian_log_prob(call(log_prob, x, out, log_sigma), x, out, log_sigma)
    for x, out, log_sigma in cases:
        _ask_slope(call(slope, x, out, log_sigma), x, out, log_sigma)
    for size in (1, 2, 40):
        for log_sigma in (-8.0, -5.0, -3.2, -2.0, 0.0, 1.6, 3.0, 5.0):
            for rows in ([0.0, 1.2, 6.0], [1.2], [6.0]):
                sigmas = np.repeat(np.transpose([rows]), size, axis=1)
                x, out = sigmas * np.exp(log_sigma), np.zeros(sigmas.shape)
                want = -0.5 * (sigmas**2).sum(axis=-1) - size * (log_sigma + LOG_2PI / 2)
                extremes(call(log_prob, x, out, log_sigma), want, "the log-likelihood")
                got = call(slope, x, out, log_sigma)
                extremes(got, (sigmas**2 - 1).sum(axis=-1), "the slope")


def _ask_gaussian_log_prob(got, x, out, log_sigma):
    want, (n, size) = log_normal(x, out, 2 * log_sigma), x.shape
    square = ((x - out) ** 2).sum(axis=-1)
    bell, constant = -square / np.exp(2 * log_sigma) / 2, log_sigma + LOG_2PI / 2
    shape(got, (n,), SUMMED, "the log-likelihood")
    still = (
        "The constant of all D numbers is still counted D times, once in each of the terms "
        "that are summed."
    )
    recognise(got, want, {still: bell - size**2 * constant})
    recognise(got, want, {
        "-log sigma is still counted D times too often; the part with 2π is right now.":
            bell - size**2 * log_sigma - size * LOG_2PI / 2,
        "½ log 2π is still counted D times too often; the part with log sigma is right now.":
            bell - size * log_sigma - size**2 * LOG_2PI / 2,
        "Now the constant is there once a row. Each of its D numbers brings one.":
            bell - constant,
        "-log sigma is there once a row. Each of the D numbers brings one.":
            bell - log_sigma - size * LOG_2PI / 2,
        "½ log 2π is there once a row. Each of the D numbers brings one.":
            bell - size * log_sigma - LOG_2PI / 2,
        "The constant with 2π is gone altogether: the area is not 1 yet.":
            bell - size * log_sigma,
        "The constant is gone altogether: the area is not 1 yet.": bell,
        "log sigma is gone: the area is not 1 yet, except at sigma = 1.":
            bell - size * LOG_2PI / 2,
        "log_sigma is read as log sigma². Here it is log sigma, as its name says.":
            log_normal(x, out, log_sigma),
        "The squared error is divided by sigma, and not by its square.":
            -square / np.exp(log_sigma) / 2 - size * constant,
        "log sigma stands halved in the constant, as if it were log sigma².":
            bell - size * (log_sigma + LOG_2PI) / 2,
        "The factor ½ of the squared error is missing.": 2 * bell - size * constant,
        "The constant is twice too large: per number it is log sigma + ½ log 2π.":
            bell - 2 * size * constant,
        "The constant is added. It should be subtracted.": bell + size * constant,
        "The constant is counted once for each row of the batch. It has nothing to do with N.":
            bell - n * constant,
        "The squared error is averaged over the D numbers. It is a sum.":
            bell / size - size * constant,
        "Now this is a mean over the D numbers. Log-densities of independent numbers add up.":
            want / size,
        "This is minus the log-likelihood, the loss.": -want,
    })  # fmt: skip
    values(got, want, "the log-likelihood")


def _ask_slope(got, x, out, log_sigma):
    n, size = x.shape
    square, variance = ((x - out) ** 2).sum(axis=-1), np.exp(2 * log_sigma)
    want = square / variance - size
    shape(got, (n,), "a slope for each row, since its D numbers share one sigma", "the slope")
    recognise(got, want, {
        "This is the slope of the faulty likelihood: its constant is counted D times.":
            square / variance - size**2,
        "The slope's constant is there once a row. Each of its D numbers brings one.":
            square / variance - 1,
        "The slope's constant is twice too large: it comes from -log sigma, once for each "
        "number.": square / variance - 2 * size,
        "The slope lacks the constant's part: it would never be 0, and sigma would grow "
        "for ever.": square / variance,
        "The slope has the wrong sign. It is that of the log-likelihood, not of the loss.":
            -want,
        "This is the slope along sigma. Along log sigma there is one factor sigma more.":
            want / np.sqrt(variance),
        "This is the slope along sigma². Asked is the slope along log sigma.":
            want / (2 * variance),
        "This is the slope along log sigma². Asked is the slope along log sigma, which is "
        "twice that.": want / 2,
        "The factor ½ of the squared error is still there; the 2 of the exponent cancels it.":
            square / variance / 2 - size,
        "The squared error in the slope is divided by sigma, and not by its square.":
            square / np.sqrt(variance) - size,
        "The part of the squared error in the slope has the wrong sign.":
            -square / variance - size,
        "The constant's part in the slope has the wrong sign.": square / variance + size,
        "The squared error in the slope is averaged over the D numbers. It is a sum.":
            square / size / variance - size,
        "The slope's constant counts the rows of the batch. It has nothing to do with N.":
            square / variance - n,
        "The slope is divided by the number of rows. Each row's own slope is asked for.":
            want / n,
        "The slope is divided by D. The log-likelihood is a sum.": want / size,
        "The errors are summed before they are squared.":
            (x - out).sum(axis=-1) ** 2 / variance - size,
        "The errors in the slope are not squared.":
            (x - out).sum(axis=-1) / variance - size,
    })  # fmt: skip
    values(got, want, "the slope")


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
    ),
]  # fmt: skip
