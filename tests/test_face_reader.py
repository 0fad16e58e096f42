"""The judge of faces: what it is worth on faces it never saw, and on painted ones."""

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge

import tinyvae as tv
from tinyvae.data.face_reader import GAMMA, RIDGE


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


def test_bad_input():
    read = tv.face_reader(100)
    with pytest.raises((ValueError, TypeError), match="n must be"):
        tv.face_reader(0)
    for bad in (np.ones((2, 783)), np.ones(784), np.full((1, 784), np.nan)):
        with pytest.raises(ValueError, match="pictures must"):
            read(bad)
