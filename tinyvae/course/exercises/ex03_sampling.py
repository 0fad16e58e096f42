"""The exercises of 03: draws, two gradients through chance, and what goes wrong with them."""

from dataclasses import replace
from functools import partial, wraps

import numpy as np

from tinyvae.course.ask import (
    SIZES,
    Part,
    answer_of,
    call,
    close,
    compare,
    expect,
    in_parts,
    not_usual,
    number,
    of_two,
    repeats,
    steady,
    values,
)
from tinyvae.course.exercises import Exercise
from tinyvae.sampling import reparameterize, reparameterize_grad

FAR = (-16.0, -12.0, -6.0, -2.5, 3.0, 6.0, 10.0)  # logvar of narrow and wide notes
NOISE = np.array([-1.7, -0.4, 0.3, 2.1])  # noise that is not small and not 1


def triples():
    """Three arrays of each size, and in float32."""
    for seed, size in enumerate(SIZES):
        yield tuple(np.random.default_rng(seed).normal(0.3, 1.2, size=(3, *size)))
    yield tuple(np.random.default_rng(9).normal(0.3, 1.2, size=(3, 2, 4)).astype(np.float32))


# 03.1: mu + sigma eps. m, v, e are mu, logvar and eps.

DRAW = Part(reparameterize, {
    "Your sigma is `exp(logvar)`: that is the variance. `logvar` is the log of sigma², not of "
    "sigma.": lambda m, v, e: m + np.exp(v) * e,
    "Your sigma is `exp(logvar) / 2`, half the variance. The 2 belongs into the exponent.":
        lambda m, v, e: m + np.exp(v) / 2 * e,
    "Your draws have half their standard deviation: the ½ belongs into the exponent, and only "
    "there.": lambda m, v, e: m + np.exp(v / 2) / 2 * e,
    "`logvar` itself stands where sigma should; it is a logarithm, and may be negative.":
        lambda m, v, e: m + v * e,
    "Your sigma is `exp(2 logvar)`: from the log of the square to sigma one halves.":
        lambda m, v, e: m + np.exp(2 * v) * e,
    "Your sigma is upside down: the sign in the exponent makes it 1 / sigma.":
        lambda m, v, e: m + np.exp(-v / 2) * e,
    "These are draws of the right distribution, but the noise enters with a minus. Asked is "
    "the draw that lies at mu + sigma where eps = 1.": lambda m, v, e: m - np.exp(v / 2) * e,
    "mu is missing: your draws lie around 0.": lambda m, v, e: np.exp(v / 2) * e,
    "sigma is missing: your draws all have the standard deviation 1.": lambda m, v, e: m + e,
    "Your sigma has one root too many: `exp(logvar / 2)` is the standard deviation already.":
        lambda m, v, e: m + np.exp(v / 4) * e,
    "Your sigma is a power of 10; logvar is the natural logarithm.":
        lambda m, v, e: m + 10 ** (v / 2) * e,
    "Your sigma is a power of 2; logvar is the natural logarithm.":
        lambda m, v, e: m + 2 ** (v / 2) * e,
    "eps enters by its size alone: a draw may lie below mu as well.":
        lambda m, v, e: m + np.exp(v / 2) * np.abs(e),
    "eps enters by its square: a draw may lie below mu as well.":
        lambda m, v, e: m + np.exp(v / 2) * e**2,
    "eps is missing: nothing is random in mu + sigma.": lambda m, v, e: m + np.exp(v / 2),
    "sigma multiplies mu too. It stretches the noise alone; mu says where its middle lies.":
        lambda m, v, e: np.exp(v / 2) * (m + e),
    "mu and eps have changed places: sigma stretches the noise, not mu.":
        lambda m, v, e: e + np.exp(v / 2) * m,
}, name="your z", why="one z for each mu, each with its own noise; nothing is summed",
   not_finite="z is not finite: there is a NaN or an infinity in it. Is there a root or a "
   "logarithm of something that may be negative?")  # fmt: skip


def ask_draw(draw):
    """draw(mu, logvar, eps) -> z, all (N, L): mu + sigma eps."""

    def unknown(got, mu, logvar, eps):
        expect(
            not close(call(draw, mu, logvar, eps + 1), got),
            "Another eps gives the same z: your function does not use the noise it is given.",
        )
        values(got, reparameterize(mu, logvar, eps), "your z")

    steady(draw, *next(triples()))
    compare(draw, triples(), replace(DRAW, otherwise=unknown))
    eps = NOISE[None]
    compare(draw, [(0 * eps, 0 * eps + logvar, eps) for logvar in FAR], not_usual(DRAW))


# 03.2: the chain rule for mu + sigma eps. d, v, e are dz, logvar and eps.


def dlogvar(d, v, e):
    """From dz through sigma to logvar."""
    return reparameterize_grad(d, v, e)[1]


DRAW_GRAD = (
    Part(lambda d, v, e: d, {
        "Your first value is dlogvar. Put out `(dmu, dlogvar)`, in this order.": dlogvar,
        "Your dmu is ∂z/∂mu. By the chain rule it still has to be multiplied by what arrives "
        "at z.": lambda d, v, e: np.ones(d.shape),
        "Your dmu has a factor eps: that is how z changes with sigma, not with mu.":
            lambda d, v, e: d * e,
        "Your dmu has a factor sigma. When mu moves by 0.1, by how much does z move?":
            lambda d, v, e: d * np.exp(v / 2),
        "Your dmu is divided by N. The mean over the batch, if there is one, is in dz already.":
            lambda d, v, e: d / len(d),
        "Your dmu is z's own derivative with respect to eps; eps is frozen.":
            lambda d, v, e: np.exp(v / 2),
    }, name="your dmu", why="each entry of mu makes one of z; nothing is summed"),
    Part(dlogvar, {
        "Your dlogvar is twice too large: that is the gradient with respect to log sigma. "
        "Differentiate `exp(logvar / 2)` once more.": lambda d, v, e: d * np.exp(v / 2) * e,
        "Your dlogvar stops at sigma: it is dz times ∂z/∂sigma. From sigma to logvar there is "
        "one more derivative.": lambda d, v, e: d * e,
        "Your dlogvar is the gradient with respect to sigma². The chain goes on: sigma² is "
        "`exp(logvar)`.": lambda d, v, e: d * e / (2 * np.exp(v / 2)),
        "Your dlogvar has sigma² where sigma belongs: `exp(logvar / 2)` keeps its ½ when it is "
        "differentiated.": lambda d, v, e: d * np.exp(v) * e / 2,
        "Your dlogvar has sigma² and no ½: it belongs to a draw with `exp(logvar)` as its "
        "sigma.": lambda d, v, e: d * np.exp(v) * e,
        "eps is missing in your dlogvar: how far z moves with sigma depends on its luck.":
            lambda d, v, e: d * np.exp(v / 2) / 2,
        "dz is missing in your dlogvar: it is ∂z/∂logvar, and still to be multiplied by what "
        "arrives at z.": lambda d, v, e: np.exp(v / 2) * e / 2,
        "sigma is missing in your dlogvar.": lambda d, v, e: d * e / 2,
        "Your dlogvar also holds the gradient of the KL. That reaches logvar by another way; "
        "here only what comes through z is asked.":
            lambda d, v, e: dlogvar(d, v, e) + np.expm1(v) / 2,
        "Your dlogvar is divided by N. The mean over the batch, if there is one, is in dz "
        "already.": lambda d, v, e: dlogvar(d, v, e) / len(d),
        "Your dlogvar has eps squared.": lambda d, v, e: dlogvar(d, v, e) * e,
    }, name="your dlogvar", why="each entry of logvar makes one of z; nothing is summed"),
)  # fmt: skip


def ask_draw_grad(draw_grad):
    """draw_grad(dz, logvar, eps) -> (dmu, dlogvar), all (N, L)."""
    compare(draw_grad, triples(), *DRAW_GRAD)
    eps = NOISE[None]
    narrow_and_wide = [(0 * eps + 0.7, 0 * eps + logvar, eps) for logvar in FAR]
    compare(draw_grad, narrow_and_wide, *map(not_usual, DRAW_GRAD))


# 03.3: the score function. e is the noise (z - mu) / sigma of a draw, s its sigma.


def by(f):
    """f(e, s) as a function of z, mu and logvar."""

    def one(z, mu, logvar):
        sigma = np.exp(logvar / 2)
        return f((z - mu) / sigma, sigma)

    return one


def density(e, s):
    """q at each draw."""
    return np.exp(-0.5 * e**2) / s / np.sqrt(2 * np.pi)


by_mu, by_logvar = by(lambda e, s: e / s), by(lambda e, s: 0.5 * (e**2 - 1))
SCORE = (
    Part(by_mu, {
        "This is the derivative of the density q. The score is that of log q.":
            by(lambda e, s: density(e, s) * e / s),
        "Your scores are in the order logvar, mu; asked is mu first.": by_logvar,
        "Your score by mu is divided by logvar, which is a logarithm; the variance is "
        "`exp(logvar)`.": lambda z, mu, logvar: (z - mu) / logvar,
        "Your score by mu has the wrong sign: it is the derivative by z. log q rises when mu "
        "moves towards the draw.": by(lambda e, s: -e / s),
        "Your score by mu is divided by sigma only; the square in log q is divided by sigma².":
            by(lambda e, s: e),
        "Your score by mu is (z - mu) alone: the division by the variance is missing.":
            by(lambda e, s: e * s),
        "Your score by mu is multiplied by sigma² instead of divided by it.":
            by(lambda e, s: e * s**3),
        "Your score by mu is divided by sigma to the fourth: `exp(logvar)` is the variance "
        "already.": by(lambda e, s: e / s**3),
        "Your score by mu lacks mu: it is the distance from mu that counts.":
            lambda z, mu, logvar: z / np.exp(logvar),
        "Your score by mu is twice what it should be: the 2 of the square and the ½ before it "
        "cancel.": by(lambda e, s: 2 * e / s),
    }, name="the score by mu", why="one number a draw"),
    Part(by_logvar, {
        "Your score by logvar lacks the -½: the term logvar in log q has a derivative, too.":
            by(lambda e, s: 0.5 * e**2),
        "Your score by logvar is twice what it should be: that is the derivative by log sigma.":
            by(lambda e, s: e**2 - 1),
        "This is the derivative by sigma; asked is that by logvar.":
            by(lambda e, s: (e**2 - 1) / s),
        "This is the derivative by the variance sigma²; asked is that by its logarithm.":
            by(lambda e, s: 0.5 * (e**2 - 1) / s**2),
        "Your score by logvar has the wrong sign: a draw far from mu asks for a larger spread.":
            by(lambda e, s: 0.5 * (1 - e**2)),
        "The two terms of your score by logvar have the same sign. One comes from `logvar`, "
        "the other from `exp(-logvar)`.": by(lambda e, s: -0.5 * (e**2 + 1)),
        "Your score by logvar divides the square by sigma, not by sigma².":
            by(lambda e, s: 0.5 * (e**2 * s - 1)),
        "Your score by logvar multiplies the square by sigma² instead of dividing it.":
            by(lambda e, s: 0.5 * (e**2 * s**4 - 1)),
        "Your score by logvar has eps where its square belongs.":
            by(lambda e, s: 0.5 * (e - 1)),
        "The square in your score by logvar is not divided by the variance.":
            by(lambda e, s: 0.5 * (e**2 * s**2 - 1)),
    }, name="the score by logvar", why="one number a draw"),
)  # fmt: skip


def weighed(weight, score=by_mu):
    """The mean over the draws of the score, weighed by weight(f, z, mu, logvar)."""
    return lambda f, z, mu, logvar: np.mean(weight(f, z, mu, logvar) * score(z, mu, logvar))


def all_others(f, z, mu, logvar):
    """f at each draw, less the mean of f over the other draws."""
    return f(z) - (f(z).sum() - f(z)) / max(1, len(z) - 1)


ESTIMATE = (
    Part(weighed(lambda f, z, mu, logvar: f(z)), {
        "Your estimates are sums over the draws; an estimate of an expectation is a mean.":
            weighed(lambda f, z, mu, logvar: f(z) * len(z)),
        "You take the mean of f and the mean of the score, and multiply. The product comes "
        "first, draw by draw; then the mean.": weighed(lambda f, z, mu, logvar: f(z).mean()),
        "You subtract the mean of f over these very draws. A baseline is not asked here; and "
        "one made from the same draws brings a bias.":
            weighed(lambda f, z, mu, logvar: f(z) - f(z).mean()),
        "You subtract a baseline, the mean of f over the *other* draws. That brings no bias, "
        "but asked is the estimate without one.": weighed(all_others),
        "You subtract a baseline, f at mu. That brings no bias, but asked is the estimate "
        "without one.": weighed(lambda f, z, mu, logvar: f(z) - f(mu)),
        "f is missing: this is the mean of the score alone, whose expectation is 0.":
            weighed(lambda f, z, mu, logvar: 1),
        "Your f is taken at the noise (z - mu) / sigma; it wants the draw itself.":
            weighed(lambda f, z, mu, logvar: f((z - mu) / np.exp(logvar / 2))),
        "Your f is taken at mu; each draw has its own value of f.":
            weighed(lambda f, z, mu, logvar: f(mu)),
        "Your f is taken at z - mu; f takes the draw z itself.":
            weighed(lambda f, z, mu, logvar: f(z - mu)),
        "Your estimates are in the order logvar, mu; asked is mu first.":
            weighed(lambda f, z, mu, logvar: f(z), by_logvar),
        "Each f * score is also weighed with the density q(z). The draws come from q: where it "
        "is high there are more of them already.":
            weighed(lambda f, z, *note: f(z) * by(density)(z, *note)),
    }, name="the estimate for mu", why="the mean over the draws"),
    Part(weighed(lambda f, z, mu, logvar: f(z), by_logvar),
         name="the estimate for logvar", why="the mean over the draws"),
)  # fmt: skip


def steps(z):
    """A function with a jump, which has no useful derivative."""
    return np.where(np.asarray(z) > 0.6, 2.5, -0.4) + 0.3 * np.asarray(z)


def wave(z):
    """A function that is no straight line, and neither positive nor negative."""
    return np.cos(2 * np.asarray(z)) + 0.7 * np.asarray(z) ** 2 - 1.2


def notes():
    """(mu, logvar, eps): a note on one number, and n draws of the noise."""
    for n, mu, logvar in (
        (7, 0.7, -0.9), (1, -1.4, 0.8), (2, 1.1, -0.3), (3, 0.0, 0.0), (400, 0.2, 1.3),
    ):  # fmt: skip
        yield mu, logvar, np.random.default_rng(n).normal(size=n)
    yield np.float64(-0.6), np.float64(-1.3), np.random.default_rng(0).normal(size=5)


def ask_score(score, estimate):
    """score(z, mu, logvar) at each draw; estimate(f, z, mu, logvar), two means over draws."""
    draws = [(mu + np.exp(logvar / 2) * eps, mu, logvar) for mu, logvar, eps in notes()]
    compare(score, draws, *SCORE)
    steady(estimate, steps, *draws[0], instead="Its draws are the argument z.")
    compare(estimate, [(f, *draw) for f in (steps, wave) for draw in draws], *ESTIMATE)
    draws = [(np.exp(logvar / 2) * NOISE, 0.0, logvar) for logvar in FAR]
    compare(score, draws, *map(not_usual, SCORE))
    compare(estimate, [(steps, *draw) for draw in draws], *map(not_usual, ESTIMATE))


# 03.4: the means of the slopes. d is the function df; m, s, e are mu, sigma and eps.


def over(f):
    """The mean over the draws of f(d, m, s, e), as a function of df, mu, logvar and eps."""
    return lambda df, mu, logvar, eps: np.mean(f(df, mu, np.exp(logvar / 2), eps))


SLOPES = (
    Part(over(lambda d, m, s, e: d(m + s * e)), {
        "Your estimates are sums over the draws; an estimate of an expectation is a mean.":
            over(lambda d, m, s, e: d(m + s * e) * len(e)),
        "Your estimates are in the order logvar, mu; asked is mu first.":
            over(lambda d, m, s, e: d(m + s * e) * s * e / 2),
        "Your z is mu - sigma eps: take it with a plus, as in 03.1.":
            over(lambda d, m, s, e: d(m - s * e)),
        "Your z is drawn with `exp(logvar)` as its sigma, and that is the variance.":
            over(lambda d, m, s, e: d(m + s**2 * e)),
        "df is taken at eps; the function wants the draw z, which you have to make first.":
            over(lambda d, m, s, e: d(e)),
        "df is taken at mu, without chance. Each draw has its own slope.":
            over(lambda d, m, s, e: d(m)),
        "df is taken at the mean of the draws. First each draw's slope, then the mean.":
            over(lambda d, m, s, e: d((m + s * e).mean())),
        "You use -eps besides eps. That often helps, but asked is the plain mean over the "
        "given noise.": over(lambda d, m, s, e: (d(m + s * e) + d(m - s * e)) / 2),
        "Your estimate for mu is the score function's, with df for f. Here nothing is divided: "
        "when mu moves, z moves as far.": over(lambda d, m, s, e: d(m + s * e) * e / s),
        "Your estimate for mu has a factor eps; ∂z/∂mu has none.":
            over(lambda d, m, s, e: d(m + s * e) * e),
        "Your estimate for mu has a factor sigma; ∂z/∂mu has none.":
            over(lambda d, m, s, e: d(m + s * e) * s),
    }, name="the estimate for mu", why="the mean over the draws"),
    Part(over(lambda d, m, s, e: d(m + s * e) * s * e / 2), {
        "Your estimate for logvar is twice what it should be: it is the one for log sigma. "
        "There is a ½ in ∂z/∂logvar.": over(lambda d, m, s, e: d(m + s * e) * s * e),
        "Your estimate for logvar stops at sigma: it lacks the derivative of "
        "`exp(logvar / 2)`.": over(lambda d, m, s, e: d(m + s * e) * e),
        "Your estimate for logvar has the variance where sigma belongs.":
            over(lambda d, m, s, e: d(m + s * e) * s**2 * e / 2),
        "eps is missing in your estimate for logvar: each draw moves by its own luck.":
            over(lambda d, m, s, e: d(m + s * e) * s / 2),
        "sigma is missing in your estimate for logvar.":
            over(lambda d, m, s, e: d(m + s * e) * e / 2),
        "df is missing in your estimate for logvar: this is the mean of ∂z/∂logvar.":
            over(lambda d, m, s, e: s * e / 2),
        "For logvar you multiply two means. The product comes first, draw by draw; then the "
        "mean.": over(lambda d, m, s, e: d(m + s * e).mean() * s * e / 2),
        "Your estimate for logvar has z where z - mu belongs: mu does not move with logvar.":
            over(lambda d, m, s, e: d(m + s * e) * (m + s * e) / 2),
        "Your estimate for logvar is the score function's, with df for f.":
            over(lambda d, m, s, e: d(m + s * e) * (e**2 - 1) / 2),
    }, name="the estimate for logvar", why="the mean over the draws"),
)  # fmt: skip


def rising(z):
    """A derivative that tells small draws from 0 and large ones from each other."""
    return 1 + 0.2 * np.asarray(z)


def ask_estimate(estimate):
    """estimate(df, mu, logvar, eps) -> (dmu, dlogvar), two means over the draws."""
    steady(estimate, wave, *next(notes()))
    compare(estimate, [(df, *note) for df in (wave, rising) for note in notes()], *SLOPES)
    compare(estimate, [(rising, 0.0, logvar, NOISE) for logvar in FAR], *map(not_usual, SLOPES))


# 03.5: of one draw's estimate of d E[z²] / d logvar. m, s are mu and sigma.


def score_variance(m, s):
    """The score function's: a quarter of E[z⁴ (eps² - 1)²], less sigma⁴."""
    return m**4 / 2 + 15 * m**2 * s**2 + 18.5 * s**4


def slope_variance(m, s):
    """The reparameterized one's: E[(mu sigma eps + sigma² eps²)²], less sigma⁴."""
    return m**2 * s**2 + 2 * s**4


def variance(right, name, mistakes):
    """The Part of one variance; `mistakes` go on from its name."""
    upper = name.capitalize()

    def unknown(got, mu, sigma):
        expect(
            not close(got, right(mu, sigma), 0.05),
            f"{upper} is near the exact one and does not equal it: a small term is "
            "wrong, or it is an estimate from draws. Asked is the formula.",
        )
        values(got, right(mu, sigma), name)

    return Part(
        right,
        {f"{upper} {what}": wrong for what, wrong in mistakes.items()},
        name=name,
        why="mu and sigma are numbers, so the variance is one",
        otherwise=unknown,
    )


MEAN_SQUARE = "is a mean square. The square of the mean, which is not 0, is to be subtracted."
QUARTER = (
    "The ½ of (eps² - 1) / 2 is squared too: a quarter of the mean square, then less sigma⁴."
)
VARIANCES = (
    variance(score_variance, "the score function's variance", {
        "has changed places with the reparameterized one; it comes first.": slope_variance,
        "is that for mu, as in the notebook; asked is that for logvar.":
            lambda m, s: m**4 / s**2 + 14 * m**2 + 15 * s**2,
        "is a standard deviation: its square is asked.":
            lambda m, s: np.sqrt(score_variance(m, s)),
        MEAN_SQUARE: lambda m, s: score_variance(m, s) + s**4,
        "belongs to f(z) = (z - 3)², the notebook's test case; asked is f(z) = z².":
            lambda m, s: score_variance(m - 3, s),
        "has sigma where its square belongs; sigma is the standard deviation.":
            lambda m, s: score_variance(m, np.sqrt(s)),
        "is four times what it should be: it belongs to log sigma.":
            lambda m, s: 4 * score_variance(m, s),
        "is made with the slope f'(z); the score function takes f itself.":
            lambda m, s: 2 * m**2 + 10 * s**2,
        "lacks the products of mu and sigma: not all mixed terms vanish.":
            lambda m, s: m**4 / 2 + 18.5 * s**4,
        f"is the whole mean square less sigma⁴. {QUARTER}":
            lambda m, s: 4 * score_variance(m, s) + 3 * s**4,
        f"is half of a mean square less sigma⁴. {QUARTER}":
            lambda m, s: 2 * score_variance(m, s) + s**4,
        "takes another number than 6 times mu² sigma² eps² for the middle term of z⁴.": tuple(
            lambda m, s, k=k: score_variance(m, s) + 2.5 * (k - 6) * m**2 * s**2
            for k in (1, 2, 3, 4, 12)
        ),
    }),
    variance(slope_variance, "the reparameterized variance", {
        MEAN_SQUARE: lambda m, s: slope_variance(m, s) + s**4,
        "is that for mu, as in the notebook; asked is that for logvar.": lambda m, s: 4 * s**2,
        "is a standard deviation: its square is asked.":
            lambda m, s: np.sqrt(slope_variance(m, s)),
        "has sigma where its square belongs; sigma is the standard deviation.":
            lambda m, s: slope_variance(m, np.sqrt(s)),
        "is four times what it should be: it belongs to log sigma.":
            lambda m, s: 4 * slope_variance(m, s),
        "lacks the term with mu: the slope f'(z) depends on it.": lambda m, s: 2 * s**4,
        "lacks the spread of eps²: its mean square is 3, not 1.": lambda m, s: m**2 * s**2,
        "is the mean square of 2 z sigma eps less sigma⁴. The ½ of ∂z/∂logvar cancels the 2 of "
        "f'(z).": lambda m, s: 4 * slope_variance(m, s) + 3 * s**4,
    }),
)  # fmt: skip


def ask_variances(variances):
    """variances(mu, sigma) -> (score, rep): of one draw's estimate of d E[z²] / d logvar."""
    cases = ((1.3, 0.7), (-0.4, 1.6), (0.0, 0.8), (2.5, 0.2), (-3.1, 1.0), (1.5, 0.004),
             (0.3, 25.0), (np.float64(7.0), np.float64(0.5)))  # fmt: skip
    compare(variances, cases, *VARIANCES)


# 03.6 and 03.7: minus the ELBO of x | z ~ N(2z, 0.5), up to a constant, with mu = a x.


# sigma(c) and its derivative; what the KL has of c, and its derivative: c is log sigma² in the
# first two, log sigma in the others.
ROOT = (lambda c: np.exp(c / 2), lambda c: np.exp(c / 2) / 2)
KL = (lambda c: 0.5 * (np.exp(c) - 1 - c), lambda c: 0.5 * np.expm1(c))
EXP = (np.exp, np.exp)
KL_2C = (lambda c: 0.5 * (np.exp(2 * c) - 1 - 2 * c), lambda c: np.expm1(2 * c))


def error_back(sigma):
    """What the squared error says to each z = a x + sigma(c) eps."""
    return lambda a, c, x, eps: -4 * (x - 2 * (a * x + sigma(c) * eps))


def world(sigma, chain, kl, slope):
    """loss, da and dc, three functions of (a, c, x, eps): ∂z/∂c is chain(c) eps, kl(c) what
    the KL has of c, and slope(c) its derivative."""
    dz = error_back(sigma)
    return (
        lambda a, c, x, eps: np.mean(dz(a, c, x, eps) ** 2 / 16 + (a * x) ** 2 / 2) + kl(c),
        lambda a, c, x, eps: np.mean((dz(a, c, x, eps) + a * x) * x),
        lambda a, c, x, eps: np.mean(dz(a, c, x, eps) * chain(c) * eps) + slope(c),
    )


def either_bug(sigma, chain, kl, slope):
    """{message: mistake} in loss, in da and in dc that may come with either bug."""
    loss, _, dc = world(sigma, chain, kl, slope)
    return {
        "Your loss is the sum over the faces; asked is the mean, for da and dc too.":
            lambda a, c, x, eps: loss(a, c, x, eps) * len(x),
        "The KL is missing in your loss.":
            lambda a, c, x, eps: np.mean(error_back(sigma)(a, c, x, eps) ** 2) / 16,
        "The -1 of the KL is missing in your loss. No gradient sees it, but asked is the loss "
        "above.": lambda *given: loss(*given) + 0.5,
        "Your loss is the squared error less the KL: the loss is minus the ELBO, so the KL is "
        "added.": lambda a, c, x, eps: loss(a, c, x, eps) - np.mean((a * x) ** 2) - 2 * kl(c),
    }, {
        "The order is loss, da, dc; your da and dc have changed places.": dc,
        "da lacks what the KL says to mu.":
            lambda a, c, x, eps: np.mean(error_back(sigma)(a, c, x, eps) * x),
        "da is the gradient with respect to mu; mu is `a * x`, and the chain goes on to a.":
            lambda a, c, x, eps: np.mean(error_back(sigma)(a, c, x, eps) + a * x),
    }, {
        "dc lacks what the KL says to c.": lambda a, c, x, eps: dc(a, c, x, eps) - slope(c),
        "dc holds the KL's part alone: what the painter says to the spread is missing.":
            lambda a, c, x, eps: slope(c),
    }  # fmt: skip


def three(right, mistakes, **unknown):
    """The Parts of loss, da and dc."""
    return tuple(
        Part(one, wrong, name=f"your {name}", why="the mean over the faces",
             otherwise=unknown.get(name))
        for one, wrong, name in zip(right, mistakes, ("loss", "da", "dc"), strict=True)
    )  # fmt: skip


# 03.6: noise (2, n) is what `rng` gives first and what it gives next; c is log sigma².


def at(f, i, times=1):
    """f(a, c, x, eps) with noise i."""
    return lambda a, c, x, noise: f(a, c, x, times * noise[i])


def dc_by(i, chain):
    """dc from draws with noise i, where ∂z/∂c is chain(sigma, noise, mu)."""
    sigma, dz = ROOT[0], error_back(ROOT[0])
    return lambda a, c, x, noise: (
        np.mean(dz(a, c, x, noise[i]) * chain(sigma(c), noise, a * x)) + KL[1](c)
    )


ONE_NOISE = world(*ROOT, *KL)
LOSS, DA, DC = (
    {message: at(wrong, 0) for message, wrong in wrongs.items()}
    for wrongs in either_bug(*ROOT, *KL)
)
LOSS |= {
    "loss, da and dc agree with one another now, but `rng` is asked for noise twice, and what "
    "it gives first is thrown away. Draw once.": at(ONE_NOISE[0], 1),
    "The loss is made with draws whose sigma is `exp(c)`, and that is the variance.":
        at(world(*EXP, *KL)[0], 0),
    "Your z is mu - sigma eps. The loss above takes the noise that `rng` gives with a plus.":
        at(ONE_NOISE[0], 0, -1),
}  # fmt: skip
DA |= {
    "The loss is that of the first noise, both gradients are those of a second draw.":
        at(ONE_NOISE[1], 1),
}  # fmt: skip
DC |= {
    "The bug is still in it: z is made with one noise, and dc with a second draw.":
        dc_by(0, lambda s, noise, mu: s * noise[1] / 2),
    "The bug has only changed sides: dc uses the first noise, but the z whose error it sends "
    "back was made with the second.": dc_by(1, lambda s, noise, mu: s * noise[0] / 2),
    "dc is without the ½ of ∂z/∂c.": dc_by(0, lambda s, noise, mu: s * noise[0]),
    "In dc stands z where its noise belongs: ∂z/∂c is ½ sigma eps.":
        dc_by(0, lambda s, noise, mu: s * (mu + s * noise[0]) / 2),
    "In dc stands z - mu for the noise; that is sigma eps, and sigma is there twice.":
        dc_by(0, lambda s, noise, mu: s**2 * noise[0] / 2),
}  # fmt: skip


def with_mean_noise(a, c, x, noise):
    """loss, da and dc, with the mean of two noises."""
    return tuple(one(a, c, x, noise.mean(axis=0)) for one in ONE_NOISE)


def not_the_slope(name):
    """What to say of a derivative that does not fit the right loss."""
    return lambda *_: (
        f"{name} is not the slope of your loss with the noise frozen. Try finite differences, "
        "with a generator of the same seed at each call."
    )


NOISY = three(
    [at(one, 0) for one in ONE_NOISE], (LOSS, DA, DC),
    da=not_the_slope("da"), dc=not_the_slope("dc"),
)  # fmt: skip


def drawing(answer, n_noises=2):
    """answer(a, c, x, noise) as what the exercise asks for, which draws from `rng`."""
    return lambda a, c, x, rng: answer(a, c, x, rng.standard_normal((n_noises, len(x))))


def faces():
    """(a, c, x, noise), of the generator with the seed n."""
    for n, a, c in ((40, 0.3, -1.2), (1, -0.5, 0.4), (7, 0.9, -2.5), (2, 1.4, 0.0),
                    (6, 0.2, 5.0), (5, 0.4, -14.0)):  # fmt: skip
        x = 2 * np.random.default_rng(60 + n).normal(size=n)
        yield a, c, x, np.random.default_rng(n).standard_normal((2, n))


ONCE = "One call should draw once, `rng.standard_normal(len(x))` or the like, and nothing else."


def drawn(rng, seed, n):
    """Whether just n numbers have been drawn from `rng`, which began with that seed."""
    other = np.random.default_rng(seed)
    other.standard_normal(n)
    return rng.bit_generator.state == other.bit_generator.state


def not_the_loss(gradients, got, a, c, x, noise):
    """NotYet on a loss that no known mistake makes."""
    n, rngs = len(x), [np.random.default_rng(len(x) + k) for k in (0, 0, 50)]
    one, again, other = (call(gradients, a, c, x, rng)[0] for rng in rngs)
    expect(
        repeats(again, one),
        "Two calls with generators of the same seed give different numbers: the noise must be "
        "drawn from the `rng` that is given, or nobody can repeat it.",
    )
    expect(
        not drawn(rngs[0], n, 0),
        "Your function takes nothing from `rng`: z is not drawn with it any more.",
    )
    expect(
        not repeats(other, one),
        "Two generators with different seeds give the same numbers: use the noise that `rng` "
        "gives.",
    )
    expect(drawn(rngs[0], n, n), ONCE)
    values(got, at(ONE_NOISE[0], 0)(a, c, x, noise), "your loss")


def ask_one_noise(gradients):
    """gradients(a, c, x, rng) -> (loss, da, dc), all made with one draw of the noise."""

    @wraps(gradients)
    def with_noise(a, c, x, noise):
        return gradients(a, c, x, np.random.default_rng(len(x)))

    rngs = [np.random.default_rng(len(x)) for *_, x, _ in faces()]
    for rng, (a, c, x, _) in zip(rngs, faces(), strict=True):
        call(gradients, a, c, x, rng)
    loss = replace(NOISY[0], otherwise=partial(not_the_loss, gradients))
    compare(with_noise, faces(), loss, *NOISY[1:])
    for rng, (*_, x, _) in zip(rngs, faces(), strict=True):
        expect(drawn(rng, len(x), len(x)), ONCE)


# 03.7: c is log sigma, in the draw and in the KL.

TRUE = world(*EXP, *KL_2C)
LOSS, DA, DC = either_bug(*EXP, *KL_2C)
LOSS |= {
    "The bug is still in it: the draw's sigma is `exp(c)`, and that of the KL in your loss is "
    "not.": world(*EXP, *KL)[0],
    "Now draw and KL agree, with c as the log of the variance in both. Asked is the other "
    "mending: the draw stands, and c is log sigma.": ONE_NOISE[0],
    "The KL is right now; but the draw has changed too, and stood right: its sigma is "
    "`exp(c)`.": world(*ROOT, *KL_2C)[0],
    "The KL has the right log sigma², but its sigma² is still `exp(c)`.":
        lambda a, c, x, eps: world(*EXP, *KL)[0](a, c, x, eps) - c / 2,
    "The KL has the right sigma², but log sigma² is still c. It is twice the log of sigma.":
        lambda a, c, x, eps: TRUE[0](a, c, x, eps) + c / 2,
    "The KL has the right sigma², but you halve c for log sigma². It is twice the log of "
    "sigma.": lambda a, c, x, eps: TRUE[0](a, c, x, eps) + 0.75 * c,
}  # fmt: skip
DC |= {
    "The loss is right now, and dc no longer fits it: the KL's part is still the old slope.":
        world(*EXP, *KL)[2],
    "The loss is right now. In dc the KL's part is half of what it should be: sigma² is "
    "`exp(2 c)`, whose derivative has a 2.":
        lambda a, c, x, eps: TRUE[2](a, c, x, eps) - KL_2C[1](c) / 2,
    "The loss is right now, and dc no longer fits it: here sigma is `exp(c)`, and its "
    "derivative has no ½.":
        lambda a, c, x, eps: (TRUE[2](a, c, x, eps) + KL_2C[1](c)) / 2,
}  # fmt: skip
AGREED = three(TRUE, (LOSS, DA, DC))


def ask_one_meaning(gradients):
    """gradients(a, c, x, eps) -> (loss, da, dc), c the log of sigma in draw and KL."""
    cases = [(a, c / 2, x, noise[0]) for a, c, x, noise in faces()]
    compare(gradients, cases, *AGREED)


# 03.8: the mu1 at which the slope of the 20 frozen noises is 0, with sigma1 = 2.

LUCK = np.random.default_rng(9).standard_normal((20, 2)).mean(axis=0)
PLACES = {
    "1 is where the slope is 0 on the average over *all* luck, the true optimum. These 20 "
    "noises disagree: look at the slope there, with sigma1 = 2.": 1.0,
    "This is the place for sigma1 = 1, where the slider starts. Move sigma1 to 2 first.":
        1 - LUCK[0],
    "You went the wrong way from 1: look at the sign of the slope.": 1 + 2 * LUCK[0],
    "This is how far the place lies from 1; asked is the place, the value of mu1.":
        -2 * LUCK[0],
    "This is the mean of the frozen noise; asked is the value of mu1.": LUCK[0],
    "This belongs to the noise of z2. f looks at z1 alone.": 1 - 2 * LUCK[1],
}  # fmt: skip


def ask_luck(best):
    """best, within 0.03."""
    got = number(best, "where the slider mu1 stands")
    for message, wrong in PLACES.items():
        expect(abs(got - wrong) > 0.03, message)
    expect(
        abs(got - (1 - 2 * LUCK[0])) <= 0.03,
        "At that mu1 the slope is not 0 when sigma1 is 2. Where it is negative a larger mu1 "
        "makes the average smaller.",
    )


EXERCISES = [
    Exercise(
        "03.1", "A draw from a note", points=1,
        hints=(
            "The noise has mean 0 and standard deviation 1. What must you do to it to get the "
            "standard deviation sigma, and then the mean mu?",
            "logvar is log sigma². So sigma² is its exponential, and sigma ...",
            "sigma is the exponential of half of logvar; z is mu plus sigma times eps.",
        ),
        moral="At eps = 1 a draw must lie at mu + sigma: the shortest test of any sampler. "
        "`tv.reparameterize` does the same.",
        ask=ask_draw, right=DRAW.right, wrong=in_parts(DRAW),
    ),
    Exercise(
        "03.2", "Back through the draw", points=2,
        hints=(
            "Hold eps fixed. Then z is an ordinary function of mu and logvar, and by the chain "
            "rule each gradient is dz times a derivative of z.",
            "When mu moves, z moves by as much. When logvar moves, sigma moves first: what is "
            "the derivative of exp(logvar / 2)?",
            "dmu is dz itself. dlogvar is the product of dz, a half, sigma = exp(logvar / 2), "
            "and eps.",
        ),
        moral="The same eps serves in the forward and in the backward pass. "
        "`tv.reparameterize_grad` does the same.",
        ask=ask_draw_grad, right=answer_of(*DRAW_GRAD), wrong=in_parts(*DRAW_GRAD),
    ),
    Exercise(
        "03.3", "The score function", points=3,
        hints=(
            "Differentiate the three terms of log q, one by one. z is a given number here; it "
            "does not move.",
            "In logvar there are two terms to differentiate: logvar itself and exp(-logvar).",
            "With eps = (z - mu) / sigma the scores are eps / sigma and half of (eps² - 1). "
            "The estimate is the mean of f times the score, draw by draw.",
        ),
        moral="f may jump, and may be a world that nobody can differentiate: only its values "
        "are needed. The price is in 03.5.",
        ask=ask_score, takes=2, right=(answer_of(*SCORE), answer_of(*ESTIMATE)),
        wrong=of_two(SCORE, ESTIMATE),
    ),
    Exercise(
        "03.4", "The reparameterized estimate", points=2,
        hints=(
            "Make the draws first: z = mu + sigma eps. The slope of f at each draw is df(z).",
            "A small step in mu moves each draw as far. A small step in logvar moves it by "
            "half of sigma times its own eps.",
            "The mean of df(z), and the mean of df(z) times half of sigma times eps.",
        ),
        moral="Each draw reports the slope of f where it lies, not only the height. That is "
        "why so few draws are enough when f is smooth.",
        ask=ask_estimate, right=answer_of(*SLOPES), wrong=in_parts(*SLOPES),
    ),
    Exercise(
        "03.5", "How many draws is a derivative worth?", points=3,
        hints=(
            "Both estimates have the mean sigma². So each variance is the mean of the square, "
            "less sigma to the fourth.",
            "Write z = mu + sigma eps, multiply out, drop the odd powers of eps, and use the "
            "moments 1, 3, 15, 105 of eps², eps⁴, eps⁶, eps⁸.",
            "Score: the mean of (eps² - 1)² times 1, eps², eps⁴ is 2, 10, 78; the even part of "
            "z⁴ is mu⁴ + 6 mu² sigma² eps² + sigma⁴ eps⁴; a quarter of the whole, less sigma⁴. "
            "Reparameterized: the square of mu sigma eps + sigma² eps².",
        ),
        moral="Here it is never fewer than 9.25 draws to one, and, unless mu is 0, the ratio "
        "grows without bound as sigma shrinks. A VAE that is sure of its codes has a small "
        "sigma.",
        ask=ask_variances, right=answer_of(*VARIANCES), wrong=in_parts(*VARIANCES),
    ),
    Exercise(
        "03.6", "Museum: the encoder that is sure of nothing", points=2,
        hints=(
            "Count how often `rng` is asked for noise in one call.",
            "`rng.normal(mu, sigma)` draws too. The eps in dc must be the one that made z.",
            "Draw eps once, at the top; make z of mu, sigma and this eps; use it again in dc.",
        ),
        moral="In the package this cannot happen: `vae.elbo(x, eps)` takes the noise as an "
        "argument, and `vae.backward()` draws nothing.",
        ask=ask_one_noise, right=drawing(answer_of(*NOISY), 1),
        wrong={m: list(map(drawing, fs)) for m, fs in in_parts(*NOISY).items()}
        | {ONCE: [drawing(answer_of(*NOISY)), drawing(with_mean_noise)]},
    ),
    Exercise(
        "03.7", "Museum: one c, two meanings", points=2,
        hints=(
            "The gradient check passes, so the gradient is right; it is the function that is "
            "wrong. Read the loss: what does the KL take c for, and what does the draw?",
            "The KL's terms are sigma² and log sigma². With c = log sigma, what are they?",
            "sigma² is exp(2 c) and log sigma² is 2 c, in the loss. Then differentiate this KL "
            "by c: its part of dc changes as well.",
        ),
        moral="A gradient check cannot see a right gradient of a wrong function; an exactly "
        "known answer can. Either meaning of c would do: this course takes one name, `logvar`, "
        "for one thing.",
        ask=ask_one_meaning, right=answer_of(*AGREED), wrong=in_parts(*AGREED),
    ),
    Exercise(
        "03.8", "A cloud that keeps its luck, for too long", points=1,
        hints=(
            "Set sigma1 to 2 first. The line under the picture tells the slope along mu1.",
            "Is the slope positive? Then a smaller mu1 is better. Halve your steps until the "
            "slope is 0.00, or changes its sign from one step of the slider to the next.",
            "The slope is linear in mu1: two readings give you the place where it is 0.",
        ),
        moral="At mu1 = 1 these 20 noises show a slope of -1.36, where the truth is 0. Keep "
        "the luck within one step, in the forward and the backward pass; draw afresh for the "
        "next. Kept for a whole training, 20 lots are taken for the truth.",
        ask=ask_luck, right=1 - 2 * LUCK[0], wrong=PLACES,
    ),
]  # fmt: skip
