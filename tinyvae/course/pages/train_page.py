"""train.html: the digits' VAE, trained in the page; at which beta does a latent die?"""

import numpy as np
from matplotlib.figure import Figure

import tinyvae as tv
from tinyvae.course.page import Page
from tinyvae.course.pages import training
from tinyvae.images import mosaic, png

SETTINGS = {"n_h": [128], "n_z": 2, "batch": 50, "epochs": 30, "lr": 10**-2.5}
N_TRAIN, N_HELD = 1600, 160
ALT = (
    "Left: held-out digits on the map of two latents, the ten classes in clusters. Middle: the "
    "digits decoded over the same plane, each turning into its neighbours. Right: over 30 "
    "epochs ELBO and reconstruction rise, the KL settles at a few nats."
)
LABEL = (
    "Four panels: the KL of the two latents against beta, the map of held-out digits, the "
    "digits decoded over the map, and ELBO, reconstruction and KL by epoch."
)
INTRO = """<h1>At which beta does the second latent die?</h1>
<p>This VAE learns real digits, 8 x 8 pixels, on this page: an encoder 64-128, two latents, a
decoder 128-64. Each step raises <em>recon - beta KL</em>; what you read is the true ELBO =
recon - KL, in nats, for digits that it never learns from.</p>
<p>A latent costs its KL, and beta is the price. When the price is above what the latent earns,
its posterior becomes the prior: KL 0, it has <strong>died</strong>. First set your guess, then
start, let it learn for 30 epochs, and sweep beta.</p>
"""
AFTER = """<h2>What the dashed line says</h2>
<p>If encoder and decoder were linear, latent <em>i</em> would live if and only if the
data's <em>i</em>-th eigenvalue is above beta sigma<sup>2</sup> (Lucas et al. 2019,
arXiv:1911.02469). The line is drawn once you start: {bernoulli:.1f} for the Bernoulli (a
quadratic about the mean digit), {gaussian:.1f} for the Gaussian that learns its sigma.
Near a collapsed latent a bent net earns no more than a linear one, so these latents die close
to the line too, and both at nearly the same beta. A sweep is a little late: each beta gets two
epochs, and dying takes time.</p>
<p>Try: the same seed at beta 1 and at 10. The Gaussian with the beta at which the Bernoulli's
second latent died. A learning rate ten times as high.</p>
"""


def train_page():
    """The page, its still from the same training in Python."""
    x, labels = training.digits(N_TRAIN, N_HELD)
    seen = x[:N_TRAIN]
    deaths = {"Bernoulli": bernoulli_deaths(seen), "Gaussian": gaussian_deaths(seen)}
    data = training.packed(x, labels, N_TRAIN) | SETTINGS
    data["deaths"] = {name: values[:2].tolist() for name, values in deaths.items()}
    main = INTRO + training.explorer(_controls(), _still(x, labels), ALT, LABEL)
    second = {name.lower(): values[1] for name, values in deaths.items()}
    main += AFTER.format(**second)
    title = "Train a VAE on this page: when does a latent die? | tinyvae"
    return Page(title, main, "train_page", data, training.CSS)


def _controls():
    """Rows of HTML. Sliders of beta and rate are powers of ten."""
    buttons = {"step": "One step", "reset": "Reset", "sweep": "Sweep beta up from 1"}
    likelihoods = {"Bernoulli": "Bernoulli", "Gaussian": "Gaussian, sigma learned"}
    return (
        [
            training.slider("guess", "Your guess", -1, 1.5, 0.05, 0.2),
            '<button type="button" class="tinyvae-start">Start</button>',
            *(f'<button type="button" id="{i}">{says}</button>' for i, says in buttons.items()),
        ],
        [
            training.slider("beta", "beta", -1, 1.5, 0.05, 0),
            training.slider("lr", "learning rate", -4, -1.5, 0.1, -2.5),
            training.slider("seed", "seed", 1, 20, 1, 1),
            training.choice("likelihood", "p(x|z)", likelihoods),
        ],
    )


def gaussian_deaths(x):
    """The beta above which a linear VAE with a learned sigma loses latent 1, 2, ...: (D,).

    Latent i lives while eigenvalue_i > beta sigma^2. Where i - 1 others live, the best sigma^2
    is (the sum of the eigenvalues from i on) / (D - (i - 1) beta); solved for beta.
    """
    eigenvalues, n = _eigenvalues(x), x.shape[1]
    rest = np.cumsum(eigenvalues[::-1])[::-1]
    return n * eigenvalues / (rest + np.arange(n) * eigenvalues)


def bernoulli_deaths(x):
    """The same for Bernoulli pixels p, to second order about the mean digit: (D',).

    There log p(x|z) = (x - p) a - p (1 - p) a^2 / 2 + a constant, a the logits' change: a
    Gaussian of variance 1 in (x - p) / sqrt(p (1 - p)). Pixels that are always 0 say nothing.
    """
    p = x.mean(axis=0)
    variance = p * (1 - p)
    alive = variance > 0
    return _eigenvalues((x[:, alive] - p[alive]) / np.sqrt(variance[alive]))


def _eigenvalues(x):
    """Of the covariance of the rows of x, the greatest first."""
    return np.linalg.eigvalsh(np.cov(x.T.astype(np.float64), bias=True))[::-1]


def trained(x, seed, likelihood, beta=1):
    """(vae, its epochs' figures): what the page does, in Python."""
    rng = np.random.default_rng(seed)
    vae = tv.VAE(x.shape[1], SETTINGS["n_h"], SETTINGS["n_z"], rng, likelihood, tv.SiLU)
    opt = tv.Adam(vae.params, lr=SETTINGS["lr"])
    run = tv.train(
        vae, opt, x[:N_TRAIN], SETTINGS["epochs"], SETTINGS["batch"], rng=rng,
        x_val=x[N_TRAIN:], beta=beta, progress=False,
    )  # fmt: skip
    return vae, list(run)


def _still(x, labels):
    """The PNG: map, decoded plane, curves."""
    vae, epochs = trained(x, 0, tv.Bernoulli())
    figure = Figure(figsize=(9.6, 3.4), dpi=100, layout="constrained")
    on_map, plane, curves = figure.subplots(1, 3)
    mu = vae.encode(x[N_TRAIN:])[0]
    for (a, b), label in zip(mu, labels[N_TRAIN:], strict=True):
        on_map.text(a, b, str(label), color=f"C{label}", ha="center", va="center", size=7)
    on_map.set(xlim=(-4, 4), ylim=(-4, 4), xlabel="z1", ylabel="z2", title="held-out digits")
    axis = np.linspace(-2.5, 2.5, 9)
    z = np.stack([np.tile(axis, 9), np.repeat(axis[::-1], 9)], axis=1)
    plane.imshow(mosaic(vae.picture(z), (8, 8), 9), cmap="gray", vmin=0, vmax=1)
    plane.set(xticks=[], yticks=[], title="decoded, z from -2.5 to 2.5")
    for name in ("elbo", "recon", "kl"):
        curves.plot(range(1, len(epochs) + 1), [epoch[name] for epoch in epochs], label=name)
    curves.set(xlabel="epoch", title="nats per digit")
    curves.legend()
    return png(figure)
