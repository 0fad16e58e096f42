"""museum.html: each bug is planted where it says, and does what the page says of it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from engine import Engine
from opened import PICTURE, line, live, move, opened, until
from test_engine import needs_browser, needs_node

from tinyvae.course.bundle import script
from tinyvae.course.pages import museum_page as made

EPOCHS = 20
BUGS = {bug.name: bug for bug in made.BUGS}
LOG_2PI = np.log(2 * np.pi)


@pytest.fixture(scope="module")
def page():
    return made.museum_page()


@pytest.fixture(scope="module")
def answers(page, tmp_path_factory):
    """{name: what the two programs of each bug answer} after so many epochs."""
    folder = Engine(tmp_path_factory.mktemp("museum")).folder
    shutil.copy(Path(__file__).with_name("museum.js"), folder)
    (folder / "data.json").write_text(json.dumps(page.data), encoding="utf-8")
    command = ["node", folder / "museum.js", folder / "data.json", str(EPOCHS)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return {answer["name"]: answer for answer in json.loads(run.stdout)}


def test_each_edit_has_one_place_in_the_engine():
    text = script(*made.ENGINE)
    for edit in (edit for bug in made.BUGS for edit in bug.edits):
        assert text.count(edit.old) == 1, edit.old
    assert len(BUGS) == len(made.BUGS) >= 8


@needs_node
@pytest.mark.parametrize("name", BUGS)
def test_a_gradient_check_objects_where_the_page_says_so(answers, name):
    right, wrong = answers[name]["slope"]
    assert right < 1e-7
    assert (wrong > 1e-4) == BUGS[name].gradient


@needs_node
@pytest.mark.parametrize("name", BUGS)
def test_the_wrong_number_differs_from_the_right(answers, name):
    answer = answers[name]
    assert abs(answer["right"] - answer["wrong"]) > 0.1


@needs_node
def test_each_bug_does_what_the_page_says(answers):
    worth = {name: (a["right"], a["wrong"], a.get("truth")) for name, a in answers.items()}
    assert -1 < worth["a mean where a sum belongs"][1] < 0
    assert answers["a mean where a sum belongs"]["sigma"] == pytest.approx(1, abs=0.02)
    for name in ("sigma = exp(logvar), the variance for sigma", "samples at half of sigma"):
        right, wrong, truth = worth[name]
        assert wrong > truth + 0.5 and truth < right
    assert answers["another eps in the backward pass"]["sigma"] > 0.9
    right, wrong, truth = worth["log 2 pi counted D times"]
    assert right - wrong == pytest.approx(64 * 63 / 2 * LOG_2PI)
    assert truth == right
    right, wrong, truth = worth["log 2 pi left out"]
    assert wrong - right == pytest.approx(64 / 2 * LOG_2PI)
    assert truth == right
    right, wrong, truth = worth["a KLD that holds -KL"]
    assert wrong > right + 100 and truth < right - 100
    right, wrong, _ = worth["logits taken for probabilities"]
    assert abs(wrong - right) > 1
    right, wrong, _ = worth["the aggregated posterior without Var[mu]"]
    assert wrong < right - 1


@needs_node
def test_adams_steps_are_as_the_page_says(answers):
    steps = np.array(answers["Adam's correction without the power t"]["steps"])
    assert steps[0] == pytest.approx(1) and 0.3 < steps[-1] < 0.9
    steps = np.array(answers["Adam without its bias correction"]["steps"])
    assert 3 < steps[0] < 3.3 and steps.max() < 7
    steps = np.array(answers["log 2 pi left out"]["steps"])  # its Adam is the true one
    assert np.abs(steps - 1).max() < 1e-6


def numbers(shown):
    found = re.search(r"right (-?\d+\.\d+), wrong (-?\d+\.\d+) nats", line(shown))
    return [float(number) for number in found.groups()]


@needs_browser
def test_the_first_bug_is_parted_at_once_and_trains_to_its_end(page):
    with opened(page) as shown:
        live(shown)
        shown.click(".tinyvae-start")
        shown.wait_for_timeout(4000)
        right, wrong = numbers(shown)
        assert abs(right - wrong) > 0.5 and made.BUGS[0].name in line(shown)
        until(shown, f"Epoch {made.SETTINGS['epochs']}.0", 90)
        assert numbers(shown)[0] > right - 0.5
        assert shown.inner_text(".tinyvae-start") == "Train both"


@needs_browser
def test_each_exhibit_stands_alone_and_its_line_is_whole(page):
    with opened(page) as shown:
        canvas = live(shown)
        pictures = {canvas.evaluate(PICTURE)}
        shown.click(".tinyvae-start")
        for i, bug in enumerate(made.BUGS):
            move(shown.locator("#bug"), str(i))
            shown.wait_for_timeout(1000)
            assert bug.name in line(shown)
            assert not re.search("NaN|undefined|Infinity|Error", line(shown))
            assert len(numbers(shown)) == 2
            visible = shown.locator(".exhibit:visible h2").all_inner_texts()
            assert visible == [bug.name[0].upper() + bug.name[1:]]
            pictures.add(canvas.evaluate(PICTURE))
        assert len(pictures) == len(made.BUGS) + 1


@needs_browser
@pytest.mark.parametrize("control", ["bug", "seed"])
def test_three_arrows_change_the_picture(page, control):
    with opened(page) as shown:
        canvas = live(shown)
        before = canvas.evaluate(PICTURE)
        shown.focus(f"#{control}")
        for _ in range(3):
            shown.keyboard.press("ArrowRight")
        assert canvas.evaluate(PICTURE) != before


@needs_browser
def test_without_scripts_every_exhibit_can_be_read(page):
    with opened(page, java_script_enabled=False) as shown:
        assert shown.locator(".exhibit:visible").count() == len(made.BUGS)
        assert shown.is_visible(".tinyvae-explorer img[alt]")
