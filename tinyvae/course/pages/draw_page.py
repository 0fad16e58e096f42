"""draw.html: draw a digit, and see how unusual it is to a VAE that has met real ones."""

import base64
import functools
import html

import numpy as np

import tinyvae as tv
from tinyvae.course.page import Page
from tinyvae.course.weights import pack
from tinyvae.images import image_grid, png

DRAWS = 100  # of the noise, for each ELBO
MAIN = """<h1>How unusual is your drawing?</h1>
<p>A VAE has seen {n} handwritten digits of 8 &times; 8 pixels, and nothing else. Draw one: its
encoder answers with a distribution q(z|x), the orange cloud on the map of real digits, and its
decoder with a picture. The ELBO says in nats, as a lower bound on log p(x), how probable such
a picture is.</p>
<p><strong>Predict first:</strong> which is worth more to it, a scribble or a digit that lies on
its side? By how much do both fall below real digits?</p>
<div class="tinyvae-explorer">
<img class="tinyvae-still" src="data:image/png;base64,{still}" alt="{alt}">
<div class="part">
<canvas class="pad" tabindex="0" role="application" width="272" height="272"
 aria-label="Canvas to draw on. The arrow keys draw, the space bar lifts and lowers the pen.">
</canvas>
<div class="buttons">
<button type="button" class="tinyvae-start">A real digit</button>
<button type="button" class="turned">On its side</button>
<button type="button" class="nonsense">A scribble</button>
<button type="button" class="clear">Clear</button>
</div>
<p class="small">Mouse, finger or keys: arrows draw, the space bar lifts and lowers the pen.</p>
</div>
<div class="part pair">
<figure><canvas class="seen" role="img" aria-label="The drawing in 8 &times; 8 pixels"></canvas>
<figcaption>x, what it sees</figcaption></figure>
<figure><canvas class="painted" role="img" aria-label="The reconstruction"></canvas>
<figcaption>its reconstruction, at z = mu</figcaption></figure>
</div>
<figure class="part"><canvas class="map" role="img" width="272" height="272"
 aria-label="Map of two latents: each real digit as a numeral at its code, and 200 draws from
q(z|x) of the drawing as dots"></canvas>
<figcaption>the map: z1 to the right, z2 upwards; dots: q(z|x)</figcaption></figure>
<div class="whole">
<p class="tinyvae-line" aria-live="polite">Draw a digit.</p>
<figure><canvas class="range" role="img" width="600" height="84"
 aria-label="A line in nats: the ELBO of each unseen real digit as a stroke, and that of the
drawing as a dot"></canvas>
<figcaption>ELBO in nats: each stroke a real digit that it never saw, the dot your
drawing</figcaption></figure>
</div>
</div>
<h2>What the numbers say</h2>
<p><strong>recon</strong> is the mean of log p(x|z) over draws z from q(z|x): how well the
decoder paints x. <strong>KL</strong> is what q(z|x) costs: how far it is from the prior
N(0, I). ELBO = recon &minus; KL. Of {unseen} real digits that were kept from training, 95 % lie
between {low} and {high} nats. The same digits on their side have a mean of {turned}, and the
empty picture has {empty}.</p>
<p>log p(x) itself is at least the ELBO. The <strong>importance-weighted bound</strong> lies
between them: it averages k weights p(x, z) / q(z|x) before the logarithm. With k = 1 it is the
ELBO, and in expectation it never falls as k grows. Where q(z|x) fits badly the gap is wide.
Look at a scribble: the encoder has learned from digits alone, so there its cloud is a
guess.</p>
<p>p(x) is a density of 64 grey levels, so its logarithm may be positive. A low one says that x
is unlike the data. It is no proof of nonsense: a digit in another hand may lie low, and a
plain picture can lie high. A drawing is scaled to the frame's height and put in its middle,
as was done to the data, and counted in 4 &times; 4 points a pixel, as they were. The digits are
scikit-learn's.</p>
"""
CSS = """
.tinyvae-explorer:not([data-tinyvae=live]) > :not(.tinyvae-still) { display: none; }
.tinyvae-explorer { column-gap: 1.2rem; }
figcaption, .small { font-size: 0.85rem; line-height: 1.4; max-width: 272px; }
figure { margin: 0; }
canvas { display: block; border-radius: 4px; }
.pad, .map { width: 272px; height: 272px; }
.pad { touch-action: none; cursor: crosshair; }
.seen, .painted { width: 112px; height: 112px; image-rendering: pixelated; }
.pair figcaption { max-width: 112px; }
.pair { display: flex; flex-direction: column; gap: 0.6rem; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.4rem; max-width: 272px; margin-top: 0.5rem; }
.small { margin: 0.4rem 0; }
.whole { flex: 1 1 100%; min-width: 0; }
.whole figcaption { max-width: none; }
.range { width: 100%; height: 84px; }
.tinyvae-line { min-height: 4.8em; margin: 0 0 0.6rem; }
"""


def draw_page():
    """The page, with a VAE trained here: seconds, and the same each time."""
    vae, (seen, _), (x, labels) = trained()
    elbos = mean_elbos(vae, x)
    low, high = np.percentile(elbos, [2.5, 97.5])
    empty = mean_elbos(vae, np.zeros((1, 64), np.float32))[0]
    still, alt = _still(vae, x[:6], labels[:6])
    main = MAIN.format(
        n=f"{len(seen):,}", unseen=len(x), still=base64.b64encode(still).decode("ascii"),
        alt=html.escape(alt), low=_nats(low), high=_nats(high), empty=_nats(empty),
        turned=_nats(mean_elbos(vae, turned(x)).mean()),
    )  # fmt: skip
    return Page("How unusual is your drawing?", main, "draw_page", _data(vae, elbos), CSS)


def _nats(value):
    """A whole number with a real minus sign."""
    return f"{value:.0f}".replace("-", "\u2212")


def _data(vae, elbos):
    """What the page's script is given."""
    _, (x, labels), (unseen, _) = trained()
    mu, _ = vae.encode(x[:700])
    return {
        "vae": pack(vae),
        "codes": mu.round(2).ravel().tolist(), "labels": labels[:700].tolist(),
        "elbos": np.sort(elbos).round(1).tolist(),
        "examples": (16 * unseen[:30]).astype(int).tolist(),
    }  # fmt: skip


@functools.cache
def trained():
    """(VAE, (x, labels) that it was trained on, (x, labels) that it never saw)."""
    digits, rng = tv.load_digits(), np.random.default_rng(0)
    order = rng.permutation(len(digits.x))
    seen, unseen = ((digits.x[part], digits.labels[part]) for part in np.split(order, [1500]))
    vae = tv.VAE(64, (128,), 2, rng, tv.Gaussian())
    opt = tv.Adam(vae.params, lr=5e-3)
    for _ in tv.train(
        vae, opt, seen[0], 60, 64, rng=rng, warmup=10, cosine=True, progress=False
    ):
        pass
    return vae, seen, unseen


def mean_elbos(vae, x):
    """The ELBO of each row of x, (N,), in nats: a mean over draws of the noise."""
    rng, shape = np.random.default_rng(1), (len(x), vae.n_z)
    draws = (vae.elbo(x, rng.standard_normal(shape, vae.dtype)).elbo for _ in range(DRAWS))
    return np.mean([*draws], axis=0, dtype=float)


def turned(x):
    """The pictures lying on their side."""
    return np.rot90(x.reshape(-1, 8, 8), axes=(1, 2)).reshape(len(x), -1)


def _still(vae, x, labels):
    """PNG and alt text: digits upright and on their side, reconstructed, with their ELBOs."""
    rows = np.vstack([x, turned(x[:2])])
    elbos = mean_elbos(vae, rows)
    figure = image_grid(
        np.vstack([rows, vae.reconstruct(rows)]), (8, 8), len(rows),
        row_labels=("x", "reconstruction"),
        column_labels=[f"ELBO\n{_nats(elbo)} nats" for elbo in elbos],
    )  # fmt: skip
    named = ", ".join(map(str, labels))
    alt = f"Real digits ({named}) and two of them on their side, each over its reconstruction, "
    alt += f"with its ELBO in nats: {', '.join(map(_nats, elbos))}."
    return png(figure), alt
