"""A page of the site in Chromium: from the disk, without a network."""

import contextlib
import tempfile
from pathlib import Path

from browser import ARGUMENTS, browser_found

from tinyvae.course.page import framed

PICTURE = "canvas => canvas.toDataURL()"


@contextlib.contextmanager
def opened(page, **options):
    """A playwright page that shows `page`; AssertionError if it errs or asks for anything."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(suffix=" of pages") as folder, sync_playwright() as p:
        file, seen = Path(folder) / "page.html", []
        file.write_text(framed(page), encoding="utf-8")
        with p.chromium.launch(**browser_found(), args=ARGUMENTS) as browser:
            shown = browser.new_context(offline=True, **options).new_page()
            shown.on("pageerror", lambda error: seen.append(str(error)))
            shown.on("console", lambda message: seen.append(message.text))
            shown.on("request", lambda request: seen.append(request.url[:60]))
            shown.goto(file.as_uri())
            yield shown
            asked = [text for text in seen if not text.startswith("data:")]
            assert asked == [file.as_uri()[:60]], asked


def live(shown):
    """The explorer's canvas, once it has been drawn."""
    shown.wait_for_selector(".tinyvae-explorer[data-tinyvae=live]", timeout=10_000)
    return shown.locator(".tinyvae-explorer canvas")


def line(shown):
    return shown.inner_text(".tinyvae-line")


def until(shown, words, seconds):
    """Wait until the line holds `words`; the line then."""
    test = "words => document.querySelector('.tinyvae-line').textContent.includes(words)"
    shown.wait_for_function(test, arg=words, timeout=1000 * seconds)
    return line(shown)


def move(slider, value):
    """Set a range or a select as a hand does, its event with it."""
    slider.evaluate(
        "(e, value) => { e.value = value; e.dispatchEvent(new Event('input')); }", value
    )
