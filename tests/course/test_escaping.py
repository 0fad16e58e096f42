"""What a learner's code, a file or an exception says never runs: neither in JupyterLab nor on a
page of the site. Skipped on a laptop without a browser, and never in CI."""

import nbformat
import pytest
from browser import ARGUMENTS, browser_found, lab, open_and_run
from bs4 import BeautifulSoup
from test_engine import needs_browser

from tinyvae.course.page import Page, framed

RUN = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>"
# A way out of code, of a paragraph, of a formula; each ends in something that would run.
WAYS = (
    f"`{RUN}", f"``` {RUN}", f"</code></pre>{RUN}", f"\n\n{RUN}\n\n", f"`\n```\n{RUN}",
    f"${RUN}$", f"$$ ` {RUN} $$", f"\\begin{{align}} ` {RUN} \\end{{align}}",
    f"\\\\( ` {RUN} \\\\)", f"@@0@@ {RUN} $x$", f"~~~\n{RUN}", f"\\`{RUN}", f"{{` {RUN} `}}",
    "[window.ran = 1](javascript:window.ran=1)",
)  # fmt: skip
SAYING = f"""\
import numpy as np
from tinyvae.course import check, hint, progress

ways = {WAYS!r}

def raising(way):
    def answer(*inputs):
        raise ValueError(way)
    return answer

def printing(way):
    def answer(mu, logvar):
        print(way)
        return mu
    return answer

def shown():
    for way in ways:
        kind = type(way, (Exception,), {{}})
        display(check("02.4", raising(way)), check("02.4", printing(way)))
        display(check("02.4", lambda *_: kind()), check("02.4", lambda *_: np.ones(2, [(way, "f8")])))
        display(check("03.8", kind), check("02.4", kind()))
    display(progress("02"), hint("02.4"))
"""  # noqa: E501


@pytest.fixture(scope="module")
def chromium():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(args=ARGUMENTS, **browser_found())
        yield browser
        browser.close()


def ran(page):
    page.wait_for_timeout(1000)
    return page.evaluate("window.ran")


def notebook(path, *sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)
    return path


@needs_browser
def test_nothing_that_a_check_says_runs_in_jupyterlab(chromium, tmp_path, monkeypatch):
    """Each way that a text may go into a verdict; and a text shown as it is, which does run."""
    (tmp_path / "file").touch()  # so that nothing can be noted in it, which is said, too
    monkeypatch.setenv("TINYVAE_PROGRESS", str(tmp_path / "file" / f"`{RUN}"))
    (tmp_path / "private").mkdir()
    said = notebook(tmp_path / "said.ipynb", SAYING, "shown()")
    bare = f"from IPython.display import Markdown\nMarkdown({RUN!r})"
    shown = notebook(tmp_path / "shown.ipynb", bare)
    with lab(tmp_path, tmp_path / "private") as (address, token):
        page = chromium.new_page()
        open_and_run(page, address, token, said)
        output = page.locator(".jp-OutputArea").last
        assert ran(page) is None and output.locator("img, script, iframe, a").count() == 0
        assert output.inner_text().count("window.ran = 1") >= 5 * len(WAYS)
        page = chromium.new_page()
        open_and_run(page, address, token, shown)
        assert ran(page) == 1


EVIL = f"</title></script><!-- {RUN} \u2028"


@pytest.fixture
def page_of_evil(tmp_path):
    """A page of the site whose title and data try to run."""
    page = Page(EVIL, "<h1>one</h1>", run="draw_page", data={EVIL: [EVIL]})
    path = tmp_path / "evil.html"
    path.write_text(framed(page), encoding="utf-8")
    return path


def test_a_page_has_one_script_whatever_its_data_are(page_of_evil):
    soup = BeautifulSoup(page_of_evil.read_bytes(), "html.parser")
    assert len(soup.find_all("script")) == 1 and not soup.find_all("img")
    assert soup.title.text == EVIL


@needs_browser
def test_nothing_of_a_pages_data_runs(chromium, page_of_evil):
    page = chromium.new_page()
    page.goto(page_of_evil.as_uri())
    assert ran(page) is None and page.evaluate("tinyvae.version")
    assert "window.ran" in page.title()
