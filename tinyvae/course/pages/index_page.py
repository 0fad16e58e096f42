"""The first page: a face with its sliders, then what the course is and how to run it."""

import base64
import html
import re
from collections.abc import Callable

import numpy as np

import tinyvae as tv
from tinyvae.course.explorer import explorer
from tinyvae.course.markdown import render
from tinyvae.course.page import Page
from tinyvae.course.scenes.painting import Painting
from tinyvae.data.faces import FACE_WORDS
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
CSS = """
h1 { margin: 0.3rem 0; }
.tinyvae-view { order: -1; flex: 0 1 17.5rem; }
.tinyvae-slider { grid-template-columns: 6.5rem 1fr 2.8rem; }
.tinyvae-still { image-rendering: pixelated; }
@media (max-width: 46rem) { /* room for all eight: the sliders must not move away */
  .tinyvae-view { flex-basis: 100%; }
  .tinyvae-line { min-height: 6em; }
}
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
    return Page("Make this face smile: tinyvae, the course", main, "notebook_page", data, CSS)


def _face():
    """What js/notebook_page.js needs for the one explorer, and the face that it starts with."""
    vae, faces = tv.load_face_vae(), tv.load_faces(2000)
    mu, _ = vae.encode(faces.x)
    directions = {
        name: tv.attribute_direction(mu, factor)
        for name, factor in zip(faces.factor_names, faces.factors.T, strict=True)
    }
    middle = np.abs(faces.factors).max(axis=1).argmin()  # the least extreme face
    scene = Painting(vae, np.vstack([mu[[middle]], mu[:FACES]]), directions)
    one = explorer(scene, ALT, WORDS, **{name: (-1, 1, 0, 0.05) for name in WORDS})
    definition = one.definition()
    definition["controls"].insert(
        0, {"kind": "hidden", "name": "face", "label": "face", "start": 0}
    )
    another = dict.fromkeys(WORDS, 0) | {"face": list(range(1, FACES + 1))}
    definition["buttons"] = [["Random face", another]]
    models, definition["models"] = definition["models"], {"model": "model"}
    return {"explorers": [definition], "models": models}, png(one.draw()[0])


def _explorer(still):
    source = base64.b64encode(still).decode()
    return f"""<div class="tinyvae-explorer" id="explorer.1">
<img class="tinyvae-still" width="280" height="280" alt="{ALT}"
src="data:image/png;base64,{source}">
<p class="tinyvae-line" aria-live="polite">This picture is still: its sliders need
JavaScript.</p>
</div>
"""


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
