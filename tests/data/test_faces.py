"""Faces: drawn well, fast and reproducibly, described in words, and read off a picture."""

import dataclasses
import itertools
import time

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge

import tinyvae as tv
from tinyvae.data import faces as drawn
from tinyvae.data.face_reader import GAMMA, RIDGE

CORNERS = np.array(list(itertools.product([-1, 1], repeat=8)), np.float32)
MIDDLE = np.zeros((1, 8))


# ---- faces -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def faces():
    return tv.load_faces(3000, seed=0)


def test_faces_have_the_stated_shapes_types_and_ranges(faces):
    assert faces.x.shape == (3000, 784) and faces.x.dtype == np.float32
    assert faces.x.min() >= 0 and faces.x.max() <= 1
    assert faces.x.min() < 0.1 and faces.x.max() > 0.9  # the whole range is used
    assert faces.factors.shape == (3000, 8) and np.abs(faces.factors).max() <= 1
    assert faces.factor_names == (
        *("smile", "eye_spacing", "eye_size", "brow"),
        *("mouth_width", "face_width", "hair", "skin"),
    )
    assert faces.image_shape == (28, 28) and len(faces.captions) == 3000


def test_faces_follow_from_their_seed(faces):
    again, other = tv.load_faces(3000, seed=0), tv.load_faces(3000, seed=1)
    assert np.array_equal(faces.x, again.x) and np.array_equal(faces.factors, again.factors)
    assert not np.array_equal(faces.x, other.x)
    assert np.array_equal(tv.load_faces(100, seed=0).x, faces.x[:100])
    assert np.array_equal(drawn.draw_faces(faces.factors), faces.x)


def test_loading_leaves_the_global_generator_alone(faces):
    np.random.seed(3)  # noqa: NPY002
    expected = np.random.random(2)  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    tv.load_faces(10)
    assert np.array_equal(np.random.random(2), expected)  # noqa: NPY002


def test_factors_are_uniform_and_independent(faces):
    assert np.abs(faces.factors.mean(axis=0)).max() < 0.06
    assert np.abs(faces.factors.var(axis=0) - 1 / 3).max() < 0.03
    assert np.abs(np.corrcoef(faces.factors.T) - np.eye(8)).max() < 0.08


def test_faces_are_symmetric(faces):
    images = faces.x.reshape(-1, 28, 28)
    assert np.array_equal(images, images[:, :, ::-1])


@pytest.mark.parametrize("column", range(8))
def test_every_factor_shows_at_every_corner_of_the_others(column):
    low, high = (drawn.draw_faces(CORNERS[CORNERS[:, column] == end]) for end in (-1, 1))
    change = high - low  # 128 pairs that differ in this factor only
    assert np.sqrt((change**2).mean(axis=1)).min() > 0.025
    assert np.abs(change).max(axis=1).min() > 0.3


def test_factors_show_where_they_should():
    def rows_and_columns(column):
        low, high = np.repeat(MIDDLE, 2, axis=0)
        low[column], high[column] = -1, 1
        change = np.abs(np.diff(drawn.draw_faces([low, high]), axis=0)).reshape(28, 28)
        return np.flatnonzero(change.max(axis=1) > 0.01), change

    mouth, _ = rows_and_columns(0)
    eyes, _ = rows_and_columns(2)
    brows, _ = rows_and_columns(3)
    assert mouth.min() >= 17 and 10 <= eyes.min() and eyes.max() <= 17 and brows.max() <= 11


def test_a_smile_turns_the_corners_of_the_mouth_up():
    factors = np.repeat(MIDDLE, 2, axis=0)
    factors[:, 0] = -1, 1
    mouths = 1 - drawn.draw_faces(factors).reshape(2, 28, 28)[:, 17:26]
    rows = np.arange(17, 26)[:, None]

    def height(columns):  # the mean row of the darkest pixels: downwards is positive
        dark = np.maximum(mouths[:, :, columns] - 0.6, 0)
        return (dark * rows).sum(axis=(1, 2)) / dark.sum(axis=(1, 2))

    serious, smiling = height(slice(10, 11)) - height(slice(13, 15))
    assert serious > 0.2 and smiling < -0.8


@pytest.mark.parametrize("column", range(8))
def test_pictures_are_smooth_in_every_factor(column, faces):
    step = 0.002
    start = np.clip(faces.factors[:500], -0.99, 0.99)
    end = start.copy()
    end[:, column] += step
    slope = np.abs(drawn.draw_faces(end) - drawn.draw_faces(start)).max(axis=1) / step
    assert slope.max() < 6  # grey per unit; a jump of 0.1 grey would give 50


def test_factors_can_be_read_from_pixels_by_a_line(faces):
    from sklearn.linear_model import Ridge
    from sklearn.metrics import r2_score

    line = Ridge(alpha=0.1).fit(faces.x[:2500], faces.factors[:2500])
    guess = line.predict(faces.x[2500:])
    r2 = r2_score(faces.factors[2500:], guess, multioutput="raw_values")
    assert r2.min() > 0.9, dict(zip(faces.factor_names, r2, strict=True))


def test_ten_thousand_faces_take_two_seconds_at_most():
    def seconds():  # of this process: a busy machine does not count
        start = time.process_time()
        tv.load_faces(10_000)
        return time.process_time() - start

    assert any(seconds() < 2 for _ in range(3))


@pytest.mark.parametrize(
    "factors",
    [
        np.zeros(8),
        np.zeros((3, 7)),
        np.zeros((2, 8, 1)),
        [[np.nan] + [0] * 7],
        [[np.inf] + [0] * 7],
        [[1.001] + [0] * 7],
        [[-2] + [0] * 7],
    ],
)
@pytest.mark.parametrize("function", [drawn.draw_faces, drawn.describe_faces])
def test_bad_factors_are_refused(function, factors):
    with pytest.raises(ValueError, match=r"^factors must"):
        function(factors)


@pytest.mark.parametrize("n", [0, -1, 2.5, "10", None, True])
def test_bad_n_is_refused(n):
    with pytest.raises((TypeError, ValueError), match=rf"^n must.*{n}"):
        tv.load_faces(n)


def test_factors_are_not_changed():
    factors = np.full((2, 8), 0.5)
    drawn.draw_faces(factors), drawn.describe_faces(factors)
    assert (factors == 0.5).all()


def test_results_are_frozen(faces):
    with pytest.raises(dataclasses.FrozenInstanceError):
        faces.x = None


# ---- captions --------------------------------------------------------------------------


def caption(**factors):
    row = [factors.get(name, 0) for name in drawn.FACE_NAMES]
    return drawn.describe_faces([row])[0]


def test_captions_read_as_english():
    assert caption() == "a face"
    assert caption(smile=1) == "a smiling face"
    assert caption(smile=-1, face_width=1) == "a serious round face"
    assert caption(face_width=-1) == "a thin face"
    assert caption(hair=1) == "a face with long hair"
    assert caption(smile=0.5, eye_spacing=0.5, hair=-0.5) == (
        "a smiling face with wide-set eyes and short hair"
    )
    assert caption(eye_size=1, mouth_width=1, skin=-1) == (
        "a face with big eyes, a wide mouth and dark skin"
    )
    everything = dict.fromkeys(drawn.FACE_NAMES, -1)
    assert caption(**everything) == (
        "a serious thin face with close-set eyes, small eyes, low brows, a narrow mouth, "
        "short hair and dark skin"
    )


def test_captions_say_nothing_within_a_third():
    assert caption(smile=0.33, hair=-0.33) == "a face"
    assert caption(smile=0.34, hair=-0.34) == "a smiling face with short hair"


def test_factors_can_be_read_back_from_captions(faces):
    for text, row in zip(faces.captions, faces.factors, strict=True):
        for value, (low, high) in zip(row, drawn.FACE_WORDS.values(), strict=True):
            assert (low in text) == (value < -1 / 3) and (high in text) == (value > 1 / 3)
    phrases = list(itertools.chain(*drawn.FACE_WORDS.values()))
    assert not any(a in b for a, b in itertools.permutations(phrases, 2))


# ---- the reader: what it is worth on faces it never saw, and on painted ones -----------


def r2(read, true):
    return 1 - np.mean((read - true) ** 2, axis=0) / true.var(axis=0)


@pytest.fixture(scope="module")
def read():
    return tv.face_reader()


@pytest.fixture(scope="module")
def unseen():
    return tv.load_faces(2000, seed=1)


def test_every_factor_is_read_from_unseen_faces(read, unseen):
    score = r2(read(unseen.x), unseen.factors)
    print({name: f"{r:.4f}" for name, r in zip(unseen.factor_names, score, strict=True)})
    assert score.min() >= 0.995


def test_every_factor_is_read_from_painted_faces(read, unseen):
    """A good copy shows the factors of its original; the painter's faults count here too."""
    score = r2(read(tv.load_face_vae().reconstruct(unseen.x)), unseen.factors)
    print({name: f"{r:.4f}" for name, r in zip(unseen.factor_names, score, strict=True)})
    assert score.min() >= 0.99


def test_a_little_noise_on_faces_does_not_mislead_it(read, unseen, rng):
    noisy = unseen.x + 0.03 * rng.standard_normal(unseen.x.shape)
    assert r2(read(noisy), unseen.factors).min() >= 0.97


def test_it_is_kernel_ridge_regression(unseen):
    faces = tv.load_faces(300, seed=5)
    reference = KernelRidge(alpha=RIDGE, kernel="rbf", gamma=GAMMA)
    reference.fit(faces.x.astype(float), faces.factors.astype(float))
    expected = reference.predict(unseen.x[:50].astype(float))
    np.testing.assert_allclose(tv.face_reader(300, seed=5)(unseen.x[:50]), expected, atol=1e-8)


def test_far_from_every_face_it_reads_nothing():
    assert np.abs(tv.face_reader(100)(np.full((1, 784), -3.0))).max() < 1e-6


def test_the_reader_refuses_what_are_no_pictures():
    read = tv.face_reader(100)
    with pytest.raises((ValueError, TypeError), match="n must be"):
        tv.face_reader(0)
    for bad in (np.ones((2, 783)), np.ones(784), np.full((1, 784), np.nan)):
        with pytest.raises(ValueError, match="pictures must"):
            read(bad)
