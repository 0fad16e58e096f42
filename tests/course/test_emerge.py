"""Words become faces in the browser as in Python: the same noise, pictures and reading."""

import numpy as np
import pytest
from from_disk import needs_browser
from scenes import PIXELS, half, shown

import tinyvae as tv
from tinyvae.course.explorer import explorer
from tinyvae.course.scenes.emerge import Emerge

PROMPT = "a smiling face with wide-set eyes and short hair"
STEPS = 0, 4, 8, 12
CELL, TOP, SIDE = 60, 40, 28  # px from face to face, above the first row; pixels of a face
KEY = """async box => {
  const canvas = box.querySelector(".tinyvae-picture"), knob = box.querySelector("input");
  const line = box.querySelector(".tinyvae-line"), before = canvas.toDataURL();
  knob.stepUp();
  knob.dispatchEvent(new Event("input"));
  return [line.textContent, canvas.toDataURL() !== before];
}"""


@pytest.fixture(scope="module")
def scene():
    """A chain of twelve steps that has learned nothing, so it listens to every word."""
    rng = np.random.default_rng(0)
    diffusion = half(tv.Diffusion(12, 16, (24,), tv.log_snr_schedule(12, 4, -4), rng))
    diffusion.params.vector[:] = (
        0.2 * rng.standard_normal(diffusion.params.vector.size)
    ).astype(np.float16)
    m, s = 0.1 * rng.standard_normal(12), rng.uniform(0.5, 1, 12)
    return Emerge(diffusion, half(tv.load_face_vae()), m, s, tv.face_reader(300), STEPS)


@pytest.fixture(scope="module")
def emerging(scene):
    return explorer(scene, "Faces.", guidance=(0, 6, 1, 0.5), prompt=PROMPT)


def settled(browser):
    """(pictures (n, len(STEPS), 784), line) once all of it is painted."""
    seen = "document.querySelector('.tinyvae-line').textContent.startsWith('the reader')"
    browser.page.wait_for_function(seen)
    _, _, pixels = shape = browser.page.locator(".tinyvae-picture").evaluate(PIXELS)
    sheet = np.reshape(pixels, shape[:2]) / 255
    faces = [
        sheet[top : top + 2 * SIDE : 2, left : left + 2 * SIDE : 2].ravel()
        for top in range(TOP, TOP + 4 * CELL, CELL)
        for left in range(0, len(STEPS) * CELL, CELL)
    ]
    return np.reshape(faces, (4, len(STEPS), SIDE**2)), browser.line


@needs_browser
def test_the_browser_paints_and_says_what_python_does(scene, emerging):
    said = set()
    with shown(emerging) as browser:
        for guidance, prompt in (
            (1, PROMPT), (0, PROMPT), (6, "serious, round"), (2.5, ""),
            (0, "a face"), (1.5, "Thin; BIG eyes, low brows, dark skin and a narrow mouth"),
        ):  # fmt: skip
            browser.at(guidance, prompt)
            faces, line = settled(browser)
            film = np.clip(scene.film(guidance, prompt), 0, 1)
            assert np.abs(faces - film).max() <= 1.01 / 255, (guidance, prompt)
            assert line == emerging.draw(guidance=guidance, prompt=prompt)[1]
            said.add(line)
    assert len(said) > 3


def ask(browser, prompt):
    box = browser.box.locator("input[type=text]")
    box.fill(prompt)
    box.press("Enter")


@needs_browser
@pytest.mark.parametrize("prompt", ["a purple face", "smiling, serious"])
def test_a_prompt_that_cannot_be_read_leaves_the_picture(prompt, emerging):
    with pytest.raises(ValueError, match="prompt") as error:
        tv.read_prompt(prompt)
    with shown(emerging) as browser:
        before = settled(browser)
        picture, height = browser.picture, browser.box.bounding_box()["height"]
        ask(browser, prompt)
        assert browser.line == str(error.value) and browser.picture == picture
        assert browser.box.evaluate("box => box.classList.contains('tinyvae-failed')")
        ask(browser, PROMPT)
        after = settled(browser)
        assert after[1] == before[1] and np.array_equal(after[0], before[0])
        assert browser.box.bounding_box()["height"] >= height


@needs_browser
def test_a_key_shows_at_once_and_ends_what_was_at_work(scene, emerging):
    with shown(emerging) as browser:
        settled(browser)
        for _ in range(3):  # 1.5, 2, 2.5, one upon the other
            assert browser.box.evaluate(KEY) == ["painting \u2026", True]
        faces, _ = settled(browser)
        assert np.abs(faces - np.clip(scene.film(2.5, PROMPT), 0, 1)).max() <= 1.01 / 255
