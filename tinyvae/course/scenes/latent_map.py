"""The latent map: a plane of two latents on which one drags a point, and what it decodes to."""

from typing import NamedTuple

import numpy as np
from matplotlib.colors import to_hex

from tinyvae.arrays import check_matrix, check_real
from tinyvae.course import figures
from tinyvae.course.browser_explorer import BrowserExplorer
from tinyvae.course.judging import number
from tinyvae.course.weights import base64_of, pack
from tinyvae.images import pictures
from tinyvae.validation import check_float, check_int

CLOUD = 3000  # more points than this make a map no clearer
SCALE = [to_hex(figures.VIRIDIS(t)) for t in np.linspace(0, 1, 9)]


def latent_map(
    model, image_shape, codes=None, colours=None, words=(), latents=(0, 1), z=None,
    labels=("z1", "z2"), extent=3.0, alt="A map of two latents and the decoded picture.",
):  # fmt: skip
    """A plane of two latents on which one drags a point, and the picture that `model` paints.

    `codes` (M, n_z) are shown as a cloud, in `colours`: M numbers, whose bar stands above with
    `words` (or the numbers) at its two ends; or M colours, and where these are classes, of
    figures.TEN, each gets its numeral. The point starts at the code `z` (n_z,), 0 unless given,
    and moves in the plane of `latents`, within `extent` of 0; the other latents stay as they
    are. `alt` says in words what the map shows. The browser draws it.
    """
    n_z = model.n_z
    z = checked_code(np.zeros(n_z) if z is None else z, (n_z,)).round(4)
    latents = checked_latents(latents, labels, n_z)
    codes = np.empty((0, n_z)) if codes is None else check_matrix("codes", codes, n_z, float)
    cloud, colours = cloud_of(codes[:, latents], colours)
    extent, bar = check_float("extent", extent, above=0), bar_of(colours, words)
    rgb = figures.rgb(colours)
    plane = Plane("point", z[latents].tolist(), extent, list(labels), cloud, rgb, bar)
    return BrowserExplorer(
        LatentMap(model, tuple(image_shape), z, latents, plane), alt, {"point": plane}
    )


class Plane(NamedTuple):
    """The control: a cloud of points (N, 2), in colours rgb (N, 3) bytes, and the one point.

    `bar` are the two words at the ends of the colours' bar, [] where it has none.
    """

    name: str
    start: list
    extent: float
    labels: list
    cloud: np.ndarray
    rgb: np.ndarray
    bar: list

    @property
    def label(self):
        return ", ".join(self.labels)

    def spec(self):
        return self._asdict() | {
            "kind": "plane", "marks": marks_of(self.cloud, self.rgb), "scale": SCALE,
            "cloud": base64_of(self.cloud),
            "rgb": base64_of(self.rgb, "uint8"),
        }  # fmt: skip


class LatentMap:
    """The scene: the picture of the code z (n_z,) with the point in its two latents."""

    module = "latent_map"

    def __init__(self, model, image_shape, z, latents, plane):
        self.model, self.image_shape, self.z = model, image_shape, z
        self.latents, self.plane = latents, plane

    def __call__(self, point):
        z = self.z.copy()
        z[self.latents] = point
        pairs = zip(self.plane.labels, point, strict=True)
        text = ", ".join(f"{label} = {number(value)}" for label, value in pairs)
        return pictures(self.model.picture(z[None]), self.image_shape)[0], text

    def models(self):
        return {"model": pack(self.model, "float16", encoder=False)}

    def data(self):
        return {
            "z": self.z.tolist(), "latents": self.latents,
            "labels": self.plane.labels, "side": self.image_shape[0],
        }  # fmt: skip

    def still(self):
        """A Figure of the cloud, beside pictures decoded all over the plane."""
        n, plane = 9, self.plane
        steps = plane.extent * ((2 * np.arange(n) + 1) / n - 1)  # the middles of n equal cells
        codes = np.tile(self.z, (n * n, 1))
        codes[:, self.latents[0]] = np.tile(steps, n)
        codes[:, self.latents[1]] = np.repeat(steps[::-1], n)
        return figures.latent_map(
            self.model.picture(codes), self.image_shape, plane.cloud, plane.rgb, plane.labels,
            plane.extent, marks_of(plane.cloud, plane.rgb), plane.bar,
        )  # fmt: skip


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
    """The points (N, 2) and their colours, as many; of very many points, some."""
    colours = np.asarray([figures.BLUE] * len(points) if colours is None else colours)
    if len(colours) != len(points):
        raise ValueError(f"there are {len(points)} codes, but {len(colours)} colours")
    every = -(-len(points) // CLOUD) or 1
    return points[::every], colours[::every]


def bar_of(colours, words):
    """The two `words`, or the least and the greatest of `colours`, if these are numbers; []."""
    words, numbers = [str(word) for word in words], colours.dtype.kind in "biuf"
    if len(words) not in (0, 2) or (words and not (numbers and len(colours))):
        raise ValueError(f"words must be two, with colours that are numbers, got {words}")
    if not words and numbers and len(colours):
        return [f"{end:.3g}" for end in (colours.min(), colours.max())]
    return words


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
