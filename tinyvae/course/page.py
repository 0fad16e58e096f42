"""The frame that every page of the site stands in: one file, no network, light and dark."""

import html
import json
from typing import NamedTuple

from tinyvae.course.bundle import script
from tinyvae.version import __version__


class Page(NamedTuple):
    """One page, before its frame: what differs from page to page.

    `main` is the HTML inside <main>, with the page's one h1. `run` names a module in js/ whose
    default export is called with `data` (anything that JSON holds) once the page is there.
    `depth` is how many folders the file lies below the index; `css` is of this page alone.
    """

    title: str
    main: str
    run: str = ""
    data: object = None
    css: str = ""
    depth: int = 0


CSS = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fdfdfc; --soft: #f1f1ee;
        --line: #d0d0ca; --link: #00518a; --error: #a11212; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e3; --paper: #16181b; --soft: #23262b; --line: #454a52;
          --link: #8cc4ff; --error: #ff9d9d; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
       font: 17px/1.6 system-ui, sans-serif; }
body > header, main, body > footer { max-width: 46rem; margin: 0 auto; padding: 0.6rem 1rem; }
a { color: var(--link); }
h1, h2, h3 { line-height: 1.25; }
img, svg, canvas { max-width: 100%; }
pre, table, math[display=block] { display: block; max-width: 100%; overflow-x: auto; }
button, select, input { font: inherit; color: inherit; }
button { background: var(--soft); border: 1px solid var(--line); border-radius: 6px;
         padding: 0.3rem 0.9rem; cursor: pointer; }
:focus-visible { outline: 3px solid #0072b2; outline-offset: 2px; }
.tinyvae-explorer { display: flex; flex-wrap: wrap; gap: 0.8rem 1.6rem; margin: 1rem 0; }
.tinyvae-line { min-height: 1.6em; font-variant-numeric: tabular-nums; white-space: pre-line; }
"""


def framed(page: Page) -> str:
    """The page as the text of one HTML file."""
    home = "../" * page.depth + "index.html"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(page.title)}</title>
<link rel="icon" href="data:,">
<style>{CSS}{page.css}</style>
</head>
<body>
<header><a href="{home}">tinyvae, the course</a></header>
<main>
{page.main}
</main>
<footer>tinyvae {__version__}</footer>
{_scripts(page)}
</body>
</html>
"""


def _scripts(page):
    """Everything that runs, in one function, so that it leaves one global: the version."""
    version = f"globalThis.tinyvae = {{ version: {json.dumps(__version__)} }};"
    if not page.run:
        return f"<script>{version}</script>"
    data = json.dumps(page.data).replace("<", "\\u003c")
    call = f"tinyvae.{page.run}.default({data});"
    return f"<script>(() => {{\n{script(page.run)}\n{call}\n{version}\n}})();</script>"
