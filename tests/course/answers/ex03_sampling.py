"""Answers to the exercises of 03."""

import math

import numpy as np

from tinyvae import kl_to_prior, reparameterize, reparameterize_grad

rng = np.random.default_rng()  # another luck at each call

# 03.1, 03.2


def draw_in_loops(mu, logvar, eps):
    z = []
    for m_row, v_row, e_row in zip(mu, logvar, eps, strict=True):
        rows = zip(m_row, v_row, e_row, strict=True)
        z.append([m + math.sqrt(math.exp(v)) * e for m, v, e in rows])
    return z


def draw_in_float32(m, lv, noise):
    std = np.exp(lv.astype(np.float32)) ** np.float32(0.5)
    return (m + std * noise).astype(np.float32)


def draw_with_own_noise(mu, logvar, eps):
    return mu + np.exp(logvar / 2) * rng.standard_normal(mu.shape)


def draw_with_seeded_noise(mu, logvar, eps):
    return np.random.default_rng(0).normal(mu, np.exp(logvar / 2))


def draw_in_place(mu, logvar, eps):
    eps *= np.exp(logvar / 2)
    return mu + eps


def draw_with_floor(mu, logvar, eps):
    return mu + np.sqrt(np.exp(logvar) + 1e-8) * eps


def clipped(answer, place, low=-2, high=2):
    """`answer` to a logvar, its argument at `place`, that is clipped first."""

    def with_clip(*given):
        given = list(given)
        given[place] = np.clip(given[place], low, high)
        return answer(*given)

    return with_clip


def draw_grad(dz, logvar, eps):
    return dz, 0.5 * dz * eps * np.exp(0.5 * logvar)


def draw_grad_in_loops(dz, logvar, eps):
    dlogvar = np.zeros(dz.shape)
    for i, j in np.ndindex(*dz.shape):
        sigma = math.exp(0.5 * logvar[i, j])
        dlogvar[i, j] = 0.5 * sigma * eps[i, j] * dz[i, j]
    return [dz.tolist(), dlogvar.tolist()]


def draw_grad_by_sigma(d_z, lv, e):
    sigma = np.sqrt(np.exp(lv)).astype(np.float32)
    d_sigma = d_z * e
    return d_z.copy(), d_sigma * sigma / 2


# 03.3, 03.4


def score(z, mu, logvar):
    return (z - mu) / np.exp(logvar), -0.5 + 0.5 * (z - mu) ** 2 / np.exp(logvar)


def score_in_loops(z, mu, logvar):
    by_mu, by_logvar = [], []
    for one in z:
        by_mu.append((one - mu) / math.exp(logvar))
        by_logvar.append(((one - mu) ** 2 / math.exp(logvar) - 1) / 2)
    return by_mu, by_logvar


def score_in_float32(z, m, lv):
    sd = np.float32(np.exp(lv / 2))
    e = ((z - m) / sd).astype(np.float32)
    return np.stack([e / sd, (e - 1) * (e + 1) / 2])


def estimate(f, z, mu, logvar):
    by_mu, by_logvar = score(z, mu, logvar)
    return (f(z) * by_mu).mean(), (f(z) * by_logvar).mean()


def estimate_in_loops(f, z, mu, logvar):
    totals = [0.0, 0.0]
    for one in z:
        totals[0] += f(one) * (one - mu) / math.exp(logvar)
        totals[1] += f(one) * ((one - mu) ** 2 / math.exp(logvar) - 1) / 2
    return [total / len(z) for total in totals]


def estimate_by_dot(f, z, mu, logvar):
    return tuple(np.array(score(z, mu, logvar)) @ f(z) / z.size)


def wrong_score(by_mu=None, by_logvar=None):
    """`estimate` with a score that is one of these functions of eps and sigma."""

    def answer(z, mu, logvar):
        sigma = np.exp(logvar / 2)
        eps, right = (z - mu) / sigma, score(z, mu, logvar)
        return (
            right[0] if by_mu is None else by_mu(eps, sigma),
            right[1] if by_logvar is None else by_logvar(eps, sigma),
        )

    return answer, estimate


def density_gradient(z, mu, logvar):
    q = np.exp(-0.5 * (z - mu) ** 2 / np.exp(logvar)) / np.sqrt(2 * np.pi * np.exp(logvar))
    return q * score(z, mu, logvar)[0], q * score(z, mu, logvar)[1]


def wrong_estimate(way):
    """A right score with estimates that are made by way(f, z, scores)."""

    def answer(f, z, mu, logvar):
        return tuple(way(f, z, one) for one in score(z, mu, logvar))

    return score, answer


def estimate_at_eps(f, z, mu, logvar):
    eps = (z - mu) / np.exp(logvar / 2)
    return tuple((f(eps) * one).mean() for one in score(z, mu, logvar))


def estimate_from_new_draws(f, z, mu, logvar):
    return estimate(f, rng.normal(mu, np.exp(logvar / 2), z.shape), mu, logvar)


def estimate_of_centred(f, z, mu, logvar):
    return estimate(lambda at: f(at - mu), z, mu, logvar)


def slopes(df, mu, logvar, eps):
    sigma = np.exp(logvar / 2)
    return df(mu + sigma * eps).mean(), (df(mu + sigma * eps) * sigma * eps / 2).mean()


def slopes_in_loops(df, mu, logvar, eps):
    total_mu = total_logvar = 0
    for e in eps:
        z = mu + math.exp(logvar / 2) * e
        total_mu += df(z) / len(eps)
        total_logvar += df(z) * (z - mu) / 2 / len(eps)
    return [total_mu, total_logvar]


def slopes_by_package(df, mu, logvar, eps):
    m, lv = np.full(eps.shape, mu), np.full(eps.shape, logvar)
    pairs = reparameterize_grad(df(reparameterize(m, lv, eps)), lv, eps)
    return np.array([np.average(one) for one in pairs], dtype=np.float32)


def wrong_slopes(by_mu=None, by_logvar=None):
    """Estimates, one of them another function of df, z, eps and sigma."""

    def answer(df, mu, logvar, eps):
        sigma = np.exp(logvar / 2)
        z, (first, second) = mu + sigma * eps, slopes(df, mu, logvar, eps)
        return (
            first if by_mu is None else by_mu(df, z, eps, sigma),
            second if by_logvar is None else by_logvar(df, z, eps, sigma),
        )

    return answer


def slopes_drawn_with_variance(df, mu, logvar, eps):
    z = mu + np.exp(logvar) * eps
    return df(z).mean(), (df(z) * np.exp(logvar) * eps / 2).mean()


def slopes_at_mu(df, mu, logvar, eps):
    return df(mu), slopes(df, mu, logvar, eps)[1]


# 03.5


def by_moments(mu, sigma):
    """The mean of each power of z = mu + sigma eps, times a polynomial in eps."""
    moment = [1, 0, 1, 0, 3, 0, 15, 0, 105]

    def mean(*factors):
        product = [1.0]
        for factor in factors:
            product = np.convolve(product, factor)
        return sum(c * moment[k] for k, c in enumerate(product))

    z, score_, eps = [mu, sigma], [-0.5, 0, 0.5], [0, 1]
    first = mean(z, z, z, z, score_, score_) - mean(z, z, score_) ** 2
    second = mean([mu * sigma], [mu * sigma], eps, eps) + mean([sigma**4], eps, eps, eps, eps)
    return [first, second - sigma**4]


def in_other_algebra(m, s):
    first = (2 * m**4 + 60 * m**2 * s**2 + 78 * s**4) / 4 - s**4
    return np.float32(first), np.float32(s**2 * (m**2 + 2 * s**2))


def score_variance(mu, sigma):
    return mu**4 / 2 + 15 * mu**2 * sigma**2 + 18.5 * sigma**4


def slope_variance(mu, sigma):
    return mu**2 * sigma**2 + 2 * sigma**4


def measured(mu, sigma):
    eps = np.random.default_rng(0).standard_normal(2_000_000)
    z = mu + sigma * eps
    return np.var(z**2 * (eps**2 - 1) / 2), np.var(z * sigma * eps)


# 03.6, 03.7


def one_draw(a, c, x, rng):
    sigma = np.exp(0.5 * c)
    z = rng.normal(a * x, sigma)
    eps = (z - a * x) / sigma
    return terms(a, c, x, z, 0.5 * sigma * eps)


def one_draw_a_face(a, c, x, rng):
    loss = da = dc = 0.0
    for face in x:
        eps, sigma, mu = rng.standard_normal(), math.exp(c / 2), a * face
        error = face - 2 * (mu + sigma * eps)
        loss += error**2 + 0.5 * (mu**2 + sigma**2 - 1 - c)
        da += (mu - 4 * error) * face
        dc += -2 * error * sigma * eps + 0.5 * (sigma**2 - 1)
    return [loss / len(x), da / len(x), dc / len(x)]


def terms(a, c, x, z, chain):
    """loss, da, dc from the draws z and ∂z/∂c, with c the logvar."""
    dz = -4 * (x - 2 * z)
    loss = np.mean((x - 2 * z) ** 2 + kl_to_prior(a * x, c))
    return loss, np.mean((dz + a * x) * x), np.mean(dz * chain) + 0.5 * (np.exp(c) - 1)


def two_draws(a, c, x, rng):
    z = rng.normal(a * x, np.exp(c / 2))
    return terms(a, c, x, z, 0.5 * np.exp(c / 2) * rng.standard_normal(len(x)))


def two_draws_the_other_way(a, c, x, rng):
    eps = rng.standard_normal(len(x))
    first = terms(a, c, x, a * x + np.exp(c / 2) * eps, 0)
    z = rng.normal(a * x, np.exp(c / 2))
    return first[0], first[1], terms(a, c, x, z, 0.5 * np.exp(c / 2) * eps)[2]


def second_forward(a, c, x, rng):
    first = one_draw(a, c, x, rng)
    return first[0], *one_draw(a, c, x, rng)[1:]


def first_thrown_away(a, c, x, rng):
    rng.normal(a * x, np.exp(c / 2))
    return one_draw(a, c, x, rng)


def one_more_draw(a, c, x, rng):
    out = one_draw(a, c, x, rng)
    rng.standard_normal(len(x))
    return out


def no_draw(a, c, x, rng):
    return terms(a, c, x, a * x, 0)


def same_luck(a, c, x, rng):
    rng.standard_normal(len(x))
    return one_draw(a, c, x, np.random.default_rng(0))


def wild_luck(a, c, x, rng):
    return one_draw(a, c, x, np.random.default_rng())


def changed(which, change):
    """`one_draw`, with one of loss, da, dc changed by change(value, a, c, x)."""

    def answer(a, c, x, rng):
        out = list(one_draw(a, c, x, rng))
        out[which] = change(out[which], a, c, x)
        return tuple(out)

    return answer


def summed(a, c, x, rng):
    return tuple(len(x) * one for one in one_draw(a, c, x, rng))


def in_another_order(a, c, x, rng):
    loss, da, dc = one_draw(a, c, x, rng)
    return loss, dc, da


def drawn_with_variance(a, c, x, rng):
    z = rng.normal(a * x, np.exp(c))
    return terms(a, c, x, z, 0.5 * (z - a * x))


def z_for_its_noise(a, c, x, rng):
    z = rng.normal(a * x, np.exp(c / 2))
    return terms(a, c, x, z, 0.5 * np.exp(c / 2) * z)


def c_is_logvar(a, c, x, eps):
    s = np.exp(c / 2)
    return terms(a, c, x, a * x + s * eps, 0.5 * s * eps)


def c_is_log_sigma(a, c, x, eps):
    mu, sigma = a * x, np.exp(c)
    residual = 2 * (mu + sigma * eps) - x
    loss = (residual**2).mean() + (mu**2).mean() / 2 + sigma**2 / 2 - 0.5 - c
    da = 4 * (residual * x).mean() + (mu * x).mean()
    return loss, da, 4 * sigma * (residual * eps).mean() + sigma**2 - 1


def c_is_log_sigma_in_loops(a, c, x, eps):
    rows = []
    for face, e in zip(x.tolist(), eps.tolist(), strict=True):
        rows.append(c_is_log_sigma(a, c, np.array([face]), np.array([e])))
    return np.mean(rows, axis=0)


def c_is_log_sigma_by_logvar(a, c, x, eps):
    logvar = 2 * np.float32(c)
    loss, da, dlogvar = c_is_logvar(np.float32(a), logvar, x.astype("f"), eps.astype("f"))
    return [loss, da, 2 * dlogvar]


def copied(sigma=np.exp, chain=np.exp, kl=None, kl_slope=None):
    """What was copied, with other functions of c for sigma, for ∂z/∂c, for the KL's terms in
    sigma and for their slope."""

    def answer(a, c, x, eps):
        dz = -4 * (x - 2 * (a * x + sigma(c) * eps))
        spread = kl(c) if kl else 0.5 * (np.exp(c) - 1 - c)
        slope = kl_slope(c) if kl_slope else 0.5 * (np.exp(c) - 1)
        loss = np.mean(dz**2 / 16 + 0.5 * (a * x) ** 2) + spread
        return loss, np.mean((dz + a * x) * x), np.mean(dz * chain(c) * eps) + slope

    return answer


def root(c):
    return np.exp(c / 2)


def kl(c):
    return 0.5 * (np.exp(2 * c) - 1 - 2 * c)


def kl_slope(c):
    return np.exp(2 * c) - 1


def less_kl(times):
    def answer(a, c, x, eps):
        loss, da, dc = c_is_log_sigma(a, c, x, eps)
        return loss - times * kl_to_prior(a * x, 2 * c).mean(), da, dc

    return answer


# 03.8

LUCK = np.random.default_rng(9).standard_normal((20, 2)).mean(axis=0)

RIGHT = {
    "03.1": {"loops": draw_in_loops, "float32": draw_in_float32, "package": reparameterize},
    "03.2": {"loops, lists": draw_grad_in_loops, "by sigma": draw_grad_by_sigma},
    "03.3": {
        "loops": (score_in_loops, estimate_in_loops),
        "float32, arrays": (score_in_float32, estimate_by_dot),
        "plain": (score, estimate),
    },
    "03.4": {"loops": slopes_in_loops, "package": slopes_by_package, "plain": slopes},
    "03.5": {"by moments": by_moments, "other algebra": in_other_algebra},
    "03.6": {"noise from z": one_draw, "loops": one_draw_a_face},
    "03.7": {
        "plain": c_is_log_sigma,
        "loops": c_is_log_sigma_in_loops,
        "by logvar, in float32": c_is_log_sigma_by_logvar,
    },
    "03.8": {"exact": 1 - 2 * LUCK[0], "by hand": 1.68, "array": np.array(1.66)},
}

WRONG = {
    "03.1": {
        "Your sigma is `exp(logvar)`: that is the variance": (
            lambda m, v, e: m + np.exp(v) * e
        ),
        "`exp(logvar) / 2`": lambda m, v, e: m + np.exp(v) / 2 * e,
        "half their standard deviation": lambda m, v, e: m + 0.5 * np.exp(0.5 * v) * e,
        "itself stands where sigma": lambda m, v, e: m + v * e,
        "upside down": lambda m, v, e: m + np.exp(-v / 2) * e,
        "with a minus": lambda m, v, e: m - np.exp(v / 2) * e,
        "mu is missing": lambda m, v, e: np.exp(v / 2) * e,
        "sigma is missing": lambda m, v, e: m + e,
        "eps is missing": lambda m, v, e: m + np.exp(v / 2),
        "one root too many": lambda m, v, e: m + np.sqrt(np.exp(v / 2)) * e,
        "power of 10": lambda m, v, e: m + 10 ** (v / 2) * e,
        "power of 2": lambda m, v, e: m + 2 ** (v / 2) * e,
        "by its size alone": lambda m, v, e: m + np.exp(v / 2) * np.abs(e),
        "is wrong in 12 of 15": lambda m, v, e: m + np.exp(v[0] / 2) * e,
        "multiplies mu too": lambda m, v, e: (m + e) * np.exp(v / 2),
        "changed places": lambda e, v, m: m + np.exp(v / 2) * e,
        "noise of its own": draw_with_own_noise,
        "does not use the noise": draw_with_seeded_noise,
        "not finite": lambda m, v, e: m + np.sqrt(v) * e,
        "changes the arrays": draw_in_place,
        "should be (5, 3)": lambda m, v, e: (m + np.exp(v / 2) * e).sum(axis=-1),
        "your z is right, but not for very small": draw_with_floor,
        "eps = 0 the draw is mu": lambda m, v, e: m + 0.1 + np.exp(v / 2) * e,
    },
    "03.2": {
        "puts out one": lambda dz, v, e: dz * 0.5 * np.exp(v / 2) * e,
        "in this order": lambda dz, v, e: (dz * 0.5 * np.exp(v / 2) * e, dz),
        "Your dmu is ∂z/∂mu": lambda dz, v, e: (np.ones_like(dz), dz * np.exp(v / 2) * e / 2),
        "Your dmu has a factor eps": lambda dz, v, e: (dz * e, dz * np.exp(v / 2) * e / 2),
        "Your dmu has a factor sigma": lambda dz, v, e: (
            dz * np.exp(v / 2), dz * np.exp(v / 2) * e / 2,
        ),
        "Your dmu is divided by N": lambda dz, v, e: (
            dz / len(dz), dz * np.exp(v / 2) * e / 2 / len(dz),
        ),
        "with respect to log sigma": lambda dz, v, e: (dz, dz * np.exp(v / 2) * e),
        "stops at sigma": lambda dz, v, e: (dz, dz * e),
        "with respect to sigma²": lambda dz, v, e: (dz, dz * e / (2 * np.exp(v / 2))),
        "sigma² where sigma belongs": lambda dz, v, e: (dz, dz * 0.5 * np.exp(v) * e),
        "sigma² and no ½": lambda dz, v, e: (dz, dz * np.exp(v) * e),
        "eps is missing": lambda dz, v, e: (dz, dz * 0.5 * np.exp(v / 2)),
        "dz is missing": lambda dz, v, e: (dz, 0.5 * np.exp(v / 2) * e),
        "sigma is missing": lambda dz, v, e: (dz, dz * 0.5 * e),
        "holds the gradient of the KL": lambda dz, v, e: (
            dz, dz * 0.5 * np.exp(v / 2) * e + 0.5 * (np.exp(v) - 1),
        ),
        "Your dlogvar is divided by N": lambda dz, v, e: (
            dz, (dz * 0.5 * np.exp(v / 2) * e) / len(dz),
        ),
        "The shape of dmu is (3,)": lambda dz, v, e: (
            dz.sum(0), (dz * 0.5 * np.exp(v / 2) * e).sum(0),
        ),
        "The shape of dlogvar is (3,)": lambda dz, v, e: (
            dz, (dz * 0.5 * np.exp(v / 2) * e).mean(0),
        ),
        "your dlogvar is right, but not for very small": clipped(draw_grad, 1, -12, 99),
        "Your dlogvar has the wrong sign": lambda dz, v, e: (dz, -dz * 0.5 * np.exp(v / 2) * e),
    },
    "03.3": {
        "has the wrong sign: it is the derivative by z": wrong_score(lambda e, s: -e / s),
        "divided by logvar": (lambda z, m, v: ((z - m) / v, score(z, m, v)[1]), estimate),
        "divided by sigma only": wrong_score(lambda e, s: e),
        "the division by the variance is missing": wrong_score(lambda e, s: e * s),
        "multiplied by sigma²": wrong_score(lambda e, s: e * s**3),
        "to the fourth": wrong_score(lambda e, s: e / s**3),
        "the 2 of the square": wrong_score(lambda e, s: 2 * e / s),
        "lacks mu": (lambda z, m, v: (z / np.exp(v), score(z, m, v)[1]), estimate),
        "derivative of the density": (density_gradient, estimate),
        "Your scores are in the order": (lambda z, m, v: score(z, m, v)[::-1], estimate),
        "lacks the -½": wrong_score(None, lambda e, s: 0.5 * e**2),
        "derivative by log sigma": wrong_score(None, lambda e, s: e**2 - 1),
        "derivative by sigma;": wrong_score(None, lambda e, s: (e**2 - 1) / s),
        "by the variance sigma²": wrong_score(None, lambda e, s: (e**2 - 1) / (2 * s**2)),
        "far from mu asks": wrong_score(None, lambda e, s: 0.5 * (1 - e**2)),
        "have the same sign": wrong_score(None, lambda e, s: -0.5 - 0.5 * e**2),
        "by sigma, not by sigma²": wrong_score(None, lambda e, s: 0.5 * (e**2 * s - 1)),
        "where its square belongs": wrong_score(None, lambda e, s: 0.5 * (e - 1)),
        "by logvar is not divided by the variance": wrong_score(
            None, lambda e, s: 0.5 * ((e * s) ** 2 - 1)
        ),
        "f takes the draw z itself": (score, estimate_of_centred),
        "the score for mu is right, but not": (clipped(score, 2), estimate),
        "the estimate for mu is right, but not": (score, clipped(estimate, 3)),
        "the score by mu is (), but should be (7,)": (
            lambda z, m, v: tuple(one.mean() for one in score(z, m, v)), estimate,
        ),
        "sums over the draws": wrong_estimate(lambda f, z, s: (f(z) * s).sum()),
        "and multiply": wrong_estimate(lambda f, z, s: f(z).mean() * s.mean()),
        "A baseline is not asked": wrong_estimate(
            lambda f, z, s: ((f(z) - f(z).mean()) * s).mean()
        ),
        "the *other* draws": wrong_estimate(
            lambda f, z, s: ((f(z) - (f(z).sum() - f(z)) / max(1, len(z) - 1)) * s).mean()
        ),
        "a baseline, f at mu": (
            score, lambda f, z, m, v: estimate(lambda at: f(at) - f(m), z, m, v),
        ),
        "f is missing": wrong_estimate(lambda f, z, s: s.mean()),
        "One number is asked for": wrong_estimate(lambda f, z, s: f(z) * s),
        "taken at the noise": (score, estimate_at_eps),
        "Your estimates are in the order": (score, lambda *given: estimate(*given)[::-1]),
        "draws of its own": (score, estimate_from_new_draws),
        "it puts out one": (score, lambda f, z, m, v: (f(z) * score(z, m, v)[0]).mean()),
        "for mu has the wrong value": wrong_estimate(
            lambda f, z, s: (f(z) * s).sum() / (len(z) - 1)
        ),
    },
    "03.4": {
        "sums over the draws": lambda *given: tuple(
            len(given[-1]) * one for one in slopes(*given)
        ),
        "in the order logvar, mu": lambda *given: slopes(*given)[::-1],
        "stands `exp(logvar)` for sigma": slopes_drawn_with_variance,
        "take it with a plus": lambda df, m, v, e: (
            df(m - np.exp(v / 2) * e).mean(), (df(m - np.exp(v / 2) * e) * e).mean()
            * np.exp(v / 2) / 2,
        ),
        "You use -eps besides eps": lambda df, m, v, e: (
            (slopes(df, m, v, e)[0] + slopes(df, m, v, -e)[0]) / 2, slopes(df, m, v, e)[1],
        ),
        "df is taken at eps": wrong_slopes(lambda df, z, e, s: df(e).mean()),
        "df is taken at mu": slopes_at_mu,
        "df is taken at the mean": wrong_slopes(lambda df, z, e, s: df(z.mean())),
        "Your estimate for mu is the score function's": wrong_slopes(
            lambda df, z, e, s: (df(z) * e / s).mean()
        ),
        "Your estimate for mu has a factor eps": wrong_slopes(
            lambda df, z, e, s: (df(z) * e).mean()
        ),
        "it is the one for log sigma": wrong_slopes(
            None, lambda df, z, e, s: (df(z) * s * e).mean()
        ),
        "stops at sigma": wrong_slopes(None, lambda df, z, e, s: (df(z) * e).mean()),
        "eps is missing": wrong_slopes(None, lambda df, z, e, s: (df(z) * s).mean() / 2),
        "sigma is missing": wrong_slopes(None, lambda df, z, e, s: (df(z) * e).mean() / 2),
        "df is missing": wrong_slopes(None, lambda df, z, e, s: (s * e).mean() / 2),
        "multiply two means": wrong_slopes(
            None, lambda df, z, e, s: df(z).mean() * (s * e).mean() / 2
        ),
        "mu does not move": wrong_slopes(None, lambda df, z, e, s: (df(z) * z).mean() / 2),
        "has the variance where sigma belongs": wrong_slopes(
            None, lambda df, z, e, s: (df(z) * s**2 * e).mean() / 2
        ),
        "for logvar is the score function's": wrong_slopes(
            None, lambda df, z, e, s: (df(z) * (e**2 - 1)).mean() / 2
        ),
        "the estimate for mu is (9,)": wrong_slopes(lambda df, z, e, s: df(z)),
        "it puts out one": lambda *given: slopes(*given)[0],
        "the estimate for mu is right, but not": clipped(slopes, 2),
        "noise of its own": lambda df, m, v, e: slopes(df, m, v, rng.normal(size=len(e))),
        "wrong sign": lambda df, m, v, e: (
            slopes(df, m, v, e)[0], -slopes(df, m, v, e)[1],
        ),
    },
    "03.5": {
        "changed places": lambda m, s: (slope_variance(m, s), score_variance(m, s)),
        "as in the notebook": lambda m, s: (
            m**4 / s**2 + 14 * m**2 + 15 * s**2, 4 * s**2,
        ),
        "the notebook's test case": lambda m, s: (
            score_variance(m - 3, s), slope_variance(m - 3, s),
        ),
        "These are standard deviations": lambda m, s: (
            score_variance(m, s) ** 0.5, slope_variance(m, s) ** 0.5,
        ),
        "These are mean squares": lambda m, s: (
            score_variance(m, s) + s**4, slope_variance(m, s) + s**4,
        ),
        "Both are four times": lambda m, s: (
            4 * score_variance(m, s), 4 * slope_variance(m, s),
        ),
        "where its square belongs": lambda m, v: (
            score_variance(m, v**0.5), slope_variance(m, v**0.5),
        ),
        "The score function's variance is a mean square": lambda m, s: (
            score_variance(m, s) + s**4, slope_variance(m, s),
        ),
        "with the slope f'(z)": lambda m, s: (2 * m**2 + 10 * s**2, slope_variance(m, s)),
        "lacks the products of mu and sigma": lambda m, s: (
            m**4 / 2 + 18.5 * s**4, slope_variance(m, s),
        ),
        "The reparameterized variance is a mean square": lambda m, s: (
            score_variance(m, s), m**2 * s**2 + 3 * s**4,
        ),
        "The reparameterized variance is that for mu": lambda m, s: (
            score_variance(m, s), 4 * s**2,
        ),
        "The reparameterized variance is four times": lambda m, s: (
            score_variance(m, s), 4 * slope_variance(m, s),
        ),
        "lacks the term with mu": lambda m, s: (score_variance(m, s), 2 * s**4),
        "lacks the spread of eps²": lambda m, s: (score_variance(m, s), m**2 * s**2),
        "or it is an estimate from draws": measured,
        "the whole mean square less sigma⁴": lambda m, s: (
            2 * m**4 + 60 * m**2 * s**2 + 78 * s**4 - s**4, slope_variance(m, s),
        ),
        "half of a mean square less sigma⁴": lambda m, s: (
            m**4 + 30 * m**2 * s**2 + 39 * s**4 - s**4, slope_variance(m, s),
        ),
        "takes 2 times mu² sigma² eps²": lambda m, s: (
            m**4 / 2 + 5 * m**2 * s**2 + 18.5 * s**4, slope_variance(m, s),
        ),
        "cancels the 2 of f'(z)": lambda m, s: (
            score_variance(m, s), 4 * (m**2 * s**2 + 3 * s**4) - s**4,
        ),
        "The score function's variance has the wrong value": lambda m, s: (
            m**4 / 2 + 12 * m**2 * s**2 + 6 * s**4, slope_variance(m, s),
        ),
        "it puts out one": lambda m, s: score_variance(m, s) / slope_variance(m, s),
    },
    "03.6": {
        "The bug is still in it": two_draws,
        "only changed sides": two_draws_the_other_way,
        "both gradients are those of a second draw": second_forward,
        "thrown away": first_thrown_away,
        "draw once": one_more_draw,
        "takes nothing from `rng`": no_draw,
        "use the noise that `rng` gives": same_luck,
        "the same seed give different numbers": wild_luck,
        "dc is without the ½": changed(
            2, lambda dc, a, c, x: 2 * dc - 0.5 * (np.exp(c) - 1)
        ),
        "stands z where its noise belongs": z_for_its_noise,
        "The KL is missing in your loss": changed(
            0, lambda loss, a, c, x: loss - kl_to_prior(a * x, c).mean()
        ),
        "dc lacks what the KL says": changed(2, lambda dc, a, c, x: dc - (np.exp(c) - 1) / 2),
        "dc holds the KL's part alone": changed(2, lambda dc, a, c, x: (np.exp(c) - 1) / 2),
        "da lacks what the KL says": changed(1, lambda da, a, c, x: da - a * (x**2).mean()),
        "sums over the batch": summed,
        "Your loss is the sum over the faces": changed(
            0, lambda loss, a, c, x: loss * len(x)
        ),
        "The -1 of the KL is missing": changed(0, lambda loss, a, c, x: loss + 0.5),
        "The order is loss, da, dc": in_another_order,
        "made with draws whose sigma": drawn_with_variance,
        "da is not the slope": changed(1, lambda da, a, c, x: -da),
        "dc is not the slope": changed(2, lambda dc, a, c, x: dc / 2),
        "it puts out one": lambda *given: one_draw(*given)[0],
    },
    "03.7": {
        "The bug is still in it": copied(),
        "Asked is the other mending": c_is_logvar,
        "the old slope": copied(kl=kl),
        "the KL in the loss is still": copied(kl_slope=kl_slope),
        "whose derivative has a 2": copied(kl=kl, kl_slope=lambda c: kl_slope(c) / 2),
        "log sigma² is still c": copied(
            kl=lambda c: 0.5 * (np.exp(2 * c) - 1 - c), kl_slope=kl_slope,
        ),
        "you halve c for log sigma²": copied(
            kl=lambda c: 0.5 * (np.exp(2 * c) - 1 - 0.5 * c), kl_slope=kl_slope,
        ),
        "its sigma² is still": copied(
            kl=lambda c: 0.5 * (np.exp(c) - 1 - 2 * c), kl_slope=lambda c: np.exp(c) / 2 - 1,
        ),
        "derivative has no ½": copied(np.exp, lambda c: np.exp(c) / 2, kl, kl_slope),
        "have changed sides": copied(root, lambda c: root(c) / 2, kl, kl_slope),
        "and stood right": copied(root, np.exp, kl, kl_slope),
        "The KL is missing": less_kl(1),
        "less the KL": less_kl(2),
        "sums over the batch": lambda a, c, x, eps: tuple(
            len(x) * one for one in c_is_log_sigma(a, c, x, eps)
        ),
        "have the wrong sign": lambda *given: tuple(-one for one in c_is_log_sigma(*given)),
        "dc lacks what the KL says": copied(kl=kl, kl_slope=lambda c: 0.0),
        "Your loss has the wrong value": lambda a, c, x, e: c_is_log_sigma(a, c, x, 0.9 * e),
        "it puts out 2 values": lambda *given: c_is_log_sigma(*given)[1:],
    },
    "03.8": {
        "over *all* luck": 1.0,
        "where the slider starts": 1 - LUCK[0],
        "wrong way": 1 + 2 * LUCK[0],
        "how far the place lies": -2 * LUCK[0],
        "mean of the frozen noise": LUCK[0],
        "noise of z2": 1 - 2 * LUCK[1],
        "the slope is not 0": 2.0,
        "One number is asked": (np.array([1.68, 1.68]),),
    },
}  # fmt: skip
