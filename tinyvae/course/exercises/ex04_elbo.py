"""The exercises of 04: the ELBO, its whole backward pass, tighter bounds, beta and collapse.

An output that others are made from is looked at before them: kl and recon before elbo, and in
a backward pass each tensor before those that come after it.
"""

from dataclasses import replace
from functools import partial, wraps
from types import SimpleNamespace

import numpy as np

from tinyvae.course.ask import (
    NotYet,
    Part,
    answer_of,
    at_edge,
    call,
    close,
    compare,
    expect,
    far,
    in_parts,
    number,
    parts,
    recognise,
    shape,
    steady,
    values,
)
from tinyvae.course.exercises import Exercise
from tinyvae.distributions import LOG_2PI, kl_to_prior, log_normal
from tinyvae.ops import logmeanexp, logsumexp, sigmoid

FAR = np.array([-16, -11, -7.5, -5.5, -4.5, -3.3, -2.3, 2.3, 3.3, 4.5, 5.5, 7, 10])  # logvars
FAR_CODES = *((mu, 0) for mu in (-3, 30, 300)), *((0, logvar) for logvar in FAR)  # mu, logvar
NEAR_PRIOR = ((0, 0), (0.03, 0), (0, 0.045), (0, -0.045), (0.02, 0.1))  # mu, logvar


def backwards(answer):
    """`answer` with its outputs from the last to the first."""

    @wraps(answer)
    def turned(*inputs):
        return tuple(answer(*inputs))[::-1]

    return turned


def in_parts_backwards(*parts_):
    """`in_parts`, of an answer that puts the parts out from the last to the first."""
    made = in_parts(*parts_).items()
    return {message: [backwards(answer) for answer in answers] for message, answers in made}


# 04.1: the ELBO of a batch. Each function takes x, mu, logvar, eps, decoder, sigma.


def drawn(mu, logvar, eps, sigma):
    """The code."""
    return mu + np.exp(logvar / 2) * eps


def constants(d, sigma):
    """Those of a row's log-density."""
    return d * (LOG_2PI / 2 + np.log(sigma))


def recon_with(code=drawn, half=0.5, variance=np.square, constants=constants):
    """log p(x|z) of each row, or what becomes of it with something else in it."""

    def recon(x, mu, logvar, eps, decoder, sigma):
        square = ((x - decoder(code(mu, logvar, eps, sigma))) ** 2).sum(axis=1)
        return -half * square / variance(sigma) - constants(x.shape[1], sigma)

    return recon


def from_code(function):
    """A function of mu and logvar, the second and third of an exercise's inputs."""
    return lambda first, mu, logvar, *rest: function(mu, logvar)


def kl_of(mu, logvar):
    return kl_to_prior(mu, logvar).sum(axis=1)


recon, kl = recon_with(), from_code(kl_of)

KL_MISTAKES = {
    "kl holds minus the KL. A KL is never negative, and a variable should be what its name "
    "says.": lambda mu, v: -kl_of(mu, v),
    "kl is a mean over the latents. They are independent, so their KLs add up.":
        lambda mu, v: kl_to_prior(mu, v).mean(axis=1),
    "kl is that of a Gaussian whose *standard deviation* is `exp(logvar)`. logvar is the log "
    "of the variance.": lambda mu, v: kl_of(mu, 2 * v),
    "kl is twice the KL: the factor ½ is missing.": lambda mu, v: 2 * kl_of(mu, v),
    "kl lacks the -1 of its bracket: where q is the prior it must be 0.":
        lambda mu, v: kl_of(mu, v) + mu.shape[1] / 2,
    "kl lacks mu²: a code far from 0 costs more.": lambda mu, v: kl_of(0 * mu, v),
    "kl is summed over the batch as well.": lambda mu, v: kl_of(mu, v).sum() + 0 * mu[:, 0],
}  # fmt: skip
KL_MISTAKES = {message: from_code(wrong) for message, wrong in KL_MISTAKES.items()}

ROWS = "one number for each row of x, nothing summed or averaged over the batch"
KL = Part(kl, KL_MISTAKES | {
    "kl is log q(z) - log p(z) at the one draw, an estimate of the KL. Asked is the KL, by its "
    "formula.": lambda x, mu, v, e, *_: (
        log_normal(drawn(mu, v, e, 1), mu, v) - log_normal(drawn(mu, v, e, 1))
    ),
    "kl holds what another of the three should. The order is elbo, recon, kl.":
        (recon, lambda *q: ELBO.right(*q)),
}, name="`kl`", why=ROWS)  # fmt: skip
RECON = Part(recon, {
    "recon is decoded from z = mu. The code is a draw: mu plus sigma_z times eps.":
        recon_with(lambda mu, v, e, s: mu),
    "Your draw uses `exp(logvar)` for its standard deviation. That is the variance; the "
    "standard deviation is its root.": recon_with(lambda mu, v, e, s: mu + np.exp(v) * e),
    "Your draw uses sigma, which belongs to the pixels. The spread of the code is in logvar.":
        recon_with(lambda mu, v, e, s: mu + s * e),
    "Your draw adds eps as it is: the spread of the code, in logvar, is missing.":
        recon_with(lambda mu, v, e, s: mu + e),
    "recon takes sigma for the variance of a pixel. It is the standard deviation.":
        recon_with(variance=lambda s: s, constants=lambda d, s: constants(d, np.sqrt(s))),
    "The square in recon is divided by sigma, and belongs divided by sigma².":
        recon_with(variance=lambda s: s),
    "The square in recon is not divided by sigma².": recon_with(variance=lambda s: 1),
    "recon lacks its constants, `D log sigma` and `(D / 2) log 2 pi`. It is a log-density, not "
    "only a squared error.": recon_with(constants=lambda d, s: 0),
    "recon lacks `(D / 2) log 2 pi`.": recon_with(constants=lambda d, s: d * np.log(s)),
    "recon lacks `D log sigma`.": recon_with(constants=lambda d, s: d * LOG_2PI / 2),
    "recon has log sigma² where log sigma belongs: the ½ of `½ log sigma²` is missing.":
        recon_with(constants=lambda d, s: constants(d, s**2)),
    "recon has log 2 pi for each pixel, and ½ log 2 pi belongs there.":
        recon_with(constants=lambda d, s: constants(d, s) + d * LOG_2PI / 2),
    "recon adds `D log sigma`. It is subtracted: the density is divided by sigma.":
        recon_with(constants=lambda d, s: constants(d, 1 / s)),
    "recon counts the constants of one pixel. There are D of them.":
        recon_with(constants=lambda d, s: constants(1, s)),
    "recon counts log sigma once. Each of the D pixels has it.":
        recon_with(constants=lambda d, s: d * LOG_2PI / 2 + np.log(s)),
    "The factor ½ before the square in recon is missing.": recon_with(half=1),
    "recon is a mean over the pixels. The log-densities of independent pixels add up.":
        lambda x, *rest: recon(x, *rest) / x.shape[1],
    "recon holds minus the log-density, a loss. Asked is `log p(x|z)` itself.":
        lambda *q: -recon(*q),
    "recon holds what elbo should. The order is elbo, recon, kl.": lambda *q: ELBO.right(*q),
}, name="`recon`", why=ROWS)  # fmt: skip
ELBO = Part(lambda *q: recon(*q) - kl(*q), {
    "Your elbo adds the KL. It is the price of the code, and is paid: recon minus kl.":
        lambda *q: recon(*q) + kl(*q),
    "Your elbo has the sign of a loss. The ELBO is to be raised: recon minus kl.":
        lambda *q: kl(*q) - recon(*q),
    "Your elbo is recon alone: the KL is still to be paid.": recon,
}, name="`elbo`", why=ROWS)  # fmt: skip


def batches():
    """(x, mu, logvar, eps, decoder, sigma) of each kind of shape."""
    sizes = (5, 4, 3, 0.6), (1, 6, 2, 1.7), (4, 3, 1, 0.3), (3, 3, 3, 1), (2, 1, 4, 0.9)
    for n, d, n_z, sigma in (*sizes, (1, 1, 1, 2)):
        rng = np.random.default_rng(n)
        W, b, x = rng.normal(size=(n_z, d)), rng.normal(size=d), rng.normal(size=(n, d))
        yield x, *rng.normal(size=(3, n, n_z)), lambda z, W=W, b=b: np.tanh(z @ W) + b, sigma


def one_row(mu, logvar, sigma, scale=1.0, x=0.0):
    """Such inputs, of one row, two latents and three pixels."""
    W = np.array([[1.2, -0.4, 0.7], [0.5, 0.9, -1.1]])
    code = np.full((1, 2), mu, float), np.full((1, 2), logvar, float), np.array([[0.8, -1.3]])
    return np.full((1, 3), x), *code, lambda z: scale * (z @ W), sigma


def ask_elbo(elbo):
    """elbo(x, mu, logvar, eps, decoder, sigma) -> (elbo, recon, kl), each (N,)."""
    parts(steady(elbo, *next(batches())), 3, "elbo, recon and kl")
    terms, all_three = backwards(elbo), (KL, RECON, ELBO)
    compare(terms, batches(), *all_three)
    near = [one_row(*code, 0.7) for code in NEAR_PRIOR]
    tolerance = 1e-3, 1e-3, 1e-5
    far(terms, near, "Where q is nearly the prior", *all_three, tolerance=tolerance)
    sigmas = [one_row((0.3, -0.6), -0.5, s, scale=s) for s in (1e-6, 1e-3, 0.02, 40.0, 1e4)]
    sigmas.append(one_row((0.3, -0.6), -0.5, 0.1, x=300))
    far(terms, sigmas, "For a very small or a very large sigma, or miss,", *all_three)
    codes = [one_row(mu, v, np.exp(v / 2)) for mu, v in FAR_CODES]  # a sigma of the draw's size
    far(terms, codes, "For a very small or a very large mu or logvar", *all_three)


# 04.2 to 04.5: the backward pass of a small VAE, one tanh layer on each side


def small_vae(n, d, widths, n_z, seed=11):
    """(params, x, eps): random parameters, binary x (n, d), eps (n, n_z)."""
    rng, (h1, h2) = np.random.default_rng(seed), widths
    shapes = {
        "W1": (d, h1), "b1": h1, "Wm": (h1, n_z), "bm": n_z, "Wv": (h1, n_z), "bv": n_z,
        "W2": (n_z, h2), "b2": h2, "W3": (h2, d), "b3": d,
    }  # fmt: skip
    params = {name: 0.7 * rng.standard_normal(size) for name, size in shapes.items()}
    return params, (rng.random((n, d)) < 0.4) * 1.0, rng.standard_normal((n, n_z))


def forward(p, x, eps):
    """Every tensor of the forward pass, by name."""
    t = {"a1": x @ p["W1"] + p["b1"]}
    t["h1"] = np.tanh(t["a1"])
    t["mu"], t["logvar"] = t["h1"] @ p["Wm"] + p["bm"], t["h1"] @ p["Wv"] + p["bv"]
    t["z"] = t["mu"] + np.exp(t["logvar"] / 2) * eps
    t["a2"] = t["z"] @ p["W2"] + p["b2"]
    t["h2"] = np.tanh(t["a2"])
    t["out"] = t["h2"] @ p["W3"] + p["b3"]
    return t


# 04.3, the middle. Each function takes dz, mu, logvar, eps.


def dmu(dz, mu, logvar, eps):
    return dz + mu / len(mu)


def through(dz, mu, logvar, eps):
    """The road of dlogvar that leads through z."""
    return dz * 0.5 * np.exp(logvar / 2) * eps


def cost(dz, mu, logvar, eps):
    """The KL's own road to logvar."""
    return 0.5 * np.expm1(logvar) / len(mu)


def dlogvar(*q):
    return through(*q) + cost(*q)


SAME_SHAPE = "a gradient has the shape of its tensor"
DMU = Part(dmu, {
    "dmu holds what dlogvar should. The order is dmu, dlogvar.": dlogvar,
    "In dmu the KL's part is divided by the L latents, not by the N rows.":
        lambda dz, mu, v, e: dz + mu / mu.shape[1],
    "dmu lacks the KL's road: the KL depends on mu too, and the two roads add.":
        lambda dz, mu, v, e: dz,
    "dmu lacks the road through z: z = mu + ... has the slope 1 in mu, so dz arrives whole.":
        lambda dz, mu, v, e: mu / len(mu),
    "In dmu the KL's part is N times too large: L is the mean of the KLs over the rows.":
        lambda dz, mu, v, e: dz + mu,
    "In dmu the part through z is divided by N once more; dz has its 1/N already.":
        lambda dz, mu, v, e: (dz + mu) / len(mu),
    "In dmu the KL's part has the wrong sign: L has plus the KL.":
        lambda dz, mu, v, e: dz - mu / len(mu),
    "In dmu the KL's part is twice too large: the slope of ½ mu² is mu.":
        lambda dz, mu, v, e: dz + 2 * mu / len(mu),
    "In dmu the KL's part is divided by the latents too. The KLs of the latents add.":
        lambda dz, mu, v, e: dz + mu / mu.size,
    "In dmu the KL's part is half of what it should be: the slope of ½ mu² is mu.":
        lambda dz, mu, v, e: dz + mu / (2 * len(mu)),
    "mu and logvar have changed places: in dmu stands logvar / N.":
        lambda dz, mu, v, e: dz + v / len(mu),
}, name="`dmu`", why=SAME_SHAPE)  # fmt: skip
DLOGVAR = Part(dlogvar, {
    "dlogvar lacks the KL's road: the KL depends on logvar too, and the two roads add.":
        through,
    "dlogvar lacks the road through z.": cost,
    "In dlogvar the part through z is twice too large: differentiating `exp(logvar / 2)` "
    "brings a ½ down.": lambda *q: 2 * through(*q) + cost(*q),
    "In dlogvar the part through z lacks eps: it is what sigma is multiplied with.":
        lambda dz, mu, v, e: dlogvar(dz, mu, v, 1),
    "In dlogvar the part through z lacks dz, the gradient that arrives.":
        lambda dz, *q: dlogvar(1, *q),
    "In dlogvar the part through z has `exp(-logvar / 2)`. sigma is `exp(logvar / 2)`.":
        lambda dz, mu, v, e: through(dz, mu, -v, e) + cost(dz, mu, v, e),
    "In dlogvar the part through z has mu in the place of eps. It is eps that sigma is "
    "multiplied with.": lambda dz, mu, v, e: dlogvar(dz, mu, v, mu),
    "In dlogvar the part through z has z in the place of eps. It is eps that sigma is "
    "multiplied with.": lambda dz, mu, v, e: dlogvar(dz, mu, v, mu + np.exp(v / 2) * e),
    "In dlogvar stands mu where logvar belongs: the two have changed places.":
        lambda dz, mu, v, e: dlogvar(dz, v, mu, e),
    "In dlogvar the part through z takes `exp(logvar)` for sigma: that is sigma².":
        lambda dz, mu, v, e: through(dz, mu, 2 * v, e) + cost(dz, mu, v, e),
    "In dlogvar the part through z lacks sigma: the slope of `exp(logvar / 2)` is half of "
    "itself.": lambda dz, mu, v, e: through(dz, mu, 0, e) + cost(dz, mu, v, e),
    "In dlogvar the part through z is the slope with respect to sigma. Asked is that with "
    "respect to logvar.": lambda dz, mu, v, e: dz * e + cost(dz, mu, v, e),
    "In dlogvar the KL's part is N times too large: L is the mean of the KLs over the rows.":
        lambda dz, mu, *q: through(dz, mu, *q) + len(mu) * cost(dz, mu, *q),
    "In dlogvar the part through z is divided by N once more; dz has its 1/N already.":
        lambda dz, mu, *q: dlogvar(dz / len(mu), mu, *q),
    "In dlogvar the KL's part has the wrong sign: L has plus the KL.":
        lambda *q: through(*q) - cost(*q),
    "In dlogvar the KL's part lacks its -1, the slope of -logvar: at logvar = 0 it must "
    "vanish.":
        lambda dz, mu, *q: dlogvar(dz, mu, *q) + 0.5 / len(mu),
    "In dlogvar the KL's part is twice too large: the ½ before the bracket of the KL.":
        lambda *q: through(*q) + 2 * cost(*q),
    "In dlogvar the KL's part is divided by the latents too. The KLs of the latents add.":
        lambda dz, mu, *q: through(dz, mu, *q) + cost(dz, mu, *q) / mu.shape[1],
    "In dlogvar the KL's part has sigma where sigma² belongs: it takes `exp(logvar / 2)` for "
    "the variance.": lambda dz, mu, v, e: through(dz, mu, v, e) + cost(dz, mu, v / 2, e),
}, name="`dlogvar`", why=SAME_SHAPE)  # fmt: skip


def ask_draw(draw_gradients):
    """draw_gradients(dz, mu, logvar, eps) -> (dmu, dlogvar), each (N, L)."""
    sizes = (7, 3), (1, 4), (5, 1), (3, 3), (2, 6), (1, 1)
    rng, both = np.random.default_rng(20), (DMU, DLOGVAR)
    compare(draw_gradients, [tuple(rng.normal(size=(4, *size))) for size in sizes], *both)
    near = [_same_rows(1, 0, 0, v, 1) for v in (-0.3, -0.1, -0.03, -0.01, 0.01, 0.03, 0.1, 0.3)]
    far(draw_gradients, near, "Where logvar is nearly 0", *both, tolerance=1e-3)
    sizes = 1e-4, 1e-2, 30, 1e3, 1e5
    # dz has the sign of mu, or of logvar, so that nothing cancels, and both roads count
    codes = [_same_rows(n, dz, mu, 0, 0) for n in (1, 3) for dz in sizes for mu in sizes]
    codes += [
        _same_rows(n, 3 * np.sign(v) * np.exp(abs(v) / 2), 0, v, noise)
        for n in (1, 3) for v in FAR for noise in (0.0, 1.0, 4.0)
    ]  # fmt: skip
    far(draw_gradients, codes, "For very small or very large inputs", *both)


def _same_rows(n, *values):
    """The four inputs, n rows of one latent each."""
    return tuple(np.full((n, 1), value, float) for value in values)


# 04.2, 04.4 and 04.5: a step makes one gradient. It is a function of s, which has all
# parameters, the tensors of the forward pass, x, eps and n; and of g, the gradients so far.

LAYERS = {  # its input, and the tensor that it makes
    "3": ("h2", "out"), "2": ("z", "a2"), "m": ("h1", "mu"), "v": ("h1", "logvar"),
    "1": ("x", "a1"),
}  # fmt: skip


def in_draw(function):
    """A function of dz, mu, logvar, eps as a step."""
    return lambda s, g: function(g.z, s.mu, s.logvar, s.eps)


def in_layer(function, before, after):
    """A function of a layer's input and of the gradient that arrives as a step."""
    return lambda s, g: function(getattr(s, before), getattr(g, after))


def dense(x, dy):
    return x.T @ dy


def layer(i):
    x, dy = LAYERS[i]
    bias = in_layer(lambda x, dy: dy.sum(axis=0), x, dy)
    return {f"W{i}": in_layer(dense, x, dy), f"b{i}": bias}


STEPS = {
    "out": lambda s, g: (sigmoid(s.out) - s.x) / s.n,
    **layer("3"),
    "h2": lambda s, g: g.out @ s.W3.T,
    "a2": lambda s, g: g.h2 * (1 - s.h2**2),
    **layer("2"),
    "z": lambda s, g: g.a2 @ s.W2.T,
    "mu": in_draw(dmu),
    "logvar": in_draw(dlogvar),
    **layer("m"),
    **layer("v"),
    "h1": lambda s, g: g.mu @ s.Wm.T + g.logvar @ s.Wv.T,
    "a1": lambda s, g: g.h1 * (1 - s.h1**2),
    **layer("1"),
}
FIRST_HALF = ("out", "W3", "b3", "h2", "a2", "W2", "b2", "z")
SECOND_HALF = ("Wm", "bm", "Wv", "bv", "h1", "a1", "W1", "b1")
PARAMETERS = ("W3", "b3", "W2", "b2", "Wm", "bm", "Wv", "bv", "W1", "b1")


def backward(p, t, x, eps, names, steps, **arrived):
    """{name: gradient} of the steps `names`, from those that have arrived."""
    s, g = SimpleNamespace(**p, **t, x=x, eps=eps, n=len(x)), SimpleNamespace(**arrived)
    for name in names:
        setattr(g, name, steps[name](s, g))
    return {name: getattr(g, name) for name in names}


def first_half(p, t, x, steps=STEPS):
    return backward(p, t, x, None, FIRST_HALF, steps)


def second_half(p, t, x, dmu, dlogvar, steps=STEPS):
    return backward(p, t, x, None, SECOND_HALF, steps, mu=dmu, logvar=dlogvar)


def whole(p, x, eps, steps=STEPS):
    g = backward(p, forward(p, x, eps), x, eps, STEPS, steps)
    return {name: g[name] for name in PARAMETERS}


def through_tanh(i):
    """Wrong ways back through h = tanh(a)."""
    mistakes = {
        "The slope of tanh is missing on the way from h to a.": lambda dh, h, a: dh,
        "The slope of tanh is `1 - tanh(a)²`, and tanh(a) is h itself: yours squares a.":
            lambda dh, h, a: dh * (1 - a**2),
        "h is tanh(a) already; your slope takes the tanh of it once more.":
            lambda dh, h, a: dh * (1 - np.tanh(h) ** 2),
        "The slope of tanh is `1 - h²`: yours is `1 - h`.": lambda dh, h, a: dh * (1 - h),
        "Your slope is that of a sigmoid, `h (1 - h)`. This layer is a tanh.":
            lambda dh, h, a: dh * h * (1 - h),
        "Your slope is that of SiLU, from the notebook. This layer is a tanh.":
            lambda dh, h, a: dh * sigmoid(a) * (1 + a * sigmoid(-a)),
        "You send it through tanh once more. Back through tanh one multiplies by its slope.":
            lambda dh, h, a: np.tanh(dh),
    }  # fmt: skip
    h, a = f"h{i}", f"a{i}"
    return {
        message: lambda s, g, f=f: f(getattr(g, h), getattr(s, h), getattr(s, a))
        for message, f in mistakes.items()
    }


IN_PLACE = (
    "The slope of tanh is in it already: has it been changed in place (`*=` does that)? Make a "
    "new array."
)


AGAIN = "It is divided by N once more: the 1/N of the loss is in the gradient that arrives."
LOST = "It is N times what it should be: the 1/N of the loss has been lost."
MEAN = (
    "It is a mean over the batch. The 1/N is in the gradient that arrives already; a bias is "
    "added to each row, so its gradient is the sum."
)


def in_layers():
    """{W or b: {message: step}}: what can happen in any dense layer."""
    mistakes = {}
    for i, (before, after) in LAYERS.items():
        W = mistakes[f"W{i}"] = {
            AGAIN: in_layer(lambda x, dy: x.T @ dy / len(x), before, after),
            LOST: in_layer(lambda x, dy: x.T @ dy * len(x), before, after),
        }
        b = mistakes[f"b{i}"] = {MEAN: in_layer(lambda x, dy: dy.mean(axis=0), before, after)}
        if before[0] == "h":
            a = f"a{before[1]}"
            why = f"Its layer's input is {before}, after the tanh; you use {a}, before it."
            W[why] = in_layer(dense, a, after)
        if after[0] == "a":
            why = f"What arrives here is the gradient of {after}, behind the tanh; you use"
            W[f"{why} that of h{i}."] = in_layer(dense, before, f"h{i}")
            b[f"{why} that of h{i}."] = in_layer(lambda x, dy: dy.sum(axis=0), before, f"h{i}")
    return mistakes


MISTAKES = {
    "out": {
        "The 1/N of the loss is missing: L is a *mean* over the rows.":
            lambda s, g: sigmoid(s.out) - s.x,
        "It is divided by the pixels too. L is a mean over the rows, a sum over the pixels.":
            lambda s, g: (sigmoid(s.out) - s.x) / s.x.size,
        "It is divided by the number of pixels. The mean in L is over the N rows.":
            lambda s, g: (sigmoid(s.out) - s.x) / s.x.shape[1],
        "The sign: this is the slope of log p(x|z), and L has minus that.":
            lambda s, g: (s.x - sigmoid(s.out)) / s.n,
        "out are logits, and you use them as the probabilities.":
            lambda s, g: (s.out - s.x) / s.n,
        "It is divided by p (1 - p): that is the slope with respect to the probability p. "
        "out are logits.": lambda s, g: STEPS["out"](s, g) / (sigmoid(s.out) * sigmoid(-s.out)),
        "The factor p (1 - p) does not belong here: that is the slope of a squared error. For "
        "the Bernoulli it cancels.":
            lambda s, g: STEPS["out"](s, g) * sigmoid(s.out) * sigmoid(-s.out),
    },
    "h2": {
        "W3 has been reshaped. It is to be transposed, `W3.T`, which is another thing.":
            lambda s, g: g.out @ s.W3.reshape(s.W3.shape[::-1]),
        IN_PLACE: lambda s, g: g.out @ s.W3.T * (1 - s.h2**2),
    },
    "a2": through_tanh(2),
    "W2": {"Its layer's input is the draw z; you use mu.": lambda s, g: s.mu.T @ g.a2},
    "z": {
        "What arrives at its layer is the gradient of a2; you send that of h2 through W2.":
            lambda s, g: g.h2 @ s.W2.T,
        "The KL's road does not pass through z; it joins later, at mu and logvar.":
            lambda s, g: g.a2 @ s.W2.T + s.mu / s.n,
        "With the prior's slope, z / N, you differentiate log p(z). Here the KL is a formula "
        "of mu and logvar, and z is not in it.": lambda s, g: g.a2 @ s.W2.T + s.z / s.n,
    },
    "Wm": {
        "What arrives at Wm is dmu; you use dlogvar.": lambda s, g: s.h1.T @ g.logvar,
        "You add the KL's road, mu / N, to dmu. It is in there already.":
            lambda s, g: s.h1.T @ (g.mu + s.mu / s.n),
    },
    "Wv": {
        "What arrives at Wv is dlogvar; you use dmu.": lambda s, g: s.h1.T @ g.mu,
        "You add the KL's road to dlogvar. It is in there already.":
            lambda s, g: s.h1.T @ (g.logvar + 0.5 * np.expm1(s.logvar) / s.n),
    },
    "h1": {
        "Only mu's road has arrived. h1 feeds two layers, and their gradients add.":
            lambda s, g: g.mu @ s.Wm.T,
        "Only logvar's road has arrived. h1 feeds two layers, and their gradients add.":
            lambda s, g: g.logvar @ s.Wv.T,
        "It is the mean of the two roads. They add.":
            lambda s, g: (g.mu @ s.Wm.T + g.logvar @ s.Wv.T) / 2,
        "The two weight matrices have changed places.":
            lambda s, g: g.mu @ s.Wv.T + g.logvar @ s.Wm.T,
        "dmu and dlogvar are added before they go back. Each goes through its own matrix, and "
        "then they add.": lambda s, g: (g.mu + g.logvar) @ (s.Wm + s.Wv).T,
        "The second road is subtracted. The two add.":
            lambda s, g: g.mu @ s.Wm.T - g.logvar @ s.Wv.T,
        IN_PLACE: lambda s, g: STEPS["h1"](s, g) * (1 - s.h1**2),
    },
    "a1": through_tanh(1),
}  # fmt: skip
MISTAKES |= {name: MISTAKES.get(name, {}) | wrong for name, wrong in in_layers().items()}
DRAWN = {  # what can go wrong only in between
    "mu": {message: in_draw(wrong) for message, wrong in DMU.mistakes.items()} | {
        "To dmu comes z / N, the slope of -log p(z), at the draw. L has the KL as a formula of "
        "mu and logvar: its slope is mu / N.": lambda s, g: g.z + s.z / s.n,
    },
    "logvar": {message: in_draw(wrong) for message, wrong in DLOGVAR.mistakes.items()} | {
        "The KL has been sent through z. Its road does not pass through z; it joins at mu and "
        "logvar.": lambda s, g: dlogvar(g.z + s.mu / s.n, s.mu, s.logvar, s.eps),
        "The slope of -log p(z), z / N, has been sent through z. The KL is a formula of mu and "
        "logvar, and z is not in it.":
            lambda s, g: dlogvar(g.z + s.z / s.n, s.mu, s.logvar, s.eps),
    },
}  # fmt: skip
FORWARD = {
    "The sign: these are the slopes of +mean(elbo), and L is -mean(elbo).":
        lambda *q: {name: -array for name, array in whole(*q).items()},
    "It is decoded from z = mu: your forward pass has no noise in it.":
        lambda p, x, eps: whole(p, x, 0 * eps),
    "Your draw uses `exp(logvar)` for sigma. That is sigma²; sigma is its root.":
        lambda p, x, eps: whole(p, x, np.exp(forward(p, x, eps)["logvar"] / 2) * eps),
}  # fmt: skip


def passes(half, places, *tables):
    """{(first wrong tensor, message): backward pass with that one step wrong}."""
    made = {}
    for place in places:
        seen = place if half is not whole else SHOWS_IN.get(place, place)
        cause = "" if seen == place else f"The fault is in the gradient of {place}. "
        for table in tables:
            for message, step in table.get(place, {}).items():
                made[seen, cause + message] = lambda *q, wrong={place: step}: half(
                    *q, steps=STEPS | wrong
                )
    return made


SHOWS_IN = {  # where parameters alone are put out
    "out": "W3", "h2": "W2", "a2": "W2", "z": "Wm", "mu": "Wm", "logvar": "Wv", "h1": "W1",
    "a1": "W1",
}  # fmt: skip
FIRST_WRONG = passes(first_half, FIRST_HALF, MISTAKES)
SECOND_WRONG = passes(second_half, SECOND_HALF, MISTAKES)
WHOLE_WRONG = {("W3", message): wrong for message, wrong in FORWARD.items()}
WHOLE_WRONG |= passes(whole, STEPS, MISTAKES, DRAWN)


def told(names, first, why):
    """The message: what is right, the first tensor that is not, and why."""
    right = ", ".join(f"`{name}`" for name in names[: names.index(first)])
    return f"{f'Right so far: {right}. ' if right else ''}First wrong: `{first}`. {why}"


def all_told(names, wrong):
    """`wrong` as `Exercise` has it."""
    return {told(names, *key): answer for key, answer in wrong.items()}


def walk(answer, cases, right, wrong):
    """NotYet at the first tensor, in the order of the right pass, that is not right."""
    got, want = [call(answer, *case) for case in cases], [right(*case) for case in cases]
    for one in got:
        expect(isinstance(one, dict), "Your function should return the dict `g` of gradients.")
    for name in want[0]:
        try:
            _one_tensor(name, got, want, wrong, cases)
        except NotYet as reason:
            raise NotYet(told(list(want[0]), name, reason)) from None


def _one_tensor(name, got, want, wrong, cases):
    for one in got:
        expect(name in one, "It is not in the dict that you return.")
        expect(one[name] is not None and one[name] is not ..., "It is still empty.")
    pairs = [(one[name], true[name]) for one, true in zip(got, want, strict=True)]
    bad = [pair for pair in pairs if not close(*pair)]
    if bad:
        expect(not (why := _cause(name, got, wrong, cases)), why)
        shape(bad[0][0], bad[0][1].shape, SAME_SHAPE, f'`g["{name}"]`')
        values(*bad[0], f'`g["{name}"]`')


def _cause(name, got, wrong, cases):
    """The mistake that explains `name`; if there are several, one that explains the others,
    too. "" if there is none."""
    found = []
    for (first, message), mistaken in wrong.items():
        if first == name:
            made = [mistaken(*case) for case in cases]
            if all(close(a[name], b[name]) for a, b in zip(got, made, strict=True)):
                both = zip(got, made, strict=True)
                found.append((sum(close(a.get(k), b[k]) for a, b in both for k in b), message))
    return max(found, key=lambda one: one[0], default=(0, ""))[1]


def walk_far(answer, case, right, why, roughly=(), names=None):
    """NotYet at the first tensor with an entry that is not right, beside greater ones; those
    in `roughly` have rounding of the size of the logits' own."""
    got, want = call(answer, *case), right(*case)
    for name in names or want:
        one, atol = np.asarray(got[name]), 1e-6 if name in roughly else 0
        expect(
            one.shape == want[name].shape and np.allclose(one, want[name], 2e-3, atol),
            f"First wrong: `{name}`. {why}",
        )


def vaes():
    """(p, t, x, eps) of each kind of shape."""
    sizes = (7, 5, (4, 6), 3), (1, 3, (5, 2), 1), (4, 6, (2, 3), 5), (3, 1, (1, 4), 2)
    for size in (*sizes, (3, 3, (3, 3), 3), (1, 1, (1, 1), 1)):
        p, x, eps = small_vae(*size)
        yield p, forward(p, x, eps), x, eps


SATURATED = np.array([-5, -4.4, -3.8, -3, -2.4, 2.7, 3.4, 4.1, 4.7])  # where tanh is nearly ±1
CUT_OFF = (
    "Where tanh is nearly ±1, or what arrives is very large or very small, it is no longer "
    "right: is a slope or a gradient cut off?"
)


def ask_decoder_half(decoder_gradients):
    """decoder_gradients(p, t, x) -> {out, W3, b3, h2, a2, W2, b2, z}."""
    walk(decoder_gradients, [case[:3] for case in vaes()], first_half, FIRST_WRONG)
    logits = np.array([-14, -10, -7.5, -5, -3.5, 3.5, 5, 7.5, 10, 14])
    p, x, eps = small_vae(3, 10, (4, len(SATURATED)), 2)
    certain = p | {"b3": logits, "W3": 0.1 * p["W3"]}
    clipped = (
        "Where a pixel is all but certain (logits of ±5 to ±14) it is no longer right: are "
        "logits or probabilities clipped?"
    )
    nan = (
        "With logits of ±10000 it is not right: a NaN, from infinity by infinity? `tv.sigmoid` "
        "never makes one."
    )
    saturated = p | {"b2": SATURATED, "W2": 0.05 * p["W2"], "W3": 30 * p["W3"]}
    for params, coins, why, *rounded in (
        (certain, 0 * x, clipped, ["out"], ["out"]),
        (certain, 0 * x + 1, clipped, ["out"], ["out"]),
        (p | {"b3": 1e4 * np.sign(logits)}, x, nan, STEPS),
        (saturated, x, CUT_OFF, ["out", "W3", "b3"]),
    ):
        case = params, forward(params, coins, eps), coins
        walk_far(decoder_gradients, case, first_half, why, *rounded)


def ask_encoder_half(encoder_gradients):
    """encoder_gradients(p, t, x, dmu, dlogvar) -> {Wm, bm, Wv, bv, h1, a1, W1, b1}."""
    rng = np.random.default_rng(5)
    cases = [(p, t, x, *rng.normal(size=(2, *eps.shape)) / len(x)) for p, t, x, eps in vaes()]
    walk(encoder_gradients, cases, second_half, SECOND_WRONG)
    for unit in (1e-6, 1.0, 1e4):
        p, x, eps = small_vae(1, 5, (len(SATURATED), 3), 3)
        p |= {"b1": SATURATED, "W1": 0.05 * p["W1"]}
        arrived = unit * rng.normal(size=(2, *eps.shape))
        case = p, forward(p, x, eps), x, *arrived
        walk_far(encoder_gradients, case, second_half, CUT_OFF)


def ask_gradients(gradients):
    """gradients(p, x, eps) -> the gradient of L for each of the ten parameters."""
    cases = [(p, x, eps) for p, t, x, eps in vaes()]
    steady(gradients, *cases[0])
    walk(gradients, cases, whole, WHOLE_WRONG)
    why = (
        "Where a logvar is very small or very large (-16 to 10) or a tanh nearly ±1 it is no "
        "longer right: is something clipped or cut off?"
    )
    walk_far(gradients, far_vae(), whole, why)


def far_vae():
    """(params, x, eps): latents from narrow to wide, W2 in the unit of each, one example."""
    p, x, eps = small_vae(1, 6, (len(SATURATED), 12), len(FAR), seed=17)
    x[:], spread = [1, 0] * 3, np.exp(FAR / 2)  # coins against all odds: their slopes are +-1
    p |= {"b1": SATURATED, "W1": 0.05 * p["W1"], "b3": 12 * (0.5 - x[0])}
    p |= {"Wv": 0.01 * p["Wv"], "bv": FAR, "Wm": 0.1 * p["Wm"] * spread, "bm": p["bm"] * spread}
    p |= {"W2": 0.2 * p["W2"] / spread[:, None], "b2": np.append(SATURATED, [0, 0.5, -0.3])}
    return p, x, eps


# 04.6: many draws


bound_of = partial(logmeanexp, axis=0)

BOUND = Part(bound_of, {
    "This is the mean of the log-weights: an average of k estimates of the ELBO, no tighter "
    "than one. Average the weights, then take the logarithm.": lambda a: a.mean(axis=0),
    "This is the log of the *sum* of the weights. Their mean is a k-th of it.":
        lambda a: logsumexp(a, axis=0),
    "This is the greatest log-weight alone.": lambda a: a.max(axis=0),
    "This divides by the number of examples. The mean is over the k draws.":
        lambda a: logsumexp(a, axis=0) - np.log(a.shape[1]),
    "This divides by k - 1. The mean of k weights is a k-th of their sum.":
        lambda a: logsumexp(a, axis=0) - np.log(len(a) - 1),
    "log k is subtracted from the greatest log-weight only; the other weights are lost.":
        lambda a: a.max(axis=0) - np.log(len(a)),
    "This is minus the bound: a loss.": lambda a: -bound_of(a),
    "This is the mean of the weights. Its logarithm is asked for.":
        lambda a: np.exp(bound_of(a)),
    "log k is added. The mean of the weights is a k-th of their sum.":
        lambda a: logsumexp(a, axis=0) + np.log(len(a)),
    "The log of the sum is divided by k. Divide inside the logarithm: subtract log k.":
        lambda a: logsumexp(a, axis=0) / len(a),
    "The greatest log-weight has been taken out, but not been put back.":
        lambda a: bound_of(a) - a.max(axis=0),
    "The mean is over the examples. The k draws are axis 0.":
        lambda a: logmeanexp(a, axis=1),
}, name="the bound", why="one bound for each example: the k draws are axis 0")  # fmt: skip
LEVELS = (8, 20, 35, 60, 88, 120, 300, 600, 705, 740, 800, 1200, 1500, 3000, 8000, 2e4)


def ask_bound(bound):
    """bound(log_w) -> (N,): log of the mean of the k weights of each column, (k, N)."""
    rng = np.random.default_rng(31)
    sizes = (4, 3), (3, 6), (7, 1), (3, 3), (2, 5), (1, 3), (1, 1)
    compare(bound, [(2 * rng.normal(size=size) - 5,) for size in sizes], BOUND)
    levels = np.array([sign * level for level in LEVELS for sign in (1, -1)])
    for message, cases in far_weights(levels + 2 * rng.normal(size=(5, len(levels)))):
        part = at_edge(BOUND, message, 2e-6)
        compare(
            bound, cases, replace(part, not_finite=OVERFLOWS) if "clip" in message else part
        )


OVERFLOWS = (
    "With log-weights near 1200 or -1200 your bound is not finite: `exp(1200)` overflows, and "
    "`exp(-1200)` is 0, whose logarithm is -inf. Take something out of the exponent first."
)


def far_weights(log_w):
    """(message, cases): log_w, one example at a time and together; draws that differ by far,
    or not at all."""
    yield (
        "With log-weights up to ±20000 your bound is no longer right: is something clipped?",
        [(column[:, None],) for column in log_w.T],
    )
    yield (
        "Where one example's log-weights lie near -1200 and another's near 20000 your bound is "
        "not right. Take out of each example something of its own.",
        [(log_w,), (log_w[:, ::-1],)],
    )
    ties = [-3.0] * 3, [-20000.0] * 3, [-100.0, 7.0, 7.0], [0.0] * 2
    yield (
        "Where several draws have the same weight your bound is not right: each counts.",
        [(np.array(one)[:, None],) for one in ties],
    )
    alone = np.full((3, 3), -np.inf)
    np.fill_diagonal(alone, (0.0, 1.9e4, -1.5e4))  # it comes first, second, last
    near = np.array([[0.0, -3.0], [-900.0, -800.0], [-5.0, -3.5]])
    yield (
        "Where one draw is the greatest by far, and all the others together weigh nothing, "
        "your bound is not right. No other draw can be taken out, not the first nor the "
        "median: take out the *greatest*.",
        [(near,), (np.maximum(alone, -900.0),), (np.maximum(alone, -2e4),)],
    )
    none = np.array([[-np.inf], [-3.0], [-4.0]])
    yield (
        "One draw among many may have weight 0 (log-weight -inf): it adds nothing to the mean, "
        "but is counted in k.",
        [(none,), (none[1::-1],), (alone,)],
    )
    many = np.full((20000, 1), -50.0)
    many[777] = 0
    yield (
        "With 20000 draws, one of them by far the greatest, your bound is not right: is "
        "something added inside the logarithm?",
        [(many,)],
    )


# 04.7: collapse. Each function takes eigenvalues, n_z, sigma, beta.


def of_noise(function):
    """The answer that function(eigenvalues, n_z, noise) makes."""
    return lambda v, n, s, b: function(v, n, b * s**2)


def largest(v, n):
    return np.sort(v)[::-1][:n]


def where_live(function):
    """function(largest, noise) for a live latent, 0 for a dead one."""

    def made(v, n, noise):
        top = largest(v, n)
        return np.where(top > noise, function(top, noise), 0)

    return of_noise(made)


LATENT_KL = Part(where_live(lambda top, noise: 0.5 * np.log(top / noise)), {
    "sigma enters as it is. It is a standard deviation; the noise is its square.":
        lambda v, n, s, b: LATENT_KL.right(v, n, np.sqrt(s), b),
    "beta is left out: it multiplies the noise.":
        lambda v, n, s, b: LATENT_KL.right(v, n, s, 1),
    "beta divides the noise here. It multiplies it: a dearer KL lets fewer latents live.":
        lambda v, n, s, b: LATENT_KL.right(v, n, s, 1 / b),
    "beta is squared together with sigma: the noise is `beta * sigma**2`.":
        lambda v, n, s, b: LATENT_KL.right(v, n, s, b**2),
    "The ½ of the KL is missing.": lambda *q: 2 * LATENT_KL.right(*q),
    "The KL is weighed with beta here. Asked is the KL itself, as one reports it.":
        lambda v, n, s, b: b * LATENT_KL.right(v, n, s, b),
    "This is `½ (lambda / noise - 1)`. The mean KL at the optimum is a logarithm.":
        where_live(lambda top, noise: 0.5 * (top / noise - 1)),
    "These are bits. Asked are nats, the natural logarithm.":
        lambda *q: LATENT_KL.right(*q) / np.log(2),
    "Latents below the noise have a KL below 0 here. They are dead: their KL is 0.":
        of_noise(lambda v, n, noise: 0.5 * np.log(largest(v, n) / noise)),
    "This is `½ log(1 + lambda / noise)`, as if the eigenvalues were those of the signal "
    "alone. They are the data's: the noise is in them.": (
        of_noise(lambda v, n, noise: 0.5 * np.log1p(largest(v, n) / noise)),
        where_live(lambda top, noise: 0.5 * np.log1p(top / noise)),
    ),
    "Inside the logarithm stands `(lambda - noise) / noise`, which is |w|² / noise. The KL has "
    "eigenvalue / noise.":
        where_live(lambda top, noise: 0.5 * np.log(abs(top - noise) / noise)),
    "Inside the logarithm stands `(lambda - noise) / noise`, which is |w|² / noise, and what "
    "came out below 0 is cut off. The KL has eigenvalue / noise.":
        where_live(lambda top, noise: 0.5 * np.log(np.maximum(top / noise - 1, 1))),
    "This is `(lambda - noise) / noise`, which is |w|² / noise. The KL is half the logarithm "
    "of eigenvalue / noise.": where_live(lambda top, noise: top / noise - 1),
    "The eigenvalues are squared. They are variances already.":
        lambda v, *rest: LATENT_KL.right(v**2, *rest),
    "You take the eigenvalues in the order in which they come. The model's latents take the "
    "n_z *largest*, the greatest first.":
        of_noise(lambda v, n, noise: 0.5 * np.log(np.maximum(v[:n], noise) / noise)),
    "These are the n_z *smallest* eigenvalues.": (
        lambda v, n, *rest: LATENT_KL.right(np.sort(v)[:n], n, *rest),
        lambda v, n, *rest: LATENT_KL.right(np.sort(v)[:n], n, *rest)[::-1],
    ),
    "The order: the greatest first.": lambda *q: LATENT_KL.right(*q)[::-1],
    "These are ones and zeros, live and dead. Asked is how many nats each says.":
        where_live(lambda top, noise: 1.0),
}, name="the KL of the latents", why="one for each latent, live or dead")  # fmt: skip
KL_EDGES = (
    (
        "Equal eigenvalues are a latent each, live or dead.",
        ((3, 0.5, 3, 3, 0.5), 4), ((2, 2, 2), 3),
    ),
    (
        "An eigenvalue a little above the noise makes a latent that lives, if only by little; "
        "one that equals the noise, or lies below it, makes a dead one.",
        ((1.01, 0.99, 1.002), 3), ((1, 4, 1), 3), ((0.9, 0.5, 0.1), 3),
    ),
    (
        "An eigenvalue may be 0 (data that lie in a plane): such a latent is dead, KL 0.",
        ((0, 2, 0), 3), ((0, 0), 1), ((0, 0, 0), 3),
    ),
)  # fmt: skip
UNITS = (1e-6, 1.0), (3e-4, 5.0), (1.0, 1e-8), (1e4, 2.0), (0.01, 1e8)  # sigma, beta


def in_units(given, n_z, units):
    """Cases whose noise is 1 in the unit of `given`."""
    return [(np.array(given, float) * b * s**2, n_z, s, b) for s, b in units]


def ask_eigenvalues(answer, usual, part, edges, extreme):
    """The cases of 04.7 and of 04.12, from usual ones to those far from it."""
    compare(answer, usual, part)
    for message, *those in edges:
        cases = [case for one in those for case in in_units(*one, ((1.0, 1.0), (0.5, 4.0)))]
        compare(answer, cases, at_edge(part, message))
    whole_numbers = "Where the eigenvalues are an array of ints your answer is not right."
    compare(answer, [(np.array([7, 6, 4, 2]), 3, 1, 3)], at_edge(part, whole_numbers))
    cases = [case for one in extreme for case in in_units(*one, UNITS)]
    far(answer, cases, "For very small or very large inputs", part)


def ask_collapse(latent_kl):
    """latent_kl(eigenvalues, n_z, sigma, beta) -> (n_z,) nats, the greatest first."""
    rng, usual = np.random.default_rng(41), []
    settings = (8, 5, 0.8, 2.5), (6, 6, 0.5, 0.4), (5, 1, 0.3, 0.7), (4, 3, 3, 2), (1, 1, 1, 2)
    for d, n_z, sigma, beta in settings:
        sizes = 6.0 * 0.45 ** np.arange(d) * (1 + 0.2 * rng.random(d))
        usual.append((rng.permutation(sizes), n_z, sigma, beta))
    extreme = [((0.3, 4 * spread, 2, 30), 3) for spread in (1.0, 1e12)]
    ask_eigenvalues(latent_kl, usual, LATENT_KL, KL_EDGES, extreme)


# 04.8: the beta audit. A formula is one of n, d and m, the number of latents.


def hidden_betas(n, d, n_z):
    """The beta of each of the six losses: the KL's factor over recon's."""
    return 0.00025 * d, 1, 4 / n_z, n, d / 2, 1


def audit_mistakes(n, d, m):
    """{message: wrong beta} of each of the six."""
    over = "This is one over the beta: the KL's factor goes above, recon's below."
    return (
        {
            "0.00025 is what is written. But the mean over the pixels has made recon D times "
            "smaller than it should be.": 0.00025,
            "The mean over the pixels makes recon smaller, and so the KL's weight larger, not "
            "smaller.": 0.00025 / d,
            "The batch mean is in both terms; N does not count.": 0.00025 * d * n,
            "Its KL is summed over the latents, as it should be; L does not count.":
                0.00025 * d / m,
            over: 4000 / d,
        },
        {
            "Both terms are summed over the batch. What multiplies both changes no beta.": n,
            "Sums over the batch in *both* terms: 1/N does not remain.": 1 / n,
        },
        {
            "4 is what is written. But its KL is a mean over the latents.": 4,
            "The factor 4 is left out.": 1 / m,
            "The D before the mean over pixels is what makes that mean a sum: it does not "
            "count once more.": 4 * d / m,
            "The D makes recon honest; it does not make the KL small besides.": 4 / (m * d),
            "A mean over the latents makes the KL smaller: L goes below.": 4 * m,
            "`4 // n_z` drops what is left over; `4 / n_z` does not.": 4 // m,
            over: m / 4,
        },
        {
            "It is the KL that is summed over the batch, not recon.": 1 / n,
            "The sum over the batch in its KL makes that N times too large.": 1,
            "Its KL is summed over the latents, as it should be; L does not count.": n * m,
        },
        {
            "The honest Gaussian has a ½ before the square.": d,
            "`//` drops what is left over; `/` does not.": d // 2,
            "The missing ½ makes recon too *large*: it makes beta smaller.": 2 * d,
            "The mean over the pixels counts too, not the missing ½ alone.": 0.5,
            "The mean over the pixels makes recon small, and so beta large.": 1 / (2 * d),
            over: 2 / d,
        },
        {
            "Both terms are divided by D. What divides both changes no beta.": d,
            "Its recon is divided by D as well, in the mean.": 1 / d,
        },
    )  # fmt: skip


PRINTED = 100, 64, 10  # the sizes that the answer's cell prints


def audited(i):
    """`loss_1` and so on as a Part."""
    name, typed = f"`loss_{i + 1}`", hidden_betas(*PRINTED)[i]
    mistakes = {
        f"{name}: {message}": lambda *sizes, message=message: audit_mistakes(*sizes)[i][message]
        for message in audit_mistakes(*PRINTED)[i]
    }
    if typed != 1:
        formula = f"{name}: right for 100, 64, 10 only. Write a formula of n, d and n_z."
        mistakes[formula] = lambda *sizes: typed
    again = f"{name}: not yet. How many times the honest one is its recon, and its KL?"
    said = {"name": name, "why": "a beta is one number", "otherwise": lambda *_: again}
    return Part(lambda *sizes: hidden_betas(*sizes)[i], mistakes, **said)


AUDIT = tuple(map(audited, range(6)))


def ask_audit(audit):
    """audit(n, d, n_z) -> the six betas."""
    parts(call(audit, *PRINTED), 6, "one beta for each loss, in their order")
    sizes = (32, 50, 7), (100, 784, 20), (1, 3, 2), (1, 1, 1), (50, 1229, 3), (3000, 200, 64)
    compare(audit, [*sizes, PRINTED], *AUDIT)


# 04.9: what a diagonal q cannot say

PIXELS = np.array([[1.0, 0.5, 0.0], [0.8, 0.2, 0.0]])  # W of the model with two latents
PRECISION = np.eye(2) + PIXELS @ PIXELS.T / 0.5**2
BEST = 1 / np.sqrt(np.diag(PRECISION))
GAP = 0.5 * np.log(np.diag(PRECISION).prod() / np.linalg.det(PRECISION))
SHADOWS = np.sqrt(np.diag(np.linalg.inv(PRECISION)))
SPREADS = {
    "These are how widely the posterior itself spreads along z1 and z2. Set the sliders to "
    "them: is the ELBO at its highest there?": SHADOWS,
    "These are the posterior's spreads along its own slanted axes. q's axes are z1 and z2.":
        1 / np.sqrt(np.linalg.eigvalsh(PRECISION)[::-1]),
    "These are variances. Asked are standard deviations.": BEST**2,
    "These are logvars. Asked are standard deviations.": 2 * np.log(BEST),
    "The two have changed places.": BEST[::-1],
    "These are where the sliders start.": np.array([0.3, 0.9]),
    "This is the prior, 1 and 1. The ELBO is higher elsewhere.": np.ones(2),
}  # fmt: skip
NEGATIVE = "The gap is log p(x) minus the ELBO, so it is not negative."


def ask_diagonal(both):
    """(q's best two standard deviations, log p(x) - ELBO there in nats)."""
    if not (isinstance(both, (tuple, list)) and len(both) == 2):
        raise NotYet('Two answers are asked for: `check("04.9", (best_sds, gap))`.')
    sds, gap = both
    if not any(_is_set(one) for one in both):
        raise NotImplementedError()
    expect(_is_set(sds), "`best_sds` is still None: the two standard deviations.")
    two = np.ravel(np.asarray(sds, dtype=object))
    expect(two.size == 2, "`best_sds` should be 2 numbers, `(sd_1, sd_2)`.")
    sds = np.array([number(one, "`best_sds` has two of them") for one in two])
    expect(_is_set(gap), "`gap` is still None: log p(x) - ELBO at your best_sds.")
    gap = number(np.ravel(gap)[0] if np.size(gap) == 1 else gap, "`gap`, in nats")
    recognise(sds, BEST, SPREADS, tolerance=0.04)
    off = sds - BEST
    worst = int(np.abs(off).argmax())
    expect(
        np.abs(off).max() <= 0.025,
        "The ELBO is not at its highest for these two: from here, try "
        f"sd {worst + 1} {'smaller' if off[worst] > 0 else 'larger'} by 0.05.",
    )
    recognise(gap, GAP, {NEGATIVE: -GAP}, tolerance=0.03)
    expect(
        gap > 0.05,
        "The gap is `log p(x) - ELBO` at the best place you found; no slider makes it vanish.",
    )
    expect(abs(gap - GAP) <= 0.01, "The gap is not that: log p(x) minus the highest ELBO.")


def _is_set(answer):
    return answer is not None and answer is not Ellipsis


# 04.10: three names. Each function takes recon, mu, logvar.


def bound_with(sign=-1, kl=kl_of):
    """The ELBO of each row, or what becomes of it."""
    return lambda recon, mu, v: recon + sign * kl(mu, v)


elbo_of = bound_with()


def loss_with(of=np.mean, bound=elbo_of):
    return lambda *q: -of(bound(*q))


ONE_EACH = "one number for each row"
NAMES = (
    Part(kl, KL_MISTAKES | {
        "kl holds what another of the three should. The order is loss, elbo, kl.":
            (loss_with(), elbo_of),
    }, name="`kl`", why=ONE_EACH),
    Part(elbo_of, {
        "Your elbo is recon *plus* the KL: the bug, still there. It lies above log p(x).":
            bound_with(1),
        "What you call elbo is minus the ELBO. That is what the docstring of `reported` "
        "promised, but not what the name elbo says.": lambda *q: -elbo_of(*q),
        "Your elbo is minus what `reported` returns: minus recon, minus the KL. What it "
        "returns is recon plus the KL, the bug.": lambda *q: -bound_with(1)(*q),
        "Your elbo is recon alone.": bound_with(0),
        "Your elbo subtracts the KL of the whole batch from each row.":
            bound_with(kl=lambda mu, v: kl_of(mu, v).sum()),
    }, name="`elbo`", why=ONE_EACH),
    Part(loss_with(), {
        "Your loss is a sum over the batch. Asked is the mean.": loss_with(np.sum),
        "Your loss is an absolute value. An ELBO of densities may be positive, and then the "
        "loss is negative.": lambda *q: abs(loss_with()(*q)),
        "Your loss is +mean(elbo): whoever makes it smaller makes the model worse.":
            lambda *q: -loss_with()(*q),
        "Your loss is the mean of what `reported` returns: recon plus the KL, the bug.":
            lambda *q: -loss_with(bound=bound_with(1))(*q),
        "Your loss adds up -recon and -KL: it rewards codes far from the prior.":
            loss_with(bound=bound_with(1)),
    }, name="`loss`", why="one number for the whole batch"),
)  # fmt: skip


def ask_names(honest_terms):
    """honest_terms(recon, mu, logvar) -> (loss, elbo, kl): a number, (N,), (N,)."""
    rng, cases = np.random.default_rng(50), []
    for n, n_z, level in ((6, 3, -9), (1, 2, -4), (4, 1, 30), (3, 3, 2), (2, 5, 0), (1, 1, -1)):
        cases.append((rng.normal(size=n) + level, *rng.normal(size=(2, n, n_z))))
    parts(call(honest_terms, *cases[0]), 3, "loss, elbo and kl")
    terms = backwards(honest_terms)
    compare(terms, cases, *NAMES)

    def row(recon, mu, logvar):
        return np.full(1, recon, float), np.full((1, 2), mu, float), np.full((1, 2), logvar)

    near = [row(0, *code) for code in NEAR_PRIOR]
    far(terms, near, "Where q is nearly the prior", *NAMES, tolerance=1e-3)
    cases = [row(0, *code) for code in FAR_CODES] + [row(big, 0.5, 1) for big in (-1e5, 1e5)]
    far(terms, cases, "For very small or very large inputs", *NAMES)


# 04.11: a Gaussian with its sigma. Each function takes x, out, log_sigma.


def density_with(square=lambda x, s: x * np.exp(-2 * s), constant=lambda d, s: d * s, half=0.5):
    """recon, or what becomes of it with something else in it."""

    def density(x, out, log_sigma):
        d, squares = x.shape[1], ((x - out) ** 2).sum(axis=1)
        return -half * square(squares, log_sigma) - constant(d, log_sigma) - d * LOG_2PI / 2

    return density


def dout(x, out, log_sigma):
    return (out - x) * np.exp(-2 * log_sigma) / len(x)


def slope_with(d=lambda d: d, ratio=lambda x, d, n, sigma: x / sigma**2, scale=1):
    """dlog_sigma, or what becomes of it; x is the mean of the rows' squares."""

    def slope(x, out, log_sigma):
        mean, sigma, width = ((x - out) ** 2).sum(axis=1).mean(), np.exp(log_sigma), x.shape[1]
        return scale * (d(width) - ratio(mean, width, len(x), sigma))

    return slope


density, slope = density_with(), slope_with()
DENSITY = Part(density, {
    "In recon the square is still not divided by sigma².": density_with(lambda x, s: x),
    "In recon the square is divided by sigma. It belongs divided by sigma².":
        density_with(lambda x, s: x * np.exp(-s)),
    "In recon the square is multiplied by sigma². A small sigma makes a miss *dearer*.":
        density_with(lambda x, s: x * np.exp(2 * s)),
    "In recon the square is divided by log_sigma². sigma is `exp(log_sigma)`.":
        density_with(lambda x, s: x / np.float64(s) ** 2),
    "recon takes log_sigma for the log of the *variance*. sigma is `exp(log_sigma)`.":
        density_with(lambda x, s: x * np.exp(-s), lambda d, s: d * s / 2),
    "recon has lost `D log sigma`, without which no sigma is too large.":
        density_with(constant=lambda d, s: 0),
    "recon adds `D log sigma`. It is subtracted: the density is divided by sigma.":
        density_with(constant=lambda d, s: -d * s),
    "recon has lost `(D / 2) log 2 pi`.":
        lambda x, *rest: density(x, *rest) + x.shape[1] * LOG_2PI / 2,
    "recon has lost the ½ before the square.": density_with(half=1),
    "recon is minus the log-density.": lambda *q: -density(*q),
    "recon is a mean over the pixels. Their log-densities add up.":
        lambda x, *rest: density(x, *rest) / x.shape[1],
}, name="`recon`", why="one number for each row, summed over its D pixels")  # fmt: skip
DOUT = Part(dout, {
    "dout does not follow recon: the 1/sigma² is missing in it.":
        lambda x, out, s: dout(x, out, 0),
    "dout has 1/sigma where recon has 1/sigma².": lambda x, out, s: dout(x, out, s / 2),
    "The sign of dout: L is *minus* the mean of recon.": lambda *q: -dout(*q),
    "dout lacks the 1/N of the batch's mean.": lambda x, *rest: dout(x, *rest) * len(x),
    "dout is divided by the pixels. L is a mean over the rows alone.":
        lambda x, *rest: dout(x, *rest) / x.shape[1],
    "dout is twice too large: the ½ takes away the 2 of the square.": lambda *q: 2 * dout(*q),
}, name="`dout`", why=SAME_SHAPE)  # fmt: skip
SLOPE = Part(slope, {
    "dlog_sigma is still D: the square depends on sigma now, and pulls the other way.":
        slope_with(ratio=lambda *_: 0),
    "dlog_sigma lacks D, the slope of the constant.": slope_with(lambda d: 0),
    "dlog_sigma is the slope with respect to sigma. Asked is that with respect to log sigma.":
        lambda x, out, s: slope(x, out, s) * np.exp(-s),
    "dlog_sigma is the slope with respect to log sigma². Asked is that with respect to log "
    "sigma.": slope_with(scale=0.5),
    "In dlog_sigma the ½ of recon is left on the square: differentiating `exp(-2 log_sigma)` "
    "brings a 2 down.": slope_with(ratio=lambda x, d, n, sigma: x / sigma**2 / 2),
    "The sign of dlog_sigma: L is *minus* the mean of recon.": slope_with(scale=-1),
    "In dlog_sigma the two parts add. They pull in opposite directions.":
        slope_with(ratio=lambda x, d, n, sigma: -x / sigma**2),
    "dlog_sigma is a sum over the batch. L is a mean.":
        lambda x, *rest: slope(x, *rest) * len(x),
    "In dlog_sigma the square is summed over the batch. L is a mean.":
        slope_with(ratio=lambda x, d, n, sigma: n * x / sigma**2),
    "In dlog_sigma the square is a mean over the pixels too. It is a sum over them.":
        slope_with(ratio=lambda x, d, n, sigma: x / sigma**2 / d),
    "In dlog_sigma the constant is that of one pixel. There are D.": slope_with(lambda d: 1),
    "In dlog_sigma the square is not divided by sigma².": slope_with(ratio=lambda x, *_: x),
    "In dlog_sigma the square is divided by sigma, where sigma² belongs.":
        slope_with(ratio=lambda x, d, n, sigma: x / sigma),
    "dlog_sigma is divided by D. L is a sum over the pixels.":
        lambda x, *rest: slope(x, *rest) / x.shape[1],
}, name="`dlog_sigma`", why="log_sigma is one number, so its gradient is one too")  # fmt: skip


def ask_gaussian(gaussian_terms):
    """gaussian_terms(x, out, log_sigma) -> (recon (N,), dout (N, D), dlog_sigma)."""
    rng, three = np.random.default_rng(60), (DENSITY, DOUT, SLOPE)
    settings = (5, 4, -0.7), (1, 6, 0.4), (7, 1, -1.5), (3, 3, 0.2), (2, 5, 0), (1, 1, 0.9)
    cases = [(*rng.normal(size=(2, n, d)), log_sigma) for n, d, log_sigma in settings]
    compare(gaussian_terms, cases, *three)
    far_off, sizes = np.array([-14, -9, -6, -4, -2.5, 0, 2.5, 4, 6, 10]), ((3, 4), (1, 1))
    exact = [(np.ones(size), np.ones(size), -1.0) for size in sizes]
    far(gaussian_terms, exact, "Where out is x exactly", *three)
    cases = [
        (np.zeros(size), np.full(size, misses * np.exp(log_sigma)), log_sigma)
        for log_sigma in far_off for misses in (0.01, 2.0, 1e3) for size in sizes
    ]  # fmt: skip
    far(gaussian_terms, cases, "For a very small or a very large sigma, or miss,", *three)


# 04.12: collapse told backwards. Each function takes eigenvalues, n_z, sigma, beta.


def kept_if(live, dead=0, beyond=0):
    """The share that is kept if a direction loses lambda (tau / lambda)**power of its lambda;
    the power None: nothing."""

    def lost(lam, noise, power):
        return 0 * lam if power is None else lam * (noise / lam) ** power

    def kept(v, n, noise):
        left = v - np.where(v > noise, lost(v, noise, live), lost(v, noise, dead))
        left[n:] = v[n:] - lost(v[n:], noise, beyond)
        return left.sum() / v.sum()  # exactly 0 if all are dead

    return of_noise(kept)


KEPT = Part(kept_if(2), {
    "This is what principal components keep: it knows no noise. A live latent is told with "
    "noise, and its reconstruction is drawn toward the mean.": kept_if(None, None),
    "This drops the dead latents but keeps the live ones whole. Each live coordinate misses a "
    "part as well.": kept_if(None),
    "A live coordinate costs tau here. That is the error at a random draw z; at z = mu the "
    "code's own spread does not count.": kept_if(1),
    "This is the variance of the reconstructions. What is asked is what is left when the error "
    "is taken from the whole.": lambda v, n, s, b: (
        (np.maximum(v - b * s**2, 0) ** 2 / v)[:n].sum() / v.sum()
    ),
    "This is the share that is lost. Asked is what is kept.": lambda *q: 1 - KEPT.right(*q),
    "sigma enters as it is. It is a standard deviation; the noise is its square.":
        lambda v, n, s, b: KEPT.right(v, n, np.sqrt(s), b),
    "beta is left out: it multiplies the noise.": lambda v, n, s, b: KEPT.right(v, n, s, 1),
    "beta divides the noise here. It multiplies it.":
        lambda v, n, s, b: KEPT.right(v, n, s, 1 / b),
    "beta is squared together with sigma: tau is `beta * sigma**2`.":
        lambda v, n, s, b: KEPT.right(v, n, s, b**2),
    "All D eigenvalues are used. The model has n_z latents; the rest is lost.":
        lambda v, n, *rest: KEPT.right(v, len(v), *rest),
    "You divide by the variance of the first n_z directions. The whole variance is that of all "
    "D.": lambda v, n, *rest: KEPT.right(v[:n], n, *rest),
    "You count only what the latents lose. The D - n_z directions without a latent are lost "
    "whole.": kept_if(2, beyond=None),
    "Divide by the sum of all D eigenvalues.":
        lambda v, n, *rest: 1 - (1 - KEPT.right(v, n, *rest)) * v.sum() / v[:n].sum(),
    "A latent below the noise is dead: its coordinate keeps nothing, and does not lose more "
    "than there is.": kept_if(2, 2),
    "A dead latent loses its whole eigenvalue.": (
        kept_if(2, None), kept_if(2, None, None), kept_if(2, 1), kept_if(2, 1, 1),
        kept_if(1, 1),
    ),
}, name="the share that is kept", why="the share of the whole variance")  # fmt: skip
KEPT_EDGES = (
    ("Equal eigenvalues are a direction each, live or dead.", ((3, 3, 2, 0.5), 3)),
    (
        "An eigenvalue a little above tau makes a latent that lives, if only by little; one "
        "that equals tau, or lies below it, keeps nothing.",
        ((1.02, 1.01, 0.4), 2), ((4, 1, 1), 3), ((0.9, 0.5, 0.1), 2),
    ),
)  # fmt: skip


def ask_kept(kept):
    """kept(eigenvalues, n_z, sigma, beta) -> the share of variance that x_hat keeps."""
    rng, usual = np.random.default_rng(71), []
    settings = (8, 5, 0.8, 1.5), (6, 6, 0.5, 0.6), (5, 2, 0.4, 1.7), (4, 2, 3, 2), (1, 1, 1, 2)
    for d, n_z, sigma, beta in settings:
        sizes = np.sort(5.0 * 0.5 ** np.arange(d) * (1 + 0.3 * rng.random(d)))[::-1]
        usual.append((sizes, n_z, sigma, beta))
    extreme = [((4 * spread, 3, 1.5, 0.3), 3) for spread in (1.0, 1e6)]
    ask_eigenvalues(kept, usual, KEPT, KEPT_EDGES, extreme)


EXERCISES = [
    Exercise(
        "04.1", "The ELBO of a batch", points=2,
        hints=(
            "Three steps: draw the code from mu, logvar and eps; decode it; score the picture.",
            "`log p(x|z)` is the Gaussian log-density of notebook 02 with mean `decoder(z)` "
            "and standard deviation sigma, summed over the D pixels, with all its constants.",
            "recon is minus half the squared distance over sigma², minus D log sigma, minus "
            "(D/2) log 2 pi. kl is the formula of notebook 02, summed over the latents.",
        ),
        moral="Two terms, one subtraction, all in nats. `vae.elbo(x, eps)` gives these three, "
        "and elbo == recon - kl always.",
        ask=ask_elbo, right=backwards(answer_of(KL, RECON, ELBO)),
        wrong=in_parts_backwards(KL, RECON, ELBO),
    ),
    Exercise(
        "04.2", "Backward, first half: from the loss to the code", points=3,
        hints=(
            "Go from the end of the forward pass to its start, one line at a time. What you "
            "need at each line is the gradient of its result, and that you have just computed.",
            "For the logits: the slope of `softplus(out)` is `sigmoid(out)`, that of `x out` "
            "is x. Mind the sign of L and its 1/N.",
            "A dense layer `y = x W + b` gives dW = x^T dy, db = dy summed over the rows, and "
            "dx = dy W^T. A tanh multiplies by one minus the square of its *result*.",
        ),
        moral="Every decoder is these moves again: likelihood, dense, slope, dense. The 1/N "
        "enters once, at the very end of the forward pass, and is carried along.",
        ask=ask_decoder_half, right=first_half, wrong=all_told(FIRST_HALF, FIRST_WRONG),
    ),
    Exercise(
        "04.3", "Backward, the middle: two roads to mu and logvar", points=2,
        hints=(
            "mu and logvar act on L twice: through z, and through the KL. Write the two "
            "gradients separately, then add.",
            "z = mu + exp(logvar / 2) eps. What is its slope in mu, and in logvar?",
            "The KL of one latent is ½ (mu² + e^logvar - 1 - logvar). L has its *mean* over "
            "the rows, and dz has its 1/N already.",
        ),
        moral="Where two roads lead to one variable their gradients add. This is the only "
        "place where a VAE's backward pass differs from an autoencoder's.",
        ask=ask_draw, right=answer_of(DMU, DLOGVAR), wrong=in_parts(DMU, DLOGVAR),
    ),
    Exercise(
        "04.4", "Backward, second half: from mu and logvar to the first layer", points=2,
        hints=(
            "The two heads are dense layers that share one input, h1.",
            "h1 is used twice, so two gradients arrive at it.",
            "Send dmu back through Wm and dlogvar back through Wv, add, multiply by the slope "
            "of tanh, and then it is one more dense layer, whose input is x.",
        ),
        moral="A tensor that is used twice collects two gradients. Code that overwrites where "
        "it should add lets the first layer learn from one head alone.",
        ask=ask_encoder_half, right=second_half, wrong=all_told(SECOND_HALF, SECOND_WRONG),
    ),
    Exercise(
        "04.5", "The whole backward pass", points=3,
        hints=(
            "Use 04.2, 04.3 and 04.4 one after another: their functions are all you need, if "
            "you have them.",
            "The forward pass is given. After it come the likelihood, two dense layers, the "
            "draw and the KL, the two heads, one dense layer.",
            "If one tensor is wrong, all that come after it (nearer to x) may be wrong because "
            "of it. So mend the one that the check names.",
            "dx = dy W^T, dW = x^T dy, db = the sum of dy over the rows; tanh: times `1 - h²`; "
            "see also `hint(\"04.2\")`, `hint(\"04.3\")`, `hint(\"04.4\")`.",
        ),
        moral="That is the whole of it: what a framework does for you, you have done by hand, "
        "and proven. `vae.backward()` is the same pass.",
        ask=ask_gradients, right=whole, wrong=all_told(PARAMETERS, WHOLE_WRONG),
    ),
    Exercise(
        "04.6", "Many draws, without overflow", points=2,
        hints=(
            "log of a mean of exponentials: which number could you take out of every exponent, "
            "so that none is large?",
            "`log mean exp(a) = c + log mean exp(a - c)` for every c. Choose c for each "
            "example by itself, so that the largest exponent becomes 0.",
            "c is the maximum over axis 0. Keep its dimension for the subtraction, and add it "
            "back outside of the logarithm.",
        ),
        moral="Log-weights of pictures lie hundreds of nats from 0, where `exp` is 0 or "
        "infinite. `tv.logmeanexp` does the same, and `tv.iw_log_likelihood` uses it.",
        ask=ask_bound, right=bound_of, wrong=in_parts(BOUND),
    ),
    Exercise(
        "04.7", "Predict the collapse", points=2,
        hints=(
            "A nat spent on a latent costs beta, and earns what it takes off the squared "
            "error, measured against sigma. For which directions of the data does that pay?",
            "For the linear model, beta times the variance sigma² acts as one number, the "
            "noise. Compare each eigenvalue with it.",
            "A latent lives if its eigenvalue is above the noise. The live ones take the "
            "greatest eigenvalues, and the dead ones have a KL of 0.",
            "Section 6 of the notebook: ½ log(lambda / (beta sigma²)) for a live latent.",
        ),
        moral="In a linear model collapse can be computed before training: a direction that "
        "varies less than beta sigma² is not worth its nats. `tv.kl_per_dim` measures it "
        "after.",
        ask=ask_collapse, right=answer_of(LATENT_KL), wrong=in_parts(LATENT_KL),
    ),
    Exercise(
        "04.8", "The beta audit", points=3,
        hints=(
            "Take each term by itself: how many times the honest one is it? Then beta is the "
            "KL's factor over recon's.",
            "A mean over N D numbers is a D-th of the mean over rows of the sum over pixels. "
            "What multiplies both terms changes no beta.",
            "loss_1: recon has the factor 1/D, the KL the factor 0.00025. loss_5: the honest "
            "recon at sigma = 1 is half the summed square.",
        ),
        moral="A `mean` in place of a `sum` is a hyperparameter that nobody announced, and it "
        "changes with the size of the picture. Compute a loss's beta before you compare "
        "results.",
        ask=ask_audit, right=answer_of(*AUDIT), wrong=in_parts(*AUDIT),
    ),
    Exercise(
        "04.9", "Explore: what a diagonal q cannot say", points=2,
        hints=(
            "Move one slider until the ELBO stops rising, then the other. The keyboard's "
            "arrows move a slider by one step.",
            "The best q is *narrower* than the posterior's shadow on each axis: it must not "
            "reach into the corners where the posterior is not.",
            "The gap is log p(x) minus the highest ELBO that you found. `exact_elbo(sd_1, "
            "sd_2)` may also be called in a loop.",
        ),
        moral="Where latents are correlated given x, the best diagonal q is too narrow and the "
        "gap stays open, whatever the encoder. A linear VAE therefore turns its codes, in "
        "training, until the posterior is diagonal.",
        ask=ask_diagonal, right=((BEST, GAP),),
        wrong={why: ((sds, GAP),) for why, sds in SPREADS.items()}
        | {NEGATIVE: ((BEST, -GAP),)},
    ),
    Exercise(
        "04.10", "Museum: a lower bound that lies above", points=1,
        hints=(
            "Print KLD for a few rows. Which sign has a KL?",
            "Give each quantity one name and keep the name true: kl is never negative, elbo "
            "lies below log p(x), loss is what one makes small.",
            "kl has the bracket mu² + e^logvar - 1 - logvar; the ELBO subtracts it from recon; "
            "the loss is minus the mean of that.",
        ),
        moral="On a model whose log p(x) is known, a bound above it shows this bug at once. On "
        "a real model nothing does, and the reported number only looks better.",
        ask=ask_names, right=backwards(answer_of(*NAMES)), wrong=in_parts_backwards(*NAMES),
    ),
    Exercise(
        "04.11", "Museum: a sigma that never settles", points=2,
        hints=(
            "In the faulty code, which terms of recon depend on log_sigma? Which of them could "
            "ever make a small sigma costly?",
            "The square belongs divided by sigma², which is exp(2 log_sigma). Then follow that "
            "change into both gradients.",
            "The slope of exp(-2 l) in l is -2 exp(-2 l). So the square's part of dlog_sigma "
            "is minus the batch's mean of the summed square over sigma².",
        ),
        moral="The faulty code passed its gradient check: the gradients were right, of a wrong "
        "function. Only a known answer (here: sigma is the RMSE) finds such a bug. "
        "`tv.Gaussian` learns its sigma in this way.",
        ask=ask_gaussian, right=answer_of(DENSITY, DOUT, SLOPE),
        wrong=in_parts(DENSITY, DOUT, SLOPE),
    ),
    Exercise(
        "04.12", "Museum: collapse, told backwards", points=2,
        hints=(
            "Work along one eigenvector at a time: the data's coordinate there has variance "
            "lambda. What does the reconstruction at z = mu make of it?",
            "For a live latent the reconstruction is (1 - tau / lambda) times the coordinate. "
            "For a dead one, and beyond the n_z-th, it is 0.",
            "So the mean square of what is missed is tau² / lambda where a latent lives and "
            "lambda elsewhere. Add up, divide by the sum of all eigenvalues, subtract from 1.",
        ),
        moral="KL near 0 means that nothing comes through, not that the model is an "
        "autoencoder: that one lies at the other end, beta to 0. A claim that can be run "
        "should be run.",
        ask=ask_kept, right=answer_of(KEPT), wrong=in_parts(KEPT),
    ),
]  # fmt: skip
