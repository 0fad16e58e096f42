"""Answers to the exercises of 02."""

import math

import numpy as np

from tinyvae import log_normal

TAU = math.log(2 * math.pi)


def np_sigmoid(a):
    return 1 / (1 + np.exp(-a))


# 02.1


def density_in_loops(z, mu, logvar):
    rows = []
    for i in range(len(z)):
        total = 0.0
        for j in range(len(z[i])):
            sigma = math.exp(logvar[i][j] / 2)
            total -= ((z[i][j] - mu[i][j]) / sigma) ** 2 / 2 + math.log(
                sigma * math.sqrt(2 * math.pi)
            )
        rows.append(total)
    return rows


def density_in_float32(x, m, v):
    x, m, v = (np.asarray(part, np.float32) for part in (x, m, v))
    t = (x - m) / np.exp(v / 2)
    return (-0.5 * t**2).sum(1) - 0.5 * v.sum(1) - np.float32(0.5 * x.shape[1] * TAU)


def density_by_its_log(z, mu, v):
    p = np.exp(-((z - mu) ** 2) / (2 * np.exp(v))) / np.sqrt(2 * np.pi * np.exp(v))
    return np.log(p).sum(axis=1)


def density_with(change):
    """The right log-density, of another variance: change(variance)."""

    def log_density(z, mu, logvar):
        variance = change(np.exp(logvar))
        return -0.5 * (TAU + np.log(variance) + (z - mu) ** 2 / variance).sum(axis=-1)

    return log_density


# 02.2


def bernoulli_in_loops(x, a):
    rows = []
    for pixels, logits in zip(x, a, strict=True):
        total = 0.0
        for pixel, logit in zip(pixels, logits, strict=True):
            total += pixel * logit - max(logit, 0) - math.log1p(math.exp(-abs(logit)))
        rows.append(total)
    return rows


def bernoulli_grad_in_loops(x, a):
    def p(logit):
        e = math.exp(-abs(logit))
        return 1 / (1 + e) if logit > 0 else e / (1 + e)

    return [[x[i, j] - p(a[i, j]) for j in range(x.shape[1])] for i in range(len(x))]


def bernoulli_two_terms(x, a):
    return -(x * np.logaddexp(0, -a) + (1 - x) * np.logaddexp(0, a)).sum(1)


def bernoulli(x, a):
    return (x * a - np.logaddexp(0, a)).sum(-1)


def bernoulli_grad(x, a):
    return x - np_sigmoid(a)


def bernoulli_by_p(clip=None, add=0.0):
    def log_prob(x, a):
        p = np_sigmoid(a)
        if clip:
            p = np.clip(p, clip, 1 - clip)
        return (x * np.log(p + add) + (1 - x) * np.log(1 - p + add)).sum(axis=-1)

    return log_prob


def bernoulli_picks(x, a):
    return np.where(x > 0.5, -np.logaddexp(0, -a), -np.logaddexp(0, a)).sum(-1)


def bernoulli_with_a_cut(x, a):
    softplus = np.where(np.abs(a) > 8, np.maximum(a, 0), np.log1p(np.exp(np.clip(a, -8, 8))))
    return (x * a - softplus).sum(axis=-1)


def sigmoid_with_a_cut(x, a):
    return x - np.where(np.abs(a) > 9, a > 0, np_sigmoid(np.clip(a, -9, 9)))


def bernoulli_by_max(x, a):
    softplus = np.maximum(a, 0) + np.log(1 + np.exp(-np.abs(a)))
    return [float(row) for row in np.sum(x * a - softplus, axis=1)]


def exploding_sigmoid(x, a):
    return x - np.exp(a) / (1 + np.exp(a))


# 02.3


def letters_in_loops(x, a, k):
    rows = []
    for text, logits in zip(x, a, strict=True):
        total = 0.0
        for start in range(0, len(text), k):
            block = [float(v) for v in logits[start : start + k]]
            top = max(block)
            right = list(text[start : start + k]).index(1)
            total += block[right] - top - math.log(sum(math.exp(v - top) for v in block))
        rows.append(total)
    return rows


def letters_grad_in_loops(x, a, k):
    out = np.array(x, dtype=float)
    for i in range(a.shape[0]):
        for start in range(0, a.shape[1], k):
            e = np.exp(a[i, start : start + k] - a[i, start : start + k].max())
            out[i, start : start + k] -= e / e.sum()
    return out


def letters_by_logaddexp(onehot, logits, n_letters):
    logits = logits.astype(np.float32).reshape(-1, onehot.shape[1] // n_letters, n_letters)
    log_p = logits - np.logaddexp.reduce(logits, axis=-1)[..., None]
    return log_p[onehot.reshape(logits.shape) == 1].reshape(len(onehot), -1).sum(1)


def letters_grad_by_log(onehot, logits, n_letters):
    blocks = logits.reshape(len(logits), -1, n_letters)
    p = np.exp(blocks - np.logaddexp.reduce(blocks, axis=2, keepdims=True))
    return (onehot - p.reshape(onehot.shape)).astype(np.float32)


def log_sums(a, k):
    return np.logaddexp.reduce(a.reshape(len(a), -1, k), axis=-1)


def letters(x, a, k):
    return (x * a).sum(-1) - log_sums(a, k).sum(-1)


def softmax(a, k):
    return np.exp(a.reshape(len(a), -1, k) - log_sums(a, k)[..., None]).reshape(a.shape)


def letters_grad(x, a, k):
    return x - softmax(a, k)


def naive_letters(x, a, k):
    return (x * a).sum(-1) - np.log(np.exp(a.reshape(len(a), -1, k)).sum(-1)).sum(-1)


def letters_row_maximum(x, a, k):
    a = a - a.max(axis=-1, keepdims=True)
    return naive_letters(x, a, k)


def letters_with_floor(x, a, k):
    return (x * np.log(softmax(a, k) + 1e-12)).sum(-1)


def letters_where_p_is_tiny(x, a, k):
    b = a.reshape(len(a), -1, k)
    b = b - b.max(-1, keepdims=True)
    p = np.exp(b) / np.exp(b).sum(-1, keepdims=True)
    log_p = np.where(p < 1e-300, b, np.log(np.where(p < 1e-300, 1, p)))
    return (x.reshape(b.shape) * log_p).sum((1, 2))


def letters_without_the_tied(x, a, k):
    b = a.reshape(len(a), -1, k)
    top = b.max(-1, keepdims=True)
    rest = np.where(b == top, 0, np.exp(b - top)).sum(-1)
    return (x * a).sum(-1) - (top[..., 0] + np.log1p(rest)).sum(-1)


def letters_grad_of_the_likely(x, a, k):
    p = softmax(a, k)
    return x - np.where(p < 1e-5, 0, p)


def letters_shifted(x, a, k):
    b = a.reshape(len(a), -1, k)
    b = b - b.max(-1, keepdims=True)
    log_p = b - np.log(np.exp(b).sum(-1, keepdims=True))
    return (x.reshape(b.shape) * log_p).sum((1, 2))


def letters_grad_by_softmax_in_float32(x, a, k):
    b = a.astype(np.float32).reshape(len(a), -1, k)
    e = np.exp(b - b.max(-1, keepdims=True))
    return x.astype(np.float32) - (e / e.sum(-1, keepdims=True)).reshape(a.shape)


def naive_letters_grad(x, a, k):
    e = np.exp(a).reshape(len(a), -1, k)
    return x - (e / e.sum(-1, keepdims=True)).reshape(a.shape)


def crosswise(x, a, k):
    blocks = a.reshape(len(a), k, -1)
    return (x * a).sum(1) - np.log(np.exp(blocks).sum(1)).sum(1)


def letters_normed_over(axis):
    """The log-likelihood with the softmax along an axis of (N, T, k)."""

    def log_prob(x, a, k):
        blocks = a.reshape(len(a), -1, k)
        shifted = blocks - blocks.max(axis=axis, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
        return (x.reshape(blocks.shape) * log_p).sum(axis=(1, 2))

    return log_prob


def letters_grad_normed_over(axis):
    """Its gradient, with the softmax along an axis of (N, T, k)."""

    def gradient(x, a, k):
        e = np.exp(a.reshape(len(a), -1, k))
        return x - (e / e.sum(axis=axis, keepdims=True)).reshape(a.shape)

    return gradient


# 02.4


def kl_in_loops(mu, logvar):
    totals = []
    for row_mu, row_logvar in zip(mu, logvar, strict=True):
        total = 0.0
        for m, v in zip(row_mu, row_logvar, strict=True):
            total += (m * m + math.exp(v) - 1 - v) / 2
        totals.append(total)
    return totals


def kl_by_sigma_in_float32(m, lv):
    m, sigma = m.astype(np.float32), np.exp(lv / 2).astype(np.float32)
    return -0.5 * np.sum(1 + 2 * np.log(sigma) - m**2 - sigma**2, axis=1)


def kl_with(change):
    """The right KL, of another variance: change(variance)."""

    def kl(mu, logvar):
        variance = change(np.exp(logvar))
        return 0.5 * (mu**2 + variance - 1 - np.log(variance)).sum(axis=-1)

    return kl


def kl_in_two_pieces(mu, logvar):
    width = np.where(np.abs(logvar) < 0.05, logvar**2 / 4, 0.5 * (np.exp(logvar) - 1 - logvar))
    return (0.5 * mu**2 + width).sum(axis=-1)


def kl_float32(mu, logvar):
    mu, logvar = mu.astype(np.float32), logvar.astype(np.float32)
    return 0.5 * (mu * mu + np.exp(logvar) - 1 - logvar).sum(axis=1)


# 02.5


def kl_grad_in_loops(mu, logvar, m, v):
    dmu, dlogvar = np.empty_like(mu), np.empty_like(mu)
    for i in range(mu.shape[0]):
        for j in range(mu.shape[1]):
            dmu[i, j] = (mu[i, j] - m[j]) / math.exp(v[j])
            dlogvar[i, j] = (math.exp(logvar[i, j]) / math.exp(v[j]) - 1) / 2
    return dmu, dlogvar


def kl_grad_by_sigmas(mu, logvar, m, v):
    sigma, s = np.exp(logvar / 2).astype(np.float32), np.exp(v / 2).astype(np.float32)
    return [(mu - m) / s**2, -0.5 + 0.5 * (sigma / s) ** 2]


def grad(dmu=None, dlogvar=None):
    """The right pair, but for the parts that are given."""

    def kl_grad(mu, logvar, m, v):
        right = (mu - m) / np.exp(v), 0.5 * (np.exp(logvar - v) - 1)
        first = right[0] if dmu is None else dmu(mu, logvar, m, v)
        return first, right[1] if dlogvar is None else dlogvar(mu, logvar, m, v)

    return kl_grad


def kl_grad_in_float32(*inputs):
    mu, logvar, m, v = (array.astype(np.float32) for array in inputs)
    return (mu - m) / np.exp(v), (np.exp(logvar) / np.exp(v) - 1) / 2


# 02.6


def log_ratios(z, mu, logvar):
    log_q = -0.5 * (TAU + logvar + (z - mu) ** 2 / np.exp(logvar)).sum(-1)
    return log_q + 0.5 * (TAU + z**2).sum(-1)


def monte_carlo_in_loops(mu, logvar, eps):
    ratios = []
    for row in eps:
        ratio = 0.0
        for m, v, e in zip(mu, logvar, row, strict=True):
            z = m + math.exp(v / 2) * e
            ratio += 0.5 * (z * z - e * e - v)  # log 2 pi is in both
        ratios.append(ratio)
    mean = sum(ratios) / len(ratios)
    spread = math.sqrt(sum((ratio - mean) ** 2 for ratio in ratios) / (len(ratios) - 1))
    return [mean, spread / math.sqrt(len(ratios))]


def monte_carlo_in_float32(mu, logvar, eps):
    ratios = log_ratios(mu + np.exp(logvar / 2) * eps, mu, logvar).astype(np.float32)
    return ratios.mean(), ratios.std() / len(ratios) ** 0.5


def estimator(z=None, mean=None, error=None):
    """The right estimator, but for the parts that are given."""

    def monte_carlo_kl(mu, logvar, eps):
        draws = mu + np.exp(logvar / 2) * eps if z is None else z(mu, logvar, eps)
        r = log_ratios(draws, mu, logvar)
        first = r.mean() if mean is None else mean(r, mu, logvar, eps)
        return first, r.std() / np.sqrt(len(r)) if error is None else error(r, eps)

    return monte_carlo_kl


def by_latent(combine):
    """The right estimate; the standard error put together from those of the latents."""

    def monte_carlo_kl(mu, logvar, eps):
        z = mu + np.exp(logvar / 2) * eps
        r = 0.5 * (z**2 - eps**2 - logvar)
        return r.mean(axis=0).sum(), combine(r.std(axis=0) / np.sqrt(len(r)))

    return monte_carlo_kl


def by_densities(log_ratio):
    """An answer to 02.6 from log_ratio(z, mu, logvar, eps), one number a draw."""

    def monte_carlo_kl(mu, logvar, eps):
        r = log_ratio(mu + np.exp(logvar / 2) * eps, mu, logvar, eps)
        return r.mean(), r.std() / np.sqrt(len(r))

    return monte_carlo_kl


def estimator_with_floor(estimate, error):
    """The right estimator, with a floor under sigma in one number, or in both."""

    def monte_carlo_kl(mu, logvar, eps):
        low = np.maximum(logvar, -4)
        r, floored = (log_ratios(mu + np.exp(v / 2) * eps, mu, v) for v in (logvar, low))
        first = floored if estimate else r
        return first.mean(), (floored if error else r).std() / np.sqrt(len(r))

    return monte_carlo_kl


def capped_error(mu, logvar, eps):
    r = log_ratios(mu + np.exp(logvar / 2) * eps, mu, logvar)
    return r.mean(), min(r.std(), 100.0) / np.sqrt(len(r))


def monte_carlo_all_in_float32(*inputs):
    mu, logvar, eps = (array.astype(np.float32) for array in inputs)
    z = mu + np.exp(logvar / 2) * eps
    r = log_normal(z, mu, logvar) - log_normal(z)
    return [r.mean(), r.std(ddof=1) / np.sqrt(len(r))]


def own_draws(mu, logvar, eps):
    eps = np.random.default_rng().standard_normal(eps.shape)
    r = log_ratios(mu + np.exp(logvar / 2) * eps, mu, logvar)
    return r.mean(), r.std() / np.sqrt(len(r))


def own_seed(mu, logvar, eps):
    eps = np.random.default_rng(0).standard_normal(eps.shape)
    r = log_ratios(mu + np.exp(logvar / 2) * eps, mu, logvar)
    return r.mean(), r.std() / np.sqrt(len(r))


# 02.8


def gaussian_in_loops(x, out, log_sigma):
    sigma, rows = math.exp(log_sigma), []
    for row, mean in zip(x, out, strict=True):
        each = [((a - b) / sigma) ** 2 for a, b in zip(row, mean, strict=True)]
        rows.append(sum(-0.5 * t - math.log(sigma) - 0.5 * TAU for t in each))
    return rows


def slope_in_loops(x, out, log_sigma):
    sigma = math.exp(log_sigma)
    return [sum((t / sigma) ** 2 - 1 for t in row) for row in x - out]


def gaussian(x, out, log_sigma):
    s = np.exp(log_sigma)
    return -0.5 * (((x - out) / s) ** 2 + TAU + 2 * log_sigma).sum(-1).astype(np.float32)


def slope(x, out, log_sigma):
    return (((x - out) / np.exp(log_sigma)) ** 2 - 1).sum(-1).astype(np.float32)


def museum(x, out, log_sigma):
    constant = x.shape[1] * (log_sigma + 0.5 * TAU)
    return (-0.5 * (x - out) ** 2 / np.exp(2 * log_sigma) - constant).sum(axis=1)


def bell(x, out, log_sigma):
    return -0.5 * ((x - out) ** 2).sum(-1) / np.exp(2 * log_sigma)


def gaussian_with_floor(floor):
    def log_prob(x, out, log_sigma):
        variance = max(math.exp(2 * log_sigma), floor)
        return -0.5 * ((x - out) ** 2 / variance + math.log(variance) + TAU).sum(axis=1)

    return log_prob


def slope_with_floor(floor):
    return lambda x, out, log_sigma: (
        (x - out) ** 2 / max(math.exp(2 * log_sigma), floor) - 1
    ).sum(axis=1)


def over_variance(x, out, log_sigma):
    return ((x - out) ** 2).sum(-1) / np.exp(2 * log_sigma)


RIGHT = {
    "02.1": {
        "loops": density_in_loops,
        "float32, by standardised numbers": density_in_float32,
        "by the variance": density_with(lambda variance: variance),
        "the constant outside": lambda z, mu, v: (
            -0.5 * z.shape[1] * TAU - np.sum(v / 2 + (z - mu) ** 2 / (2 * np.exp(v)), axis=1)
        ),
    },
    "02.2": {
        "loops": (bernoulli_in_loops, bernoulli_grad_in_loops),
        "logaddexp, plain sigmoid": (bernoulli, bernoulli_grad),
        "the greater one taken out": (bernoulli_by_max, bernoulli_grad),
        "two terms; tanh": (
            bernoulli_two_terms,
            lambda x, a: list(x - 0.5 - 0.5 * np.tanh(0.5 * a)),
        ),
    },
    "02.3": {
        "loops": (letters_in_loops, letters_grad_in_loops),
        "logaddexp, float32": (letters_by_logaddexp, letters_grad_by_log),
        "plain": (letters, letters_grad),
        "shifted; in float32": (letters_shifted, letters_grad_by_softmax_in_float32),
        "float32 from the start": (
            lambda x, a, k: letters(x, a.astype(np.float32), k),
            lambda x, a, k: letters_grad(x, a.astype(np.float32), k),
        ),
    },
    "02.4": {
        "loops": kl_in_loops,
        "by sigma, in float32": kl_by_sigma_in_float32,
        "in float32": kl_float32,
        "difference of entropies": lambda m, v: (
            -0.5 * (TAU + 1 + v) + 0.5 * (TAU + m**2 + np.exp(v))
        ).sum(axis=-1),
    },
    "02.5": {
        "loops": kl_grad_in_loops,
        "by sigmas, in a list": kl_grad_by_sigmas,
        "in float32": kl_grad_in_float32,
        "stacked": lambda mu, lv, m, v: np.stack(
            [np.exp(-v) * (mu - m), (np.exp(lv) - np.exp(v)) / (2 * np.exp(v))]
        ),
    },
    "02.6": {
        "loops, without log 2 pi, divisor S - 1": monte_carlo_in_loops,
        "float32": monte_carlo_in_float32,
        "float32 from the start, divisor S - 1": monte_carlo_all_in_float32,
    },
    "02.7": {
        "by hand, a list": [[0.6, 0.5], [-0.75, 1.5]],
        "at the edge": [(-0.9, 0.7), (0, 1.75)],
        "float32": np.array([[0.0, 0.4], [0.9, 1.3]], dtype=np.float32),
    },
    "02.8": {
        "loops": (gaussian_in_loops, slope_in_loops),
        "float32": (gaussian, slope),
    },
}

WRONG = {
    "02.1": {
        "constant with 2π is missing": lambda z, m, v: (
            -0.5 * (v + (z - m) ** 2 / np.exp(v)).sum(-1)
        ),
        "there once a row": lambda z, m, v: (
            -0.5 * TAU - 0.5 * (v + (z - m) ** 2 / np.exp(v)).sum(-1)
        ),
        "counted too often": lambda z, m, v: (
            -0.5 * (z.shape[1] * TAU + v + (z - m) ** 2 / np.exp(v)).sum(-1)
        ),
        "term -½ logvar is missing": lambda z, m, v: (
            -0.5 * (TAU + (z - m) ** 2 / np.exp(v)).sum(-1)
        ),
        "wrong sign in the constant": lambda z, m, v: (
            -0.5 * (TAU - v + (z - m) ** 2 / np.exp(v)).sum(-1)
        ),
        "stands whole": lambda z, m, v: (-0.5 * TAU - v - 0.5 * (z - m) ** 2 / np.exp(v)).sum(
            -1
        ),
        "*standard deviation* is": lambda z, m, v: (
            -0.5 * TAU - v - 0.5 * ((z - m) / np.exp(v)) ** 2
        ).sum(-1),
        "variance is `exp(logvar / 2)`": lambda z, m, v: (
            -0.5 * (TAU + v / 2 + (z - m) ** 2 / np.exp(v / 2)).sum(-1)
        ),
        "divided by sigma": lambda z, m, v: (
            -0.5 * (TAU + v + (z - m) ** 2 / np.exp(v / 2)).sum(-1)
        ),
        "multiplied by sigma²": lambda z, m, v: (
            -0.5 * (TAU + v + (z - m) ** 2 * np.exp(v)).sum(-1)
        ),
        "divided by sigma⁴": lambda z, m, v: (
            -0.5 * (TAU + v + (z - m) ** 2 / np.exp(v) ** 2).sum(-1)
        ),
        "is not squared": lambda z, m, v: -0.5 * (TAU + v + (z - m) / np.exp(v)).sum(-1),
        "as if it were sigma or": lambda z, m, v: (
            -0.5 * TAU - 0.5 * np.log(v**2) - 0.5 * ((z - m) / v) ** 2
        ).sum(axis=-1),
        "factor ½ of the squared": lambda z, m, v: (
            -(0.5 * (TAU + v) + (z - m) ** 2 / np.exp(v)).sum(-1)
        ),
        "would grow away": lambda z, m, v: -0.5 * (TAU + v - (z - m) ** 2 / np.exp(v)).sum(-1),
        "twice the log-density": lambda z, m, v: -(TAU + v + (z - m) ** 2 / np.exp(v)).sum(-1),
        "mean over the columns": lambda z, m, v: (
            -0.5 * (TAU + v + (z - m) ** 2 / np.exp(v)).mean(-1)
        ),
        "density itself; asked": lambda z, m, v: np.prod(
            np.exp(-0.5 * (TAU + v + (z - m) ** 2 / np.exp(v))), axis=1
        ),
        "the surprise": lambda z, m, v: 0.5 * (TAU + v + (z - m) ** 2 / np.exp(v)).sum(-1),
        "rounded to 0": density_by_its_log,
        "furthest from 0": density_with(lambda w: np.clip(w, math.exp(-2), math.exp(2))),
        "very small or very large": density_with(
            lambda w: np.clip(w, math.exp(-6), math.exp(6))
        ),
        "ordinary inputs": lambda z, m, v: (
            -0.5 * (TAU + np.log(v) + (z - m) ** 2 / v).sum(axis=-1)
        ),
        "should be (7,)": lambda z, m, v: -0.5 * (TAU + v + (z - m) ** 2 / np.exp(v)).sum(0),
    },
    "02.2": {
        "At logits of 50 and -50 in float32 the log-likelihood has": (
            bernoulli_by_p(1e-15),
            bernoulli_grad,
        ),
        "At logits of 50 and -50 in float32 the log-likelihood is finite, but wrong": (
            bernoulli_by_p(1e-7),
            bernoulli_grad,
        ),
        "At logits of 100 and -100 in float32 the log-likelihood has": (
            lambda x, a: (x * a - np.log(1 + np.exp(a))).sum(-1),
            bernoulli_grad,
        ),
        "At logits of 10000 and -10000 in float64 the log-likelihood has": (
            lambda x, a: (
                (x * a - np.log(1 + np.exp(a.astype(float)))).sum(-1)
                if a.dtype == np.float64
                else bernoulli(x, a)
            ),
            bernoulli_grad,
        ),
        "12 the log-likelihood is not quite": (bernoulli_with_a_cut, bernoulli_grad),
        "12 the gradient is not quite": (bernoulli, sigmoid_with_a_cut),
        "minus the log-likelihood": (lambda x, a: -bernoulli(x, a), bernoulli_grad),
        "mean over the pixels": (
            lambda x, a: bernoulli(x, a) / x.shape[1],
            bernoulli_grad,
        ),
        "probability of the picture": (lambda x, a: np.exp(bernoulli(x, a)), bernoulli_grad),
        "Only the white pixels count": (
            lambda x, a: (x * np.log(np_sigmoid(a))).sum(1),
            bernoulli_grad,
        ),
        "Only the black pixels count": (
            lambda x, a: ((1 - x) * np.log(1 - np_sigmoid(a))).sum(1),
            bernoulli_grad,
        ),
        "wrong way round": (lambda x, a: bernoulli(1 - x, a), bernoulli_grad),
        "wrong argument or sign": (
            lambda x, a: (x * a - np.logaddexp(0, -a)).sum(-1),
            bernoulli_grad,
        ),
        "squared error": (lambda x, a: -((x - np_sigmoid(a)) ** 2).sum(1), bernoulli_grad),
        "wrong order": (lambda a, x: bernoulli(x, a), bernoulli_grad),
        "not for grey x": (bernoulli_picks, bernoulli_grad),
        "ordinary logits": (
            lambda x, a: (x * np.log(a) + (1 - x) * np.log(1 - a)).sum(1),
            bernoulli_grad,
        ),
        "log-likelihood is ()": (lambda x, a: bernoulli(x, a).sum(), bernoulli_grad),
        "gradient of the loss": (bernoulli, lambda x, a: np_sigmoid(a) - x),
        "but its sigmoid": (bernoulli, lambda x, a: x - a),
        "derivative of the softplus is missing": (
            bernoulli,
            lambda x, a: x - np.logaddexp(0, a),
        ),
        "slope along p": (
            bernoulli,
            lambda x, a: x / np_sigmoid(a) - (1 - x) / (1 - np_sigmoid(a)),
        ),
        "too many": (
            bernoulli,
            lambda x, a: (x - np_sigmoid(a)) * np_sigmoid(a) * (1 - np_sigmoid(a)),
        ),
        "sign of the logit": (bernoulli, lambda x, a: x - 1 / (1 + np.exp(a))),
        "number of rows": (bernoulli, lambda x, a: (x - np_sigmoid(a)) / len(x)),
        "number of columns": (bernoulli, lambda x, a: (x - np_sigmoid(a)) / x.shape[1]),
        "an exponential overflow there": (bernoulli, exploding_sigmoid),
        "The shape of the gradient": (bernoulli, lambda x, a: (x - np_sigmoid(a)).sum(1)),
    },
    "02.3": {
        "One softmax is taken over the whole row": (
            lambda x, a, k: (x * (a - np.logaddexp.reduce(a, axis=1)[:, None])).sum(1),
            letters_grad,
        ),
        "minus the log-likelihood": (lambda x, a, k: -letters(x, a, k), letters_grad),
        "mean over the places": (
            lambda x, a, k: letters(x, a, k) * k / x.shape[1],
            letters_grad,
        ),
        "read crosswise": (crosswise, letters_grad),
        "sum runs over the places": (letters_normed_over(1), letters_grad),
        "sum runs over the texts": (letters_normed_over(0), letters_grad),
        "softmax sums over the places": (letters, letters_grad_normed_over(1)),
        "softmax sums over the texts": (letters, letters_grad_normed_over(0)),
        "subtracted k times": (
            lambda x, a, k: ((x * a).reshape(len(a), -1, k) - log_sums(a, k)[..., None]).sum(
                (1, 2)
            ),
            letters_grad,
        ),
        "term is missing": (lambda x, a, k: (x * a).sum(1), letters_grad),
        "never comes back": (
            lambda x, a, k: letters(x, a, k) + a.reshape(len(a), -1, k).max(-1).sum(-1),
            letters_grad,
        ),
        "probability of the text": (
            lambda x, a, k: np.exp(letters(x, a, k)),
            letters_grad,
        ),
        "does x come in": (
            lambda x, a, k: np.log(softmax(a, k)).sum(axis=1),
            letters_grad,
        ),
        "coin of its own": (lambda x, a, k: bernoulli(x, a), letters_grad),
        "Asked are their logarithms": (
            lambda x, a, k: (x * softmax(a, k)).sum(-1),
            letters_grad,
        ),
        "never take the logarithm of a probability": (naive_letters, letters_grad),
        "added inside a logarithm": (letters_with_floor, letters_grad),
        "log-likelihood is (5, 3)": (
            lambda x, a, k: (x * a).reshape(len(a), -1, k).sum(-1) - log_sums(a, k),
            letters_grad,
        ),
        "gradient's softmax is taken over the whole row": (
            letters,
            lambda x, a, k: x - np.exp(a) / np.exp(a).sum(axis=-1, keepdims=True),
        ),
        "gradient of the loss": (letters, lambda x, a, k: softmax(a, k) - x),
        "Only the letters that are there have a slope": (
            letters,
            lambda x, a, k: x * (1 - softmax(a, k)),
        ),
        "This is the softmax; x": (letters, lambda x, a, k: softmax(a, k)),
        "uses a sigmoid": (letters, lambda x, a, k: x - np_sigmoid(a)),
        "slope along p": (letters, lambda x, a, k: x / softmax(a, k)),
        "`x - log p`": (letters, lambda x, a, k: x - np.log(softmax(a, k))),
        "divided by the number of rows": (
            letters,
            lambda x, a, k: (x - softmax(a, k)) / len(x),
        ),
        "divided by the number of places": (
            letters,
            lambda x, a, k: (x - softmax(a, k)) / (x.shape[1] // k),
        ),
        "the softmax stays the same": (letters, naive_letters_grad),
        "up to 800, the log-likelihood": (letters_where_p_is_tiny, letters_grad),
        "up to 0, the log-likelihood": (letters_without_the_tied, letters_grad),
        "up to 12, the gradient": (letters, letters_grad_of_the_likely),
        "in the order of the logits": (
            letters,
            lambda x, a, k: (x - softmax(a, k)).reshape(len(x), -1, k),
        ),
    },
    "02.4": {
        "standard deviation": lambda m, v: 0.5 * (m**2 + np.exp(v) ** 2 - 1 - 2 * v).sum(-1),
        "very small or very large": kl_with(lambda w: np.clip(w, math.exp(-4), math.exp(4))),
        "Close to the prior": kl_in_two_pieces,
        "furthest from 0": kl_with(lambda w: np.clip(w, math.exp(-2), math.exp(2))),
        "mean over the latents": lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 - v).mean(-1),
        "factor ½": lambda m, v: (m**2 + np.exp(v) - 1 - v).sum(-1),
        "minus the KL": lambda m, v: 0.5 * (1 + v - m**2 - np.exp(v)).sum(-1),
        "The -1 of each latent": lambda m, v: 0.5 * (m**2 + np.exp(v) - v).sum(-1),
        "The -1 is there once": lambda m, v: 0.5 * ((m**2 + np.exp(v) - v).sum(-1) - 1),
        "from the prior to the note": lambda m, v: (
            0.5 * ((1 + m**2) / np.exp(v) - 1 + v).sum(-1)
        ),
        "its square belongs there": lambda m, v: 0.5 * (m + np.exp(v) - 1 - v).sum(-1),
        "mu does not come in": lambda m, v: 0.5 * (np.exp(v) - 1 - v).sum(-1),
        "mu² has the wrong sign": lambda m, v: -0.5 * (1 + v + m**2 - np.exp(v)).sum(-1),
        "logvar has the wrong sign": lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 + v).sum(-1),
        "logvar itself is missing": lambda m, v: 0.5 * (m**2 + np.exp(v) - 1).sum(-1),
        "halved once too often": lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 - v / 2).sum(-1),
        "sigma stands where its square": lambda m, v: (
            0.5 * (m**2 + np.exp(v / 2) - 1 - v).sum(-1)
        ),
        "sigma⁴": lambda m, v: 0.5 * (m**2 + np.exp(v) ** 2 - 1 - v).sum(-1),
        "as if it were sigma.": lambda m, s: 0.5 * (m**2 + s**2 - 1 - np.log(s**2)).sum(-1),
        "number of rows": lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 - v).sum(-1) / len(m),
        "ordinary inputs": lambda m, v: 0.5 * (m**2 + v - 1 - np.log(v)).sum(-1),
        "should be (7,)": lambda m, v: 0.5 * (m**2 + np.exp(v) - 1 - v).sum(0),
    },
    "02.5": {
        "wrong order": lambda mu, lv, m, v: grad()(mu, lv, m, v)[::-1],
        "puts out one": lambda mu, lv, m, v: (mu - m) / np.exp(v),
        "The shape of `dmu`": lambda mu, lv, m, v: tuple(
            part.mean(0) for part in grad()(mu, lv, m, v)
        ),
        "inputs `dmu` is right": grad(lambda mu, lv, m, v: (mu - m) / (np.exp(v) + 1e-8)),
        "inputs `dlogvar` is right": grad(
            None, lambda mu, lv, m, v: 0.5 * np.expm1(np.clip(lv, -3, 3) - v)
        ),
        "nearly the same, `dlogvar`": grad(
            None,
            lambda mu, lv, m, v: np.where(
                np.abs(lv - v) < 0.012, 0.5 * (lv - v), 0.5 * np.expm1(lv - v)
            ),
        ),
        "furthest from 0": grad(
            None, lambda mu, lv, m, v: 0.5 * np.expm1(np.clip(lv, -1, 1) - v)
        ),
        "dmu has a factor 2": grad(lambda mu, lv, m, v: 2 * (mu - m) / np.exp(v)),
        "dmu has a factor ½": grad(lambda mu, lv, m, v: (mu - m) / (2 * np.exp(v))),
        "dmu has the wrong sign": grad(lambda mu, lv, m, v: (m - mu) / np.exp(v)),
        "have changed places": lambda mu, lv, v, m: grad()(mu, lv, m, v),
        "upside down": grad(None, lambda mu, lv, m, v: 0.5 * (np.exp(v - lv) - 1)),
        "takes prior_mu for": grad(None, lambda mu, lv, m, v: 0.5 * (np.exp(lv - m) - 1)),
        "dmu does not know": grad(lambda mu, lv, m, v: mu),
        "dmu leaves out the prior's variance": grad(lambda mu, lv, m, v: mu - m),
        "dmu leaves out the prior's mean": grad(lambda mu, lv, m, v: mu / np.exp(v)),
        "dmu is divided by the prior's standard": grad(
            lambda mu, lv, m, v: (mu - m) / np.exp(v / 2)
        ),
        "dmu is divided by the square": grad(lambda mu, lv, m, v: (mu - m) / np.exp(v) ** 2),
        "dmu is divided by the note's": grad(lambda mu, lv, m, v: (mu - m) / np.exp(lv)),
        "dmu is divided by the number of rows": grad(
            lambda mu, lv, m, v: (mu - m) / np.exp(v) / len(mu)
        ),
        "dlogvar has a factor 2": grad(None, lambda mu, lv, m, v: np.exp(lv - v) - 1),
        "dlogvar has the wrong sign": grad(
            None, lambda mu, lv, m, v: 0.5 * (1 - np.exp(lv - v))
        ),
        "dlogvar does not know": grad(None, lambda mu, lv, m, v: 0.5 * (np.exp(lv) - 1)),
        "dlogvar lacks the -½": grad(None, lambda mu, lv, m, v: 0.5 * np.exp(lv - v)),
        "dlogvar is the slope along sigma².": grad(
            None, lambda mu, lv, m, v: 0.5 * (np.exp(-v) - np.exp(-lv))
        ),
        "dlogvar is the slope along sigma.": grad(
            None, lambda mu, lv, m, v: np.exp(lv / 2) / np.exp(v) - np.exp(-lv / 2)
        ),
        "reads logvar as log sigma": grad(
            None, lambda mu, lv, m, v: np.exp(2 * lv) / np.exp(2 * v) - 1
        ),
        "standard deviations where": grad(
            None, lambda mu, lv, m, v: 0.5 * (np.exp(lv / 2) / np.exp(v / 2) - 1)
        ),
        "dlogvar is the slope of `KL(p || q)`": grad(
            None,
            lambda mu, lv, m, v: 0.5 - 0.5 * (np.exp(v) + (mu - m) ** 2) / np.exp(lv),
        ),
        "still has mu": grad(
            None, lambda mu, lv, m, v: 0.5 * (np.exp(lv) + (mu - m) ** 2) / np.exp(v) - 0.5
        ),
        "dlogvar is divided by the number of rows": grad(
            None, lambda mu, lv, m, v: 0.5 * (np.exp(lv - v) - 1) / len(mu)
        ),
    },
    "02.6": {
        "made with `exp(logvar)`": estimator(lambda mu, v, e: mu + np.exp(v) * e),
        "made with logvar": estimator(lambda mu, v, e: mu + v * e),
        "`eps` itself": estimator(lambda mu, v, e: e),
        "mu is not in": estimator(lambda mu, v, e: np.exp(v / 2) * e),
        "sigma is not in": estimator(lambda mu, v, e: mu + e),
        "log p - log q under q": estimator(mean=lambda r, mu, v, e: -r.mean()),
        "with draws from the prior": estimator(
            mean=lambda r, mu, v, e: -log_ratios(e, mu, v).mean()
        ),
        "closed form": estimator(
            mean=lambda r, mu, v, e: 0.5 * (mu**2 + np.exp(v) - 1 - v).sum()
        ),
        "logarithm taken afterwards": estimator(
            mean=lambda r, mu, v, e: np.log(np.exp(r).mean())
        ),
        "mean over the latents too": estimator(mean=lambda r, mu, v, e: r.mean() / len(mu)),
        "sum over the draws": estimator(mean=lambda r, mu, v, e: r.sum()),
        "one of the two densities only": estimator(
            mean=lambda r, mu, v, e: r.mean() + 0.5 * TAU * len(mu)
        ),
        "term -½ logvar": estimator(mean=lambda r, mu, v, e: r.mean() + 0.5 * v.sum()),
        "median": estimator(mean=lambda r, mu, v, e: np.median(r)),
        "from its closed form": estimator(
            mean=lambda r, mu, v, e: (
                0.5 * ((mu + np.exp(v / 2) * e) ** 2).sum(1).mean() - 0.5 * (1 + v).sum()
            )
        ),
        "errors of the latents are added": by_latent(lambda errors: errors.sum()),
        "variances are added": by_latent(lambda errors: np.sqrt((errors**2).sum())),
        "inputs the estimate is right": estimator_with_floor(True, True),
        "inputs the standard error is right": capped_error,
        "nearly the prior, the standard error": estimator(
            error=lambda r, e: max(r.std(), 0.05) / np.sqrt(len(r))
        ),
        "has no root": estimator(lambda mu, v, e: mu + np.sqrt(v) * e),
        "Only log q is here": by_densities(lambda z, mu, v, e: log_normal(z, mu, v)),
        "that is 0, not 1": by_densities(
            lambda z, mu, v, e: log_normal(z, mu, v) - log_normal(z, 0, 1)
        ),
        "is given sigma² in place": by_densities(
            lambda z, mu, v, e: log_normal(z, mu, np.exp(v)) - log_normal(z, 0, 1)
        ),
        "is given sigma in place": by_densities(
            lambda z, mu, v, e: log_normal(z, mu, np.exp(v / 2)) - log_normal(z)
        ),
        "log p is taken at `eps`": by_densities(
            lambda z, mu, v, e: log_normal(z, mu, v) - log_normal(e)
        ),
        "log q is taken at `eps`": by_densities(
            lambda z, mu, v, e: log_normal(e, mu, v) - log_normal(z)
        ),
        "estimate comes first": lambda mu, v, e: estimator()(mu, v, e)[::-1],
        "where the standard deviation belongs": estimator(
            error=lambda r, e: r.var() / np.sqrt(len(r))
        ),
        "Called twice": own_draws,
        "With other draws": own_seed,
        "The shape of the estimate is": estimator(mean=lambda r, mu, v, e: r),
        "spread of the draws": estimator(error=lambda r, e: r.std()),
        "is a variance": estimator(error=lambda r, e: r.var()),
        "variance of the mean": estimator(error=lambda r, e: r.var() / len(r)),
        "divided by the number of draws": estimator(error=lambda r, e: r.std() / len(r)),
        "*all* numbers": estimator(error=lambda r, e: r.std() / np.sqrt(e.size)),
        "number of latents": estimator(error=lambda r, e: r.std() / np.sqrt(e.shape[1])),
        "spread of eps": estimator(error=lambda r, e: e.std() / np.sqrt(len(e))),
        "puts out one": lambda mu, v, e: log_ratios(mu + np.exp(v / 2) * e, mu, v).mean(),
    },
    "02.7": {
        "wide note stands first": [[0.75, 1.5], [0.6, 0.5]],
        "mean comes first": [[0.5, 0.6], [1.5, 0.75]],
        "Each *row* is a note": [[0.6, 0.75], [0.5, 1.5]],
        "are logvars": [[0.6, 2 * math.log(0.5)], [0.75, 2 * math.log(1.5)]],
        "are variances": [[0.6, 0.25], [0.75, 2.25]],
        "not narrow": [[1.0, 1.0], [0.75, 1.5]],
        "not wide": [[0.6, 0.5], [-0.6, 0.5]],
        "greater than 0": [[0.6, -0.5], [0.75, 1.5]],
        "near 0.5 nats. Asked": [[0.3, 0.6], [1.25, 1.4]],
        "first note costs more": [[1.0, 0.5], [0.75, 1.5]],
        "second note costs less": [[0.6, 0.5], [0.1, 1.5]],
        "Two rows are asked for": [[0.6, 0.5], [0.75]],
        "The shape of your answer": [0.6, 0.5],
    },
    "02.8": {
        "still counted D times, once": (museum, slope),
        "inputs the log-likelihood is right": (
            gaussian_with_floor(1e-6),
            slope_with_floor(1e-6),
        ),
        "inputs the slope is right": (gaussian, slope_with_floor(1e-2)),
        "-log sigma is still": (
            lambda x, out, s: bell(x, out, s) - x.shape[1] * (x.shape[1] * s + 0.5 * TAU),
            slope,
        ),
        "½ log 2π is still": (
            lambda x, out, s: bell(x, out, s) - x.shape[1] * (s + 0.5 * x.shape[1] * TAU),
            slope,
        ),
        "Now the constant is there once": (
            lambda x, out, s: bell(x, out, s) - (s + 0.5 * TAU),
            slope,
        ),
        "-log sigma is there once": (
            lambda x, out, s: bell(x, out, s) - s - 0.5 * x.shape[1] * TAU,
            slope,
        ),
        "constant is gone": (bell, slope),
        "with 2π is gone": (lambda x, out, s: bell(x, out, s) - x.shape[1] * s, slope),
        "log sigma is gone": (
            lambda x, out, s: bell(x, out, s) - 0.5 * x.shape[1] * TAU,
            slope,
        ),
        "read as log sigma²": (lambda x, out, s: gaussian(x, out, s / 2), slope),
        "constant is added": (
            lambda x, out, s: bell(x, out, s) + x.shape[1] * (s + 0.5 * TAU),
            slope,
        ),
        "mean over the D numbers": (
            lambda x, out, s: gaussian(x, out, s) / x.shape[1],
            slope,
        ),
        "minus the log-likelihood": (lambda x, out, s: -gaussian(x, out, s), slope),
        "The constant is twice": (
            lambda x, out, s: bell(x, out, s) - x.shape[1] * (2 * s + TAU),
            slope,
        ),
        "The slope's constant counts": (
            gaussian,
            lambda x, out, s: over_variance(x, out, s) - len(x),
        ),
        "each row of the batch": (
            lambda x, out, s: bell(x, out, s) - len(x) * (s + 0.5 * TAU),
            slope,
        ),
        "slope of the faulty": (
            gaussian,
            lambda x, out, s: over_variance(x, out, s) - x.shape[1] ** 2,
        ),
        "slope's constant is there once": (
            gaussian,
            lambda x, out, s: over_variance(x, out, s) - 1,
        ),
        "slope's constant is twice": (
            gaussian,
            lambda x, out, s: over_variance(x, out, s) - 2 * x.shape[1],
        ),
        "slope lacks": (gaussian, over_variance),
        "slope has the wrong sign": (gaussian, lambda x, out, s: -slope(x, out, s)),
        "slope along sigma.": (gaussian, lambda x, out, s: slope(x, out, s) / np.exp(s)),
        "slope along sigma². Asked": (
            gaussian,
            lambda x, out, s: slope(x, out, s) / (2 * np.exp(2 * s)),
        ),
        "slope along log sigma². Asked": (gaussian, lambda x, out, s: slope(x, out, s) / 2),
        "exponent cancels": (
            gaussian,
            lambda x, out, s: 0.5 * over_variance(x, out, s) - x.shape[1],
        ),
        "by sigma, and not": (
            gaussian,
            lambda x, out, s: ((x - out) ** 2).sum(1) / np.exp(s) - x.shape[1],
        ),
        "divided by the number of rows": (
            gaussian,
            lambda x, out, s: slope(x, out, s) / len(x),
        ),
        "The shape of the slope": (gaussian, lambda x, out, s: slope(x, out, s).mean()),
    },
}
