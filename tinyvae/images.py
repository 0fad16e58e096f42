"""Pictures from arrays: grids of them, and PNG files."""

import io

import numpy as np
from matplotlib.figure import Figure

GAP = 2  # white pixels between two pictures


def mosaic(x, image_shape, columns):
    """One array with the pictures x (n, height * width), row by row, white between them."""
    height, width = image_shape
    rows = -(-len(x) // columns)
    cells = np.ones((rows * columns, height + GAP, width + GAP), np.float32)
    cells[: len(x), :height, :width] = np.clip(x, 0, 1).reshape(-1, height, width)
    whole = cells.reshape(rows, columns, height + GAP, width + GAP).swapaxes(1, 2)
    return whole.reshape(rows * (height + GAP), columns * (width + GAP))[:-GAP, :-GAP]


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
    figure.draw_without_rendering()  # or the first layout leaves no room for long row labels
    return figure


def png(figure):
    """The Figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
