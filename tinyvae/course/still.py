"""The still picture of an explorer: what a page without a kernel or scripts shows of it."""

import base64
import contextlib

import numpy as np
from matplotlib import pyplot

from tinyvae import images
from tinyvae.course.controls import Slider
from tinyvae.images import grey, png

SIDE = 280  # a grey picture is shown about so many pixels high


def start_of(controls):
    """{name: value} that the controls have at first."""
    return {
        name: one.on_step(one.start) if isinstance(one, Slider) else one.start
        for name, one in controls.items()
    }


def drawn(draw, values):
    """(picture, text) at the values, whichever of its two forms `draw` returns."""
    with no_figure_left():
        result = draw(**values)
    pair = isinstance(result, tuple) and len(result) == 2
    picture, text = result if pair else (result, "")
    return picture if hasattr(picture, "savefig") else grey(picture), str(text)


def still(draw, alt, controls):
    """(picture, alt text) of the start; of small grey pictures, a row of five a slider, if
    there are five in one size. `draw` may bring a `still()` of its own, a picture."""
    start = start_of(controls)
    picture, text = drawn(draw, start)
    said = f"{alt} {text}".strip()
    if hasattr(draw, "still"):
        return draw.still(), said
    if hasattr(picture, "savefig"):
        return picture, said
    sliders = [one for one in controls.values() if isinstance(one, Slider)]
    if sliders and max(picture.shape) <= SIDE // 2:  # or more would be tiny
        with contextlib.suppress(Exception):
            return _rows(draw, alt, sliders, start, picture.shape)
    return np.kron(picture, np.ones([enlarged(picture)] * 2)), said


def as_png(draw, alt, controls):
    """(PNG, what an <img> of it needs: alt, width and height)."""
    picture, said = still(draw, alt, controls)
    width, height = size_shown(picture)
    return png(picture, 256), {"alt": said, "width": width, "height": height}


def show(picture, about, name):
    """Display what `as_png` gave, as an output of a notebook."""
    from IPython.display import display

    data = {"image/png": base64.b64encode(picture).decode(), "text/plain": name}
    display(data, metadata={"image/png": about}, raw=True)


def _rows(draw, alt, sliders, start, image_shape):
    """Figure and alt text of five pictures a slider, the others at their start."""
    shown, labels = [], []
    for one in sliders:
        for value in np.linspace(one.low, one.high, 5):
            moved = start | {one.name: one.on_step(float(value))}
            shown.append(drawn(draw, moved)[0])
        labels.append(f"{one.label}\n{one.low:g} to {one.high:g}")
    figure = images.image_grid(np.array(shown), image_shape, 5, row_labels=labels)
    said = "; ".join(label.replace("\n", " from ") for label in labels)
    return figure, f"{alt} One row of five pictures a slider: {said}."


def size_shown(picture):
    """(width, height) of a picture on the screen, in pixels."""
    if hasattr(picture, "savefig"):
        return tuple(round(picture.dpi * inches) for inches in picture.get_size_inches())
    height, width = picture.shape
    return enlarged(picture) * width, enlarged(picture) * height


def enlarged(picture):
    """How many times a grey picture is enlarged."""
    height, width = picture.shape
    return max(1, min(SIDE // height, 2 * SIDE // width))


@contextlib.contextmanager
def no_figure_left():
    """Close the figures that pyplot opens within, or each move would leave one."""
    before = set(pyplot.get_fignums())
    try:
        yield
    finally:
        for number in set(pyplot.get_fignums()) - before:
            pyplot.close(number)
