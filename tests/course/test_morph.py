"""Fading and morphing, in Python and in the browser."""

import numpy as np
import pytest
from from_disk import needs_browser
from scenes import agrees, half

import tinyvae as tv
from tinyvae.course.explorer import explorer
from tinyvae.course.scenes.morph import Morph


@pytest.fixture
def scene(rng):
    model = half(tv.VAE(16, (8,), 3, rng, likelihood=tv.Bernoulli()))
    return Morph(model, rng.integers(0, 256, (6, 16)) / 255, (4, 4))


def test_left_are_mixed_pixels_and_right_the_picture_of_mixed_codes(scene):
    a, b = scene.x[[1, 4]]
    mu, _ = scene.model.encode(scene.x)
    faded, morphed = 0.7 * a + 0.3 * b, scene.model.picture([0.7 * mu[1] + 0.3 * mu[4]])[0]
    picture, line = scene(0.3, 1, 4)
    np.testing.assert_allclose(picture[:, :4], faded.reshape(4, 4), atol=1e-6)
    np.testing.assert_allclose(picture[:, -4:], morphed.reshape(4, 4), atol=1e-6)
    pixels, codes = (
        255 * np.sqrt(np.mean((x - scene.model.reconstruct([x])[0]) ** 2))
        for x in (faded, morphed)
    )
    assert f"{pixels:.0f} grey levels (left, pixels), {codes:.1f} (right, codes)" in line


@needs_browser
def test_the_browser_draws_and_says_the_same(scene):
    one = explorer(scene, "Mixed.", t=(0, 1, 0.5), first=(0, 5, 1, 1), last=(0, 5, 4, 1))
    agrees(one, [(0.5, 1, 4), (0, 0, 5), (1, 3, 2), (0.34, 2, 2)])
