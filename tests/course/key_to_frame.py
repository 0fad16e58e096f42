"""How long from a key to the painted frame that shows it, for every explorer of the site.

    python tests/course/key_to_frame.py [SITE]

prints the medians, page by page, in Chromium: of the folder SITE, or of a site made for it. On
a busy machine they are longer.
"""

import statistics
import sys
import tempfile
from pathlib import Path

KEYS = 24
KNOB = ".tinyvae-controls input[type=range], .tinyvae-controls canvas[tabindex]"
# From the event's own time to just after the first frame in which the picture has other pixels.
RECORD = """box => {
  const picture = box.querySelector(".tinyvae-picture"), times = box.keyTimes = [];
  const look = () => picture.src ? [picture.src] : new Int32Array(picture.getContext("2d")
    .getImageData(0, 0, picture.width, picture.height).data.buffer);
  box.addEventListener("keydown", ({ timeStamp }) => {
    const before = look();
    const frame = () => {
      const { port1, port2 } = new MessageChannel(); // its message comes after the painting
      port1.onmessage = () => {
        const ms = performance.now() - timeStamp, now = look();
        if (now.length !== before.length || now.some((t, i) => t !== before[i])) times.push(ms);
        else if (ms < 5000) requestAnimationFrame(frame);
        else times.push(Infinity);
      };
      port2.postMessage(0);
    };
    requestAnimationFrame(frame);
  }, true);
}"""


def median_ms(page, box, knob):
    """The median over KEYS arrow keys on the knob of an explorer; they turn every six."""
    box.evaluate(RECORD)
    knob.focus()
    for i in range(KEYS):
        page.keyboard.press(("ArrowRight", "ArrowLeft")[i // 6 % 2])
        handle = box.element_handle()
        page.wait_for_function("([box, n]) => box.keyTimes.length >= n", arg=[handle, i + 1])
    return statistics.median(box.evaluate("box => box.keyTimes"))


def medians(page):
    """(line, median in ms) of each explorer of an open page; None for one that is still."""
    boxes = page.locator(".tinyvae-explorer")
    for i in range(boxes.count()):
        box = boxes.nth(i)
        box.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        knob = box.locator(KNOB)
        ms = median_ms(page, box, knob.first) if knob.count() else None
        yield box.locator(".tinyvae-line").inner_text(), ms


def main(arguments):
    from browser import ARGUMENTS, browser_found
    from playwright.sync_api import sync_playwright

    from tinyvae.course.site import main as make

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = Path(arguments[0] if arguments else folder)
        if not arguments:
            make(["--out", folder])
        browser = playwright.chromium.launch(**browser_found(), args=ARGUMENTS)
        page = browser.new_page()
        for path in sorted(site.resolve().rglob("*.html")):
            page.goto(path.as_uri())
            for line, ms in medians(page):
                told = "   still" if ms is None else f"{ms:5.1f} ms"
                print(f"{told}  {path.stem}: {line[:50]!r}", flush=True)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
