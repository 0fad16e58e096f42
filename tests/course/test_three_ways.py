"""Three edits of a face in the browser are those that NumPy makes."""

import numpy as np
import pytest
from from_disk import needs_browser
from scenes import half, shown

import tinyvae as tv
from tinyvae.course.explorer import explorer
from tinyvae.course.judging import FaceJudge
from tinyvae.course.scenes.three_ways import NAMES, ThreeWays
from tinyvae.images import GAP

TOP = 22  # px of the names, as in js/named_pictures.js
SLIDERS = {"face": (0, 4, 1, 1), "t": (-2, 2, 1, 0.1), "direction": (0, 3, 0, 1)}


@pytest.fixture
def scene(rng):
    vae = half(tv.VAE(784, (8,), 3, rng, likelihood=tv.Bernoulli()))
    vector, pixels, random = (rng.standard_normal(shape) for shape in (3, 784, (4, 3)))
    judge = FaceJudge(tv.face_reader(200))
    return ThreeWays(vae, tv.load_faces(5), vector, 0.3 * pixels, random, judge)


def three_in(drawn, times):
    """The pictures (3, 784) in what the browser drew, the middle of each enlarged pixel."""
    small = drawn[TOP + times // 2 :: times, times // 2 :: times]
    return np.array([small[:, k * (28 + GAP) :][:, :28].ravel() for k in range(3)])


@needs_browser
def test_the_browser_edits_as_python_does(scene):
    one = explorer(scene, "Edits.", **SLIDERS)
    with shown(one) as browser:
        for face, t, direction in ((1, 1, 0), (4, -2, 3), (0, 0.3, 2)):
            drawn, line = browser.at(face, t, direction)
            times = drawn.shape[1] // (3 * (28 + GAP) - GAP)
            expected = scene.pictures(face, t, direction)
            assert np.abs(three_in(drawn, times) - expected).max() <= 1.01 / 255
            assert line == one.draw(face=face, t=t, direction=direction)[1]
            assert [part.split(":")[0] for part in line.split("\n")] == list(NAMES)
            assert drawn[:TOP].min() < drawn[:TOP].max()  # the names


@needs_browser
def test_the_names_fit_on_a_phone(scene):
    one = explorer(scene, "Edits.", **SLIDERS)
    with shown(one, viewport={"width": 360, "height": 700}) as browser:
        drawn, _ = browser.at(1, 1, 0)
        assert drawn.shape[1] <= 328 and (drawn[:TOP, [0, -1]] == 1).all()
