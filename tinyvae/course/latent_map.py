"""The latent map: a plane of two latents on which one drags a point."""

import anywidget
import ipywidgets
import numpy as np
import traitlets

from tinyvae.course import figures
from tinyvae.course.explorer import JS, Line, picture_widget, png, show, with_still
from tinyvae.validation import check_float

CLOUD = 3000  # more points than this make a map no clearer


class Plane(anywidget.AnyWidget):
    """The plane of LatentMap: a cloud of points and the one point that moves."""

    point = traitlets.List(traitlets.Float()).tag(sync=True)
    cloud = traitlets.Bytes().tag(sync=True)  # x, y of each point, float32
    rgb = traitlets.Bytes().tag(sync=True)  # its colour, 3 bytes
    extent = traitlets.Float().tag(sync=True)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _css = JS / "explorer.css"
    _esm = JS / "plane.js"


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
