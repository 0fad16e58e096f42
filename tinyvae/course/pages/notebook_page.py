"""A notebook as a page to read: its words, code, outputs and pictures, and its contents.

Code stands folded behind the pictures that it draws. What a prediction asks for opens once the
reader has written one down.
"""

import base64
import hashlib
import html
import itertools
import json
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat

from tinyvae.course.browser_explorer import definition_in
from tinyvae.course.markdown import code, plain, render
from tinyvae.course.page import Page

WIDGET = "application/vnd.jupyter.widget-view+json"
HEADING = re.compile(r'<h([1-6]) id="([^"]*)">(.*?)</h\1>', re.DOTALL)
PREDICT = '<div class="tinyvae-predict">'
BLOCK = re.compile(rf'(?=<h[1-6] id="|{PREDICT})')
CSS = """
/* Wide enough for 96 columns of code and long formulas: boxes that scroll slow each frame. */
body > header, main, body > footer { max-width: 52rem; }
@media (min-width: 56rem) { .tinyvae-formula { width: max-content; max-width: 48rem; } }
.tinyvae-guess { display: flex; flex-wrap: wrap; gap: 0.4rem 0.8rem; margin: 0.6rem 0; }
.tinyvae-guess p { width: 100%; margin: 0; min-height: 1.6em; }
.tinyvae-guess[hidden] { display: none; }
.tinyvae-run { border-left: 4px solid var(--line); padding-left: 0.8rem; }
main nav ul { display: flex; flex-wrap: wrap; gap: 0.1rem 1.2rem; max-width: none;
              padding: 0; list-style: none; font-size: 0.94rem; }
"""


def notebook_page(path: Path, link: Callable[[str], str]) -> Page:
    """The page of the notebook at `path`; `link` as in `markdown.render`.

    ValueError naming the file if it is no notebook, or begins with no title.
    """
    name = f"{path.parent.name}/{path.name}"
    try:
        cells = nbformat.read(path, as_version=4).cells
    except nbformat.reader.NotJSONError as error:
        raise ValueError(f"{name} is no notebook") from error
    read = Body(name, link)
    body = _headings(read.of(cells))
    title = HEADING.search(body)
    if not title or title[1] != "1":
        raise ValueError(f"{name} must begin with a title, a line that starts with #")
    top, rest = body[: title.end()], body[title.end() :]
    main = f"{top}\n{_how_to_run(name)}\n{_contents(rest)}\n{rest}"
    data = {"explorers": read.explorers, "models": read.models}
    return Page(plain(title[3]), main, run="notebook_page", data=data, css=CSS, depth=1)


def explorer_html(output: dict[str, Any], number: int) -> str:
    """The place of the explorer of this number, with its still, for js/explorer.js."""
    return f"""<div class="tinyvae-explorer" id="explorer.{number}">
{picture_html(output, "tinyvae-figure tinyvae-still")}
<p class="tinyvae-line" aria-live="polite">This picture is still: its sliders need
JavaScript.</p>
</div>
"""


def picture_html(output: dict[str, Any], name: str = "tinyvae-figure") -> str:
    """The picture of an output, on white in either theme, at the size that it asks for."""
    data = base64.b64decode(output["data"]["image/png"])
    said = output["metadata"].get("image/png", {})
    size = _size(data) | {k: int(said[k]) for k in ("width", "height") if k in said}
    sized = "".join(f' {name}="{pixels}"' for name, pixels in size.items())
    return (
        f'<img class="{name}"{sized} alt="{html.escape(said.get("alt", ""))}" '
        f'src="data:image/png;base64,{base64.b64encode(data).decode()}">\n'
    )


def _size(data):
    """Width and height of a PNG file: its bytes 16 to 24. None of them if it ends before."""
    sides = struct.unpack(">II", data[16:24]) if len(data) >= 24 else ()
    return dict(zip(("width", "height"), sides, strict=False))


class Body:
    """The cells of one notebook as HTML, and which of it waits for a prediction."""

    def __init__(self, name, link):
        self.name, self.link = name, link
        self.parts, self.predictions = [], 0
        self.asked = self.answering = self.moved = self.explaining = False
        self.explorers: list[dict[str, Any]] = []
        self.models: dict[str, Any] = {}  # each once, however many explorers show it

    def of(self, cells):
        for cell in cells:
            if cell.cell_type == "markdown":
                self.words(cell)
            elif cell.cell_type == "code":
                self.code(cell)
        self.close()
        return "".join(self.parts)

    def words(self, cell):
        """Prose after an answer explains it, up to the next heading or prediction. Where it
        explains what an explorer shows, all that follows up to there belongs to it."""
        for block in _blocks(render(cell.source, self.link)):
            if BLOCK.match(block):
                self.close()
            self.asked = self.asked or block.startswith(PREDICT)
            if self.moved and not BLOCK.match(block):
                self.open_part()
                self.explaining = True
            self.moved = False
            self.parts.append(block)
        if self.answering and not self.explaining:
            self.close()

    def code(self, cell):
        """The code, and after it what it put out; behind a picture the code is folded."""
        outputs = [one for one in cell.outputs if not definition_in(one)]
        definitions = [found for one in cell.outputs if (found := definition_in(one))]
        shown = [(_kind(output), output) for output in outputs]
        listing = code(cell.source)
        folded = f"<details><summary>Code</summary>\n{listing}</details>\n"
        if not any(kind == "picture" for kind, _ in shown):
            self.parts.append(listing)
            folded = ""
        for kind, output in shown:
            if definitions and kind == "picture":
                self.explorer(output, definitions.pop(0))
            elif text := _shown(kind, output, self.link):
                if self.asked:
                    self.open_part()
                self.parts.append(text)
        self.parts.append(folded)

    def explorer(self, still, definition):
        """It stays open: an answer is found by moving it. The words after it may wait."""
        self.close()
        self.moved, self.asked = self.asked, False
        names = definition["models"]
        for name, model in names.items():
            key = next((k for k, one in self.models.items() if _holds(one, model)), None)
            key = key or hashlib.sha256(json.dumps(model).encode()).hexdigest()[:8]
            names[name] = key
            self.models.setdefault(key, model)
        self.explorers.append(definition)
        self.parts.append(explorer_html(still, len(self.explorers)))

    def open_part(self):
        """Begin what the last prediction is answered by, and ask for one there."""
        self.asked, self.answering = False, True
        self.predictions += 1
        number = self.predictions
        last = max(i for i, part in enumerate(self.parts) if part.startswith(PREDICT))
        question, end = self.parts[last].split("</div>\n", 1)
        self.parts[last] = f"{question}{_form(number)}</div>\n{end}"
        self.parts.append(f'<details class="tinyvae-answer" id="answer.{number}">')
        self.parts.append("<summary>The result</summary>\n")

    def close(self):
        if self.answering:
            self.parts.append("</details>\n")
        self.answering = self.explaining = False


def _holds(one, other):
    """Whether model `one` can stand for `other`: it is the same, or has an encoder as well."""
    if "kind" not in one or "kind" not in other:  # a judge's numbers
        return one == other
    same = all(one[name] == other[name] for name in ("kind", "settings", "dtype"))
    ends, end = (base64.b64decode(model["weights"]) for model in (one, other))
    return same and ends.endswith(end)


def _blocks(markup):
    """HTML cut before each heading and prediction that does not lie in <details>."""
    blocks = [""]
    for piece in BLOCK.split(markup):
        if blocks[-1].count("<details>") == blocks[-1].count("</details>"):
            blocks.append(piece)
        else:
            blocks[-1] += piece
    return [block for block in blocks if block]


def _kind(output):
    data = output.get("data", {})
    if "image/png" in data:
        return "picture"
    return "bar" if WIDGET in data else "text"  # a progress bar would stand at 0 % for ever


def _shown(kind, output, link):
    """An output that is no explorer, as HTML."""
    data = output.get("data", {})
    if kind == "picture":
        return picture_html(output)
    if kind == "bar":
        return ""
    if "text/markdown" in data:
        return render(data["text/markdown"], link)
    text = (
        output.get("text") or data.get("text/plain") or "\n".join(output.get("traceback", []))
    )
    return f'<pre class="tinyvae-output">{html.escape(text.rstrip())}</pre>\n' if text else ""


def _form(number):
    return f"""<div class="tinyvae-guess" hidden>
<label>Your prediction <input type="text" autocomplete="off"></label>
<button type="button" aria-controls="answer.{number}">Show the result</button>
<p role="status"></p></div>
"""


def _headings(body):
    """One h1, and ids of which none stands twice."""
    taken: set[str] = set()

    def mended(match):
        level, name, text = match.groups()
        level = "2" if level == "1" and taken else level
        names = itertools.chain([name], (f"{name}-{k}" for k in itertools.count(2)))
        name = next(one for one in names if one not in taken)
        taken.add(name)
        return f'<h{level} id="{name}">{text}</h{level}>'

    return HEADING.sub(mended, body)


def _contents(body):
    """Links to the sections."""
    sections = [m for m in HEADING.finditer(body) if m[1] == "2"]
    lines = "\n".join(f'<li><a href="#{m[2]}">{_unnumbered(m[3])}</a></li>' for m in sections)
    return f'<nav aria-label="Contents"><ul>\n{lines}\n</ul></nav>' if sections else ""


def _unnumbered(text):
    return re.sub(r"</?a\b[^>]*>", "", text)


def _how_to_run(name):
    return (
        f'<p class="tinyvae-run">A page to read. To run it: <code>.venv/bin/jupyter lab '
        f'{html.escape(name)}</code>, once tinyvae is <a href="../index.html#start">set up</a>.'
        "</p>"
    )
