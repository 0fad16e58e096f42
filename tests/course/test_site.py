"""The site: each page whole by itself, from a disk, with no network; in Chromium and Firefox.

The browser's part is skipped on a laptop that has none, and never in CI. Firefox and axe-core,
a checker of accessibility, also want npm's puppeteer-core and axe-core: the variable
NODE_MODULES names the folder that has them, as in .ci/run.
"""

import base64
import json
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import numpy as np
import pytest
from browser import ARGUMENTS, browser_found
from bs4 import BeautifulSoup
from key_to_frame import KNOB
from test_engine import needs_browser

from tinyvae.course.browser_explorer import definition_in
from tinyvae.course.markdown import render
from tinyvae.course.page import Page, framed
from tinyvae.course.pages.notebook_page import notebook_page
from tinyvae.course.site import ROOT, linker, main, sources
from tinyvae.images import png

ADDRESSES = [*(one.address for one in sources()), "index.html"]
NOTEBOOKS = [one for one in ADDRESSES if one.startswith("notebooks/")]
MODULES = os.environ.get("NODE_MODULES")
needs_modules = pytest.mark.skipif(not MODULES, reason="NODE_MODULES names no folder")
MEGABYTE = 1_000_000


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a folder") / "the site"
    assert main(["--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def soups(site):
    return {a: BeautifulSoup((site / a).read_bytes(), "html.parser") for a in ADDRESSES}


# ---- the files ------------------------------------------------------------------------


def complaints(soup, path):
    """What one page has that no page may have, or lacks, in a few words each."""
    page, found = soup.html, []
    scripts = page.find_all("script")
    tests = {
        "lang": page.get("lang"),
        "viewport": page.find("meta", attrs={"name": "viewport"}),
        "one main": len(page.find_all("main")) == 1,
        "one h1": len(page.find_all("h1")) == 1,
        "title": page.title and len(page.title.text.split()) > 1,
        "one script": len(scripts) == 1 and not scripts[0].attrs,
        "alt": all(len(image["alt"].split()) >= 4 for image in page.find_all("img")),
        "ids": len({e["id"] for e in page.find_all(id=True)}) == len(page.find_all(id=True)),
        "handler": not [e for e in page.find_all() if any(a[:2] == "on" for a in e.attrs)],
        "version": "globalThis.tinyvae = { version:" in scripts[-1].text,
        "fetch": not re.search(r"\bfetch\(|XMLHttpRequest|import\(", scripts[-1].text),
    }
    found += [name for name, good in tests.items() if not good]
    loads = [e.get("src") for e in page.find_all(src=True)]
    loads += [e["href"] for e in page.find_all("link")]
    found += [f"loads {url[:40]}" for url in loads if not url.startswith("data:")]
    found += [f"css loads {url}" for url in re.findall(r"@import|url\([^)]*", str(page.style))]
    links = [a["href"] for a in page.find_all("a")]
    return found + [f"link {url}" for url in links if not leads_somewhere(url, path)]


def leads_somewhere(url, path):
    parts = urlsplit(url)
    target = path.parent / unquote(parts.path) if parts.path else path
    if parts.scheme or parts.netloc or not target.is_file():
        return False
    named = f' id="{unquote(parts.fragment)}"'
    return not parts.fragment or target.read_text(encoding="utf-8").count(named) == 1


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_stands_alone(soups, site, address):
    assert complaints(soups[address], site / address) == []


FAULTS = {
    "lang": (' lang="en"', ""),
    "viewport": ('name="viewport"', 'name="port"'),
    "one main": ("</main>", "</main><main></main>"),
    "one h1": ("</h1>", "</h1><h1>two</h1>"),
    "title": ("<title>", "<title>one</title><title>"),
    "one script": ("</body>", '<script type="module" src="x.js"></script></body>'),
    "alt": (' alt="', ' alt="" title="'),
    "ids": ('id="start"', 'id="course"'),
    "handler": ("<main>", '<main onclick="1">'),
    "version": ("{ version:", "{ v:"),
    "fetch": ("(() => {", "(() => { fetch('x');"),
    "loads": ("<main>", '<main><img alt="a b c d" src="https://example.org/x.png">'),
    "css loads": ("<style>", "<style>@import 'x.css';"),
    "link": ("<main>", '<main><a href="notebooks/gone.html">gone</a>'),
    "link #": ("<main>", '<main><a href="#gone">gone</a>'),
    "link https": ("<main>", '<main><a href="https://example.org">out</a>'),
}


@pytest.mark.parametrize("complaint", FAULTS)
def test_a_page_with_a_fault_is_refused(site, tmp_path, complaint):
    piece, other = FAULTS[complaint]
    text = (site / "index.html").read_text(encoding="utf-8")
    assert piece in text
    broken = text.replace(piece, other, 1).replace('href="notebooks/', 'href="#')
    whole = text.replace('href="notebooks/', 'href="#')
    at = tmp_path / "index.html"
    at.write_text(whole, encoding="utf-8")
    before = complaints(BeautifulSoup(whole, "html.parser"), at)
    at.write_text(broken, encoding="utf-8")
    after = complaints(BeautifulSoup(broken, "html.parser"), at)
    assert [c for c in after if c not in before and c.startswith(complaint.split(" #")[0])]


def test_each_notebook_has_its_page():
    wanted = {
        f"{folder}/{path.stem}.html"
        for folder in ("notebooks", "exercises")
        for path in (ROOT / folder).glob("*.ipynb")
    }
    assert wanted <= set(ADDRESSES) and len(wanted) > 15


def test_titles_are_unique_and_no_file_names(soups):
    titles = {address: soup.title.text for address, soup in soups.items()}
    assert len(set(titles.values())) == len(ADDRESSES)
    assert all(Path(address).stem != title for address, title in titles.items())


def test_every_page_is_reached_from_the_index_and_leads_back(soups):
    reached, left = set(), ["index.html"]
    while left:
        address = left.pop()
        reached.add(address)
        for a in soups[address].find_all("a"):
            path = (Path(address).parent / urlsplit(a["href"]).path).as_posix()
            goal = os.path.normpath(path).replace(os.sep, "/") if a["href"][0] != "#" else ""
            if goal and goal not in reached:
                left.append(goal)
    assert reached == set(ADDRESSES)
    homes = {a["href"] for soup in soups.values() for a in soup.header.find_all("a")}
    assert homes == {"index.html", "../index.html"}


def test_sizes(site):
    sizes = {address: (site / address).stat().st_size for address in ADDRESSES}
    assert sizes["index.html"] < MEGABYTE
    assert max(sizes[address] for address in NOTEBOOKS) < 3 * MEGABYTE
    assert sum(sizes.values()) < 25 * MEGABYTE


def test_the_index_tells_the_minutes_and_how_to_run_it(soups):
    text = soups["index.html"].main.text
    assert "minutes" in text and "-m pip install" in text and "jupyter lab" in text


# ---- the notebooks --------------------------------------------------------------------


def notebook(address):
    return nbformat.read(ROOT / address.replace(".html", ".ipynb"), as_version=4)


def saved(address):
    return [out for cell in notebook(address).cells for out in cell.get("outputs", [])]


@pytest.mark.parametrize("address", NOTEBOOKS)
def test_all_of_a_notebook_is_on_its_page(soups, address):
    page, outputs = soups[address], saved(address)
    pictures = [out for out in outputs if "image/png" in out.get("data", {})]
    explorers = [out for out in outputs if definition_in(out)]
    assert len(page.find_all("img")) == len(pictures)
    assert len(page.select(".tinyvae-explorer")) == len(explorers)
    texts = [c.source for c in notebook(address).cells if c.cell_type == "markdown"]
    texts += [out.get("data", {}).get("text/markdown", "") for out in outputs]
    prose = re.sub(r"```.*?```|`[^`]*`", "", "\n\n".join(texts), flags=re.DOTALL)
    in_contents = len(page.nav.find_all("math"))
    assert len(page.find_all("math")) - in_contents == len(re.findall(r"(\$\$?)[^$]+\1", prose))
    assert not page.find_all("merror")
    for out in outputs:  # a bar would stand at 0 % for ever
        if out.output_type == "stream":
            assert out.text.strip() in page.main.text
    assert not re.search(r"\d+%\|", page.main.text)


@pytest.mark.parametrize("address", NOTEBOOKS)
def test_no_output_needs_a_program_to_be_seen(address):
    assert "widgets" not in notebook(address).metadata
    for out in saved(address):
        kinds = set(out.get("data", {}))
        assert out.output_type != "error"
        assert not kinds or kinds & {"image/png", "text/markdown", "text/plain"}


@pytest.mark.parametrize("address", NOTEBOOKS)
def test_contents_and_folds(soups, address):
    page = soups[address]
    assert [a["href"][1:] for a in page.nav.find_all("a")] == [
        h["id"] for h in page.find_all("h2")
    ]
    for image in page.find_all("img"):  # the code that draws comes folded, and after it
        assert image.find_next("details").summary.text in ("Code", "The result")
    for form in page.select(".tinyvae-guess"):
        answer = page.find(id=form.button["aria-controls"])
        assert answer.name == "details" and "open" not in answer.attrs
        assert answer.find(["pre", "img", "p"])


CELLS = """
# A title with $x^2$

**Predict:** what comes?
"""


def made(tmp_path, *cells):
    """The page of a notebook with these cells; a str is Markdown, a pair code and outputs."""
    new = nbformat.v4.new_notebook()
    for one in cells:
        if isinstance(one, str):
            new.cells.append(nbformat.v4.new_markdown_cell(one))
        else:
            new.cells.append(nbformat.v4.new_code_cell(one[0], outputs=one[1]))
    path = tmp_path / "notebooks" / "x.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new, path)
    return framed(notebook_page(path, linker({"notebooks/x.html"}, "notebooks/x.html")))


def stream(text):
    return nbformat.v4.new_output("stream", text=text)


def test_an_answer_waits_for_its_prediction(tmp_path):
    text = made(tmp_path, CELLS, ("1 + 1", [stream("two")]), "For so it is.", "## Next", "open")
    page = BeautifulSoup(text, "html.parser")
    answer = page.select_one("details.tinyvae-answer")
    assert answer.pre.text == "two" and "For so it is." in answer.text
    assert page.h2.find_parent("details") is None
    assert page.select_one(".tinyvae-predict button")["aria-controls"] == answer["id"]


def moved(n):
    """The two outputs of an explorer."""
    inside = json.dumps({"module": "m", "controls": [], "models": {}, "data": n})
    text = f'<div class="tinyvae-explorer x"><script type="application/json">{inside}</script>'
    still = nbformat.v4.new_output("display_data", {"image/png": PIXEL, "text/plain": "x"})
    return [still, nbformat.v4.new_output("display_data", {"text/html": text})]


def test_what_is_found_by_moving_stays_open_and_waits_up_to_the_next_heading(tmp_path):
    text = made(
        tmp_path, CELLS, ("draw()", moved(1)), "For so it is.", ("1 + 1", [stream("two")]),
        "And so on.", "## Next", "open",
    )  # fmt: skip
    page = BeautifulSoup(text, "html.parser")
    answer = page.select_one("details.tinyvae-answer")
    assert page.select_one(".tinyvae-explorer").find_parent("details") is None
    assert answer.select_one("pre.tinyvae-output").text == "two"
    assert "For so it is." in answer.text and "And so on." in answer.text
    assert page.h2.find_parent("details") is None


def test_ids_are_unique_whatever_headings_say(tmp_path):
    words = "# T", "## Part", "## Part", "## Part 2", "## answer 1", "**Predict:** what?"
    text = made(tmp_path, *words, ("1", [stream("one")]))
    ids = re.findall(r' id="([^"]*)"', text)
    assert len(set(ids)) == len(ids) == 6


EVIL = "<script>hacked = 1</script><img src=x onerror='hacked = 1'><svg onload='hacked = 1'>"
PIXEL = base64.b64encode(png(np.ones((1, 1)))).decode()


def hostile(tmp_path):
    """A notebook that tries to run something by each way in."""
    picture = nbformat.v4.new_output(
        "display_data",
        {"image/png": PIXEL + '"><script>hacked = 1</script>', "text/html": EVIL},
        metadata={"image/png": {"alt": f'a "{EVIL}', "width": 7}},
    )
    others = [
        nbformat.v4.new_output("display_data", {"text/html": EVIL, "text/plain": EVIL}),
        nbformat.v4.new_output("display_data", {"text/markdown": EVIL}),
        nbformat.v4.new_output("error", ename="E", evalue=EVIL, traceback=[EVIL]),
    ]
    links = "[a](javascript:hacked=1) ![b](https://example.org/x.png) <https://example.org>"
    markdown = (
        f"{EVIL}\n\n`{EVIL}`\n\n```html\n{EVIL}\n```\n\n```mermaid\n{EVIL}\n```\n\n{links}\n\n"
        f"## Section {EVIL}\n\n| {EVIL} |\n|---|\n| {EVIL} |\n\n$\\text{{{EVIL}}}$\n\n"
        f"<details onclick='hacked = 1'>\n<summary>{EVIL}</summary>\n\n</details>\n\n"
        "</details></main><details>\n\n<iframe srcdoc='<script>parent.hacked = 1</script>'>"
    )
    return made(
        tmp_path, f"# Title {EVIL}", markdown, (f"'{EVIL}'", [stream(EVIL), picture, *others])
    )


def test_nothing_of_a_notebook_runs(tmp_path):
    page = BeautifulSoup(hostile(tmp_path), "html.parser")
    assert len(page.find_all("script")) == 1 and len(page.find_all("img")) == 1
    assert not page.find_all(["iframe", "svg", "object", "embed", "form"])
    assert not [e for e in page.find_all() if any(name[:2] == "on" for name in e.attrs)]
    assert not page.find_all(href=re.compile("^(javascript|https):"))


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("<details>\n<summary>Proof of $x$</summary>\n\n*Q.*\n\n</details>", "<em>Q.</em>"),
        ("H<sub>2</sub>O, x<sup>2</sup>,<br>y", "H<sub>2</sub>O, x<sup>2</sup>,<br>y"),
        ("<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;"),
        ("<sub class='x'>2</sub>", "&lt;sub class='x'&gt;2&lt;/sub&gt;"),
        ("</details>", "&lt;/details&gt;"),
        ("<details>\n\nnever closed", "&lt;details&gt;"),
        ("<sub><sup>2</sub></sup>", "&lt;sub&gt;&lt;sup&gt;2&lt;/sub&gt;&lt;/sup&gt;"),
        ("> **Predict.** Which?", '<div class="tinyvae-predict"><p><strong>Predict.'),
    ],
)
def test_markdown(markdown, expected):
    assert expected in render(markdown)


@pytest.mark.parametrize("words", ["# no heading", "**Predict** nothing", "a\n\nb", ""])
def test_a_summary_is_one_line(words):
    text = render(f"<details>\n<summary>{words}</summary>\n\nx\n\n</details>")
    assert "<h1" not in text and "<div" not in text


def test_a_summary_has_formulas():
    assert "<summary>Proof of <math>" in render(
        "<details>\n<summary>Proof of $x$</summary>\n\n</details>"
    )


def test_what_is_no_formula_is_named():
    with pytest.raises(ValueError, match=r"MathML cannot show: \\nonsense"):
        render(r"$\nonsense$")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("02_b.ipynb", "02_b.html"), ("../exercises/01_a.ipynb", "../exercises/01_a.html"),
        ("02_b.ipynb#The-Way", "02_b.html#the-way"), ("#The-Way", "#the-way"),
        ("../README.md", "../index.html"), ("../solutions/01_a.ipynb", ""),
        ("https://example.org/02_b.ipynb", ""), ("//example.org/02_b.ipynb", ""),
        ("javascript:alert(1)", ""),
    ],
)  # fmt: skip
def test_links_lead_to_pages(url, expected):
    known = {"notebooks/02_b.html", "exercises/01_a.html", "index.html"}
    assert linker(known, "notebooks/01_a.html")(url) == expected


def test_data_cannot_end_the_script():
    text = framed(Page("A title", "<h1>A</h1>", "notebook_page", {"x": "</script><!--"}))
    assert text.count("</script>") == 1
    with pytest.raises(ValueError):
        framed(Page("A title", "", "notebook_page", float("nan")))


def test_a_folder_that_cannot_be(tmp_path, capsys):
    file = tmp_path / "file"
    file.touch()
    (tmp_path / "full" / "index.html").mkdir(parents=True)
    for bad in (file, file / "below", tmp_path / ("x" * 300), tmp_path / "full"):
        assert main(["--out", str(bad)]) == 1
        said = capsys.readouterr().err.splitlines()[-1]
        assert said.startswith("site: ") and str(bad) in said


# ---- in browsers ----------------------------------------------------------------------

LOOK = r"""async () => {
  const all = what => [...document.querySelectorAll(what)];
  const box = element => element.getBoundingClientRect();
  await Promise.all(all("img").map(image => image.decode().catch(() => {})));
  for (const fold of all("details")) fold.open = true;
  const page = document.querySelector("main"), words = [];
  const texts = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { parentElement, data } = texts.currentNode;
    if (!parentElement.closest("pre, code, math")) words.push(data);
  }
  return {
    tex: words.join("").match(/.{0,30}(\$|\\[a-zA-Z]+).{0,30}/)?.[0] ?? null,
    // the still of an explorer is hidden once it lives
    unseen: all("img").filter(i => !i.naturalWidth
        || !i.clientWidth && !i.closest("[data-tinyvae=live]")).length
      + all("math").filter(m => !(box(m).width && box(m).height)).length,
    // a browser without MathML sets the two numbers of a fraction side by side
    flat: all("mfrac > :first-child")
      .filter(top => box(top).bottom > box(top.nextElementSibling).top + 1).length,
    wide: document.documentElement.scrollWidth > innerWidth,
    unreached: all("main *").filter(e => e.tabIndex < 0 && e.clientWidth
      && e.scrollWidth > e.clientWidth + 1
      && /auto|scroll/.test(getComputedStyle(e).overflowX)).length,
  };
}"""
WHOLE = {"tex": None, "unseen": 0, "flat": 0, "wide": False, "unreached": 0}
CONTRAST = r"""() => {
  const numbers = colour => colour.match(/[\d.]+/g).map(Number);
  const luminance = colour => numbers(colour).slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const paper = e => {
    const colour = getComputedStyle(e).backgroundColor;
    return numbers(colour)[3] === 0 && e.parentElement ? paper(e.parentElement) : colour;
  };
  const texts = [...document.querySelectorAll("body *")].filter(e => e.clientWidth
    && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
  const contrast = e => {
    const [one, other] = [luminance(getComputedStyle(e).color), luminance(paper(e))];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  };
  const worst = texts.reduce((a, b) => contrast(a) <= contrast(b) ? a : b);
  return [luminance(paper(document.body)), contrast(worst), worst.outerHTML.slice(0, 80)];
}"""


@pytest.fixture(scope="module")  # while it lives, no other test can start a Playwright
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        with playwright.chromium.launch(**browser_found(), args=ARGUMENTS) as browser:
            yield browser


@pytest.fixture
def visit(chromium):
    """Opens a file with the network gone; in the end there was no error, and nothing asked."""
    contexts, errors, asked = [], [], []

    def open_page(path, width=360, **options):
        viewport = {"width": width, "height": 740}
        contexts.append(chromium.new_context(viewport=viewport, offline=True, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    outside = [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
    assert errors == [] and outside == []


@needs_browser
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_in_chromium_on_a_phone(site, visit, address):
    page = visit(site / address)
    assert page.evaluate(LOOK) == WHOLE
    assert page.evaluate("Object.keys(globalThis.tinyvae)") == ["version"]
    blank = site.parent / "blank.html"
    blank.write_text("<!DOCTYPE html>", encoding="utf-8")
    own = "Object.getOwnPropertyNames(globalThis)"
    named = page.evaluate(own)
    page.goto(blank.as_uri())
    assert set(named) - set(page.evaluate(own)) == {"tinyvae"}


BROKEN = {
    "unseen": ("base64,iV", "base64,AA"),
    "flat": ("</head>", "<style>mfrac { display: flex; }</style></head>"),
    "wide": ("</h1>", '</h1><div style="width: 900px">wide</div>'),
    "tex": ("</h1>", r"</h1><p>$\sigma$</p>"),
    "unreached": ("tinyvae.frame.default();", ""),
}


@needs_browser
@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_page_is_refused(site, visit, tmp_path, what):
    piece, other = BROKEN[what]
    text = (site / "notebooks/01_autoencoder.html").read_text(encoding="utf-8")
    assert piece in text
    (tmp_path / "broken.html").write_text(text.replace(piece, other, 1), encoding="utf-8")
    seen = visit(tmp_path / "broken.html").evaluate(LOOK)
    assert seen[what] != WHOLE[what]


@needs_browser
@pytest.mark.parametrize("address", ADDRESSES)
def test_text_stands_out(site, visit, address):
    page = visit(site / address, 1280)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        paper, contrast, worst = page.evaluate(CONTRAST)
        assert contrast >= 4.5, worst
        assert paper <= 0.2 if scheme == "dark" else paper >= 0.8


@needs_browser
def test_low_contrast_is_found(visit, tmp_path):
    bad = tmp_path / "bad.html"
    bad.write_text(
        framed(Page("A title", "<h1>A</h1><p style='color: #888'>b</p>")), encoding="utf-8"
    )
    assert visit(bad).evaluate(CONTRAST)[1] < 4.5


PIXELS = "e => e.toDataURL()"


@needs_browser
def test_the_face_follows_keys_and_mouse(site, visit):
    page = visit(site / "index.html", 1280)
    page.locator(".tinyvae-explorer[data-tinyvae=live]").wait_for(timeout=10_000)
    face, line = page.locator("canvas"), page.locator(".tinyvae-line")
    start, slider = face.evaluate(PIXELS), page.get_by_label("smile")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    smiling = face.evaluate(PIXELS)
    assert smiling != start and "smiling 0.15" in line.inner_text()
    page.keyboard.press("Home")
    assert face.evaluate(PIXELS) == start and line.inner_text().strip()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2, steps=5)
    assert face.evaluate(PIXELS) != start  # before it is released
    page.mouse.up()
    page.get_by_role("button", name="Reset").click()
    assert face.evaluate(PIXELS) == start
    page.get_by_role("button", name="Random face").click()
    assert face.evaluate(PIXELS) != start


def test_most_explorers_of_the_notebooks_are_alive(soups):
    alive = ".tinyvae-explorer:not([data-tinyvae=still])"
    assert sum(len(soups[address].select(alive)) for address in NOTEBOOKS) >= 14


@needs_browser
@pytest.mark.parametrize("address", NOTEBOOKS)
def test_each_explorer_follows_three_keys(site, visit, address):
    page = visit(site / address, 1280)
    changed = "([e, before]) => e.toDataURL() !== before"
    for box in page.locator(".tinyvae-explorer:not([data-tinyvae=still])").all():
        box.scroll_into_view_if_needed()
        box.and_(page.locator("[data-tinyvae=live]")).wait_for(timeout=10_000)
        picture = box.locator(".tinyvae-picture")
        before = picture.evaluate(PIXELS)
        box.locator(KNOB).first.focus()
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        page.wait_for_function(changed, arg=[picture.element_handle(), before], timeout=10_000)
        line = box.locator(".tinyvae-line").inner_text()
        assert line and not re.search(r"NaN|undefined|Infinity|\[object|Error", line)


@needs_browser
def test_the_still_is_the_face_that_the_page_starts_with(site, visit):
    """To one grey level: the page's weights are float16."""
    still = visit(site / "index.html", 1280, java_script_enabled=False).locator("img")
    live = visit(site / "index.html", 1280)
    pixels = """async source => {
      const picture = source ? new Image() : document.querySelector("canvas");
      if (source) { picture.src = source; await picture.decode(); }
      const canvas = Object.assign(document.createElement("canvas"), { width: 28, height: 28 });
      canvas.getContext("2d").drawImage(picture, 0, 0);
      return [...canvas.getContext("2d").getImageData(0, 0, 28, 28).data];
    }"""
    source = still.get_attribute("src")
    one, other = live.evaluate(pixels, source), live.evaluate(pixels, "")
    assert max(abs(a - b) for a, b in zip(one, other, strict=True)) <= 1


@needs_browser
@pytest.mark.parametrize("address", ADDRESSES)
def test_without_scripts_nothing_is_lost(site, visit, address):
    page = visit(site / address, 1280, java_script_enabled=False)
    for explorer in page.locator(".tinyvae-explorer").all():
        assert explorer.locator("img").first.is_visible()
    for line in page.locator("[data-tinyvae=still] .tinyvae-line").all():
        assert "Python" in line.inner_text()
    assert not page.locator(".tinyvae-guess").locator("visible=true").count()
    for answer in page.locator(".tinyvae-answer").all():
        answer.locator("summary").first.click()
        assert answer.get_attribute("open") is not None


@needs_browser
def test_a_guess_opens_the_answer(site, visit):
    page = visit(site / "notebooks/04_elbo.html", 1280)
    form, answer = page.locator(".tinyvae-guess").first, page.locator(".tinyvae-answer").first
    is_open = "e => e.open"
    form.get_by_role("button").click()
    assert not answer.evaluate(is_open) and "guess" in form.get_by_role("status").inner_text()
    form.get_by_role("textbox").fill("   ")
    answer.locator("summary").click()
    assert not answer.evaluate(is_open)
    form.get_by_role("textbox").fill("the third")
    form.get_by_role("button").click()
    assert answer.evaluate(is_open)
    answer.locator("summary").click()
    assert not answer.evaluate(is_open)  # and it folds like any other
    page.reload()
    assert form.get_by_role("textbox").input_value() == ""


@needs_browser
def test_nothing_hostile_runs_in_chromium(visit, tmp_path):
    page_file = tmp_path / "hostile.html"
    page_file.write_text(hostile(tmp_path), encoding="utf-8")
    page = visit(page_file)
    page.wait_for_timeout(300)
    assert page.evaluate("typeof hacked") == "undefined"


@needs_browser
@needs_modules
@pytest.mark.parametrize("address", ADDRESSES)
def test_axe_core_finds_nothing_serious(site, visit, address):
    page = visit(site / address, 1280)
    page.evaluate(Path(MODULES, "axe-core/axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate(
        """async () => (await axe.run({ resultTypes: ["violations"] })).violations
          .filter(one => ["serious", "critical"].includes(one.impact))
          .map(one => `${one.id}: ${one.nodes.length} times, first ${one.nodes[0].html}`)"""
    )
    assert found == []


@needs_modules
def test_every_page_in_firefox(site, soups, tmp_path):
    script = Path(__file__).with_name("firefox.mjs")
    pages = [(site / address).as_uri() for address in ADDRESSES]
    done = subprocess.run(
        ["node", script, MODULES, tmp_path, *pages], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert {url: one["errors"] for url, one in seen.items()} == {url: [] for url in pages}
    for address, url in zip(ADDRESSES, pages, strict=True):
        found = seen[url]["explorers"]
        assert all(picture["before"] != picture["after"] for picture in found)
        if address in NOTEBOOKS:
            alive = soups[address].select(".tinyvae-explorer:not([data-tinyvae=still])")
            assert len(found) == len(alive)
    assert seen[pages[-1]]["explorers"]
