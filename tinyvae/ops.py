"""The stable scalar maths under everything else: no overflow, no log(0), any float dtype kept.

`a` is a logit or a log-weight, of any shape. Nothing here clips: a probability that is
clipped to 1 - 1e-15 is exactly 1 in float32, and its log-odds are lost.
"""

import math
from typing import Any

import numpy as np

Array = np.ndarray
# Where e^-|a| is rounded to 0, that is what is wanted: no fault, whatever np.seterr says.
quiet = np.errstate(under="ignore")


@quiet
def logistic_parts(a: Array) -> tuple[Array, Array, Array]:
    """(1 where a >= 0 and 0 elsewhere, e^-|a|, 1 + e^-|a|), made once where both
    sigmoid and softplus of a are needed: the exponential is what costs time."""
    decay = np.exp(-np.abs(a))
    return np.greater_equal(a, 0).astype(decay.dtype), decay, 1 + decay


@quiet
def sigmoid(a: Array, parts: Any = None) -> Array:
    """1 / (1 + e^-a), elementwise; for a < 0 the same times e^a / e^a."""
    positive, decay, total = parts or logistic_parts(a)
    return np.maximum(positive, decay) / total  # the numerator: 1, or for a < 0 e^a


@quiet
def softplus(a: Array) -> Array:
    """log(1 + e^a), elementwise, as max(a, 0) + log(1 + e^-|a|): e is never raised above 0."""
    return np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a)))


@quiet
def softplus_sum(a: Array, parts: Any = None) -> Array:
    """The sum of softplus(a) over the last axis, with one logarithm for 64 entries: the sum of
    max(a, 0) is a dot product, that of log(1 + e^-|a|) the log of a product. Its factors are
    at most 2: 64 of them stay far below the largest float32, 2^128."""
    positive, _, total = parts or logistic_parts(a)
    products = np.multiply.reduceat(total, np.arange(0, a.shape[-1], 64), axis=-1)
    return np.vecdot(positive, a) + np.log(products).sum(axis=-1)


@quiet
def logsumexp(a: Array, axis: int = -1, keepdims: bool = False) -> Array:
    """log sum_k e^(a_k) over one axis, with the largest a_k taken out first."""
    top = np.max(a, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)  # all -inf: the sum is 0 and its log is -inf
    with np.errstate(divide="ignore"):
        total = np.log(np.sum(np.exp(a - top), axis=axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis=axis)


def logmeanexp(a: Array, axis: int = -1) -> Array:
    """log (1/K) sum_k e^(a_k) over one axis of length K: the log of a mean of weights."""
    return logsumexp(a, axis=axis) - math.log(np.shape(a)[axis])
