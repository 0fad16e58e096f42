"""Faces whose eye spacing follows mean and sigma: the browser draws what NumPy does."""

import numpy as np
from from_disk import needs_browser
from scenes import shown

from tinyvae.course.explorer import explorer
from tinyvae.course.scenes.crowd import Crowd


@needs_browser
def test_the_faces_and_the_line(rng):
    one = explorer(
        Crowd(rng.standard_normal(6)), "Faces.", mean=(-0.6, 0.6, 0.0, 0.1),
        sigma=(0.0, 0.6, 0.4, 0.05),
    )  # fmt: skip
    with shown(one) as browser:
        for mean, sigma in [(0, 0.4), (-0.6, 0.6), (0.6, 0.6), (0.2, 0)]:
            picture, line = browser.at(mean, sigma)
            assert line == one.draw(mean=mean, sigma=sigma)[1]
            faces = [picture[y : y + 28, x : x + 28] for y in (0, 30) for x in (0, 30, 60)]
            expected = one.scene.faces(mean, sigma).reshape(-1, 28, 28)
            assert np.abs(faces - expected).max() <= 1.01 / 255
