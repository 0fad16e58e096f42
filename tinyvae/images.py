"""Pictures from arrays: grids of them, and PNG files."""

import contextlib
import io
from functools import partial

import numpy as np
from matplotlib import rc_context, rcParams, style
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from tinyvae.validation import check_int

GAP = 2  # white pixels between two pictures
SHARP = 2  # a Figure's pixels to one of its dpi: shown at half its size, it is crisp
FONTS = ("font.family", "font.sans-serif", "font.serif", "font.monospace")


@contextlib.contextmanager
def own_look():
    """matplotlib's default look within, in any style: a dark one would hide what we draw.

    The reader's font stays, for it may be the only one with the letters of a label.
    """
    fonts = {name: rcParams[name] for name in FONTS}
    with style.context("default"), rc_context(fonts):
        yield


def drawn(figure, draw):
    """draw(), which draws the Figure; a label with dollars that is no formula, as `cost $x^$`,
    is then shown as it is written."""
    try:
        draw()
    except ValueError:
        for text in figure.findobj(Text):
            text.set_parse_math(False)
        draw()


def grey(x):
    """Pictures as floats in [0, 1], from black to white. Other floats are clipped; bytes,
    0 ... 255, are divided by 255."""
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"a picture must be of real numbers, got dtype {array.dtype}")
    if np.ma.is_masked(x):
        raise ValueError("a picture must have no masked entries: fill them first")
    if not np.isfinite(array).all():
        raise ValueError("a picture must be finite, got NaN or infinity")
    if array.dtype.kind in "iu" and array.size and not 0 <= array.min() <= array.max() <= 1:
        if array.dtype != np.uint8:
            raise ValueError(f"a picture of 0 ... 255 must be uint8, got {array.dtype}")
        array = array / 255
    return np.clip(array.astype(float), 0, 1)


def pictures(x, image_shape):
    """Pictures x (n, height * width), or already (n, height, width), as `grey` (n, height,
    width)."""
    if len(image_shape) != 2:
        raise ValueError(
            f"image_shape must be (height, width), for pictures are grey; got {image_shape}"
        )
    height, width = (check_int("each number of image_shape", side) for side in image_shape)
    shape = np.shape(x)
    if not shape or shape[1:] not in ((height * width,), (height, width)):
        raise ValueError(f"pictures must have shape (n, {height * width}), got {shape}")
    return grey(x).reshape(-1, height, width)


def mosaic(x, image_shape, columns):
    """One array with the pictures x (n, height * width), row by row, white between them."""
    x, columns = pictures(x, image_shape), check_int("columns", columns)
    n, height, width = x.shape
    rows = -(-n // columns)
    cells = np.ones((rows * columns, height + GAP, width + GAP), np.float32)
    cells[:n, :height, :width] = x
    whole = cells.reshape(rows, columns, height + GAP, width + GAP).swapaxes(1, 2)
    return whole.reshape(rows * (height + GAP), columns * (width + GAP))[:-GAP, :-GAP]


@own_look()
def image_grid(x, image_shape, columns, title="", row_labels=(), column_labels=()):
    """A Figure of the pictures x (n, height * width), grey from 0 (black) to 1 (white).

    A label stands beside each row, or under each column, where they are given.
    """
    whole, (height, width) = mosaic(x, image_shape, columns), image_shape
    inch = 0.9 / width  # a picture is 0.9 inch wide
    size = whole.shape[1] * inch + bool(row_labels), whole.shape[0] * inch + 0.35
    figure = Figure(figsize=size, dpi=100)
    axes = figure.subplots()
    figure.set_layout_engine("constrained")
    axes.imshow(whole, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks((np.arange(len(column_labels)) + 0.5) * (width + GAP), column_labels)
    axes.set_yticks((np.arange(len(row_labels)) + 0.5) * (height + GAP), row_labels)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title)
    # Once beforehand, or the first layout leaves no room for long row labels.
    drawn(figure, figure.draw_without_rendering)
    return figure


def png(picture, colours=None):
    """A picture, grey (h, w) or a matplotlib Figure, as the bytes of a PNG file.

    The Figure's is SHARP times as wide as its dpi say, to be shown that much smaller. With at
    most 256 `colours` it takes half of the bytes or less, and a third more time.
    """
    buffer = io.BytesIO()
    if hasattr(picture, "savefig"):
        with own_look():
            save = partial(picture.savefig, buffer, format="png", dpi=SHARP * picture.dpi)
            drawn(picture, save)
        return _of_few_colours(buffer, colours) if colours else buffer.getvalue()
    shape = np.shape(picture)
    if len(shape) != 2 or 0 in shape:
        raise ValueError(
            f"a picture must be grey, of shape (h, w), got shape {shape}"
            + "; of a colour one, picture.mean(axis=-1) is" * (len(shape) == 3)
        )
    Image.fromarray(np.round(255 * grey(picture)).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def _of_few_colours(file, colours):
    palette = Image.open(file).convert("RGB").quantize(colours, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    palette.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
