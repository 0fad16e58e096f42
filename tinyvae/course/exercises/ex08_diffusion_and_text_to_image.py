"""The exercises of 08: noise put in, taken out again, steered, and what goes wrong with it."""

import numpy as np

from tinyvae.course.ask import call, close, expect, parts, recognise, shape, values
from tinyvae.course.exercises import Exercise
from tinyvae.diffusion import Diffusion


def falling(rng, n_steps):
    """alpha_bar (n_steps,), falling at random."""
    return np.cumprod(rng.uniform(0.7, 0.95, n_steps))


def own_chance(again, got):
    """NotYet unless a second call gave the same."""
    expect(
        np.allclose(again, got, equal_nan=True),
        "Two calls with the same arguments give different answers: your function draws noise "
        "of its own. Its noise is an argument.",
    )


def ask_noise(products, add_noise):
    """products(beta) -> alpha_bar (T,); add_noise(z0, t, eps, alpha_bar) -> z_t (N, d)."""
    rng = np.random.default_rng(81)
    for beta in (rng.uniform(0.05, 0.6, 7), np.array([0.3]), np.linspace(1e-4, 0.02, 1000)):
        one_product(products, beta)
    for n, d, n_steps in ((5, 3, 9), (3, 3, 7), (1, 4, 6), (6, 1, 8), (4, 2, 1)):
        alpha_bar, t = falling(rng, n_steps), rng.integers(1, max(2, n_steps), n)
        one_noisy(add_noise, rng, alpha_bar, t, d)
        one_noisy(add_noise, rng, alpha_bar, np.full(n, n_steps), d)


def one_product(products, beta):
    """NotYet unless products(beta) is right."""
    alpha, got = 1 - beta, call(products, beta)
    want = np.cumprod(alpha)
    shape(
        got, beta.shape,
        "one number for each of the T steps; the first is alpha_bar_1, and alpha_bar_0 = 1 is "
        "not among them", "alpha_bar",
    )  # fmt: skip
    recognise(got, want, {
        "This is alpha_t of each step by itself. alpha_bar_t is the product of all alphas up "
        "to t.": alpha,
        "This is the product of the betas. What is multiplied are the alphas, 1 - beta.":
            np.cumprod(beta),
        "This is 1 minus the product of the betas; take 1 - beta first, then the product.":
            1 - np.cumprod(beta),
        "You subtract the sum of the betas from 1. Shrinkings in a row multiply.":
            1 - np.cumsum(beta),
        "You add the alphas up; shrinkings in a row multiply.": np.cumsum(alpha),
        "This is the root of alpha_bar: what multiplies z_0. alpha_bar has no root in it.":
            np.sqrt(want),
        "This is alpha_bar squared.": want**2,
        "This is 1 - alpha_bar, the variance of the noise.": 1 - want,
        "Yours is late by one: it begins with alpha_bar_0 = 1. The first number should be that "
        "after the first step, alpha_1.": np.concatenate([[1.0], want[:-1]]),
        "You multiply from the end: your number for t is the product of the alphas from t on. "
        "It should be the product up to t.": np.cumprod(alpha[::-1])[::-1],
        "This is `exp` of minus the sum of the betas. That comes near while every beta is "
        "small, but asked is the product itself.": np.exp(-np.cumsum(beta)),
        "This is the product of all T alphas, for every t.": np.full(len(beta), want[-1]),
        "You square beta. alpha is 1 - beta.": np.cumprod(1 - beta**2),
        "This is the signal-to-noise ratio; asked is alpha_bar.": want / (1 - want),
    })  # fmt: skip
    values(got, want, "your alpha_bar")


def one_noisy(add_noise, rng, alpha_bar, t, d):
    """NotYet unless add_noise is right at the steps t (N,)."""
    n, n_steps = len(t), len(alpha_bar)
    z0, eps = rng.normal(0.3, 1.2, (2, n, d))
    got = call(add_noise, z0, t, eps, alpha_bar)
    shape(got, (n, d), "each row of z_0 gets its own noise; nothing is summed", "z_t")

    def mixed(a, z0=z0, eps=eps):
        """z_t for alpha_bar a (N,)."""
        a = np.reshape(a, (-1, 1))
        return np.sqrt(a) * z0 + np.sqrt(1 - a) * eps

    a = alpha_bar[t - 1][:, None]
    want, alpha = mixed(a), alpha_bar / np.append(1, alpha_bar[:-1])
    mistakes = {
        "Your alpha_bar is one step too far on: step t = 1 uses the first entry of the array, "
        "which Python counts as 0.": mixed(alpha_bar[np.minimum(t, n_steps - 1)]),
        "Your alpha_bar is one step too early, that of t - 1.":
            mixed(np.append(1, alpha_bar)[t - 1]),
        "Where the root of alpha_bar belongs, before z_0, you have alpha_bar itself.":
            a * z0 + np.sqrt(1 - a) * eps,
        "Your noise has the factor 1 - alpha_bar. That is its variance; eps is multiplied by "
        "the standard deviation.": np.sqrt(a) * z0 + (1 - a) * eps,
        "Both roots are forgotten: signal and noise have the factors sqrt(alpha_bar) and "
        "sqrt(1 - alpha_bar).": a * z0 + (1 - a) * eps,
        "Your noise has the factor 1 - sqrt(alpha_bar). Not the factors but their squares add "
        "up to 1.": np.sqrt(a) * z0 + (1 - np.sqrt(a)) * eps,
        "Signal and noise have changed places: your z_t is nearly pure noise at the beginning "
        "of the chain.": np.sqrt(1 - a) * z0 + np.sqrt(a) * eps,
        "This is one single step, with alpha_t. z_t lies t steps from z_0, so its share is "
        "alpha_bar_t.": mixed(alpha[t - 1]),
        "You take the products once more. `alpha_bar` holds the products already.":
            mixed(np.cumprod(alpha_bar)[t - 1]),
        "You treat `alpha_bar` as if it were the betas.":
            mixed(np.cumprod(1 - alpha_bar)[t - 1]),
        "The noise enters with a minus. Its distribution is the same, but asked is the z_t "
        "that belongs to this eps, with a plus.": mixed(a, eps=-eps),
        "eps is missing: this is the mean of q(z_t | z_0).": np.sqrt(a) * z0,
        "z_0 is missing: this is the noise alone.": np.sqrt(1 - a) * eps,
        "Your noise is not scaled: it should have the variance 1 - alpha_bar.":
            np.sqrt(a) * z0 + eps,
        "z_0 is not shrunk: it should have the factor sqrt(alpha_bar).":
            z0 + np.sqrt(1 - a) * eps,
        "Every row gets the step of the first row; `t` has one for each.":
            mixed(np.full(n, alpha_bar[t[0] - 1])),
        "Every row gets the last step; `t` has one for each.": mixed(np.full(n, alpha_bar[-1])),
    }  # fmt: skip
    if n == d:
        mistakes[
            "Your steps run along the columns: row i of the answer belongs to t[i]. Here N = "
            "d, where NumPy does not complain; `a[:, None]` makes rows of an array a."
        ] = np.sqrt(a.T) * z0 + np.sqrt(1 - a.T) * eps
    if n_steps >= n:
        mistakes["Your steps are those of the rows' places; use the steps that `t` names."] = (
            mixed(alpha_bar[:n])
        )
    recognise(got, want, mistakes)
    own_chance(call(add_noise, z0, t, eps, alpha_bar), got)
    values(got, want, "your z_t")


def bayes(z, z0, here, there):
    """Mean and variance of z_s given z_t and z_0, by the rule for jointly Gaussian numbers."""
    slope = np.sqrt(here / there) * (1 - there) / (1 - here)
    mean = np.sqrt(there) * z0 + slope * (z - np.sqrt(here) * z0)
    return mean, (1 - there) * (1 - here / there) / (1 - here)


def ask_back(back):
    """back(z, z0, here, there) -> mean (N, d) and variance of q(z_s | z_t, z_0)."""
    rng = np.random.default_rng(82)
    cases = [
        (5, 3, 0.2, 0.7), (3, 3, 0.55, 0.6), (1, 4, 0.04, 0.9), (6, 1, 0.3, 0.31),
        (2, 2, 0.4, 1.0), (2, 3, 0.5, 1 - 2**-18),
    ]  # fmt: skip
    for n, d, *given in cases:
        here, there = map(np.float64, given)
        z, z0 = rng.normal(0.4, 1.5, (2, n, d))
        out = parts(call(back, z, z0, here, there), 2, "the mean and the variance")
        expect(
            not (np.shape(out[0]) == () and np.shape(out[1]) == (n, d)),
            "The two are in the wrong order: the mean comes first.",
        )
        shape(out[0], (n, d), "a mean for each row and coordinate", "the mean")
        shape(out[1], (), "the variance is the same for all, one number", "the variance")
        mean, variance = bayes(z, z0, here, there)
        expect(
            np.isfinite(out[0]).all() and np.isfinite(out[1]),
            "Your answer is not finite at `there` = 1, where z_s is z_0. Bring the two terms "
            "to a common denominator: then nothing is divided by 1 - there."
            if there == 1 else
            "Your answer is not finite: there is a NaN or an infinity in it. Is there a root "
            "of something negative? Mind that here < there.",
        )  # fmt: skip
        expect(
            there == 1 or out[1] != 0,
            "Close to `there` = 1 your variance is 0. Only at 1 itself it is.",
        )
        if there < 0.99:
            with np.errstate(all="ignore"):
                recognise(out[0], mean, mistaken_means(z, z0, here, there))
                recognise(out[1], variance, mistaken_variances(here, there))
        values(out[0], mean, "your mean")
        values(out[1], variance, "your variance")


def mistaken_means(z, z0, here, there):
    """{message: wrong mean}."""
    alpha, down = here / there, 1 - here

    def made(alpha, beta, there=there, down=down, root=np.sqrt):
        """(3) with other numbers in it."""
        return (root(there) * beta * z0 + np.sqrt(alpha) * (1 - there) * z) / down

    beta = 1 - alpha
    return {
        "In your mean z_t and z_0 have changed places. (The argument z, which is z_t, comes "
        "first.)": bayes(z0, z, here, there)[0],
        "`here` and `there` have changed places: here is alpha_bar_t, and there is "
        "alpha_bar_s, the greater one.": bayes(z, z0, there, here)[0],
        "Your mean takes all the noise found in z_t along to z_s, in proportion. The posterior "
        "mean keeps less of it, for a part of it came in after s.":
            np.sqrt(there) * z0 + np.sqrt((1 - there) / down) * (z - np.sqrt(here) * z0),
        "Your mean uses `here` where `here / there` belongs: `here` is what is left all the "
        "way from z_0, `here / there` what is left from s to t.": made(here, 1 - here),
        "Your mean uses `there - here` where `1 - here / there` belongs.":
            made(alpha, there - here),
        "In your mean alpha is upside down: the leap from s to t leaves here / there.":
            made(1 / alpha, 1 - 1 / alpha),
        "In your mean the root of `there` before z_0 is forgotten.":
            made(alpha, beta, root=lambda a: a),
        "In your mean the root of `here / there` before z_t is forgotten.":
            made(alpha**2, beta),
        "In your mean both roots are forgotten.": made(alpha**2, beta, root=lambda a: a),
        "Your mean is not yet divided by 1 - here.": made(alpha, beta, down=1),
        "Your mean is divided by 1 - there. It should be by 1 - here.":
            made(alpha, beta, down=1 - there),
        "Your mean is divided by the beta of the leap. It should be by 1 - here.":
            made(alpha, beta, down=beta),
        "Before z_0 in your mean stands the root of `here`; z_0 speaks about z_s, by the root "
        "of `there`.": made(alpha, beta, root=lambda a: np.sqrt(here)),
        "z_t is missing from your mean: this is only the part of z_0.":
            np.sqrt(there) * beta * z0 / down,
        "z_0 is missing from your mean: this is only the part of z_t.":
            np.sqrt(alpha) * (1 - there) * z / down,
        "This is the mean of q(z_s | z_0): it takes no notice of z_t.": np.sqrt(there) * z0,
        "This is z_t with its shrinking undone. z_0 has a say, too.": z / np.sqrt(alpha),
        "This goes on with the noise, as q(z_t | z_s) does; asked is the way back.":
            np.sqrt(alpha) * z,
        "This is what stands before u in the exponent, mean / variance. Multiply it by the "
        "variance.": bayes(z, z0, here, there)[0] / bayes(z, z0, here, there)[1],
        "In your mean the weights of z_0 and z_t are exchanged, beta for 1 - there: whoever "
        "has less noise is to count more.":
            (np.sqrt(there) * (1 - there) * z0 + np.sqrt(alpha) * beta * z) / down,
        "This is the two guesses' plain mean; each is to be weighed by its precision.":
            (np.sqrt(there) * z0 + z / np.sqrt(alpha)) / 2,
    }  # fmt: skip


def mistaken_variances(here, there):
    """{message: wrong variance}."""
    beta, variance = 1 - here / there, bayes(0, 0, here, there)[1]
    ratio = (1 - there) / (1 - here)
    return {
        "This is the standard deviation. The variance is asked for.": np.sqrt(variance),
        "This is 1 / variance, the precision.": 1 / variance,
        "This is the logarithm of the variance.": np.log(variance),
        "This is the square of the variance.": variance**2,
        "Your variance is that of the way forward, 1 - here / there: z_0 is known too, and "
        "what is known makes it smaller.": beta,
        "Your variance is 1 - there, that of q(z_s | z_0): seeing z_t makes it smaller.":
            1 - there,
        "Your variance uses `there - here` where `1 - here / there` belongs.":
            ratio * (there - here),
        "In your variance alpha is upside down.": ratio * (1 - there / here),
        "The fraction in your variance is upside down.": beta / ratio,
        "`1 - here / there`, the variance of the leap, is missing in yours.": ratio,
        "Your variance is not yet divided by 1 - here.": (1 - there) * beta,
        "You add the two variances. What adds up are the precisions, 1 / variance.":
            beta + 1 - there,
        "The alpha of the leap is missing in your variance: z_s is shrunk before it is seen in "
        "z_t, so the precision is alpha / beta.": 1 / (1 / beta + 1 / (1 - there)),
    }  # fmt: skip


def ask_step_kl(step_kl):
    """step_kl(eps, eps_hat, alpha_bar, t, variance) -> (N,), nats."""
    rng = np.random.default_rng(83)
    cases = ((5, 3, 8, 4, 1.9), (3, 3, 9, 7, 0.4), (1, 4, 6, 2, 1.4), (6, 1, 7, 7, 0.7),
             (4, 2, 5, 3, 1.0), (4, 5, 12, 6, 30.0))  # fmt: skip
    for n, d, n_steps, t, wider in cases:
        alpha_bar = falling(rng, n_steps)
        eps, eps_hat = rng.normal(0.2, 1.1, (2, n, d))
        chain = Diffusion(d, 0, (), alpha_bar, rng, dtype=np.float64)
        z, a = np.sqrt(1 - alpha_bar[t - 1]) * eps, alpha_bar[t - 1]  # z_0 = 0
        m, v = chain.posterior(z, 0 * z, t)
        m_hat, _ = chain.posterior(z, (z - np.sqrt(1 - a) * eps_hat) / np.sqrt(a), t)
        variance = wider * v
        m_added, _ = chain.posterior(z, (z + np.sqrt(1 - a) * eps_hat) / np.sqrt(a), t)
        square, added = (((m - other) ** 2).sum(axis=1) for other in (m_hat, m_added))
        want = square / (2 * variance) + d / 2 * (v / variance - 1 + np.log(variance / v))
        got = call(step_kl, eps, eps_hat, alpha_bar, t, variance)
        shape(got, (n,), "one KL for each row, a sum over its coordinates", "the KL")
        recognise(got, want, mistaken_kls(eps - eps_hat, alpha_bar, t, variance))
        recognise(got, want, {
            "You add eps_hat to eps. The two means differ by the difference of the two.":
                want + (added - square) / (2 * variance),
        })  # fmt: skip
        for wrong in kls_of_another_beta(eps - eps_hat, alpha_bar, t, variance):
            recognise(got, want, {
                "You put `1 - here`, which is 1 - alpha_bar_t, for beta_t. beta_t is 1 - "
                "alpha_t.": wrong,
            })  # fmt: skip
        values(got, want, "your KL")
        nothing = call(step_kl, eps, eps, alpha_bar, t, v)
        expect(
            np.abs(nothing).max() < 1e-4,
            "If eps_hat = eps and the variances are equal, both densities are the same and the "
            "KL is 0. Yours is not.",
        )


def kls_of_another_beta(error, alpha_bar, t, variance):
    """Wrong KLs: 1 - alpha_bar_t for beta_t in the means, the posterior's variance, or both;
    and with alpha_bar_t for alpha_t, too."""
    a, before = alpha_bar[t - 1], alpha_bar[t - 2]
    d, square = error.shape[1], (error**2).sum(axis=1)
    beta, other = 1 - a / before, 1 - a
    right = (1 - before) / (1 - a) * beta
    for b_mean, posterior, alpha in (
        (other, 1 - before, a / before), (other, 1 - before, a), (other, right, a / before),
        (other, right, a), (beta, 1 - before, a / before), (beta, other, a / before),
    ):  # fmt: skip
        share = posterior / variance
        part = d / 2 * (share - 1 - np.log(share))
        yield b_mean**2 / (2 * variance * alpha * (1 - a)) * square + part


def mistaken_kls(error, alpha_bar, t, variance):
    """{message: wrong KL}."""
    d, square = error.shape[1], (error**2).sum(axis=1)

    def pieces(t, variance, beta_for_posterior=False):
        """The weight of the square and the part of the variances, with their ingredients."""
        a, before = alpha_bar[t - 1], alpha_bar[t - 2]
        alpha, beta = a / before, 1 - a / before
        v = beta if beta_for_posterior else (1 - before) / (1 - a) * beta
        share = v / variance
        return (
            beta**2 / (2 * variance * alpha * (1 - a)), d / 2 * (share - 1 - np.log(share)),
            a, before, alpha, beta, v,
        )  # fmt: skip

    weight, part, a, before, alpha, beta, v = pieces(t, variance)
    right, other = weight * square + part, d / 2 * (variance / v - 1 - np.log(variance / v))
    equal = weight * variance / v * square
    found = {
        "The part of the variances is missing: two Gaussians of equal mean but different "
        "variance are not the same either.": weight * square,
        "This is (5) of the notebook, which holds if `variance` is that of the posterior. Here "
        "the decoder has a variance of its own.": equal,
        "In the squared part you divide by the posterior's variance. In KL(q || p) it is the "
        "variance of p.": equal + part,
        "This is the KL the other way round, KL(p || q).": equal + other,
        "In the part of the variances p and q have changed places.": weight * square + other,
        "The part of the variances counts once; it is needed for each of the d coordinates.":
            weight * square + part / d,
        "You take the mean over the coordinates. The KL of independent coordinates is a sum.":
            right / d,
        "In the squared part you take the mean over the coordinates; it is a sum.":
            weight * square / d + part,
        "The part of the variances has the wrong sign: it is never negative.":
            weight * square - part,
        "The logarithm has the wrong sign.":
            weight * square + d / 2 * (v / variance - 1 + np.log(v / variance)),
        "The -1 is missing in the part of the variances (one for each coordinate).":
            right + d / 2,
        "The -1 in the part of the variances is needed for each of the d coordinates.":
            right + (d - 1) / 2,
        "The ½ of the squared part is missing.": 2 * weight * square + part,
        "The ½ of the part of the variances is missing.": weight * square + 2 * part,
        "The ½ is missing: this is twice the KL.": 2 * right,
        "You put beta_t for the posterior's variance. That one is smaller, as z_0 is known.":
            weight * square + pieces(t, variance, True)[1],
        "This would be so if the error were one of z_0. An error in eps moves z_0_hat by "
        "sqrt(1 - alpha_bar_t) / sqrt(alpha_bar_t) times as much.":
            before * beta**2 / (1 - a) ** 2 / (2 * variance) * square + part,
        "In the squared part 1 - alpha_t stands where 1 - alpha_bar_t belongs.":
            beta / (2 * variance * alpha) * square + part,
        "In the squared part the division by alpha_t is missing.":
            weight * alpha * square + part,
        "Means that differ by k (eps - eps_hat) differ by k^2 (eps - eps_hat)^2 when "
        "squared. In yours the factor k is not squared.":
            np.sqrt(weight / (2 * variance)) * square + part,
        "In your z_0_hat alpha_t stands where alpha_bar_t belongs.":
            before * beta**2 / (1 - a) ** 2 * (beta / alpha) / (2 * variance) * square + part,
        "In the squared part beta_t is not squared, though it multiplies the means.":
            weight / beta * square + part,
        "In the squared part alpha_bar_t stands where alpha_t belongs.":
            weight * alpha / a * square + part,
        "The distance of the means is not squared.": weight * np.sqrt(square) + part,
        "In the part of the variances the logarithm is missing.":
            weight * square + d / 2 * (v / variance - 1),
        "This is the notebook's form for an error in z_0, and for the posterior's variance.":
            (before / (1 - before) - a / (1 - a)) / 2 * square,
        "Asked is the KL of these rows; yours is the squared error in eps alone.": square,
        "You take `variance` for a standard deviation and square it.":
            pieces(t, variance**2)[0] * square + pieces(t, variance**2)[1],
        "You take `variance` for a logarithm of the variance.":
            pieces(t, np.exp(variance))[0] * square + pieces(t, np.exp(variance))[1],
    }  # fmt: skip
    if t < len(alpha_bar):
        late = pieces(t + 1, variance)
        found[
            "You are one step too far on: `alpha_bar[t - 1]` is alpha_bar_t, and `alpha_bar[t "
            "- 2]` is that of step t - 1."
        ] = late[0] * square + late[1]
    if t > 2:
        early = pieces(t - 1, variance)
        found[
            "You are one step too early: `alpha_bar[t - 2]` is that of step t - 1, and "
            "alpha_bar of step t stands after it."
        ] = early[0] * square + early[1]
    return found


def ask_steer(steer):
    """steer(told, untold, avoided, w, u) -> (N, d)."""
    rng = np.random.default_rng(84)
    for n, d, w, u in ((5, 3, 1.5, 0.7), (1, 4, 0.3, 2.2), (6, 1, 4.0, 0.0), (2, 2, 0.0, 1.2),
                       (4, 3, 0.0, 0.0)):  # fmt: skip
        told, untold, avoided = rng.normal(0.3, 1.1, (3, n, d))
        want = told + w * (told - untold) - u * (avoided - untold)
        got = call(steer, told, untold, avoided, w, u)
        shape(got, (n, d), "an estimate of the noise for each row and coordinate", "eps_hat")
        both = w * u != 0

        def mixed(a, b, c, three=(told, untold, avoided)):
            """a told + b untold + c avoided."""
            return sum(f * one for f, one in zip((a, b, c), three, strict=True))

        recognise(got, want, {
            "Your eps_hat has the wrong sign everywhere: gradient and eps_hat differ by a "
            "negative factor, but by the same one for all three.": -want,
            "`untold` and `avoided` have changed places.":
                mixed(1 + w, -w + u, -u, (told, avoided, untold)),
            "With w = 0 and u = 0 plain conditional sampling should be left, the estimate that "
            "is told c. Your w counts from the untold estimate: it is our 1 + w.":
                mixed(w, 1 - w + u, -u),
            "w pushes the wrong way: away from c, towards the estimate that is told nothing.":
                mixed(1 - w, w + u, -u),
            "u pushes the wrong way: towards c'.": mixed(1 + w, -w - u, u),
            "Both pushes go the wrong way.": mixed(1 - w, w - u, u),
            "c' is subtracted, but its prior is forgotten: by Bayes' rule p(c' | z) is "
            "p(z | c') / p(z) up to a factor, so the untold estimate comes in with u.":
                mixed(1 + w, -w, -u),
            "c' is subtracted twice over, for the untold estimate has the sign of c'.":
                mixed(1 + w, -w - u, -u),
            "You push away from c' as seen from the estimate that is told c. By Bayes' rule "
            "p(c' | z) is p(z | c') / p(z) up to a factor: it is seen from the untold one.":
                mixed(1 + w + u, -w, -u),
            "You put c' in the place of the untold estimate: that is common, and another "
            "density. Here c' has a strength u of its own."
                if both else
            "You put c' in the place of the untold estimate. Here it has a strength u of its "
            "own.": mixed(1 + w, 0, -w),
            "`told` and `untold` have changed places.":
                mixed(1 + w, -w + u, -u, (untold, told, avoided)),
            "`told` and `avoided` have changed places.":
                mixed(1 + w, -w + u, -u, (avoided, untold, told)),
            "w and u have changed places.": mixed(1 + u, w - u, -w),
            "Only w acts: nothing is pushed away from c'.": mixed(1 + w, -w, 0),
            "Only u acts: w pushes nothing.": mixed(1, u, -u),
            "c' gets 1 + u. The 1 belongs to c alone: p(z | c) stands there before any power "
            "is taken.": mixed(1 + w, -w + 1 + u, -1 - u),
            "p(z | c) has got lost: these are the two pushes alone.": mixed(w, u - w, -u),
            "`told` counts only once in yours, so w takes from the untold estimate and gives "
            "nothing to the told one.":
                mixed(1, -w + u, -u),
            "This is divided once more, by 1 + w + u. The factors add up to 1 as they are.":
                want / (1 + w + u),
            "You divide by the sum of w and u, as for a mean; the powers are no weights of a "
            "mean.": mixed(1 + w, -w + u, -u) / (w + u or 1),
        })  # fmt: skip
        same = call(steer, told, told, told, w, u)
        expect(
            close(same, told),
            "If all three estimates agree there is nothing to push away from: the answer is "
            "that estimate. Yours is not, so your three factors do not add up to 1.",
        )
        values(got, want, "your eps_hat")


def walked(leap, z, noise, eps_hat, alpha_bar, steps):
    """z after a `leap` from each of `steps` to the next, the last to 0."""
    after = np.append(steps[1:], 0)
    bars = np.append(1, alpha_bar)
    for k, (t, s) in enumerate(zip(steps, after, strict=True)):
        z = leap(z, noise[k], eps_hat, int(t), int(s), bars, k)
    return z


def leap_of(root=0.5, over=0.5, told=0, last=False, single=False, alone=False, sd=None, end=0):
    """A leap with a fault: the powers of 1 - alpha_bar and of alpha_bar in z_0_hat; how far
    from t the step is that the denoiser is told; whether the last leap has noise; whether the
    posterior is that of a single step, or its alpha alone is; sd(beta, here, there, tilde) of
    the noise; where the walk ends."""

    def leap(z, noise, eps_hat, t, s, bars, k):
        here, estimate = bars[t], eps_hat(z, t + told)
        z0_hat = (z - (1 - here) ** root * estimate) / here**over
        there = bars[t - 1] if single else bars[max(s, end)]
        mean, tilde = bayes(z, z0_hat, here, there)
        beta = 1 - here / there
        if alone:
            alpha = here / bars[t - 1]
            mean = np.sqrt(there) * (1 - alpha) * z0_hat + np.sqrt(alpha) * (1 - there) * z
            mean, tilde = mean / (1 - here), (1 - there) / (1 - here) * (1 - alpha)
        spread = np.sqrt(tilde) if sd is None else sd(beta, here, there, tilde)
        return mean if s == 0 and sd and not last else mean + spread * noise

    return leap


def guess_again(z, noise, eps_hat, t, s, bars, k):
    """Draw z_s from q(z_s | z_0_hat)."""
    z0_hat = (z - np.sqrt(1 - bars[t]) * eps_hat(z, t)) / np.sqrt(bars[t])
    return np.sqrt(bars[s]) * z0_hat + np.sqrt(1 - bars[s]) * noise


def without_chance(z, noise, eps_hat, t, s, bars, k):
    """z_s with the noise that was found in z_t."""
    estimate = eps_hat(z, t)
    z0_hat = (z - np.sqrt(1 - bars[t]) * estimate) / np.sqrt(bars[t])
    return np.sqrt(bars[s]) * z0_hat + np.sqrt(1 - bars[s]) * estimate


def narrow(z, noise, eps_hat, t, s, bars, k):
    """The mean of a leap, with the noise of a single step."""
    mean = leap_of()(z, 0 * noise, eps_hat, t, s, bars, k)
    return mean + np.sqrt(bayes(0, 0, bars[t], bars[t - 1])[1]) * noise


def told_the_goal(z, noise, eps_hat, t, s, bars, k):
    """The denoiser is told where the leap leads."""
    return leap_of(told=s - t)(z, noise, eps_hat, t, s, bars, k)


def stopping(z, noise, eps_hat, t, s, bars, k):
    """No last leap."""
    return leap_of()(z, noise, eps_hat, t, s, bars, k) if s else z


def deviation(beta, here, there, tilde):
    """The standard deviation of a forward leap."""
    return np.sqrt(beta)


LEAPS = {
    "Both bugs are still in it.": leap_of(root=1, single=True),
    "One bug is mended. The other is in the leaps: `posterior` leads from t to t - 1, and the "
    "next round of the loop takes that for a z of the next of `steps`.": leap_of(single=True),
    "The leaps are mended. The other bug is in every single step, also where nothing is leapt "
    "over: look at `z0_hat`.": leap_of(root=1),
    "The noise now has the variance of the way forward, beta of the leap, and at the last leap "
    "too. Asked is the posterior's, which is 0 at the last.": leap_of(last=True, sd=deviation),
    "Your noise has the variance of the way forward, beta of the leap. Asked is the "
    "posterior's, which is smaller.": leap_of(sd=deviation),
    "Your noise has the variance 1 - alpha_bar of where it leads. Part of that is in the mean "
    "already.": leap_of(sd=lambda beta, here, there, tilde: np.sqrt(1 - there)),
    "Your noise is multiplied by the variance; it should be by its root.":
        leap_of(sd=lambda beta, here, there, tilde: tilde),
    "No noise is added on the way: these are means of means.":
        leap_of(sd=lambda *given: 0.0),
    "You draw z_s from q(z_s | z_0_hat), as if z_t were not known. The posterior uses both.":
        guess_again,
    "You put the estimated noise back in, without chance. That is a sampler too, but asked is "
    "the posterior with its noise.": without_chance,
    "Your walk ends before the last leap, which leads from the last of `steps` to z_0.":
        stopping,
    "The denoiser is told the wrong step: one too early. z is z_t, so it is t.":
        leap_of(told=-1),
    "The denoiser is told the wrong step: one too late. z is z_t, so it is t.": leap_of(told=1),
    "The denoiser is told s, where the leap leads. z is z_t, so it is t.": told_the_goal,
    "Your last leap ends at z_1. It should end at z_0, where alpha_bar is 1.": leap_of(end=1),
    "The mean is that of a leap, but the noise still that of a single step.": narrow,
    "In your posterior alpha is still that of a single step; for a leap from t to s it is "
    "alpha_bar_t / alpha_bar_s.": leap_of(alone=True),
    "In `z0_hat` you divide by alpha_bar. It is its root that multiplies z_0 in z_t.":
        leap_of(over=1),
    "In `z0_hat` you divide by alpha_bar. It is its root that multiplies z_0 in z_t. (The "
    "other bug, in the leaps, is still in it.)": leap_of(over=1, single=True),
    "In `z0_hat` both roots are missing: that of alpha_bar and that of 1 - alpha_bar.":
        leap_of(over=1, root=1),
    "`z0_hat` is mended wrongly: the noise in z_t has the factor sqrt(1 - alpha_bar), one root "
    "and no more.": leap_of(root=0.25),
}  # fmt: skip


def told_place(z, noise, eps_hat, alpha_bar, steps):
    """A walk whose denoiser is told the place in `steps`, counted from the end."""
    place = {int(t): len(steps) - k for k, t in enumerate(steps)}
    return walked(leap_of(), z, noise, lambda z, t: eps_hat(z, place[t]), alpha_bar, steps)


def regular(z, noise, eps_hat, alpha_bar, steps):
    """A walk whose leaps are all as long as the first, and the last to 0."""
    bars, leap = np.append(1, alpha_bar), leap_of()
    length = steps[0] - np.append(steps, 0)[1]
    for k, t in enumerate(steps):
        s = 0 if k == len(steps) - 1 else max(0, t - length)
        z = leap(z, noise[k], eps_hat, int(t), int(s), bars, k)
    return z


def ask_walk(walk):
    """walk(z, noise, eps_hat, alpha_bar, steps) -> z_0 (N, d)."""
    rng = np.random.default_rng(85)

    def eps_hat(z, t):
        return 0.6 * np.cos(z * (1 + t / 7)) + 0.3 * z + 0.02 * t

    for n, d, n_steps, steps in (
        (5, 3, 12, [12, 9, 5, 2]), (1, 2, 8, range(8, 0, -1)), (6, 1, 15, [13, 12, 4]),
        (3, 3, 9, [6]), (2, 4, 20, [20, 15, 10, 5, 1]),
    ):  # fmt: skip
        steps, alpha_bar = np.array(steps), falling(rng, n_steps)
        z, noise = rng.normal(size=(n, d)), rng.normal(size=(len(steps), n, d))
        given = z, noise, eps_hat, alpha_bar, steps
        want, got = walked(leap_of(), *given), call(walk, *given)
        shape(got, (n, d), "one z_0 for each z", "z_0")
        expect(
            np.isfinite(got).all(),
            "z_0 is not finite: is there a root of something negative? In the last leap s = 0 "
            "and alpha_bar_0 = 1, while `alpha_bar[0 - 1]` is the array's last entry.",
        )
        own_chance(call(walk, *given), got)
        mistakes = {message: walked(leap, *given) for message, leap in LEAPS.items()}
        mistakes[
            "The denoiser is told the place in `steps`. It has learned the steps of the whole "
            "chain: tell it t."
        ] = told_place(*given)
        mistakes[
            "You take all leaps to be as long as the first. `steps` need not be regular: leap "
            "to `steps[k + 1]`."
        ] = regular(*given)
        mistakes["`noise[k]` belongs to the k-th leap; yours is taken in another order."] = (
            walked(leap_of(), z, noise[::-1], *given[2:])
        )
        recognise(got, want, mistakes)
        if not close(got, want):
            expect(
                not close(call(walk, z, 2 * noise + 1, *given[2:]), got),
                "Your z_0 is the same whatever `noise` holds: if you draw noise of your own, "
                "take `noise[k]` in its place.",
            )
        values(got, want, "your z_0")


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
        ask=ask_noise, takes=2,
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
        ask=ask_back,
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
        ask=ask_step_kl,
    ),
    Exercise(
        "08.4", "Towards some words and away from others", points=2,
        hints=(
            "Take the logarithm: powers become factors, and what does not depend on z drops "
            "out when you take the gradient.",
            "By Bayes' rule log p(c | z) = log p(z | c) - log p(z) + something without z, and "
            "so for c'. By (9) each gradient is an eps_hat times one common factor.",
            "Start from `told`; add w times (told - untold); subtract u times "
            "(avoided - untold).",
        ),
        moral="With u = 0 this is what `tv.Diffusion.sample(..., guidance=w)` does. "
        "Text-to-image programs call c' a negative prompt; many put it in the place of the "
        "untold estimate.",
        ask=ask_steer,
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
            "step number leads from one of `steps` to the next; the denoiser is still told t.",
        ),
        moral="The pictures would have looked like bad training. Data whose variance is known "
        "tell a bad sampler from a bad network.",
        ask=ask_walk,
    ),
]  # fmt: skip
