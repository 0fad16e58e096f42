"""Live pictures: sliders and text boxes beside a function that draws.

Each carries a still picture of itself, and what it shows in words, for pages without a kernel:
a code host's view, an HTML export.
"""

import base64
import io
import math
from decimal import Decimal
from pathlib import Path

import anywidget
import ipywidgets
import numpy as np
import traitlets
from PIL import Image

from tinyvae import images
from tinyvae.validation import check_float

SIDE = 280  # a grey picture is shown about so many pixels high
JS = Path(__file__).parent / "js"


def png(picture):
    """A grey picture (h, w) in [0, 1], or a matplotlib Figure, as the bytes of a PNG file."""
    if hasattr(picture, "savefig"):
        return images.png(picture)
    grey = np.asarray(picture, dtype=float)
    if grey.ndim != 2 or not np.isfinite(grey).all():
        raise ValueError(f"a picture must be finite, of shape (h, w), got shape {grey.shape}")
    buffer = io.BytesIO()
    Image.fromarray(np.round(255 * np.clip(grey, 0, 1)).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def explorer(draw, alt, **sliders):
    """Sliders and text boxes beside the picture that `draw` makes of their values.

    draw(**values) gives a grey picture (h, w) in [0, 1], a matplotlib Figure, or a tuple of one
    of them and a line of text. A slider is name=(low, high, start) or (low, high, start, step);
    its label is the name with spaces for "_". name="anna" is a text box, which draws when Enter
    is pressed or the box is left. Where `draw` raises ValueError the last picture stays, and
    the error's message is the line. `alt` says in words what the picture shows.
    `.sliders[name].value = 1.5` moves a slider, `.picture.value` is the PNG, `.text` the line.
    """
    return Explorer(draw, alt, sliders)


class Explorer(ipywidgets.HBox):
    """What `explorer` makes."""

    def __init__(self, draw, alt, sliders):
        if not sliders:
            raise ValueError("an explorer needs at least one slider: name=(low, high, start)")
        self.sliders = {name: control(name, spec) for name, spec in sliders.items()}
        self.draw, self.alt = draw, alt
        self.picture = picture_widget()
        self.line = Line(alt=alt, sliders=len(self.moving))
        self.start = self.values
        self.redraw()
        for one in self.sliders.values():
            one.observe(self.redraw, "value")
        controls = ipywidgets.VBox(list(self.sliders.values()))
        shown = ipywidgets.VBox([self.picture, self.line])
        super().__init__([controls, shown], layout={"flex_flow": "row wrap"})
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

    @property
    def text(self):
        """The line of text under the picture."""
        return self.line.text

    def redraw(self, change=None):
        """Show what `draw` makes of the values; if a new one does not suit it, say so."""
        try:
            picture, text = picture_and_text(self.draw(**self.values))
            show(self.picture, picture)
        except ValueError as error:
            if change is None:  # the start must suit it
                raise
            text = str(error)
        self.line.text = text

    def still(self):
        """PNG and alt text of the start; of small grey pictures, a row of five a slider."""
        picture, text = picture_and_text(self.draw(**self.start))
        if hasattr(picture, "savefig") or not self.moving:
            return png(picture), f"{self.alt} {text}".strip()
        if max(np.shape(picture)) > SIDE // 2:  # many pictures already: five more would be tiny
            pixel = np.ones([enlarged(picture)] * 2)
            return png(np.kron(picture, pixel)), f"{self.alt} {text}".strip()
        rows, labels = [], []
        for name, one in self.moving.items():
            for value in np.linspace(one.min, one.max, 5):
                moved = self.start | {name: on_step(one, float(value))}
                rows.append(np.ravel(picture_and_text(self.draw(**moved))[0]))
            labels.append(f"{one.description}\n{one.min:g} to {one.max:g}")
        figure = images.image_grid(np.array(rows), np.shape(picture), 5, row_labels=labels)
        said = "; ".join(label.replace("\n", " from ") for label in labels)
        return png(figure), f"{self.alt} One row of five pictures a slider: {said}."

    def __repr__(self):
        return f"<Explorer: {', '.join(one.description for one in self.sliders.values())}>"

    def _repr_mimebundle_(self, **kwargs):
        return with_still(super()._repr_mimebundle_(**kwargs), *self.still())


def control(name, spec):
    """The text box of a str, the slider of anything else."""
    if not isinstance(spec, str):
        return slider(name, spec)
    return ipywidgets.Text(
        value=spec, continuous_update=False, description=name.replace("_", " "),
        layout={"width": "400px"},
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
    one.value = on_step(one, start)
    return one


def on_step(one, value):
    """The value of a slider nearest to `value`: the browser knows only whole steps from low."""
    steps = round((value - one.min) / one.step)
    return min(one.max, round(one.min + steps * one.step, 10))


def round_step(step):
    """The number of 1, 2, 5, 10 ... (times a power of ten) that is nearest to `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    return float(f"{min((1, 2, 5, 10), key=lambda k: abs(k - step / power)) * power:.12g}")


def picture_and_text(drawn):
    """(picture, text), whichever of the two forms `draw` returns."""
    return drawn if isinstance(drawn, tuple) else (drawn, "")


def picture_widget():
    """An empty Image that the browser test, too, can find."""
    widget = ipywidgets.Image(format="png")
    widget.add_class("tinyvae-picture")
    return widget


def show(widget, picture):
    """Put a picture into an Image widget: a small grey one enlarged, each pixel a square."""
    widget.value = png(picture)
    if not hasattr(picture, "savefig"):
        (height, width), times = np.shape(picture), enlarged(picture)
        widget.layout.width, widget.layout.height = f"{times * width}px", f"{times * height}px"
        widget.add_class("tinyvae-pixels")


def enlarged(picture):
    """How many times a grey picture is enlarged."""
    height, width = np.shape(picture)
    return max(1, min(SIDE // height, 2 * SIDE // width))


def with_still(bundle, data, alt):
    """A widget's mime bundle, with the picture for readers that cannot run the widget."""
    bundle, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
    still = base64.b64encode(data).decode()
    return {**bundle, "image/png": still}, {**metadata, "image/png": {"alt": alt}}


class Line(anywidget.AnyWidget):
    """A line of text that a screen reader says when it changes.

    It also gives the picture and the sliders beside it their names, which ipywidgets does not.
    """

    text = traitlets.Unicode().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    sliders = traitlets.Int().tag(sync=True)
    _css = JS / "explorer.css"
    _esm = JS / "line.js"
