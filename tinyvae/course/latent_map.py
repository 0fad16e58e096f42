"""The latent map: a plane of two latents on which one drags a point."""

import anywidget
import numpy as np
import traitlets

from tinyvae.arrays import check_matrix, check_real
from tinyvae.course import figures
from tinyvae.course.explorer import JS, Live
from tinyvae.images import pictures
from tinyvae.validation import check_float, check_int

CLOUD = 3000  # more points than this make a map no clearer


class Plane(anywidget.AnyWidget):
    """The plane of LatentMap: a cloud of points and the one point that moves."""

    point = traitlets.List(traitlets.Float()).tag(sync=True)
    start = traitlets.List(traitlets.Float()).tag(sync=True)  # where the Home key leads
    cloud = traitlets.Bytes().tag(sync=True)  # x, y of each point, float32
    rgb = traitlets.Bytes().tag(sync=True)  # its colour, 3 bytes
    extent = traitlets.Float().tag(sync=True)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    marks = traitlets.List().tag(sync=True)  # [numeral, x, y, colour], one for each class
    _css = JS / "explorer.css"
    _esm = JS / "plane.js"


class LatentMap(Live):
    """A plane of two latents on which one drags a point, and the picture decoded from it.

    decode(z) takes codes (N, L) to pictures (N, D), D = h * w of `image_shape`. `codes` (M, L)
    are shown as a cloud, in `colours`: M numbers, or M colours; where these are classes, of
    figures.TEN, each gets its numeral. The point starts at the code `z` (L,), 0 unless given,
    and moves in the plane of `latents`, within `extent` of 0; the other latents stay as they
    are. `.z` is the code now and may be set, `.picture.value` the PNG. `alt` says in words what
    the map shows.
    """

    def __init__(
        self, decode, image_shape, codes=None, colours=None, latents=(0, 1), z=None,
        labels=("z1", "z2"), extent=3.0, alt="A map of two latents and the decoded picture.",
    ):  # fmt: skip
        self.decode, self.image_shape = decode, tuple(image_shape)
        n_z = max(latents) + 1 if codes is None else np.shape(codes)[-1]
        self.start = self.rest = checked_code(np.zeros(n_z) if z is None else z)
        n_z = len(self.start)
        self.latents = checked_latents(latents, labels, n_z)
        empty = np.empty((0, n_z))
        codes = empty if codes is None else check_matrix("codes", codes, n_z, np.float64)
        self.cloud, self.rgb = cloud_of(codes[:, self.latents], colours)
        self.marks, point = marks_of(self.cloud, self.rgb), self.start[self.latents].tolist()
        self.plane = Plane(
            point=point, start=point, labels=list(labels), rgb=self.rgb.tobytes(),
            extent=check_float("extent", extent, above=0), marks=self.marks,
            cloud=self.cloud.astype(np.float32).tobytes(),
        )  # fmt: skip
        super().__init__(alt, [self.plane])
        self.plane.observe(self.redraw, "point")
        self.add_class("tinyvae-map")

    @property
    def z(self):
        """The code (L,) of the point."""
        z = self.rest.copy()
        z[self.latents] = self.plane.point
        return z

    @z.setter
    def z(self, z):
        self.rest = checked_code(z, self.rest.shape)
        self.plane.point = self.rest[self.latents].tolist()
        self.redraw()  # another latent may have changed, with the point where it was

    def reset(self):
        """Go back to the code of the start."""
        self.z = self.start

    def drawn(self):
        """The picture of the code, and which code it is."""
        pairs = zip(self.plane.labels, self.plane.point, strict=True)
        text = ", ".join(f"{label} = {value:.2f}" for label, value in pairs)
        return pictures(self.decode(self.z[None, :]), self.image_shape)[0], text

    def still(self):
        """A Figure of the cloud, beside pictures decoded all over the plane; its alt text."""
        n, extent = 9, self.plane.extent
        steps = extent * ((2 * np.arange(n) + 1) / n - 1)  # the middles of n equal cells
        codes = np.tile(self.rest, (n * n, 1))
        codes[:, self.latents[0]] = np.tile(steps, n)
        codes[:, self.latents[1]] = np.repeat(steps[::-1], n)
        figure = figures.latent_map(
            self.decode(codes), self.image_shape, self.cloud, self.rgb, self.plane.labels,
            extent, self.marks,
        )  # fmt: skip
        return figure, f"{self.alt} Beside it, pictures decoded on a grid over the plane."

    def __repr__(self):
        return f"<LatentMap: {', '.join(self.plane.labels)}>"


def checked_code(z, shape=None):
    """`z` as a code (L,) of its own, finite."""
    z = np.array(check_real("z", z), dtype=float)
    if z.ndim != 1 or z.shape != (shape or z.shape) or not np.isfinite(z).all():
        raise ValueError(f"z must be finite, of shape {shape or '(L,)'}, got {z}")
    return z


def checked_latents(latents, labels, n_z):
    """`latents` as the two places in a code of n_z numbers, if there is a label for each."""
    latents = [check_int("latents", j, least=0) for j in latents]
    if not len(set(latents)) == len(latents) == len(labels) == 2 or max(latents) >= n_z:
        raise ValueError(
            f"latents must be two numbers below {n_z}, with two labels, got {latents}, {labels}"
        )
    return latents


def cloud_of(points, colours):
    """The points (N, 2) and their colours in bytes (N, 3); of very many points, some."""
    colours = [figures.BLUE] * len(points) if colours is None else colours
    if len(colours) != len(points):
        raise ValueError(f"there are {len(points)} codes, but {len(colours)} colours")
    every = -(-len(points) // CLOUD) or 1
    return points[::every], figures.rgb(colours[::every])


def marks_of(points, rgb):
    """[numeral, x, y, colour] at the middle of each class, where the colours are of TEN."""
    classes = (rgb[:, None] == figures.rgb(figures.TEN)).all(axis=2)  # (N, 10)
    if not classes.any(axis=1).all():
        return []
    return [
        [str(k), *np.median(points[classes[:, k]], axis=0).tolist(), colour]
        for k, colour in enumerate(figures.TEN)
        if classes[:, k].any()
    ]
