"""A judge of faces that never met a model: it reads the eight factors off a picture."""

import numpy as np

from tinyvae.arrays import check_matrix
from tinyvae.data.faces import load_faces

GAMMA, RIDGE = 0.01, 1e-3  # of the RBF kernel exp(-gamma |x - y|^2); the ridge penalty


def face_reader(n=3000, seed=0):
    """A FaceReader `read`, fitted to n faces drawn with `seed`, and to nothing else.

    read(pictures (N, 784)) -> the factors (N, 8) that they show, float64. Fitting costs about a
    second. Raises as `load_faces` does.
    """
    return FaceReader(load_faces(n, seed))


class FaceReader:
    """Kernel ridge regression of the factors (n, 8) of `known` faces on their pictures x_i.

    read(x) = sum_i exp(-gamma |x - x_i|^2) w_i, the `weights` w (n, 8) from (K + ridge I) w =
    factors, K_ij = exp(-gamma |x_i - x_j|^2) (Murphy 2012, section 14.4.3). Far enough from
    every known face it reads 0; on the way there it may read far beyond [-1, 1].
    """

    def __init__(self, known):
        self.known = known
        self._x = known.x.astype(np.float64)
        self._square = (self._x**2).sum(axis=1)
        gram = _kernel(self._x, self._x, self._square)
        gram.flat[:: len(gram) + 1] += RIDGE
        self.weights = np.linalg.solve(gram, known.factors.astype(np.float64))

    def __call__(self, pictures):
        """The factors (N, 8), float64; ValueError or TypeError for bad pictures."""
        pictures = check_matrix("pictures", pictures, self._x.shape[1], np.float64)
        return _kernel(pictures, self._x, self._square) @ self.weights


def _kernel(a, b, b_square):
    """exp(-gamma |a_i - b_j|^2): (N, M) of a (N, D), b (M, D) and |b_j|^2 (M,)."""
    square = (a**2).sum(axis=1)[:, None] + b_square - 2 * a @ b.T
    return np.exp(-GAMMA * square)
