"""Adam: a step of about lr per parameter, whatever the gradient's scale.

m and v are running means of the gradient and of its square. They start at 0, so early on they
are too small by a factor 1 - beta^t; dividing by it (the bias correction) is what makes a
constant gradient give steps of lr from the first one on. Kingma & Ba 2015 (arXiv:1412.6980),
algorithm 1.
"""

import math

import numpy as np

from tinyvae import guards
from tinyvae.parameters import Parameters

BLOCK = 1 << 14  # numbers updated at a time: four arrays of this size fit in a core's cache


class Adam:
    """Updates the arrays of `params` (any dict of name -> array) in place; to hold some of a
    model's parameters still, give a dict of the others.

    ValueError for lr or eps <= 0 and for beta1 or beta2 outside [0, 1).
    """

    def __init__(self, params, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr, self.eps = guards.real("lr", lr, above=0), guards.real("eps", eps, above=0)
        self.beta1, self.beta2 = (
            guards.real(name, beta, least=0)
            for name, beta in (("beta1", beta1), ("beta2", beta2))
        )
        if max(self.beta1, self.beta2) >= 1:
            raise ValueError(f"beta1 and beta2 must be < 1, got {beta1} and {beta2}")
        self.params, self.t = params, 0
        self.m = {name: np.zeros_like(vector) for name, vector in self._vectors(params).items()}
        self.v = {name: np.zeros_like(vector) for name, vector in self._vectors(params).items()}

    def step(self, grads, lr=None):
        """One update from `grads` (the names of params); lr, if given, for this step alone.

        ValueError, before anything changes, if a gradient is missing or of another shape.
        """
        lr = self.lr if lr is None else guards.real("lr", lr, least=0)
        grads = self._vectors(self._matching(grads))
        self.t += 1
        # The paper's own shortcut (end of section 2): both corrections in one step size.
        root = math.sqrt(1 - self.beta2**self.t)
        rate, eps = lr * root / (1 - self.beta1**self.t), self.eps * root
        for name, p in self._vectors(self.params).items():
            for i in range(0, p.size, BLOCK):
                block = slice(i, i + BLOCK)
                self._update(
                    p[block], grads[name][block], self.m[name][block], self.v[name][block],
                    rate, eps,
                )  # fmt: skip

    def _matching(self, grads):
        for name, p in self.params.items():
            shape = np.shape(grads[name]) if name in grads else "none"
            if shape != p.shape:
                raise ValueError(
                    f"the gradient of {name} must have shape {p.shape}, got {shape}"
                )
        return grads

    def _update(self, p, g, m, v, rate, eps):
        """m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, p = p - rate m / (sqrt(v) + eps)."""
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * (g * g)
        p -= rate * m / (np.sqrt(v) + eps)

    def _vectors(self, arrays):
        """The arrays as vectors: a single one, "", if all of params lie in one, else each."""
        if not isinstance(self.params, Parameters):
            return {name: _vector(name, arrays[name]) for name in self.params}
        if isinstance(arrays, Parameters):
            return {"": arrays.vector}
        return {"": np.concatenate([np.ravel(arrays[name]) for name in self.params])}


def _vector(name, array):
    if array.dtype.kind != "f":
        raise TypeError(f"{name} must be of a float dtype, got {array.dtype}")
    if not array.flags.c_contiguous:  # reshape would copy, and the update would be lost
        raise ValueError(f"{name} must be C-contiguous: pass np.ascontiguousarray of it")
    return array.reshape(-1)
