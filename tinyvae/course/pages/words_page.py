"""words.html: words to faces by diffusion, each step of it, and a judge that reads them."""

import base64
import functools
import html

import numpy as np

import tinyvae as tv
from tinyvae.course.page import Page
from tinyvae.course.pages.judge import judge
from tinyvae.course.weights import pack
from tinyvae.data.faces import FACE_NAMES, FACE_WORDS, FILLERS
from tinyvae.images import image_grid, png

PROMPT = "a smiling face with wide-set eyes and short hair"
SHOWN = (0, 40, 50, 60, 70, 80, 100)  # steps done, in the still
SIGNS = np.tile([-1, 1], len(FACE_NAMES))  # of each phrase: the low one of a factor, the high
EDGE, LIMIT = (
    1 / 3,
    1.0,
)  # a phrase is true beyond the one, and no face is drawn beyond the other
MAIN = """<h1>Can a VAE paint what you say?</h1>
<p>Say what face you want. A diffusion model starts from noise and takes 100 small steps to a
code z of 12 numbers, and at each it listens to your words; the decoder of the course's face VAE
paints every code on the way. All of it is computed in this page.</p>
<p><strong>Predict first:</strong> at which step can you tell the face? What will stronger
guidance cost?</p>
<div class="tinyvae-explorer">
<img class="tinyvae-still" src="data:image/png;base64,{still}" alt="{alt}">
<div class="controls">
<label class="strength">guidance <span class="w">1</span>
<input class="guidance" type="range" min="0" max="6" step="0.5" value="1"></label>
<label class="words">your words <input class="prompt" type="text" value="{prompt}"
 spellcheck="false" autocomplete="off"></label>
<div class="buttons"><button type="button" class="tinyvae-start">Paint</button>
<button type="button" class="other">Other faces</button></div>
</div>
<p class="whole small">Words: {phrases}.</p>
<div class="whole">
<canvas class="faces" role="img" width="238" height="28" aria-label="Eight painted faces">
</canvas>
<label>step <span class="t">100</span> of 100
<input class="step" type="range" min="0" max="100" step="1" value="100"></label>
</div>
<div class="whole">
<p class="tinyvae-line" aria-live="polite">These faces came out of noise, for the words above.
Press Paint to watch.</p>
<table class="tried" hidden><caption>What you tried, {n_judged} faces each</caption>
<thead><tr><th scope="col">words</th><th scope="col">guidance</th>
<th scope="col">all read in</th><th scope="col">beyond the limit</th></tr></thead>
<tbody></tbody></table>
</div>
</div>
<h2>The judge</h2>
<p>The judge has never met a model. It was fitted to drawn faces, whose eight factors are known,
and reads the factors off a picture: a quadratic of {components} principal components. On
{unseen} drawn faces that it never saw, R&sup2; is {worst:.3f} or more for each factor
(the lowest: {worst_name}). A word counts as read beyond one third of its factor's range, as the
captions have it: true words are read so in {true:.1f} % of unseen faces.</p>
<h2>The price of guidance</h2>
<p>With guidance w the step follows (1 + w) &epsilon;(z, c) &minus; w &epsilon;(z, 0): away
from what it would paint if you had said nothing. Words are obeyed more surely. The price: no
face is drawn beyond 1 in any factor, but guided codes go there. The share of readings of your
words beyond 1 is that price. Of unseen drawn faces that show the word, the judge reads
{control:.1f} % there, which is its own error.</p>
<p>Each face starts from the same noise at every guidance, so that you see what guidance alone
does. Notebook 08 derives all of this.</p>
"""
CSS = """
.tinyvae-explorer:not([data-tinyvae=live]) > :not(.tinyvae-still) { display: none; }
.controls { flex: 1 1 100%; min-width: 0; display: flex; flex-wrap: wrap; align-items: end;
            gap: 0.6rem 1.2rem; }
.strength { flex: 1 1 7rem; min-width: 0; }
.words { flex: 4 1 27rem; min-width: 0; }
label { display: block; }
label input { display: block; width: 100%; }
.prompt { background: var(--soft); border: 1px solid var(--line); border-radius: 6px;
          padding: 0.3rem 0.5rem; }
.small { margin: 0; font-size: 0.85rem; line-height: 1.4; }
.buttons { display: flex; gap: 0.4rem; }
.faces { display: block; width: 100%; image-rendering: pixelated; margin-bottom: 0.6rem; }
.stale { opacity: 0.35; }
.whole { flex: 1 1 100%; min-width: 0; }
.tried[hidden] { display: none; }
.tinyvae-line { min-height: 4.8em; margin: 0; }
.wrong { color: var(--error); }
.tried { margin-top: 0.6rem; border-collapse: collapse; font-size: 0.85rem;
         font-variant-numeric: tabular-nums; }
.tried caption, .tried th { text-align: left; }
.tried td, .tried th { padding: 0.2rem 1rem 0.2rem 0; border-bottom: 1px solid var(--line); }
"""


def words_page():
    """The page, with a diffusion model and a judge trained here."""
    reads, unseen = judge(), tv.load_faces(2000, seed=1)
    error = np.mean((reads(unseen.x) - unseen.factors) ** 2, axis=0)
    r2 = 1 - error / unseen.factors.var(axis=0)
    true, beyond = _shares(reads, unseen)
    still, alt = _still()
    main = MAIN.format(
        still=base64.b64encode(still).decode("ascii"), alt=html.escape(alt), prompt=PROMPT,
        phrases=", ".join(phrase for pair in FACE_WORDS.values() for phrase in pair),
        n_judged=48, components=reads.components.shape[1], unseen=f"{len(unseen.x):,}",
        worst=r2.min(), worst_name=FACE_NAMES[r2.argmin()].replace("_", " "),
        true=100 * true, control=100 * beyond,
    )  # fmt: skip
    return Page("Can a VAE paint what you say?", main, "words_page", _data(reads), CSS)


def _data(reads):
    """What the page's script is given."""
    diffusion, m, s = trained()
    return {
        "pairs": [*map(list, FACE_WORDS.values())], "fillers": sorted(FILLERS),
        "vae": pack(tv.load_face_vae(), "float16", encoder=False),
        "diffusion": pack(diffusion), "m": m.tolist(), "s": s.tolist(),
        "judge": reads.packed(), "edge": EDGE, "limit": LIMIT,
    }  # fmt: skip


@functools.cache
def trained(epochs=120):
    """(diffusion, m, s): notebook 08's model, a little smaller; codes are m + s z_0."""
    vae, faces = tv.load_face_vae(), tv.load_faces(20_000, seed=0)
    z = tv.aggregated_posterior(vae, faces.x, np.random.default_rng(0)).astype(float)
    said = np.array([tv.read_prompt(caption) for caption in faces.captions])
    m, s, rng = z.mean(axis=0), z.std(axis=0), np.random.default_rng(0)
    diffusion = tv.Diffusion(12, 16, (96, 96, 96), tv.log_snr_schedule(100, 8, -6), rng)
    opt, x = tv.Adam(diffusion.params, lr=5e-3), (z - m) / s
    for _ in tv.train(
        diffusion, opt, x, epochs, 256, rng=rng, c=2 * said - 1, cosine=True, progress=False
    ):
        pass
    return diffusion, m, s


def _shares(reads, faces):
    """Of true words the share that is read, and of those the share read beyond the limit."""
    said = np.array([tv.read_prompt(caption) for caption in faces.captions]) == 1
    reached = np.repeat(reads(faces.x), 2, axis=1) * SIGNS
    return np.mean(reached[said] > EDGE), np.mean(reached[said] > LIMIT)


def _still():
    """PNG and alt text: four faces on their way from noise."""
    (diffusion, m, s), vae = trained(), tv.load_face_vae()
    path = [*diffusion.path(4, np.random.default_rng(3), tv.read_prompt(PROMPT), 1.0)]
    film = np.stack([vae.picture(path[step] * s + m) for step in SHOWN], axis=1)
    labels = [f"step {step}" for step in SHOWN]
    grid = image_grid(film.reshape(-1, 784), (28, 28), len(SHOWN), column_labels=labels)
    return png(grid), (
        f"Four faces, one in each row, painted after {', '.join(map(str, SHOWN))} steps, for "
        f"the prompt: {PROMPT}. The first column, of pure noise, has faces of any kind; the "
        "last has faces as asked."
    )
