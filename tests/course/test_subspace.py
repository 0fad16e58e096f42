"""PCA's pictures in the browser are those of scikit-learn."""

import numpy as np
import pytest
from from_disk import needs_browser
from scenes import agrees
from sklearn.decomposition import PCA

from tinyvae.course.explorer import explorer
from tinyvae.course.scenes.subspace import Subspace


@pytest.fixture
def fitted(rng):
    """(pictures (20, 16), a PCA of 5 numbers fitted to others like them)."""
    x = 1 / (1 + np.exp(-rng.standard_normal((60, 5)) @ rng.standard_normal((5, 16))))
    return x[:20], PCA(5, svd_solver="full").fit(x[20:])


def explorer_of(x, pca):
    errors = {k: 1 / (7 * k) for k in range(1, 6)}
    scene = Subspace(pca.mean_, pca.components_, x, errors, (4, 4))
    return explorer(scene, "Pictures.", numbers=(1, 5, 2, 1), face=(0, 19, 0, 1))


def test_it_is_the_projection_of_pca(fitted):
    x, pca = fitted
    picture, line = explorer_of(x, pca).draw(numbers=5, face=3)
    np.testing.assert_allclose(picture[:, :4], x[3].reshape(4, 4), atol=0.6 / 255)
    painted = np.clip(pca.inverse_transform(pca.transform(x[3:4])), 0, 1)
    np.testing.assert_allclose(picture[:, -4:], painted.reshape(4, 4), atol=3 / 255)
    assert line == "RMSE 0.0286 on all held-out faces"


def test_fewer_numbers_are_the_first_ones(fitted):
    x, pca = fitted
    z = pca.transform(x[7:8])
    z[:, 2:] = 0
    picture, _ = explorer_of(x, pca).draw(numbers=2, face=7)
    painted = np.clip(pca.inverse_transform(z), 0, 1)
    np.testing.assert_allclose(picture[:, -4:], painted.reshape(4, 4), atol=3 / 255)


@needs_browser
def test_the_browser_paints_it_too(fitted):
    agrees(explorer_of(*fitted), [(2, 0), (1, 19), (5, 7)])
