"""A judge of faces that never met a model: it reads the eight factors off a picture."""

import numpy as np

from tinyvae.arrays import check_matrix
from tinyvae.data.faces import load_faces

GAMMA, RIDGE = 0.01, 1e-3  # of the RBF kernel exp(-gamma |x - y|^2); the ridge penalty


def face_reader(n=3000, seed=0):
    """A function `read`: pictures (N, 784) -> the factors (N, 8) that they show, float64.

    Kernel ridge regression on n faces drawn with `seed`, and on nothing else: read(x) =
    sum_i exp(-gamma |x - x_i|^2) w_i, the weights w (n, 8) from (K + ridge I) w = factors,
    K_ij = exp(-gamma |x_i - x_j|^2) (Murphy 2012, section 14.4.3). It costs about a second.
    Far enough from every drawn face it reads 0; on the way there it may read far beyond
    [-1, 1]. Raises as `load_faces` does; `read` ValueError or TypeError for bad pictures.
    """
    known = load_faces(n, seed)
    x = known.x.astype(np.float64)
    square = (x**2).sum(axis=1)
    gram = _kernel(x, x, square)
    gram.flat[:: len(x) + 1] += RIDGE
    weights = np.linalg.solve(gram, known.factors.astype(np.float64))

    def read(pictures):
        pictures = check_matrix("pictures", pictures, x.shape[1], np.float64)
        return _kernel(pictures, x, square) @ weights

    return read


def _kernel(a, b, b_square):
    """exp(-gamma |a_i - b_j|^2): (N, M) of a (N, D), b (M, D) and |b_j|^2 (M,)."""
    square = (a**2).sum(axis=1)[:, None] + b_square - 2 * a @ b.T
    return np.exp(-GAMMA * square)
