"""Answers to the exercises of 04. Most are one answer with one line written otherwise."""

import inspect
import math
from textwrap import dedent

import numpy as np

import tinyvae as tv
from tinyvae.course.exercises.ex04_elbo import forward, hidden_betas


def but(function, *edits):
    """`function` with each (old, new) of its source replaced."""
    source = dedent(inspect.getsource(function))
    for old, new in edits:
        assert source.count(old) == 1, (function.__name__, old)
        source = source.replace(old, new)
    names = dict(globals())
    exec(source, names)
    return names[function.__name__]


def in_float32(function):
    """`function` on float32 copies of the arrays that it is given."""

    def lower(value):
        if isinstance(value, dict):
            return {name: lower(array) for name, array in value.items()}
        return value.astype(np.float32) if isinstance(value, np.ndarray) else value

    return lambda *inputs: function(*map(lower, inputs))


# 04.1


def elbo(x, mu, logvar, eps, decoder, sigma):
    z = mu + np.exp(0.5 * logvar) * eps
    miss = x - decoder(z)
    D = x.shape[1]
    recon = -0.5 * np.sum(miss**2, axis=1) / sigma**2
    recon = recon - D * np.log(sigma) - D * 0.5 * np.log(2 * np.pi)
    kl = 0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar, axis=1)
    return recon - kl, recon, kl


def elbo_of_the_package(x, mu, logvar, eps, decoder, sigma):
    recon = tv.Gaussian(sigma=sigma).log_prob(x, decoder(tv.reparameterize(mu, logvar, eps)))
    kl = tv.kl_to_prior(mu, logvar).sum(-1)
    return recon - kl, recon, kl


def elbo_in_loops(x, mu, logvar, eps, decoder, sigma):
    rows = []
    for n in range(len(x)):
        z = [
            [m + math.exp(v / 2) * e for m, v, e in zip(mu[n], logvar[n], eps[n], strict=True)]
        ]
        (out,) = decoder(np.array(z))
        recon = sum(
            -((a - o) ** 2) / (2 * sigma**2) - math.log(sigma * math.sqrt(2 * math.pi))
            for a, o in zip(x[n], out, strict=True)
        )
        kl = sum(
            (m * m + math.exp(v) - 1 - v) / 2 for m, v in zip(mu[n], logvar[n], strict=True)
        )
        rows.append((recon - kl, recon, kl))
    return tuple(list(column) for column in zip(*rows, strict=True))


# 04.2 to 04.5


def decoder_half(p, t, x):
    N = len(x)
    g = {}
    g["out"] = (1 / (1 + np.exp(-t["out"])) - x) / N
    g["W3"] = t["h2"].T @ g["out"]
    g["b3"] = g["out"].sum(0)
    g["h2"] = g["out"] @ p["W3"].T
    g["a2"] = (1 - t["h2"] ** 2) * g["h2"]
    g["W2"] = t["z"].T @ g["a2"]
    g["b2"] = g["a2"].sum(0)
    g["z"] = g["a2"] @ p["W2"].T
    return g


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


def draw(dz, mu, logvar, eps):
    N = dz.shape[0]
    sigma = np.exp(0.5 * logvar)
    dmu = dz + mu / N
    dlogvar = 0.5 * dz * sigma * eps + 0.5 * (np.exp(logvar) - 1) / N
    return dmu, dlogvar


def draw_of_the_package(dz, mu, logvar, eps):
    through = tv.reparameterize_grad(dz, logvar, eps)
    cost = tv.kl_to_prior_grad(mu, logvar)
    return tuple(a + b / len(mu) for a, b in zip(through, cost, strict=True))


def encoder_half(p, t, x, dmu, dlogvar):
    g = {}
    g["Wm"] = t["h1"].T @ dmu
    g["bm"] = dmu.sum(0)
    g["Wv"] = t["h1"].T @ dlogvar
    g["bv"] = dlogvar.sum(0)
    g["h1"] = dmu @ p["Wm"].T + dlogvar @ p["Wv"].T
    g["a1"] = g["h1"] * (1 - t["h1"] ** 2)
    g["W1"] = x.T @ g["a1"]
    g["b1"] = g["a1"].sum(0)
    return g


def encoder_half_stacked(p, t, x, dmu, dlogvar):
    heads, codes = np.hstack([p["Wm"], p["Wv"]]), np.hstack([dmu, dlogvar])
    (Wm, Wv), (bm, bv) = np.split(t["h1"].T @ codes, 2, axis=1), np.split(codes.sum(0), 2)
    dh = codes @ heads.T
    da = dh - dh * np.tanh(t["a1"]) ** 2
    W1 = sum(np.outer(row, slope) for row, slope in zip(x, da, strict=True))
    return dict(Wm=Wm, Wv=Wv, bm=bm, bv=bv, h1=dh, a1=da, W1=W1, b1=da.sum(axis=0))


def gradients(p, x, eps):
    t = forward(p, x, eps)
    N = len(x)
    dout = (tv.sigmoid(t["out"]) - x) / N
    dh2 = dout @ p["W3"].T
    da2 = dh2 * (1 - t["h2"] ** 2)
    dz = da2 @ p["W2"].T
    sigma = np.exp(0.5 * t["logvar"])
    dmu = dz + t["mu"] / N
    dlogvar = dz * 0.5 * sigma * eps + 0.5 * (np.exp(t["logvar"]) - 1) / N
    dh1 = dmu @ p["Wm"].T + dlogvar @ p["Wv"].T
    da1 = dh1 * (1 - t["h1"] ** 2)
    return {
        "W3": t["h2"].T @ dout, "b3": dout.sum(0), "W2": t["z"].T @ da2, "b2": da2.sum(0),
        "Wm": t["h1"].T @ dmu, "bm": dmu.sum(0), "Wv": t["h1"].T @ dlogvar,
        "bv": dlogvar.sum(0), "W1": x.T @ da1, "b1": da1.sum(0),
    }  # fmt: skip


def gradients_in_layers(p, x, eps):
    """The package's layers do it; two hidden widths that differ need more than one tv.VAE."""
    names = {"encoder": "1", "mu": "m", "logvar": "v", "first": "2", "last": "3"}
    layers, tanh = {}, (tv.Tanh(), tv.Tanh())
    for name, i in names.items():
        layers[name] = tv.Dense(*p[f"W{i}"].shape, np.random.default_rng(0))
        layers[name].W, layers[name].b = p[f"W{i}"], p[f"b{i}"]
    h1 = tanh[0].forward(layers["encoder"].forward(x))
    mu, logvar = layers["mu"].forward(h1), layers["logvar"].forward(h1)
    h2 = tanh[1].forward(layers["first"].forward(tv.reparameterize(mu, logvar, eps)))
    likelihood = tv.Bernoulli()
    likelihood.forward(x, layers["last"].forward(h2))
    dh2 = layers["last"].backward(likelihood.backward())
    dz = layers["first"].backward(tanh[1].backward(dh2))
    dmu, dlogvar = draw_of_the_package(dz, mu, logvar, eps)
    dh1 = layers["mu"].backward(dmu) + layers["logvar"].backward(dlogvar)
    layers["encoder"].backward(tanh[0].backward(dh1))
    weights = {f"W{i}": layers[name].dW for name, i in names.items()}
    return weights | {f"b{i}": layers[name].db for name, i in names.items()}


def gradients_of_a_vae(p, x, eps):
    """A tv.VAE, hidden layers padded with dead units to one width."""
    width = max(p["W1"].shape[1], p["W2"].shape[1])
    first, last = width - p["W1"].shape[1], width - p["W2"].shape[1]
    h = slice(p["W1"].shape[1]), slice(p["W2"].shape[1])
    vae = tv.VAE(
        x.shape[1], (width,), eps.shape[1], np.random.default_rng(0), tv.Bernoulli(), tv.Tanh,
        np.float64,
    )  # fmt: skip
    vae.params["encoder.0.W"] = np.pad(p["W1"], ((0, 0), (0, first)))
    vae.params["encoder.0.b"] = np.pad(p["b1"], (0, first))
    vae.params["encoder.1.W"] = np.pad(np.hstack([p["Wm"], p["Wv"]]), ((0, first), (0, 0)))
    vae.params["encoder.1.b"] = np.hstack([p["bm"], p["bv"]])
    vae.params["decoder.0.W"] = np.pad(p["W2"], ((0, 0), (0, last)))
    vae.params["decoder.0.b"] = np.pad(p["b2"], (0, last))
    vae.params["decoder.1.W"] = np.pad(p["W3"], ((0, last), (0, 0)))
    vae.params["decoder.1.b"] = p["b3"]
    vae.elbo(x, eps)
    vae.backward()
    g = vae.grads
    (Wm, Wv), (bm, bv) = (np.split(g[f"encoder.1.{k}"], 2, axis=-1) for k in "Wb")
    return {
        "W1": g["encoder.0.W"][:, h[0]], "b1": g["encoder.0.b"][h[0]], "Wm": Wm[h[0]],
        "Wv": Wv[h[0]], "bm": bm, "bv": bv, "W2": g["decoder.0.W"][:, h[1]],
        "b2": g["decoder.0.b"][h[1]], "W3": g["decoder.1.W"][h[1]], "b3": g["decoder.1.b"],
    }  # fmt: skip


# 04.6 to 04.9


def bound(log_w):
    top = np.max(log_w, axis=0, keepdims=True)
    weights = np.exp(log_w - top)
    return np.log(weights.mean(axis=0)) + top[0]


def bound_by_logaddexp(a):
    return np.logaddexp.reduce(a, axis=0) - np.log(len(a))


def bound_in_loops(a):
    rows = []
    for column in a.T:
        top = max(column)
        rows.append(top + math.log(sum(math.exp(v - top) for v in column) / len(column)))
    return rows


def bound_about_the_median(log_w):
    m = np.nanmedian(np.where(np.isfinite(log_w), log_w, np.nan), axis=0)
    return m + np.log(np.mean(np.exp(log_w - m), axis=0))


def bound_of_a_set(a):
    return [tv.logsumexp(np.unique(column)) - math.log(len(column)) for column in a.T]


def collapse(eigenvalues, n_z, sigma, beta):
    top = np.sort(eigenvalues)[::-1][:n_z]
    tau = beta * sigma**2
    return np.where(top > tau, 0.5 * np.log(np.maximum(top, tau) / tau), 0.0)


def collapse_in_loops(eigenvalues, n_z, sigma, beta):
    sizes = sorted((float(value) for value in eigenvalues), reverse=True)[:n_z]
    return [max(0, math.log(math.sqrt(v / beta) / sigma)) if v else 0 for v in sizes]


def audit(n, d, n_z):
    return [0.00025 * d, 1, 4 / n_z, n, d / 2, 1]


def one(i, beta):
    """`audit` with another answer to the loss i + 1."""
    return lambda n, d, n_z: [
        *audit(n, d, n_z)[:i],
        beta(n, d, n_z),
        *audit(n, d, n_z)[i + 1 :],
    ]


def cross_entropy(x, out):
    return tv.softplus(out) - x * out


LOSSES = (
    lambda x, out, kl: cross_entropy(x, out).mean() + 0.00025 * kl.sum(axis=1).mean(),
    lambda x, out, kl: cross_entropy(x, out).sum() + kl.sum(),
    lambda x, out, kl: x.shape[1] * cross_entropy(x, out).mean() + 4 * kl.mean(),
    lambda x, out, kl: cross_entropy(x, out).sum(axis=1).mean() + kl.sum(),
    lambda x, out, kl: ((x - out) ** 2).mean() + kl.sum(axis=1).mean(),
    lambda x, out, kl: cross_entropy(x, out).mean() + kl.sum() / x.size,
)


def audit_by_measuring(n, d, n_z):
    """By what each loss and the honest terms change when out, or the codes, change."""
    rng = np.random.default_rng(0)
    (x, out, other), kl, more = (
        rng.random((3, n, d)),
        rng.random((n, n_z)),
        rng.random((n, n_z)),
    )
    betas = []
    for i, loss in enumerate(LOSSES):
        likelihood = tv.Gaussian(sigma=1) if i == 4 else tv.Bernoulli()
        change = likelihood.log_prob(x, out).mean() - likelihood.log_prob(x, other).mean()
        alpha = (loss(x, other, kl) - loss(x, out, kl)) / change
        gamma = (loss(x, out, more) - loss(x, out, kl)) / (more - kl).sum(axis=1).mean()
        betas.append(float(gamma / alpha))
    return tuple(betas)


BEST, GAP = (0.41, 0.52), 0.4345  # as found with the sliders


# 04.10 to 04.12


def names(recon, mu, logvar):
    kl = -0.5 * (1 + logvar - mu**2 - np.exp(logvar)).sum(axis=1)
    elbo = recon - kl
    loss = -elbo.mean()
    return loss, elbo, kl


def names_of_the_package(recon, mu, logvar):
    cost = tv.kl_to_prior(mu, logvar).sum(axis=-1)
    return float(np.mean(cost - recon)), (recon - cost).tolist(), cost


def gaussian(x, out, log_sigma):
    N, D = x.shape
    precision = np.exp(-2 * log_sigma)
    square = ((x - out) ** 2).sum(axis=1)
    recon = -0.5 * precision * square - D * log_sigma - D / 2 * np.log(2 * np.pi)
    dout = precision * (out - x) / N
    dlog_sigma = D - precision * square.mean()
    return recon, dout, dlog_sigma


def gaussian_of_the_package(x, out, log_sigma):
    likelihood = tv.Gaussian()
    likelihood.log_sigma[...] = log_sigma
    recon, dout = likelihood.forward(x, out), likelihood.backward()
    return recon, dout, likelihood.dlog_sigma


def gaussian_in_loops(x, out, log_sigma):
    sigma, rows, slope = math.exp(log_sigma), [], 0.0
    for a, b in zip(x, out, strict=True):
        densities = [tv.log_normal(a[i : i + 1], b[i], 2 * log_sigma) for i in range(len(a))]
        rows.append(sum(densities))
        slope += sum(1 - ((p - q) / sigma) ** 2 for p, q in zip(a, b, strict=True)) / len(x)
    return rows, (out - x) / sigma / sigma / len(x), slope


def kept(eigenvalues, n_z, sigma, beta):
    tau = beta * sigma**2
    top = eigenvalues[:n_z]
    missed = np.where(top > tau, tau**2 / top, top).sum() + eigenvalues[n_z:].sum()
    return 1 - missed / eigenvalues.sum()


def kept_by_a_model(eigenvalues, n_z, sigma, beta):
    """The best linear VAE, built, and its pictures measured."""
    d, tau = len(eigenvalues), beta * sigma**2
    x = np.vstack([np.eye(d), -np.eye(d)]) * np.sqrt(d * eigenvalues)  # that covariance exactly
    W = np.eye(n_z, d) * np.sqrt(np.maximum(eigenvalues - tau, 0))
    mu = x @ W.T / ((W**2).sum(axis=1) + tau)
    return 1 - ((x - mu @ W) ** 2).sum() / (x**2).sum()


def kept_in_loops(eigenvalues, n_z, sigma, beta):
    whole = gone = 0.0
    for i, size in enumerate(eigenvalues):
        share = max(0.0, 1 - beta * sigma**2 / size) if i < n_z else 0.0
        whole, gone = whole + size, gone + size * (1 - share) ** 2
    return float(1 - gone / whole)


RIGHT = {
    "04.1": {
        "plain": elbo, "package": elbo_of_the_package, "loops": elbo_in_loops,
        "float32": in_float32(elbo),
    },
    "04.2": {
        "plain": decoder_half, "einsum": decoder_half_in_einsum,
        "float32": in_float32(decoder_half),
    },
    "04.3": {"plain": draw, "package": draw_of_the_package, "float32": in_float32(draw)},
    "04.4": {
        "plain": encoder_half, "stacked": encoder_half_stacked,
        "float32": in_float32(encoder_half),
    },
    "04.5": {
        "plain": gradients, "layers": gradients_in_layers, "a VAE": gradients_of_a_vae,
        "float32": in_float32(gradients),
        "with more in it": lambda p, x, eps: {"out": None, **gradients(p, x, eps)},
    },
    "04.6": {
        "plain": bound, "logaddexp": bound_by_logaddexp, "loops": bound_in_loops,
        "package": lambda a: tv.logmeanexp(a, axis=0), "float32": in_float32(bound),
    },
    "04.7": {
        "plain": collapse, "loops": collapse_in_loops,
        "clipped": lambda lam, n, s, b: (
            np.log(np.clip(np.sort(lam)[-n:][::-1] / s**2 / b, 1, None)) / 2
        ),
        "float32": in_float32(collapse),
    },
    "04.8": {"plain": audit, "array": hidden_betas, "measured": audit_by_measuring},
    "04.9": {
        "sliders": ((BEST, GAP),), "list": ([[0.40, 0.53], 0.44],),
        "arrays": ((np.array([[0.41], [0.51]]), np.array([0.43])),),
    },
    "04.10": {
        "plain": names, "package": names_of_the_package, "float32": in_float32(names),
    },
    "04.11": {
        "plain": gaussian, "package": gaussian_of_the_package, "loops": gaussian_in_loops,
        "float32": in_float32(gaussian),
    },
    "04.12": {
        "plain": kept, "a model": kept_by_a_model, "loops": kept_in_loops,
        "float32": in_float32(kept),
    },
}  # fmt: skip

WRONG = {
    "04.1": {
        "decoded from z = mu": but(elbo, (" + np.exp(0.5 * logvar) * eps", "")),
        "Your draw uses `exp(logvar)`": but(elbo, ("np.exp(0.5 * logvar)", "np.exp(logvar)")),
        "Your draw uses sigma": but(elbo, ("np.exp(0.5 * logvar)", "sigma")),
        "takes sigma for the variance": but(
            elbo, ("/ sigma**2", "/ sigma"), ("D * np.log(sigma)", "D * 0.5 * np.log(sigma)")
        ),
        "divided by sigma, and": but(elbo, ("/ sigma**2", "/ sigma")),
        "not divided by sigma²": but(elbo, (" / sigma**2", "")),
        "lacks its constants": but(
            elbo, (" - D * np.log(sigma) - D * 0.5 * np.log(2 * np.pi)", "")
        ),
        "lacks `(D / 2) log 2 pi`": but(elbo, (" - D * 0.5 * np.log(2 * np.pi)", "")),
        "lacks `D log sigma`": but(elbo, (" - D * np.log(sigma)", "")),
        "the constants of one pixel": but(
            elbo,
            ("D * np.log(sigma)", "np.log(sigma)"),
            ("D * 0.5 * np.log(2", "0.5 * np.log(2"),
        ),
        "counts log sigma once": but(elbo, ("D * np.log(sigma)", "np.log(sigma)")),
        "before the square in recon": but(elbo, ("-0.5 * np.sum(miss", "-1 * np.sum(miss")),
        "mean over the pixels": but(
            elbo, ("return recon", "recon = recon / D\n    return recon")
        ),
        "a loss. Asked": but(elbo, ("return recon", "recon = -recon\n    return recon")),
        "minus the KL": but(elbo, ("kl = 0.5", "kl = -0.5")),
        "mean over the latents": but(elbo, ("np.sum(mu**2", "np.mean(mu**2")),
        "*standard deviation* is": but(
            elbo, ("np.exp(logvar) - 1 - logvar", "np.exp(logvar) ** 2 - 1 - 2 * logvar")
        ),
        "twice the KL": but(elbo, ("kl = 0.5 * ", "kl = ")),
        "kl lacks the -1": but(elbo, ("np.exp(logvar) - 1 -", "np.exp(logvar) -")),
        "recon has log sigma²": but(elbo, ("D * np.log(sigma)", "D * np.log(sigma**2)")),
        "log 2 pi for each pixel": but(elbo, ("D * 0.5 * np.log(2", "D * np.log(2")),
        "adds `D log sigma`": but(elbo, ("- D * np.log(sigma)", "+ D * np.log(sigma)")),
        "estimate of the KL": but(
            elbo,
            (
                "0.5 * np.sum(mu**2 + np.exp(logvar) - 1 - logvar, axis=1)",
                "tv.log_normal(z, mu, logvar) - tv.log_normal(z)",
            ),
        ),
        "adds the KL": but(elbo, ("return recon - kl", "return recon + kl")),
        "sign of a loss": but(elbo, ("return recon - kl", "return kl - recon")),
        "in the order": but(
            elbo, ("return recon - kl, recon, kl", "return recon, kl, recon - kl")
        ),
        "shape of `elbo` is ()": but(
            elbo, ("return recon - kl,", "return np.mean(recon - kl),")
        ),
        "shape of `recon`": but(elbo, ("(miss**2, axis=1)", "(miss**2)")),
        "3 values": but(elbo, ("return recon - kl, recon, kl", "return recon - kl")),
        "noise of its own": but(elbo, ("* eps", "* np.random.randn(*mu.shape)")),
        "usual inputs `kl`": but(
            elbo, ("D = x.shape[1]", "D, logvar = x.shape[1], np.clip(logvar, -5, 5)")
        ),
        "usual inputs `recon`": but(
            elbo, ("np.exp(0.5 * logvar)", "np.exp(0.5 * np.clip(logvar, -15, 9))")
        ),
        "nearly the prior kl": but(
            elbo,
            (
                "np.exp(logvar) - 1 - logvar, axis=1)",
                "np.exp(logvar) - 1 - logvar, axis=1)\n    kl = np.maximum(kl, 0.01)",
            ),
        ),
        "nearly the prior elbo": but(
            elbo, ("return recon - kl", "return recon - kl.clip(0.01)")
        ),
        "small or a very large sigma": but(elbo, ("/ sigma**2", "/ (sigma**2 + 1e-8)")),
        "missed by far": but(elbo, ("miss = x", "miss = np.minimum(x, 100)")),
    },
    "04.2": {
        "1/N of the loss is missing": but(decoder_half, (" - x) / N", " - x)")),
        "divided by the pixels too": but(decoder_half, ("- x) / N", "- x) / x.size")),
        "the number of pixels": but(decoder_half, ("- x) / N", "- x) / x.shape[1]")),
        "`out`. The sign": but(decoder_half, ('g["out"] = (', 'g["out"] = -(')),
        "as the probabilities": but(decoder_half, ('1 / (1 + np.exp(-t["out"]))', 't["out"]')),
        "divided by p (1 - p)": but(
            decoder_half,
            ("- x) / N", '- x) / N / (tv.sigmoid(t["out"]) * tv.sigmoid(-t["out"]))'),
        ),
        "factor p (1 - p)": but(
            decoder_half,
            ("- x) / N", '- x) / N * (tv.sigmoid(t["out"]) * tv.sigmoid(-t["out"]))'),
        ),
        "you use a2, before it": but(decoder_half, ('t["h2"].T', 't["a2"].T')),
        "`W3`. It is divided by N once more": but(
            decoder_half, ('t["h2"].T @ g["out"]', 't["h2"].T @ g["out"] / N')
        ),
        "`W3`. It is N times": but(
            decoder_half, ('t["h2"].T @ g["out"]', 't["h2"].T @ g["out"] * N')
        ),
        'The shape of `g["W3"]`': but(
            decoder_half, ('t["h2"].T @ g["out"]', '(t["h2"].T @ g["out"]).T')
        ),
        "`b3`. It is a mean": but(decoder_half, ('g["out"].sum(0)', 'g["out"].mean(0)')),
        "changing this one in place": but(
            decoder_half,
            ('(1 - t["h2"] ** 2) * g["h2"]', 'g["h2"]\n    g["a2"] *= 1 - t["h2"] ** 2'),
        ),
        "has been reshaped": but(
            decoder_half, ('p["W3"].T', 'p["W3"].reshape(x.shape[1], -1)')
        ),
        "`a2`. The slope of tanh is missing": but(decoder_half, ('(1 - t["h2"] ** 2) * ', "")),
        "yours squares a": but(decoder_half, ('t["h2"] ** 2', 't["a2"] ** 2')),
        "tanh of it once more": but(decoder_half, ('t["h2"] ** 2', 'np.tanh(t["h2"]) ** 2')),
        "yours is `1 - h`": but(decoder_half, ('t["h2"] ** 2', 't["h2"]')),
        "slope is that of a sigmoid": but(
            decoder_half, ('1 - t["h2"] ** 2', 't["h2"] * (1 - t["h2"])')
        ),
        "that of SiLU": but(
            decoder_half,
            (
                '(1 - t["h2"] ** 2) *',
                '(tv.sigmoid(t["a2"]) * (1 + t["a2"] * tv.sigmoid(-t["a2"]))) *',
            ),
        ),
        "through tanh once more": but(
            decoder_half, ('(1 - t["h2"] ** 2) * g["h2"]', 'np.tanh(g["h2"])')
        ),
        "you use mu": but(decoder_half, ('t["z"].T', 't["mu"].T')),
        "you use that of h2": but(decoder_half, ('t["z"].T @ g["a2"]', 't["z"].T @ g["h2"]')),
        "you sum that of h2": but(decoder_half, ('g["a2"].sum', 'g["h2"].sum')),
        "`b2`. It is a mean": but(decoder_half, ('g["a2"].sum', 'g["a2"].mean')),
        "you send that of h2": but(decoder_half, ('= g["a2"] @', '= g["h2"] @')),
        "joins later": but(decoder_half, ('p["W2"].T', 'p["W2"].T + t["mu"] / N')),
        "z is not in it": but(decoder_half, ('p["W2"].T', 'p["W2"].T + t["z"] / N')),
        "has a NaN in it": but(
            decoder_half,
            ('1 / (1 + np.exp(-t["out"]))', 'np.exp(t["out"]) / (1 + np.exp(t["out"]))'),
        ),
        "all but certain": but(
            decoder_half, ('np.exp(-t["out"])', 'np.exp(-np.clip(t["out"], -9, 9))')
        ),
        "`a2`. Where tanh is nearly": but(
            decoder_half, ('(1 - t["h2"] ** 2)', '(1 - t["h2"] ** 2 + 1e-6)')
        ),
        "`h2`. Where tanh is nearly": but(
            decoder_half, ('g["out"] @ p["W3"].T', 'np.clip(g["out"] @ p["W3"].T, -5, 5)')
        ),
        "not in the dict": but(decoder_half, ('g["b2"] = g["a2"].sum(0)', "pass")),
        "`b2`. It is still empty": but(
            decoder_half, ('g["b2"] = g["a2"].sum(0)', 'g["b2"] = ...')
        ),
        "return the dict": but(decoder_half, ("return g", "return tuple(g.values())")),
        "changes the arrays": but(decoder_half, ("g = {}", "g = t")),
    },
    "04.3": {
        "in the order dmu": but(draw, ("return dmu, dlogvar", "return dlogvar, dmu")),
        "divided by the L latents, not": but(draw, ("mu / N", "mu / mu.shape[1]")),
        "dmu lacks the KL's": but(draw, ("dz + mu / N", "dz")),
        "dmu lacks the road": but(draw, ("dz + mu / N", "mu / N")),
        "In dmu the KL's part is N times": but(draw, ("mu / N", "mu")),
        "In dmu the part through z is divided": but(draw, ("dz + mu / N", "(dz + mu) / N")),
        "In dmu the KL's part has the wrong sign": but(draw, ("dz + mu", "dz - mu")),
        "In dmu the KL's part is twice": but(draw, ("dz + mu", "dz + 2 * mu")),
        "the latents too": but(draw, ("mu / N", "mu / mu.size")),
        "In dmu the KL's part is half": but(draw, ("dz + mu", "dz + 0.5 * mu")),
        "dlogvar lacks the KL's": but(draw, (" + 0.5 * (np.exp(logvar) - 1) / N", "")),
        "dlogvar lacks the road": but(draw, ("0.5 * dz * sigma * eps + ", "")),
        "through z is twice": but(draw, ("0.5 * dz", "dz")),
        "lacks eps": but(draw, (" * eps +", " +")),
        "that is sigma²": but(draw, ("np.exp(0.5 * logvar)", "np.exp(logvar)")),
        "lacks sigma": but(draw, ("dz * sigma", "dz")),
        "lacks dz": but(draw, ("0.5 * dz * sigma", "0.5 * sigma")),
        "has `exp(-logvar / 2)`": but(draw, ("dz * sigma", "dz / sigma")),
        "mu in the place of eps": but(draw, ("sigma * eps", "sigma * mu")),
        "in dmu stands logvar": but(
            draw, ("N = dz.shape[0]", "N, mu, logvar = len(mu), logvar, mu")
        ),
        "In dlogvar stands mu": but(
            draw,
            ("np.exp(0.5 * logvar)", "np.exp(0.5 * mu)"),
            ("np.exp(logvar) - 1", "np.exp(mu) - 1"),
        ),
        "with respect to sigma": but(draw, ("0.5 * dz * sigma", "dz")),
        "In dlogvar the KL's part is N times": but(draw, ("- 1) / N", "- 1)")),
        "In dlogvar the part through z is divided": but(draw, ("0.5 * dz", "0.5 / N * dz")),
        "In dlogvar the KL's part has the wrong sign": but(
            draw, ("(np.exp(logvar) - 1)", "(1 - np.exp(logvar))")
        ),
        "lacks its -1": but(draw, ("(np.exp(logvar) - 1)", "np.exp(logvar)")),
        "before the bracket": but(draw, ("+ 0.5 * (np", "+ (np")),
        "sigma where sigma²": but(draw, ("(np.exp(logvar) - 1)", "(sigma - 1)")),
        "shape of `dmu`": but(draw, ("return dmu,", "return dmu.sum(0),")),
        "usual inputs `dlogvar`": but(
            draw, ("np.exp(0.5 * logvar)", "np.exp(0.5 * np.maximum(logvar, -12))")
        ),
        "usual inputs `dmu`": but(draw, ("dmu = dz", "dmu = np.clip(dz, -10, 10)")),
        "logvar is nearly 0": but(
            draw,
            (
                "(np.exp(logvar) - 1)",
                "np.where(abs(logvar) < 0.02, logvar, np.exp(logvar) - 1)",
            ),
        ),
        "2 values": but(draw, ("return dmu, dlogvar", "return dmu")),
    },
    "04.4": {
        "`Wm`. Its layer's input": but(encoder_half, ('t["h1"].T @ dmu', 't["a1"].T @ dmu')),
        "you use dlogvar": but(encoder_half, ('t["h1"].T @ dmu', 't["h1"].T @ dlogvar')),
        "`Wm`. It is divided by N": but(encoder_half, (".T @ dmu", ".T @ dmu / len(x)")),
        "`bm`. It is a mean": but(encoder_half, ("dmu.sum", "dmu.mean")),
        "`Wv`. Its layer's": but(encoder_half, ('t["h1"].T @ dlogvar', 't["a1"].T @ dlogvar')),
        "road, mu / N, to dmu": but(
            encoder_half, ("g = {}", 'g, dmu = {}, dmu + t["mu"] / len(x)')
        ),
        "road to dlogvar. It is": but(
            encoder_half,
            ("g = {}", 'g, dlogvar = {}, dlogvar + np.expm1(t["logvar"]) / 2 / len(x)'),
        ),
        "you use dmu": but(encoder_half, ('t["h1"].T @ dlogvar', 't["h1"].T @ dmu')),
        "`bv`. It is a mean": but(encoder_half, ("dlogvar.sum", "dlogvar.mean")),
        "Only mu's road": but(encoder_half, (' + dlogvar @ p["Wv"].T', "")),
        "Only logvar's road": but(encoder_half, ('dmu @ p["Wm"].T + ', "")),
        "mean of the two roads": but(
            encoder_half, ('dmu @ p["Wm"].T + dlogvar', '0.5 * dmu @ p["Wm"].T + 0.5 * dlogvar')
        ),
        "changed places": but(
            encoder_half, ('p["Wm"].T + dlogvar @ p["Wv"].T', 'p["Wv"].T + dlogvar @ p["Wm"].T')
        ),
        "changing this one in place": but(
            encoder_half,
            ('g["a1"] = g["h1"] * (1', 'g["a1"] = g["h1"]\n    g["a1"] *= (1'),
        ),
        "added before": but(
            encoder_half,
            (
                'dmu @ p["Wm"].T + dlogvar @ p["Wv"].T',
                '(dmu + dlogvar) @ (p["Wm"] + p["Wv"]).T',
            ),
        ),
        "is subtracted": but(encoder_half, ('"].T + dlogvar', '"].T - dlogvar')),
        "`a1`. The slope of tanh is missing": but(encoder_half, (' * (1 - t["h1"] ** 2)', "")),
        "yours squares a": but(encoder_half, ('t["h1"] ** 2', 't["a1"] ** 2')),
        "`W1`. What arrives": but(encoder_half, ('x.T @ g["a1"]', 'x.T @ g["h1"]')),
        "`W1`. It is divided by N": but(
            encoder_half, ('x.T @ g["a1"]', 'x.T @ g["a1"] / len(x)')
        ),
        "`b1`. What arrives": but(encoder_half, ('g["a1"].sum', 'g["h1"].sum')),
        "`b1`. It is a mean": but(encoder_half, ('g["a1"].sum', 'g["a1"].mean')),
        'The shape of `g["W1"]`': but(encoder_half, ('x.T @ g["a1"]', 'g["a1"].T @ x')),
        "`a1`. Where tanh is nearly": but(
            encoder_half,
            ('(1 - t["h1"] ** 2)', '(1 - t["h1"] ** 2) * (abs(t["h1"]) < 0.999)'),
        ),
        "`h1`. Where tanh is nearly": but(
            encoder_half,
            ('g["a1"] = ', 'g["h1"] = np.clip(g["h1"], -10, 10)\n    g["a1"] = '),
        ),
        "not in the dict": but(
            encoder_half, ('g["h1"] = ', 'dh1 = g["dh1"] = '), ('= g["h1"]', "= dh1")
        ),
    },
    "04.5": {
        "slopes of +mean(elbo)": lambda p, x, eps: {
            name: -array for name, array in gradients(p, x, eps).items()
        },
        "`W3`. It is N times": but(gradients, ("N = len(x)", "N = 1")),
        "no noise in it": but(gradients, ("forward(p, x, eps)", "forward(p, x, 0 * eps)")),
        "uses `exp(logvar)` for sigma": lambda p, x, eps: gradients(
            p, x, np.exp(forward(p, x, eps)["logvar"] / 2) * eps
        ),
        "as the probabilities": but(gradients, ('tv.sigmoid(t["out"])', 't["out"]')),
        "divides by the pixels too": but(gradients, ("- x) / N", "- x) / x.size")),
        "`b3`. It is a mean": but(gradients, ("dout.sum(0)", "dout.mean(0)")),
        "`W2`. The slope of tanh": but(gradients, (' * (1 - t["h2"] ** 2)', "")),
        "`W2`. The slope of tanh is `1 - tanh(a)²`": but(
            gradients, ('t["h2"] ** 2', 't["a2"] ** 2')
        ),
        "KL's road to mu is missing": but(gradients, ('dz + t["mu"] / N', "dz")),
        "road through z to mu is missing": but(gradients, ('dz + t["mu"] / N', 't["mu"] / N')),
        "KL's part of dmu is N times": but(gradients, ('t["mu"] / N', 't["mu"]')),
        "KL's part of dmu has the wrong sign": but(gradients, ("dz + t", "dz - t")),
        "is divided by the latents": but(gradients, ('t["mu"] / N', 't["mu"] / t["mu"].size')),
        "slope of -log p(z)": but(gradients, ('t["mu"] / N', 't["z"] / N')),
        "KL's road to logvar is missing": but(
            gradients, (' + 0.5 * (np.exp(t["logvar"]) - 1) / N', "")
        ),
        "road through z to logvar": but(gradients, ("dz * 0.5 * sigma * eps + ", "")),
        "through z is twice": but(gradients, ("dz * 0.5 *", "dz *")),
        "lacks eps": but(gradients, ("sigma * eps", "sigma")),
        "takes `exp(logvar)` for sigma": but(gradients, ('np.exp(0.5 * t["', 'np.exp(t["')),
        "KL's part of dlogvar is N times": but(gradients, ("- 1) / N", "- 1)")),
        "KL's part of dlogvar has the wrong sign": but(gradients, ("eps + 0.5", "eps - 0.5")),
        "lacks its -1": but(gradients, ('(np.exp(t["logvar"]) - 1)', 'np.exp(t["logvar"])')),
        "lacks its ½": but(gradients, ("+ 0.5 * (np", "+ (np")),
        "Only mu's road has arrived at h1": but(gradients, (' + dlogvar @ p["Wv"].T', "")),
        "Only logvar's road has arrived at h1": but(gradients, ('dmu @ p["Wm"].T + ', "")),
        "`W1`. The slope of tanh": but(gradients, (' * (1 - t["h1"] ** 2)', "")),
        "not in the dict": but(gradients, ('"bv": dlogvar.sum(0), ', "")),
        "slope in z, z / N": but(gradients, ('@ p["W2"].T', '@ p["W2"].T + t["z"] / N')),
        "comes to dmu twice": but(gradients, ('@ p["W2"].T', '@ p["W2"].T + t["mu"] / N')),
        "The KL has been sent through z": but(
            gradients,
            ('@ p["W2"].T', '@ p["W2"].T + t["mu"] / N'),
            ('dmu = dz + t["mu"] / N', "dmu = dz"),
        ),
        "has been sent through z. The": but(
            gradients,
            ("dlogvar = dz", 'dlogvar = (dz + t["z"] / N)'),
        ),
        "of dmu through z is divided by N": but(gradients, ('@ p["W2"].T', '@ p["W2"].T / N')),
        "of dlogvar through z is divided by N": but(
            gradients, ("= dz * 0.5", "= dz / N * 0.5")
        ),
        "to dmu comes logvar": but(gradients, ('dz + t["mu"] / N', 'dz + t["logvar"] / N')),
        "in dlogvar stands mu": but(
            gradients,
            ('sigma = np.exp(0.5 * t["logvar"])', 'sigma = np.exp(0.5 * t["mu"])'),
            ('(np.exp(t["logvar"]) - 1)', '(np.exp(t["mu"]) - 1)'),
        ),
        "Wm and Wv have changed places": but(
            gradients, ('p["Wm"].T + dlogvar @ p["Wv"]', 'p["Wv"].T + dlogvar @ p["Wm"]')
        ),
        "that of SiLU": but(
            gradients,
            (
                '(1 - t["h2"] ** 2)',
                '(tv.sigmoid(t["a2"]) * (1 + t["a2"] * tv.sigmoid(-t["a2"])))',
            ),
        ),
        "return the dict": lambda p, x, eps: list(gradients(p, x, eps).values()),
        "`W3`. Where a logvar": but(
            gradients,
            (
                "N = len(x)",
                'N = len(x)\n    t["logvar"] = np.clip(t["logvar"], -8, 8)\n'
                '    t["z"] = t["mu"] + np.exp(t["logvar"] / 2) * eps\n'
                '    t["h2"] = np.tanh(t["z"] @ p["W2"] + p["b2"])\n'
                '    t["out"] = t["h2"] @ p["W3"] + p["b3"]',
            ),
        ),
        "`Wv`. Where a logvar": but(
            gradients, ('np.exp(0.5 * t["logvar"])', 'np.exp(0.5 * t["logvar"].clip(-12, 12))')
        ),
        "`W2`. Where a logvar": but(
            gradients, ('(1 - t["h2"] ** 2)', '(1 - t["h2"] ** 2 + 1e-6)')
        ),
        "noise of its own": but(
            gradients, ("forward(p, x, eps)", "forward(p, x, np.random.randn(*eps.shape))")
        ),
    },
    "04.6": {
        "mean of the log-weights": lambda a: a.mean(axis=0),
        "log of the *sum*": lambda a: tv.logsumexp(a, axis=0),
        "greatest log-weight alone": lambda a: a.max(axis=0),
        "number of examples": lambda a: tv.logsumexp(a, axis=0) - np.log(a.shape[1]),
        "from the greatest log-weight only": lambda a: a.max(axis=0) - np.log(len(a)),
        "minus the bound": lambda a: -bound(a),
        "mean of the weights. Its": lambda a: np.exp(a).mean(axis=0),
        "log k is added": lambda a: tv.logsumexp(a, axis=0) + np.log(len(a)),
        "sum is divided by k": lambda a: tv.logsumexp(a, axis=0) / len(a),
        "not been put back": but(bound, (" + top[0]", "")),
        "overflows": lambda a: np.log(np.mean(np.exp(a), axis=0)),
        "something of its own": but(
            bound, ("np.max(log_w, axis=0, keepdims=True)", "np.full((1, 1), log_w.max())")
        ),
        "up to ±1200": lambda a: np.log(np.exp(np.clip(a, -700, 700)).mean(axis=0)),
        "between ±1200 and ±20000": lambda a: bound(np.maximum(a, -1300)),
        "the first nor the median": bound_about_the_median,
        "k = 1": lambda a: bound(a) if len(a) > 1 else a.mean(),
        "added inside the logarithm": but(
            bound, ("np.log(weights.mean(axis=0))", "np.log(weights.mean(axis=0) + 1e-8)")
        ),
        "have the same weight": bound_of_a_set,
        "take out the *greatest*": lambda a: a.mean(0) + np.log(np.exp(a - a.mean(0)).mean(0)),
        "adds nothing to the mean": lambda a: (
            tv.logsumexp(a, axis=0) - np.log(np.isfinite(a).sum(0))
        ),
        "the k draws are axis 0": lambda a: tv.logmeanexp(a, axis=1),
        "should be (3,)": lambda a: bound(a).mean(),
    },
    "04.7": {
        "sigma enters as it is": but(collapse, ("sigma**2", "sigma")),
        "beta is left out": but(collapse, ("beta * ", "")),
        "beta divides": but(collapse, ("beta * sigma**2", "sigma**2 / beta")),
        "beta is squared": but(collapse, ("beta * sigma**2", "(beta * sigma) ** 2")),
        "½ of the KL": but(collapse, ("0.5 * ", "")),
        "weighed with beta": but(collapse, ("0.5 * ", "beta * 0.5 * ")),
        "is a logarithm": but(
            collapse, ("np.log(np.maximum(top, tau) / tau)", "(np.maximum(top, tau) / tau - 1)")
        ),
        "bits": but(collapse, ("np.log(", "np.log2(")),
        "below 0 here": lambda v, n, s, b: 0.5 * np.log(np.sort(v)[::-1][:n] / (b * s * s)),
        "log(1 + lambda": lambda v, n, s, b: 0.5 * np.log1p(np.sort(v)[::-1][:n] / (b * s * s)),
        "which is |w|² / noise. The KL has": but(
            collapse, ("np.log(np.maximum(top, tau)", "np.log(np.maximum(top - tau, 1e-99)")
        ),
        "below 0 is cut off": lambda v, n, s, b: (
            np.log(np.maximum((np.sort(v)[::-1][:n] - b * s * s) / b / s / s, 1)) / 2
        ),
        "half the logarithm": lambda v, n, s, b: np.maximum(
            (np.sort(v)[::-1][:n] - b * s * s) / (b * s * s), 0
        ),
        "are squared": lambda v, n, s, b: collapse(v**2, n, s, b),
        "order in which they come": but(
            collapse, ("np.sort(eigenvalues)[::-1]", "eigenvalues")
        ),
        "*smallest*": but(collapse, ("[::-1][:n_z]", "[:n_z][::-1]")),
        "the greatest first.": lambda *given: collapse(*given)[::-1],
        "ones and zeros": but(collapse, ("0.5 * np.log(np.maximum(top, tau) / tau)", "1.0")),
        "shape of your answer is ()": lambda *given: np.sum(collapse(*given) > 0),
        "shape of your answer is (8,)": but(collapse, ("[:n_z]", "")),
        "are a latent each, live": lambda v, n, s, b: np.resize(
            collapse(np.unique(v), n, s, b), n
        ),
        "lives, if only by little": but(
            collapse, ("np.where(top > tau", "np.where(top > 1.2 * tau")
        ),
        "usual inputs the KL": but(collapse, ("/ tau)", "/ (tau + 1e-9))")),
        "eigenvalue may be 0": lambda v, n, s, b: (
            0.5
            * np.log(np.sort(v)[::-1][:n] / (b * s * s))
            * (np.sort(v)[::-1][:n] > b * s * s)
        ),
    },
    "04.8": {
        "one over the beta": lambda *sizes: 1 / hidden_betas(*sizes),
        "`loss_1`: 0.00025 is": one(0, lambda n, d, m: 0.00025),
        "`loss_1`: The mean over": one(0, lambda n, d, m: 0.00025 / d),
        "`loss_1`: The batch": one(0, lambda n, d, m: 0.00025 * n * d),
        "`loss_1`: Its KL": one(0, lambda n, d, m: 0.00025 * d / m),
        "`loss_2`: Both": one(1, lambda n, d, m: n),
        "`loss_2`: Sums": one(1, lambda n, d, m: 1 / n),
        "`loss_3`: 4 is": one(2, lambda n, d, m: 4),
        "`loss_3`: The factor": one(2, lambda n, d, m: 1 / m),
        "`loss_3`: The D before": one(2, lambda n, d, m: 4 * d / m),
        "`loss_3`: The D makes": one(2, lambda n, d, m: 4 / (m * d)),
        "`loss_3`: A mean": one(2, lambda n, d, m: 4 * m),
        "`loss_4`: It is the KL": one(3, lambda n, d, m: 1 / n),
        "`loss_4`: The sum": one(3, lambda n, d, m: 1),
        "`loss_4`: not yet": one(3, lambda n, d, m: n * m),
        "`loss_5`: The honest": one(4, lambda n, d, m: d),
        "`loss_5`: The missing": one(4, lambda n, d, m: 2 * d),
        "`loss_5`: The mean over the pixels counts": one(4, lambda n, d, m: 0.5),
        "`loss_5`: The mean over the pixels makes": one(4, lambda n, d, m: 1 / (2 * d)),
        "`loss_6`: Both": one(5, lambda n, d, m: d),
        "`loss_6`: Its recon": one(5, lambda n, d, m: 1 / d),
        "in their order": lambda n, d, m: audit(n, d, m)[:5],
        "These are right for": lambda n, d, m: [0.016, 1, 0.4, 100, 32, 1],
        "`//` drops": one(4, lambda n, d, m: d // 2),
        "`4 // n_z` drops": one(2, lambda n, d, m: 4 // m),
        "`loss_5`: right for": one(4, lambda n, d, m: 32),
        "`loss_1`: not yet": lambda n, d, m: [0.196, 1, 0.02, 128, 392, 1],
    },
    "04.9": {
        name: (answer,)
        for name, answer in {
            "itself spreads": ((0.613, 0.776), 0.4),
            "slanted axes": ((0.34, 0.96), 0.4),
            "are variances": (np.array(BEST) ** 2, GAP),
            "changed places": (np.array(BEST)[::-1], GAP),
            "sliders start": ((0.3, 0.9), 0.7),
            "the prior": ((1, 1), 0.5),
            "try sd 2 smaller": ((0.41, 0.60), 0.45),
            "try sd 2 larger": ((0.43, 0.45), 0.45),
            "try sd 1 smaller": ((0.50, 0.55), 0.45),
            "try sd 1 larger": ((0.20, 0.60), 0.45),
            "not negative": (BEST, -GAP),
            "no slider": (BEST, 0.0),
            "The gap is not that": (BEST, 4.1),
            "`best_sds` should be 2": ("0.41, 0.52", GAP),
            "`gap` should be a number": (BEST, "0.43"),
            "`gap` is still None": (BEST, None),
            "`best_sds` is still None": (None, GAP),
            "Two answers": (*BEST, GAP),
        }.items()
    },
    "04.10": {
        "still minus the KL": but(names, ("-0.5", "0.5")),
        "mean over the latents": but(names, (".sum(axis=1)", ".mean(axis=1)")),
        "for the standard deviation": but(
            names,
            (
                "1 + logvar - mu**2 - np.exp(logvar)",
                "1 + 2 * logvar - mu**2 - np.exp(2 * logvar)",
            ),
        ),
        "twice the KL": but(names, ("-0.5 * ", "-")),
        "*plus* the KL": but(names, ("recon - kl", "recon + kl")),
        "the docstring of `reported`": but(names, ("recon - kl", "kl - recon")),
        "minus what `reported` returns": but(names, ("recon - kl", "-(recon + kl)")),
        "mean of what `reported` returns": but(names, ("-elbo.mean()", "(recon + kl).mean()")),
        "recon alone": but(names, ("recon - kl", "recon")),
        "+mean(elbo)": but(names, ("-elbo.mean", "elbo.mean")),
        "absolute value": but(names, ("-elbo.mean()", "abs(elbo.mean())")),
        "of the whole batch from": but(names, ("recon - kl", "recon - kl.sum()")),
        "a sum over the batch": but(names, ("elbo.mean", "elbo.sum")),
        "rewards codes": but(names, ("-elbo.mean()", "-(recon + kl).mean()")),
        "shape of `loss` is": but(names, ("-elbo.mean()", "-elbo")),
        "shape of `kl`": but(names, (".sum(axis=1)", ".sum()")),
        "nearly the prior kl": but(
            names, ("elbo = recon", "kl = kl.clip(0.01)\n    elbo = recon")
        ),
        "nearly the prior elbo": but(names, ("recon - kl", "recon - kl.clip(0.01)")),
        "usual inputs `kl`": lambda recon, mu, logvar: names(recon, mu, np.clip(logvar, -5, 5)),
        "usual inputs `elbo`": but(names, ("recon - kl", "np.clip(recon, -1e4, 1e4) - kl")),
        "usual inputs `loss`": but(names, ("-elbo.mean()", "-elbo.clip(-1e3).mean()")),
        "3 values": lambda recon, mu, logvar: names(recon, mu, logvar)[1],
    },
    "04.11": {
        "still not divided": but(gaussian, ("precision * square -", "square -")),
        "In recon the square is divided by sigma.": but(
            gaussian, ("-0.5 * precision", "-0.5 * np.exp(-log_sigma)")
        ),
        "log of the *variance*": but(
            gaussian,
            ("np.exp(-2 * log_sigma)", "np.exp(-log_sigma)"),
            ("D * log_sigma", "D / 2 * log_sigma"),
        ),
        "*dearer*": but(gaussian, ("np.exp(-2 * log", "np.exp(2 * log")),
        "by log_sigma²": but(gaussian, ("np.exp(-2 * log_sigma)", "1 / log_sigma**2")),
        "has lost `D log sigma`": but(gaussian, (" - D * log_sigma", "")),
        "has lost `(D / 2) log 2 pi`": but(gaussian, (" - D / 2 * np.log(2 * np.pi)", "")),
        "has lost the ½": but(gaussian, ("-0.5 * precision", "-precision")),
        "minus the log-density": but(gaussian, ("return recon", "return -recon")),
        "recon is a mean over": but(gaussian, ("return recon", "return recon / D")),
        "dout does not follow": but(gaussian, ("dout = precision * ", "dout = ")),
        "dout has 1/sigma": but(gaussian, ("dout = precision", "dout = precision**0.5")),
        "The sign of dout": but(gaussian, ("(out - x)", "(x - out)")),
        "dout lacks": but(gaussian, ("(out - x) / N", "(out - x)")),
        "dout is divided": but(gaussian, ("(out - x) / N", "(out - x) / N / D")),
        "dout is twice": but(gaussian, ("(out - x) / N", "2 * (out - x) / N")),
        "still D": but(gaussian, ("D - precision * square.mean()", "float(D)")),
        "lacks D": but(gaussian, ("D - precision * sq", "-precision * sq")),
        "slope with respect to sigma": but(
            gaussian,
            (
                "D - precision * square.mean()",
                "(D / precision - square.mean()) * precision**1.5",
            ),
        ),
        "log sigma². Asked": but(
            gaussian, ("D - precision * square.mean()", "(D - precision * square.mean()) / 2")
        ),
        "left on the square": but(gaussian, ("D - precision", "D - 0.5 * precision")),
        "sign of dlog_sigma": but(
            gaussian, ("return recon, dout, dlog", "return recon, dout, -dlog")
        ),
        "the two parts add": but(gaussian, ("D - precision", "D + precision")),
        "dlog_sigma is a sum": but(
            gaussian, ("return recon, dout, dlog", "return recon, dout, N * dlog")
        ),
        "summed over the batch. L": but(gaussian, ("square.mean()", "square.sum()")),
        "mean over the pixels too": but(gaussian, ("square.mean()", "square.mean() / D")),
        "that of one pixel": but(gaussian, ("D - precision", "1 - precision")),
        "the square is not divided": but(gaussian, ("D - precision *", "D -")),
        "sigma² belongs.": but(gaussian, ("D - precision", "D - precision**0.5")),
        "dlog_sigma is divided by D": but(
            gaussian, ("return recon, dout, dlog_sigma", "return recon, dout, dlog_sigma / D")
        ),
        "out is x exactly": but(
            gaussian, ("dlog_sigma = D", "dlog_sigma = D * (square > 0).any()")
        ),
        "usual inputs `recon`": but(
            gaussian, ("-0.5 * precision", "-0.5 / (1e-8 + np.exp(2 * log_sigma))")
        ),
        "usual inputs `dout`": but(
            gaussian, ("dout = precision", "dout = min(1e4, precision)")
        ),
        "usual inputs `dlog_sigma`": but(
            gaussian, ("square.mean()", "square.clip(1e-6).mean()")
        ),
        "log_sigma is one number": but(gaussian, ("square.mean()", "square")),
    },
    "04.12": {
        "principal components keep": lambda v, n, s, b: v[:n].sum() / v.sum(),
        "keeps the live ones whole": but(kept, ("tau**2 / top", "0 * top")),
        "random draw z": but(kept, ("tau**2 / top", "tau")),
        "variance of the reconstructions": lambda v, n, s, b: (
            np.sum(np.maximum(v[:n] - b * s**2, 0) ** 2 / v[:n]) / v.sum()
        ),
        "share that is lost": but(kept, ("1 - missed", "missed")),
        "sigma enters as it is": but(kept, ("sigma**2", "sigma")),
        "beta is left out": but(kept, ("beta * ", "")),
        "beta divides": but(kept, ("beta * sigma**2", "sigma**2 / beta")),
        "beta is squared": but(kept, ("beta * sigma**2", "(beta * sigma) ** 2")),
        "All D eigenvalues": lambda v, n, s, b: kept(v, len(v), s, b),
        "first n_z directions": lambda v, n, s, b: kept(v[:n], n, s, b),
        "You count only what": but(kept, (" + eigenvalues[n_z:].sum()", "")),
        "Divide by the sum": but(kept, ("/ eigenvalues.sum()", "/ top.sum()")),
        "loses its whole": but(kept, ("tau**2 / top, top)", "tau**2 / top, tau)")),
        "lose more than there is": but(
            kept, ("np.where(top > tau, tau**2 / top, top)", "(tau**2 / top)")
        ),
        "direction each": lambda v, n, s, b: kept(np.unique(v)[::-1], n, s, b),
        "makes a latent that lives": but(kept, ("top > tau", "top > 1.2 * tau")),
        "usual inputs the share": but(
            kept, ("/ eigenvalues.sum()", "/ (eigenvalues.sum() + 1e-8)")
        ),
        "one number, the share": lambda v, n, s, b: np.maximum(1 - b * s * s / v[:n], 0),
    },
}
