"""Live pictures. This is the one module that imports ipywidgets and anywidget.

`explorer` puts sliders and text boxes beside a function that draws; `LatentMap` lets one drag
a code over the plane of two latents. Each carries a still picture of itself, and what it shows
in words, for pages without a kernel: a code host's view, an HTML export.
"""

import base64
import io
import math
from decimal import Decimal

import anywidget
import ipywidgets
import numpy as np
import traitlets
from PIL import Image

from tinyvae import guards, plots

SIDE = 280  # a grey picture is shown about so many pixels high
CLOUD = 3000  # more points than this make a map no clearer
CSS = """
.tinyvae-explorer, .tinyvae-map { --jp-widgets-inline-label-width: 130px; gap: 8px 28px; }
.tinyvae-pixels { image-rendering: pixelated; }
.tinyvae-line { font: 14px/1.45 sans-serif; font-variant-numeric: tabular-nums;
                white-space: pre-line; margin: 4px 2px;
                color: var(--jp-content-font-color1, inherit); }
.tinyvae-plane canvas { display: block; touch-action: none; cursor: crosshair;
                        border-radius: 4px; outline-offset: -3px; }
.tinyvae-explorer .noUi-handle { border-color: #767676; }
.tinyvae-plane canvas:focus,
.tinyvae-explorer .noUi-handle:focus { outline: 3px solid #0072B2; }
"""


def png(picture):
    """A grey picture (h, w) in [0, 1], or a matplotlib Figure, as the bytes of a PNG file."""
    if hasattr(picture, "savefig"):
        return plots.png(picture)
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
        figure = plots.image_grid(np.array(rows), np.shape(picture), 5, row_labels=labels)
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
    low, high, start, *step = (guards.real(f"each number of {name}", v) for v in spec)
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
    _css = CSS
    _esm = """
    export default { render({ model, el }) {
      el.classList.add("tinyvae-line");
      el.setAttribute("aria-live", "polite");
      const say = () => { el.textContent = model.get("text"); };
      model.on("change:text", say);
      say();
      let timer;
      const name = () => {  // the widgets around this one may come later than it does
        const box = el.closest(".tinyvae-explorer, .tinyvae-map");
        const image = box?.querySelector(".tinyvae-picture");
        const handles = box?.querySelectorAll(".noUi-handle") ?? [];
        if (!image || handles.length < model.get("sliders"))
          return void (timer = setTimeout(name, 100));
        image.alt = model.get("alt");
        for (const handle of handles) {
          const label = handle.closest(".widget-slider").querySelector("label");
          handle.setAttribute("aria-label", label.textContent);
        }
      };
      name();
      return () => { clearTimeout(timer); model.off("change:text", say); };
    } };"""


class Plane(anywidget.AnyWidget):
    """The plane of LatentMap: a cloud of points and the one point that moves."""

    point = traitlets.List(traitlets.Float()).tag(sync=True)
    cloud = traitlets.Bytes().tag(sync=True)  # x, y of each point, float32
    rgb = traitlets.Bytes().tag(sync=True)  # its colour, 3 bytes
    extent = traitlets.Float().tag(sync=True)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _css = CSS
    # plane() is given numbers and gives a point back through moved(); it knows no notebook.
    _esm = """
    function plane(canvas, { cloud, rgb, extent, labels, point }, moved) {
      const side = 280, left = 48, top = 8, ratio = window.devicePixelRatio || 1;
      const [width, height] = [left + side + 12, top + side + 44];
      canvas.width = width * ratio; canvas.height = height * ratio;
      canvas.style.width = width + "px"; canvas.style.height = height + "px";
      const px = x => left + (x + extent) / (2 * extent) * side;
      const py = y => top + (extent - y) / (2 * extent) * side;
      const inside = t => Math.max(-extent, Math.min(extent, t));
      const dot = (g, x, y, r) => { g.beginPath(); g.arc(px(x), py(y), r, 0, 7); g.fill(); };
      const rule = (g, x0, y0, x1, y1) => {
        g.beginPath(); g.moveTo(px(x0), py(y0)); g.lineTo(px(x1), py(y1)); g.stroke();
      };

      function background() {
        const sheet = document.createElement("canvas"), g = sheet.getContext("2d");
        sheet.width = canvas.width; sheet.height = canvas.height;
        g.scale(ratio, ratio);
        g.fillStyle = "white"; g.fillRect(0, 0, width, height);
        g.strokeStyle = "#cccccc"; g.fillStyle = "#333333"; g.font = "12px sans-serif";
        const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find(s => extent / s <= 4) ?? extent;
        for (let k = -Math.floor(extent / step); k <= extent / step; k++) {
          const t = k * step, words = String(+t.toFixed(2)).replace("-", "\\u2212");
          rule(g, t, -extent, t, extent); rule(g, -extent, t, extent, t);
          g.textAlign = "center"; g.fillText(words, px(t), top + side + 16);
          g.textAlign = "right"; g.fillText(words, left - 6, py(t) + 4);
        }
        g.save();
        g.beginPath(); g.rect(left, top, side, side); g.clip();
        for (let i = 0; 2 * i < cloud.length; i++) {
          g.fillStyle = `rgb(${rgb[3 * i]}, ${rgb[3 * i + 1]}, ${rgb[3 * i + 2]})`;
          dot(g, cloud[2 * i], cloud[2 * i + 1], 2);
        }
        g.restore();
        g.strokeStyle = "#333333"; g.strokeRect(left, top, side, side);
        g.font = "14px sans-serif"; g.textAlign = "center"; g.fillStyle = "black";
        g.fillText(labels[0], left + side / 2, height - 8);
        g.translate(17, top + side / 2); g.rotate(-Math.PI / 2);
        g.fillText(labels[1], 0, 0);
        return sheet;
      }

      const sheet = background(), g = canvas.getContext("2d");
      function draw() {
        const [x, y] = point.map(inside);
        g.setTransform(1, 0, 0, 1, 0, 0); g.drawImage(sheet, 0, 0);
        g.scale(ratio, ratio);
        g.strokeStyle = "#00000080"; rule(g, x, -extent, x, extent);
        rule(g, -extent, y, extent, y);
        for (const [colour, r] of [["black", 9], ["white", 8], ["#D55E00", 6]]) {
          g.fillStyle = colour; dot(g, x, y, r);
        }
        const at = point.map(t => t.toFixed(2)).join(", ");
        canvas.setAttribute("aria-label", `Map of ${labels.join(" and ")}. The point is at ` +
          `${at}. The arrow keys move it, with Shift by five steps.`);
      }
      function move(x, y) {
        point = [x, y].map(t => inside(+t.toFixed(3)));
        draw(); moved(point);
      }
      function drag(event) {
        const box = canvas.getBoundingClientRect();
        move(((event.clientX - box.left - left) / side * 2 - 1) * extent,
             (1 - (event.clientY - box.top - top) / side * 2) * extent);
      }
      const ways = {
        ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
      };
      canvas.onpointerdown = event => {
        canvas.setPointerCapture(event.pointerId);
        drag(event);
      };
      canvas.onpointermove = event => {
        if (canvas.hasPointerCapture(event.pointerId)) drag(event);
      };
      canvas.onkeydown = event => {
        if (!(event.key in ways)) return;
        event.preventDefault(); event.stopPropagation();
        const step = extent / 30 * (event.shiftKey ? 5 : 1);
        move(point[0] + step * ways[event.key][0], point[1] + step * ways[event.key][1]);
      };
      draw();
      return at => { point = at; draw(); };
    }

    export default { render({ model, el }) {
      el.classList.add("tinyvae-plane");
      const canvas = document.createElement("canvas");
      canvas.tabIndex = 0; canvas.setAttribute("role", "application");
      el.append(canvas);
      const bytes = name => {
        const { buffer, byteOffset, byteLength } = model.get(name);
        return buffer.slice(byteOffset, byteOffset + byteLength);
      };
      const given = {
        cloud: new Float32Array(bytes("cloud")), rgb: new Uint8Array(bytes("rgb")),
        extent: model.get("extent"), labels: model.get("labels"), point: model.get("point"),
      };
      const moved = point => { model.set("point", point); model.save_changes(); };
      const put = plane(canvas, given, moved);
      const changed = () => put(model.get("point"));
      model.on("change:point", changed);
      return () => model.off("change:point", changed);
    } };"""


class LatentMap(ipywidgets.HBox):
    """A plane of two latents on which one drags a point, and the picture decoded from it.

    decode(z) takes codes (N, L) to pictures (N, D), D = h * w of `image_shape`. `codes` (M, L)
    are shown as a cloud, in `colours`: M numbers, or M colours. The point starts at the code
    `z` (L,), 0 unless given, and moves in the plane of `latents`, within `extent` of 0; the
    other latents stay as they are. `.z` is the code now and may be set, `.picture.value` the
    PNG. `alt` says in words what the map shows.
    """

    def __init__(
        self, decode, image_shape, codes=None, colours=None, latents=(0, 1), z=None,
        labels=("z1", "z2"), extent=3.0, alt="A map of two latents and the decoded picture.",
    ):  # fmt: skip
        self.decode, self.image_shape, self.alt = decode, tuple(image_shape), alt
        self.latents = list(latents)
        n_z = max(latents) + 1 if z is None else len(z)
        codes = np.empty((0, n_z)) if codes is None else np.asarray(codes)
        self.rest = np.zeros(codes.shape[1]) if z is None else np.array(z, dtype=float)
        if codes.shape[1:] != self.rest.shape:
            raise ValueError(f"codes {codes.shape} and z {self.rest.shape} differ in latents")
        self.cloud, self.rgb = cloud_of(codes[:, self.latents], colours)
        self.plane = Plane(
            point=self.rest[self.latents].tolist(), labels=list(labels), rgb=self.rgb.tobytes(),
            extent=guards.real("extent", extent, above=0),
            cloud=self.cloud.astype(np.float32).tobytes(),
        )  # fmt: skip
        self.picture, self.line = picture_widget(), Line(alt=alt)
        self.redraw()
        self.plane.observe(self.redraw, "point")
        shown = ipywidgets.VBox([self.picture, self.line])
        super().__init__([self.plane, shown], layout={"flex_flow": "row wrap"})
        self.add_class("tinyvae-map")

    @property
    def z(self):
        """The code (L,) of the point."""
        z = self.rest.copy()
        z[self.latents] = self.plane.point
        return z

    @z.setter
    def z(self, z):
        self.rest = np.array(z, dtype=float)
        self.plane.point = self.rest[self.latents].tolist()
        self.redraw()  # another latent may have changed, with the point where it was

    @property
    def text(self):
        """The line of text under the picture."""
        return self.line.text

    def redraw(self, change=None):
        """Show the picture of the code, and say which code it is."""
        show(self.picture, np.reshape(self.decode(self.z[None, :]), self.image_shape))
        pairs = zip(self.plane.labels, self.plane.point, strict=True)
        self.line.text = ", ".join(f"{label} = {value:.2f}" for label, value in pairs)

    def still(self):
        """PNG and alt text of the cloud, beside pictures decoded all over the plane."""
        n, extent = 9, self.plane.extent
        steps = extent * ((2 * np.arange(n) + 1) / n - 1)  # the middles of n equal cells
        codes = np.tile(self.rest, (n * n, 1))
        codes[:, self.latents[0]] = np.tile(steps, n)
        codes[:, self.latents[1]] = np.repeat(steps[::-1], n)
        figure = plots.latent_map(
            self.decode(codes), self.image_shape, self.cloud, self.rgb, self.plane.labels,
            extent,
        )  # fmt: skip
        return png(figure), f"{self.alt} Beside it, pictures decoded on a grid over the plane."

    def __repr__(self):
        return f"<LatentMap: {', '.join(self.plane.labels)}>"

    def _repr_mimebundle_(self, **kwargs):
        return with_still(super()._repr_mimebundle_(**kwargs), *self.still())


def cloud_of(points, colours):
    """The points (N, 2) and their colours in bytes (N, 3); of very many points, some."""
    colours = [plots.BLUE] * len(points) if colours is None else colours
    if len(colours) != len(points):
        raise ValueError(f"there are {len(points)} codes, but {len(colours)} colours")
    every = -(-len(points) // CLOUD) or 1
    return points[::every], plots.rgb(colours[::every])
