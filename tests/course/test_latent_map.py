"""The latent map, moved from Python; tests/course/browser.py moves it by mouse and keys."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from test_explorer import pixels, shade, still

from tinyvae.course import figures
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
    with pytest.raises(ValueError, match=r"codes must have shape \(N, 2\)"):
        maps.LatentMap(shade, (3, 4), codes=np.zeros((5, 3)), z=np.zeros(2))
    with pytest.raises(ValueError, match="5 codes, but 4 colours"):
        maps.LatentMap(shade, (3, 4), codes=np.zeros((5, 3)), colours=np.zeros(4))


@pytest.mark.parametrize("z", [[1, 2], [1, 2, 3, 4], [[1, 2, 3]], 0.5, [1, np.nan, 2],
                               [np.inf, 0, 0], ["a", "b", "c"], None, [],
                               np.ma.masked_array([1.0, 2, 3], [0, 1, 0])])  # fmt: skip
def test_a_bad_code_is_refused_before_anything_changes(latent_map, z):
    before = latent_map.z.tolist(), latent_map.text, latent_map.picture.value
    with pytest.raises((ValueError, TypeError)):
        latent_map.z = z
    assert (latent_map.z.tolist(), latent_map.text, latent_map.picture.value) == before
    latent_map.plane.point = [-2.0, 0.25]  # and the next drag is as any other
    np.testing.assert_array_equal(latent_map.z, [-2, 1, 0.25])
    assert latent_map.text == "smile = -2.00, hair = 0.25"


def test_a_code_given_is_a_copy(latent_map):
    z = np.array([1.0, 2, 3])
    latent_map.z = z
    z[:] = 0
    np.testing.assert_array_equal(latent_map.z, [1, 2, 3])


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"latents": (0, 0)}, "two numbers below 3"),
        ({"latents": (0, 1, 2)}, "two numbers below 3"),
        ({"latents": (0, 3)}, "two numbers below 3"),
        ({"latents": (0, -1)}, "latents must be >= 0"),
        ({"labels": ["one"]}, "two numbers below 3"),
        ({"codes": np.full((5, 3), np.nan)}, "codes must be finite"),
        ({"codes": np.zeros(3)}, "codes must have shape"),
        ({"z": [0, np.nan, 0]}, "z must be finite"),
        ({"extent": 0}, "extent"),
        ({"image_shape": (2, 3)}, r"pictures must have shape \(n, 6\), got \(1, 4\)"),
    ],
)
def test_what_does_not_fit_is_refused(changed, message):
    given = {"decode": lambda z: np.zeros((len(z), 4)), "image_shape": (2, 2)}
    given |= {"codes": np.zeros((5, 3)), "z": np.zeros(3)}
    maps.LatentMap(**given)
    with pytest.raises(ValueError, match=message):
        maps.LatentMap(**given | changed)


def test_a_decoder_that_fails_is_said_and_the_next_point_is_shown(latent_map):
    decode, before = latent_map.decode, latent_map.picture.value

    def shy(z):
        if (z[:, 0] > 1).any():
            raise FloatingPointError("too far out")
        return decode(z)

    latent_map.decode = shy
    latent_map.plane.point = [2.0, 0.0]
    assert latent_map.text == "FloatingPointError: too far out"
    assert latent_map.picture.value == before and "tinyvae-failed" in latent_map._dom_classes
    data, _ = latent_map._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data and "image/png" not in data
    latent_map.reset()
    assert latent_map.picture.value == before
    assert "tinyvae-failed" not in latent_map._dom_classes


def test_reset_leads_back_to_the_first_code(latent_map):
    before = latent_map.picture.value
    latent_map.z = [1, 2, 3]
    latent_map.plane.point = [0.0, 0.0]
    latent_map.children[0].children[-1].click()
    np.testing.assert_array_equal(latent_map.z, [0.5, 1.0, -1.5])
    assert latent_map.picture.value == before
    assert latent_map.plane.start == [0.5, -1.5]  # for the Home key


def test_classes_have_their_numerals_at_their_middles():
    digits = np.array([3, 3, 3, 7])
    codes = np.array([[0, 1], [2, 1], [1, 4], [-1, -1]])
    colours = [figures.TEN[digit] for digit in digits]
    one = maps.LatentMap(lambda z: np.zeros((len(z), 4)), (2, 2), codes, colours)
    expected = [["3", 1, 1, to_hex(figures.TEN[3])], ["7", -1, -1, to_hex(figures.TEN[7])]]
    assert [[*mark[:3], to_hex(mark[3])] for mark in one.plane.marks] == expected
    figure, _ = one.still()
    assert {"3", "7"} <= {text.get_text() for text in figure.axes[0].texts}


@pytest.mark.parametrize("colours", [None, np.arange(4), ["red", "blue", "red", "blue"]])
def test_other_colours_are_no_classes(colours):
    one = maps.LatentMap(lambda z: np.zeros((len(z), 4)), (2, 2), np.zeros((4, 2)), colours)
    assert one.plane.marks == []
