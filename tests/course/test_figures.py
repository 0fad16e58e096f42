"""Figures and widgets can be seen: contrasts on white as WCAG 2 counts them, 4.5 for text and
3 for lines, dots and bars. Lines in figures.GUIDE only lead the eye and are not counted."""

import functools
import io
import re

import matplotlib.axes
import matplotlib.collections
import matplotlib.lines
import matplotlib.patches
import matplotlib.style
import matplotlib.text
import numpy as np
import pytest
from matplotlib.colors import same_color, to_rgba, to_rgba_array
from PIL import Image

from tinyvae import images
from tinyvae.course import figures
from tinyvae.course.bundle import JS

NUMBERS = np.linspace(0, 1, 12)
PLANE = np.stack([NUMBERS, NUMBERS[::-1]], axis=1)
PICTURES = np.ones((4, 6)) * 0.5
HISTORY = [{"epoch": i, "val_recon": i, "val_elbo": i - 1, "val_kl": 1} for i in (1, 2)]
DRAWN = vars(images) | vars(figures)
SAMPLES = {
    "image_grid": lambda f: f(PICTURES, (2, 3), 2, "title", ["a", "b"], ["c", "d"]),
    "curves": lambda f: f(
        NUMBERS, {name: NUMBERS for name in "abcde"}, ("x", "y"), {"a": ([0], [1])}, "b"
    ),
    "cloud": lambda f: f(PLANE, NUMBERS, named=3),
    "elbo_curves": lambda f: f({"faces": HISTORY}),
    "latent_bars": lambda f: f(NUMBERS, 1),
    "latent_map": lambda f: f(
        PICTURES,
        (2, 3),
        PLANE,
        figures.rgb(NUMBERS),
        ("a", "b"),
        1,
        [("7", 0, 0, "#000099")],
        "lh",
    ),
    "spreads": lambda f: f({"a": NUMBERS}, "x", band=(0.2, 0.8)),
    "numerals": lambda f: f(PLANE, np.arange(12) % 10),
    "clouds": lambda f: f({"a": PLANE}, ("x", "y")),
    "shares": lambda f: f("ab", {name: [0.5, 1] for name in "cdefg"}, 0.9, "share"),
    "word_table": lambda f: f({"head": ["anna", "emma"]}, marked=["anna"]),
    "share_bars": lambda f: f({"a": {"x": 0.1, "y": 0.5, "z": 1}}, "share"),
    "latent_panels": lambda f: f({"a": NUMBERS}),
    "response_matrix": lambda f: f(
        np.array([[1.25, -0.5], [0, -1.25]]), ["hair", "face_width"]
    ),
}


STYLES = {
    "dark": "dark_background",
    "solarized": "Solarize_Light2",
    "odd": {
        "font.size": 20, "axes.titlesize": 30,
        "axes.prop_cycle": matplotlib.cycler(color=["white"]), "lines.linewidth": 0.1,
        "text.color": "white", "axes.labelcolor": "white", "xtick.labelsize": 30,
        "savefig.facecolor": "black", "savefig.dpi": 20, "savefig.bbox": "tight",
        "figure.facecolor": "black", "image.cmap": "jet", "image.origin": "lower",
        "lines.marker": "o", "axes.grid": True, "axes.unicode_minus": False,
    },
}  # fmt: skip


@functools.cache
def usual(name):
    """The figure's PNG in matplotlib's own style."""
    return images.png(SAMPLES[name](DRAWN[name]))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("style", STYLES)
def test_every_figure_looks_the_same_in_any_style(name, style):
    expected = usual(name)
    with matplotlib.style.context(STYLES[style]):
        before = dict(matplotlib.rcParams)
        assert images.png(SAMPLES[name](DRAWN[name])) == expected
        assert dict(matplotlib.rcParams) == before


def test_the_readers_font_is_kept():
    """It may be the only one that has the letters of a label."""
    with matplotlib.rc_context({"font.family": ["DejaVu Serif"]}):
        figure = SAMPLES["curves"](figures.curves)
    assert figure.axes[0].xaxis.label.get_fontname() == "DejaVu Serif"


def test_a_readers_own_figure_keeps_its_colours():
    with matplotlib.style.context("dark_background"):
        figure = matplotlib.figure.Figure(figsize=(1, 1), facecolor="black")
        data = images.png(figure)
    assert np.asarray(Image.open(io.BytesIO(data)).convert("L")).max() == 0


def is_cut(figure):
    """Whether something of the Figure, such as a label, reaches over its edge."""
    figure.draw_without_rendering()
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    return min(box.x0, box.y0, width - box.x1, height - box.y1) < -0.01


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_is_cut(name):
    assert not is_cut(SAMPLES[name](DRAWN[name]))


def test_a_cut_word_would_be_noticed():
    figure = figures.latent_bars(NUMBERS, 1)
    figure.text(0.95, 0.5, "too far right")
    assert is_cut(figure)


def linear(rgb):
    """sRGB colours (N, 3) as amounts of light."""
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(colour, behind="white"):
    """That of a colour, laid over an opaque one."""
    *rgb, alpha = to_rgba(colour)
    behind = np.array(to_rgba(behind)[:3])
    pair = np.array([alpha * np.array(rgb) + (1 - alpha) * behind, behind])
    pair = linear(pair) @ [0.2126, 0.7152, 0.0722]
    return (pair.max() + 0.05) / (pair.min() + 0.05)


def behind(text):
    """White, or the shade of the picture of which a text is the caption of one pixel."""
    if text.axes and text.axes.images and text.get_transform() == text.axes.transData:
        image, (x, y) = text.axes.images[0], text.get_position()
        return image.to_rgba(image.get_array())[y, x]
    return "white"


def colours(artist):
    """Lists of an artist's colours; in each, one must stand out: the inside or its edge."""
    if isinstance(artist, matplotlib.lines.Line2D):
        line = artist.get_linestyle() not in ("None", "none")
        marker = artist.get_marker() not in ("None", "none", "")
        edges = [artist.get_markerfacecolor(), artist.get_markeredgecolor()]
        return [[artist.get_color()]] * line + [edges] * marker
    if isinstance(artist, matplotlib.collections.PolyCollection):
        return []  # an area is bounded by its curve
    if isinstance(artist, matplotlib.collections.Collection):
        faces, edges = artist.get_facecolors(), artist.get_edgecolors()
        if not len(edges):
            return [[face] for face in faces]
        return [[face, edges[0]] for face in faces] or [[edge] for edge in edges]
    return [[artist.get_facecolor(), artist.get_edgecolor()]]


KINDS = (
    matplotlib.lines.Line2D,
    matplotlib.collections.Collection,
    matplotlib.patches.Rectangle,
)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_figure_stands_out_from_white(name):
    figure = SAMPLES[name](DRAWN[name])
    figure.draw_without_rendering()
    papers = [figure.patch, *(axes.patch for axes in figure.findobj(matplotlib.axes.Axes))]
    papers += [axes.get_legend().get_frame() for axes in figure.axes if axes.get_legend()]
    papers += [legend.get_frame() for legend in figure.legends]
    seen = 0
    for text in figure.findobj(matplotlib.text.Text):
        if text.get_text() and text.get_visible():
            assert contrast(text.get_color(), behind(text)) >= 4.5, text
            seen += 1
    for artist in figure.findobj(lambda one: isinstance(one, KINDS) and one not in papers):
        for some in colours(artist) if artist.get_visible() else []:
            if not any(same_color(one, figures.GUIDE) for one in some):
                assert max(contrast(one) for one in some) >= 3, artist
                seen += 1
    assert seen


def test_letters_stand_out_and_the_likeliest_are_darkest():
    picture = figures.letter_columns(np.array([[0.9, 0.02, 0.08], [0.995, 0.005, 0]]), "MMM")
    height, width = np.shape(picture)
    letters = picture.reshape(3, height // 3, 2, width // 2)
    cells = letters.min(axis=(1, 3))  # the darkest pixel of each
    assert (np.diff(cells[:, 0]) > 0).all() and (cells[1:, 1] == 1).all()
    assert contrast(str(cells[2, 0])) >= 4.5


def test_no_figure_is_missing():
    drawn = {name for name, one in DRAWN.items() if (one.__doc__ or "")[:8] == "A Figure"}
    assert drawn == set(SAMPLES)


def test_pale_colours_would_be_noticed():
    assert max(map(contrast, ["#E69F00", "#56B4E9", "#959595", (figures.BLUE, 0.5)])) < 3
    assert contrast("#777777") < 4.5


def test_contrast_is_what_wcag_says():
    assert contrast("black") == pytest.approx(21)
    assert contrast("#767676") == pytest.approx(4.54, abs=0.005)


def test_the_map_stands_out_from_white():
    script = (JS / "plane.js").read_text(encoding="utf-8")
    words = set(re.findall(r'fillStyle(?: =|:) "([^"]+)"', script)) - {"white"}
    lines = set(re.findall(r'strokeStyle(?: =|:) "([^"]+)"', script)) - {figures.GUIDE}
    point = re.findall(r'\["([^"]+)", \d\]', script)
    style = (JS / "explorer.css").read_text(encoding="utf-8")
    assert "outline: 3px solid var(--link)" in style
    edge = re.search(r"--link: (#\w+)", style)[1]  # in the light theme of a notebook
    assert len(words) == len(lines) == 2
    assert min(map(contrast, words)) >= 4.5
    assert min(map(contrast, [*lines, edge])) >= 3
    assert point[1] == "white" and min(contrast(point[0]), contrast(point[2])) >= 3
    for some in (figures.rgb(NUMBERS), figures.rgb(figures.TEN)):
        assert min(contrast(one / 255) for one in some) >= 3
    assert "globalAlpha" not in script  # or the dots would be paler than their colours


# What red-blind and green-blind readers see, in linear RGB: Machado, Oliveira & Fernandes 2009.
EYES = {
    "usual": np.eye(3),
    "red-blind": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                  [-0.003882, -0.048116, 1.051998]],
    "green-blind": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                    [-0.011820, 0.042940, 0.968881]],
}  # fmt: skip


def least_distance(colours, eye):
    """The least distance in CIELAB between two of the colours, as that eye sees them."""
    rgb = np.clip(linear(to_rgba_array(colours)[:, :3]) @ np.transpose(EYES[eye]), 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = rgb @ np.transpose(to_xyz) / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116).T
    lab = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)
    apart = np.linalg.norm(lab[:, None] - lab, axis=-1)
    return apart[~np.eye(len(apart), dtype=bool)].min()


@pytest.mark.parametrize("eye", EYES)
def test_the_ten_colours_are_told_apart(eye):
    assert least_distance(figures.TEN, eye) > 29
    muted = ["#332288", "#117733", "#882255", "#44AA99", "#88CCEE", "#DDCC77", "#999933",
             "#CC6677", "#AA4499", "#999999"]  # fmt: skip
    assert least_distance(muted, eye) < 23  # Paul Tol's, with grey
