"""The latent map: a plane of two latents on which one drags a point."""

import anywidget
import ipywidgets
import numpy as np
import traitlets

from tinyvae.course import figures
from tinyvae.course.explorer import CSS, Line, picture_widget, png, show, with_still
from tinyvae.validation import check_float

CLOUD = 3000  # more points than this make a map no clearer


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
            extent=check_float("extent", extent, above=0),
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
        figure = figures.latent_map(
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
    colours = [figures.BLUE] * len(points) if colours is None else colours
    if len(colours) != len(points):
        raise ValueError(f"there are {len(points)} codes, but {len(colours)} colours")
    every = -(-len(points) // CLOUD) or 1
    return points[::every], figures.rgb(colours[::every])
