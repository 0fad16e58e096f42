"""Adam: a step of about lr per parameter, whatever the gradient's scale.

A running mean of the gradient is divided by the root of one of its square. Both start at 0, so
early on they are too small by a factor 1 - beta^t; dividing by it (the bias correction) makes a
constant gradient give steps of lr from the first one on. Kingma & Ba 2015 (arXiv:1412.6980),
algorithm 1.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinyvae.ops import Array
from tinyvae.threads import parted
from tinyvae.validation import check_float

BLOCK = 1 << 16  # numbers updated at a time, so that they stay in the cache between lines


class Adam:
    """Updates the arrays of `params` (any dict of name -> array) in place; to hold some of a
    model's parameters still, give a dict of the others.

    `m` and `v` are the paper's, divided by 1 - beta1 and 1 - beta2: sums that fade, not means,
    which saves two passes. ValueError for lr or eps <= 0, and betas outside [0, 1).
    """

    def __init__(
        self, params: Mapping[str, Array], lr: float = 1e-3, beta1: float = 0.9,
        beta2: float = 0.999, eps: float = 1e-8,
    ) -> None:  # fmt: skip
        self.lr, self.eps = check_float("lr", lr, above=0), check_float("eps", eps, above=0)
        self.beta1 = check_float("beta1", beta1, least=0)
        self.beta2 = check_float("beta2", beta2, least=0)
        if max(self.beta1, self.beta2) >= 1:
            raise ValueError(f"beta1 and beta2 must be < 1, got {beta1} and {beta2}")
        if not isinstance(params, Mapping):
            raise TypeError(f"params must be a dict of arrays: model.params; got {params!r}")
        self.params, self.t = params, 0
        self.m = {name: np.zeros_like(p) for name, p in self._vectors(params).items()}
        self.v = {name: np.zeros_like(m) for name, m in self.m.items()}

    def step(self, grads: Mapping[str, Array], lr: float | None = None) -> None:
        """One update from `grads` (the names of params); lr, if given, for this step alone.
        ValueError, before anything changes, if a gradient is missing or of another shape."""
        lr = self.lr if lr is None else check_float("lr", lr, least=0)
        self._check(grads)
        grads = self._vectors(grads)
        self.t += 1
        # From the sums m and v to the corrected means: the constants are taken out of the
        # fraction, as at the end of the paper's section 2.
        to_mean = (1 - self.beta1) / (1 - self.beta1**self.t)
        to_root = math.sqrt((1 - self.beta2) / (1 - self.beta2**self.t))
        rate, eps = lr * to_mean / to_root, self.eps / to_root
        blocks = [
            [array[i : i + BLOCK] for array in (p, grads[name], self.m[name], self.v[name])]
            for name, p in self._vectors(self.params).items()
            for i in range(0, p.size, BLOCK)
        ]

        def update(part):
            for block in blocks[part]:
                self._update(*block, rate, eps)

        parted(update, len(blocks))

    def _check(self, grads):
        for name, p in self.params.items():
            shape = np.shape(grads[name]) if name in grads else "none"
            if shape != p.shape:
                raise ValueError(f"gradient of {name} must have shape {p.shape}, got {shape}")

    def _update(self, p, g, m, v, rate, eps):
        """m = b1 m + g, v = b2 v + g^2, p = p - rate m / (sqrt(v) + eps), all in place."""
        m *= self.beta1
        m += g
        step = np.square(g)
        v *= self.beta2
        v += step
        np.sqrt(v, out=step)
        step += eps
        np.divide(m, step, out=step)
        step *= rate
        p -= step

    def __repr__(self) -> str:
        total = sum(m.size for m in self.m.values())
        return f"Adam(lr={self.lr:g}, {self.t} steps done): {total:,} parameters"

    def _vectors(self, arrays: Any) -> dict[str, Array]:
        """The arrays as vectors: a single one, "", if all of params lie in one, else each."""
        # By what they have, not by their class, of which a reloaded module makes another.
        if not hasattr(self.params, "vector"):
            return {name: _vector(name, arrays[name]) for name in self.params}
        if hasattr(arrays, "vector"):
            return {"": arrays.vector}
        return {"": np.concatenate([np.ravel(arrays[name]) for name in self.params])}


def _vector(name, array):
    kind = getattr(array, "dtype", type(array))
    if getattr(kind, "kind", "") != "f":
        raise TypeError(f"{name} must be an array of a float dtype, got {kind}")
    if not array.flags.c_contiguous:  # reshape would copy, and the update would be lost
        raise ValueError(f"{name} must be C-contiguous: pass np.ascontiguousarray of it")
    return array.reshape(-1)
