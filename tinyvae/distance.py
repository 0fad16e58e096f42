"""Do two sets of draws have one distribution? A distance that is 0 only if they do."""

from typing import Any

import numpy as np

from tinyvae.arrays import check_matrix, check_real
from tinyvae.evaluate import batches


def energy_distance(x: Any, y: Any) -> float:
    """An unbiased estimate of 2 E|X - Y| - E|X - X'| - E|Y - Y'| from draws x (N, L), y (M, L).

    0 if and only if X and Y have one distribution, else greater (Szekely & Rizzo 2013, J. Stat.
    Plan. Inference 143); the estimate scatters about it, so it may fall below 0. No draw is
    paired with itself. ValueError for fewer than 2 draws of either.
    """
    x, y = check_real("x", x), check_real("y", y)
    if x.ndim != 2 or x.shape[1:] != y.shape[1:] or min(len(x), len(y)) < 2:
        raise ValueError(
            f"x and y must be (N, L), (M, L), N and M >= 2, got {x.shape}, {y.shape}"
        )
    x = check_matrix("x", x, x.shape[1], np.float64)
    y = check_matrix("y", y, x.shape[1], np.float64)
    n, m = len(x), len(y)
    within = _distances(x, x) / (n * (n - 1)) + _distances(y, y) / (m * (m - 1))
    return float(2 * _distances(x, y) / (n * m) - within)


def _distances(x, y):
    """The sum of |x_i - y_j| over all pairs of rows; a row to itself is exactly 0."""
    parts = (
        np.linalg.norm(rows[:, None] - y, axis=-1).sum() for (rows,) in batches(x, rows=32)
    )
    return sum(parts)
