"""The course's figures, each a function that returns a matplotlib Figure."""

import math

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap, Normalize, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont

from tinyvae.images import GAP, drawn, mosaic, own_look, png

# Those of Okabe & Ito's colours, which colour-blind readers can tell apart, that stand out from
# white. On white, text has a contrast of 4.5 : 1 or more, and what carries meaning 3 : 1.
BLACK, GREEN, BLUE, RED, PURPLE = "#000000", "#009E73", "#0072B2", "#D55E00", "#CC79A7"
GUIDE = "#cccccc"  # lines that only lead the eye
# viridis, from dark to light, up to where it is too light for dots on white
VIRIDIS = ListedColormap(colormaps["viridis"](np.linspace(0, 0.58, 256)))


def show(figure, alt):
    """Display the Figure in a notebook; `alt` says in words what is seen."""
    from IPython.display import Image, display

    display(Image(data=png(figure, 256), format="png", alt=alt, retina=True))


STYLES = (
    (BLUE, "-"),
    (RED, "--"),
    (GREEN, "-."),
    (BLACK, ":"),
    (PURPLE, (0, (5, 1, 1, 1, 1, 1))),
)


@own_look()
def curves(
    x, ys, labels, dots=None, shade=None, log=False, limits=(None, None), legend="best"
):  # fmt: skip
    """A Figure of up to five curves over x, told apart by colour and dash: ys is {name: array}.

    labels  (under the horizontal axis, beside the vertical one), with units
    dots    {name: (xs, values)}, marked in the colour of the curve of that name
    shade   the name of the curve whose area to zero is filled
    log     both axes logarithmic
    limits  (lowest, highest) value shown
    legend  its corner, such as "upper right" (quicker than "best", which looks for room)
    """
    figure = Figure(figsize=(6.4, 3.4), dpi=90)
    axes = figure.add_axes((0.14, 0.16, 0.83, 0.80))
    for (name, y), (colour, dash) in zip(ys.items(), STYLES, strict=False):
        axes.plot(x, y, color=colour, linestyle=dash, label=name)
        if name in (dots or {}):
            axes.plot(*dots[name], "o", color=colour, markersize=5)
        if name == shade:
            axes.fill_between(x, y, color=colour, alpha=0.25, linewidth=0)
    scale = "log" if log else "linear"
    axes.set(xlabel=labels[0], ylabel=labels[1], xscale=scale, yscale=scale)
    axes.set_ylim(*limits)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc=legend)
    return figure


@own_look()
def cloud(z, hue, named=0, labels=("z1", "z2"), extent=5.0):
    """A Figure of the points z (N, 2), coloured by hue (N,); the first `named` bear numbers."""
    figure = Figure(figsize=(4.6, 4.4), dpi=90)
    axes = figure.add_axes((0.13, 0.12, 0.84, 0.85))
    axes.axhline(0, color=GUIDE, linewidth=0.8, zorder=0)
    axes.axvline(0, color=GUIDE, linewidth=0.8, zorder=0)
    axes.scatter(*z[named:].T, c=hue[named:], cmap=VIRIDIS, s=14, linewidths=0)
    axes.scatter(*z[:named].T, c="white", edgecolors=BLACK, s=130, zorder=3)
    for number, (across, up) in enumerate(z[:named], start=1):
        axes.text(across, up, str(number), ha="center", va="center", fontsize=8, clip_on=True)
    axes.set(xlim=(-extent, extent), ylim=(-extent, extent), aspect="equal")
    axes.set(xlabel=labels[0], ylabel=labels[1])
    axes.spines[["top", "right"]].set_visible(False)
    return figure


@own_look()
def elbo_curves(histories):
    """A Figure with a column for each data set: held-out ELBO and recon above, KL below.

    histories: {name: list of the dicts that `train` yields with x_val}; everything in nats.
    """
    figure = Figure(figsize=(3.6 * len(histories), 4.6), dpi=100, layout="constrained")
    rows = figure.subplots(2, len(histories), sharex="col", squeeze=False)
    for (name, history), above, below in zip(histories.items(), *rows, strict=True):
        epochs = [epoch["epoch"] for epoch in history]
        for axes, term, label, colour, dash in (
            (above, "val_recon", "recon", RED, "--"),
            (above, "val_elbo", "ELBO", BLUE, "-"),
            (below, "val_kl", "KL", GREEN, "-"),
        ):
            axes.plot(
                epochs, [epoch[term] for epoch in history], dash, color=colour, label=label
            )
            axes.legend(frameon=False, loc="lower right")
        above.set_title(name)
        below.set_xlabel("epoch")
        below.set_ylim(bottom=0)
    for row in rows:
        row[0].set_ylabel("nats, held out")
    return figure


@own_look()
def latent_bars(kl, top):
    """A Figure with a bar for each latent's KL (n_z,), in nats, the axis up to `top`; a
    latent of 0 nats has no bar."""
    figure = Figure(figsize=(4.6, 2.6), dpi=80, layout="constrained")
    axes = figure.subplots()
    axes.bar(np.arange(1, len(kl) + 1), kl, color=BLUE)
    axes.set_ylim(0, top)
    axes.set_xlabel("latent")
    axes.set_ylabel("KL (nats)")
    return figure


def rgb(colours):
    """Colours as bytes (N, 3): `colours` is N numbers, shown in VIRIDIS, or N colour names."""
    colours = np.asarray(colours)
    if colours.dtype.kind in "biuf":
        colours = VIRIDIS(Normalize()(colours.astype(float)))
    return np.round(255 * to_rgba_array(colours)[:, :3]).astype(np.uint8)


@own_look()
def latent_map(x, image_shape, z, colours, labels, extent, marks=(), bar=()):
    """A Figure of the points z (N, 2) in their colours, rgb bytes (N, 3), and beside it of the
    pictures x (n * n, height * width) that belong to a grid over the same plane. marks are
    (numeral, x, y, colour): a disc for each class. bar = (low word, high word) are those at the
    ends of the bar of VIRIDIS above the points."""
    figure = Figure(figsize=(7.6, 3.9), dpi=100, layout="constrained")
    points, pictures = figure.subplots(1, 2, sharex=True, sharey=True)
    points.scatter(*z.T, c=colours / 255, s=6, linewidths=0)
    for numeral, across, up, colour in marks:
        disc = dict(boxstyle="circle,pad=0.15", facecolor="white", edgecolor=colour, lw=2)
        points.text(across, up, numeral, ha="center", va="center", fontsize=9, bbox=disc)
    # Half a gap all around, so that each picture's middle lies on its point of the plane.
    whole = np.pad(mosaic(x, image_shape, math.isqrt(len(x))), GAP // 2, constant_values=1)
    around = (-extent, extent, -extent, extent)
    pictures.imshow(whole, cmap="gray", vmin=0, vmax=1, extent=around, aspect="auto")
    for axes in (points, pictures):
        axes.set(xlim=around[:2], ylim=around[2:], box_aspect=1, xlabel=labels[0])
    points.set_ylabel(labels[1])
    if bar:
        above = points.inset_axes((0.3, 1.04, 0.4, 0.04))
        above.imshow(np.linspace(0, 1, 256)[None], cmap=VIRIDIS, aspect="auto")
        above.set_axis_off()
        for across, side, word in ((-0.05, "right", bar[0]), (1.05, "left", bar[1])):
            above.text(across, 0.5, word, ha=side, va="center", transform=above.transAxes)
    return figure


@own_look()
def spreads(groups, label, band=None):
    """A Figure with one lying bar for each of groups {name: numbers (N,)}, the first on top.

    Thin from the 5th to the 95th percentile, thick over the middle half, a dot at the median.
    `band` = (low, high) is shaded behind all of them; all numbers are >= 0.
    """
    figure = Figure(figsize=(7.2, 0.8 + 0.42 * len(groups)), dpi=100, layout="constrained")
    axes = figure.subplots()
    if band is not None:
        axes.axvspan(*band, facecolor=(GREEN, 0.15), edgecolor=GREEN)
    for row, numbers in enumerate(groups.values()):
        low, left, middle, right, high = np.quantile(numbers, (0.05, 0.25, 0.5, 0.75, 0.95))
        axes.hlines(row, low, high, color=BLUE, linewidth=1.5)
        axes.hlines(row, left, right, color=BLUE, linewidth=8)
        axes.plot(middle, row, "o", color="white", markeredgecolor=BLACK)
    axes.set_yticks(range(len(groups)), list(groups))
    axes.set_ylim(len(groups) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.set_xlabel(label)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


# Ten colours for ten classes, dark enough for dots on white. A search chose them to be as
# unlike as can be to readers with and without red or green blindness.
TEN = (
    "#CC44FF", "#999911", "#441122", "#447777", "#0000FF",
    "#881100", "#00AA66", "#112266", "#AA77CC", "#000099",
)  # fmt: skip


@own_look()
def numerals(z, labels, extent=3.0, names=("z1", "z2")):
    """A Figure of the points z (N, 2), each drawn as its label, a digit from 0 to 9, in the
    label's colour of TEN."""
    figure = Figure(figsize=(5.6, 5.4), dpi=100, layout="constrained")
    axes = figure.subplots()
    for digit, colour in enumerate(TEN):
        marker = dict(marker=f"${digit}$", s=28, color=colour, linewidths=0)
        axes.scatter(*z[labels == digit].T, **marker)
    axes.set(xlim=(-extent, extent), ylim=(-extent, extent), aspect="equal")
    axes.set(xlabel=names[0], ylabel=names[1])
    axes.spines[["top", "right"]].set_visible(False)
    return figure


@own_look()
def clouds(groups, labels, extent=3.0):
    """A Figure with a panel for each of groups {name: points z (N, 2)}, all on one scale."""
    figure = Figure(figsize=(2.6 * len(groups), 2.9), dpi=100, layout="constrained")
    panels = figure.subplots(1, len(groups), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (name, z) in zip(panels, groups.items(), strict=True):
        axes.scatter(*np.transpose(z), s=3, color=BLUE, alpha=0.75, linewidths=0)
        axes.set(xlim=(-extent, extent), ylim=(-extent, extent), box_aspect=1)
        axes.set(xlabel=labels[0], title=name)
    panels[0].set_ylabel(labels[1])
    # Once beforehand, or the first layout leaves no room for the titles.
    drawn(figure, figure.draw_without_rendering)
    return figure


@own_look()
def shares(names, groups, goal, label):
    """A Figure of shares, 0 to 1: a row for each of names, a mark for each of groups {name:
    shares (len(names),)}, told apart by colour and shape, and a line at the share `goal`."""
    figure = Figure(figsize=(7.0, 0.9 + 0.25 * len(names)), dpi=100, layout="constrained")
    axes = figure.subplots()
    axes.axvline(goal, color=BLACK, linewidth=1, linestyle=":")
    for (name, x), (colour, _), mark in zip(groups.items(), STYLES, "osD^v", strict=False):
        axes.plot(x, range(len(names)), mark, color=colour, label=name, markersize=5)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel(label)
    axes.grid(axis="y", color=GUIDE, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


@own_look()
def word_table(columns, marked=()):
    """A Figure with a column of words for each of columns {head: words}; the words that are
    in `marked` stand in blue and italics."""
    n = max(len(words) for words in columns.values())
    figure = Figure(figsize=(1.35 * len(columns), 0.3 + 0.25 * n), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, len(columns)), ylim=(n + 0.2, -1.0))
    axes.set_axis_off()
    for across, (head, words) in enumerate(columns.items()):
        axes.text(across + 0.08, -0.5, head, va="center", fontsize=9, weight="bold")
        for down, word in enumerate(words, start=1):
            style = {"color": BLUE, "style": "italic"} if word in marked else {}
            axes.text(across + 0.08, down - 0.5, word, va="center", fontsize=10, **style)
    axes.axhline(0, color=BLACK, linewidth=0.8)
    return figure


@own_look()
def share_bars(groups, label):
    """A Figure with a row for each of groups {name: {measure: share in [0, 1]}}, the first on
    top, and a bar with its number for each measure."""
    measures = list(next(iter(groups.values())))
    figure = Figure(figsize=(7.2, 0.9 + 0.5 * len(groups)), dpi=100, layout="constrained")
    axes, height = figure.subplots(), 0.8 / len(measures)
    for k, (measure, colour) in enumerate(zip(measures, (GREEN, BLUE, RED), strict=False)):
        rows = np.arange(len(groups)) + (k - (len(measures) - 1) / 2) * height
        values = [group[measure] for group in groups.values()]
        bars = axes.barh(rows, values, height, color=colour, label=measure)
        axes.bar_label(bars, [f"{value:.0%}" for value in values], padding=3, fontsize=8)
    axes.set_yticks(range(len(groups)), list(groups))
    axes.set(xlim=(0, 1.12), ylim=(len(groups) - 0.5, -0.5), xlabel=label)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, loc="outside upper right", ncols=len(measures))
    return figure


@own_look()
def latent_panels(panels):
    """A Figure with the sorted KL of each latent, nats, in one panel for each of panels
    {title: kl (n_z,)}."""
    figure = Figure(figsize=(2.3 * len(panels), 2.9), dpi=100, layout="constrained")
    row = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (title, kl) in zip(row, panels.items(), strict=True):
        axes.bar(np.arange(1, len(kl) + 1), np.sort(kl)[::-1], color=BLUE)
        axes.set_title(title, fontsize=9)
        axes.set_xlabel("latent, by its KL")
        axes.spines[["top", "right"]].set_visible(False)
    row[0].set_ylabel("KL (nats)")
    return figure


@own_look()
def letter_columns(probabilities, alphabet, rows=3):
    """A grey picture, in [0, 1], of the likeliest letters of each place, the likeliest on top,
    the darker the more probable, none below 1 %: probabilities (places, len(alphabet)). So the
    top row is the name. The bar below a letter is as long as it is probable. No Figure, which
    takes too long for a slider."""
    side = 34  # pixels to a letter
    sheet = Image.new("L", (side * len(probabilities), side * rows), 255)
    pen, font = ImageDraw.Draw(sheet), ImageFont.truetype(findfont("monospace"), 0.6 * side)
    for place, each in enumerate(probabilities):
        for row, letter in enumerate(np.argsort(-each)[:rows]):
            if each[letter] < 0.01:
                continue
            shade = round(117 * (1 - each[letter] ** 0.5))  # of 255: a contrast of 4.5 or more
            middle = side * (place + 0.5), side * (row + 0.5)
            pen.text(middle, alphabet[letter], fill=shade, font=font, anchor="mm")
            half, bottom = (side / 2 - 3) * each[letter], side * (row + 1) - 2
            bar = middle[0] - half, bottom - 2, middle[0] + half, bottom
            pen.rectangle(bar, fill=shade)
    return np.asarray(sheet) / 255


@own_look()
def response_matrix(came, names):
    """A Figure of the matrix came (n, n), printed and shaded by size: row, the factor asked
    for; column, the factor that came; 1 on the diagonal and 0 elsewhere would be perfect."""
    words = [name.replace("_", " ") for name in names]
    figure = Figure(figsize=(6.4, 4.6), dpi=100, layout="constrained")
    axes = figure.subplots()
    axes.imshow(np.abs(came), cmap="Blues", vmin=0, vmax=2)
    for (row, column), value in np.ndenumerate(came):
        text = f"{value:z.2f}".replace("-", "\N{MINUS SIGN}")
        axes.text(column, row, text, ha="center", va="center", fontsize=9)
    axes.set_xticks(range(len(words)), words, rotation=35, ha="right")
    axes.set_yticks(range(len(words)), words)
    axes.set(xlabel="came", ylabel="asked for")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure
