"""Answers to the exercises of 04; the mistakes that the checker knows stand with it."""

import math
from fractions import Fraction

import numpy as np

import tinyvae as tv
from tinyvae.course.exercises import find
from tinyvae.course.exercises.ex04_elbo import (
    BEST,
    GAP,
    STEPS,
    first_half,
    forward,
    second_half,
)

elbo, draw, gradients, bound, latent_kl, audit, names, gaussian, kept = (
    find(f"04.{i}").right for i in (1, 3, 5, 6, 7, 8, 10, 11, 12)
)


def in_float32(function):
    """`function` on float32 copies of the arrays that it is given."""

    def lower(value):
        if isinstance(value, dict):
            return {name: lower(array) for name, array in value.items()}
        return value.astype(np.float32) if isinstance(value, np.ndarray) else value

    return lambda *inputs: function(*map(lower, inputs))


def nested(value):
    """Arrays as tuples of Python's own numbers, also those in a tuple or in a dict."""
    if isinstance(value, dict):
        return {name: nested(array) for name, array in value.items()}
    value = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
    return tuple(map(nested, value)) if isinstance(value, (tuple, list)) else value


def in_tuples(function):
    return lambda *inputs: nested(function(*inputs))


def but(function, place, change):
    """`function` with one of its outputs changed."""

    def changed(*inputs):
        out = function(*inputs)
        if isinstance(out, dict):
            return out | {place: change(out[place])}
        return tuple(change(one) if i == place else one for i, one in enumerate(out))

    return changed


def given(function, place, change):
    """`function` that sees one of its inputs changed."""
    return lambda *q: function(*(change(one) if i == place else one for i, one in enumerate(q)))


noise = np.random.default_rng().standard_normal

# 04.1


def elbo_of_the_package(x, mu, logvar, eps, decoder, sigma):
    recon = tv.Gaussian(sigma=sigma).log_prob(x, decoder(tv.reparameterize(mu, logvar, eps)))
    kl = tv.kl_to_prior(mu, logvar).sum(-1)
    return recon - kl, recon, kl


# 04.2 to 04.5


def decoder_half_in_einsum(params, tensors, pictures):
    rows = len(pictures)
    dout = (0.5 + 0.5 * np.tanh(tensors["out"] / 2) - pictures) / rows
    dh = np.einsum("nd,kd->nk", dout, params["W3"])
    da = dh / np.cosh(tensors["a2"]) ** 2
    return {
        "z": np.einsum("nk,lk->nl", da, params["W2"]), "b2": np.ones(rows) @ da,
        "W2": np.einsum("nl,nk->lk", tensors["z"], da), "a2": da, "h2": dh,
        "b3": np.ones(rows) @ dout, "W3": np.einsum("nk,nd->kd", tensors["h2"], dout),
        "out": dout.tolist(),
    }  # fmt: skip


def draw_of_the_package(dz, mu, logvar, eps):
    through = tv.reparameterize_grad(dz, logvar, eps)
    cost = tv.kl_to_prior_grad(mu, logvar)
    return tuple(a + b / len(mu) for a, b in zip(through, cost, strict=True))


def encoder_half_stacked(p, t, x, dmu, dlogvar):
    heads, codes = np.hstack([p["Wm"], p["Wv"]]), np.hstack([dmu, dlogvar])
    (Wm, Wv), (bm, bv) = np.split(t["h1"].T @ codes, 2, axis=1), np.split(codes.sum(0), 2)
    dh = codes @ heads.T
    da = dh - dh * np.tanh(t["a1"]) ** 2
    W1 = sum(np.outer(row, slope) for row, slope in zip(x, da, strict=True))
    return dict(Wm=Wm, Wv=Wv, bm=bm, bv=bv, h1=dh, a1=da, W1=W1, b1=da.sum(axis=0))


def gradients_from_halves(p, x, eps):
    t = forward(p, x, eps)
    g = decoder_half_in_einsum(p, t, x)
    arrived = draw_of_the_package(g["z"], t["mu"], t["logvar"], eps)
    return g | encoder_half_stacked(p, t, x, *arrived)


def with_step(half, name, step):
    """A backward pass in which one step is another."""
    return lambda *inputs: half(*inputs, steps=STEPS | {name: step})


def without(half, name):
    return lambda *inputs: {k: array for k, array in half(*inputs).items() if k != name}


# 04.6 to 04.9


def bound_about_the_median(log_w):
    m = np.nanmedian(np.where(np.isfinite(log_w), log_w, np.nan), axis=0)
    return m + np.log(np.mean(np.exp(log_w - m), axis=0))


def bound_of_a_set(a):
    return [tv.logsumexp(np.unique(column)) - math.log(len(column)) for column in a.T]


def collapse_in_loops(eigenvalues, n_z, sigma, beta):
    sizes = sorted((float(value) for value in eigenvalues), reverse=True)[:n_z]
    return [max(0, math.log(math.sqrt(v / beta) / sigma)) if v else 0 for v in sizes]


def one(i, beta):
    """`audit` with another answer to the loss i + 1."""
    return lambda *sizes: but(audit, i, lambda _: beta(*sizes))(*sizes)


LOSSES = (  # c is the cross-entropy, or the square, of each pixel
    lambda c, kl: c.mean() + 0.00025 * kl.sum(axis=1).mean(),
    lambda c, kl: c.sum() + kl.sum(),
    lambda c, kl: c.shape[1] * c.mean() + 4 * kl.mean(),
    lambda c, kl: c.sum(axis=1).mean() + kl.sum(),
    lambda c, kl: c.mean() + kl.sum(axis=1).mean(),
    lambda c, kl: c.mean() + kl.sum() / c.size,
)


def audit_by_measuring(n, d, n_z):
    """By what each loss and the honest terms are with and without either term."""
    rng, betas = np.random.default_rng(0), []
    c, kl = rng.random((n, d)), rng.random((n, n_z))
    for i, loss in enumerate(LOSSES):
        honest = (0.5 if i == 4 else 1) * c.sum(axis=1).mean()
        alpha, gamma = loss(c, 0 * kl) / honest, loss(0 * c, kl) / kl.sum(axis=1).mean()
        betas.append(gamma / alpha)
    return tuple(betas)


# 04.10 to 04.12


def names_of_the_package(recon, mu, logvar):
    cost = tv.kl_to_prior(mu, logvar).sum(axis=-1)
    return float(np.mean(cost - recon)), (recon - cost).tolist(), cost


def gaussian_of_the_package(x, out, log_sigma):
    likelihood = tv.Gaussian()
    likelihood.log_sigma[...] = log_sigma
    recon, dout = likelihood.forward(x, out), likelihood.backward()
    return recon, dout, likelihood.grads["log_sigma"]


def kept_by_a_model(eigenvalues, n_z, sigma, beta):
    """The best linear VAE, built, and its pictures measured."""
    d, tau = len(eigenvalues), beta * sigma**2
    x = np.vstack([np.eye(d), -np.eye(d)]) * np.sqrt(d * eigenvalues)  # that covariance exactly
    W = np.eye(n_z, d) * np.sqrt(np.maximum(eigenvalues - tau, 0))
    mu = x @ W.T / ((W**2).sum(axis=1) + tau)
    return 1 - ((x - mu @ W) ** 2).sum() / (x**2).sum()


RIGHT = {
    "04.1": {"package": elbo_of_the_package},
    "04.2": {"einsum": decoder_half_in_einsum},
    "04.3": {"package": draw_of_the_package},
    "04.4": {"stacked": encoder_half_stacked},
    "04.5": {
        "halves": gradients_from_halves,
        "with more in it": lambda *inputs: {"out": None, **gradients(*inputs)},
    },
    "04.6": {"logaddexp": lambda a: np.logaddexp.reduce(a, axis=0) - np.log(len(a))},
    "04.7": {
        "loops": collapse_in_loops,
        "clipped": lambda lam, n, s, b: (
            np.log(np.clip(np.sort(lam)[-n:][::-1] / s**2 / b, 1, None)) / 2
        ),
    },
    "04.8": {
        "measured": audit_by_measuring,
        "fractions": lambda n, d, n_z: [
            Fraction(d, 4000), True, Fraction(4, n_z), n, Fraction(d, 2), np.float32(1),
        ],
    },
    "04.9": {
        "sliders": (((0.41, 0.52), 0.4345),), "list": ([[0.40, 0.53], 0.44],),
        "arrays": ((np.array([[0.41], [0.51]]), np.array([0.43])),),
        "fractions": (((Fraction(41, 100), Fraction(52, 100)), Fraction(43, 100)),),
    },
    "04.10": {"package": names_of_the_package},
    "04.11": {"package": gaussian_of_the_package},
    "04.12": {"a model": kept_by_a_model},
}  # fmt: skip
for number, forms in RIGHT.items():
    if number != "04.9":  # values, not a function
        answer = find(number).right
        forms |= {"float32": in_float32(answer), "tuples": in_tuples(answer)}

WRONG = {
    "04.1": {
        "shape of `elbo` is ()": but(elbo, 0, np.mean),
        "3 values, elbo, recon and kl": lambda *q: elbo(*q)[0],
        "noise of its own": given(elbo, 3, lambda eps: noise(eps.shape)),
        "very large mu or logvar `kl`": given(elbo, 2, lambda v: v.clip(-5, 5)),
        "nearly the prior `kl`": but(elbo, 2, lambda kl: np.maximum(kl, 0.01)),
        "nearly the prior `elbo`": lambda *q: (
            elbo(*q)[1] - elbo(*q)[2].clip(0.01), *elbo(*q)[1:]
        ),
        "or miss, `recon`": given(elbo, 0, lambda x: np.minimum(x, 100)),
        "not finite": but(elbo, 2, lambda kl: kl * np.nan),
    },
    "04.2": {
        "`out`. With logits of ±10000": with_step(
            first_half, "out", lambda s, g: (np.exp(s.out) / (1 + np.exp(s.out)) - s.x) / s.n
        ),
        "all but certain": with_step(
            first_half, "out", lambda s, g: (tv.sigmoid(np.clip(s.out, -9, 9)) - s.x) / s.n
        ),
        "`a2`. Where tanh is nearly": with_step(
            first_half, "a2", lambda s, g: g.h2 * (1 - s.h2**2 + 1e-6)
        ),
        "`h2`. Where tanh is nearly": with_step(
            first_half, "h2", lambda s, g: np.clip(g.out @ s.W3.T, -5, 5)
        ),
        'The shape of `g["W3"]`': but(first_half, "W3", np.transpose),
        '`g["W3"]` is not finite': but(first_half, "W3", lambda W: W * np.inf),
        "not in the dict": without(first_half, "b2"),
        "`b2`. It is still empty": but(first_half, "b2", lambda b: ...),
        "return the dict": lambda *q: tuple(first_half(*q).values()),
        "changes the arrays": lambda p, t, x: t.update(first_half(p, t, x)) or t,
    },
    "04.3": {
        "shape of `dmu`": but(draw, 0, sum),
        "very large inputs `dlogvar`": given(draw, 2, lambda v: np.maximum(v, -12)),
        "very large inputs `dmu`": lambda dz, mu, *q: (
            np.clip(dz, -10, 10) + mu / len(mu), draw(dz, mu, *q)[1]
        ),
        "logvar is nearly 0": given(draw, 2, lambda v: np.where(abs(v) < 0.04, 0, v)),
        "2 values": lambda *q: draw(*q)[0],
    },
    "04.4": {
        'The shape of `g["W1"]`': but(second_half, "W1", np.transpose),
        "`a1`. Where tanh is nearly": with_step(
            second_half, "a1", lambda s, g: g.h1 * (1 - s.h1**2) * (abs(s.h1) < 0.999)
        ),
        "`h1`. Where tanh is nearly": with_step(
            second_half, "h1", lambda s, g: np.clip(STEPS["h1"](s, g), -10, 10)
        ),
        "not in the dict": without(second_half, "h1"),
    },
    "04.5": {
        "not in the dict": without(gradients, "bv"),
        "return the dict": lambda *q: list(gradients(*q).values()),
        "`Wv`. Where a logvar": with_step(
            gradients, "logvar", lambda s, g: draw(g.z, s.mu, s.logvar.clip(-12, 12), s.eps)[1]
        ),
        "`W2`. Where a logvar": with_step(
            gradients, "a2", lambda s, g: g.h2 * (1 - s.h2**2 + 1e-6)
        ),
        "noise of its own": given(gradients, 2, lambda eps: noise(eps.shape)),
        '`g["W3"]` is not finite': but(gradients, "W3", lambda W: W * np.nan),
    },
    "04.6": {
        "overflows": lambda a: np.log(np.mean(np.exp(a), axis=0)),
        "something of its own": lambda a: np.log(np.exp(a - a.max()).mean(axis=0)) + a.max(),
        "up to ±20000": lambda a: bound(np.maximum(a, -1300)),
        "the first nor the median": bound_about_the_median,
        "added inside the logarithm": lambda a: (
            np.log(np.exp(a - a.max(axis=0)).mean(axis=0) + 1e-8) + a.max(axis=0)
        ),
        "have the same weight": bound_of_a_set,
        "adds nothing to the mean": lambda a: tv.logsumexp(a, 0) - np.log((a > -np.inf).sum(0)),
        "should be (3,)": lambda a: bound(a).mean(),
    },
    "04.7": {
        "KL of the latents is wrong in": lambda v, n, *q: np.zeros(n),  # all dead
        "KL of the latents is ()": lambda *q: np.sum(latent_kl(*q) > 0),
        "KL of the latents is (8,)": given(latent_kl, 1, lambda n: 8),
        "are a latent each, live": lambda v, n, *q: np.resize(
            latent_kl(np.unique(v), n, *q), n
        ),
        "lives, if only by little": lambda *q: latent_kl(*q) * (latent_kl(*q) > 0.003),
        "very large inputs the KL": given(latent_kl, 0, lambda v: v + 1e-9),
        "eigenvalue may be 0": lambda v, n, s, b: (
            latent_kl(v, n, s, b) + 0 * np.log(np.sort(v)[::-1][:n])
        ),
    },
    "04.8": {
        "in their order": lambda *sizes: audit(*sizes)[:5],
        "`loss_4`: not yet": one(3, lambda n, d, m: n * m * d),
        "`loss_1` is of type `str`": one(0, lambda n, d, m: "0.00025 d"),
    },
    "04.9": {
        name: (answer,)
        for name, answer in {
            "try sd 2 smaller": ((0.41, 0.60), 0.45),
            "try sd 2 larger": ((0.43, 0.45), 0.45),
            "try sd 1 smaller": ((0.50, 0.55), 0.45),
            "try sd 1 larger": ((0.20, 0.60), 0.45),
            "no slider": (BEST, 0.0),
            "The gap is not that": (BEST, 4.1),
            "`best_sds` should be 2": ("0.41, 0.52", GAP),
            "`best_sds` has two": (("0.41", "0.52"), GAP),
            "`gap`, in nats": (BEST, "0.43"),
            "`gap` is still None": (BEST, None),
            "`best_sds` is still None": (None, GAP),
            "Two answers": (*BEST, GAP),
        }.items()
    },
    "04.10": {
        "shape of `loss`": lambda *q: (-names(*q)[1], *names(*q)[1:]),
        "One number is asked for": but(names, 0, lambda loss: [loss]),
        "shape of `kl`": but(names, 2, np.sum),
        "nearly the prior `kl`": but(names, 2, lambda kl: kl.clip(0.01)),
        "very large inputs `kl`": given(names, 2, lambda v: np.clip(v, -5, 5)),
        "very large inputs `elbo`": given(names, 0, lambda recon: np.clip(recon, -1e4, 1e4)),
        "very large inputs `loss`": but(names, 0, lambda loss: min(loss, 1e3)),
        "3 values": lambda *q: names(*q)[1],
    },
    "04.11": {
        "out is x exactly": but(gaussian, 2, lambda slope: slope * (slope != int(slope))),
        "or miss, `recon`": but(gaussian, 0, lambda recon: recon.clip(-1e4)),
        "or miss, `dout`": but(gaussian, 1, lambda dout: dout.clip(-1e4, 1e4)),
        "or miss, `dlog_sigma`": but(gaussian, 2, lambda slope: max(slope, -1e4)),
        "log_sigma is one number": but(gaussian, 2, lambda slope: np.full(3, slope)),
    },
    "04.12": {
        "direction each": lambda v, n, s, b: kept(np.unique(v)[::-1], n, s, b),
        "makes a latent that lives": lambda v, n, s, b: kept(
            v, min(n, sum(v > 1.015 * b * s**2)), s, b
        ),
        "very large inputs the share": given(kept, 0, lambda v: np.append(v, 1e-8)),
        "array of ints": lambda v, *q: kept(v, *q) if v.dtype == float else 0.5,
        "One number is asked for": lambda v, n, s, b: np.maximum(1 - b * s * s / v[:n], 0),
    },
}  # fmt: skip
