"""Whether the browser draws an explorer as Python does: at the same values, in Chromium."""

import contextlib
import hashlib

import numpy as np
from from_disk import opened

from tinyvae.course.page import Page

PIXELS = """canvas => {
  const { width, height } = canvas;
  const g = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  g.fillStyle = "white"; // the paper between two pictures
  g.fillRect(0, 0, width, height);
  g.drawImage(canvas, 0, 0);
  const { data } = g.getImageData(0, 0, width, height);
  return [height, width, [...data.filter((_, i) => i % 4 === 0)]];
}"""
COLOURED = """(canvas, wanted) => {
  const { width, height } = canvas;
  const g = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  g.drawImage(canvas, 0, 0);
  const { data } = g.getImageData(0, 0, width, height), found = [];
  for (let i = 0; i < data.length; i += 4) {
    const off = wanted.map((value, c) => Math.abs(value - data[i + c]));
    const k = i / 4, like = Math.max(...off) < 24 && data[i + 3] > 200;
    if (like) found.push([k % width, Math.floor(k / width)]);
  }
  return found;
}"""
MOVE = """([box, values]) => {
  const knobs = box.querySelectorAll(".tinyvae-controls input");
  knobs.forEach((knob, i) => {
    knob.value = values[i];
    knob.dispatchEvent(new Event("input"));
    knob.dispatchEvent(new Event("change"));
  });
}"""


def half(model):
    """The model as a page carries it: its parameters in float16, computed with in float64."""
    model = model.astype(np.float64)
    model.params.vector[:] = model.params.vector.astype(np.float16)
    return model


def page_of(explorer):
    """A page with this explorer alone."""
    line = '<p class="tinyvae-line"></p>'
    main = f'<h1>One</h1><div class="tinyvae-explorer" id="explorer.1">{line}</div>'
    definition = explorer.definition()
    models = definition["models"]
    definition["models"] = {name: name for name in models}
    data = {"explorers": [definition], "models": models}
    return Page("One explorer", main, run="notebook_page", data=data)


class Shown:
    """An explorer in Chromium."""

    def __init__(self, page):
        self.page = page
        self.box = page.locator(".tinyvae-explorer")
        page.wait_for_selector("[data-tinyvae=live]", timeout=10_000)

    def at(self, *values):
        """(grey picture in [0, 1], line), with the controls, in their order, at the values."""
        self.page.evaluate(MOVE, [self.box.element_handle(), list(map(str, values))])
        height, width, pixels = self.page.locator(".tinyvae-picture").evaluate(PIXELS)
        return np.reshape(pixels, (height, width)) / 255, self.line

    def coloured(self, name):
        """(x, y), in pixels from the top left, of the picture's pixels in the page's colour
        "--ink", "--series-0", ..."""
        colour = self.page.evaluate(
            "name => getComputedStyle(document.documentElement).getPropertyValue(name)", name
        )
        rgb = [int(colour.strip()[i : i + 2], 16) for i in (1, 3, 5)]
        canvas = self.page.locator(".tinyvae-picture")
        return np.array(canvas.evaluate(COLOURED, rgb)).reshape(-1, 2).T

    @property
    def line(self):
        return self.page.locator(".tinyvae-line").inner_text()

    @property
    def picture(self):
        """A hash of the picture."""
        url = self.page.locator(".tinyvae-picture").evaluate("c => c.toDataURL()")
        return hashlib.sha1(url.encode()).hexdigest()


@contextlib.contextmanager
def shown(explorer, **settings):
    """The explorer in Chromium, opened from the disk; `settings` of the browser's context."""
    with opened(page_of(explorer), **settings) as page:
        yield Shown(page)


def agrees(explorer, positions):
    """AssertionError unless both draw the same grey picture, to a grey level, and say the same.

    positions: lists of values, in the order of the controls.
    """
    with shown(explorer) as browser:
        for values in positions:
            picture, line = browser.at(*values)
            named = dict(zip(explorer.controls, values, strict=True))
            expected, text = explorer.draw(**named)
            assert picture.shape == expected.shape, values
            assert np.abs(picture - expected).max() <= 1.01 / 255, values
            assert text in ("", line), values
