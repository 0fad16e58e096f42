"""Are the gradients right? Compare them with (f(p + h) - f(p - h)) / 2h, which is within
O(h^2) of the derivative for every smooth f. Use float64: float32 has too few digits for it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tinyvae.ops import Array
from tinyvae.validation import check_kl_weights


def numerical_gradient(f: Callable[[], float], array: Array, h: float = 1e-6) -> Array:
    """d f() / d array by central differences, one entry at a time; f reads `array` itself.
    ValueError unless array is float64 and C-contiguous, or f would see no change."""
    if array.dtype != np.float64 or not array.flags.c_contiguous:
        raise ValueError(f"array must be C-contiguous float64, got {array.dtype}")
    flat, slopes = array.reshape(-1), np.empty(array.size)
    for i, value in enumerate(flat):
        flat[i] = value + h
        above = f()
        flat[i] = value - h
        slopes[i] = (above - f()) / (2 * h)
        flat[i] = value
    return slopes.reshape(array.shape)


def relative_error(a: Any, b: Any) -> float:
    """max|a - b| / max(|a|, |b|) over all entries; 0 where both are all zeros."""
    scale = max(np.max(np.abs(a)), np.max(np.abs(b)))
    return float(np.max(np.abs(np.subtract(a, b))) / scale) if scale else 0.0


def check_model(
    model: Any, x: Any, eps: Any = None, beta: float = 1.0, free_bits: float = 0.0,
    directions: int = 10, h: float = 1e-6, c: Any = None,
) -> dict[str, float]:  # fmt: skip
    """{parameter name: relative error of model.backward's gradient, by finite differences}.

    On a float64 copy, `eps` held still (None for an autoencoder), at the parameters as they
    are: randomise them first, for at zeros a wrong formula can give the right value. Tensors
    are moved along random directions u ~ N(0, I), so that the largest costs no more than the
    smallest; |numerical - u . grad| is divided by the gradient's norm, the standard deviation
    of u . grad. A right gradient gives 1e-6 or less.
    """
    twin, rng = model.astype(np.float64), np.random.default_rng(0)
    weights = check_kl_weights(model, beta, free_bits)

    given = () if c is None else (c,)  # a model of your own may know no condition

    def loss():
        twin.elbo(x, eps, *given) if hasattr(twin, "elbo") else twin.recon(x, *given)
        return twin.loss(**weights)

    loss()
    twin.backward(**weights)
    errors = {}
    for name, param in twin.params.items():
        norm = np.linalg.norm(twin.grads[name]) or 1.0
        start, worst = param.copy(), 0.0
        for _ in range(directions):
            u = rng.standard_normal(param.shape)
            rise = _at(loss, param, start + h * u) - _at(loss, param, start - h * u)
            worst = max(worst, abs(rise / (2 * h) - np.vdot(u, twin.grads[name])) / norm)
        param[...] = start
        errors[name] = float(worst)
    return errors


def _at(loss, param, value):
    param[...] = value
    return loss()
