"""The course without a kernel and without a network: what a reader sees who has only a browser.

    python tests/course/pages.py [--shots DIR]

First, what a code host has: every widget saved in a notebook brings a picture (but progress
bars, which are a line of text), and no output needs a program to be seen. Then
solutions/make_pages.py is run, and each of its pages opened in Chromium, offline: all pictures,
all formulas, no error, nothing asked of the network, and no serious finding of axe-core, a
checker of accessibility. Last, pages that were broken on purpose must be refused. Needs what
tests/course/browser.py needs, math-core from PyPI, and npm, from whose registry axe-core comes.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlparse

import nbformat
from browser import ARGUMENTS, Wrong, browser_found, need, no_errors

ROOT = Path(__file__).parents[2]
WIDGET = "application/vnd.jupyter.widget-view+json"
STATIC = {"image/png", "text/markdown", "text/plain"}  # what a reader without programs can show
LOOK = r"""async () => {
  const all = what => [...document.querySelectorAll(what)];
  const box = element => element.getBoundingClientRect();
  await Promise.all(all("img").map(image => image.decode().catch(() => {})));
  const page = document.querySelector("main"), words = [];
  const texts = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { parentElement, data } = texts.currentNode;
    if (!parentElement.closest("pre, code, math")) words.push(data);
  }
  const [math, fractions] = [all("math"), all("mfrac")];
  return {
    words: words.join(""),
    pictures: all("img").map(i => [i.naturalWidth * i.clientWidth, i.alt]),
    formulas: math.length,
    unseen: math.filter(m => !(box(m).width && box(m).height)).length,
    // a browser without MathML sets the two numbers of a fraction side by side
    flat: fractions.filter(f => box(f.children[0]).bottom > box(f.children[1]).top + 1).length,
    errors: all("merror").length,
    bars: all("pre").filter(pre => /^ *\d+%\|/.test(pre.textContent)).length,
    links: all("a[href]").map(a => a.href.split("#")[0]),
    wide: math.filter(m => box(m).right > box(page).right).map(m => m.textContent),
  };
}"""
AXE_CORE = "axe-core@4.14.1"
AXE = """async () => (await axe.run({ resultTypes: ["violations"] })).violations
  .filter(one => ["serious", "critical"].includes(one.impact))
  .map(one => `${one.id}: ${one.nodes.length} times, first ${one.nodes[0].html}`)"""
# Broken on purpose: a piece of a page, what it becomes, and a word of the complaint to come.
BREAKS = [
    ('src="data:image/png;base64,iV', 'src="data:image/png;base64,AA', "not shown"),
    ('<img alt="', '<img alt="" title="', "told in words"),
    ("<math", "<span", "formulas"),
    ("</head>", "<style>mfrac { display: flex; }</style></head>", "fractions"),
    ("</math>", '<mspace width="2000px" /></math>', "wide"),
    ("<p>", r"<p>$\sigma$ ", "TeX"),
    ("<p>", "<p>Error displaying widget: model not found ", "widget"),
    ("<p>", '<p><link rel="stylesheet" href="http://127.0.0.1:9/page.css">', "asked"),
    ("<p>", '<p><a href="gone.html">04</a> ', "gone.html"),
    ("<p>", "<pre>  0%|          | 0/120 [00:00</pre><p>", "progress bars"),
    ("<p>", '<p style="color: #ccc">', "color-contrast"),
]


def outputs(notebook):
    return [out for cell in notebook.cells for out in cell.get("outputs", [])]


def code_host(path):
    """Wrong if a saved output of a notebook cannot be seen without a program."""
    notebook = nbformat.read(path, as_version=4)
    need("widgets" not in notebook.metadata, "it holds the state of widgets")
    for output in outputs(notebook):
        need(output.output_type != "error", f"it holds an error: {output.get('evalue')}")
        kinds = set(output.get("data", {}))
        need(not kinds or kinds & STATIC, f"an output is {kinds} and nothing else")
        text = output.get("data", {}).get("text/plain", "")
        still = "image/png" in kinds or text.startswith("  0%|")
        need(WIDGET not in kinds or still, f"a widget has no picture: {text!r}")
    return notebook


def formulas(notebook):
    """How many formulas the Markdown of a notebook has, in cells and outputs."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    texts += [out.get("data", {}).get("text/markdown", "") for out in outputs(notebook)]
    prose = re.sub(r"```.*?```|`[^`]*`", "", "\n\n".join(texts), flags=re.DOTALL)
    return len(re.findall(r"(\$\$?)[^$]+\1", prose))


def look(page, path, notebook, axe):
    """Open one page; Wrong if anything is not as it must be."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri(), wait_until="load")
    seen = page.evaluate(LOOK)
    outside = [url for url in asked if url != path.as_uri() and not url.startswith("data:")]
    need(not outside, f"the page asked for {outside}")
    no_errors(page)
    for text in ("Error displaying widget", "Loading widget", "model not found"):
        need(text not in seen["words"], f"the page says {text!r}: a widget is not shown")
    need(not seen["bars"], f"the page shows {seen['bars']} progress bars")
    left = re.search(r".{0,30}(\$|\\[a-zA-Z]+).{0,30}", seen["words"])
    need(not left, f"TeX is left: {left and left.group()!r}")
    expected = sum("image/png" in out.get("data", {}) for out in outputs(notebook))
    shown = [alt for size, alt in seen["pictures"] if size]
    need(len(shown) == len(seen["pictures"]), "a picture is not shown")
    need(len(shown) == expected, f"{len(shown)} pictures of {expected} are there")
    need(all(len(alt.split()) >= 4 for alt in shown), "a picture is not told in words")
    expected = formulas(notebook)
    need(seen["formulas"] == expected, f"{seen['formulas']} formulas of {expected} are there")
    need(not seen["errors"] and not seen["unseen"], "formulas are not shown")
    need(not seen["flat"], f"{seen['flat']} fractions are not set as fractions")
    need(not seen["wide"], f"formulas are too wide: {seen['wide']}")
    for link in seen["links"]:
        file = Path(unquote(urlparse(link).path))
        need(not link.startswith("file:") or file.exists(), f"a link leads to no {link}")
    page.evaluate(axe)
    found = page.evaluate(AXE)
    need(not found, f"axe-core finds {found}")
    return f"{len(shown)} pictures, {seen['formulas']} formulas"


def refuses_broken_pages(context, whole, notebook, axe):
    """Wrong unless each of BREAKS, done to a page that is right, is found and named."""
    text = whole.read_text(encoding="utf-8")
    for piece, other, complaint in BREAKS:
        broken = whole.with_name("broken.html")
        need(piece in text, f"there is no {piece!r} to break")
        broken.write_text(text.replace(piece, other, 1), encoding="utf-8")
        try:
            look(context.new_page(), broken, notebook, axe)
        except Wrong as wrong:
            need(complaint in str(wrong), f"{other!r} was refused with {wrong}")
        else:
            raise Wrong(f"a page with {other!r} passed")


def fetch_axe(folder):
    """The source of axe-core, from the npm registry."""
    subprocess.run(
        ["npm", "pack", "--silent", AXE_CORE], cwd=folder, check=True, stdout=subprocess.DEVNULL
    )
    shutil.unpack_archive(next(folder.glob("axe-core-*.tgz")), folder, filter="data")
    return (folder / "package" / "axe.min.js").read_text(encoding="utf-8")


def main():
    # Here, for pytest imports this file when it looks for doctests.
    from playwright.sync_api import Error, sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shots", type=Path, help="a folder for a picture of each page")
    shots = parser.parse_args().shots
    folders = [ROOT / name for name in ("notebooks", "exercises", "solutions")]
    notebooks = {path: None for folder in folders for path in sorted(folder.glob("*.ipynb"))}
    if shots:
        shots.mkdir(parents=True, exist_ok=True)
    path = "npm"
    try:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            folder = Path(folder)
            axe = fetch_axe(folder)
            for path in notebooks:
                notebooks[path] = code_host(path)
            command = [sys.executable, ROOT / "solutions/make_pages.py", folder]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            with playwright.chromium.launch(**browser_found(), args=ARGUMENTS) as chromium:
                context = chromium.new_context(viewport={"width": 1280, "height": 900})
                context.set_offline(True)
                for path, notebook in notebooks.items():
                    html = folder / path.parent.name / f"{path.stem}.html"
                    page = context.new_page()
                    print(f"{path.relative_to(ROOT)}: {look(page, html, notebook, axe)}")
                    if shots:
                        name = f"{path.parent.name}_{path.stem}.png"
                        page.screenshot(path=shots / name, full_page=True)
                    page.close()
                path = ROOT / "notebooks/01_autoencoder.ipynb"
                html = folder / "notebooks/01_autoencoder.html"
                refuses_broken_pages(context, html, notebooks[path], axe)
    except (Wrong, Error, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"FAILED {path}: {error}")
    print(f"Every page is whole, offline; {len(BREAKS)} broken ones were refused.")


if __name__ == "__main__":
    main()
