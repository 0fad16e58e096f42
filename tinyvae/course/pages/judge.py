"""A small judge of faces for a page: it reads the eight factors off a picture.

The course's own, tv.face_reader, keeps thousands of faces: too much for a page. This one keeps
a quadratic of a few principal components, and has met drawn faces alone, too.
"""

from typing import NamedTuple

import numpy as np

import tinyvae as tv
from tinyvae.course.weights import base64_of

COMPONENTS, RIDGE = 48, 1.0


class Judge(NamedTuple):
    """factors = [1, h_i, h_i h_j] weights, with h = (x - mean) components.

    mean (784,), components (784, 48), weights (1225, 8); float32, as the page has them.
    """

    mean: np.ndarray
    components: np.ndarray
    weights: np.ndarray

    def __call__(self, pictures):
        """The factors (N, 8), float64, that pictures (N, 784) show."""
        return (
            _terms((np.asarray(pictures, float) - self.mean) @ self.components) @ self.weights
        )

    def packed(self):
        """As js/judge.js takes it."""
        arrays = {name: base64_of(array) for name, array in self._asdict().items()}
        return arrays | {"n_factors": self.weights.shape[1]}


def judge(n=10_000, seed=0):
    """A Judge fitted to n faces drawn with `seed` by least squares, with a little ridge."""
    known = tv.load_faces(n, seed)
    mean = known.x.mean(axis=0)
    x = (known.x - mean).astype(np.float64)
    variances, vectors = np.linalg.eigh(x.T @ x / n)
    components = vectors[:, : -COMPONENTS - 1 : -1] / np.sqrt(variances[: -COMPONENTS - 1 : -1])
    components = components.astype(np.float32)
    terms = _terms(x @ components)
    gram = terms.T @ terms + RIDGE * np.eye(terms.shape[1])
    weights = np.linalg.solve(gram, terms.T @ known.factors.astype(np.float64))
    return Judge(mean, components, weights.astype(np.float32))


def _terms(h):
    """[1, h_i, h_i h_j with i <= j]: (N, 1 + n + n (n + 1) / 2) of h (N, n)."""
    i, j = np.triu_indices(h.shape[1])
    return np.hstack([np.ones((len(h), 1)), h, h[:, i] * h[:, j]])
