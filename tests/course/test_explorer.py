"""Explorers that the kernel draws, moved from Python; tests/course/browser.py moves them by
mouse and keys. Those that the browser draws are tested scene by scene."""

import io
import re
import tomllib
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from PIL import Image
from test_bars import outputs

import tinyvae
from tinyvae import images
from tinyvae.course import controls, kernel_explorer
from tinyvae.course.bundle import JS
from tinyvae.course.explorer import explorer as make

# ipywidgets 8.1.3 calls an old name of traitlets.
pytestmark = pytest.mark.filterwarnings("ignore:Deprecated in traitlets:DeprecationWarning")
RAMP = np.linspace(0, 1, 12).reshape(3, 4)


def shade(grey=0.5, eye_spacing=0.0):
    """A picture that each of the two numbers changes."""
    return np.clip(RAMP * grey + eye_spacing * RAMP**2, 0, 1)


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def still(widget):
    """The picture and alt text that the widget leaves where there is no kernel."""
    picture, about = widget.still()
    return picture, about["alt"]


@pytest.fixture
def explorer():
    return make(shade, "A ramp.", grey=(0, 1, 0.5, 0.05), eye_spacing=(-2, 2, 0, 0.25))


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
    explorer = make(lambda t: (shade(t), f"t = {t:.1f}"), "A ramp.", t=(0, 1, 0.2))
    assert explorer.text == explorer.line.text == "t = 0.2"
    explorer.sliders["t"].value = 0.7
    assert explorer.text == "t = 0.7"


def tinted(word="ab", grey=0.5):
    """A picture of the letters' places in the alphabet; digits do not suit it."""
    if not word.isalpha():
        raise ValueError(f"{word!r} is not made of letters")
    return grey * np.array([[ord(letter) - ord("a") for letter in word]]) / 25, word.upper()


def test_a_string_becomes_a_text_box_that_draws_once_the_word_is_whole():
    explorer = make(tinted, "A word.", word="ab", grey=(0, 1, 0.5))
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


def test_a_start_that_does_not_suit_is_an_error_at_once():
    with pytest.raises(ValueError, match="not made of letters"):
        make(tinted, "A word.", word="4711")


def fails(error):
    """A function that draws at 0 and at 2, and raises the error at 1."""

    def draw(t):
        if t == 1:
            raise error
        return shade(t / 2), f"t = {t:g}"

    return draw


@pytest.mark.parametrize(
    "error, line",
    [
        (ValueError("not made of letters"), "not made of letters"),
        (ValueError(), "ValueError"),
        (KeyError("ba"), "KeyError: 'ba'"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (NotImplementedError(), "NotImplementedError"),
        (np.linalg.LinAlgError("Singular matrix"), "LinAlgError: Singular matrix"),
    ],
)
def test_an_error_is_the_line_and_looks_like_one(error, line):
    explorer = make(fails(error), "A ramp.", t=(0, 2, 0, 1))
    before = explorer.picture.value
    explorer.sliders["t"].value = 1
    assert explorer.text == line and explorer.picture.value == before
    assert "tinyvae-failed" in explorer._dom_classes
    explorer.sliders["t"].value = 2
    assert explorer.text == "t = 2" and explorer.picture.value != before
    assert "tinyvae-failed" not in explorer._dom_classes


@pytest.mark.parametrize(
    "bad, line",
    [
        (None, "TypeError: a picture must be of real numbers, got dtype object"),
        (np.full((3, 4), np.nan), "a picture must be finite, got NaN or infinity"),
        ((np.ones((3, 4, 3)), "red"), r"a picture must be grey, of shape \(h, w\), got shape"),
        (np.zeros((0, 4)), "a picture must be grey"),
        ((RAMP, "one", "two"), "ValueError|a picture must|setting an array element"),
    ],
)
def test_a_bad_picture_is_an_error_and_changes_nothing(bad, line):
    explorer = make(lambda t: bad if t else (RAMP, "good"), "A.", t=(0, 1, 0, 1))
    before = explorer.picture.value, explorer.picture.layout.width
    explorer.sliders["t"].value = 1
    assert re.match(line, explorer.text) and "tinyvae-failed" in explorer._dom_classes
    assert (explorer.picture.value, explorer.picture.layout.width) == before


def test_an_interrupt_is_not_swallowed():
    explorer = make(fails(KeyboardInterrupt()), "A ramp.", t=(0, 2, 0, 1))
    with pytest.raises(KeyboardInterrupt):
        explorer.sliders["t"].value = 1


def sized(t):
    return np.ones((3 + int(t), 4))


def turned(t):
    """As many pixels each time, in another shape."""
    return np.ones((3, 4) if t == 0 else (4, 3))


@pytest.mark.parametrize(
    "draw", [fails(ValueError("no")), fails(KeyError("no")), sized, turned, lambda t: sized(-t)]
)
def test_sliders_on_which_no_row_can_be_drawn_have_the_start_as_their_still(draw):
    explorer = make(draw, "A ramp.", t=(0, 2, 0, 1))
    data, alt = still(explorer)  # and is live
    start = np.kron(explorer.drawn()[0], np.ones((93, 93)))
    np.testing.assert_array_equal(pixels(data), np.round(255 * start))
    assert alt == f"A ramp. {explorer.text}".strip()


OUTPUTS = """
import numpy as np
from tinyvae.course.explorer import explorer
answers = iter([np.ones((3, 4))] * {answers})
explorer(lambda t: next(answers, None), "A ramp.", t=(0, 1, 0))
"""


@pytest.mark.parametrize(("answers", "shown"), [(99, ["image/png"]), (1, [])])
def test_in_a_notebook_the_widget_stands_between_its_still_and_a_note(answers, shown):
    """A still that fails costs the still alone. What is seen when: tests/course/browser.py."""
    made = outputs(OUTPUTS.format(answers=answers))
    kinds = [kind for output in made for kind in output.data if kind != "text/plain"]
    assert kinds == [*shown, "application/vnd.jupyter.widget-view+json", "text/html"]


@pytest.mark.parametrize("trouble", [False, True])
def test_no_pyplot_figure_stays_open(trouble):
    mine = pyplot.figure()
    before = pyplot.get_fignums()

    def draw(t):
        figure, axes = pyplot.subplots()
        pyplot.figure()
        axes.plot([0, t])
        if trouble and t > 0.6:
            raise ValueError("too far")
        return figure

    explorer = make(draw, "A line.", t=(0, 1, 0.5, 0.1))
    for t in (0.6, 0.7, 0.8):
        explorer.sliders["t"].value = t
    still(explorer)
    assert pyplot.get_fignums() == before
    pyplot.close(mine)


@pytest.mark.parametrize(
    "spec, kind",
    [
        ((0, 9, 3, 1), int),
        ((np.int64(0), 8, 2, 2), int),
        ((0, 1000, 0), int),  # by steps of 20
        ((0, 9, 3), float),  # by steps of 0.2
        ((0, 9, 3, 1.0), float),
        ((0.0, 9, 3, 1), float),
        ((-1, 1, 0), float),
    ],
)
def test_a_slider_of_whole_numbers_gives_ints(spec, kind):
    seen = []

    def draw(face):
        seen.append(face)
        return RAMP

    explorer = make(draw, "A face.", face=spec)
    explorer.sliders["face"].value = spec[1]
    still(explorer)
    assert {type(face) for face in seen} == {kind} and seen[1] == spec[1]
    assert len(seen) > 5


def test_reset_leads_back_to_the_start():
    explorer = make(tinted, "A word.", word="ab", grey=(0, 1, 0.5))
    before = explorer.picture.value, explorer.text
    explorer.sliders["word"].value, explorer.sliders["grey"].value = "4711", 0.9
    button = explorer.children[0].children[-1]
    assert button.description == "Reset"
    button.click()
    assert (explorer.picture.value, explorer.text) == before
    assert explorer.values == explorer.start == {"word": "ab", "grey": 0.5}


def test_a_line_may_be_a_number():
    assert make(lambda t: (RAMP, t), "A ramp.", t=(0, 1, 0.5)).text == "0.5"


def test_the_still_picture_keeps_the_word_and_moves_the_sliders():
    explorer = make(tinted, "A word.", word="ab", grey=(0, 1, 0.5))
    explorer.sliders["word"].value = "xyz"
    rows = np.array([tinted("ab", grey)[0].ravel() for grey in (0, 0.25, 0.5, 0.75, 1)])
    grid = images.image_grid(rows, (1, 2), 5, row_labels=["grey\n0 to 1"])
    assert still(explorer)[0] == images.png(grid, 256)
    alone = make(tinted, "A word.", word="ab")
    data, alt = still(alone)
    word = np.kron(tinted("ab")[0], np.ones((280, 280)))  # as large as it is when live
    np.testing.assert_array_equal(pixels(data), np.round(255 * word))
    assert alt == "A word. AB"
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
    assert data == images.png(images.image_grid(rows, (3, 4), 5, row_labels=labels), 256)


def test_the_still_picture_shows_the_start_wherever_the_sliders_are(explorer):
    first = still(explorer)
    explorer.sliders["grey"].value = 0.9
    assert still(explorer) == first


def test_a_figure_is_shown_as_matplotlib_draws_it():
    def curve(slope):
        figure = Figure(figsize=(2, 1), dpi=50)
        figure.add_axes((0, 0, 1, 1)).plot([0, 1], [0, slope])
        return figure, f"slope {slope:g}"

    explorer = make(curve, "A line.", slope=(0, 2, 1, 0.5))
    assert explorer.picture.value == images.png(curve(1)[0])
    assert explorer.picture.layout.width == "100px"  # of 200 pixels: crisp on a fine screen
    about = explorer.still()[1]
    assert (about["width"], about["height"]) == (100, 50)
    assert still(explorer) == (images.png(curve(1)[0], 256), "A line. slope 1")


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
    slider = kernel_explorer.widget(controls.slider(size, spec))
    assert (slider.value, slider.step, slider.readout_format) == (start, step, form)
    assert (slider.min, slider.max) == spec[:2] and slider.continuous_update


@pytest.mark.parametrize("spec", [3, (0, 1), (1, 0, 0), (0, 0, 0), (0, 1, 2), (0, 1, 0, -1),
                                  (0, 1, 0, 2), (0, np.inf, 0), (0, 1, np.nan)])  # fmt: skip
def test_a_bad_slider_is_refused_by_name(spec):
    with pytest.raises(ValueError, match="smile"):
        make(shade, "A ramp.", smile=spec)


def test_no_slider_or_no_picture_is_refused():
    with pytest.raises(ValueError, match="at least one slider"):
        make(shade, "A ramp.")
    for bad in (np.zeros(4), np.full((2, 2), np.nan)):
        with pytest.raises(ValueError, match="picture"):
            make(lambda t, bad=bad: bad, "Nothing.", t=(0, 1, 0))


def test_a_large_mosaic_stands_for_itself():
    mosaic = np.linspace(0, 1, 60 * 180).reshape(60, 180)
    one = make(lambda a: (mosaic, "the line"), alt="A mosaic.", a=(0, 1, 0.5))
    data, alt = still(one)
    shown = pixels(data) / 255
    assert shown.shape == (180, 540) and alt == "A mosaic. the line"
    assert np.abs(shown[::3, ::3] - mosaic).max() < 0.01


def test_a_value_beside_a_step_is_put_on_it():
    """The browser's arithmetic: face 68 of (0, 199) by arrow keys came as 67.99999999999999."""
    seen = []

    def draw(face):
        seen.append(face)
        return np.zeros((4, 4))

    board = make(draw, "A face.", face=(0, 199, 3, 1))
    board.sliders["face"].value = 67.99999999999999
    assert seen == [3, 68] and int(seen[-1]) == 68


def test_the_scripts_come_with_the_package():
    pyproject = Path(tinyvae.__file__).parents[1] / "pyproject.toml"
    data = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["setuptools"][
        "package-data"
    ]
    shipped = {path for glob in data["tinyvae.course"] for path in JS.parent.glob(glob)}
    named = {JS / "kernel_line.js", JS / "explorer.js", JS / "explorer.css"}
    assert named < set(JS.iterdir()) <= shipped
