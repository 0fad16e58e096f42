"""Answers to the exercises of 08."""

import math
from itertools import pairwise

import numpy as np

from tinyvae.diffusion import Diffusion

rng = np.random.default_rng(0)

# 08.1


def products(beta):
    return np.cumprod(1 - beta)


def products_in_a_loop(betas):
    left, found = 1.0, []
    for beta in betas:
        left *= 1 - beta
        found.append(left)
    return found


def products_by_logs(beta):
    return np.exp(np.cumsum(np.log1p(-beta))).astype(np.float32)


def add_noise(z0, t, eps, alpha_bar):
    a = alpha_bar[t - 1].reshape(-1, 1)
    return a**0.5 * z0 + (1 - a) ** 0.5 * eps


def add_noise_in_loops(data, steps, luck, bars):
    rows = []
    for row, t, e in zip(data, steps, luck, strict=True):
        bar = bars[int(t) - 1]
        both = zip(row, e, strict=True)
        rows.append([math.sqrt(bar) * x + math.sqrt(1 - bar) * y for x, y in both])
    return rows


def add_noise_in_float32(z0, t, eps, alpha_bar):
    a = alpha_bar.astype(np.float32)[t - 1][:, np.newaxis]
    return np.sqrt(a) * z0.astype(np.float32) + np.sqrt(1 - a) * eps.astype(np.float32)


def add_noise_by_chain(z0, t, eps, alpha_bar):
    chain = Diffusion(z0.shape[1], 0, (), alpha_bar, rng, dtype=np.float64)
    return chain.add_noise(z0, t, eps)


def noised(formula):
    """An answer of 08.1 from formula(a (N, 1), z0, eps)."""
    return products, lambda z0, t, eps, bars: formula(bars[t - 1][:, None], z0, eps)


def add_noise_late(z0, t, eps, alpha_bar):
    a = np.append(alpha_bar, alpha_bar[-1])[t][:, None]
    return np.sqrt(a) * z0 + np.sqrt(1 - a) * eps


def add_noise_of_one_step(z0, t, eps, alpha_bar):
    alpha = (alpha_bar / np.insert(alpha_bar[:-1], 0, 1))[t - 1][:, None]
    return np.sqrt(alpha) * z0 + np.sqrt(1 - alpha) * eps


def add_noise_across(z0, t, eps, alpha_bar):
    a = alpha_bar[t - 1]
    if len(a) != z0.shape[1]:
        a = a[:, None]
    return np.sqrt(a) * z0 + np.sqrt(1 - a) * eps


def add_noise_in_place(z0, t, eps, alpha_bar):
    z0 *= np.sqrt(alpha_bar[t - 1])[:, None]
    return z0 + np.sqrt(1 - alpha_bar[t - 1])[:, None] * eps


# 08.2


def back_in_loops(z, z0, here, there):
    beta = 1 - here / there
    mean = np.zeros(z.shape)
    for i, j in np.ndindex(z.shape):
        mean[i, j] = math.sqrt(there) * beta * z0[i, j]
        mean[i, j] += math.sqrt(here / there) * (1 - there) * z[i, j]
    return [mean / (1 - here), beta * (1 - there) / (1 - here)]


def back_by_regression(zt, data, a, b):
    slope = np.sqrt(a / b) * (1 - b) / (1 - a)  # cov(z_s, z_t) / var(z_t), z_0 known
    return np.sqrt(b) * data + slope * (zt - np.sqrt(a) * data), 1 - b - slope**2 * (1 - a)


def back_in_float32(z, z0, here, there):
    z, z0, here, there = (np.float32(one) for one in (z, z0, here, there))
    beta = (there - here) / there
    mean = np.sqrt(there) * beta * z0 + np.sqrt(1 - beta) * (1 - there) * z
    return mean / (1 - here), beta * (1 - there) / (1 - here)


def back_by_precisions(z, z0, here, there):
    alpha = here / there
    precision = alpha / (1 - alpha) + 1 / (1 - there)
    toward = np.sqrt(alpha) * z / (1 - alpha) + np.sqrt(there) * z0 / (1 - there)
    return toward / precision, 1 / precision


def back_with(mean=None, variance=None):
    """An answer of 08.2 with another mean(z, z0, here, there, alpha, beta), or variance."""

    def back(z, z0, here, there):
        right = back_by_regression(z, z0, here, there)
        alpha = here / there
        given = z, z0, here, there, alpha, 1 - alpha
        return (
            right[0] if mean is None else mean(*given),
            right[1] if variance is None else variance(*given),
        )

    return back


# 08.3


def step_kl(eps, eps_hat, alpha_bar, t, variance, weight=1.0, part=1.0):
    here, before = alpha_bar[t - 1], alpha_bar[t - 2]
    alpha, beta = here / before, 1 - here / before
    tilde = (1 - before) / (1 - here) * beta
    square = ((eps - eps_hat) ** 2).sum(axis=-1)
    of_variances = math.log(variance / tilde) + tilde / variance - 1
    of_means = beta**2 / (2 * variance * alpha * (1 - here)) * square
    return weight * of_means + part * eps.shape[1] / 2 * of_variances


def step_kl_in_loops(e, guess, bars, step, v):
    a, b = bars[step - 1], bars[step - 2]
    posterior = (1 - b) * (1 - a / b) / (1 - a)
    found = []
    for i in range(len(e)):
        nats = 0.0
        for j in range(e.shape[1]):
            move = math.sqrt(b) * (1 - a / b) / (1 - a)  # of the mean with z_0
            move *= math.sqrt((1 - a) / a) * (e[i, j] - guess[i, j])
            nats += (posterior + move**2) / v / 2 - 0.5 + math.log(v / posterior) / 2
        found.append(nats)
    return found


def step_kl_in_float32(eps, eps_hat, alpha_bar, t, variance):
    error = np.float32(eps) - np.float32(eps_hat)
    return step_kl(error, np.float32(0), np.float32(alpha_bar), t, np.float32(variance))


def step_kl_by_snr(eps, eps_hat, alpha_bar, t, variance):
    snr = alpha_bar / (1 - alpha_bar)
    alpha = alpha_bar[t - 1] / alpha_bar[t - 2]
    tilde = (1 - alpha_bar[t - 2]) / (1 - alpha_bar[t - 1]) * (1 - alpha)
    equal = 0.5 * (snr[t - 2] / snr[t - 1] - 1) * ((eps - eps_hat) ** 2).sum(1)
    return equal * tilde / variance + eps.shape[1] / 2 * (
        tilde / variance - 1 - np.log(tilde / variance)
    )  # fmt: skip


def other_kl(weight, part):
    """An answer of 08.3 with other factors, made of (d, alpha, 1 - here, beta, v, variance)."""

    def answer(eps, eps_hat, alpha_bar, t, variance):
        here, before = alpha_bar[t - 1], alpha_bar[t - 2]
        beta = 1 - here / before
        given = eps.shape[1], here / before, 1 - here, beta
        given += ((1 - before) / (1 - here) * beta, variance)
        return weight(*given) * ((eps - eps_hat) ** 2).sum(1) + part(*given)

    return answer


def the_weight(d, alpha, noise, beta, v, variance):
    return beta**2 / (2 * variance * alpha * noise)


def the_part(d, alpha, noise, beta, v, variance):
    return d / 2 * (v / variance - 1 - np.log(v / variance))


def step_kl_with_another_estimate(eps, eps_hat, bars, t, variance):
    here, before = bars[t - 1], bars[t - 2]
    alpha, beta = here / before, 1 - here / before
    moved = np.sqrt(1 - alpha) / np.sqrt(alpha) * (eps - eps_hat)
    means = np.sqrt(before) * beta / (1 - here) * moved
    right = step_kl(eps, eps, bars, t, variance)
    return right + (means**2).sum(1) / (2 * variance)


# 08.4


def steer_in_loops(a, b, c, w, u):
    return [
        [(1 + w) * x - (w - u) * y - u * z for x, y, z in zip(*rows, strict=True)]
        for rows in zip(a, b, c, strict=True)
    ]


def steer_in_float32(told, untold, avoided, w, u):
    told, untold, avoided = (one.astype(np.float32) for one in (told, untold, avoided))
    return told + w * (told - untold) + u * (untold - avoided)


# 08.5


def posterior(z, z0, here, there):
    return back_by_regression(z, z0, here, there)


def walk_in_leaps(
    z,
    noise,
    eps_hat,
    alpha_bar,
    steps,
    root=0.5,
    over=0.5,
    told=0,
    single=False,
    last=None,
    sd=None,
    end=0,
):
    bars = np.insert(alpha_bar, 0, 1)
    for k in range(len(steps)):
        t = int(steps[k])
        s = int(steps[k + 1]) if k + 1 < len(steps) else 0
        z0 = (z - (1 - bars[t]) ** root * eps_hat(z, t + told)) / bars[t] ** over
        mean, variance = posterior(z, z0, bars[t], bars[t - 1 if single else max(s, end)])
        if sd is None:
            z = mean + variance**0.5 * noise[k]
        else:
            z = mean + (sd(bars[t], bars[s], variance) if s or last else 0) * noise[k]
    return z


def walk_by_ho(z, noise, eps_hat, alpha_bar, steps):
    kept = [1.0, *(alpha_bar[t - 1] for t in steps[::-1])]
    for k in range(len(steps), 0, -1):
        alpha, i = kept[k] / kept[k - 1], len(steps) - k
        e = eps_hat(z, steps[i])
        z = (z - (1 - alpha) / np.sqrt(1 - kept[k]) * e) / np.sqrt(alpha)
        z = z + np.sqrt((1 - kept[k - 1]) / (1 - kept[k]) * (1 - alpha)) * noise[i]
    return z


def walk_on_a_chain(z, noise, eps_hat, alpha_bar, steps, told=None):
    bars = alpha_bar[steps[::-1] - 1]
    chain = Diffusion(z.shape[1], 0, (), bars, rng, dtype=np.float64)
    for k, n in zip(range(len(steps), 0, -1), noise, strict=True):
        e = eps_hat(z, k if told == "k" else steps[len(steps) - k])
        z0 = z / np.sqrt(bars[k - 1]) - np.sqrt(1 / bars[k - 1] - 1) * e
        mean, variance = chain.posterior(z, z0, k)
        z = mean + np.sqrt(variance) * n
    return [list(row) for row in z] if told is None else z


def walk_with(**changes):
    return lambda *given: walk_in_leaps(*given, **changes)


def walk_stopping(z, noise, eps_hat, alpha_bar, steps):
    for k, (t, s) in enumerate(pairwise(steps)):
        a, b = alpha_bar[t - 1], alpha_bar[s - 1]
        z0 = (z - np.sqrt(1 - a) * eps_hat(z, t)) / np.sqrt(a)
        mean, variance = posterior(z, z0, a, b)
        z = mean + np.sqrt(variance) * noise[k]
    return z


def walk_by(leap):
    """An answer of 08.5 from leap(z, n, eps_hat, alpha_bar, t, s)."""

    def walk(z, noise, eps_hat, alpha_bar, steps):
        for t, s, n in zip(steps, [*steps[1:], 0], noise, strict=True):
            z = leap(z, n, eps_hat, alpha_bar, t, s)
        return z

    return walk


@walk_by
def walk_telling_the_goal(z, n, eps_hat, alpha_bar, t, s):
    a, b = alpha_bar[t - 1], alpha_bar[s - 1] if s else 1.0
    mean, variance = posterior(z, (z - np.sqrt(1 - a) * eps_hat(z, s)) / np.sqrt(a), a, b)
    return mean + np.sqrt(variance) * n


@walk_by
def walk_to_the_last_entry(z, n, eps_hat, alpha_bar, t, s):
    a, b = alpha_bar[t - 1], alpha_bar[s - 1]
    mean, variance = posterior(z, (z - np.sqrt(1 - a) * eps_hat(z, t)) / np.sqrt(a), a, b)
    return mean + np.sqrt(variance) * n


@walk_by
def walk_with_narrow_noise(z, n, eps_hat, alpha_bar, t, s):
    bars = np.append(1, alpha_bar)
    a, b, c = bars[t], bars[s], bars[t - 1]
    mean, _ = posterior(z, (z - np.sqrt(1 - a) * eps_hat(z, t)) / np.sqrt(a), a, b)
    return mean + np.sqrt((1 - c) / (1 - a) * (1 - a / c)) * n


def walk_guessing(z, noise, eps_hat, alpha_bar, steps, again=False):
    bars = np.append(1, alpha_bar)
    for k, (t, s) in enumerate(zip(steps, [*steps[1:], 0], strict=True)):
        e = eps_hat(z, t)
        z0 = (z - np.sqrt(1 - bars[t]) * e) / np.sqrt(bars[t])
        z = np.sqrt(bars[s]) * z0 + np.sqrt(1 - bars[s]) * (e if again else noise[k])
    return z


def walk_half_a_leap(z, noise, eps_hat, alpha_bar, steps):
    bars = np.append(1, alpha_bar)
    for k, (t, s) in enumerate(zip(steps, [*steps[1:], 0], strict=True)):
        z0 = (z - np.sqrt(1 - bars[t]) * eps_hat(z, t)) / np.sqrt(bars[t])
        alpha, beta = bars[t] / bars[t - 1], 1 - bars[t] / bars[t - 1]
        z = np.sqrt(bars[s]) * beta * z0 + np.sqrt(alpha) * (1 - bars[s]) * z
        z = z / (1 - bars[t])
        z = z + np.sqrt((1 - bars[s]) / (1 - bars[t]) * beta) * noise[k]
    return z


def walk_in_equal_leaps(z, noise, eps_hat, alpha_bar, steps):
    length = steps[0] - steps[1] if len(steps) > 1 else steps[0]
    for t, n in zip(steps, noise, strict=True):
        a, s = alpha_bar[t - 1], t - length
        b = alpha_bar[s - 1] if s > 0 else 1.0
        z0 = (z - np.sqrt(1 - a) * eps_hat(z, t)) / np.sqrt(a)
        mean, variance = posterior(z, z0, a, b)
        z = mean + np.sqrt(variance) * n
    return z


def walk_with_noise_of_one_seed(z, noise, *rest):
    own = np.random.default_rng(0).standard_normal(noise.shape)
    return walk_in_leaps(z, own, *rest)


def walk_with_own_noise(z, noise, *rest):
    return walk_in_leaps(z, rng.standard_normal(noise.shape), *rest)


RIGHT = {
    "08.1": {
        "loops": (products_in_a_loop, add_noise_in_loops),
        "float32, by logarithms": (products_by_logs, add_noise_in_float32),
        "the package's": (products, add_noise_by_chain),
        "plain": (products, add_noise),
    },
    "08.2": {
        "loops, list": back_in_loops,
        "regression": back_by_regression,
        "float32": back_in_float32,
    },
    "08.3": {
        "plain": step_kl,
        "loops": step_kl_in_loops,
        "float32": step_kl_in_float32,
        "from (5)": step_kl_by_snr,
    },
    "08.4": {
        "loops": steer_in_loops,
        "float32": steer_in_float32,
        "arrays": lambda c, o, n, w, u: (1 + w) * c + (u - w) * o - u * n,
    },
    "08.5": {
        "plain": walk_in_leaps,
        "Ho et al.'s form": walk_by_ho,
        "a chain of its own, lists": walk_on_a_chain,
    },
}

WRONG = {
    "08.1": {
        "alpha_t of each step by itself": (lambda beta: 1 - beta, add_noise),
        "product of the betas. What": (np.cumprod, add_noise),
        "1 minus the product of the betas": (lambda b: 1 - np.cumprod(b), add_noise),
        "subtract the sum of the betas": (lambda b: 1 - np.cumsum(b), add_noise),
        "the root of alpha_bar: what": (lambda b: np.cumprod(np.sqrt(1 - b)), add_noise),
        "the variance of the noise": (lambda b: 1 - np.cumprod(1 - b), add_noise),
        "late by one": (lambda b: np.append(1, np.cumprod(1 - b))[:-1], add_noise),
        "alpha_bar_0 = 1 is not among": (lambda b: np.append(1, np.cumprod(1 - b)), add_noise),
        "multiply from the end": (lambda b: np.cumprod((1 - b)[::-1])[::-1], add_noise),
        "minus the sum of the betas": (lambda b: np.exp(-np.cumsum(b)), add_noise),
        "shape of alpha_bar is ()": (lambda b: np.prod(1 - b), add_noise),
        "one step too far on": (products, add_noise_late),
        "you have alpha_bar itself": noised(lambda a, z, e: a * z + np.sqrt(1 - a) * e),
        "That is its variance; eps": noised(lambda a, z, e: np.sqrt(a) * z + (1 - a) * e),
        "Both roots are forgotten": noised(lambda a, z, e: a * z + (1 - a) * e),
        "Not the factors but": noised(lambda a, z, e: a**0.5 * z + (1 - a**0.5) * e),
        "changed places": noised(lambda a, z, e: np.sqrt(1 - a) * z + np.sqrt(a) * e),
        "one single step": (products, add_noise_of_one_step),
        "products once more": (
            products, lambda z, t, e, bars: add_noise(z, t, e, np.cumprod(bars)),
        ),
        "as if it were the betas": (
            products, lambda z, t, e, betas: add_noise(z, t, e, np.cumprod(1 - betas)),
        ),
        "with a minus": noised(lambda a, z, e: np.sqrt(a) * z - np.sqrt(1 - a) * e),
        "eps is missing": noised(lambda a, z, e: np.sqrt(a) * z),
        "noise is not scaled": noised(lambda a, z, e: np.sqrt(a) * z + e),
        "z_0 is not shrunk": noised(lambda a, z, e: z + np.sqrt(1 - a) * e),
        "step of the first row": (
            products, lambda z, t, e, bars: add_noise(z, 0 * t + t[0], e, bars),
        ),
        "along the columns": (products, add_noise_across),
        "changes the arrays": (products, add_noise_in_place),
        "noise of its own": (
            products, lambda z, t, e, bars: add_noise(z, t, rng.normal(size=e.shape), bars),
        ),
        "The shape of z_t is (5,)": (products, lambda *given: add_noise(*given).sum(1)),
        "Every row gets the last step": (
            products, lambda z, t, e, bars: add_noise(z, 0 * t + len(bars), e, bars),
        ),
    },
    "08.2": {
        "Close to `there` = 1": lambda z, z0, here, there: (
            (z0, 0.0) if np.isclose(there, 1) else back_by_precisions(z, z0, here, there)
        ),
        "not finite at `there` = 1": back_by_precisions,
        "wrong order": lambda *given: back_in_loops(*given)[::-1],
        "it puts out one": lambda *given: back_by_regression(*given)[0],
        "One number is asked for: the variance is the same": lambda z, *rest: (
            back_by_regression(z, *rest)[0], back_by_regression(0 * z, *rest)[1] + 0 * z,
        ),
        "`here` and `there` have": lambda z, z0, th, h: back_by_regression(z, z0, h, th),
        "keeps less of it": back_with(
            lambda z, z0, h, th, al, be: (
                th**0.5 * z0 + ((1 - th) / (1 - h)) ** 0.5 * (z - h**0.5 * z0)
            )
        ),
        "z_t and z_0 have changed places": lambda z0, z, *a: back_by_regression(z, z0, *a),
        "Your mean uses `here` where": back_with(
            lambda z, z0, h, th, al, be: (
                th**0.5 * (1 - h) * z0 + h**0.5 * (1 - th) * z
            ) / (1 - h)
        ),
        "Your mean uses `there - here` where": back_with(
            lambda z, z0, h, th, al, be: (
                th**0.5 * (th - h) * z0 + al**0.5 * (1 - th) * z
            ) / (1 - h)
        ),
        "the root of `there` before z_0": back_with(
            lambda z, z0, h, th, al, be: (th * be * z0 + al**0.5 * (1 - th) * z) / (1 - h)
        ),
        "the root of `here / there` before z_t": back_with(
            lambda z, z0, h, th, al, be: (th**0.5 * be * z0 + al * (1 - th) * z) / (1 - h)
        ),
        "both roots are forgotten": back_with(
            lambda z, z0, h, th, al, be: (th * be * z0 + al * (1 - th) * z) / (1 - h)
        ),
        "Your mean is not yet divided": back_with(
            lambda z, z0, h, th, al, be: th**0.5 * be * z0 + al**0.5 * (1 - th) * z
        ),
        "z_t is missing from your mean": back_with(
            lambda z, z0, h, th, al, be: th**0.5 * be * z0 / (1 - h)
        ),
        "z_0 is missing from your mean": back_with(
            lambda z, z0, h, th, al, be: al**0.5 * (1 - th) * z / (1 - h)
        ),
        "takes no notice of z_t": back_with(lambda z, z0, h, th, al, be: th**0.5 * z0),
        "shrinking undone": back_with(lambda z, z0, h, th, al, be: z / al**0.5),
        "Multiply it by the variance": back_with(
            lambda z, z0, h, th, al, be: al**0.5 * z / be + th**0.5 * z0 / (1 - th)
        ),
        "This is the standard deviation": back_with(
            None, lambda z, z0, h, th, al, be: np.sqrt((1 - th) / (1 - h) * be)
        ),
        "the precision": back_with(
            None, lambda z, z0, h, th, al, be: al / be + 1 / (1 - th)
        ),
        "way forward": back_with(None, lambda z, z0, h, th, al, be: be),
        "that of q(z_s | z_0): seeing": back_with(None, lambda z, z0, h, th, al, be: 1 - th),
        "Your variance uses `there - here`": back_with(
            None, lambda z, z0, h, th, al, be: (1 - th) / (1 - h) * (th - h)
        ),
        "upside down": back_with(
            None, lambda z, z0, h, th, al, be: (1 - h) / max(1 - th, 1e-9) * be
        ),
        "logarithm of the variance": back_with(
            None, lambda z, z0, h, th, al, be: np.log((1 - th) / (1 - h) * be)
        ),
    },
    "08.3": {
        "part of the variances is missing": lambda *given: step_kl(*given, part=0),
        "which holds if `variance`": other_kl(
            lambda d, al, no, be, v, va: the_weight(d, al, no, be, v, v), lambda *given: 0,
        ),
        "you divide by the posterior's": other_kl(
            lambda d, al, no, be, v, va: the_weight(d, al, no, be, v, v), the_part,
        ),
        "KL(p || q)": other_kl(
            lambda d, al, no, be, v, va: the_weight(d, al, no, be, v, v),
            lambda d, al, no, be, v, va: the_part(d, al, no, be, va, v),
        ),
        "p and q have changed places": other_kl(
            the_weight, lambda d, al, no, be, v, va: the_part(d, al, no, be, va, v)
        ),
        "counts once": lambda eps, *rest: step_kl(eps, *rest, part=1 / eps.shape[1]),
        "mean over the coordinates. The KL": lambda eps, *rest: (
            step_kl(eps, *rest) / eps.shape[1]
        ),
        "mean over the coordinates; it": lambda eps, *rest: (
            step_kl(eps, *rest, weight=1 / eps.shape[1])
        ),
        "it is never negative": lambda *given: step_kl(*given, part=-1),
        "the logarithm is missing": other_kl(
            the_weight, lambda d, al, no, be, v, va: d / 2 * (v / va - 1)
        ),
        "form for an error in z_0": lambda eps, eps_hat, bars, t, variance: (
            np.diff(1 / (1 / bars - 1))[t - 2] / -2 * ((eps - eps_hat) ** 2).sum(1)
        ),
        "The logarithm has": other_kl(
            the_weight, lambda d, al, no, be, v, va: d / 2 * (v / va - 1 + np.log(v / va))
        ),
        "The -1 is missing": lambda eps, *rest: step_kl(eps, *rest) + eps.shape[1] / 2,
        "½ of the squared part": lambda *given: step_kl(*given, weight=2),
        "½ of the part of the variances": lambda *given: step_kl(*given, part=2),
        "this is twice the KL": lambda *given: 2 * step_kl(*given),
        "You put beta_t for": other_kl(
            the_weight, lambda d, al, no, be, v, va: the_part(d, al, no, be, be, va)
        ),
        "if the error were one of z_0": other_kl(
            lambda d, al, no, be, v, va: (1 - no) / al * be**2 / no**2 / 2 / va, the_part,
        ),
        "1 - alpha_t stands": other_kl(
            lambda d, al, no, be, v, va: be**2 / (2 * va * al * (1 - al)), the_part,
        ),
        "division by alpha_t is missing": other_kl(
            lambda d, al, no, be, v, va: be**2 / (2 * va * no), the_part,
        ),
        "beta_t is not squared": other_kl(
            lambda d, al, no, be, v, va: be / (2 * va * al * no), the_part,
        ),
        "standard deviation and square": lambda *given: step_kl(*given[:-1], given[-1] ** 2),
        "the factor k is not squared": other_kl(
            lambda d, al, no, be, v, va: be / np.sqrt(al * no) / (2 * va), the_part,
        ),
        "one step too early": lambda eps, eps_hat, bars, t, variance: (
            step_kl(eps, eps_hat, bars, t - 1, variance)
        ),
        "which is 1 - alpha_bar_t, for beta_t": other_kl(
            lambda d, al, no, be, v, va: the_weight(d, al, no, no, v, va),
            lambda d, al, no, be, v, va: the_part(d, al, no, be, v / be * no, va),
        ),
        "You add eps_hat to eps": lambda eps, eps_hat, *rest: step_kl(eps, -eps_hat, *rest),
        "In your z_0_hat alpha_t": step_kl_with_another_estimate,
        "one step too far on": lambda eps, eps_hat, bars, t, variance: (
            step_kl(eps, eps_hat, np.append(bars, bars[-1] / 2), t + 1, variance)
        ),
        "squared error in eps alone": lambda eps, eps_hat, *rest: (
            ((eps - eps_hat) ** 2).sum(axis=1)
        ),
        "should be (5,)": lambda *given: step_kl(*given).mean(),
        "wrong sign everywhere": lambda *given: -step_kl(*given),
    },
    "08.4": {
        "it is our 1 + w": lambda c, o, n, w, u: o + w * (c - o) - u * (n - o),
        "`untold` and `avoided` have": lambda c, n, o, w, u: c + w * (c - o) - u * (n - o),
        "has the wrong sign everywhere: gr": lambda c, o, n, w, u: (
            -c - w * (c - o) + u * (n - o)
        ),
        "w pushes the wrong way": lambda c, o, n, w, u: c - w * (c - o) - u * (n - o),
        "u pushes the wrong way": lambda c, o, n, w, u: c + w * (c - o) + u * (n - o),
        "Both pushes": lambda c, o, n, w, u: c - w * (c - o) + u * (n - o),
        "its prior is forgotten": lambda c, o, n, w, u: (1 + w) * c - w * o - u * n,
        "subtracted twice over": lambda c, o, n, w, u: (1 + w) * c - w * o - u * (n + o),
        "as seen from the estimate": lambda c, o, n, w, u: c + w * (c - o) - u * (n - c),
        "in the place of the untold": lambda c, o, n, w, u: (1 + w) * c - w * n,
        "`told` and `untold` have": lambda c, o, n, w, u: o + w * (o - c) - u * (n - c),
        "`told` and `avoided` have": lambda c, o, n, w, u: n + w * (n - o) - u * (c - o),
        "w and u have changed": lambda c, o, n, u, w: c + w * (c - o) - u * (n - o),
        "Only w acts": lambda c, o, n, w, u: c + w * (c - o),
        "Only u acts": lambda c, o, n, w, u: c - u * (n - o),
        "c' gets 1 + u": lambda c, o, n, w, u: (1 + w) * c - w * o - (1 + u) * (n - o),
        "has got lost": lambda c, o, n, w, u: w * (c - o) - u * (n - o),
        "divided once more": lambda c, o, n, w, u: (
            (1 + w) * c + (u - w) * o - u * n
        ) / (1 + w + u),
        "wrong in 15 of 15": lambda c, o, n, w, u: c + w * (c - o) - u * (n - o) / 2,
        "should be (5, 3)": lambda c, o, n, w, u: (c + w * (c - o) - u * (n - o)).mean(0),
    },
    "08.5": {
        "Both bugs are still": walk_with(root=1, single=True),
        "`posterior` leads from t to t - 1": walk_with(single=True),
        "look at `z0_hat`": walk_with(root=1),
        "at the last leap too": walk_with(sd=lambda a, b, v: np.sqrt(1 - a / b), last=True),
        "the posterior's, which is smaller": walk_with(sd=lambda a, b, v: np.sqrt(1 - a / b)),
        "is in the mean already": walk_with(sd=lambda a, b, v: np.sqrt(1 - b)),
        "multiplied by the variance": walk_with(sd=lambda a, b, v: v),
        "means of means": walk_with(sd=lambda a, b, v: 0.0),
        "as if z_t were not known": walk_guessing,
        "without chance": lambda *given: walk_guessing(*given, again=True),
        "before the last leap": walk_stopping,
        "told s, where": walk_telling_the_goal,
        "ends at z_1": walk_with(end=1),
        "still that of a single step.": walk_with_narrow_noise,
        "not finite": walk_to_the_last_entry,
        "one too early": walk_with(told=-1),
        "one too late": walk_with(told=1),
        "the place in `steps`": lambda *given: walk_on_a_chain(*given, told="k"),
        "for a leap from t to s it is": walk_half_a_leap,
        "mended wrongly": walk_with(root=0.25),
        "in another order": lambda z, noise, *rest: walk_in_leaps(z, noise[::-1], *rest),
        "draws noise of its own": walk_with_own_noise,
        "whatever `noise` holds": walk_with_noise_of_one_seed,
        "as long as the first": walk_in_equal_leaps,
        "you divide by alpha_bar": walk_with(over=1),
        "is still in it.)": walk_with(over=1, single=True),
        "both roots are missing": walk_with(over=1, root=1),
        "should be (5, 3)": lambda *given: walk_in_leaps(*given)[0],
    },
}  # fmt: skip
