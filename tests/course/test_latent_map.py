"""The latent map: what Python draws of it, and the same moved by keys and mouse in Chromium."""

import numpy as np
import pytest
from from_disk import needs_browser
from matplotlib.colors import to_hex
from scenes import half, shown

import tinyvae as tv
from tinyvae.course import figures
from tinyvae.course.scenes import latent_map as maps

START = [0.5, 1.0, -1.5]
MIDDLE = """canvas => { // the middle of the pixels of #D55E00, in CSS pixels
  const { width, height } = canvas, places = [];
  const g = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  g.drawImage(canvas, 0, 0);
  const { data } = g.getImageData(0, 0, width, height);
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] === 0xd5 && data[i + 1] === 0x5e && data[i + 2] === 0) places.push(i / 4);
  }
  const scale = canvas.getBoundingClientRect().width / width;
  const mean = of => scale * places.reduce((sum, i) => sum + of(i), 0) / places.length;
  return [mean(i => i % width + 0.5), mean(i => Math.floor(i / width) + 0.5)];
}"""


@pytest.fixture
def model(rng):
    return half(tv.VAE(16, (8,), 3, rng, likelihood=tv.Bernoulli()))


@pytest.fixture
def some_map(model, rng):
    """Three latents, of which the first and the last are the plane."""
    return maps.latent_map(
        model, (4, 4), codes=rng.standard_normal((50, 3)), colours=np.arange(50),
        latents=(0, 2), z=START, labels=("smile", "hair"), extent=3.0,
    )  # fmt: skip


def test_the_point_moves_its_two_latents_only(some_map, model):
    for point, said in (
        (START[::2], "smile = 0.50, hair = \u22121.50"),
        ([-2.0, 0.25], "smile = \u22122.00, hair = 0.25"),
    ):
        picture, line = some_map.draw(point=point)
        expected = model.picture(np.array([[point[0], 1.0, point[1]]])).reshape(4, 4)
        np.testing.assert_allclose(picture, expected, rtol=1e-12)
        assert line == said


def test_it_has_a_still_picture_and_a_short_name(some_map):
    picture, about = some_map.still()
    assert picture.startswith(b"\x89PNG")
    assert about["alt"] == (
        "A map of two latents and the decoded picture. smile = 0.50, hair = \u22121.50"
    )
    assert repr(some_map) == "<Explorer: smile, hair>"


def test_the_still_shows_what_is_painted_all_over_the_plane(some_map, model):
    whole = some_map.scene.still().axes[1].images[0].get_array()
    top_right = model.picture(np.array([[24 / 9, 1.0, 24 / 9]]))  # of nine cells of 6 / 9
    np.testing.assert_allclose(whole[1:5, 49:53], top_right.reshape(4, 4), atol=1e-6)


def test_a_map_needs_nothing_but_a_model(model):
    plain = maps.latent_map(model, (4, 4))
    np.testing.assert_array_equal(plain.scene.z, [0, 0, 0])
    plain.still()
    assert plain.definition()["controls"][0]["bar"] == []


def test_a_map_of_an_autoencoder_carries_its_decoder(rng):
    model = half(tv.Autoencoder(16, (8,), 2, rng))
    one = maps.latent_map(model, (4, 4))
    decoder = 2 * 8 + 8 + 8 * 16 + 16 + 1  # weights, biases and log sigma
    packed = one.definition()["models"]["model"]
    assert packed["kind"] == "VAE" and len(packed["weights"]) == -(-2 * decoder // 3) * 4


def test_a_cloud_of_very_many_points_is_thinned():
    points = np.arange(2.0 * 7000).reshape(-1, 2)
    some, colours = maps.cloud_of(points, ["red", "blue"] * 3500)
    assert maps.CLOUD / 2 < len(some) == len(colours) <= maps.CLOUD
    assert colours[:2].tolist() == ["red", "blue"]  # points 0 and 3
    np.testing.assert_array_equal(some[1], points[3])


@pytest.mark.parametrize("z", [[1, 2], [1, 2, 3, 4], [[1, 2, 3]], 0.5, [1, np.nan, 2],
                               [np.inf, 0, 0], ["a", "b", "c"], [],
                               np.ma.masked_array([1.0, 2, 3], [0, 1, 0])])  # fmt: skip
def test_a_bad_code_is_refused(model, z):
    with pytest.raises((ValueError, TypeError)):
        maps.latent_map(model, (4, 4), z=z)


def test_a_code_given_is_a_copy(model):
    z = np.array([1.0, 2, 3])
    one = maps.latent_map(model, (4, 4), z=z)
    z[:] = 0
    assert one.scene.z.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"latents": (0, 0)}, "two numbers below 3"),
        ({"latents": (0, 1, 2)}, "two numbers below 3"),
        ({"latents": (0, 3)}, "two numbers below 3"),
        ({"latents": (0, -1)}, "latents must be >= 0"),
        ({"labels": ["one"]}, "two numbers below 3"),
        ({"codes": np.full((5, 3), np.nan)}, "codes must be finite"),
        ({"codes": np.zeros((5, 2))}, r"codes must have shape \(N, 3\)"),
        ({"codes": np.zeros(3)}, "codes must have shape"),
        ({"colours": np.zeros(4)}, "5 codes, but 4 colours"),
        ({"colours": np.zeros(5), "words": ["low"]}, "words must be two"),
        ({"colours": ["red"] * 5, "words": ["low", "high"]}, "colours that are numbers"),
        ({"words": ["low", "high"]}, "colours that are numbers"),
        ({"extent": 0}, "extent"),
        ({"image_shape": (2, 3)}, r"pictures must have shape \(n, 6\), got \(1, 16\)"),
    ],
)
def test_what_does_not_fit_is_refused(model, changed, message):
    given = {"model": model, "image_shape": (4, 4), "codes": np.zeros((5, 3))}
    maps.latent_map(**given)
    with pytest.raises(ValueError, match=message):
        maps.latent_map(**given | changed)


def test_classes_have_their_numerals_at_their_middles(model):
    digits = np.array([3, 3, 3, 7])
    codes = np.array([[0, 1, 0], [2, 1, 0], [1, 4, 0], [-1, -1, 0]])
    one = maps.latent_map(model, (4, 4), codes, [figures.TEN[digit] for digit in digits])
    spec = one.definition()["controls"][0]
    expected = [["3", 1, 1, to_hex(figures.TEN[3])], ["7", -1, -1, to_hex(figures.TEN[7])]]
    assert [[*mark[:3], to_hex(mark[3])] for mark in spec["marks"]] == expected
    assert spec["bar"] == []
    axes = one.scene.still().axes[0]
    assert {"3", "7"} <= {text.get_text() for text in axes.texts}


@pytest.mark.parametrize("colours", [None, np.arange(4), ["red", "blue", "red", "blue"]])
def test_other_colours_are_no_classes(model, colours):
    one = maps.latent_map(model, (4, 4), np.zeros((4, 3)), colours)
    assert one.definition()["controls"][0]["marks"] == []


@pytest.mark.parametrize(
    "words, ends", [((), ["-0.25", "12.3"]), (("serious", "smiling"), ["serious", "smiling"])]
)
def test_numbers_have_a_bar_of_their_colours(model, words, ends):
    colours = [0.5, 12.345, -0.25, 7]
    one = maps.latent_map(model, (4, 4), np.zeros((4, 3)), colours, words)
    spec = one.definition()["controls"][0]
    assert spec["bar"] == ends
    assert [spec["scale"][0], spec["scale"][-1]] == [
        to_hex(rgb / 255) for rgb in figures.rgb([-0.25, 12.345])
    ]
    (bar,) = one.scene.still().axes[0].child_axes
    assert [text.get_text() for text in bar.texts] == ends


def assert_shows(browser, some_map, point):
    """The picture to a grey level, and the line, of the point."""
    (picture, line), (expected, text) = browser.at(), some_map.draw(point=point)
    assert line == text
    assert np.abs(picture - expected).max() <= 1.01 / 255


@needs_browser
@pytest.mark.parametrize("width", [1280, 360])
def test_keys_move_the_point(some_map, width):
    with shown(some_map, viewport={"width": width, "height": 900}) as browser:
        press = browser.page.keyboard.press
        assert_shows(browser, some_map, [0.5, -1.5])
        browser.page.locator(".tinyvae-plane").focus()
        for key in ["ArrowRight"] * 3 + ["ArrowUp", "Shift+ArrowUp"]:  # a step is 3 / 30
            press(key)
        assert_shows(browser, some_map, [0.8, -0.9])
        press("ArrowLeft")
        press("Shift+ArrowDown")
        press("ArrowDown")
        assert_shows(browser, some_map, [0.7, -1.5])
        for _ in range(8):
            press("Shift+ArrowDown")
        assert_shows(browser, some_map, [0.7, -3])  # and no farther
        press("Home")
        assert_shows(browser, some_map, [0.5, -1.5])
        press("ArrowRight")
        browser.page.get_by_role("button", name="Reset").click()
        assert_shows(browser, some_map, [0.5, -1.5])


@needs_browser
@pytest.mark.parametrize("width", [1280, 360])
def test_the_mouse_drags_the_point_as_far_as_the_map_goes(some_map, width):
    with shown(some_map, viewport={"width": width, "height": 900}) as browser:
        mouse, box = browser.page.mouse, browser.page.locator(".tinyvae-plane").bounding_box()
        left, right = box["x"] + 1, box["x"] + box["width"] - 1
        top, bottom = box["y"] + 1, box["y"] + box["height"] - 1
        mouse.move(left, bottom)
        mouse.down()
        assert_shows(browser, some_map, [-3, -3])
        mouse.move(right, top)
        assert_shows(browser, some_map, [3, 3])  # before the button is let go
        mouse.move(right + 5000, bottom + 5000)
        assert_shows(browser, some_map, [3, -3])
        mouse.up()
        mouse.move(left, top)
        assert_shows(browser, some_map, [3, -3])


@needs_browser
@pytest.mark.parametrize("width", [1280, 360])
def test_the_point_goes_to_where_the_mouse_is(some_map, width):
    """Its dot, the one thing of this colour, has its middle under the mouse."""
    with shown(some_map, viewport={"width": width, "height": 900}) as browser:
        plane = browser.page.locator(".tinyvae-plane")
        for across, down in ((0.4, 0.3), (0.7, 0.6)):
            box = plane.bounding_box()
            x, y = across * box["width"], down * box["height"]
            browser.page.mouse.click(box["x"] + x, box["y"] + y)
            assert plane.evaluate(MIDDLE) == pytest.approx([x, y], abs=1)


@needs_browser
def test_a_map_of_an_autoencoder_is_painted_too(rng):
    one = maps.latent_map(half(tv.Autoencoder(16, (8,), 2, rng)), (4, 4), z=[1, -2])
    with shown(one) as browser:
        assert_shows(browser, one, [1, -2])
