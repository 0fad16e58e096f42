"""The exercises of 08: noise put in, taken out again, steered, and what goes wrong with it."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np

from tinyvae.course.ask import (
    Part,
    call,
    close,
    compare,
    expect,
    extremes,
    in_parts,
    of_two,
    steady,
    values,
)
from tinyvae.course.exercises import Exercise


def falling(rng, n_steps):
    """alpha_bar (n_steps,), falling at random."""
    return np.cumprod(rng.uniform(0.7, 0.95, n_steps))


def of_chance(answer, part, got, *given):
    """What is wrong with an answer that no known mistake makes, which may draw noise."""
    steady(answer, *given, instead="Its noise is an argument.")
    values(got, part.right(*given), part.name)


# 08.1: functions of beta (T,); and of z0, t, eps, alpha_bar.


def products(beta):
    """alpha_bar (T,)."""
    return np.cumprod(1 - beta)


def of_product(change):
    """What `change` makes of alpha_bar."""
    return lambda beta: change(products(beta))


PRODUCTS = Part(products, {
    "This is alpha_t of each step by itself. alpha_bar_t is the product of all alphas up to t.":
        lambda beta: 1 - beta,
    "This is the product of the betas. What is multiplied are the alphas, 1 - beta.":
        np.cumprod,
    "This is 1 minus the product of the betas; take 1 - beta first, then the product.":
        lambda beta: 1 - np.cumprod(beta),
    "You subtract the sum of the betas from 1. Shrinkings in a row multiply.":
        lambda beta: 1 - np.cumsum(beta),
    "You add the alphas up; shrinkings in a row multiply.": lambda beta: np.cumsum(1 - beta),
    "This is the root of alpha_bar: what multiplies z_0. alpha_bar has no root in it.":
        of_product(np.sqrt),
    "This is alpha_bar squared.": of_product(np.square),
    "This is 1 - alpha_bar, the variance of the noise.": of_product(lambda bar: 1 - bar),
    "Yours is late by one: it begins with alpha_bar_0 = 1. The first number should be that "
    "after the first step, alpha_1.": of_product(lambda bar: np.append(1, bar)[:-1]),
    "You multiply from the end: your number for t is the product of the alphas from t on. It "
    "should be the product up to t.": lambda beta: products(beta[::-1])[::-1],
    "Your numbers are those of the steps from the last to the first.":
        of_product(lambda bar: bar[::-1]),
    "This is `exp` of minus the sum of the betas. That comes near while every beta is small, "
    "but asked is the product itself.": lambda beta: np.exp(-np.cumsum(beta)),
    "This is the product of all T alphas, for every t.":
        of_product(lambda bar: np.full(len(bar), bar[-1])),
    "You square beta. alpha is 1 - beta.": lambda beta: np.cumprod(1 - beta**2),
    "This is the signal-to-noise ratio; asked is alpha_bar.":
        of_product(lambda bar: bar / (1 - bar)),
}, name="your alpha_bar", why="one number for each of the T steps; the first is alpha_bar_1, "
   "and alpha_bar_0 = 1 is not among them")  # fmt: skip


def noisy(look_up=lambda bars, t: bars[t - 1], signal=np.sqrt, noise=lambda a: np.sqrt(1 - a)):
    """An add_noise with another look_up(alpha_bar, t) and other factors of z0 and eps."""

    def add_noise(z0, t, eps, alpha_bar):
        a = look_up(alpha_bar, t)
        a = a[:, None] if a.ndim == 1 else a
        return signal(a) * z0 + noise(a) * eps

    return add_noise


add_noise = noisy()
NOISY = Part(add_noise, {
    "Your alpha_bar is one step too far on: step t = 1 uses the first entry of the array, "
    "which Python counts as 0.": (
        noisy(lambda bars, t: bars[t]),
        noisy(lambda bars, t: bars[np.minimum(t, len(bars) - 1)]),
    ),
    "Your alpha_bar is one step too early, that of t - 1.": (
        noisy(lambda bars, t: np.append(1, bars)[t - 1]), noisy(lambda bars, t: bars[t - 2]),
    ),
    "Where the root of alpha_bar belongs, before z_0, you have alpha_bar itself.":
        noisy(signal=lambda a: a),
    "Your noise has the factor 1 - alpha_bar. That is its variance; eps is multiplied by the "
    "standard deviation.": noisy(noise=lambda a: 1 - a),
    "Both roots are forgotten: signal and noise have the factors sqrt(alpha_bar) and sqrt(1 - "
    "alpha_bar).": noisy(signal=lambda a: a, noise=lambda a: 1 - a),
    "Your noise has the factor 1 - sqrt(alpha_bar). Not the factors but their squares add up "
    "to 1.": noisy(noise=lambda a: 1 - np.sqrt(a)),
    "Signal and noise have changed places: your z_t is nearly pure noise at the beginning of "
    "the chain.": noisy(signal=lambda a: np.sqrt(1 - a), noise=np.sqrt),
    "This is one single step, with alpha_t. z_t lies t steps from z_0, so its share is "
    "alpha_bar_t.": noisy(lambda bars, t: (bars / np.append(1, bars[:-1]))[t - 1]),
    "You take the products once more. `alpha_bar` holds the products already.":
        noisy(lambda bars, t: np.cumprod(bars)[t - 1]),
    "You treat `alpha_bar` as if it were the betas.":
        noisy(lambda bars, t: products(bars)[t - 1]),
    "The noise enters with a minus. Its distribution is the same, but asked is the z_t that "
    "belongs to this eps, with a plus.": noisy(noise=lambda a: -np.sqrt(1 - a)),
    "eps is missing: this is the mean of q(z_t | z_0).": noisy(noise=lambda a: 0),
    "z_0 is missing: this is the noise alone.": noisy(signal=lambda a: 0),
    "Your noise is not scaled: it should have the variance 1 - alpha_bar.":
        noisy(noise=lambda a: 1),
    "z_0 is not shrunk: it should have the factor sqrt(alpha_bar).": noisy(signal=lambda a: 1),
    "Every row gets the step of the first row; `t` has one for each.":
        noisy(lambda bars, t: bars[0 * t + t[0] - 1]),
    "Every row gets the last step; `t` has one for each.":
        noisy(lambda bars, t: bars[0 * t - 1]),
    "Your steps run along the columns: row i of the answer belongs to t[i]. Here N = d, where "
    "NumPy does not complain; `a[:, None]` makes rows of an array a.":
        noisy(lambda bars, t: bars[t - 1][None]),
    "Your steps are those of the rows' places; use the steps that `t` names.":
        noisy(lambda bars, t: bars[: len(t)]),
}, name="your z_t", why="each row of z_0 gets its own noise; nothing is summed")  # fmt: skip


def noisings():
    """(z0, t, eps, alpha_bar): N = d comes first, where steps along the columns would do."""
    rng = np.random.default_rng(81)
    for n, d, n_steps in (
        (3, 3, 7), (5, 3, 9), (1, 4, 4), (6, 1, 8), (1, 1, 3), (2, 6, 2), (4, 2, 1),
    ):  # fmt: skip
        bars, t = falling(rng, n_steps), rng.integers(1, max(2, n_steps), n)
        yield *rng.normal(0.3, 1.2, (1, n, d)), t, rng.normal(0.3, 1.2, (n, d)), bars
        yield *rng.normal(0.3, 1.2, (1, n, d)), 0 * t + n_steps, rng.normal(size=(n, d)), bars
    for t in ([9, 59, 90], [68, 59, 9]):  # steps that only rise, or only fall
        yield rng.normal(size=(3, 2)), np.array(t), rng.normal(size=(3, 2)), falling(rng, 90)


def ask_noise(first, second):
    """products(beta) -> alpha_bar (T,); add_noise(z0, t, eps, alpha_bar) -> z_t (N, d)."""
    rng = np.random.default_rng(81)
    many = np.linspace(1e-4, 0.02, 1000)
    betas = rng.uniform(0.05, 0.6, 7), np.array([0.3]), many, np.array([0.01, 0.99])
    compare(first, [(beta,) for beta in betas], PRODUCTS)
    extremes(call(first, many), products(many), "alpha_bar")
    compare(second, noisings(), replace(NOISY, otherwise=partial(of_chance, second, NOISY)))


# 08.2: functions of z, z0, here and there.


def bayes(z, z0, here, there):
    """Mean and variance of z_s given z_t and z_0, by the rule for jointly Gaussian numbers."""
    slope = np.sqrt(here / there) * (1 - there) / (1 - here)
    mean = np.sqrt(there) * z0 + slope * (z - np.sqrt(here) * z0)
    return mean, (1 - there) * (1 - here / there) / (1 - here)


def middle(z, z0, here, there):
    """The mean."""
    return bayes(z, z0, here, there)[0]


def width(z, z0, here, there):
    """The variance."""
    return bayes(z, z0, here, there)[1]


def mean_of(of_z0, of_z, below=lambda q: 1 - q.here):
    """A mean whose z_0 and z_t have these factors of q: here, there, alpha and beta; all is
    divided by `below`."""

    def mean(z, z0, here, there):
        q = SimpleNamespace(here=here, there=there, alpha=here / there, beta=1 - here / there)
        return (of_z0(q) * z0 + of_z(q) * z) / below(q)

    return mean


def by_z0(q):
    """The factor of z_0, times 1 - here."""
    return np.sqrt(q.there) * q.beta


def by_z(q):
    """The factor of z_t, times 1 - here."""
    return np.sqrt(q.alpha) * (1 - q.there)


def variance_of(formula):
    """A variance that is formula(1 - here, 1 - there, alpha)."""
    return lambda z, z0, here, there: formula(1 - here, 1 - there, here / there)


def not_wide(got, *given):
    """What is wrong with a variance that no known mistake makes."""
    seen = got != 0 or given[-1] < 0.999
    expect(seen, "Close to `there` = 1 your variance is 0. Only at 1 itself it is.")
    values(got, width(*given), "your variance")


BACK = (
    Part(middle, {
        "The two are in the wrong order: the mean comes first.": width,
        "In your mean z_t and z_0 have changed places. (The argument z, which is z_t, comes "
        "first.)": lambda z, z0, *two: middle(z0, z, *two),
        "`here` and `there` have changed places: here is alpha_bar_t, and there is "
        "alpha_bar_s, the greater one.": lambda z, z0, here, there: middle(z, z0, there, here),
        "Your mean takes all the noise found in z_t along to z_s, in proportion. The posterior "
        "mean keeps less of it, for a part of it came in after s.":
            lambda z, z0, here, there: np.sqrt(there) * z0 + (
                np.sqrt((1 - there) / (1 - here)) * (z - np.sqrt(here) * z0)
            ),
        "Your mean uses `here` where `here / there` belongs: `here` is what is left all the "
        "way from z_0, `here / there` what is left from s to t.": mean_of(
            lambda q: np.sqrt(q.there) * (1 - q.here), lambda q: np.sqrt(q.here) * (1 - q.there)
        ),
        "Your mean uses `there - here` where `1 - here / there` belongs.":
            mean_of(lambda q: np.sqrt(q.there) * (q.there - q.here), by_z),
        "In your mean alpha is upside down: the leap from s to t leaves here / there.": mean_of(
            lambda q: np.sqrt(q.there) * (1 - 1 / q.alpha),
            lambda q: np.sqrt(1 / q.alpha) * (1 - q.there),
        ),
        "In your mean the root of `there` before z_0 is forgotten.":
            mean_of(lambda q: q.there * q.beta, by_z),
        "In your mean the root of `here / there` before z_t is forgotten.":
            mean_of(by_z0, lambda q: q.alpha * (1 - q.there)),
        "In your mean both roots are forgotten.":
            mean_of(lambda q: q.there * q.beta, lambda q: q.alpha * (1 - q.there)),
        "Your mean is not yet divided by 1 - here.": mean_of(by_z0, by_z, lambda q: 1),
        "Your mean is divided by 1 - there. It should be by 1 - here.":
            mean_of(by_z0, by_z, lambda q: 1 - q.there),
        "Your mean is divided by the beta of the leap. It should be by 1 - here.":
            mean_of(by_z0, by_z, lambda q: q.beta),
        "Before z_0 in your mean stands the root of `here`; z_0 speaks about z_s, by the root "
        "of `there`.": mean_of(lambda q: np.sqrt(q.here) * q.beta, by_z),
        "z_t is missing from your mean: this is only the part of z_0.":
            mean_of(by_z0, lambda q: 0),
        "z_0 is missing from your mean: this is only the part of z_t.":
            mean_of(lambda q: 0, by_z),
        "This is the mean of q(z_s | z_0): it takes no notice of z_t.":
            lambda z, z0, here, there: np.sqrt(there) * z0,
        "This is z_t with its shrinking undone. z_0 has a say, too.":
            lambda z, z0, here, there: z / np.sqrt(here / there),
        "This goes on with the noise, as q(z_t | z_s) does; asked is the way back.":
            lambda z, z0, here, there: z * np.sqrt(here / there),
        "This is what stands before u in the exponent, mean / variance. Multiply it by the "
        "variance.": lambda *given: middle(*given) / width(*given),
        "In your mean the weights of z_0 and z_t are exchanged, beta for 1 - there: whoever "
        "has less noise is to count more.": mean_of(
            lambda q: np.sqrt(q.there) * (1 - q.there), lambda q: np.sqrt(q.alpha) * q.beta
        ),
        "This is the two guesses' plain mean; each is to be weighed by its precision.":
            lambda z, z0, here, there: (np.sqrt(there) * z0 + z / np.sqrt(here / there)) / 2,
    }, name="your mean", why="a mean for each row and coordinate", not_finite=(
        "Your mean is not finite. At `there` = 1, which is allowed, z_s is z_0: bring the two "
        "terms to a common denominator, then nothing is divided by 1 - there."
    )),
    Part(width, {
        "This is the standard deviation. The variance is asked for.":
            lambda *given: np.sqrt(width(*given)),
        "This is 1 / variance, the precision.": lambda *given: 1 / width(*given),
        "This is the logarithm of the variance.": lambda *given: np.log(width(*given)),
        "This is the square of the variance.": lambda *given: width(*given) ** 2,
        "Your variance is 0 wherever the leap ends. Only z_0 itself, at `there` = 1, is known.":
            lambda *given: 0.0,
        "Your variance is that of the way forward, 1 - here / there: z_0 is known too, and "
        "what is known makes it smaller.": variance_of(lambda h, s, alpha: 1 - alpha),
        "Your variance is 1 - there, that of q(z_s | z_0): seeing z_t makes it smaller.":
            variance_of(lambda h, s, alpha: s),
        "Your variance uses `there - here` where `1 - here / there` belongs.":
            variance_of(lambda h, s, alpha: s / h * (h - s)),
        "In your variance alpha is upside down.":
            variance_of(lambda h, s, alpha: s / h * (1 - 1 / alpha)),
        "In your variance `here` and `there` have changed places.":
            variance_of(lambda h, s, alpha: h / s * (1 - 1 / alpha)),
        "The fraction in your variance is upside down.":
            variance_of(lambda h, s, alpha: h / s * (1 - alpha)),
        "`1 - here / there`, the variance of the leap, is missing in yours.":
            variance_of(lambda h, s, alpha: s / h),
        "Your variance is not yet divided by 1 - here.":
            variance_of(lambda h, s, alpha: s * (1 - alpha)),
        "You add the two variances. What adds up are the precisions, 1 / variance.":
            variance_of(lambda h, s, alpha: s + 1 - alpha),
        "The alpha of the leap is missing in your variance: z_s is shrunk before it is seen in "
        "z_t, so the precision is alpha / beta.":
            variance_of(lambda h, s, alpha: 1 / (1 / (1 - alpha) + 1 / s)),
    }, name="your variance", why="the variance is the same for all",
       not_finite="Your variance is not finite. At `there` = 1, which is allowed, it is 0: "
       "nothing may be divided by 1 - there.", otherwise=not_wide),
)  # fmt: skip


def leaps_back():
    """(z, z0, here, there): short and long leaps, the last of them to z_0 and close to it."""
    rng = np.random.default_rng(82)
    for n, d, here, there in (
        (5, 3, 0.2, 0.7), (3, 3, 0.55, 0.6), (1, 4, 0.04, 0.9), (6, 1, 0.3, 0.31),
        (1, 1, 4e-5, 0.02), (2, 3, 0.5, 1 - 2**-18), (2, 5, 1e-3, 1.0), (2, 3, 0.4, 1.0),
    ):  # fmt: skip
        z, z0 = rng.normal(0.4, 1.5, (2, n, d))
        kind = float if d == 3 else np.float64
        yield z, z0, kind(here), kind(there)


def ask_back(back):
    """back(z, z0, here, there) -> mean (N, d) and variance of q(z_s | z_t, z_0)."""
    compare(back, leaps_back(), *BACK)


# 08.3: functions of eps, eps_hat, alpha_bar, t and variance.


def of_square(q):
    """The factor of the squared error in eps."""
    return q.beta**2 / (2 * q.variance * q.alpha * (1 - q.here))


def gap(v, variance):
    """The part of the variances, for one coordinate."""
    return (v / variance - 1 - np.log(v / variance)) / 2


def of_widths(q):
    """The part of the variances."""
    return q.d * gap(q.v, q.variance)


def kl_of(factor=of_square, rest=of_widths, step=0, **changes):
    """factor(q) times the squared error, + rest(q): q holds here and before, alpha, beta, v,
    the posterior's variance, d, `square` and the decoder's variance. `step` is added to t, and
    `changes` are functions of q."""

    def kl(eps, eps_hat, alpha_bar, t, variance):
        here, before = alpha_bar[t + step - 1], alpha_bar[t + step - 2]
        q = SimpleNamespace(here=here, before=before, variance=variance, d=eps.shape[1])
        q.alpha, q.beta = here / before, 1 - here / before
        q.v = (1 - before) / (1 - here) * q.beta
        q.square = ((eps - eps_hat) ** 2).sum(axis=1)
        for name, change in changes.items():
            setattr(q, name, change(q))
        return factor(q) * q.square + rest(q)

    return kl


def another_beta(q):
    """1 - alpha_bar_t in the place of beta_t."""
    return (1 - q.here) ** 2 / (2 * q.variance * q.alpha * (1 - q.here))


def of_z0(q):
    """The factor of a squared error in z_0_hat."""
    return q.before * q.beta**2 / (1 - q.here) ** 2 / (2 * q.variance)


def times(change):
    """The KL, `change`d by d."""
    return lambda eps, *rest: change(step_kl(eps, *rest), eps.shape[1])


step_kl = kl_of()
KL = Part(step_kl, {
    "The part of the variances is missing: two Gaussians of equal mean but different variance "
    "are not the same either.": kl_of(rest=lambda q: 0),
    "This is (5) of the notebook, which holds if `variance` is that of the posterior. Here the "
    "decoder has a variance of its own.":
        kl_of(lambda q: of_square(q) * q.variance / q.v, lambda q: 0),
    "In the squared part you divide by the posterior's variance. In KL(q || p) it is the "
    "variance of p.":
        kl_of(lambda q: of_square(q) * q.variance / q.v),
    "This is the KL the other way round, KL(p || q).": kl_of(
        lambda q: of_square(q) * q.variance / q.v, lambda q: q.d * gap(q.variance, q.v)
    ),
    "In the part of the variances p and q have changed places.":
        kl_of(rest=lambda q: q.d * gap(q.variance, q.v)),
    "The part of the variances counts once; it is needed for each of the d coordinates.":
        kl_of(rest=lambda q: gap(q.v, q.variance)),
    "You take the mean over the coordinates. The KL of independent coordinates is a sum.":
        times(lambda kl, d: kl / d),
    "In the squared part you take the mean over the coordinates; it is a sum.":
        kl_of(lambda q: of_square(q) / q.d),
    "The part of the variances has the wrong sign: it is never negative.":
        kl_of(rest=lambda q: -of_widths(q)),
    "The logarithm has the wrong sign.":
        kl_of(rest=lambda q: of_widths(q) + q.d * np.log(q.v / q.variance)),
    "The -1 is missing in the part of the variances (one for each coordinate).":
        times(lambda kl, d: kl + d / 2),
    "The -1 in the part of the variances is needed for each of the d coordinates.":
        times(lambda kl, d: kl + (d - 1) / 2),
    "The ½ of the squared part is missing.": kl_of(lambda q: 2 * of_square(q)),
    "The ½ of the part of the variances is missing.": kl_of(rest=lambda q: 2 * of_widths(q)),
    "The ½ is missing: this is twice the KL.": times(lambda kl, d: 2 * kl),
    "You put beta_t for the posterior's variance. That one is smaller, as z_0 is known.":
        kl_of(v=lambda q: q.beta),
    "You put `1 - here`, which is 1 - alpha_bar_t, for beta_t. beta_t is 1 - alpha_t.": (
        kl_of(another_beta, v=lambda q: 1 - q.before), kl_of(another_beta),
        kl_of(v=lambda q: 1 - q.before), kl_of(v=lambda q: 1 - q.here),
        kl_of(another_beta, alpha=lambda q: q.here),
        kl_of(another_beta, alpha=lambda q: q.here, v=lambda q: 1 - q.before),
    ),
    "This would be so if the error were one of z_0. An error in eps moves z_0_hat by sqrt(1 - "
    "alpha_bar_t) / sqrt(alpha_bar_t) times as much.": kl_of(of_z0),
    "In the squared part 1 - alpha_t stands where 1 - alpha_bar_t belongs.":
        kl_of(lambda q: q.beta / (2 * q.variance * q.alpha)),
    "In the squared part the division by alpha_t is missing.":
        kl_of(lambda q: of_square(q) * q.alpha),
    "Means that differ by k (eps - eps_hat) differ by k^2 (eps - eps_hat)^2 when squared. In "
    "yours the factor k is not squared.":
        kl_of(lambda q: np.sqrt(of_square(q) / 2 / q.variance)),
    "In your z_0_hat alpha_t stands where alpha_bar_t belongs.":
        kl_of(lambda q: of_z0(q) * q.beta / q.alpha),
    "In the squared part beta_t is not squared, though it multiplies the means.":
        kl_of(lambda q: of_square(q) / q.beta),
    "In the squared part alpha_bar_t stands where alpha_t belongs.":
        kl_of(lambda q: of_square(q) * q.alpha / q.here),
    "The distance of the means is not squared.": kl_of(square=lambda q: np.sqrt(q.square)),
    "In the part of the variances the logarithm is missing.":
        kl_of(rest=lambda q: q.d / 2 * (q.v / q.variance - 1)),
    "This is the notebook's form for an error in z_0, and for the posterior's variance.": kl_of(
        lambda q: (q.before / (1 - q.before) - q.here / (1 - q.here)) / 2, lambda q: 0
    ),
    "Asked is the KL of these rows; yours is the squared error in eps alone.":
        kl_of(lambda q: 1, lambda q: 0),
    "You take `variance` for a standard deviation and square it.":
        kl_of(variance=lambda q: q.variance**2),
    "You take `variance` for a logarithm of the variance.":
        kl_of(variance=lambda q: np.exp(q.variance)),
    "You add eps_hat to eps. The two means differ by the difference of the two.":
        lambda eps, eps_hat, *rest: step_kl(eps, -eps_hat, *rest),
    "You are one step too far on: `alpha_bar[t - 1]` is alpha_bar_t, and `alpha_bar[t - 2]` is "
    "that of step t - 1.": kl_of(step=1),
    "You are one step too early: `alpha_bar[t - 2]` is that of step t - 1, and alpha_bar of "
    "step t stands after it.": kl_of(step=-1),
}, name="your KL", why="one KL for each row, a sum over its coordinates")  # fmt: skip


def decoders():
    """(eps, eps_hat, alpha_bar, t, variance), at t = T the later, at t = 2 after those."""
    rng = np.random.default_rng(83)
    for n, d, n_steps, t, wider in (
        (5, 3, 8, 4, 1.9), (3, 3, 9, 7, 0.4), (4, 5, 12, 6, 30.0), (1, 4, 6, 2, 1.4),
        (6, 1, 7, 7, 0.7), (4, 2, 5, 3, 1.0), (1, 1, 2, 2, 0.01), (2, 6, 3, 3, 1.2),
    ):  # fmt: skip
        bars = falling(rng, n_steps)
        eps, eps_hat = rng.normal(0.2, 1.1, (2, n, d))
        variance = wider * bayes(0, 0, bars[t - 1], bars[t - 2])[1]
        yield eps, eps_hat, bars, t, float(variance) if d > 2 else variance
    yield eps, eps, bars, t, variance
    yield eps, eps_hat, bars, 2, 1


def ask_step_kl(answer):
    """step_kl(eps, eps_hat, alpha_bar, t, variance) -> (N,), nats."""
    compare(answer, decoders(), KL)


# 08.4: functions of given, free, avoided, w and u.


def mixed(factors, order=(0, 1, 2)):
    """A sum of the three estimates, in this order, with factors(w, u)."""

    def steer(*given):
        return sum(f * given[i] for f, i in zip(factors(*given[3:]), order, strict=True))

    return steer


def the_factors(w, u):
    """Those of given, free and avoided."""
    return 1 + w, u - w, -u


def unsteered(got, given, free, avoided, w, u):
    """What is wrong with an estimate that no known mistake makes."""
    expect(
        not np.array_equal(given, free),
        "If all three estimates agree there is nothing to push away from: the answer is that "
        "estimate. Yours is not, so your three factors do not add up to 1.",
    )
    values(got, steer(given, free, avoided, w, u), "your eps_hat")


steer = mixed(the_factors)
STEER = Part(steer, {
    "Your eps_hat has the wrong sign everywhere: gradient and eps_hat differ by a negative "
    "factor, but by the same one for all three.": lambda *given: -steer(*given),
    "`free` and `avoided` have changed places.": mixed(the_factors, (0, 2, 1)),
    "With w = 0 and u = 0 plain conditional sampling should be left, the estimate given c. "
    "Your w counts from the free estimate: it is our 1 + w.":
        mixed(lambda w, u: (w, 1 - w + u, -u)),
    "w pushes the wrong way: away from c, towards the free estimate.":
        mixed(lambda w, u: (1 - w, w + u, -u)),
    "u pushes the wrong way: towards c'.": mixed(lambda w, u: (1 + w, -w - u, u)),
    "Both pushes go the wrong way.": mixed(lambda w, u: (1 - w, w - u, u)),
    "c' is subtracted, but its prior is forgotten: by Bayes' rule p(c' | z) is p(z | c') / "
    "p(z) up to a factor, so the free estimate comes in with u.":
        mixed(lambda w, u: (1 + w, -w, -u)),
    "c' is subtracted twice over, for the free estimate has the sign of c'.":
        mixed(lambda w, u: (1 + w, -w - u, -u)),
    "You push away from c' as seen from the estimate given c. By Bayes' rule p(c' | z) is "
    "p(z | c') / p(z) up to a factor: it is seen from the free one.":
        mixed(lambda w, u: (1 + w + u, -w, -u)),
    "You put c' in the place of the free estimate: that is common, and another density. Here "
    "c' has a strength u of its own.": mixed(lambda w, u: (1 + w, 0, -w)),
    "`given` and `free` have changed places.": mixed(the_factors, (1, 0, 2)),
    "`given` and `avoided` have changed places.": mixed(the_factors, (2, 1, 0)),
    "w and u have changed places.": mixed(lambda w, u: the_factors(u, w)),
    "Only w acts: nothing is pushed away from c'.": mixed(lambda w, u: (1 + w, -w, 0)),
    "Only u acts: w pushes nothing.": mixed(lambda w, u: (1, u, -u)),
    "c' gets 1 + u. The 1 belongs to c alone: p(z | c) stands there before any power is "
    "taken.": mixed(lambda w, u: (1 + w, -w + 1 + u, -1 - u)),
    "p(z | c) has got lost: these are the two pushes alone.":
        mixed(lambda w, u: (w, u - w, -u)),
    "`given` counts only once in yours, so w takes from the free estimate and gives nothing to "
    "the given one.": mixed(lambda w, u: (1, u - w, -u)),
    "This is divided once more, by 1 + w + u. The factors add up to 1 as they are.":
        lambda *given: steer(*given) / (1 + given[3] + given[4]),
    "You divide by the sum of w and u, as for a mean; the powers are no weights of a mean.":
        lambda *given: steer(*given) / (given[3] + given[4] or 1),
}, name="your eps_hat", why="an estimate of the noise for each row and coordinate",
   otherwise=unsteered)  # fmt: skip


def strengths():
    """(given, free, avoided, w, u); first three estimates that agree."""
    rng = np.random.default_rng(84)
    same = rng.integers(1, 9, (4, 2)) / 4  # what cancels is 0 to the last bit
    yield same, same, same, 1.5, 0.75
    for n, d, w, u in (
        (5, 3, 1.5, 0.7), (1, 4, 0.3, 2.2), (6, 1, 4.0, 0.0), (2, 5, 0.0, 1.2), (4, 3, 0, 0),
        (1, 1, 2, 3), (3, 3, 7.5, 7.5),
    ):  # fmt: skip
        yield *rng.normal(0.3, 1.1, (3, n, d)), w, u


def ask_steer(answer):
    """steer(given, free, avoided, w, u) -> (N, d)."""
    compare(answer, strengths(), STEER)


# 08.5: functions of z, noise, eps_hat, alpha_bar and steps.


def walked(leap):
    """A walk by leap(z, noise[k], eps_hat, t, s, alpha_bar with alpha_bar_0 before it)."""

    def walk(z, noise, eps_hat, alpha_bar, steps):
        bars = np.append(1, alpha_bar)
        for n, t, s in zip(noise, steps, np.append(steps[1:], 0), strict=True):
            z = leap(z, n, eps_hat, int(t), int(s), bars)
        return z

    return walk


def guess(z, estimate, here, root=0.5, over=0.5):
    """z_0_hat; root and over are the powers of 1 - alpha_bar and of alpha_bar in it."""
    return (z - (1 - here) ** root * estimate) / here**over


def step(z, noise, estimate, here, there):
    """A right leap."""
    mean, variance = bayes(z, guess(z, estimate, here), here, there)
    return mean + np.sqrt(variance) * noise


def leap_of(root=0.5, over=0.5, late=0, single=False, sd=None, last=True, to=None):
    """A walk with a fault: the powers in z_0_hat; how far from t the step is that the denoiser
    is given; whether the posterior is that of a single step; sd(beta, there, tilde) of the
    noise, and whether the last leap has that, too; to(bars, s), where a leap leads."""

    def leap(z, noise, eps_hat, t, s, bars):
        here, there = bars[t], bars[t - 1 if single else s] if to is None else to(bars, s)
        z0_hat = guess(z, eps_hat(z, t + late), here, root, over)
        mean, tilde = bayes(z, z0_hat, here, there)
        spread = np.sqrt(tilde) if sd is None else sd(1 - here / there, there, tilde)
        return mean + (s > 0 or last) * spread * noise

    return walked(leap)


@walked
def guess_again(z, noise, eps_hat, t, s, bars):
    """Draw z_s from q(z_s | z_0_hat)."""
    z0_hat = guess(z, eps_hat(z, t), bars[t])
    return np.sqrt(bars[s]) * z0_hat + np.sqrt(1 - bars[s]) * noise


@walked
def without_chance(z, noise, eps_hat, t, s, bars):
    """z_s with the noise that was found in z_t."""
    e = eps_hat(z, t)
    return np.sqrt(bars[s]) * guess(z, e, bars[t]) + np.sqrt(1 - bars[s]) * e


@walked
def narrow(z, noise, eps_hat, t, s, bars):
    """The mean of a leap, with the noise of a single step."""
    mean = step(z, 0, eps_hat(z, t), bars[t], bars[s])
    return mean + np.sqrt(bayes(0, 0, bars[t], bars[t - 1])[1]) * noise


@walked
def one_alpha(z, noise, eps_hat, t, s, bars):
    """The posterior of a leap, but for alpha, which is that of a single step."""
    here, there, alpha = bars[t], bars[s], bars[t] / bars[t - 1]
    z0_hat = guess(z, eps_hat(z, t), here)
    mean = np.sqrt(there) * (1 - alpha) * z0_hat + np.sqrt(alpha) * (1 - there) * z
    return mean / (1 - here) + np.sqrt((1 - there) / (1 - here) * (1 - alpha)) * noise


def given_place(z, noise, eps_hat, alpha_bar, steps):
    """The denoiser is given the place in `steps`, counted from the end."""
    place = {int(t): len(steps) - k for k, t in enumerate(steps)}
    return walk(z, noise, lambda z, t: eps_hat(z, place[t]), alpha_bar, steps)


def regular(home):
    """A walk whose leaps are all as long as the first; whether the last goes to 0."""

    def walk(z, noise, eps_hat, alpha_bar, steps):
        bars, length = np.append(1, alpha_bar), steps[0] - np.append(steps, 0)[1]
        for t, n in zip(steps, noise, strict=True):
            s = 0 if home and t == steps[-1] else max(0, t - length)
            z = step(z, n, eps_hat(z, int(t)), bars[t], bars[s])
        return z

    return walk


walk = leap_of()
WALK = Part(walk, {
    "Both bugs are still in it.": leap_of(root=1, single=True),
    "One bug is mended. The other is in the leaps: `posterior` leads from t to t - 1, and the "
    "next round of the loop takes that for a z of the next of `steps`.": leap_of(single=True),
    "The leaps are mended. The other bug is in every single step, also where nothing is leapt "
    "over: look at `z0_hat`.": leap_of(root=1),
    "The noise now has the variance of the way forward, beta of the leap, and at the last leap "
    "too. Asked is the posterior's, which is 0 at the last.":
        leap_of(sd=lambda beta, *_: np.sqrt(beta)),
    "Your noise has the variance of the way forward, beta of the leap. Asked is the "
    "posterior's, which is smaller.":
        leap_of(sd=lambda beta, *_: np.sqrt(beta), last=False),
    "Your noise has the variance 1 - alpha_bar of where it leads. Part of that is in the mean "
    "already.": leap_of(sd=lambda beta, there, tilde: np.sqrt(1 - there)),
    "Your noise is multiplied by the variance; it should be by its root.":
        leap_of(sd=lambda beta, there, tilde: tilde),
    "No noise is added on the way: these are means of means.": leap_of(sd=lambda *given: 0.0),
    "You draw z_s from q(z_s | z_0_hat), as if z_t were not known. The posterior uses both.":
        guess_again,
    "You put the estimated noise back in, without chance. That is a sampler too, but asked is "
    "the posterior with its noise.": without_chance,
    "Your walk ends before the last leap, which leads from the last of `steps` to z_0.":
        walked(lambda z, n, e, t, s, bars: step(z, n, e(z, t), bars[t], bars[s]) if s else z),
    "The denoiser is given the wrong step: one too early. z is z_t, so it is t.":
        leap_of(late=-1),
    "The denoiser is given the wrong step: one too late. z is z_t, so it is t.":
        leap_of(late=1),
    "The denoiser is given s, where the leap leads. z is z_t, so it is t.":
        walked(lambda z, n, e, t, s, bars: step(z, n, e(z, s), bars[t], bars[s])),
    "The denoiser is given the place in `steps`. It has learned the steps of the whole chain: "
    "give it t.": given_place,
    "Your last leap ends at z_1. It should end at z_0, where alpha_bar is 1.":
        leap_of(to=lambda bars, s: bars[max(s, 1)]),
    "In the last leap s = 0 and alpha_bar_0 = 1, while `alpha_bar[0 - 1]` is the array's last "
    "entry.": leap_of(to=lambda bars, s: bars[1:][s - 1]),
    "The mean is that of a leap, but the noise still that of a single step.": narrow,
    "In your posterior alpha is still that of a single step; for a leap from t to s it is "
    "alpha_bar_t / alpha_bar_s.": one_alpha,
    "You take all leaps to be as long as the first. `steps` need not be regular: leap to "
    "`steps[k + 1]`.": (regular(True), regular(False)),
    "`noise[k]` belongs to the k-th leap; yours is taken in another order.":
        lambda z, noise, *rest: walk(z, noise[::-1], *rest),
    "In `z0_hat` you divide by alpha_bar. It is its root that multiplies z_0 in z_t.":
        leap_of(over=1),
    "In `z0_hat` you divide by alpha_bar. It is its root that multiplies z_0 in z_t. (The "
    "other bug, in the leaps, is still in it.)": leap_of(over=1, single=True),
    "In `z0_hat` both roots are missing: that of alpha_bar and that of 1 - alpha_bar.":
        leap_of(over=1, root=1),
    "`z0_hat` is mended wrongly: the noise in z_t has the factor sqrt(1 - alpha_bar), one root "
    "and no more.": leap_of(root=0.25),
}, name="your z_0", why="one z_0 for each z")  # fmt: skip


def unwalked(answer, got, z, noise, *rest):
    """What is wrong with a z_0 that no known mistake makes."""
    expect(
        len(noise) == 1 or not close(call(answer, z, 2 * noise + 1, *rest), got),
        "Your z_0 is the same whatever `noise` holds: if you draw noise of your own, take "
        "`noise[k]` in its place.",
    )
    of_chance(answer, WALK, got, z, noise, *rest)


def walks():
    """(z, noise, eps_hat, alpha_bar, steps): regular and not, one step, all, the first, the
    last, or neither."""
    rng = np.random.default_rng(85)

    def eps_hat(z, t):
        return 0.6 * np.cos(z * (1 + t / 7)) + 0.3 * np.flip(z, -1) + 0.02 * t

    for n, d, n_steps, steps in (
        (5, 3, 12, [12, 9, 5, 2]), (1, 2, 8, range(8, 0, -1)), (6, 1, 15, [13, 12, 4]),
        (3, 3, 9, [6]), (2, 4, 20, [20, 15, 10, 5]), (1, 1, 1, [1]), (2, 3, 4, [4]),
        (2, 2, 2, [2, 1]), (2, 3, 4, [1]), (2, 2, 60, [60, 59, 7, 3]),
    ):  # fmt: skip
        noise = rng.normal(size=(len(steps), n, d))
        yield rng.normal(size=(n, d)), noise, eps_hat, falling(rng, n_steps), np.array(steps)


def ask_walk(answer):
    """walk(z, noise, eps_hat, alpha_bar, steps) -> z_0 (N, d)."""
    compare(answer, walks(), replace(WALK, otherwise=partial(unwalked, answer)))


EXERCISES = [
    Exercise(
        "08.1", "Noise in one leap", points=2,
        hints=(
            "alpha is 1 - beta. What is left after two steps: the sum or the product of what "
            "each of them leaves?",
            "Look alpha_bar up for each row: t counts from 1, arrays from 0. You get N "
            "numbers; z_0 has N rows and d columns, so give them an axis for the columns.",
            "`np.cumprod` multiplies along an array. Take `a = alpha_bar[t - 1]`, give it an "
            "axis by `[:, None]`; then root of a times z_0, plus root of 1 - a times eps.",
        ),
        moral="No chain has to be walked to train one: any z_t costs a line. "
        "`tv.Diffusion.add_noise` does the same.",
        ask=ask_noise, takes=2, right=(products, add_noise), wrong=of_two(PRODUCTS, NOISY),
    ),
    Exercise(
        "08.2", "The way back over many steps", points=3,
        hints=(
            "Everything in (2) and (3) of the notebook was derived from three Gaussians. Which "
            "three are they when s takes the place of t - 1?",
            "Only alpha_t and beta_t change: from s to t the signal's square shrinks by "
            "here / there, so alpha = here / there and beta = 1 - alpha.",
            "Variance: (1 - there) / (1 - here) * beta. Mean: root(there) * beta * z_0 plus "
            "root(alpha) * (1 - there) * z_t, all divided by 1 - here.",
        ),
        moral="Any steps of a chain make a chain of their own. So a model trained on 1,000 "
        "steps may be walked back in 50. `tv.Diffusion.posterior` is the case s = t - 1.",
        ask=ask_back, right=bayes, wrong=in_parts(*BACK),
    ),
    Exercise(
        "08.3", "A decoder with another variance", points=3,
        hints=(
            "First the KL of two Gaussians in one coordinate, with means m, m' and variances "
            "v, v': the mean, under the first, of the difference of their log-densities.",
            "KL = (m - m')² / 2v' + ½ (v/v' - 1 - log(v/v')), summed over the coordinates. v "
            "is the posterior's variance, v' the argument `variance`.",
            "The means differ by beta_t / (root(alpha_t) * root(1 - alpha_bar_t)) times "
            "eps_hat - eps. The posterior's variance is in (3).",
        ),
        moral="Which variance is better depends on the data: the posterior's for data that are "
        "nearly one point, beta for data that are nearly the prior. A network can learn it.",
        ask=ask_step_kl, right=step_kl, wrong=in_parts(KL),
    ),
    Exercise(
        "08.4", "Towards some words and away from others", points=2,
        hints=(
            "Take the logarithm: powers become factors, and what does not depend on z drops "
            "out when you take the gradient.",
            "By Bayes' rule log p(c | z) = log p(z | c) - log p(z) + something without z, and "
            "so for c'. By (9) each gradient is an eps_hat times one common factor.",
            "Start from `given`; add w times (given - free); subtract u times "
            "(avoided - free).",
        ),
        moral="With u = 0 this is what `tv.Diffusion.sample(..., guidance=w)` does. "
        "Text-to-image programs call c' a negative prompt; many put it in the place of the "
        "free estimate.",
        ask=ask_steer, right=steer, wrong=in_parts(STEER),
    ),
    Exercise(
        "08.5", "Find the bugs: samples that spread too far", points=3,
        hints=(
            "Begin with the walk that leaves no step out: there only one bug acts. z_t is "
            "signal plus noise; how is z_0 found from it if eps is known?",
            "z_0_hat needs a root. For the leaps: from which step to which does `posterior` "
            "lead, and which step does the loop believe it is at next?",
            "The steps that you keep make a chain of their own, whose alpha_bar are "
            "`alpha_bar[t - 1]` for t in `steps`, smallest t first. Its posterior at its own "
            "step number leads from one of `steps` to the next; the denoiser is still given t.",
        ),
        moral="The pictures would have looked like bad training. Data whose variance is known "
        "tell a bad sampler from a bad network.",
        ask=ask_walk, right=walk, wrong=in_parts(WALK),
    ),
]  # fmt: skip
