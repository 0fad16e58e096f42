"""An explorer that the kernel draws: sliders and text boxes beside any Python function.

It is a widget, so it moves while there is its kernel; elsewhere a still picture stands for it.
"""

import contextlib

import anywidget
import ipywidgets
import traitlets

from tinyvae.course import still
from tinyvae.course.bundle import JS
from tinyvae.course.controls import TextBox
from tinyvae.images import png

# The output after the widget's; the one before it is the still. Without its kernel a widget is
# the error "model not found" in JupyterLab: this hides it, or else the still and these words.
ASLEEP = """<p class="tinyvae-asleep">This picture is still. It moves once its cell is run.</p>
<style>
.jp-OutputArea-child:has(img):has(+ .jp-OutputArea-child .tinyvae-live),
.jp-OutputArea-child:has(.tinyvae-live) + .jp-OutputArea-child:has(.tinyvae-asleep),
.jp-OutputArea-child:not(:has(.tinyvae-live)):has(+ .jp-OutputArea-child .tinyvae-asleep) {
  display: none; }
</style>"""


class KernelExplorer(ipywidgets.HBox):
    """What `explorer` makes of a function: its controls, the picture, a line of text below.

    `.sliders[name].value = 1.5` moves a slider, `.picture.value` is the PNG, `.text` the line.
    """

    def __init__(self, draw, alt, controls):
        self.draw, self.alt, self.controls = draw, alt, controls
        self.sliders = {name: widget(one) for name, one in controls.items()}
        self.start, self.picture = self.values, ipywidgets.Image(format="png")
        self.picture.add_class("tinyvae-picture")
        self.line = Line(alt=alt, sliders=len(self.moving))
        self.show(*self.drawn())  # the start must suit it
        again = ipywidgets.Button(description="Reset", layout={"width": "80px"})
        again.on_click(lambda button: self.reset())
        left, right = [*self.sliders.values(), again], [self.picture, self.line]
        super().__init__([ipywidgets.VBox(left), ipywidgets.VBox(right)])
        self.layout.flex_flow = "row wrap"
        self.add_class("tinyvae-live")
        for one in self.sliders.values():
            one.observe(self.redraw, "value")

    @property
    def values(self):
        """What `draw` is called with: the value of each slider by its name, exactly on a step
        (the browser may send 67.99999999999999, of which int makes 67)."""
        return {
            name: box.value if isinstance(one, TextBox) else one.on_step(box.value)
            for (name, one), box in zip(
                self.controls.items(), self.sliders.values(), strict=True
            )
        }

    @property
    def moving(self):
        """The sliders alone, without the text boxes."""
        kind = ipywidgets.FloatSlider
        return {name: one for name, one in self.sliders.items() if isinstance(one, kind)}

    @property
    def text(self):
        """The line of text under the picture."""
        return self.line.text

    def drawn(self):
        """(picture, text) now."""
        return still.drawn(self.draw, self.values)

    def show(self, picture, text):
        """Put them in; a small grey picture is enlarged, each pixel a square."""
        self.picture.value = png(picture)
        width, height = still.size_shown(picture)
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

    def reset(self):
        """Move every slider back to its start."""
        for name, value in self.start.items():
            self.sliders[name].value = value

    def still(self):
        """(PNG, what an <img> of it needs: alt, width and height), of the start."""
        return still.as_png(self.draw, self.alt, self.controls)

    def _ipython_display_(self):
        """Three outputs: the still, the widget, and what hides one of the two."""
        from IPython.display import display

        with contextlib.suppress(Exception):  # a still that fails costs the still alone
            still.show(*self.still(), name=repr(self))
        display(self._repr_mimebundle_(), raw=True)
        display({"text/html": ASLEEP, "text/plain": ""}, raw=True)

    def __repr__(self):
        return f"<Explorer: {', '.join(one.label for one in self.controls.values())}>"


def widget(control):
    """The ipywidgets box or slider of a control."""
    if isinstance(control, TextBox):
        return ipywidgets.Text(
            value=control.start, continuous_update=False, description=control.label,
            layout={"width": "480px", "max_width": "100%"},
        )  # fmt: skip
    return ipywidgets.FloatSlider(
        min=control.low, max=control.high, step=control.step,
        value=control.on_step(control.start), readout_format=f".{control.decimals}f",
        description=control.label, layout={"width": "400px"},
    )  # fmt: skip


class Line(anywidget.AnyWidget):
    """A line of text that a screen reader says when it changes.

    It also gives the picture and the sliders beside it their names, which ipywidgets does not.
    """

    text = traitlets.Unicode().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    sliders = traitlets.Int().tag(sync=True)
    _css = JS / "kernel_explorer.css"
    _esm = JS / "kernel_line.js"
