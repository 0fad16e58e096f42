"""The first page: a face with its sliders, then what the course is and how to run it."""

import base64
import html
import re
from collections.abc import Callable

import numpy as np

import tinyvae as tv
from tinyvae.course.markdown import render
from tinyvae.course.page import Page
from tinyvae.course.weights import pack
from tinyvae.data.faces import FACE_SIDE, FACE_WORDS
from tinyvae.images import png

WORDS = {name: [w.removeprefix("a ") for w in pair] for name, pair in FACE_WORDS.items()}
FACES = 200  # that "Random face" chooses from
ALT = "A drawn face of 28 by 28 grey pixels, whose features follow the sliders."
COURSE = """\
This is a course on variational autoencoders: networks that describe a picture in a few numbers
and paint new pictures from new numbers. Nine notebooks build one in NumPy, every gradient by
hand, from a first layer to faces painted from words. Each page here stands alone, works without
a network, and asks you to predict before it shows.
"""
CSS = f"""
h1 {{ margin: 0.3rem 0; }}
.tinyvae-explorer {{ align-items: start; }}
.tinyvae-picture {{ width: {9 * FACE_SIDE}px; height: {9 * FACE_SIDE}px; background: #fff;
                   image-rendering: pixelated; border-radius: 6px; }}
.tinyvae-controls {{ flex: 1 1 20rem; }}
.tinyvae-slider {{ display: grid; grid-template-columns: 7rem 1fr 7rem; gap: 0.6rem;
                  align-items: center; margin: 0.3rem 0; font-size: 0.94rem; }}
.tinyvae-slider label {{ position: absolute; width: 1px; height: 1px; overflow: hidden;
                        clip-path: inset(50%); }}
.tinyvae-slider :nth-child(2) {{ text-align: right; }}
.tinyvae-slider input {{ width: 100%; min-width: 0; }}
@media (max-width: 30rem) {{
  .tinyvae-picture {{ width: {6 * FACE_SIDE}px; height: {6 * FACE_SIDE}px; margin: 0 auto; }}
  .tinyvae-slider {{ grid-template-columns: 5.4rem 1fr 5.4rem; }}
}}
"""


def index_page(
    readme: str, pages: dict[str, Page], link: Callable[[str], str] = lambda url: ""
) -> Page:
    """The index of a site with `pages`, by their addresses; `link` as in `markdown.render`.

    The course's map and the way to run it are those of `readme`.
    """
    data, still = _face()
    main = f"""<h1>Make this face smile</h1>
{_explorer(still)}
<h2 id="course">What this is</h2>
{render(COURSE)}
{_more(pages)}
<h2 id="notebooks">The notebooks</h2>
{render(_table(_section(readme, "The course")), link)}
<h2 id="exercises">The exercises, to read</h2>
{_list(pages, "exercises/")}
<h2 id="start">Run it for real</h2>
{render(_section(readme, "Start"), link)}
"""
    return Page("Make this face smile: tinyvae, the course", main, "index_page", data, CSS)


def _face():
    """What index_page.js needs, and the PNG of the face that it starts with."""
    vae, faces = tv.load_face_vae(), tv.load_faces(2000)
    mu, _ = vae.encode(faces.x)
    directions = [tv.attribute_direction(mu, factor) for factor in faces.factors.T]
    middle = np.abs(faces.factors).max(axis=1).argmin()  # the least extreme face
    chosen = np.vstack([mu[[middle]], mu[:FACES]])
    data = {
        "model": pack(vae, dtype="float16", encoder=False),
        "side": FACE_SIDE,
        "faces": np.round(chosen.astype(float), 3).tolist(),
        "directions": np.round(np.array(directions, dtype=float), 4).tolist(),
        "words": list(WORDS.values()),
    }
    painted = vae.likelihood.mean(vae.decode(mu[[middle]]))[0]
    return data, png(painted.reshape(FACE_SIDE, FACE_SIDE))


def _explorer(still):
    sliders = "\n".join(map(_slider, WORDS, WORDS.values()))
    source = base64.b64encode(still).decode()
    return f"""<div class="tinyvae-explorer">
<img class="tinyvae-picture" alt="{ALT}" src="data:image/png;base64,{source}">
<div class="tinyvae-controls" hidden>
{sliders}
<button type="button">Reset</button> <button type="button">Random face</button>
</div>
<p class="tinyvae-line" aria-live="polite">This picture is still: its sliders need
JavaScript.</p>
</div>
"""


def _slider(name, words):
    """From the factor's low word to its high one, in steps that can be seen."""
    low, high = words
    return f"""<div class="tinyvae-slider">
<label for="{name}">{name.replace("_", " ")}</label><span>{low}</span>
<input type="range" id="{name}" min="-1" max="1" step="0.05" value="0"><span>{high}</span>
</div>"""


def _more(pages):
    """Links to the pages that are no notebooks: to touch, without Python."""
    links = _list(pages, "", lambda address: "/" not in address)
    return f'<h2 id="touch">To touch, here and now</h2>\n{links}' if links else ""


def _list(pages, start, chosen=lambda address: True):
    titles = {
        html.escape(address): html.escape(page.title.removesuffix(" | tinyvae"))
        for address, page in pages.items()
        if address.startswith(start) and chosen(address)
    }
    lines = "\n".join(f'<li><a href="{a}">{title}</a></li>' for a, title in titles.items())
    return f"<ul>\n{lines}\n</ul>" if titles else ""


def _section(readme, title):
    """The Markdown under "## title"."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", readme, re.MULTILINE | re.DOTALL)
    if not found:
        raise ValueError(f"README.md has no section {title!r}, which the index shows")
    return found[1]


def _table(markdown):
    """The lines of its first table."""
    found = re.search(r"(?:^\|.*\n)+", markdown, re.MULTILINE)
    if not found:
        raise ValueError("README.md has no table of the notebooks, which the index shows")
    return found[0]
