"""Pictures from arrays: what is taken as grey, and what is refused in one sentence."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from tinyvae.course import figures
from tinyvae.course.explorer import explorer
from tinyvae.course.scenes.latent_map import latent_map
from tinyvae.images import SHARP, image_grid, mosaic, png

# ipywidgets 8.1.3 calls an old name of traitlets.
pytestmark = pytest.mark.filterwarnings("ignore:Deprecated in traitlets:DeprecationWarning")
RAMP = np.linspace(0, 1, 12).reshape(3, 4)
BYTES = np.round(255 * RAMP).astype(np.uint8)


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"))


def shown_by_png(picture):
    return pixels(png(picture))


def shown_by_mosaic(picture):
    return np.round(255 * mosaic(np.reshape(picture, (1, -1)), (3, 4), 1))


def shown_by_image_grid(picture):
    axes = image_grid(np.reshape(picture, (1, -1)), (3, 4), 1).axes[0]
    return np.round(255 * np.asarray(axes.images[0].get_array()))


def shown_by_explorer(picture):
    return pixels(explorer(lambda t: picture, "A ramp.", t=(0, 1, 0)).picture.value)


def shown_by_map(picture):
    shown, _ = map_of(picture, (3, 4)).draw(point=[0.0, 0.0])
    return np.round(255 * shown)


def map_of(picture, image_shape):
    """The map of a model that paints this one picture."""
    return latent_map(
        SimpleNamespace(n_z=2, picture=lambda z: np.reshape(picture, (1, -1))), image_shape
    )


WAYS = [shown_by_png, shown_by_mosaic, shown_by_image_grid, shown_by_explorer, shown_by_map]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "picture, expected",
    [
        (RAMP, BYTES),
        (RAMP.astype(np.float32), BYTES),
        (BYTES, BYTES),
        (3 * RAMP - 1, np.round(255 * np.clip(3 * RAMP - 1, 0, 1))),
        (RAMP > 0.5, 255 * (RAMP > 0.5)),
        ((RAMP > 0.5).astype(np.uint8), 255 * (RAMP > 0.5)),  # 0 and 1 in bytes
        ((RAMP > 0.5).astype(int), 255 * (RAMP > 0.5)),
        (np.ma.array(RAMP), BYTES),
    ],
    ids=["float", "float32", "bytes", "outside", "bool", "0-1 bytes", "0-1 int", "unmasked"],
)
def test_a_grey_picture_looks_the_same_in_every_form(way, picture, expected):
    np.testing.assert_array_equal(way(picture), expected)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "picture, message",
    [
        (np.where(RAMP > 0.5, np.nan, RAMP), "finite"),
        (np.where(RAMP > 0.5, np.inf, RAMP), "finite"),
        (np.ma.masked_greater(RAMP, 0.5), "masked"),
        (BYTES.astype(int), r"0 \.\.\. 255 must be uint8"),
        (-BYTES.astype(np.int8), r"0 \.\.\. 255 must be uint8"),
        (RAMP + 1j, "real numbers, got dtype complex128"),
        (RAMP.astype(str), "real numbers"),
        (np.ones((3, 4, 3)), r"(grey|\(n, 12\))"),
        (np.ones((3, 0)), "shape"),
    ],
)
def test_what_is_no_grey_picture_is_refused(way, picture, message):
    with pytest.raises((ValueError, TypeError), match=message):
        way(picture)


def test_a_colour_picture_is_told_how_to_become_grey():
    with pytest.raises(ValueError, match=r"\(h, w\), got shape \(3, 4, 3\).*mean\(axis=-1\)"):
        png(np.ones((3, 4, 3)))
    for way in (mosaic, image_grid):
        with pytest.raises(ValueError, match=r"image_shape.*\(3, 4, 3\)"):
            way(np.ones((5, 36)), (3, 4, 3), 2)
    with pytest.raises(ValueError, match=r"image_shape.*\(3, 4, 3\)"):
        map_of(np.ones(36), (3, 4, 3))


@pytest.mark.parametrize("shape", [(12,), (5, 11), (5, 2, 6), (5, 3, 4, 1), ()])
def test_pictures_of_another_size_are_refused(shape):
    with pytest.raises(ValueError, match=r"\(n, 12\)"):
        mosaic(np.zeros(shape), (3, 4), 2)


@pytest.mark.parametrize("columns", [0, -1, 1.5])
def test_columns_are_counted(columns):
    with pytest.raises((ValueError, TypeError), match="columns"):
        image_grid(np.zeros((5, 12)), (3, 4), columns)


def test_a_mosaic_goes_row_by_row():
    whole = mosaic(np.arange(3)[:, None, None] / 4 * np.ones((3, 2, 2)), (2, 2), 2)
    assert whole[0].tolist() == [0, 0, 1, 1, 0.25, 0.25]
    assert whole[-1].tolist() == [0.5, 0.5, 1, 1, 1, 1]


def test_a_figure_is_sharp():
    assert pixels(png(Figure(figsize=(2, 1), dpi=50))).shape == (50 * SHARP, 100 * SHARP)


def test_a_figure_of_few_colours_keeps_each():
    figure = Figure(figsize=(2, 1), dpi=50)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(np.arange(200).reshape(10, 20), cmap="viridis", interpolation="nearest")
    axes.set_axis_off()
    whole, palette = (Image.open(io.BytesIO(png(figure, n))) for n in (None, 256))
    np.testing.assert_array_equal(palette.convert("RGB"), whole.convert("RGB"))
    assert palette.mode == "P"


def test_a_figure_of_many_colours_stays_alike(rng):
    figure = figures.cloud(rng.standard_normal((800, 2)), rng.random(800))
    files = png(figure), png(figure, 256)
    whole, palette = (
        np.asarray(Image.open(io.BytesIO(one)).convert("RGB"), float) for one in files
    )
    assert 0 < np.abs(whole - palette).mean() < 1  # of 255
    assert len(files[1]) < len(files[0]) / 2


NO_FORMULA = "cost $x^$"


@pytest.mark.parametrize(
    "make",
    [
        lambda label: figures.curves([1, 2], {label: [1, 2]}, (label, label)),
        lambda label: figures.clouds({label: np.eye(2)}, (label, label)),
        lambda label: image_grid(np.eye(4), (2, 2), 2, label, [label] * 2, [label] * 2),
    ],
)
def test_a_label_that_is_no_formula_is_shown_as_it_is_written(make):
    figure = make(NO_FORMULA)
    assert png(figure)[:4] == b"\x89PNG"
    shown = [text for text in figure.findobj(Text) if text.get_text() == NO_FORMULA]
    assert shown and not any(text.get_parse_math() for text in shown)
    assert all(text.get_parse_math() for text in make("$x^2$").findobj(Text))


def test_what_else_a_figure_raises_is_raised():
    figure = Figure()
    figure.savefig = lambda *_, **__: (_ for _ in ()).throw(ValueError("no room"))
    with pytest.raises(ValueError, match="no room"):
        png(figure)
