"""What bad input gets, before anything changes: one error that names the argument, what was
expected and what came."""

import math
import numbers
import operator
import sys
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import DTypeLike

from tinyvae.ops import Array

INF = math.inf
ROUNDING = 4 * float(np.finfo(np.float32).eps)  # what a scaler's arithmetic may miss 0 or 1 by


def check_int(name: str, value: Any, least: int = 1) -> int:
    """`value` as an int >= `least`. TypeError if it is no whole number, else ValueError."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be a whole number, got {value!r}") from None
    if number < least:
        raise ValueError(f"{name} must be >= {least}, got {number}")
    return number


def check_float(name: str, value: Any, least: float = -INF, above: float = -INF) -> float:
    """`value` as a finite float >= `least` and > `above`."""
    try:
        number = None if isinstance(value, (bool, np.bool_, str, bytes)) else float(value)
    except (TypeError, ValueError):
        number = None
    except OverflowError:  # a whole number too large for a float
        number = INF
    if number is None:
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not (math.isfinite(number) and number >= least and number > above):
        bounds = [f">= {least}"] * (least > -INF) + [f"> {above}"] * (above > -INF)
        raise ValueError(f"{name} must be finite {' and '.join(bounds)}, got {number}")
    return number


def check_generator(rng: Any) -> Generator:
    """`rng`, if it is a NumPy Generator; else TypeError."""
    if not isinstance(rng, Generator):
        example = "such as np.random.default_rng(0)"
        raise TypeError(f"rng must be a Generator {example}, got {rng!r}")
    return rng


def check_dtype(dtype: DTypeLike) -> np.dtype:
    """`dtype` as a np.dtype, float32 or float64; else TypeError."""
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"dtype must be float32 or float64, got {dtype}")
    return dtype


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


def check_kl_weights(model: Any, beta: float, free_bits: float) -> dict[str, float]:
    """What `model.backward` takes: beta and free bits, where it weighs a KL; else ValueError
    for any but those that change nothing."""
    beta = check_float("beta", beta, least=0)
    free_bits = check_float("free_bits", free_bits, least=0)
    if not model.weighs_kl and (beta != 1 or free_bits):
        kind = type(model).__name__
        raise ValueError(f"beta and free_bits act on a KL that is learned; a {kind} has none")
    return {"beta": beta, "free_bits": free_bits} if model.weighs_kl else {}


def check_widths(n_h: Any) -> tuple[int, ...]:
    """`n_h` as a tuple of whole numbers >= 1; else TypeError or ValueError."""
    try:
        return tuple(check_int("n_h", n) for n in n_h)
    except TypeError:
        raise TypeError(f"n_h must hold whole numbers as (400, 200), got {n_h!r}") from None


def check_kinds(likelihood: Any, activation: Any) -> None:
    """TypeError unless these are a likelihood (or None) and the class of an activation."""
    if isinstance(likelihood, type):
        raise TypeError(f"likelihood must be an instance, such as {likelihood.__name__}()")
    if likelihood is not None and not hasattr(likelihood, "log_prob"):
        raise TypeError(f"likelihood must be one such as Gaussian(), got {likelihood!r}")
    if not isinstance(activation, type):
        raise TypeError(f"activation must be a class such as SiLU, got {activation!r}")
