"""Pictures beside what PCA paints from their first numbers: a scene."""

import numpy as np

from tinyvae.course.weights import base64_of, pack_greys
from tinyvae.images import mosaic


class Subspace:
    """A picture x and, beside it, m + sum_{i <= k} ((x - m) . v_i) v_i, its projection.

    mean m (n_x,) and the orthonormal axes v (K, n_x) are those of a PCA; x (M, n_x) are grey
    pictures in [0, 1]. A slider named "numbers" is k, one named "face" chooses the picture.
    errors {k: RMSE} are told in the line.
    """

    module = "subspace"

    def __init__(self, mean, axes, x, errors, image_shape=(28, 28)):
        rows = np.vstack([mean, axes]).astype("<f2")
        self.rows, (self.mean, *_), self.axes = rows, rows.astype(float), rows[1:].astype(float)
        self.x, self.errors = np.rint(255 * np.asarray(x, float)) / 255, errors
        self.image_shape = image_shape

    def __call__(self, numbers, face):
        x, axes = self.x[int(face)], self.axes[: int(numbers)]
        painted = self.mean + (x - self.mean) @ axes.T @ axes
        pair = mosaic(np.stack([x, painted]), self.image_shape, 2)
        return pair, f"RMSE {self.errors[int(numbers)]:.4f} on all held-out faces"

    def models(self):
        return {}

    def data(self):
        errors = {str(k): f"{error:.4f}" for k, error in self.errors.items()}
        return {
            "rows": base64_of(self.rows, "float16"), "x": pack_greys(self.x),
            "errors": errors, "side": self.image_shape[0],
        }  # fmt: skip
