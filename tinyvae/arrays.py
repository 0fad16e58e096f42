"""What may come in where an array is asked for: real numbers, all of them there, that fit.

Masked entries, missing ones, sparse matrices, text and numbers that a dtype would lose each get
one sentence; what rounding left just outside [0, 1] is no fault.
"""

import numbers
import sys
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinyvae.ops import Array

ROUNDING = 4 * float(np.finfo(np.float32).eps)  # what a scaler's arithmetic may miss 0 or 1 by


def check_unmasked(name: str, value: Any) -> None:
    """ValueError if entries of a masked array are masked: what they hide is no data."""
    ma = sys.modules.get("numpy.ma")  # where it is not loaded, nothing is masked
    rows = value if isinstance(value, (list, tuple)) else ()
    if ma and (ma.is_masked(value) or any(map(ma.is_masked, rows))):
        raise ValueError(f"{name} must have no masked entries: fill them, or leave them out")


def check_real(name: str, value: Any) -> Array:
    """`value` as an array of real numbers of any shape; no copy if it is one.

    ValueError or TypeError for what would lose something on the way: masked entries, missing
    ones, rows of unequal length, sparse matrices, text, complex numbers.
    """
    check_unmasked(name, value)
    if hasattr(value, "todense"):
        kind = type(value).__name__
        raise TypeError(f"{name} must be dense, got a sparse {kind}: use its toarray()")
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} must be a matrix, got rows of unequal length") from None
    if array.dtype.kind == "O":  # as frames of nullable columns give
        return _real_objects(name, array)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be an array of real numbers, got dtype {array.dtype}")
    return array


def _real_objects(name, array):
    """An array of objects as float64, if each is a real number."""
    for value in array.flat:
        kind = type(value).__name__
        if isinstance(value, (numbers.Real, np.bool_)):
            continue
        if kind in ("NoneType", "NAType", "NaTType"):
            raise ValueError(f"{name} must have no missing entries, got {value}")
        raise TypeError(f"{name} must be an array of real numbers, got dtype object, a {kind}")
    try:
        return array.astype(np.float64)
    except OverflowError:  # a whole number too large for a float
        raise ValueError(f"{name} must be finite in float64, got a larger number") from None


def check_matrix(name: str, value: Any, width: int, dtype: DTypeLike) -> Array:
    """`value` as a finite array of shape (N, width), N >= 1, in `dtype`; no copy if it fits."""
    array = check_real(name, value)
    if array.ndim != 2 or array.shape[1] != width or not len(array):
        more = ": a picture, grey or in colour, is one row of numbers" * (array.ndim > 2)
        raise ValueError(
            f"{name} must have shape (N, {width}) with N >= 1, got {array.shape}{more}"
        )
    with np.errstate(over="ignore"):  # too large for dtype becomes inf, refused just below
        array = array.astype(dtype, copy=False)
    # A NaN passes through min and max, so two quick passes and no temporary array suffice.
    if not (np.isfinite(array.min()) and np.isfinite(array.max())):
        raise ValueError(f"{name} must be finite in {np.dtype(dtype)}, got NaN or infinity")
    return array


def check_variation(name: str, value: Any, dtype: DTypeLike) -> None:
    """ValueError if a column of the matrix `value` varies, and would be constant in `dtype`.

    float32 keeps about 7 digits, so that seconds since 1970 can become one number. A column
    that varies by 1e-12 of its size is taken for constant, and rounded, already.
    """
    array = check_real(name, value)
    if np.can_cast(array.dtype, dtype):
        return
    low, high = array.min(axis=0), array.max(axis=0)
    less, more = low.astype(np.float64), high.astype(np.float64)
    varies = more - less > 1e-12 * np.maximum(np.abs(less), np.abs(more))
    kept = low.astype(dtype)
    for column in np.flatnonzero(varies & (kept == high.astype(dtype)) & (kept != 0)):
        raise ValueError(
            f"{name} must vary in {np.dtype(dtype)}: column {column} goes from {low[column]!s} "
            f"to {high[column]!s}, one number there; subtract the column's mean first"
        )


def check_unit(name: str, x: Array) -> Array:
    """The array `x`, in [0, 1]; a copy if rounding left a little more, which is cut off.

    A scaler's rounding misses the ends by a few units in the last digit. ValueError for more.
    """
    low, high = x.min(), x.max()
    if low >= 0 and high <= 1:
        return x
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise ValueError(
            f"{name} must lie in [0, 1] for a Bernoulli likelihood, "
            f"got values from {low!s} to {high!s}"
        )
    return x.clip(0, 1)
