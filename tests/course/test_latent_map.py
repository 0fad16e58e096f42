"""The latent map, moved from Python; tests/course/browser.py moves it by mouse and keys."""

import numpy as np
import pytest
from test_explorer import pixels, shade, still

from tinyvae.course import latent_map as maps

# ipywidgets 8.1.3 calls an old name of traitlets.
pytestmark = pytest.mark.filterwarnings("ignore:Deprecated in traitlets:DeprecationWarning")


@pytest.fixture
def latent_map(rng):
    """Three latents, of which the first and the last are the plane; four pixels."""
    weights = rng.standard_normal((3, 4))
    return maps.LatentMap(
        lambda z: 1 / (1 + np.exp(-z @ weights)), (2, 2), codes=rng.standard_normal((50, 3)),
        colours=np.arange(50), latents=(0, 2), z=[0.5, 1.0, -1.5], labels=("smile", "hair"),
    )  # fmt: skip


def test_the_map_shows_the_picture_of_its_code(latent_map):
    for z in ([0.5, 1.0, -1.5], [0.0, 1.0, 0.0], [0.0, -2.0, 0.0]):
        latent_map.z = z
        np.testing.assert_array_equal(latent_map.z, z)
        x = latent_map.decode(np.array([z])).reshape(2, 2)
        np.testing.assert_array_equal(pixels(latent_map.picture.value), np.round(255 * x))


def test_a_dragged_point_moves_its_two_latents_only(latent_map):
    before = latent_map.picture.value
    assert latent_map.text == "smile = 0.50, hair = -1.50"
    latent_map.plane.point = [-2.0, 0.25]  # what the browser sends
    np.testing.assert_array_equal(latent_map.z, [-2, 1, 0.25])
    assert latent_map.picture.value != before
    assert latent_map.text == "smile = -2.00, hair = 0.25"


def test_the_map_has_a_still_picture_and_a_short_name(latent_map):
    data, alt = still(latent_map)
    assert min(pixels(data).shape[:2]) > 200 and alt.startswith("A map of two latents")
    assert repr(latent_map) == "<LatentMap: smile, hair>"


def test_a_map_needs_nothing_but_a_decoder():
    plain = maps.LatentMap(lambda z: 0.5 + z @ np.eye(2, 6), (2, 3))
    np.testing.assert_array_equal(plain.z, [0, 0])
    still(plain)


def test_a_cloud_of_very_many_points_is_thinned():
    points = np.arange(2.0 * 7000).reshape(-1, 2)
    some, rgb = maps.cloud_of(points, ["red", "blue"] * 3500)
    assert maps.CLOUD / 2 < len(some) == len(rgb) <= maps.CLOUD
    assert rgb[:2].tolist() == [[255, 0, 0], [0, 0, 255]]  # points 0 and 3
    np.testing.assert_array_equal(some[1], points[3])


def test_codes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="differ in latents"):
        maps.LatentMap(shade, (3, 4), codes=np.zeros((5, 3)), z=np.zeros(2))
    with pytest.raises(ValueError, match="5 codes, but 4 colours"):
        maps.LatentMap(shade, (3, 4), codes=np.zeros((5, 3)), colours=np.zeros(4))
