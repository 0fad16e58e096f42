"""Layers with their backward passes written by hand.

`layer(x)` only computes. `layer.forward(x)` also remembers what `layer.backward(dout)` then
needs, which overwrites the layer's gradients (there is no zero_grad to forget) and returns dx.
Throughout the package dout, dx, dW, ... mean dL/dout, dL/dx, dL/dW, ... with L = -mean(elbo)
over the batch, or what a model's `loss` says in its place.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import DTypeLike

from tinyvae.ops import Array, quiet, sigmoid
from tinyvae.parameters import Parametric, Views, attach, named
from tinyvae.threads import product


def entry(kind: str, name: str) -> property:
    """An entry of "params" or "grads". What it is set to is copied into its array, a view of a
    model's, so that no other is put in its place."""

    def fill(self, value):
        getattr(self, kind)[name] = value

    return property(lambda self: getattr(self, kind)[name], fill)


class Dense(Parametric):
    """out = x W + b, with x (N, n_in), W (n_in, n_out), b (n_out,).

    dx = dout W^T, dW = x^T dout, db = the sum of dout over the batch. W starts as
    N(0, 1 / n_in), which keeps the variance of unit inputs (LeCun et al. 1998, eq. 16), b as 0.
    """

    W, b = entry("params", "W"), entry("params", "b")
    dW, db = entry("grads", "W"), entry("grads", "b")

    def __init__(self, n_in: int, n_out: int, rng: Generator, dtype: DTypeLike = np.float64):
        W = rng.standard_normal((n_in, n_out)) / np.sqrt(n_in)
        super().__init__(W=W.astype(dtype), b=np.zeros(n_out, dtype))

    def __call__(self, x: Array) -> Array:
        out = product(x, self.W)
        out += self.b
        return out

    def forward(self, x: Array) -> Array:
        self._last = x
        return self(x)

    def backward(self, dout: Array, input_grad: bool = True) -> Array | None:
        """Fill dW and db; return dx, or None where nobody asks for it (the first layer)."""
        product(self._last.T, dout, out=self.dW)
        np.sum(dout, axis=0, out=self.db)
        return product(dout, self.W.T) if input_grad else None

    def __repr__(self) -> str:
        return "Dense({}, {})".format(*self.W.shape)


class Tanh(Parametric):
    """out = tanh(x); dx = dout (1 - out^2)."""

    def __call__(self, x: Array) -> Array:
        return np.tanh(x)

    def forward(self, x: Array) -> Array:
        self._last = self(x)
        return self._last

    def backward(self, dout: Array, input_grad: bool = True) -> Array:
        return dout * (1 - self._last**2)


class ReLU(Parametric):
    """out = max(x, 0); dx = dout where x > 0, else 0 (also at the kink, x = 0)."""

    def __call__(self, x: Array) -> Array:
        return np.maximum(x, 0)

    def forward(self, x: Array) -> Array:
        self._last = self(x)
        return self._last

    def backward(self, dout: Array, input_grad: bool = True) -> Array:
        return dout * (self._last > 0)


class SiLU(Parametric):
    """out = x s with s = sigmoid(x); dx = dout (s + x s (1 - s)) = dout (s + out (1 - s))."""

    def __call__(self, x: Array) -> Array:
        return x * sigmoid(x)

    def forward(self, x: Array) -> Array:
        s = sigmoid(x)
        self._last = s, x * s
        return self._last[1]

    def backward(self, dout: Array, input_grad: bool = True) -> Array:
        s, out = self._last
        return dout * (s + out * (1 - s))


class Sequential:
    """Layers one after another. Parameters are named "0.W", "0.b", "1.W", ...: the number
    counts the layers that have parameters, so it does not change with the activations."""

    params = property(lambda self: named(self._numbered, "params"))
    grads = property(lambda self: named(self._numbered, "grads"))
    layers = property(lambda self: self._layers)  # a model knows those that it packed

    def __init__(self, *layers: Any) -> None:
        if not layers:
            raise ValueError("Sequential needs at least one layer")
        self._layers = layers

    @property
    def _numbered(self):
        return dict(enumerate(layer for layer in self.layers if layer.params))

    def bind(self, params: Views, grads: Views) -> None:
        attach(self._numbered, params, grads)

    @quiet
    def __call__(self, x: Array) -> Array:
        for layer in self.layers:
            x = layer(x)
        return x

    @quiet
    def forward(self, x: Array) -> Array:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    @quiet
    def backward(self, dout: Array, input_grad: bool = True) -> Any:
        """Fill every layer's gradients; return dx, or None where nobody asks for it."""
        first, *rest = self.layers
        for layer in reversed(rest):
            dout = layer.backward(dout)
        return first.backward(dout, input_grad)

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"


def mlp(
    sizes: Sequence[int], rng: Generator, activation: type = SiLU, dtype: DTypeLike = np.float64
) -> Sequential:
    """Dense layers of these sizes with an activation between any two: (3, 5, 2) is
    Dense(3, 5), activation, Dense(5, 2). The last layer has none."""
    layers: list[Any] = []
    for n_in, n_out in pairwise(sizes):
        layers += [Dense(n_in, n_out, rng, dtype), activation()]
    return Sequential(*layers[:-1])
