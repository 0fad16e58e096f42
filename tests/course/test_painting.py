"""Pictures painted in the browser are those that NumPy paints."""

import pytest
from from_disk import needs_browser
from scenes import agrees, half

import tinyvae as tv
from tinyvae.course.explorer import explorer
from tinyvae.course.judging import FaceJudge
from tinyvae.course.scenes.painting import Painting


@pytest.fixture
def model(rng):
    return half(tv.VAE(16, (8,), 3, rng))


@needs_browser
def test_a_sum_of_directions(model, rng):
    directions = {"smile": rng.standard_normal(3), "long_hair": rng.standard_normal(3)}
    scene = Painting(
        model, rng.standard_normal((5, 3)), directions, captions="abcde", image_shape=(4, 4)
    )
    one = explorer(scene, "Faces.", face=(0, 4, 1, 1), smile=(-1, 1, 0), long_hair=(-2, 2, 0.4))
    agrees(one, [(0, 0, 0), (4, -1, 2), (2, 0.5, -1.2)])


@needs_browser
def test_a_condition(rng):
    model = half(tv.VAE(16, (8,), 3, rng, likelihood=tv.Bernoulli(), n_c=2))
    scene = Painting(model, rng.standard_normal(3), conditions=["a", "b"], image_shape=(4, 4))
    one = explorer(scene, "A face.", a=(-1, 1, 0), b=(-1, 1, 0))
    agrees(one, [(0, 0), (-1, 1), (0.55, -0.4)])


@needs_browser
def test_a_judge(rng):
    model = half(tv.VAE(784, (8,), 3, rng, likelihood=tv.Bernoulli()))
    judge = FaceJudge(tv.face_reader(200))
    scene = Painting(model, rng.standard_normal(3), {"up": rng.standard_normal(3)}, judge=judge)
    one = explorer(scene, "A face.", up=(-1, 1, 0))
    assert "grey levels from a face\nsmile " in one.draw()[1]
    agrees(one, [[0], [-1], [0.7]])
