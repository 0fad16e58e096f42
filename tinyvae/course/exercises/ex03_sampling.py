"""The exercises of 03: draws, two gradients through chance, and what goes wrong with them."""

import numpy as np

from tinyvae.course.ask import (
    call,
    close,
    expect,
    extremes,
    number,
    parts,
    recognise,
    shape,
    values,
)
from tinyvae.course.exercises import Exercise
from tinyvae.distributions import kl_to_prior
from tinyvae.sampling import reparameterize, reparameterize_grad

FAR = np.array([-16.0, -12.0, -6.0, -2.5, 3.0, 6.0, 10.0])  # logvar of narrow and wide notes
NOISE = np.array([-1.7, -0.4, 0.3, 2.1])  # noise that is not small and not 1


def repeats(again, got):
    """Whether a second call gave the same, be it NaN."""
    return np.allclose(np.asarray(again), got, equal_nan=True)


def ask_draw(draw):
    """draw(mu, logvar, eps) -> z, all (N, L): mu + sigma eps."""
    for seed, size in enumerate([(5, 3), (1, 4), (6, 1)]):
        mu, logvar, eps = np.random.default_rng(seed).normal(0.3, 1.2, size=(3, *size))
        want, got = reparameterize(mu, logvar, eps), call(draw, mu, logvar, eps)
        shape(got, size, "one z for each mu, each with its own noise; nothing is summed")
        recognise(got, want, {
            "Your sigma is `exp(logvar)`: that is the variance. `logvar` is the log of sigma², "
            "not of sigma.": mu + np.exp(logvar) * eps,
            "Your sigma is `exp(logvar) / 2`, half the variance. The 2 belongs into the "
            "exponent.": mu + np.exp(logvar) / 2 * eps,
            "Your draws have half their standard deviation: the ½ belongs into the exponent, "
            "and only there.": mu + np.exp(logvar / 2) / 2 * eps,
            "`logvar` itself stands where sigma should; it is a logarithm, and may be "
            "negative.": mu + logvar * eps,
            "Your sigma is `exp(2 logvar)`: from the log of the square to sigma one halves.":
                mu + np.exp(2 * logvar) * eps,
            "Your sigma is upside down: the sign in the exponent makes it 1 / sigma.":
                mu + np.exp(-logvar / 2) * eps,
            "These are draws of the right distribution, but the noise enters with a minus. "
            "Asked is the draw that lies at mu + sigma where eps = 1.":
                mu - np.exp(logvar / 2) * eps,
            "mu is missing: your draws lie around 0.": np.exp(logvar / 2) * eps,
            "sigma is missing: your draws all have the standard deviation 1.": mu + eps,
            "Your sigma has one root too many: `exp(logvar / 2)` is the standard deviation "
            "already.": mu + np.exp(logvar / 4) * eps,
            "Your sigma is a power of 10; logvar is the natural logarithm.":
                mu + 10 ** (logvar / 2) * eps,
            "Your sigma is a power of 2; logvar is the natural logarithm.":
                mu + 2 ** (logvar / 2) * eps,
            "eps enters by its size alone: a draw may lie below mu as well.":
                mu + np.exp(logvar / 2) * np.abs(eps),
            "eps is missing: nothing is random in mu + sigma.": mu + np.exp(logvar / 2),
            "sigma multiplies mu too. It stretches the noise alone; mu says where its middle "
            "lies.": np.exp(logvar / 2) * (mu + eps),
            "mu and eps have changed places: sigma stretches the noise, not mu.":
                eps + np.exp(logvar / 2) * mu,
        })  # fmt: skip
        expect(
            np.isfinite(got).all(),
            "z is not finite: there is a NaN or an infinity in it. Is there a root or a "
            "logarithm of something that may be negative?",
        )
        expect(
            repeats(call(draw, mu, logvar, eps), got),
            "Two calls with the same arguments give different z: your function draws noise of "
            "its own. Its noise is `eps`, which the caller has drawn.",
        )
        expect(
            not close(call(draw, mu, logvar, -eps), got),
            "Another eps gives the same z: your function does not use the noise it is given.",
        )
        expect(
            close(call(draw, mu, logvar, 0 * eps), mu),
            "Where eps = 0 the draw is mu itself; yours is not.",
        )
        values(got, want, "your z")
    logvar, eps = np.meshgrid(FAR, NOISE)
    z = reparameterize(0, logvar, eps)
    extremes(call(draw, np.zeros(eps.shape), logvar, eps), z, "your z")


def ask_draw_grad(draw_grad):
    """draw_grad(dz, logvar, eps) -> (dmu, dlogvar), all (N, L)."""
    for seed, size in enumerate([(5, 3), (1, 4), (6, 1), (2, 2)]):
        dz, logvar, eps = np.random.default_rng(seed).normal(0.4, 1.1, size=(3, *size))
        want = reparameterize_grad(dz, logvar, eps)
        got = parts(call(draw_grad, dz, logvar, eps), 2, "dmu and dlogvar")
        for name, one in zip(("dmu", "dlogvar"), got, strict=True):
            shape(
                one, size, f"each entry of {name[1:]} makes one of z; nothing is summed", name
            )
        sigma, n = np.exp(logvar / 2), size[0]
        recognise(got[0], want[0], {
            "Your first value is dlogvar. Put out `(dmu, dlogvar)`, in this order.": want[1],
            "Your dmu is ∂z/∂mu. By the chain rule it still has to be multiplied by what "
            "arrives at z.": np.ones(size),
            "Your dmu has a factor eps: that is how z changes with sigma, not with mu.":
                dz * eps,
            "Your dmu has a factor sigma. When mu moves by 0.1, by how much does z move?":
                dz * sigma,
            "Your dmu is divided by N. The mean over the batch, if there is one, is in dz "
            "already.": dz / n,
            "Your dmu is z's own derivative with respect to eps; eps is frozen.": sigma,
        })  # fmt: skip
        values(got[0], want[0], "your dmu")
        recognise(got[1], want[1], {
            "Your dlogvar is twice too large: that is the gradient with respect to log sigma. "
            "Differentiate `exp(logvar / 2)` once more.": dz * sigma * eps,
            "Your dlogvar stops at sigma: it is dz times ∂z/∂sigma. From sigma to logvar there "
            "is one more derivative.": dz * eps,
            "Your dlogvar is the gradient with respect to sigma². The chain goes on: sigma² is "
            "`exp(logvar)`.": dz * eps / (2 * sigma),
            "Your dlogvar has sigma² where sigma belongs: `exp(logvar / 2)` keeps its ½ when "
            "it is differentiated.": dz * 0.5 * sigma**2 * eps,
            "Your dlogvar has sigma² and no ½: it belongs to a draw with `exp(logvar)` as its "
            "sigma.": dz * sigma**2 * eps,
            "eps is missing in your dlogvar: how far z moves with sigma depends on its luck.":
                dz * 0.5 * sigma,
            "dz is missing in your dlogvar: it is ∂z/∂logvar, and still to be multiplied by "
            "what arrives at z.": 0.5 * sigma * eps,
            "sigma is missing in your dlogvar.": dz * 0.5 * eps,
            "Your dlogvar also holds the gradient of the KL. That reaches logvar by another "
            "way; here only what comes through z is asked.": want[1] + 0.5 * np.expm1(logvar),
            "Your dlogvar is divided by N. The mean over the batch, if there is one, is in dz "
            "already.": want[1] / n,
            "Your dlogvar has eps squared.": dz * 0.5 * sigma * eps**2,
        })  # fmt: skip
        values(got[1], want[1], "your dlogvar")
    logvar, eps = np.meshgrid(FAR, NOISE)
    dz = np.full(eps.shape, 0.7)
    got = parts(call(draw_grad, dz, logvar, eps), 2, "dmu and dlogvar")
    for one, right, name in zip(
        got, reparameterize_grad(dz, logvar, eps), ("your dmu", "your dlogvar"), strict=True
    ):
        extremes(one, right, name)


def score_of(z, mu, logvar):
    """(d log q / d mu, d log q / d logvar) at each z."""
    eps = (z - mu) * np.exp(-logvar / 2)
    return eps * np.exp(-logvar / 2), 0.5 * (eps**2 - 1)


def steps(z):
    """A function with a jump, which has no useful derivative."""
    return np.where(np.asarray(z) > 0.6, 2.5, 0.4) + 0.3 * np.asarray(z)


def ask_score(score, estimate):
    """score(z, mu, logvar) at each draw; estimate(f, z, mu, logvar), two means over draws."""
    for seed, n, mu, logvar in [(0, 7, 0.7, -0.9), (1, 1, -1.4, 0.8), (2, 400, 0.2, 1.3)]:
        mu, logvar = np.float64(mu), np.float64(logvar)
        sigma = np.exp(logvar / 2)
        z = mu + sigma * np.random.default_rng(seed).normal(size=n)
        one_score(parts(call(score, z, mu, logvar), 2, "one by mu and one by logvar"), z, mu,
                  logvar)  # fmt: skip
        names = "the estimates for mu and for logvar"
        got = parts(call(estimate, steps, z, mu, logvar), 2, names)
        for name, one in zip(("mu", "logvar"), got, strict=True):
            shape(one, (), "one number, the mean over the draws", f"the estimate for {name}")
        pair, f, scores = np.array(got), steps(z), np.array(score_of(z, mu, logvar))
        want, eps = (f * scores).mean(axis=1), (z - mu) / sigma
        recognise(pair, want, {
            "Your estimates are sums over the draws; an estimate of an expectation is a mean.":
                (f * scores).sum(axis=1),
            "You take the mean of f and the mean of the score, and multiply. The product comes "
            "first, draw by draw; then the mean.": f.mean() * scores.mean(axis=1),
            "You subtract the mean of f over these very draws. A baseline is not asked here; "
            "and one made from the same draws brings a bias.":
                ((f - f.mean()) * scores).mean(axis=1),
            "You subtract a baseline, the mean of f over the *other* draws. That brings no "
            "bias, but asked is the estimate without one.":
                ((f - (f.sum() - f) / max(1, n - 1)) * scores).mean(axis=1),
            "You subtract a baseline, f at mu. That brings no bias, but asked is the estimate "
            "without one.": ((f - steps(mu)) * scores).mean(axis=1),
            "f is missing: this is the mean of the score alone, whose expectation is 0.":
                scores.mean(axis=1),
            "Your f is taken at the noise (z - mu) / sigma; it wants the draw itself.":
                (steps(eps) * scores).mean(axis=1),
            "Your f is taken at mu; each draw has its own value of f.":
                (steps(mu) * scores).mean(axis=1),
            "Your f is taken at z - mu; f takes the draw z itself.":
                (steps(z - mu) * scores).mean(axis=1),
            "Your estimates are in the order logvar, mu; asked is mu first.": want[::-1],
            "Each f * score is also weighed with the density q(z). The draws come from q: "
            "where it is high there are more of them already.":
                (f * scores * np.exp(-0.5 * eps**2) / sigma / np.sqrt(2 * np.pi)).mean(axis=1),
        })  # fmt: skip
        expect(
            repeats(call(estimate, steps, z, mu, logvar), pair),
            "Two calls with the same arguments give different estimates: `estimate` makes "
            "draws of its own. Its draws are z.",
        )
        values(pair[0], want[0], "the estimate for mu")
        values(pair[1], want[1], "the estimate for logvar")
    for logvar in FAR:
        mu, z = np.float64(0), np.exp(logvar / 2) * NOISE
        right = score_of(z, mu, logvar)
        for got, want, what in (
            (call(score, z, mu, logvar), right, "the score"),
            (call(estimate, steps, z, mu, logvar), np.mean(steps(z) * right, axis=1),
             "the estimate"),
        ):  # fmt: skip
            for one, value, name in zip(got, want, ("mu", "logvar"), strict=True):
                extremes(one, value, f"{what} for {name}")


def one_score(got, z, mu, logvar):
    """NotYet unless `got` is the score at each z."""
    for name, one in zip(("mu", "logvar"), got, strict=True):
        shape(one, z.shape, "one number a draw", f"the score by {name}")
    want, sigma = score_of(z, mu, logvar), np.exp(logvar / 2)
    eps = (z - mu) / sigma
    density = np.exp(-0.5 * eps**2) / sigma / np.sqrt(2 * np.pi)
    recognise(np.array(got), np.array(want), {
        "This is the derivative of the density q. The score is that of log q.":
            density * np.array(want),
        "Your scores are in the order logvar, mu; asked is mu first.": np.array(want)[::-1],
    })  # fmt: skip
    recognise(got[0], want[0], {
        "Your score by mu is divided by logvar, which is a logarithm; the variance is "
        "`exp(logvar)`.": (z - mu) / logvar,
        "Your score by mu has the wrong sign: it is the derivative by z. log q rises when mu "
        "moves towards the draw.": -want[0],
        "Your score by mu is divided by sigma only; the square in log q is divided by sigma².":
            (z - mu) / sigma,
        "Your score by mu is (z - mu) alone: the division by the variance is missing.": z - mu,
        "Your score by mu is multiplied by sigma² instead of divided by it.":
            (z - mu) * sigma**2,
        "Your score by mu is divided by sigma to the fourth: `exp(logvar)` is the variance "
        "already.": (z - mu) / sigma**4,
        "Your score by mu lacks mu: it is the distance from mu that counts.": z / sigma**2,
        "Your score by mu is twice what it should be: the 2 of the square and the ½ before it "
        "cancel.": 2 * want[0],
    })  # fmt: skip
    values(got[0], want[0], "the score by mu")
    recognise(got[1], want[1], {
        "Your score by logvar lacks the -½: the term logvar in log q has a derivative, too.":
            0.5 * eps**2,
        "Your score by logvar is twice what it should be: that is the derivative by log sigma.":
            eps**2 - 1,
        "This is the derivative by sigma; asked is that by logvar.": (eps**2 - 1) / sigma,
        "This is the derivative by the variance sigma²; asked is that by its logarithm.":
            0.5 * (eps**2 - 1) / sigma**2,
        "Your score by logvar has the wrong sign: a draw far from mu asks for a larger spread.":
            -want[1],
        "The two terms of your score by logvar have the same sign. One comes from `logvar`, "
        "the other from `exp(-logvar)`.": -0.5 * (eps**2 + 1),
        "Your score by logvar divides the square by sigma, not by sigma².":
            0.5 * ((z - mu) ** 2 / sigma - 1),
        "Your score by logvar multiplies the square by sigma² instead of dividing it.":
            0.5 * ((z - mu) ** 2 * sigma**2 - 1),
        "Your score by logvar has eps where its square belongs.": 0.5 * (eps - 1),
        "The square in your score by logvar is not divided by the variance.":
            0.5 * ((z - mu) ** 2 - 1),
    })  # fmt: skip
    values(got[1], want[1], "the score by logvar")


def slope(z):
    """A derivative that is no straight line."""
    return np.cos(2 * np.asarray(z)) + 0.7 * np.asarray(z) ** 2


def rising(z):
    """A derivative that tells small draws from 0 and large ones from each other."""
    return 1 + 0.2 * np.asarray(z)


def ask_estimate(estimate):
    """estimate(df, mu, logvar, eps) -> (dmu, dlogvar), two means over the draws."""
    for seed, n, mu, logvar in [(3, 9, 0.7, -0.9), (4, 1, -1.4, 0.8), (5, 400, 0.2, 1.3)]:
        mu, logvar = np.float64(mu), np.float64(logvar)
        eps = np.random.default_rng(seed).normal(size=n)
        z, sigma = reparameterize(mu, logvar, eps), np.exp(logvar / 2)
        names = "the estimates for mu and logvar"
        got = parts(call(estimate, slope, mu, logvar, eps), 2, names)
        for name, one in zip(("mu", "logvar"), got, strict=True):
            shape(one, (), "one number, the mean over the draws", f"the estimate for {name}")

        def means(df, chain):
            """The two means over the draws of df times ∂z/∂mu = 1 and ∂z/∂logvar = chain."""
            return np.array([df.mean(), (df * chain).mean()])

        df, wide = slope(z), slope(mu + sigma**2 * eps)
        mirrored = slope(mu - sigma * eps)
        pair, want = np.array(got), means(df, 0.5 * sigma * eps)
        recognise(pair, want, {
            "Your estimates are sums over the draws; an estimate of an expectation is a mean.":
                want * n,
            "Your estimates are in the order logvar, mu; asked is mu first.": want[::-1],
            "Your z is mu - sigma eps: take it with a plus, as in 03.1.":
                means(mirrored, 0.5 * sigma * eps),
            "Your z is drawn with `exp(logvar)` as its sigma, and that is the variance.":
                means(wide, 0.5 * sigma * eps),
            "In your z and in its derivative stands `exp(logvar)` for sigma; it is the "
            "variance.": means(wide, 0.5 * sigma**2 * eps),
            "Your z is right when you take df, but its derivative has the variance where "
            "sigma belongs.": means(df, 0.5 * sigma**2 * eps),
            "Your z and its derivative both have `exp(logvar)` for sigma: it is the variance, "
            "and z is drawn too wide.": means(wide, sigma**2 * eps),
        })  # fmt: skip
        recognise(pair[0], want[0], {
            "df is taken at eps; the function wants the draw z, which you have to make first.":
                slope(eps).mean(),
            "df is taken at mu, without chance. Each draw has its own slope.": slope(mu),
            "df is taken at the mean of the draws. First each draw's slope, then the mean.":
                slope(z.mean()),
            "You use -eps besides eps. That often helps, but asked is the plain mean over "
            "the given noise.": (df + mirrored).mean() / 2,
            "Your estimate for mu is the score function's, with df for f. Here nothing is "
            "divided: when mu moves, z moves as far.": (df * eps / sigma).mean(),
            "Your estimate for mu has a factor eps; ∂z/∂mu has none.": (df * eps).mean(),
            "Your estimate for mu has a factor sigma; ∂z/∂mu has none.": df.mean() * sigma,
        })  # fmt: skip
        recognise(pair[1], want[1], {
            "Your estimate for logvar is twice what it should be: it is the one for log sigma. "
            "There is a ½ in ∂z/∂logvar.": 2 * want[1],
            "Your estimate for logvar stops at sigma: it lacks the derivative of "
            "`exp(logvar / 2)`.": (df * eps).mean(),
            "eps is missing in your estimate for logvar: each draw moves by its own luck.":
                (df * 0.5 * sigma).mean(),
            "sigma is missing in your estimate for logvar.": (df * 0.5 * eps).mean(),
            "df is missing in your estimate for logvar: this is the mean of ∂z/∂logvar.":
                (0.5 * sigma * eps).mean(),
            "For logvar you multiply two means. The product comes first, draw by draw; then "
            "the mean.": df.mean() * (0.5 * sigma * eps).mean(),
            "Your estimate for logvar has z where z - mu belongs: mu does not move with "
            "logvar.": (df * 0.5 * z).mean(),
            "Your estimate for logvar is the score function's, with df for f.":
                (df * 0.5 * (eps**2 - 1)).mean(),
        })  # fmt: skip
        expect(
            repeats(call(estimate, slope, mu, logvar, eps), pair),
            "Two calls with the same arguments give different estimates: `estimate` draws "
            "noise of its own. Its noise is `eps`.",
        )
        values(pair[0], want[0], "the estimate for mu")
        values(pair[1], want[1], "the estimate for logvar")
    for logvar in FAR:
        mu, spread = np.float64(0), np.exp(logvar / 2) * NOISE
        df = rising(spread)
        got = parts(call(estimate, rising, mu, logvar, NOISE), 2, names)
        extremes(got[0], df.mean(), "the estimate for mu")
        extremes(got[1], (df * spread / 2).mean(), "the estimate for logvar")


def ask_variances(variances):
    """variances(mu, sigma) -> (score, rep): of one draw's estimate of d E[z²] / d logvar."""
    for mu, sigma in [(1.3, 0.7), (-0.4, 1.6), (0.0, 0.8), (2.5, 0.2), (-3.1, 1.0),
                      (1.5, 0.004), (0.3, 25.0)]:  # fmt: skip
        mu, sigma = np.float64(mu), np.float64(sigma)
        names = "the score function's variance and the reparameterized one"
        got = parts(call(variances, mu, sigma), 2, names)
        for name, one in zip(("first", "second"), got, strict=True):
            shape(one, (), "mu and sigma are numbers, so the variance is one", f"the {name}")
        m2, s2, pair = mu**2, sigma**2, np.array(got)
        score, rep = m2**2 / 2 + 15 * m2 * s2 + 18.5 * s2**2, m2 * s2 + 2 * s2**2
        want = np.array([score, rep])
        recognise(pair, want, {
            "Your variances have changed places: the score function's comes first.":
                want[::-1],
            "These are the variances for mu, as in the notebook; asked are those for logvar.":
                np.array([m2**2 / s2 + 14 * m2 + 15 * s2, 4 * s2]),
            "These are standard deviations: their squares are asked.": np.sqrt(want),
            "These are mean squares. A variance is the mean square less the square of the "
            "mean, and the mean is not 0.": want + s2**2,
            "These belong to f(z) = (z - 3)², the notebook's test case; asked is f(z) = z².":
                np.array([
                    (mu - 3) ** 4 / 2 + 15 * (mu - 3) ** 2 * s2 + 18.5 * s2**2,
                    (mu - 3) ** 2 * s2 + 2 * s2**2,
                ]),
            "Both are four times what they should be: you differentiate by log sigma.":
                4 * want,
            "sigma stands in your formulas where its square belongs; it is the standard "
            "deviation.":
                np.array([m2**2 / 2 + 15 * m2 * sigma + 18.5 * s2, m2 * sigma + 2 * s2]),
        })  # fmt: skip
        known = {
            "The score function's": (score, {
                "is a mean square. The square of the mean is still to be subtracted.":
                    score + s2**2,
                "is that for mu; asked is that for logvar.": m2**2 / s2 + 14 * m2 + 15 * s2,
                "is four times what it should be: it belongs to log sigma.": 4 * score,
                "is made with the slope f'(z); the score function takes f itself.":
                    2 * m2 + 10 * s2,
                "lacks the products of mu and sigma: not all mixed terms vanish.":
                    m2**2 / 2 + 18.5 * s2**2,
                "is the whole mean square less sigma⁴. The ½ of (eps² - 1) / 2 is squared too: "
                "a quarter of the mean square, then less sigma⁴.": 4 * score + 3 * s2**2,
                "is half of a mean square less sigma⁴. The ½ of (eps² - 1) / 2 is squared too: "
                "a quarter of the mean square, then less sigma⁴.": 2 * score + s2**2,
            } | {
                f"takes {k} times mu² sigma² eps² for the middle term of z⁴. In z⁴ it has the "
                "factor 6.": score - 2.5 * (6 - k) * m2 * s2 for k in (1, 2, 3, 4, 12)
            }),
            "The reparameterized": (rep, {
                "is a mean square. The square of the mean is still to be subtracted.":
                    rep + s2**2,
                "is that for mu; asked is that for logvar.": 4 * s2,
                "is four times what it should be: it belongs to log sigma.": 4 * rep,
                "lacks the term with mu: the slope f'(z) depends on it.": 2 * s2**2,
                "lacks the spread of eps²: its mean square is 3, not 1.": m2 * s2,
                "is the mean square of 2 z sigma eps less sigma⁴. The ½ of ∂z/∂logvar cancels "
                "the 2 of f'(z).": 4 * rep + 3 * s2**2,
            }),
        }  # fmt: skip
        for one, (name, (right, mistakes)) in zip(got, known.items(), strict=True):
            said = {f"{name} variance {what}": value for what, value in mistakes.items()}
            recognise(one, right, said)
            expect(
                close(one, right) or not close(one, right, 0.05),
                f"{name} variance is near the exact one and does not equal it: a small term "
                "is wrong, or it is an estimate from draws. Asked is the formula.",
            )
            values(one, right, f"{name.lower()} variance")


def loss_and_gradients(a, c, x, eps):
    """Minus the ELBO of x | z ~ N(2z, 0.5), up to a constant, and its gradient in a and c."""
    z = reparameterize(a * x, c, eps)
    dmu, dlogvar = reparameterize_grad(-4 * (x - 2 * z), c, eps)
    loss = np.mean((x - 2 * z) ** 2 + kl_to_prior(a * x, c))
    return loss, np.mean((dmu + a * x) * x), np.mean(dlogvar) + 0.5 * np.expm1(c)


def three(out):
    """`out` as an array of loss, da, dc; NotYet unless they are three numbers."""
    got = parts(out, 3, "loss, da and dc")
    for name, one in zip(("loss", "da", "dc"), got, strict=True):
        shape(one, (), "one number, the mean over the batch", name)
    return np.array(got)


def trained_wrong(got, want, a, x, z, kl):
    """NotYet for mistakes that may come with either bug; kl is the KL and its slope in c."""
    dz = -4 * (x - 2 * z)
    recognise(got, want, {
        "loss, da and dc are sums over the batch; asked is the mean.": want * len(x),
        "loss, da and dc have the wrong sign: the loss is what training lowers.": -want,
    })  # fmt: skip
    recognise(got[1:], want[1:], {
        "The order is loss, da, dc; your da and dc have changed places.": want[:0:-1],
    })  # fmt: skip
    recognise(got[0], want[0], {
        "The KL is missing in your loss.": want[0] - kl[0],
        "Your loss is the sum over the faces; asked is the mean.": want[0] * len(x),
        "The -1 of the KL is missing in your loss. No gradient sees it, but asked is the loss "
        "above.": want[0] + 0.5,
        "Your loss is the squared error less the KL: the loss is minus the ELBO, so the KL is "
        "added.": want[0] - 2 * kl[0],
    })  # fmt: skip
    recognise(got[1], want[1], {
        "da lacks what the KL says to mu.": np.mean(dz * x),
        "da is the gradient with respect to mu; mu is `a * x`, and the chain goes on to a.":
            np.mean(dz + a * x),
    })  # fmt: skip
    recognise(got[2], want[2], {
        "dc lacks what the KL says to c.": want[2] - kl[1],
        "dc holds the KL's part alone: what the painter says to the spread is missing.": kl[1],
    })  # fmt: skip


def dc_of(x, z, chain, c):
    """dc from the draws z, where ∂z/∂c is `chain`."""
    return np.mean(-4 * (x - 2 * z) * chain) + 0.5 * np.expm1(c)


def ask_one_noise(gradients):
    """gradients(a, c, x, rng) -> (loss, da, dc), all made with one draw of the noise."""
    make = np.random.default_rng
    for seed, n, a, c in [(6, 40, 0.3, -1.2), (7, 1, -0.5, 0.4), (8, 7, 0.9, -2.5),
                          (12, 6, 0.2, 5.0), (13, 6, 0.4, -14.0)]:  # fmt: skip
        a, c, x = np.float64(a), np.float64(c), 2 * make(seed).normal(size=n)
        used, untouched, once = make(seed), make(seed), make(seed)
        eps = once.standard_normal(n)
        got = three(call(gradients, a, c, x, used))
        again = three(call(gradients, a, c, x, make(seed)))
        after = used.random()
        expect(
            repeats(again, got),
            "Two calls with generators of the same seed give different numbers: the noise must "
            "be drawn from the `rng` that is given, or nobody can repeat it.",
        )
        expect(
            after != untouched.random(),
            "Your function takes nothing from `rng`: z is not drawn with it any more.",
        )
        expect(
            not close(three(call(gradients, a, c, x, make(seed + 50))), got),
            "Two generators with different seeds give the same numbers: use the noise that "
            "`rng` gives.",
        )
        other = make(seed).standard_normal((2, n))[1]
        want, second = (np.array(loss_and_gradients(a, c, x, one)) for one in (eps, other))
        z, z2 = reparameterize(a * x, c, eps), reparameterize(a * x, c, other)
        half = 0.5 * np.exp(c / 2)
        recognise(got[2], want[2], {
            "The bug is still in it: z is made with one noise, and dc with a second draw.":
                dc_of(x, z, half * other, c),
            "The bug has only changed sides: dc uses the first noise, but the z whose error it "
            "sends back was made with the second.": dc_of(x, z2, half * eps, c),
            "dc is without the ½ of ∂z/∂c.": dc_of(x, z, 2 * half * eps, c),
            "In dc stands z where its noise belongs: ∂z/∂c is ½ sigma eps.":
                dc_of(x, z, half * z, c),
            "In dc stands z - mu for the noise; that is sigma eps, and sigma is there twice.":
                dc_of(x, z, half * (z - a * x), c),
        })  # fmt: skip
        recognise(got, want, {
            "The loss is that of the first noise, both gradients are those of a second draw.":
                np.array([want[0], *second[1:]]),
            "loss, da and dc agree with one another now, but `rng` is asked for noise twice, "
            "and what it gives first is thrown away. Draw once.": second,
        })  # fmt: skip
        kl, wide = kl_to_prior(a * x, c).mean(), a * x + np.exp(c) * eps
        recognise(got[0], want[0], {
            "The loss is made with draws whose sigma is `exp(c)`, and that is the variance.":
                np.mean((x - 2 * wide) ** 2) + kl,
        })  # fmt: skip
        trained_wrong(got, want, a, x, z, (kl, 0.5 * np.expm1(c)))
        expect(
            after == once.random(),
            "One call should draw once, `rng.standard_normal(len(x))` or the like, and nothing "
            "else.",
        )
        values(got[0], want[0], "your loss")
        for one, right, name in zip(got[1:], want[1:], ("da", "dc"), strict=True):
            expect(
                close(one, right),
                f"{name} is not the slope of your loss with the noise frozen. Try finite "
                "differences, with a generator of the same seed at each call.",
            )


def trained(a, x, eps, sigma, chain, kl, kl_slope):
    """loss, da, dc from the draws a x + sigma eps, with ∂z/∂c = chain eps, and this KL."""
    z = a * x + sigma * eps
    dz = -4 * (x - 2 * z)
    da, dc = np.mean((dz + a * x) * x), np.mean(dz * chain * eps) + kl_slope
    return np.array([np.mean((x - 2 * z) ** 2) + kl, da, dc])


def ask_one_meaning(gradients):
    """gradients(a, c, x, eps) -> (loss, da, dc), c the log of sigma in draw and KL."""
    for seed, n, a, c in [(9, 40, 0.3, -1.2), (10, 1, -0.5, 0.4), (11, 7, 0.9, -1.7),
                          (14, 6, 0.2, 2.5), (15, 6, 0.4, -7.0)]:  # fmt: skip
        a, c, rng = np.float64(a), np.float64(c), np.random.default_rng(seed)
        x, eps = 2 * rng.normal(size=n), rng.normal(size=n)
        got, given = three(call(gradients, a, c, x, eps)), (a, x, eps)
        s, root = np.exp(c), np.exp(c / 2)
        old = kl_to_prior(a * x, c).mean(), 0.5 * np.expm1(c)
        new = kl_to_prior(a * x, 2 * c).mean(), np.expm1(2 * c)
        want = trained(*given, s, s, *new)
        recognise(got, want, {
            "The bug is still in it: the draw's sigma is `exp(c)`, and the KL's is not.":
                trained(*given, s, s, *old),
            "Now draw and KL agree, with c as the log of the variance in both. Asked is the "
            "other mending: the draw stands, and c is log sigma.":
                trained(*given, root, 0.5 * root, *old),
            "The loss is right now, and dc no longer fits it: the KL's part is still the old "
            "slope.": trained(*given, s, s, new[0], old[1]),
            "dc is right now, and the KL in the loss is still the old one.":
                trained(*given, s, s, old[0], new[1]),
            "The loss is right now. In dc the KL's part is half of what it should be: sigma² "
            "is `exp(2 c)`, whose derivative has a 2.":
                trained(*given, s, s, new[0], new[1] / 2),
            "The KL has the right log sigma², but its sigma² is still `exp(c)`.":
                trained(*given, s, s, old[0] - 0.5 * c, old[1] - 0.5),
            "The loss is right now, and dc no longer fits it: here sigma is `exp(c)`, and its "
            "derivative has no ½.": trained(*given, s, 0.5 * s, *new),
            "The draw and the KL have changed sides: now the KL takes c for log sigma, and the "
            "draw takes it for log sigma².": trained(*given, root, 0.5 * root, *new),
            "The KL is right now; but the draw has changed too, and stood right.":
                trained(*given, root, s, *new),
        })  # fmt: skip
        recognise(got[0], want[0], {  # whatever dc is
            "The KL has the right sigma², but log sigma² is still c. It is twice the log of "
            "sigma.": want[0] + 0.5 * c,
            "The KL has the right sigma², but you halve c for log sigma². It is twice the log "
            "of sigma.": want[0] + 0.75 * c,
        })  # fmt: skip
        trained_wrong(got, want, a, x, a * x + s * eps, new)
        for part, right, name in zip(
            got, want, ("your loss", "your da", "your dc"), strict=True
        ):
            values(part, right, name)


def ask_luck(best):
    """The mu1 at which the slope of the 20 frozen noises of 03.8 is 0, with sigma1 = 2."""
    got = number(best, "where the slider mu1 stands")
    lots = np.random.default_rng(9).standard_normal((20, 2)).mean(axis=0)
    for message, wrong in {
        "1 is where the slope is 0 on the average over *all* luck, the true optimum. These 20 "
        "noises disagree: look at the slope there, with sigma1 = 2.": 1.0,
        "This is the place for sigma1 = 1, where the slider starts. Move sigma1 to 2 first.":
            1 - lots[0],
        "You went the wrong way from 1: look at the sign of the slope.": 1 + 2 * lots[0],
        "This is how far the place lies from 1; asked is the place, the value of mu1.":
            -2 * lots[0],
        "This is the mean of the frozen noise; asked is the value of mu1.": lots[0],
        "This belongs to the noise of z2. f looks at z1 alone.": 1 - 2 * lots[1],
    }.items():  # fmt: skip
        expect(abs(got - wrong) > 0.03, message)
    expect(
        abs(got - (1 - 2 * lots[0])) <= 0.03,
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
        ask=ask_draw,
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
        ask=ask_draw_grad,
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
        ask=ask_score, takes=2,
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
        ask=ask_estimate,
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
        ask=ask_variances,
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
        ask=ask_one_noise,
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
        ask=ask_one_meaning,
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
        ask=ask_luck,
    ),
]  # fmt: skip
