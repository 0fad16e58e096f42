"""The explorers, moved from Python; tests/course/browser.py moves them by mouse and keys."""

import base64
import io
import tomllib
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import tinyvae
from tinyvae import images
from tinyvae.course import explorer as widgets

# ipywidgets 8.1.3 calls an old name of traitlets.
pytestmark = pytest.mark.filterwarnings("ignore:Deprecated in traitlets:DeprecationWarning")
RAMP = np.linspace(0, 1, 12).reshape(3, 4)


def shade(grey=0.5, eye_spacing=0.0):
    """A picture that each of the two numbers changes."""
    return np.clip(RAMP * grey + eye_spacing * RAMP**2, 0, 1)


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def still(widget):
    """The picture and alt text in the widget's mime bundle."""
    data, metadata = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data  # in a notebook it is live
    return base64.b64decode(data["image/png"]), metadata["image/png"]["alt"]


@pytest.fixture
def explorer():
    return widgets.explorer(
        shade, "A ramp.", grey=(0, 1, 0.5, 0.05), eye_spacing=(-2, 2, 0, 0.25)
    )


def test_a_moved_slider_shows_what_the_function_draws(explorer):
    before = explorer.picture.value
    np.testing.assert_array_equal(pixels(before), np.round(255 * shade(0.5, 0)))
    explorer.sliders["eye_spacing"].value = 1.5
    assert explorer.picture.value != before
    np.testing.assert_array_equal(
        pixels(explorer.picture.value), np.round(255 * shade(0.5, 1.5))
    )
    explorer.sliders["eye_spacing"].value = 0
    assert explorer.picture.value == before


def test_the_line_of_text_follows():
    explorer = widgets.explorer(lambda t: (shade(t), f"t = {t:.1f}"), "A ramp.", t=(0, 1, 0.2))
    assert explorer.text == explorer.line.text == "t = 0.2"
    explorer.sliders["t"].value = 0.7
    assert explorer.text == "t = 0.7"


def tinted(word="ab", grey=0.5):
    """A picture of the letters' places in the alphabet; digits do not suit it."""
    if not word.isalpha():
        raise ValueError(f"{word!r} is not made of letters")
    return grey * np.array([[ord(letter) - ord("a") for letter in word]]) / 25, word.upper()


def test_a_string_becomes_a_text_box_that_draws_once_the_word_is_whole():
    explorer = widgets.explorer(tinted, "A word.", word="ab", grey=(0, 1, 0.5))
    box = explorer.sliders["word"]
    assert isinstance(box, ipywidgets.Text) and box.value == "ab"
    assert not box.continuous_update  # on Enter, not at each letter
    before = explorer.picture.value
    box.value = "xyz"
    assert explorer.text == "XYZ" and explorer.picture.value != before
    np.testing.assert_array_equal(
        pixels(explorer.picture.value), np.round(255 * tinted("xyz")[0])
    )
    explorer.sliders["grey"].value = 1  # the slider beside it goes on with the new word
    np.testing.assert_array_equal(
        pixels(explorer.picture.value), np.round(255 * tinted("xyz", 1)[0])
    )


def test_what_does_not_suit_is_said_under_the_last_picture():
    explorer = widgets.explorer(tinted, "A word.", word="ab")
    before = explorer.picture.value
    for bad in ("4711", ""):
        explorer.sliders["word"].value = bad
        assert explorer.text == f"{bad!r} is not made of letters"
        assert explorer.picture.value == before
    explorer.sliders["word"].value = "ba"
    assert explorer.text == "BA" and explorer.picture.value != before


def test_a_start_that_does_not_suit_is_an_error_at_once():
    with pytest.raises(ValueError, match="not made of letters"):
        widgets.explorer(tinted, "A word.", word="4711")


def test_another_error_than_a_bad_value_is_not_hidden():
    explorer = widgets.explorer(lambda word: (shade(), {"ab": "AB"}[word]), "A.", word="ab")
    with pytest.raises(KeyError):
        explorer.sliders["word"].value = "ba"


def test_the_still_picture_keeps_the_word_and_moves_the_sliders():
    explorer = widgets.explorer(tinted, "A word.", word="ab", grey=(0, 1, 0.5))
    explorer.sliders["word"].value = "xyz"
    rows = np.array([tinted("ab", grey)[0].ravel() for grey in (0, 0.25, 0.5, 0.75, 1)])
    grid = images.image_grid(rows, (1, 2), 5, row_labels=["grey\n0 to 1"])
    assert still(explorer)[0] == images.png(grid)
    alone = widgets.explorer(tinted, "A word.", word="ab")
    assert still(alone) == (widgets.png(tinted("ab")[0]), "A word. AB")
    assert repr(alone) == "<Explorer: word>"


def test_names_become_labels(explorer):
    assert [s.description for s in explorer.sliders.values()] == ["grey", "eye spacing"]
    assert repr(explorer) == "<Explorer: grey, eye spacing>"
    assert explorer.line.alt == "A ramp."  # the browser gives it to the picture


def test_the_still_picture_is_a_row_of_five_for_each_slider(explorer):
    data, alt = still(explorer)
    assert alt.startswith("A ramp.") and "eye spacing from -2 to 2" in alt
    values = [{"grey": g} for g in (0, 0.25, 0.5, 0.75, 1)]
    values += [{"eye_spacing": e} for e in (-2, -1, 0, 1, 2)]
    rows = np.array([shade(**value).ravel() for value in values])
    labels = ["grey\n0 to 1", "eye spacing\n-2 to 2"]
    assert data == images.png(images.image_grid(rows, (3, 4), 5, row_labels=labels))


def test_the_still_picture_shows_the_start_wherever_the_sliders_are(explorer):
    first = still(explorer)
    explorer.sliders["grey"].value = 0.9
    assert still(explorer) == first


def test_a_figure_is_shown_as_matplotlib_draws_it():
    def curve(slope):
        figure = Figure(figsize=(2, 1), dpi=50)
        figure.add_axes((0, 0, 1, 1)).plot([0, 1], [0, slope])
        return figure, f"slope {slope:g}"

    explorer = widgets.explorer(curve, "A line.", slope=(0, 2, 1, 0.5))
    assert explorer.picture.value == images.png(curve(1)[0])
    assert still(explorer) == (images.png(curve(1)[0]), "A line. slope 1")


@pytest.mark.parametrize(
    "size, spec, start, step, form",
    [
        ("eight", (-1, 1, 0), 0, 0.05, ".2f"),
        ("wide", (-3, 3, 0.5), 0.5, 0.1, ".1f"),
        ("large", (0, 1000, 0), 0, 20, ".0f"),
        ("whole", (0, 9, 3, 1), 3, 1, ".0f"),
        ("between two steps", (-3, 3, 0.5437), 0.5, 0.1, ".1f"),
    ],
)
def test_steps_are_round_numbers_and_the_start_is_on_one(size, spec, start, step, form):
    slider = widgets.slider(size, spec)
    assert (slider.value, slider.step, slider.readout_format) == (start, step, form)
    assert (slider.min, slider.max) == spec[:2] and slider.continuous_update


@pytest.mark.parametrize("spec", [3, (0, 1), (1, 0, 0), (0, 0, 0), (0, 1, 2), (0, 1, 0, -1),
                                  (0, 1, 0, 2), (0, np.inf, 0), (0, 1, np.nan)])  # fmt: skip
def test_a_bad_slider_is_refused_by_name(spec):
    with pytest.raises(ValueError, match="smile"):
        widgets.explorer(shade, "A ramp.", smile=spec)


def test_no_slider_or_no_picture_is_refused():
    with pytest.raises(ValueError, match="at least one slider"):
        widgets.explorer(shade, "A ramp.")
    for bad in (np.zeros(4), np.full((2, 2), np.nan)):
        with pytest.raises(ValueError, match="picture"):
            widgets.explorer(lambda t, bad=bad: bad, "Nothing.", t=(0, 1, 0))


def test_a_large_mosaic_stands_for_itself():
    mosaic = np.linspace(0, 1, 60 * 180).reshape(60, 180)
    one = widgets.explorer(lambda a: (mosaic, "the line"), alt="A mosaic.", a=(0, 1, 0.5))
    still, alt = one.still()
    shown = np.asarray(Image.open(io.BytesIO(still)), float) / 255
    assert shown.shape == (180, 540) and alt == "A mosaic. the line"
    assert np.abs(shown[::3, ::3] - mosaic).max() < 0.01


def test_a_value_beside_a_step_is_put_on_it():
    """The browser's arithmetic: face 68 of (0, 199) by arrow keys came as 67.99999999999999."""
    seen = []

    def draw(face):
        seen.append(face)
        return np.zeros((4, 4))

    board = widgets.explorer(draw, "A face.", face=(0, 199, 3, 1))
    board.sliders["face"].value = 67.99999999999999
    assert seen == [3, 68] and int(seen[-1]) == 68


def test_the_scripts_come_with_the_package():
    pyproject = Path(tinyvae.__file__).parents[1] / "pyproject.toml"
    data = tomllib.loads(pyproject.read_text())["tool"]["setuptools"]["package-data"]
    course = widgets.JS.parent
    shipped = {path for glob in data["tinyvae.course"] for path in course.glob(glob)}
    assert (
        {widgets.JS / "line.js", widgets.JS / "plane.js"} < set(widgets.JS.iterdir()) <= shipped
    )
