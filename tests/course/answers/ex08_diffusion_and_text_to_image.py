"""Answers to the exercises of 08."""

import math

import numpy as np

from tinyvae.course.exercises import find
from tinyvae.diffusion import Diffusion

rng = np.random.default_rng(0)

# 08.1


def products_in_a_loop(betas):
    left, found = 1.0, []
    for beta in betas:
        left *= 1 - beta
        found.append(left)
    return found


def add_noise_in_loops(data, steps, luck, bars):
    rows = []
    for row, t, e in zip(data, steps, luck, strict=True):
        bar = bars[int(t) - 1]
        both = zip(row, e, strict=True)
        rows.append([math.sqrt(bar) * x + math.sqrt(1 - bar) * y for x, y in both])
    return rows


# 08.2


def back_in_loops(z, z0, here, there):
    beta = 1 - here / there
    mean = np.zeros(z.shape)
    for i, j in np.ndindex(z.shape):
        mean[i, j] = math.sqrt(there) * beta * z0[i, j]
        mean[i, j] += math.sqrt(here / there) * (1 - there) * z[i, j]
    return [mean / (1 - here), beta * (1 - there) / (1 - here)]


def back_by_precisions(z, z0, here, there):
    alpha = here / there
    precision = alpha / (1 - alpha) + 1 / (1 - there)
    toward = np.sqrt(alpha) * z / (1 - alpha) + np.sqrt(there) * z0 / (1 - there)
    return toward / precision, 1 / precision


# 08.3


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


def step_kl_by_snr(eps, eps_hat, alpha_bar, t, variance):
    snr = alpha_bar / (1 - alpha_bar)
    alpha = alpha_bar[t - 1] / alpha_bar[t - 2]
    tilde = (1 - alpha_bar[t - 2]) / (1 - alpha_bar[t - 1]) * (1 - alpha)
    equal = 0.5 * (snr[t - 2] / snr[t - 1] - 1) * ((eps - eps_hat) ** 2).sum(1)
    return equal * tilde / variance + eps.shape[1] / 2 * (
        tilde / variance - 1 - np.log(tilde / variance)
    )  # fmt: skip


# 08.4


def steer_in_loops(a, b, c, w, u):
    return [
        [(1 + w) * x - (w - u) * y - u * z for x, y, z in zip(*rows, strict=True)]
        for rows in zip(a, b, c, strict=True)
    ]


# 08.5


def walk_by_ho(z, noise, eps_hat, alpha_bar, steps):
    kept = [1.0, *(alpha_bar[t - 1] for t in steps[::-1])]
    for k in range(len(steps), 0, -1):
        alpha, i = kept[k] / kept[k - 1], len(steps) - k
        e = eps_hat(z, steps[i])
        z = (z - (1 - alpha) / np.sqrt(1 - kept[k]) * e) / np.sqrt(alpha)
        z = z + np.sqrt((1 - kept[k - 1]) / (1 - kept[k]) * (1 - alpha)) * noise[i]
    return z


def walk_on_a_chain(z, noise, eps_hat, alpha_bar, steps):
    bars = alpha_bar[steps[::-1] - 1]
    chain = Diffusion(z.shape[1], 0, (), bars, rng, dtype=np.float64)
    for k, n in zip(range(len(steps), 0, -1), noise, strict=True):
        e = eps_hat(z, steps[len(steps) - k])
        z0 = z / np.sqrt(bars[k - 1]) - np.sqrt(1 / bars[k - 1] - 1) * e
        mean, variance = chain.posterior(z, z0, k)
        z = mean + np.sqrt(variance) * n
    return [list(row) for row in z]


def right(number):
    return find(number).right


def changed(number, change):
    """What `change` makes of the right answer."""
    return lambda *given: change(right(number)(*given))


def in_float32(answer):
    """An answer that is given float32."""
    return lambda *given: answer(
        *(
            np.float32(one) if getattr(one, "dtype", None) == np.float64 else one
            for one in given
        )
    )


def add_noise_but_not_backwards(z0, t, *rest):
    """Wrong where t only falls."""
    falls = len(t) > 1 and (np.diff(t) < 0).all()
    return right("08.1")[1](z0, t[::-1] if falls else t, *rest)


def noised(add_noise):
    return right("08.1")[0], add_noise


RIGHT = {
    "08.1": {
        "loops": (products_in_a_loop, add_noise_in_loops),
        "float32": tuple(map(in_float32, right("08.1"))),
    },
    "08.2": {"loops, list": back_in_loops, "float32": in_float32(right("08.2"))},
    "08.3": {
        "loops": step_kl_in_loops, "float32": in_float32(right("08.3")),
        "from (5)": step_kl_by_snr,
    },
    "08.4": {
        "loops": steer_in_loops, "float32": in_float32(right("08.4")),
        "factors": lambda c, o, n, w, u: (1 + w) * c + (u - w) * o - u * n,
    },
    "08.5": {"Ho et al.'s form": walk_by_ho, "a chain of its own, lists": walk_on_a_chain},
}  # fmt: skip

# What no mistake of the exercise's own `wrong` makes.
WRONG = {
    "08.1": {
        "is not among": (lambda b: np.append(1, np.cumprod(1 - b)), right("08.1")[1]),
        "Your alpha_bar is": (lambda b: np.cumprod(1 - b / 3), right("08.1")[1]),
        "or added so that": (lambda b: np.cumprod(1 - b) + 1e-6, right("08.1")[1]),
        "changes the arrays": noised(
            lambda z, t, e, bars: (e.sort(), right("08.1")[1](z, t, e, bars))[1]
        ),
        "noise of its own": noised(
            lambda z, t, e, bars: right("08.1")[1](z, t, rng.normal(size=e.shape), bars)
        ),
        "nothing is summed": noised(lambda *given: right("08.1")[1](*given).sum(1)),
        "Your z_t is 0.5 times": noised(lambda *given: right("08.1")[1](*given) / 2),
        "wrong in 4 of 6": noised(add_noise_but_not_backwards),
    },
    "08.2": {
        "Close to `there` = 1": lambda z, z0, here, there: (
            (z0, 0.0) if np.isclose(there, 1) else back_in_loops(z, z0, here, there)
        ),
        "Your mean is not finite": back_by_precisions,
        "Your variance is not finite": lambda *given: (
            back_in_loops(*given)[0], back_by_precisions(*given)[1] / (given[3] < 1),
        ),
        "it puts out one": changed("08.2", lambda two: two[0]),
        "the variance is the same for all": changed("08.2", lambda two: (two[0], 0 * two[0])),
        "a mean for each row": changed("08.2", lambda two: (two[0].sum(0), two[1])),
        "Your mean is": changed("08.2", lambda two: (two[0] / 2, two[1])),
        "Your variance": changed("08.2", lambda two: (two[0], two[1] / 2)),
    },
    "08.3": {
        "one KL for each row": changed("08.3", np.mean),
        "wrong sign everywhere": changed("08.3", np.negative),
    },
    "08.4": {
        "do not add up to 1": lambda c, o, n, w, u: c + w * (c - o) - u * (n - o) + o / 9,
        "an estimate of the noise for each": changed("08.4", lambda eps: eps.mean(0)),
        "Your eps_hat is wrong in": lambda c, o, n, w, u: c + w * (c - o) - u * (n - o) / 2,
    },
    "08.5": {
        "draws noise of its own": lambda z, noise, *rest: (
            right("08.5")(z, rng.normal(size=noise.shape), *rest)
        ),
        "whatever `noise` holds": lambda z, noise, *rest: (
            right("08.5")(z, 1 + 0 * noise, *rest)
        ),
        "one z_0 for each z": changed("08.5", lambda z: z[0]),
        "Your z_0 is": lambda z, *rest: z if len(rest[3]) == 1 else right("08.5")(z, *rest),
    },
}  # fmt: skip
