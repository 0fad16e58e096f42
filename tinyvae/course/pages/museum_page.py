"""museum.html: published bugs, each planted in the page's own engine and trained beside it."""

import html
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

import tinyvae as tv
from tinyvae.course.bundle import JS, script
from tinyvae.course.page import Page
from tinyvae.course.pages import training
from tinyvae.images import png

SETTINGS = {"n_h": [64], "n_z": 2, "batch": 20, "epochs": 60, "lr": 1e-3}
N_TRAIN, N_HELD = 600, 100
ENGINE = "train", "models", "optim", "random", "evaluate"


class Edit(NamedTuple):
    """In the module `file`, `old` is the true piece of a line and `new` the wrong one."""

    file: str
    old: str
    new: str


class Bug(NamedTuple):
    """One exhibit. `gradient`: whether finite differences of its own loss would object.

    `measure` is what both programs are asked for: the "elbo", the log-probability that the
    model gives the pictures it "draws", or that a normal fitted to its "codes" gives others.
    """

    name: str
    source: str
    effect: str
    caught: str
    edits: tuple
    gradient: bool = False
    likelihood: str = "Bernoulli"
    measure: str = "elbo"


SIGMA = "m + Math.exp(0.5 * logvar[i]) * eps[i]"
SIGMA_GRAD = "d * 0.5 * Math.exp(0.5 * logvar[i]) * eps[i]"
CONSTANT = "n_x * (this.log_sigma + 0.5 * LOG_2PI)"
EXACT = "the exact linear-Gaussian test: the log-weights must equal log p(x) for any eps"
BUGS = (
    Bug(
        "a mean where a sum belongs",
        "A course takes <code>.mean()</code> of both terms: at 784 pixels and 200 latents that "
        "is a beta of 784/200 = 3.92, which it does not mention. A toy hides a beta of 2.45.",
        "Here there are 64 pixels and 2 latents: the hidden beta is 32, both latents collapse, "
        "and the number looks excellent because it is no longer nats per digit.",
        "the test that each density sums to 1 over all pictures, and the reference in autograd",
        (
            Edit("distributions", "x[i] * a - softplus(a)), n_x);",
                 "x[i] * a - softplus(a)), n_x).map(r => r / n_x);"),
            Edit("distributions", "-value / (d.length / n_x)", "-value / d.length"),
            Edit("models", "rowSums(klToPrior(mu, logvar), n_z);",
                 "rowSums(klToPrior(mu, logvar), n_z).map(k => k / n_z);"),
            Edit("models", "beta * above[i % n_z] / recon.length",
                 "beta * above[i % n_z] / (recon.length * n_z)"),
        ),
    ),
    Bug(
        "sigma = exp(logvar), the variance for sigma",
        "numpy-ml's BernoulliVAE and DeZero's example sample with <code>exp(logvar)</code>; a "
        "university lab's solution has the log-variance in its KL and the log-std in its "
        "sampler.",
        "Sampler and KL no longer mean the same sigma: the net is paid for a posterior that it "
        "does not draw from. For x|z of N(2z, 0.5), where the exact posterior sd is 1/3, it "
        "learns 0.221.",
        f"<code>reparameterize</code> at eps = 1 must give mu + sigma; {EXACT}",
        (
            Edit("sampling", SIGMA, "m + Math.exp(logvar[i]) * eps[i]"),
            Edit("sampling", SIGMA_GRAD, "d * Math.exp(logvar[i]) * eps[i]"),
        ),
    ),
    Bug(
        "samples at half of sigma",
        "easyvae samples at half its sigma.",
        "Its posterior looks twice as wide as the noise that the decoder has seen. The number "
        "that it prints is too good: it is no bound on log p(x).",
        f"the moments of the draws, by z-score; {EXACT}",
        (
            Edit("sampling", SIGMA, "m + 0.5 * Math.exp(0.5 * logvar[i]) * eps[i]"),
            Edit("sampling", SIGMA_GRAD, "d * 0.25 * Math.exp(0.5 * logvar[i]) * eps[i]"),
        ),
    ),
    Bug(
        "another eps in the backward pass",
        "A repository named for a VAE in NumPy stores one draw and samples with a second.",
        "The gradient knows another noise than the one that went forward (here that of another "
        "digit), so nothing tells sigma to shrink where noise hurts. For x|z of N(2z, 0.5), "
        "where the exact posterior sd is 1/3, it learns 0.996.",
        "finite differences with eps held still. Where the code draws eps inside, such a check "
        "cannot even be written; here eps is an argument",
        (
            Edit("models", "dlogvar] = reparameterizeGrad(dz, logvar, eps)",
                 "dlogvar] = reparameterizeGrad(dz, logvar, eps.slice().reverse())"),
        ),
        gradient=True,
    ),
    Bug(
        "logits taken for probabilities",
        "A sampler draws Bernoulli(softplus(logit)); a figure shows raw logits.",
        "The training is right, the pictures are not: softplus is never below sigmoid, and "
        "above 1 it means a pixel that is always on. The number is log p(x|z), what the model "
        "itself says of the pictures drawn: from the true sampler minus its entropy, on "
        "average; any other number is wrong, also a higher one.",
        "each <code>mean(out)</code> must be the expectation of x under <code>logProb</code>",
        (Edit("distributions", "return out.map(sigmoid);", "return out.map(softplus);"),),
        measure="draws",
    ),
    Bug(
        "log 2 pi counted D times",
        "<code>-0.5 * D * log(2 pi)</code> is added to each element, and then summed.",
        "64 x 63 / 2 x log(2 pi) = 3705 nats are lost, the same for every net: the training is "
        "right, and no two programs' numbers can be compared.",
        "each density must integrate to 1",
        (Edit("distributions", CONSTANT,
              "n_x * (this.log_sigma + 0.5 * n_x * LOG_2PI)"),),
        likelihood="Gaussian",
    ),
    Bug(
        "log 2 pi left out",
        "Constants of 2 pi are missing from a Gaussian log-density.",
        "64 / 2 x log(2 pi) = 58.8 nats too good. The training is right; the number is no "
        "bound on log p(x).",
        "each density must integrate to 1",
        (Edit("distributions", CONSTANT, "n_x * this.log_sigma"),),
        likelihood="Gaussian",
    ),
    Bug(
        "a KLD that holds -KL",
        "A variable named KLD holds -KL; a docstring says negative over the positive bound. "
        "Who believes the name subtracts it.",
        "The KL is raised, not lowered. The program reports ever better numbers while the "
        "codes flee from the prior.",
        "<code>elbo == recon - kl</code> with kl &gt;= 0, and the KL against its integral",
        (
            Edit("models", "recon.map((r, i) => r - kl[i])", "recon.map((r, i) => r + kl[i])"),
            Edit("models", "weight = i => beta *", "weight = i => -beta *"),
        ),
    ),
    Bug(
        "Adam's correction without the power t",
        "Implementations of Adam divide by (1 - b1) where (1 - b1^t) belongs.",
        "The first step is right; later ones settle at about a third of lr: a training that is "
        "slow for no reason that one sees.",
        "a constant gradient must give steps of exactly lr",
        (
            Edit("optim", "(1 - beta1) / (1 - beta1 ** this.t)", "(1 - beta1) / (1 - beta1)"),
            Edit("optim", "(1 - beta2) / (1 - beta2 ** this.t)", "(1 - beta2) / (1 - beta2)"),
        ),
    ),
    Bug(
        "Adam without its bias correction",
        "Implementations of Adam have no correction at all.",
        "The first steps are about three times lr, since the mean of squares rises slowest "
        "from 0; later they come down to lr. On so small a training that even helps: a bug "
        "that passes for a better learning rate.",
        "a constant gradient must give steps of exactly lr",
        (
            Edit("optim", "(1 - beta1) / (1 - beta1 ** this.t)", "1 - beta1"),
            Edit("optim", "Math.sqrt((1 - beta2) / (1 - beta2 ** this.t))",
                 "Math.sqrt(1 - beta2)"),
        ),
    ),
    Bug(
        "the aggregated posterior without Var[mu]",
        "A published package, neuralnetlib 5.0.0, draws new codes from "
        "N(E[mu], exp(E[logvar])).",
        "The spread of the means is left out, so nearly every sample is one digit. The number "
        "is the log-density of the codes of digits held out, under a normal with the moments "
        "of the program's own draws.",
        "total variance = E[sigma^2] + Var[mu]: the moments of "
        "<code>aggregatedPosterior</code> against those of the mixture",
        (
            Edit("evaluate", "return reparameterize(mu, logvar, rng",
                 "const means = a => columnSums(a, vae.n_z).map(s => s * vae.n_z / a.length);\n"
                 "  const centre = a => repeat(means(a), a.length);\n"
                 "  return reparameterize(centre(mu), centre(logvar), rng"),
        ),
        measure="codes",
    ),
)  # fmt: skip

INTRO = """<h1>Bugs that train: what does each cost, and who would have seen it?</h1>
<p>A survey of 13 public VAEs written by hand found a mathematical error in 9 of the 11 that
were finished; none of the 13 checks its gradients. These bugs do not crash. Choose one: the
page takes its own engine, puts the wrong line in the place of the true one, and trains both on
the same digits from the same seed.</p>
"""
ALT = (
    "ELBO by epoch of two trainings on digits. The right one rises to about -26 nats. The one "
    "that takes means for sums reports almost 0, while its net is truly worth less."
)
LABEL = (
    "Three panels: the number of the right and of the wrong program by epoch, and pictures of "
    "the right and of the wrong net."
)


def museum_page():
    """The page with all of BUGS; its still is from the same programs in Python."""
    x, labels = training.digits(N_TRAIN, N_HELD)
    data = training.packed(x, labels, N_TRAIN) | SETTINGS | {"engine": script(*ENGINE)}
    data["bugs"] = [bug._asdict() | {"edits": [e._asdict() for e in bug.edits]} for bug in BUGS]
    options = {i: bug.name for i, bug in enumerate(BUGS)}
    controls = [
        training.choice("bug", "The bug", options),
        '<button type="button" class="tinyvae-start">Train both</button>',
        training.slider("seed", "seed", 1, 20, 1, 1),
    ]
    main = INTRO + training.explorer([controls], _still(), ALT, LABEL)
    main += "\n".join(map(_exhibit, BUGS))
    title = "A museum of published VAE bugs: train each beside the right one | tinyvae"
    return Page(title, main, "museum_page", data, training.CSS + CSS)


CSS = """
.exhibit pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.wrong::before { content: "wrong  "; color: var(--series-1); font-weight: 600; }
.true::before { content: "true   "; color: var(--series-0); font-weight: 600; }
"""


def _exhibit(bug):
    """What a visitor reads about one bug."""
    lines = "\n".join(map(_difference, bug.edits))
    verdict = "objects" if bug.gradient else "says nothing: the gradient is right for this loss"
    return f"""<article class="exhibit">
<h2>{html.escape(bug.name[0].upper() + bug.name[1:])}</h2>
<p><strong>Seen.</strong> {bug.source}</p>
<p><strong>What it does.</strong> {bug.effect}</p>
<pre>{lines}</pre>
<p><strong>What catches it:</strong> {bug.caught}. <strong>A gradient check alone</strong>
{verdict}.</p>
</article>"""


def _difference(edit):
    """The true line of the engine and the wrong one, whole."""
    text = (JS / f"{edit.file}.js").read_text(encoding="utf-8")
    start = text.rindex("\n", 0, text.index(edit.old)) + 1
    line = text[start : text.index("\n", text.index(edit.old) + len(edit.old))]
    true, wrong = (html.escape(t.strip()) for t in (line, line.replace(edit.old, edit.new)))
    return (
        f'{edit.file}.js\n<span class="true">{true}</span>\n<span class="wrong">{wrong}</span>'
    )


def _still():
    """The PNG: the first of BUGS, by the same trainings in Python."""
    x, _ = training.digits(N_TRAIN, N_HELD)
    right, wrong = _curves(x, beta=1), _curves(x, beta=x.shape[1] / SETTINGS["n_z"])
    figure = Figure(figsize=(6.4, 3.4), dpi=100, layout="constrained")
    axes = figure.subplots()
    axes.plot([elbo for elbo, _, _ in right], label="right")
    said = [recon / x.shape[1] - kl / SETTINGS["n_z"] for _, recon, kl in wrong]
    axes.plot(said, "--", label="wrong: means for sums")
    axes.plot([elbo for elbo, _, _ in wrong], ":", label="truth about the wrong net")
    axes.set(xlabel="epoch", title="ELBO, nats per digit")
    axes.legend()
    return png(figure)


def _curves(x, beta):
    """(elbo, recon, kl) of each epoch."""
    rng = np.random.default_rng(0)
    vae = tv.VAE(x.shape[1], SETTINGS["n_h"], SETTINGS["n_z"], rng, tv.Bernoulli(), tv.SiLU)
    opt = tv.Adam(vae.params, lr=SETTINGS["lr"])
    run = tv.train(
        vae, opt, x[:N_TRAIN], SETTINGS["epochs"], SETTINGS["batch"], rng=rng, beta=beta,
        progress=False,
    )  # fmt: skip
    return [(epoch["elbo"], epoch["recon"], epoch["kl"]) for epoch in run]
