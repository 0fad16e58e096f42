"""Live pictures: sliders and text boxes beside a function that draws.

Each carries a still picture of itself, and what it shows in words, for pages without a kernel:
a code host's view, an HTML export.
"""

import base64
import contextlib
import math
from decimal import Decimal
from pathlib import Path

import anywidget
import ipywidgets
import numpy as np
import traitlets
from matplotlib import pyplot

from tinyvae import images
from tinyvae.images import grey, png
from tinyvae.validation import check_float

SIDE = 280  # a grey picture is shown about so many pixels high
JS = Path(__file__).parent / "js"


def explorer(draw, alt, **sliders):
    """Sliders and text boxes beside the picture that `draw` makes of their values.

    draw(**values) gives a grey picture (h, w) in [0, 1], a matplotlib Figure, or a tuple of one
    of them and a line of text. A slider is name=(low, high, start) or (low, high, start, step);
    its label is the name with spaces for "_"; one of whole numbers gives ints. name="anna" is a
    text box, which draws when Enter is pressed or the box is left. Where `draw` raises an error
    the last picture stays, dimmed, and the error is the line. `alt` says in words what the
    picture shows.
    `.sliders[name].value = 1.5` moves a slider, `.picture.value` is the PNG, `.text` the line.
    """
    return Explorer(draw, alt, sliders)


class Live(ipywidgets.HBox):
    """What the reader moves, the picture of it, and a line of text below.

    A subclass has `drawn()`, picture and text now, `still()`, those for a page without a
    kernel, and `reset()`.
    """

    def __init__(self, alt, knobs, sliders=0):
        self.alt, self.picture = alt, ipywidgets.Image(format="png")
        self.picture.add_class("tinyvae-picture")
        self.line = Line(alt=alt, sliders=sliders)
        self.show(*self.drawn())  # the start must suit it
        again = ipywidgets.Button(description="Reset", layout={"width": "80px"})
        again.on_click(lambda button: self.reset())
        left, right = [*knobs, again], [self.picture, self.line]
        super().__init__([ipywidgets.VBox(left), ipywidgets.VBox(right)])
        self.layout.flex_flow = "row wrap"
        self.add_class("tinyvae-live")

    @property
    def text(self):
        """The line of text under the picture."""
        return self.line.text

    def show(self, picture, text):
        """Put them in; a small grey picture is enlarged, each pixel a square."""
        self.picture.value = png(picture)
        width, height = size_shown(picture)
        figure = hasattr(picture, "savefig")
        self.picture.layout.width = f"{width}px"
        self.picture.layout.height = "auto" if figure else f"{height}px"
        (self.picture.remove_class if figure else self.picture.add_class)("tinyvae-pixels")
        self.line.text = text

    def redraw(self, change=None):
        """Show what is to be seen now; where that fails, say why under the last picture."""
        try:
            self.show(*self.drawn())
            self.remove_class("tinyvae-failed")
        except Exception as error:
            self.add_class("tinyvae-failed")
            kind = "" if type(error) is ValueError and str(error) else type(error).__name__
            self.line.text = ": ".join(filter(None, (kind, str(error))))

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        bundle, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        try:
            picture, alt = self.still()
            data = base64.b64encode(png(picture)).decode()
        except Exception:  # a still that fails costs the still alone
            return bundle, metadata
        width, height = size_shown(picture)
        about = {"alt": alt, "width": width, "height": height}
        return {**bundle, "image/png": data}, {**metadata, "image/png": about}


class Explorer(Live):
    """What `explorer` makes."""

    def __init__(self, draw, alt, sliders):
        if not sliders:
            raise ValueError("an explorer needs at least one slider: name=(low, high, start)")
        self.draw = draw
        self.sliders = {name: control(name, spec) for name, spec in sliders.items()}
        self.start = self.values
        super().__init__(alt, self.sliders.values(), len(self.moving))
        for one in self.sliders.values():
            one.observe(self.redraw, "value")
        self.add_class("tinyvae-explorer")

    @property
    def values(self):
        """What `draw` is called with: the value of each slider by its name, exactly on a step
        (the browser may send 67.99999999999999, of which int makes 67)."""
        values = {name: one.value for name, one in self.sliders.items()}
        return values | {name: on_step(one, one.value) for name, one in self.moving.items()}

    @property
    def moving(self):
        """The sliders alone, without the text boxes."""
        kind = ipywidgets.FloatSlider
        return {name: one for name, one in self.sliders.items() if isinstance(one, kind)}

    def drawn(self, values=None):
        """(picture, text), whichever of its two forms `draw` returns for the values."""
        with no_figure_left():
            drawn = self.draw(**(values or self.values))
        pair = isinstance(drawn, tuple) and len(drawn) == 2
        picture, text = drawn if pair else (drawn, "")
        return picture if hasattr(picture, "savefig") else grey(picture), str(text)

    def reset(self):
        """Move every slider back to its start."""
        for name, value in self.start.items():
            self.sliders[name].value = value

    def still(self):
        """Picture and alt text of the start; of small grey pictures, a row of five a slider,
        if there are five in one size."""
        picture, text = self.drawn(self.start)
        said = f"{self.alt} {text}".strip()
        if hasattr(picture, "savefig"):
            return picture, said
        if self.moving and max(picture.shape) <= SIDE // 2:  # or more would be tiny
            with contextlib.suppress(Exception):
                return self.rows(picture.shape)
        return np.kron(picture, np.ones([enlarged(picture)] * 2)), said

    def rows(self, image_shape):
        """Figure and alt text of five pictures a slider, the others at their start."""
        shown, labels = [], []
        for name, one in self.moving.items():
            for value in np.linspace(one.min, one.max, 5):
                moved = self.start | {name: on_step(one, float(value))}
                shown.append(self.drawn(moved)[0])
            labels.append(f"{one.description}\n{one.min:g} to {one.max:g}")
        figure = images.image_grid(np.array(shown), image_shape, 5, row_labels=labels)
        said = "; ".join(label.replace("\n", " from ") for label in labels)
        return figure, f"{self.alt} One row of five pictures a slider: {said}."

    def __repr__(self):
        return f"<Explorer: {', '.join(one.description for one in self.sliders.values())}>"


@contextlib.contextmanager
def no_figure_left():
    """Close the figures that pyplot opens within, or each move would leave one."""
    before = set(pyplot.get_fignums())
    try:
        yield
    finally:
        for number in set(pyplot.get_fignums()) - before:
            pyplot.close(number)


def control(name, spec):
    """The text box of a str, the slider of anything else."""
    if not isinstance(spec, str):
        return slider(name, spec)
    return ipywidgets.Text(
        value=spec, continuous_update=False, description=name.replace("_", " "),
        layout={"width": "480px", "max_width": "100%"},
    )  # fmt: skip


def slider(name, spec):
    """The FloatSlider of (low, high, start) or (low, high, start, step)."""
    if not isinstance(spec, (tuple, list)) or len(spec) not in (3, 4):
        raise ValueError(f"{name} must be (low, high, start) or with a step, got {spec!r}")
    low, high, start, *step = (check_float(f"each number of {name}", v) for v in spec)
    if not low <= start <= high or low == high:
        raise ValueError(f"{name} must have low <= start <= high and low < high, got {spec!r}")
    step = step[0] if step else round_step((high - low) / 50)
    if not 0 < step <= high - low:
        raise ValueError(f"{name} must have 0 < step <= high - low, got {spec!r}")
    decimals = max(0, -Decimal(repr(step)).normalize().as_tuple().exponent)
    one = ipywidgets.FloatSlider(
        min=low, max=high, step=step, readout_format=f".{decimals}f",
        description=name.replace("_", " "), layout={"width": "400px"},
    )  # fmt: skip
    numbers = (int, np.integer)
    one.whole = all(isinstance(v, numbers) for v in spec) and float(step).is_integer()
    one.value = on_step(one, start)
    return one


def on_step(one, value):
    """The value of a slider nearest to `value`: the browser knows only whole steps from low."""
    steps = round((value - one.min) / one.step)
    value = min(one.max, round(one.min + steps * one.step, 10))
    return int(value) if one.whole else value


def round_step(step):
    """The number of 1, 2, 5, 10 ... (times a power of ten) that is nearest to `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    return float(f"{min((1, 2, 5, 10), key=lambda k: abs(k - step / power)) * power:.12g}")


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


class Line(anywidget.AnyWidget):
    """A line of text that a screen reader says when it changes.

    It also gives the picture and the sliders beside it their names, which ipywidgets does not.
    """

    text = traitlets.Unicode().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    sliders = traitlets.Int().tag(sync=True)
    _css = JS / "explorer.css"
    _esm = JS / "line.js"
