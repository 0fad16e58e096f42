"""The frame that every page of the site stands in: one file, no network, light and dark."""

import html
import json
from typing import NamedTuple

from tinyvae.course.bundle import JS, script
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


EXPLORER = JS / "explorer.css"
CSS = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fdfdfc; --soft: #f1f1ee;
        --line: #d0d0ca; --edge: #767676; --link: #00518a; --error: #a11212;
        --keyword: #7b1fa2; --string: #92400e; --number: #0b6b3a; --comment: #5a5f66;
        --series-0: #0072b2; --series-1: #b84e00; --series-2: #00785a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e3; --paper: #16181b; --soft: #23262b; --line: #454a52;
          --edge: #8d939b; --link: #8cc4ff; --error: #ff9d9d;
          --keyword: #d9a6ff; --string: #f0b27a; --number: #7fd8a4; --comment: #a9afb8;
          --series-0: #56b4e9; --series-1: #f0a040; --series-2: #3fc79f; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
       font: 17px/1.6 system-ui, sans-serif; overflow-wrap: break-word; }
body > header, main, body > footer { max-width: 46rem; margin: 0 auto; padding: 0.6rem 1rem; }
main p, main ul, main ol, main blockquote, summary { max-width: 38.5rem; }
a { color: var(--link); }
h1, h2, h3 { line-height: 1.25; }
img, svg, canvas { max-width: 100%; }
img { height: auto; }
.tinyvae-figure { background: #fff; border-radius: 6px; padding: 6px; margin: 0.4rem 0; }
pre, table, .tinyvae-formula { display: block; max-width: 100%; overflow: auto hidden; }
pre { background: var(--soft); border-radius: 6px; padding: 0.5rem 0.8rem;
      font: 14px/1.45 ui-monospace, monospace; }
pre.tinyvae-output { background: none; border-left: 4px solid var(--line); border-radius: 0; }
code { font-family: ui-monospace, monospace; font-size: 0.9em; }
table { border-collapse: collapse; }
th, td { padding: 0.25rem 0.7rem; text-align: left; vertical-align: top;
         border-bottom: 1px solid var(--line); }
@media (max-width: 46rem) {  /* a formula in a line cannot be broken: its paragraph scrolls */
  main p, main ul, main ol, h1, h2, h3 { overflow: auto hidden; }
}
menclose[notation=box] { border: 1px solid; padding: 0.2em 0.4em; }
button, select, input { font: inherit; color: inherit; }
input[type=text], select { background: var(--paper); border: 1px solid var(--edge);
                           border-radius: 6px; padding: 0.2rem 0.5rem; max-width: 100%; }
button { background: var(--soft); border: 1px solid var(--edge); border-radius: 6px;
         padding: 0.3rem 0.9rem; cursor: pointer; }
summary { cursor: pointer; padding: 0.2rem 0; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.tinyvae-predict { background: var(--soft); border-radius: 6px; padding: 0.1rem 0.9rem;
                   margin: 1rem 0; }
.tinyvae-code [class^=k], .tinyvae-code .ow { color: var(--keyword); }
.tinyvae-code [class^=s] { color: var(--string); }
.tinyvae-code [class^=m] { color: var(--number); }
.tinyvae-code [class^=c] { color: var(--comment); font-style: italic; }
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
<style>{CSS}{EXPLORER.read_text(encoding="utf-8")}{page.css}</style>
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
    entries = ["frame", *([page.run] if page.run else [])]
    calls = ["tinyvae.frame.default();"]
    if page.run:
        data = json.dumps(page.data, allow_nan=False).replace("<", "\\u003c")
        calls.append(f"tinyvae.{page.run}.default({data});")
    body = "\n".join([script(*entries), version, *calls])
    return f"<script>(() => {{\n{body}\n}})();</script>"
