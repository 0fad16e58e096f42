"""What the two pages share that train a VAE before one's eyes: digits, controls, the still."""

import base64
import html

import numpy as np

from tinyvae.data.images import load_digits

GREYS = 16  # a pixel is a whole number of these
CSS = """
.tinyvae-explorer { display: block; }
.tinyvae-explorer > img { background: #fff; height: auto; }
.controls { display: flex; flex-wrap: wrap; gap: 0.5rem 1.4rem; align-items: end;
            margin: 0.6rem 0; }
.controls label { display: block; max-width: 100%; }
.controls input[type=range] { display: block; width: 13rem; max-width: 100%; }
.controls select { display: block; max-width: 100%; }
.controls button { min-height: 2.4rem; }
.tinyvae-start { font-weight: 600; }
.tinyvae-line { margin: 0.8rem 0; }
.tinyvae-explorer:not([data-tinyvae=live]) > :is(.controls, canvas, .tinyvae-line),
.tinyvae-explorer[data-tinyvae=live] > img { display: none; }
"""


def digits(n_train, n_held, seed=0):
    """(x (n_train + n_held, 64), labels): digits in an order of chance, the held-out last."""
    data = load_digits()
    rows = np.random.default_rng(seed).permutation(len(data.x))[: n_train + n_held]
    return data.x[rows], data.labels[rows]


def packed(x, labels, n_train):
    """The digits as JSON can hold them: a byte a pixel, in base64."""
    levels = np.rint(x * GREYS).astype(np.uint8)
    x64 = base64.b64encode(levels.tobytes()).decode("ascii")
    return {"x": x64, "labels": labels.tolist(), "n_train": n_train, "greys": GREYS}


def slider(name, label, low, high, step, value):
    """A range with its label; the script writes what it says now into the <output>.

    Without `for` the label would be that of the <output>, which comes first in it.
    """
    return (
        f'<label for="{name}">{html.escape(label)} <output id="{name}-now"></output>'
        f'<input type="range" id="{name}" min="{low}" max="{high}" step="{step}"'
        f' value="{value}"></label>'
    )


def choice(name, label, options):
    """A <select> of {value: what it says}, with its label."""
    inside = "".join(
        f'<option value="{html.escape(str(value))}">{html.escape(says)}</option>'
        for value, says in options.items()
    )
    return f'<label>{html.escape(label)} <select id="{name}">{inside}</select></label>'


def explorer(controls, still, alt, label):
    """The controls, the canvas and the line, with the PNG `still` for who has no scripts."""
    source = base64.b64encode(still).decode("ascii")
    rows = "".join(f'<div class="controls">{"".join(row)}</div>' for row in controls)
    return f"""<div class="tinyvae-explorer">
{rows}
<p class="tinyvae-line" role="status" aria-live="polite"></p>
<canvas role="img" aria-label="{html.escape(label)}"></canvas>
<img src="data:image/png;base64,{source}" alt="{html.escape(alt)}">
</div>"""
