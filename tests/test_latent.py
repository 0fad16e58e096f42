"""Paths through the latent space."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinyvae as tv

CODES = hnp.arrays(np.float64, 5, elements=st.floats(-5, 5))


def angle(a, b):
    u, v = a / np.linalg.norm(a), b / np.linalg.norm(b)
    return 2 * np.arctan2(np.linalg.norm(u - v), np.linalg.norm(u + v))


def apart(a, b):
    """Neither 0, nor opposite, nor nearly parallel."""
    return (
        min(np.linalg.norm(a), np.linalg.norm(b)) > 1e-3 and 1e-3 < angle(a, b) < np.pi - 1e-3
    )


@given(CODES, CODES)
def test_both_begin_at_a_and_end_at_b(a, b):
    assume(apart(a, b))
    for between in (tv.lerp, tv.slerp):
        np.testing.assert_allclose(between(a, b, np.array([0.0, 1.0])), [a, b], atol=1e-9)


@given(CODES, CODES, st.floats(0, 1))
def test_slerp_keeps_the_norm_and_turns_evenly(a, b, t):
    assume(apart(a, b))
    a, b = 3 * a / np.linalg.norm(a), 3 * b / np.linalg.norm(b)
    z = tv.slerp(a, b, t)
    assert np.linalg.norm(z) == pytest.approx(3, rel=1e-9)
    if 1e-3 < t:
        assert angle(a, z) == pytest.approx(t * angle(a, b), abs=1e-6)


@given(CODES, CODES, st.floats(0, 1))
def test_there_and_back_is_the_same_way(a, b, t):
    assume(apart(a, b))
    for between in (tv.lerp, tv.slerp):
        np.testing.assert_allclose(between(a, b, t), between(b, a, 1 - t), atol=1e-8)


def test_lerp_is_the_straight_line():
    np.testing.assert_allclose(
        tv.lerp(np.array([0.0, 2.0]), np.array([4.0, 0.0]), np.array([0, 0.25, 1])),
        [[0, 2], [1, 1.5], [4, 0]],
    )


def test_slerp_of_nearly_parallel_codes_does_not_blow_up():
    a = np.array([1.0, 2.0, 3.0])
    for b in (a, 2 * a, a + 1e-9, 0 * a, a + 1e-4):
        np.testing.assert_allclose(tv.slerp(a, b, 0.5), (a + b) / 2, rtol=1e-6)


def test_slerp_of_opposite_codes_says_so():
    with pytest.raises(ValueError, match="opposite"):
        tv.slerp(np.ones(3), -2 * np.ones(3), 0.5)


def test_float32_codes_give_a_float32_path():
    a, b = np.eye(3, dtype=np.float32)[:2]
    assert tv.path(a, b, 5).dtype == np.float32
    assert tv.path(a, b, 5, between=tv.lerp).dtype == np.float32


def test_path_has_n_codes_from_a_to_b():
    a, b = np.eye(3)[:2]
    way = tv.path(a, b, 5)
    assert way.shape == (5, 3)
    np.testing.assert_allclose(way[[0, -1]], [a, b], atol=1e-12)
    np.testing.assert_allclose(
        np.linalg.norm(np.diff(way, axis=0), axis=1), 2 * np.sin(np.pi / 16)
    )


def test_traversal_moves_one_latent():
    codes = tv.traversal(np.array([1.0, 2.0, 3.0]), 1, [-1.0, 0.0, 5.0])
    np.testing.assert_array_equal(codes, [[1, -1, 3], [1, 0, 3], [1, 5, 3]])


def test_grid_cells_hold_equal_probability():
    n = 8
    codes = tv.grid(n, n_z=4, latents=(2, 0)).reshape(n, n, 4)
    assert (codes[..., [1, 3]] == 0).all()
    assert (np.diff(codes[0, :, 2]) > 0).all() and (np.diff(codes[:, 0, 0]) < 0).all()
    draws = np.sort(np.random.default_rng(0).standard_normal(200_000))
    below = np.searchsorted(draws, codes[0, :, 2]) / len(draws)
    np.testing.assert_allclose(below, (np.arange(n) + 0.5) / n, atol=0.005)


def test_attribute_direction_of_two_groups_is_the_difference_of_their_means(rng):
    mu, smiling = rng.standard_normal((50, 4)), rng.random(50) < 0.3
    expected = mu[smiling].mean(axis=0) - mu[~smiling].mean(axis=0)
    np.testing.assert_allclose(tv.attribute_direction(mu, smiling), expected, rtol=1e-12)


def test_attribute_direction_of_a_number_is_the_slope(rng):
    smile, w = rng.uniform(-1, 1, 50), np.array([1.0, -2.0, 0.0])
    np.testing.assert_allclose(
        tv.attribute_direction(5 + smile[:, None] * w, smile), w, atol=1e-12
    )


def test_traversal_of_whole_numbers_is_not_cut_off_and_changes_nothing():
    z = np.zeros(3, int)
    np.testing.assert_allclose(tv.traversal(z, 1, [0.5, -1.7])[:, 1], [0.5, -1.7])
    z = np.zeros(3)
    tv.traversal(z, 1, [5.0])
    assert (z == 0).all()


def test_slerp_of_float32_near_opposite_codes_keeps_the_norm():
    a = np.array([1, 0], np.float32)
    b = np.array([-np.cos(1e-4), np.sin(1e-4)], np.float32)
    assert np.linalg.norm(tv.slerp(a, b, 0.5)) == pytest.approx(1, abs=1e-6)
