"""The stable scalar maths under everything else: no overflow, no log(0), any float dtype kept.

`a` is a logit or a log-weight, of any shape. Nothing here clips: a probability that is
clipped to 1 - 1e-15 is exactly 1 in float32, and its log-odds are lost.
"""

import math

import numpy as np


def sigmoid(a):
    """1 / (1 + e^-a), elementwise; written with tanh, which saturates without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * a))


def softplus(a):
    """log(1 + e^a), elementwise, as max(a, 0) + log(1 + e^-|a|): e is never raised above 0."""
    return np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a)))


def logsumexp(a, axis=-1, keepdims=False):
    """log sum_k e^(a_k) over one axis, with the largest a_k taken out first."""
    top = np.max(a, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)  # all -inf: the sum is 0 and its log is -inf
    with np.errstate(divide="ignore"):
        total = np.log(np.sum(np.exp(a - top), axis=axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis=axis)


def logmeanexp(a, axis=-1):
    """log (1/K) sum_k e^(a_k) over one axis of length K: the log of a mean of weights."""
    return logsumexp(a, axis=axis) - math.log(np.shape(a)[axis])
