"""A page of the site opened as a learner opens it: from the disk, without a network."""

import contextlib
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

import pytest
from browser import ARGUMENTS, BROWSERS, browser_found

from tinyvae.course.bundle import script
from tinyvae.course.page import framed

CI = "CI" in os.environ
FOUND = importlib.util.find_spec("playwright") and any(
    map(shutil.which, (os.environ.get("CHROMIUM", ""), *BROWSERS))
)
needs_browser = pytest.mark.skipif(
    not (CI or FOUND), reason="there is no Chromium, or no playwright"
)
needs_node = pytest.mark.skipif(not (CI or shutil.which("node")), reason="there is no node")
KEY_TO_FRAME = """async ([canvas, steps]) => {
  const times = [];
  for (let i = 0; i < steps; i++) {
    const key = i % 12 < 6 ? "ArrowRight" : "ArrowLeft", began = performance.now();
    canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - began);
    await new Promise(resolve => setTimeout(resolve, 30));
  }
  return times;
}"""


@contextlib.contextmanager
def opened(page, **settings):
    """The Page in Chromium; `settings` of the browser's context. Nothing may go wrong there."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "a page.html"
        file.write_text(framed(page), encoding="utf-8")
        with playwright.chromium.launch(**browser_found(), args=ARGUMENTS) as browser:
            shown, wrong = browser.new_context(offline=True, **settings).new_page(), []
            shown.on("pageerror", lambda error: wrong.append(str(error)))
            shown.on("console", lambda message: wrong.append(message.text))
            shown.on("request", lambda request: wrong.append(request.url))
            shown.goto(file.as_uri())
            yield shown
        assert [w for w in wrong if w != file.as_uri() and not w.startswith("data:")] == []


def median_ms(shown, canvas, steps=24):
    """From a key to the frame that is painted after it."""
    return statistics.median(shown.evaluate(KEY_TO_FRAME, [canvas.element_handle(), steps]))


def picture(shown, selector):
    """The pixels of a canvas."""
    return shown.eval_on_selector(selector, "canvas => canvas.toDataURL()")


def line(shown):
    text = shown.inner_text(".tinyvae-line")
    assert not [word for word in ("NaN", "undefined", "Infinity", "[object") if word in text]
    return text


def fits(shown, width):
    """The body is no wider than the window."""
    return shown.evaluate("document.documentElement.scrollWidth") <= width


def in_node(module, code, given):
    """What `code`, a JavaScript function that may name `tinyvae`, gives of each of `given`."""
    with tempfile.TemporaryDirectory() as folder:
        file, read = Path(folder) / "given.json", 'require("fs").readFileSync(process.argv[2])'
        file.write_text(json.dumps(given), encoding="utf-8")
        asked = Path(folder) / "asked.js"
        call = f"console.log(JSON.stringify(JSON.parse({read}).map({code})));"
        asked.write_text(f"{script(module)}\n{call}", encoding="utf-8")
        run = subprocess.run(
            ["node", asked, file], capture_output=True, encoding="utf-8", check=True
        )
    return json.loads(run.stdout)
