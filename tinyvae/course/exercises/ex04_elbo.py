"""The exercises of 04: the ELBO, its whole backward pass, tighter bounds, beta and collapse."""

import numpy as np

from tinyvae.course.ask import (
    NotYet,
    call,
    close,
    expect,
    extremes,
    parts,
    recognise,
    shape,
    values,
)
from tinyvae.course.exercises import Exercise
from tinyvae.distributions import LOG_2PI, kl_to_prior, log_normal
from tinyvae.ops import logmeanexp, logsumexp, sigmoid

FAR = np.array([-16, -11, -7.5, -5.5, -4.5, -3.3, -2.3, 2.3, 3.3, 4.5, 5.5, 7, 10])  # logvars


def _far(got, want, names, rows="one number for each row"):
    """`extremes` of several parts."""
    for one, true, name in zip(got, want, names, strict=True):
        extremes(one, true, name, rows)


def _within(got, want, rtol=1e-3, atol=1e-6):
    """Whether each entry of `got` is right, to rounding in float32."""
    got, want = np.asarray(got), np.asarray(want)
    return got.shape == want.shape and np.allclose(got, want, rtol=rtol, atol=atol)


# 04.1: the ELBO of a batch


def ask_elbo(elbo):
    """elbo(x, mu, logvar, eps, decoder, sigma) -> (elbo, recon, kl), each (N,)."""
    sizes = (5, 4, 3, 0.6), (1, 6, 2, 1.7), (4, 3, 1, 0.3), (3, 3, 3, 1), (1, 1, 1, 2)
    for n, d, n_z, sigma in sizes:
        rng = np.random.default_rng(n)
        W, b, x = rng.normal(size=(n_z, d)), rng.normal(size=d), rng.normal(size=(n, d))
        mu, logvar, eps = rng.normal(size=(3, n, n_z))
        _one_elbo(elbo, x, mu, logvar, eps, lambda z, W=W, b=b: np.tanh(z @ W) + b, sigma)
    _far_elbos(elbo)


def _far_elbos(elbo):
    """A q that is nearly the prior; a sigma, a miss, a mu and a logvar far from usual."""
    W = np.array([[1.2, -0.4, 0.7], [0.5, 0.9, -1.1]])

    def both(mu, logvar, sigma, scale=1.0, x=0.0):
        mu, logvar = np.broadcast_arrays(np.array(mu, float), logvar)
        eps, x = np.tile([0.8, -1.3], (len(mu), 1)), np.full((len(mu), 3), float(x))
        inputs = x, mu.copy(), logvar.copy(), eps, lambda z: scale * (z @ W), sigma
        got = parts(call(elbo, *inputs), 3, "elbo, recon and kl")
        square = ((x - inputs[4](mu + np.exp(logvar / 2) * eps)) ** 2).sum(axis=1)
        recon = -square / (2 * sigma**2) - 3 * (LOG_2PI / 2 + np.log(sigma))
        kl = kl_to_prior(mu, logvar).sum(axis=1)
        return got, (recon - kl, recon, kl)

    for mu, logvar in ((0, 0), (0.03, 0), (0, 0.045), (0, -0.045), (0.02, 0.1)):
        got, want = both([[mu, mu]], logvar, 0.7)
        expect(
            _within(got[2], want[2]),
            "Where q is nearly the prior kl is no longer right. It is nearly 0 there.",
        )
        expect(
            _within(got[1] - got[0], want[2], atol=1e-5),
            "Where q is nearly the prior elbo is not recon minus kl.",
        )
    for sigma in (1e-6, 1e-3, 0.02, 40.0, 1e4):
        got, want = both([[0.3, -0.6], [1.1, 0.2]], -0.5, sigma, scale=sigma)
        expect(
            _within(got[1], want[1], 1e-4),
            "For a very small or a very large sigma recon is no longer right: is sigma cut "
            "off, or is something added to it?",
        )
    got, want = both([[0.3, -0.6]], -0.5, 0.1, x=300)
    expect(
        _within(got[1], want[1], 1e-4),
        "Where the picture is missed by far recon is no longer right: is the square cut off?",
    )
    names = "`kl`", "`recon`", "`elbo`"
    for mu, logvar in ((3, 0), (-30, 0), (300, 0), *((0, logvar) for logvar in FAR)):
        unit = np.exp(logvar / 2)  # of the size of the draw's part of z, to see its spread
        got, want = both([[mu, mu]], logvar, unit)
        _far(got[::-1], want[::-1], names)
    got, want = both(np.zeros((len(FAR), 2)), FAR[:, None], 0.5)
    _far(got[::-1], want[::-1], names)


def _one_elbo(elbo, x, mu, logvar, eps, decoder, sigma):
    inputs = x, mu, logvar, eps, decoder, sigma
    got = parts(call(elbo, *inputs), 3, "elbo, recon and kl")
    for array, name in zip(got, ("elbo", "recon", "kl"), strict=True):
        why = "one number for each row of x, nothing summed or averaged over the batch"
        shape(array, (len(x),), why, f"`{name}`")
    again = call(elbo, *inputs)
    expect(
        all(map(np.array_equal, got, again)),
        "Two calls with the same arguments give two answers: your function draws noise of its "
        "own. Its noise is the argument eps.",
    )
    d, n_z, cost = x.shape[1], mu.shape[1], kl_to_prior(mu, logvar)
    spread = np.exp(logvar / 2)
    constant = d * (LOG_2PI / 2 + np.log(sigma))

    def recon_of(z, variance=sigma**2, constant=constant, half=0.5):
        return -half * ((x - decoder(z)) ** 2).sum(axis=1) / variance - constant

    z = mu + spread * eps
    recon, kl = recon_of(z), cost.sum(axis=1)
    expect(
        close(got[2], kl) or not any(close(one, kl) for one in got[:2]) or close(recon, kl),
        "The three values come in the order elbo, recon, kl.",
    )
    recognise(got[2], kl, {
        "kl holds minus the KL. A KL is never negative, and a variable should be what its name "
        "says.": -kl,
        "kl is a mean over the latents. They are independent, so their KLs add up.":
            cost.mean(axis=1),
        "kl is that of a Gaussian whose *standard deviation* is `exp(logvar)`. logvar is the "
        "log of the variance.": kl_to_prior(mu, 2 * logvar).sum(axis=1),
        "kl is twice the KL: the factor ½ is missing.": 2 * kl,
        "kl lacks the -1 of its bracket: where q is the prior it must be 0.": kl + n_z / 2,
        "kl is log q(z) - log p(z) at the one draw, an estimate of the KL. Asked is the KL, by "
        "its formula.":
            log_normal(mu + spread * eps, mu, logvar) - log_normal(mu + spread * eps),
    })  # fmt: skip
    values(got[2], kl, "`kl`")
    recognise(got[1], recon, {
        "recon is decoded from z = mu. The code is a draw: mu plus sigma_z times eps.":
            recon_of(mu),
        "Your draw uses `exp(logvar)` for its standard deviation. That is the variance; the "
        "standard deviation is its root.": recon_of(mu + np.exp(logvar) * eps),
        "Your draw uses sigma, which belongs to the pixels. The spread of the code is in "
        "logvar.": recon_of(mu + sigma * eps),
        "recon takes sigma for the variance of a pixel. It is the standard deviation.":
            recon_of(z, sigma, d * (LOG_2PI + np.log(sigma)) / 2),
        "The square in recon is divided by sigma, and belongs divided by sigma².":
            recon_of(z, sigma),
        "The square in recon is not divided by sigma².": recon_of(z, 1.0),
        "recon lacks its constants, `D log sigma` and `(D / 2) log 2 pi`. It is a log-density, "
        "not only a squared error.": recon_of(z, constant=0),
        "recon lacks `(D / 2) log 2 pi`.": recon_of(z, constant=d * np.log(sigma)),
        "recon lacks `D log sigma`.": recon_of(z, constant=d * LOG_2PI / 2),
        "recon has log sigma² where log sigma belongs: the ½ of `½ log sigma²` is missing.":
            recon_of(z, constant=constant + d * np.log(sigma)),
        "recon has log 2 pi for each pixel, and ½ log 2 pi belongs there.":
            recon_of(z, constant=constant + d * LOG_2PI / 2),
        "recon adds `D log sigma`. It is subtracted: the density is divided by sigma.":
            recon_of(z, constant=constant - 2 * d * np.log(sigma)),
        "recon counts the constants of one pixel. There are D of them.":
            recon_of(z, constant=constant / d),
        "recon counts log sigma once. Each of the D pixels has it.":
            recon_of(z, constant=d * LOG_2PI / 2 + np.log(sigma)),
        "The factor ½ before the square in recon is missing.": recon_of(z, half=1.0),
        "recon is a mean over the pixels. The log-densities of independent pixels add up.":
            recon / d,
        "recon holds minus the log-density, a loss. Asked is `log p(x|z)` itself.": -recon,
    })  # fmt: skip
    values(got[1], recon, "`recon`")
    recognise(got[0], recon - kl, {
        "Your elbo adds the KL. It is the price of the code, and is paid: recon minus kl.":
            recon + kl,
        "Your elbo has the sign of a loss. The ELBO is to be raised: recon minus kl.":
            kl - recon,
    })  # fmt: skip
    values(got[0], recon - kl, "`elbo`")


# 04.2 to 04.5: the backward pass of a small VAE, one tanh layer on each side


def small_vae(seed, n, d, widths, n_z):
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


def decoder_slopes(p, t, x):
    """dL of each tensor from out back to z, in that order."""
    g = {"out": (sigmoid(t["out"]) - x) / len(x)}
    g |= {"W3": t["h2"].T @ g["out"], "b3": g["out"].sum(axis=0)}
    g["h2"] = g["out"] @ p["W3"].T
    g["a2"] = g["h2"] * (1 - t["h2"] ** 2)
    g |= {"W2": t["z"].T @ g["a2"], "b2": g["a2"].sum(axis=0)}
    g["z"] = g["a2"] @ p["W2"].T
    return g


def draw_slopes(dz, mu, logvar, eps):
    """(dmu, dlogvar): back through the draw, and the KL's own road."""
    n = len(mu)
    dlogvar = dz * 0.5 * np.exp(logvar / 2) * eps + 0.5 * np.expm1(logvar) / n
    return dz + mu / n, dlogvar


def encoder_slopes(p, t, x, dmu, dlogvar):
    """dL of each tensor from mu and logvar back to the first layer, in that order."""
    g = {"Wm": t["h1"].T @ dmu, "bm": dmu.sum(axis=0)}
    g |= {"Wv": t["h1"].T @ dlogvar, "bv": dlogvar.sum(axis=0)}
    g["h1"] = dmu @ p["Wm"].T + dlogvar @ p["Wv"].T
    g["a1"] = g["h1"] * (1 - t["h1"] ** 2)
    return g | {"W1": x.T @ g["a1"], "b1": g["a1"].sum(axis=0)}


def walk(got, want, mistakes):
    """NotYet at the first tensor, in the order of `want`, that is not right: its name, why,
    and which before it are. mistakes is {name: {message: wrong value}}."""
    if not isinstance(got, dict):
        raise NotYet("Your function should return the dict `g` of gradients.")
    right = []
    for name, truth in want.items():
        try:
            if name not in got:
                raise NotYet("It is not in the dict that you return.")
            if got[name] is None or got[name] is Ellipsis:
                raise NotYet("It is still empty.")
            why = "a gradient has the shape of its tensor"
            shape(got[name], np.shape(truth), why, f'`g["{name}"]`')
            recognise(got[name], truth, mistakes.get(name, {}))
            values(got[name], truth, f'`g["{name}"]`')
        except NotYet as reason:
            so_far = "Right so far: " + ", ".join(f"`{one}`" for one in right) + ". "
            raise NotYet(f"{so_far if right else ''}First wrong: `{name}`. {reason}") from None
        right.append(name)


def _tanh_mistakes(dh, h, a):
    """Wrong ways through h = tanh(a)."""
    s = sigmoid(a)
    return {
        "The slope of tanh is missing on the way from h to a.": dh,
        "The slope of tanh is `1 - tanh(a)²`, and tanh(a) is h itself: yours squares a.":
            dh * (1 - a**2),
        "h is tanh(a) already; your slope takes the tanh of it once more.":
            dh * (1 - np.tanh(h) ** 2),
        "The slope of tanh is `1 - h²`: yours is `1 - h`.": dh * (1 - h),
        "Your slope is that of a sigmoid, `h (1 - h)`. This layer is a tanh.": dh * h * (1 - h),
        "Your slope is that of SiLU, from the notebook. This layer is a tanh.":
            dh * (s + a * s * (1 - s)),
        "You send it through tanh once more. Back through tanh one multiplies by its slope.":
            np.tanh(dh),
    }  # fmt: skip


def _overwritten(da):
    return {
        "It holds the gradient of a: that was made by changing this one in place (`*=` does). "
        "Make a new array.": da,
    }  # fmt: skip


def _bias_mistakes(dout):
    return {
        "It is a mean over the batch. The 1/N is in the gradient that arrives already; a bias "
        "is added to each row, so its gradient is the sum.": dout.mean(axis=0),
    }


def _dense_mistakes(before, dout):
    n = len(dout)
    return {
        "It is divided by N once more: the 1/N of the loss is in the gradient that arrives.":
            before.T @ dout / n,
        "It is N times what it should be: the 1/N of the loss has been lost.":
            before.T @ dout * n,
    }  # fmt: skip


def _decoder_mistakes(p, t, x, g):
    n, out = len(x), t["out"]
    honest = sigmoid(out) - x
    return {
        "out": {
            "The 1/N of the loss is missing: L is a *mean* over the rows.": honest,
            "It is divided by the pixels too. L is a mean over the rows, but a sum over the "
            "pixels.": honest / out.size,
            "It is divided by the number of pixels. The mean in L is over the N rows.":
                honest / x.shape[1],
            "The sign: this is the slope of log p(x|z), and L has minus that.": -honest / n,
            "out are logits, and you use them as the probabilities.": (out - x) / n,
            "It is divided by p (1 - p): that is the slope with respect to the probability p. "
            "out are logits.":
                honest / (sigmoid(out) * (1 - sigmoid(out))) / n,
            "The factor p (1 - p) does not belong here: that is the slope of a squared error. "
            "For the Bernoulli it cancels.":
                honest * sigmoid(out) * (1 - sigmoid(out)) / n,
        },
        "W3": {
            "Its layer's input is h2, after the tanh; you use a2, before it.":
                t["a2"].T @ g["out"],
            **_dense_mistakes(t["h2"], g["out"]),
        },
        "b3": _bias_mistakes(g["out"]),
        "h2": {
            "W3 has been reshaped. It is to be transposed, `W3.T`, which is another thing.":
                g["out"] @ p["W3"].reshape(x.shape[1], -1),
            **_overwritten(g["a2"]),
        },
        "a2": _tanh_mistakes(g["h2"], t["h2"], t["a2"]),
        "W2": {
            "Its layer's input is the draw z; you use mu.": t["mu"].T @ g["a2"],
            "What arrives at its layer is the gradient of a2, behind the tanh; you use that of "
            "h2.": t["z"].T @ g["h2"],
            **_dense_mistakes(t["z"], g["a2"]),
        },
        "b2": {
            "What arrives at its layer is the gradient of a2; you sum that of h2.":
                g["h2"].sum(axis=0),
            **_bias_mistakes(g["a2"]),
        },
        "z": {
            "What arrives at its layer is the gradient of a2; you send that of h2 through W2.":
                g["h2"] @ p["W2"].T,
            "The KL's road does not pass through z; it joins later, at mu and logvar.":
                g["a2"] @ p["W2"].T + t["mu"] / n,
            "With the prior's slope, z / N, you differentiate log p(z). Here the KL is a "
            "formula of mu and logvar, and z is not in it.": g["a2"] @ p["W2"].T + t["z"] / n,
        },
    }  # fmt: skip


CASES = (  # seed, rows, pixels, hidden widths, latents
    (11, 7, 5, (4, 6), 3),
    (12, 1, 3, (5, 2), 1),
    (13, 4, 6, (2, 3), 5),
)


def ask_decoder_half(decoder_gradients):
    """decoder_gradients(p, t, x) -> {out, W3, b3, h2, a2, W2, b2, z}."""
    for case in CASES:
        p, x, eps = small_vae(*case)
        t = forward(p, x, eps)
        got, want = call(decoder_gradients, p, t, x), decoder_slopes(p, t, x)
        walk(got, want, _decoder_mistakes(p, t, x, want))
    logits = np.array([-14, -10, -7.5, -5, -3.5, 3.5, 5, 7.5, 10, 14])
    for coin in (0.0, 1.0):
        p, x, eps = small_vae(14, 2, len(logits), (4, 3), 2)
        p["b3"], p["W3"], x = logits, 0.1 * p["W3"], np.full(x.shape, coin)
        t = forward(p, x, eps)
        got, want = call(decoder_gradients, p, t, x), decoder_slopes(p, t, x)
        expect(
            _within(got["out"], want["out"]),
            "First wrong: `out`. Where a pixel is all but certain (logits of ±5 to ±14) it is "
            "no longer right: are logits or probabilities clipped?",
        )
    p, x, eps = small_vae(*CASES[-1])
    p["b3"] = 1e4 * np.sign(np.arange(6) - 2.5)
    t = forward(p, x, eps)
    got, want = call(decoder_gradients, p, t, x), decoder_slopes(p, t, x)
    expect(
        np.isfinite(np.asarray(got["out"])).all(),
        "With logits of ±10000 your `out` has a NaN in it: infinity by infinity. "
        "`tv.sigmoid` never makes one.",
    )
    walk(got, want, {})
    p, x, eps = small_vae(15, 1, 6, (4, len(SATURATED)), 3)
    p |= {"b2": SATURATED, "W2": 0.05 * p["W2"], "W3": 30 * p["W3"]}
    t = forward(p, x, eps)
    _walk_far(call(decoder_gradients, p, t, x), decoder_slopes(p, t, x))


SATURATED = np.array([-5, -4.4, -3.8, -3, -2.4, 2.7, 3.4, 4.1, 4.7])  # where tanh is nearly ±1


def _walk_far(got, want):
    """NotYet at the first tensor with an entry that is not right, beside greater ones."""
    for name, truth in want.items():
        expect(
            _within(got[name], truth, 2e-3, 1e-6 if name in ("out", "W3", "b3") else 0),
            f"First wrong: `{name}`. Where tanh is nearly ±1, or what arrives is very large or "
            "very small, it is no longer right: is a slope or a gradient cut off?",
        )


def ask_draw(draw_gradients):
    """draw_gradients(dz, mu, logvar, eps) -> (dmu, dlogvar), each (N, L)."""
    for n, n_z in ((7, 3), (1, 4), (5, 1), (3, 3), (1, 1)):
        dz, mu, logvar, eps = np.random.default_rng(20 + n).standard_normal((4, n, n_z))
        dmu, dlogvar = parts(call(draw_gradients, dz, mu, logvar, eps), 2, "dmu and dlogvar")
        shape(dmu, (n, n_z), "a gradient has the shape of its tensor", "`dmu`")
        shape(dlogvar, (n, n_z), "a gradient has the shape of its tensor", "`dlogvar`")
        want_mu, want_logvar = draw_slopes(dz, mu, logvar, eps)
        recognise(dmu, want_mu, {
            "The two come in the order dmu, dlogvar.": want_logvar,
            "In dmu the KL's part is divided by the L latents, not by the N rows.":
                dz + mu / n_z,
            "dmu lacks the KL's road: the KL depends on mu too, and the two roads add.": dz,
            "dmu lacks the road through z: z = mu + ... has the slope 1 in mu, so dz arrives "
            "whole.": mu / n,
            "In dmu the KL's part is N times too large: L is the mean of the KLs over the "
            "rows.": dz + mu,
            "In dmu the part through z is divided by N once more; dz has its 1/N already.":
                (dz + mu) / n,
            "In dmu the KL's part has the wrong sign: L has plus the KL.": dz - mu / n,
            "In dmu the KL's part is twice too large: the slope of ½ mu² is mu.":
                dz + 2 * mu / n,
            "In dmu the KL's part is divided by the latents too. The KLs of the latents add.":
                dz + mu / (n * n_z),
            "In dmu the KL's part is half of what it should be: the slope of ½ mu² is mu.":
                dz + mu / (2 * n),
            "mu and logvar have changed places: in dmu stands logvar / N.": dz + logvar / n,
        })  # fmt: skip
        values(dmu, want_mu, "`dmu`")
        spread, cost = np.exp(logvar / 2), 0.5 * np.expm1(logvar) / n
        through = dz * 0.5 * spread * eps
        recognise(dlogvar, want_logvar, {
            "dlogvar lacks the KL's road: the KL depends on logvar too, and the two roads add.":
                through,
            "dlogvar lacks the road through z.": cost,
            "In dlogvar the part through z is twice too large: differentiating "
            "`exp(logvar / 2)` brings a ½ down.": 2 * through + cost,
            "In dlogvar the part through z lacks eps: it is what sigma is multiplied with.":
                dz * 0.5 * spread + cost,
            "In dlogvar the part through z lacks dz, the gradient that arrives.":
                0.5 * spread * eps + cost,
            "In dlogvar the part through z has `exp(-logvar / 2)`. sigma is `exp(logvar / 2)`.":
                dz * 0.5 / spread * eps + cost,
            "In dlogvar the part through z has mu in the place of eps. It is eps that sigma is "
            "multiplied with.": dz * 0.5 * spread * mu + cost,
            "In dlogvar stands mu where logvar belongs: the two have changed places.":
                dz * 0.5 * np.exp(mu / 2) * eps + 0.5 * np.expm1(mu) / n,
            "In dlogvar the part through z takes `exp(logvar)` for sigma: that is sigma².":
                dz * 0.5 * np.exp(logvar) * eps + cost,
            "In dlogvar the part through z lacks sigma: the slope of `exp(logvar / 2)` is half "
            "of itself.": dz * 0.5 * eps + cost,
            "In dlogvar the part through z is the slope with respect to sigma. Asked is that "
            "with respect to logvar.": dz * eps + cost,
            "In dlogvar the KL's part is N times too large: L is the mean of the KLs over the "
            "rows.": through + n * cost,
            "In dlogvar the part through z is divided by N once more; dz has its 1/N already.":
                through / n + cost,
            "In dlogvar the KL's part has the wrong sign: L has plus the KL.": through - cost,
            "In dlogvar the KL's part lacks its -1, the slope of -logvar: at logvar = 0 it "
            "must vanish.": through + 0.5 * np.exp(logvar) / n,
            "In dlogvar the KL's part is twice too large: the ½ before the bracket of the KL.":
                through + 2 * cost,
            "In dlogvar the KL's part has sigma where sigma² belongs: it takes `exp(logvar / "
            "2)` for the variance.": through + 0.5 * np.expm1(logvar / 2) / n,
        })  # fmt: skip
        values(dlogvar, want_logvar, "`dlogvar`")
    near = np.array([-0.3, -0.1, -0.03, -0.01, 0.01, 0.03, 0.1, 0.3])
    note = np.zeros((2, 8)), np.zeros((2, 8)), np.tile(near, (2, 1)), np.ones((2, 8))
    _, slope = parts(call(draw_gradients, *note), 2, "dmu and dlogvar")
    expect(
        _within(slope, draw_slopes(*note)[1]),
        "Where logvar is nearly 0 `dlogvar` is no longer right.",
    )
    for rows in (1, 3):
        size = np.array([1e-4, 1e-2, 30, 1e3, 1e5])
        dz, mu = (np.tile(grid.ravel(), (rows, 1)) for grid in np.meshgrid(size, -size))
        mu = -mu  # of one sign with dz: nothing cancels
        slope, _ = parts(call(draw_gradients, dz, mu, 0 * mu, 0 * mu), 2, "dmu and dlogvar")
        _far([slope], [dz + mu / rows], ["`dmu`"])
        logvar = np.tile(FAR, (rows, 1))
        dz = 3 * np.sign(FAR) * np.exp(np.abs(logvar) / 2)  # so that both roads count
        for noise in (0.0, 1.0, 4.0):
            note = dz, 0 * dz, logvar, np.full(dz.shape, noise)
            _, slope = parts(call(draw_gradients, *note), 2, "dmu and dlogvar")
            _far([slope], [draw_slopes(*note)[1]], ["`dlogvar`"])


def _encoder_mistakes(p, t, x, dmu, dlogvar, g):
    from_mu, from_logvar = dmu @ p["Wm"].T, dlogvar @ p["Wv"].T
    return {
        "Wm": {
            "Its layer's input is h1, after the tanh; you use a1, before it.": t["a1"].T @ dmu,
            "What arrives at Wm is dmu; you use dlogvar.": t["h1"].T @ dlogvar,
            **_dense_mistakes(t["h1"], dmu),
        },
        "bm": _bias_mistakes(dmu),
        "Wv": {
            "Its layer's input is h1, after the tanh; you use a1, before it.":
                t["a1"].T @ dlogvar,
            "What arrives at Wv is dlogvar; you use dmu.": t["h1"].T @ dmu,
            **_dense_mistakes(t["h1"], dlogvar),
        },
        "bv": _bias_mistakes(dlogvar),
        "h1": {
            "Only mu's road has arrived. h1 feeds two layers, and their gradients add.":
                from_mu,
            "Only logvar's road has arrived. h1 feeds two layers, and their gradients add.":
                from_logvar,
            "It is the mean of the two roads. They add.": (from_mu + from_logvar) / 2,
            "The two weight matrices have changed places.":
                dmu @ p["Wv"].T + dlogvar @ p["Wm"].T,
            "dmu and dlogvar are added before they go back. Each goes through its own matrix, "
            "and then they add.": (dmu + dlogvar) @ (p["Wm"] + p["Wv"]).T,
            "The second road is subtracted. The two add.": from_mu - from_logvar,
            **_overwritten(g["a1"]),
        },
        "a1": _tanh_mistakes(g["h1"], t["h1"], t["a1"]),
        "W1": {
            "What arrives at its layer is the gradient of a1; you use that of h1.":
                x.T @ g["h1"],
            **_dense_mistakes(x, g["a1"]),
        },
        "b1": {
            "What arrives at its layer is the gradient of a1; you sum that of h1.":
                g["h1"].sum(axis=0),
            **_bias_mistakes(g["a1"]),
        },
    }  # fmt: skip


def ask_encoder_half(encoder_gradients):
    """encoder_gradients(p, t, x, dmu, dlogvar) -> {Wm, bm, Wv, bv, h1, a1, W1, b1}."""
    for case in CASES:
        p, x, eps = small_vae(*case)
        t = forward(p, x, eps)
        dmu, dlogvar = np.random.default_rng(5).standard_normal((2, *eps.shape)) / len(x)
        got = call(encoder_gradients, p, t, x, dmu, dlogvar)
        want = encoder_slopes(p, t, x, dmu, dlogvar)
        mistakes, n = _encoder_mistakes(p, t, x, dmu, dlogvar, want), len(x)
        mistakes["Wm"] |= {
            "You add the KL's road, mu / N, to dmu. It is in there already.":
                t["h1"].T @ (dmu + t["mu"] / n),
        }  # fmt: skip
        mistakes["Wv"] |= {
            "You add the KL's road to dlogvar. It is in there already.":
                t["h1"].T @ (dlogvar + 0.5 * np.expm1(t["logvar"]) / n),
        }  # fmt: skip
        walk(got, want, mistakes)
    for unit in (1e-6, 1.0, 1e4):
        p, x, eps = small_vae(16, 1, 5, (len(SATURATED), 3), 3)
        p |= {"b1": SATURATED, "W1": 0.05 * p["W1"]}
        t = forward(p, x, eps)
        dmu, dlogvar = unit * np.random.default_rng(6).standard_normal((2, *eps.shape))
        got = call(encoder_gradients, p, t, x, dmu, dlogvar)
        _walk_far(got, encoder_slopes(p, t, x, dmu, dlogvar))


BACKWARDS = ("W3", "b3", "W2", "b2", "Wm", "bm", "Wv", "bv", "W1", "b1")


def all_slopes(p, x, eps, t=None):
    """dL of every tensor, in the order in which the backward pass meets them."""
    t = forward(p, x, eps) if t is None else t
    g = decoder_slopes(p, t, x)
    g["mu"], g["logvar"] = draw_slopes(g["z"], t["mu"], t["logvar"], eps)
    return g | encoder_slopes(p, t, x, g["mu"], g["logvar"])


def ask_gradients(gradients):
    """gradients(p, x, eps) -> the gradient of L for each of the ten parameters."""
    for case in CASES:
        p, x, eps = small_vae(*case)
        t = forward(p, x, eps)
        got, want = call(gradients, p, x, eps), all_slopes(p, x, eps)
        again = call(gradients, p, x, eps)
        expect(
            not isinstance(got, dict) or all(_alike(got[name], again[name]) for name in got),
            "Two calls with the same arguments give two answers: your function draws noise of "
            "its own. Its noise is the argument eps.",
        )
        walk(got, {name: want[name] for name in BACKWARDS}, _whole_mistakes(p, x, eps, t, want))
    p, x, eps = far_vae()
    got, want = call(gradients, p, x, eps), all_slopes(p, x, eps)
    for name in BACKWARDS:
        expect(
            _within(got[name], want[name], 2e-3, 0),
            f"First wrong: `{name}`. Where a logvar is very small or very large (-16 to 10) or "
            "a tanh nearly ±1 it is no longer right: is something clipped or cut off?",
        )


def far_vae():
    """(params, x, eps): latents from narrow to wide, W2 in the unit of each, one example."""
    p, x, eps = small_vae(17, 1, 6, (len(SATURATED), 12), len(FAR))
    x[:], spread = [1, 0] * 3, np.exp(FAR / 2)  # coins against all odds: their slopes are +-1
    p |= {"b1": SATURATED, "W1": 0.05 * p["W1"], "b3": 12 * (0.5 - x[0])}
    p |= {"Wv": 0.01 * p["Wv"], "bv": FAR, "Wm": 0.1 * p["Wm"] * spread, "bm": p["bm"] * spread}
    p |= {"W2": 0.2 * p["W2"] / spread[:, None], "b2": np.append(SATURATED, [0, 0.5, -0.3])}
    return p, x, eps


def _alike(a, b):
    return not isinstance(a, np.ndarray) or np.array_equal(a, b)


def _whole_mistakes(p, x, eps, t, g):
    """The stages' mistakes, and those that only the whole can have."""
    n, logvar = len(x), t["logvar"]
    mean_only = forward(p, x, 0 * eps)
    as_sigma = forward(p, x, np.exp(logvar / 2) * eps)  # z = mu + e^logvar eps
    mistakes = _decoder_mistakes(p, t, x, g)
    for name, those in _encoder_mistakes(p, t, x, g["mu"], g["logvar"], g).items():
        mistakes.setdefault(name, {}).update(those)
    logits = t["h2"].T @ (t["out"] - x) / n
    mistakes["W3"] |= {
        "The sign: these are the slopes of +mean(elbo), and L is -mean(elbo).": -g["W3"],
        "It is decoded from z = mu: your forward pass has no noise in it.":
            decoder_slopes(p, mean_only, x)["W3"],
        "Your draw uses `exp(logvar)` for sigma. That is sigma²; sigma is its root.":
            decoder_slopes(p, as_sigma, x)["W3"],
        "out are logits, and you use them as the probabilities.": logits,
        "L is a mean over the rows, but a sum over the pixels; yours divides by the pixels "
        "too.":
            g["W3"] / x.shape[1],
    }  # fmt: skip
    dz, mu, spread = g["z"], t["mu"], np.exp(logvar / 2)
    through, cost = dz * 0.5 * spread * eps, 0.5 * np.expm1(logvar) / n
    mistakes["Wm"] |= {
        "The KL's road to mu is missing: it adds to what comes through z.": t["h1"].T @ dz,
        "The road through z to mu is missing: it adds to the KL's.": t["h1"].T @ t["mu"] / n,
        "The KL's part of dmu is N times too large: L is the mean of the KLs over the rows.":
            t["h1"].T @ (dz + t["mu"]),
        "The KL's part of dmu has the wrong sign: L has plus the KL.":
            t["h1"].T @ (dz - t["mu"] / n),
        "The KL's part of dmu is divided by the latents. Their KLs add up.":
            t["h1"].T @ (dz + t["mu"] / t["mu"].size),
        "To dmu comes z / N, the slope of -log p(z), at the draw. L has the KL as a formula of "
        "mu and logvar: its slope is mu / N.": t["h1"].T @ (dz + t["z"] / n),
        "The KL comes to dmu twice, mu / N each time. Its road does not pass through z; it "
        "joins once, at mu and logvar.": t["h1"].T @ (dz + 2 * mu / n),
        "The KL's slope in z, z / N, has been added to dz. The KL is a formula of mu and "
        "logvar; its gradient does not pass through z.":
            t["h1"].T @ (dz + t["z"] / n + mu / n),
        "The part of dmu through z is divided by N once more; dz has its 1/N already.":
            t["h1"].T @ (dz + mu) / n,
        "mu and logvar have changed places: to dmu comes logvar / N.":
            t["h1"].T @ (dz + logvar / n),
    }  # fmt: skip
    mistakes["Wv"] |= {
        "The KL's road to logvar is missing: it adds to what comes through z.":
            t["h1"].T @ through,
        "The road through z to logvar is missing: it adds to the KL's.": t["h1"].T @ cost,
        "The part of dlogvar through z is twice too large: differentiating `exp(logvar / 2)` "
        "brings a ½ down.": t["h1"].T @ (2 * through + cost),
        "The part of dlogvar through z lacks eps.": t["h1"].T @ (dz * 0.5 * spread + cost),
        "The part of dlogvar through z takes `exp(logvar)` for sigma: that is sigma².":
            t["h1"].T @ (dz * 0.5 * np.exp(logvar) * eps + cost),
        "The KL's part of dlogvar is N times too large: L is the mean of the KLs over the "
        "rows.": t["h1"].T @ (through + n * cost),
        "The KL's part of dlogvar has the wrong sign: L has plus the KL.":
            t["h1"].T @ (through - cost),
        "The KL's part of dlogvar lacks its -1.":
            t["h1"].T @ (through + 0.5 * np.exp(logvar) / n),
        "The KL's part of dlogvar lacks its ½.": t["h1"].T @ (through + 2 * cost),
        "The KL has been sent through z. Its road does not pass through z; it joins at mu and "
        "logvar.": t["h1"].T @ (through + mu / n * 0.5 * spread * eps + cost),
        "The slope of -log p(z), z / N, has been sent through z. The KL is a formula of mu and "
        "logvar, and z is not in it.":
            t["h1"].T @ (through + t["z"] / n * 0.5 * spread * eps + cost),
        "The part of dlogvar through z is divided by N once more; dz has its 1/N already.":
            t["h1"].T @ (through / n + cost),
        "mu and logvar have changed places: in dlogvar stands mu.":
            t["h1"].T @ (dz * 0.5 * np.exp(mu / 2) * eps + 0.5 * np.expm1(mu) / n),
    }  # fmt: skip
    into_h1 = {
        "Only mu's road has arrived at h1. It feeds two layers, and their gradients add.":
            g["mu"] @ p["Wm"].T,
        "Only logvar's road has arrived at h1. It feeds two layers, and their gradients add.":
            g["logvar"] @ p["Wv"].T,
        "On the way into h1 the matrices Wm and Wv have changed places.":
            g["mu"] @ p["Wv"].T + g["logvar"] @ p["Wm"].T,
    }  # fmt: skip
    slope = 1 - t["h1"] ** 2
    mistakes["W1"] |= {why: x.T @ (dh * slope) for why, dh in into_h1.items()}
    for name, before, after, dense in (("W2", "h2", "a2", t["z"]), ("W1", "h1", "a1", x)):
        tanh = _tanh_mistakes(g[before], t[before], t[after])
        mistakes[name] = {why: dense.T @ da for why, da in tanh.items()} | mistakes[name]
    return mistakes


# 04.6: many draws


def ask_bound(bound):
    """bound(log_w) -> (N,): log of the mean of the k weights of each column, (k, N)."""
    rng = np.random.default_rng(31)
    for k, n in ((4, 3), (3, 6), (7, 1)):
        log_w = 2 * rng.standard_normal((k, n)) - 5
        got, want = call(bound, log_w), logmeanexp(log_w, axis=0)
        shape(got, (n,), "one bound for each example: the k draws are axis 0")
        recognise(got, want, {
            "This is the mean of the log-weights: an average of k estimates of the ELBO, no "
            "tighter than one. Average the weights, then take the logarithm.":
                log_w.mean(axis=0),
            "This is the log of the *sum* of the weights. Their mean is a k-th of it.":
                logsumexp(log_w, axis=0),
            "This is the greatest log-weight alone.": log_w.max(axis=0),
            "This divides by the number of examples. The mean is over the k draws.":
                logsumexp(log_w, axis=0) - np.log(n),
            "log k is subtracted from the greatest log-weight only; the other weights are "
            "lost.":
                log_w.max(axis=0) - np.log(k),
            "This is minus the bound: a loss.": -want,
            "This is the mean of the weights. Its logarithm is asked for.": np.exp(want),
            "log k is added. The mean of the weights is a k-th of their sum.":
                logsumexp(log_w, axis=0) + np.log(k),
            "The log of the sum is divided by k. Divide inside the logarithm: subtract log k.":
                logsumexp(log_w, axis=0) / k,
            "The greatest log-weight has been taken out, but not been put back.":
                want - log_w.max(axis=0),
        })  # fmt: skip
        values(got, want, "the bound")
    single = rng.standard_normal((1, 3))
    expect(
        _within(call(bound, single), single[0]),
        "With a single draw, k = 1, the bound is its log-weight, an array (N,).",
    )
    far = 3 * rng.standard_normal((5, 4)) + np.array([1200.0, -1200.0, 0.0, 2e4])
    got = call(bound, far)
    expect(
        (got < np.inf).all(),
        "With log-weights near 1200 your bound is not finite: `exp(1200)` overflows. Take "
        "something out of the exponent first.",
    )
    expect(
        np.isfinite(got).all(),
        "Where one example's log-weights lie near -1200 and another's near 20000 your bound is "
        "-inf: every `exp` of the first is 0. Take out of each example something of its own.",
    )
    _bound_at(
        bound,
        rng,
        (8, 20, 35, 60, 88, 120, 300, 600, 705, 740, 800, 1200),
        "With log-weights up to ±1200 your bound is no longer right for each example: is "
        "something clipped, or cut off?",
    )
    _bound_at(
        bound,
        rng,
        (1500, 3000, 8000, 2e4),
        "With log-weights between ±1200 and ±20000 your bound is no longer right: is something "
        "clipped, or cut off?",
    )
    wide = np.array([[0.0, -np.inf], [-900.0, -3.0], [-5.0, -800.0]])
    got, want = call(bound, wide), logmeanexp(wide, axis=0)
    expect(
        np.isfinite(got).all(),
        "One draw among many may have weight 0 (log-weight -inf) or be 800 nats below the best "
        "without harm. Yours fails there: take out the *greatest*.",
    )
    expect(
        close(got, want),
        "A draw of weight 0 (log-weight -inf) adds nothing to the mean, but is counted in k.",
    )
    for low in (-900.0, -2e4, -np.inf):
        for high in (0.0, 1.9e4, -1.5e4):
            far = np.full((3, 3), low) if low < high else np.full((3, 3), -2e4)
            np.fill_diagonal(far, high)  # the greatest comes first, second, last
            got, want = call(bound, far), np.full(3, high - np.log(3))
            expect(
                _within(got, want, 0, 0.02),
                "Where one draw is the greatest by far, and all the others together weigh "
                "nothing, your bound is not right. No other draw can be taken out, not the "
                "first nor the median: take out the *greatest*.",
            )
    many = np.full((20000, 1), -50.0)
    many[777] = 0
    expect(
        _within(call(bound, many), [-np.log(20000)], 1e-5, 0),
        "With 20000 draws, one of them by far the greatest, your bound is not right: is "
        "something added inside the logarithm?",
    )
    ties = np.array([[-3.0, -20000.0, -np.inf], [-3.0, -20000.0, 7.0], [-3.0, -20000.0, 7.0]])
    got, want = call(bound, ties), np.array([-3, -20000, 7 + np.log(2 / 3)])
    expect(
        _within(got, want, 1e-6, 1e-5),
        "Where several draws have the same weight your bound is not right: each counts.",
    )


def _bound_at(bound, rng, levels, message):
    """NotYet with `message` unless log-weights about each level and minus it are bounded right,
    all together and each example alone."""
    levels = np.array([sign * level for level in levels for sign in (1, -1)])
    log_w = levels + 2 * rng.standard_normal((5, len(levels)))
    for far in (log_w, *(log_w[:, [i]] for i in range(len(levels)))):
        expect(_within(call(bound, far), logmeanexp(far, axis=0), 0, 0.02), message)


# 04.7: collapse


def live_kl(eigenvalues, n_z, noise):
    """1/2 log(lambda / noise) of the n_z largest eigenvalues, 0 for those below the noise."""
    largest = np.sort(eigenvalues)[::-1][:n_z]
    return 0.5 * np.log(np.maximum(largest, noise) / noise)


def ask_collapse(latent_kl):
    """latent_kl(eigenvalues, n_z, sigma, beta) -> (n_z,) nats, the greatest first."""
    rng = np.random.default_rng(41)
    cases = (8, 5, 0.8, 2.5), (6, 6, 1.4, 0.4), (5, 1, 0.3, 0.7), (4, 3, 3, 2)
    for d, n_z, sigma, beta in cases:
        eigenvalues = rng.permutation(6.0 * 0.45 ** np.arange(d) * (1 + 0.2 * rng.random(d)))
        got = call(latent_kl, eigenvalues, n_z, sigma, beta)
        shape(got, (n_z,), "one number for each latent of the model, live or dead")
        noise, largest = beta * sigma**2, np.sort(eigenvalues)[::-1][:n_z]
        want = live_kl(eigenvalues, n_z, noise)

        excess = 0.5 * np.log(np.maximum(largest - noise, 1e-300) / noise)

        def where_live(kl, largest=largest, noise=noise):
            return np.where(largest > noise, kl, 0)

        recognise(got, want, {
            "sigma enters as it is. It is a standard deviation; the noise is its square.":
                live_kl(eigenvalues, n_z, beta * sigma),
            "beta is left out: it multiplies the noise.": live_kl(eigenvalues, n_z, sigma**2),
            "beta divides the noise here. It multiplies it: a dearer KL lets fewer latents "
            "live.": live_kl(eigenvalues, n_z, sigma**2 / beta),
            "beta is squared together with sigma: the noise is `beta * sigma**2`.":
                live_kl(eigenvalues, n_z, (beta * sigma) ** 2),
            "The ½ of the KL is missing.": 2 * want,
            "The KL is weighed with beta here. Asked is the KL itself, as one reports it.":
                beta * want,
            "This is `½ (lambda / noise - 1)`. The mean KL at the optimum is a logarithm.":
                where_live(0.5 * (largest / noise - 1)),
            "These are bits. Asked are nats, the natural logarithm.": want / np.log(2),
            "Latents below the noise have a KL below 0 here. They are dead: their KL is 0.":
                0.5 * np.log(largest / noise),
            "This is `½ log(1 + lambda / noise)`, as if the eigenvalues were those of the "
            "signal alone. They are the data's: the noise is in them.":
                0.5 * np.log1p(largest / noise),
            "Inside the logarithm stands `(lambda - noise) / noise`, which is |w|² / noise. "
            "The KL has eigenvalue / noise.": where_live(excess),
            "Inside the logarithm stands `(lambda - noise) / noise`, which is |w|² / noise, "
            "and what came out below 0 is cut off. The KL has eigenvalue / noise.":
                np.maximum(excess, 0),
            "This is `(lambda - noise) / noise`, which is |w|² / noise. The KL is half the "
            "logarithm of eigenvalue / noise.": where_live((largest - noise) / noise),
            "The eigenvalues are squared. They are variances already.":
                live_kl(eigenvalues**2, n_z, noise),
            "You take the eigenvalues in the order in which they come. The model's latents "
            "take the n_z *largest*, the greatest first.":
                0.5 * np.log(np.maximum(eigenvalues[:n_z], noise) / noise),
            "These are the n_z *smallest* eigenvalues.":
                live_kl(np.sort(eigenvalues)[:n_z], n_z, noise),
            "The order: the greatest first.": want[::-1],
            "These are ones and zeros, live and dead. Asked is how many nats each says.":
                (largest > noise) * 1.0,
        })  # fmt: skip
        values(got, want, "the KL of the latents")
    for given, n_z, message in (
        ((3, 0.5, 3, 3, 0.5), 4, "Equal eigenvalues are a latent each, live or dead."),
        ((2, 2, 2), 3, "Equal eigenvalues are a latent each; here all are equal."),
        ((5,), 1, "With a single eigenvalue and a single latent your answer is not right."),
        ((0.9, 0.5, 0.1), 3, "Where all latents are dead each KL is 0."),
        (
            (1.01, 3, 0.99, 1.05), 4,
            "An eigenvalue a little above the noise makes a latent that lives, if only by "
            "little, and one a little below makes a dead one.",
        ),
        ((1, 4, 1), 3, "A latent whose eigenvalue equals the noise has a KL of 0."),
    ):  # fmt: skip
        for sigma, beta in ((1.0, 1.0), (0.5, 4.0)):
            eigenvalues = np.array(given, float) * beta * sigma**2
            got = call(latent_kl, eigenvalues, n_z, sigma, beta)
            want = live_kl(eigenvalues, n_z, beta * sigma**2)
            expect(_within(got, want), message)
    with_zeros = call(latent_kl, np.array([0.0, 2.0, 0.0]), 3, 1.0, 1.0)
    expect(
        close(with_zeros, live_kl(np.array([0.0, 2.0, 0.0]), 3, 1.0)),
        "An eigenvalue may be 0 (data that lie in a plane): such a latent is dead, KL 0.",
    )
    for sigma, beta in ((1e-6, 1.0), (3e-4, 5.0), (1.0, 1e-8), (1e4, 2.0), (0.01, 1e8)):
        for spread in (1.0, 1e12):
            given = np.array([0.3, 4 * spread, 2, 30]) * beta * sigma**2
            got = call(latent_kl, given, 3, sigma, beta)
            want = live_kl(given, 3, beta * sigma**2)
            _far([got], [want], ["the KL of the latents"], "one number for each latent")


# 04.8: the beta audit


def hidden_betas(n, d, n_z):
    """The beta of each of the six losses of 04.8: the KL's factor over recon's."""
    return np.array([0.00025 * d, 1.0, 4 / n_z, n, d / 2, 1.0])


REDUCED = (
    "its recon is a mean over N D numbers, and its KL a mean over the rows times 0.00025",
    "both of its terms are sums over the batch, so both are N times the honest ones",
    "its recon is honest again (D times a mean over N D), and its KL is a mean over the N L "
    "numbers, times 4",
    "its recon is a mean over the rows, and its KL a sum over them",
    "its recon is a mean of (x - out)² over N D numbers, and the honest one has a ½ before the "
    "square and a sum over D",
    "its recon is a mean over N D numbers, and its KL a sum that is divided by N D",
)


def ask_audit(audit):
    """audit(n, d, n_z) -> the six betas."""
    printed = 100, 64, 10  # the sizes that the answer's cell prints
    for n, d, n_z in ((32, 50, 7), (100, 784, 20), (1, 3, 2), (1, 1, 1), (50, 1229, 3)):
        got, there = _six(call(audit, n, d, n_z)), _six(call(audit, *printed))
        want, good = hidden_betas(n, d, n_z), np.isclose(there, hidden_betas(*printed), 1e-4)
        n_wrong = 6 - np.isclose(got, want, 1e-4).sum()
        expect(
            not good.all() or n_wrong < 2,
            "These are right for 100, 64, 10 only. Write formulas of n, d and n_z.",
        )
        recognise(got, want, {
            "Each is one over the beta: the KL's factor goes above, recon's below.": 1 / want,
        })  # fmt: skip
        wrong = {
            0: {
                "0.00025 is what is written. But the mean over the pixels has made recon D "
                "times smaller than it should be.": 0.00025,
                "The mean over the pixels makes recon smaller, and so the KL's weight larger, "
                "not smaller.": 0.00025 / d,
                "The batch mean is in both terms; N does not count.": 0.00025 * d * n,
                "Its KL is summed over the latents, as it should be; L does not count.":
                    0.00025 * d / n_z,
            },
            1: {
                "Both terms are summed over the batch. What multiplies both changes no "
                "beta.": n,
                "Sums over the batch in *both* terms: 1/N does not remain.": 1 / n,
            },
            2: {
                "4 is what is written. But its KL is a mean over the latents.": 4,
                "The factor 4 is left out.": 1 / n_z,
                "The D before the mean over pixels is what makes that mean a sum: it does not "
                "count once more.": 4 * d / n_z,
                "The D makes recon honest; it does not make the KL small besides.":
                    4 / (n_z * d),
                "A mean over the latents makes the KL smaller: L goes below.": 4 * n_z,
                "`4 // n_z` drops what is left over; `4 / n_z` does not.": 4 // n_z,
            },
            3: {
                "It is the KL that is summed over the batch, not recon.": 1 / n,
                "The sum over the batch in its KL makes that N times too large.": 1,
            },
            4: {
                "The honest Gaussian has a ½ before the square.": d,
                "`//` drops what is left over; `/` does not.": d // 2,
                "The missing ½ makes recon too *large*: it makes beta smaller.": 2 * d,
                "The mean over the pixels counts too, not the missing ½ alone.": 0.5,
                "The mean over the pixels makes recon small, and so beta large.": 1 / (2 * d),
            },
            5: {
                "Both terms are divided by D. What divides both changes no beta.": d,
                "Its recon is divided by D as well, in the mean.": 1 / d,
            },
        }  # fmt: skip
        for i, beta in enumerate(want):
            name = f"`loss_{i + 1}`: "
            recognise(got[i], beta, {name + why: value for why, value in wrong[i].items()})
            expect(
                not good[i] or close(got[i], beta, 1e-4),
                f"{name}right for 100, 64, 10 only. Write a formula of n, d and n_z.",
            )
            expect(close(got[i], beta, 1e-4), f"{name}not yet. Look again: {REDUCED[i]}.")


def _six(betas):
    """The six, from an array, a list or a tuple."""
    betas = np.array(betas) if isinstance(betas, tuple) and len(betas) == 6 else betas
    shape(betas, (6,), "one beta for each loss, in their order")
    return betas


# 04.9: what a diagonal q cannot say

PIXELS = np.array([[1.0, 0.5, 0.0], [0.8, 0.2, 0.0]])  # W of the model with two latents
PIXEL_SIGMA = 0.5


def ask_diagonal(both):
    """(q's best two standard deviations, log p(x) - ELBO there in nats)."""
    if not (isinstance(both, (tuple, list)) and len(both) == 2):
        raise NotYet('Two answers are asked for: `check("04.9", (best_sds, gap))`.')
    sds, gap = both
    if not any(_is_set(one) for one in both):
        raise NotImplementedError()
    expect(_is_set(sds), "`best_sds` is still None: the two standard deviations.")
    sds = _numbers(sds, 2, "`best_sds` should be 2 numbers, `(sd_1, sd_2)`.")
    expect(_is_set(gap), "`gap` is still None: log p(x) - ELBO at your best_sds.")
    gap = _numbers(gap, 1, "`gap` should be a number.")[0]
    precision = np.eye(2) + PIXELS @ PIXELS.T / PIXEL_SIGMA**2
    covariance = np.linalg.inv(precision)
    best = 1 / np.sqrt(np.diag(precision))
    least = 0.5 * np.log(np.diag(precision).prod() / np.linalg.det(precision))
    expect(
        np.abs(sds - np.sqrt(np.diag(covariance))).max() > 0.03,  # so also those of its draws
        "These are how widely the posterior itself spreads along z1 and z2. Set the sliders to "
        "them: is the ELBO at its highest there?",
    )
    recognise(sds, best, {
        "These are the posterior's spreads along its own slanted axes. q's axes are z1 and z2.":
            np.sqrt(np.linalg.eigvalsh(covariance)),
        "These are variances. Asked are standard deviations.": best**2,
        "The two have changed places.": best[::-1],
        "These are where the sliders start.": np.array([0.3, 0.9]),
        "This is the prior, 1 and 1. The ELBO is higher elsewhere.": np.ones(2),
    }, tolerance=0.02)  # fmt: skip
    off = sds - best
    worst = int(np.abs(off).argmax())
    expect(
        np.abs(off).max() <= 0.025,
        "The ELBO is not at its highest for these two: from here, try "
        f"sd {worst + 1} {'smaller' if off[worst] > 0 else 'larger'} by 0.05.",
    )
    recognise(gap, least, {
        "The gap is log p(x) minus the ELBO, so it is not negative.": -least,
    }, tolerance=0.03)  # fmt: skip
    expect(
        gap > 0.05,
        "The gap is `log p(x) - ELBO` at the best place you found; no slider makes it vanish.",
    )
    expect(abs(gap - least) <= 0.01, "The gap is not that: log p(x) minus the highest ELBO.")


def _is_set(answer):
    return answer is not None and answer is not Ellipsis


def _numbers(value, n, message):
    """n numbers as an array, from a number, a list, a tuple or an array; else NotYet."""
    try:
        array = np.asarray(value, dtype=float).ravel()
    except (TypeError, ValueError):
        array = np.empty(0)
    if isinstance(value, str) or array.size != n or not np.isfinite(array).all():
        raise NotYet(message)
    return array


# 04.10: three names


def ask_names(honest_terms):
    """honest_terms(recon, mu, logvar) -> (loss, elbo, kl): a number, (N,), (N,)."""
    for n, n_z, level in ((6, 3, -9), (1, 2, -4), (4, 1, 30), (3, 3, 2), (1, 1, -1)):
        rng = np.random.default_rng(50 + n)
        recon, (mu, logvar) = rng.normal(size=n) + level, rng.normal(size=(2, n, n_z))
        cost = kl_to_prior(mu, logvar)
        kl = cost.sum(axis=1)
        loss, elbo, said = parts(call(honest_terms, recon, mu, logvar), 3, "loss, elbo and kl")
        shape(said, (n,), "one number for each row", "`kl`")
        shape(elbo, (n,), "one number for each row", "`elbo`")
        shape(loss, (), "one number for the whole batch", "`loss`")
        recognise(said, kl, {
            "What you call kl is still minus the KL: that is the bug.": -kl,
            "kl is a mean over the latents. Their KLs add up.": cost.mean(axis=1),
            "kl takes `exp(logvar)` for the standard deviation.":
                kl_to_prior(mu, 2 * logvar).sum(axis=1),
            "kl is twice the KL: the factor ½ is missing.": 2 * kl,
        })  # fmt: skip
        values(said, kl, "`kl`")
        recognise(elbo, recon - kl, {
            "Your elbo is recon *plus* the KL: the bug, still there. It lies above log p(x).":
                recon + kl,
            "What you call elbo is minus the ELBO. That is what the docstring of `reported` "
            "promised, but not what the name elbo says.": kl - recon,
            "Your elbo is minus what `reported` returns: minus recon, minus the KL. What it "
            "returns is recon plus the KL, the bug.": -(recon + kl),
            "Your elbo is recon alone.": recon,
            "Your elbo subtracts the KL of the whole batch from each row.": recon - kl.sum(),
        })  # fmt: skip
        values(elbo, recon - kl, "`elbo`")
        recognise(loss, -(recon - kl).mean(), {
            "Your loss is a sum over the batch. Asked is the mean.": (kl - recon).sum(),
            "Your loss is an absolute value. An ELBO of densities may be positive, and then "
            "the loss is negative.": np.abs((recon - kl).mean()),
            "Your loss is +mean(elbo): whoever makes it smaller makes the model worse.":
                (recon - kl).mean(),
            "Your loss is the mean of what `reported` returns: recon plus the KL, the bug.":
                (recon + kl).mean(),
            "Your loss adds up -recon and -KL: it rewards codes far from the prior.":
                -(recon + kl).mean(),
        })  # fmt: skip
        values(loss, -(recon - kl).mean(), "`loss`")
    for mu, logvar in ((0, 0), (0.03, 0), (0, 0.045), (0, -0.045), (0.02, 0.1)):
        note = np.zeros(1), np.full((1, 2), float(mu)), np.full((1, 2), float(logvar))
        loss, elbo, said = parts(call(honest_terms, *note), 3, "loss, elbo and kl")
        kl = kl_to_prior(*note[1:]).sum(axis=1)
        expect(
            _within(said, kl),
            "Where q is nearly the prior kl is no longer right. It is nearly 0 there.",
        )
        expect(
            _within(elbo, -kl) and _within(loss, kl.mean()),
            "Where q is nearly the prior elbo is not recon minus kl, or loss not minus its "
            "mean.",
        )
    every = np.zeros(len(FAR)), np.zeros((len(FAR), 1)), FAR[:, None].copy()
    alone = [(np.zeros(1), np.zeros((1, 1)), np.full((1, 1), logvar)) for logvar in FAR]
    alone += [(np.zeros(1), np.full((1, 1), mu), np.zeros((1, 1))) for mu in (-3.0, 30.0, 3e2)]
    alone += [(np.full(1, far), np.full((1, 1), 0.5), np.ones((1, 1))) for far in (-1e5, 1e5)]
    for recon, mu, logvar in (every, *alone):
        kl = kl_to_prior(mu, logvar).sum(axis=1)
        got = parts(call(honest_terms, recon, mu, logvar), 3, "loss, elbo and kl")
        want = np.mean(kl - recon), recon - kl, kl
        _far(got[::-1], want[::-1], ("`kl`", "`elbo`", "`loss`"))


# 04.11: a Gaussian without its sigma


def ask_gaussian(gaussian_terms):
    """gaussian_terms(x, out, log_sigma) -> (recon (N,), dout (N, D), dlog_sigma)."""
    for n, d, log_sigma in ((5, 4, -0.7), (1, 6, 0.4), (7, 1, -1.5), (3, 3, 0.2), (1, 1, 0.9)):
        x, out = np.random.default_rng(60 + n).standard_normal((2, n, d))
        given = call(gaussian_terms, x, out, log_sigma)
        recon, dout, slope = parts(given, 3, "recon, dout and dlog_sigma")
        shape(recon, (n,), "one number for each row, summed over its D pixels", "`recon`")
        shape(dout, (n, d), "a gradient has the shape of its tensor", "`dout`")
        shape(slope, (), "log_sigma is one number, so its gradient is one too", "`dlog_sigma`")
        square, sigma = ((x - out) ** 2).sum(axis=1), np.exp(log_sigma)
        constant = d * (log_sigma + LOG_2PI / 2)
        want = -0.5 * square / sigma**2 - constant
        recognise(recon, want, {
            "In recon the square is still not divided by sigma².": -0.5 * square - constant,
            "In recon the square is divided by sigma. It belongs divided by sigma².":
                -0.5 * square / sigma - constant,
            "In recon the square is multiplied by sigma². A small sigma makes a miss *dearer*.":
                -0.5 * square * sigma**2 - constant,
            "In recon the square is divided by log_sigma². sigma is `exp(log_sigma)`.":
                -0.5 * square / log_sigma**2 - constant,
            "recon takes log_sigma for the log of the *variance*. sigma is `exp(log_sigma)`.":
                -0.5 * square / sigma - d * (log_sigma + LOG_2PI) / 2,
            "recon has lost `D log sigma`, without which no sigma is too large.":
                -0.5 * square / sigma**2 - d * LOG_2PI / 2,
            "recon has lost `(D / 2) log 2 pi`.": -0.5 * square / sigma**2 - d * log_sigma,
            "recon has lost the ½ before the square.": -square / sigma**2 - constant,
            "recon is minus the log-density.": -want,
            "recon is a mean over the pixels. Their log-densities add up.": want / d,
        })  # fmt: skip
        values(recon, want, "`recon`")
        want = (out - x) / (n * sigma**2)
        recognise(dout, want, {
            "dout does not follow recon: the 1/sigma² is missing in it.": (out - x) / n,
            "dout has 1/sigma where recon has 1/sigma².": want * sigma,
            "The sign of dout: L is *minus* the mean of recon.": -want,
            "dout lacks the 1/N of the batch's mean.": want * n,
            "dout is divided by the pixels. L is a mean over the rows alone.": want / d,
            "dout is twice too large: the ½ takes away the 2 of the square.": 2 * want,
        })  # fmt: skip
        values(dout, want, "`dout`")
        ratio = square.mean() / sigma**2
        recognise(slope, d - ratio, {
            "dlog_sigma is still D: the square depends on sigma now, and pulls the other way.":
                d,
            "dlog_sigma lacks D, the slope of the constant.": -ratio,
            "dlog_sigma is the slope with respect to sigma. Asked is that with respect to "
            "log sigma.": (d - ratio) / sigma,
            "dlog_sigma is the slope with respect to log sigma². Asked is that with respect "
            "to log sigma.": (d - ratio) / 2,
            "In dlog_sigma the ½ of recon is left on the square: differentiating "
            "`exp(-2 log_sigma)` brings a 2 down.": d - ratio / 2,
            "The sign of dlog_sigma: L is *minus* the mean of recon.": ratio - d,
            "In dlog_sigma the two parts add. They pull in opposite directions.": d + ratio,
            "dlog_sigma is a sum over the batch. L is a mean.": n * (d - ratio),
            "In dlog_sigma the square is summed over the batch. L is a mean.": d - n * ratio,
            "In dlog_sigma the square is a mean over the pixels too. It is a sum over them.":
                d - ratio / d,
            "In dlog_sigma the constant is that of one pixel. There are D.": 1 - ratio,
            "In dlog_sigma the square is not divided by sigma².": d - square.mean(),
            "In dlog_sigma the square is divided by sigma, where sigma² belongs.":
                d - ratio * sigma,
            "dlog_sigma is divided by D. L is a sum over the pixels.": 1 - ratio / d,
        })  # fmt: skip
        values(slope, d - ratio, "`dlog_sigma`")
    names, why = ("`recon`", "`dout`", "`dlog_sigma`"), "as for usual inputs"
    for n, d in ((3, 4), (1, 1)):
        x, out = np.zeros((n, d)), np.ones((n, d))
        got = parts(call(gaussian_terms, x, x, -1.0), 3, "recon, dout and dlog_sigma")
        want = np.full(n, d * (1 - LOG_2PI / 2)), 0 * x, float(d)
        expect(
            all(_within(one, true) for one, true in zip(got, want, strict=True)),
            "Where out is x exactly, one of the three is not right.",
        )
        for log_sigma in (-14.0, -9.0, -6.0, -4.0, -2.5, 0.0, 2.5, 4.0, 6.0, 10.0):
            for misses in (0.01, 2.0, 1e3):  # in sigmas; x = 0, so that nothing is rounded off
                sigma = np.exp(log_sigma)
                got = call(gaussian_terms, x, misses * sigma * out, log_sigma)
                want = (
                    np.full(n, -d * (misses**2 / 2 + log_sigma + LOG_2PI / 2)),
                    misses * out / sigma / n,
                    d - d * misses**2,
                )
                _far(parts(got, 3, "recon, dout and dlog_sigma"), want, names, why)


# 04.12: collapse told backwards


def ask_kept(kept):
    """kept(eigenvalues, n_z, sigma, beta) -> the share of variance that x_hat keeps."""
    rng = np.random.default_rng(71)
    cases = (8, 5, 0.8, 1.5), (6, 6, 0.5, 0.6), (5, 2, 0.4, 1.7), (4, 2, 3, 2)
    for d, n_z, sigma, beta in cases:
        eigenvalues = np.sort(5.0 * 0.5 ** np.arange(d) * (1 + 0.3 * rng.random(d)))[::-1]
        got = call(kept, eigenvalues, n_z, sigma, beta)
        shape(got, (), "one number, the share of the whole variance")
        noise, largest = beta * sigma**2, eigenvalues[:n_z]
        want = _kept(eigenvalues, n_z, noise)
        alive, total = largest > noise, eigenvalues.sum()
        lost = np.append(np.where(alive, noise**2 / largest, largest), eigenvalues[n_z:])
        recognise(got, want, {
            "This is what principal components keep: it knows no noise. A live latent is told "
            "with noise, and its reconstruction is drawn toward the mean.":
                largest.sum() / total,
            "This drops the dead latents but keeps the live ones whole. Each live coordinate "
            "misses a part as well.": largest[alive].sum() / total,
            "A live coordinate costs tau here. That is the error at a random draw z; at z = mu "
            "the code's own spread does not count.":
                np.maximum(largest - noise, 0).sum() / total,
            "This is the variance of the reconstructions. What is asked is what is left when "
            "the error is taken from the whole.":
                (np.maximum(largest - noise, 0) ** 2 / largest).sum() / total,
            "This is the share that is lost. Asked is what is kept.": 1 - want,
            "sigma enters as it is. It is a standard deviation; the noise is its square.":
                _kept(eigenvalues, n_z, beta * sigma),
            "beta is left out: it multiplies the noise.": _kept(eigenvalues, n_z, sigma**2),
            "beta divides the noise here. It multiplies it.":
                _kept(eigenvalues, n_z, sigma**2 / beta),
            "beta is squared together with sigma: tau is `beta * sigma**2`.":
                _kept(eigenvalues, n_z, (beta * sigma) ** 2),
            "All D eigenvalues are used. The model has n_z latents; the rest is lost.":
                _kept(eigenvalues, d, noise),
            "You divide by the variance of the first n_z directions. The whole variance is "
            "that of all D.": _kept(largest, n_z, noise),
            "You count only what the latents lose. The D - n_z directions without a latent are "
            "lost whole.": 1 - lost[:n_z].sum() / total,
            "Divide by the sum of all D eigenvalues.": 1 - lost.sum() / largest.sum(),
            "A latent below the noise is dead: its coordinate keeps nothing, and does not lose "
            "more than there is.": (largest - noise**2 / largest).sum() / total,
        })  # fmt: skip
        live_lost, beyond, n_dead = lost[: alive.sum()].sum(), lost[n_z:].sum(), sum(~alive)
        for wrong in (
            live_lost + beyond,  # dead ones cost nothing
            live_lost,
            live_lost + n_dead * noise + beyond,  # tau
            live_lost + (d - alive.sum()) * noise,
            n_z * noise + beyond,  # lambda - tau, not cut off at 0
            total - ((largest - noise) ** 2 / largest).sum(),
        ):
            recognise(
                got, want, {"A dead latent loses its whole eigenvalue.": 1 - wrong / total}
            )
        values(got, want, "the share that is kept")
    for given, n_z, message in (
        ((3, 3, 2, 0.5), 3, "Equal eigenvalues are a direction each, live or dead."),
        ((5,), 1, "With a single direction and a single latent your answer is not right."),
        ((0.9, 0.5, 0.1), 2, "Where all latents are dead nothing is kept: the share is 0."),
        (
            (1.01, 0.4, 0.2), 2,
            "An eigenvalue a little above tau makes a latent that lives, if only by little.",
        ),
        ((4, 1, 1), 3, "Where an eigenvalue equals tau that direction keeps nothing."),
        ((7, 6, 5, 4), 4, "Where each direction has a live latent your answer is not right."),
    ):  # fmt: skip
        for sigma, beta in ((1.0, 1.0), (0.5, 4.0)):
            eigenvalues = np.array(given, float) * beta * sigma**2
            got = call(kept, eigenvalues, n_z, sigma, beta)
            expect(_within(got, _kept(eigenvalues, n_z, beta * sigma**2)), message)
    for sigma, beta in ((1e-6, 1.0), (3e-4, 5.0), (1.0, 1e-8), (1e4, 2.0), (0.01, 1e8)):
        for spread in (1.0, 1e6):
            given = np.array([4 * spread, 3, 1.5, 0.3]) * beta * sigma**2
            got = call(kept, given, 3, sigma, beta)
            extremes(got, _kept(given, 3, beta * sigma**2), "the share that is kept")


def _kept(eigenvalues, n_z, noise):
    """Along a live direction x_hat misses noise / lambda times the coordinate."""
    missed = eigenvalues * np.minimum(noise / eigenvalues, 1) ** 2
    missed[n_z:] = eigenvalues[n_z:]
    return 1 - missed.sum() / eigenvalues.sum()


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
        ask=ask_elbo,
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
        ask=ask_decoder_half,
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
        ask=ask_draw,
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
        ask=ask_encoder_half,
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
        ask=ask_gradients,
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
        ask=ask_bound,
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
        ask=ask_collapse,
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
        ask=ask_audit,
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
        ask=ask_diagonal,
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
        ask=ask_names,
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
        ask=ask_gaussian,
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
        ask=ask_kept,
    ),
]  # fmt: skip
