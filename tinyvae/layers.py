"""Layers with their backward passes written by hand.

A layer is called in two ways. `layer(x)` only computes. `layer.forward(x)` also remembers what
`layer.backward(dout)` then needs; backward overwrites the layer's gradients (there is no
zero_grad to forget) and returns dx. Throughout the package dout, dx, dW, ... mean
dL/dout, dL/dx, dL/dW, ... with L = -mean(elbo) over the batch, or what a
model's `loss` says in its place.
"""

import itertools

import numpy as np

from tinyvae.ops import sigmoid
from tinyvae.parameters import NoParameters, under


class Dense:
    """out = x W + b, with x (N, n_in), W (n_in, n_out), b (n_out,).

    dx = dout W^T, dW = x^T dout, db = the sum of dout over the batch. W starts as
    N(0, 1 / n_in), which keeps the variance of unit inputs (LeCun et al. 1998, eq. 16), b as 0.
    """

    def __init__(self, n_in, n_out, rng, dtype=np.float64):
        self.W = (rng.standard_normal((n_in, n_out)) / np.sqrt(n_in)).astype(dtype)
        self.b = np.zeros(n_out, dtype)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    @property
    def params(self):
        return {"W": self.W, "b": self.b}

    @property
    def grads(self):
        return {"W": self.dW, "b": self.db}

    def bind(self, params, grads):
        """Use these arrays (views of a model's one vector) from now on."""
        self.W, self.b = params["W"], params["b"]
        self.dW, self.db = grads["W"], grads["b"]

    def __call__(self, x):
        out = x @ self.W
        out += self.b
        return out

    def forward(self, x):
        self.x = x
        return self(x)

    def backward(self, dout, input_grad=True):
        """Fill dW and db; return dx, or None where nobody asks for it (the first layer)."""
        np.matmul(self.x.T, dout, out=self.dW)
        np.sum(dout, axis=0, out=self.db)
        return dout @ self.W.T if input_grad else None


class Tanh(NoParameters):
    """out = tanh(x); dx = dout (1 - out^2)."""

    def __call__(self, x):
        return np.tanh(x)

    def forward(self, x):
        self.out = self(x)
        return self.out

    def backward(self, dout, input_grad=True):
        return dout * (1 - self.out**2)


class ReLU(NoParameters):
    """out = max(x, 0); dx = dout where x > 0, else 0 (also at the kink, x = 0)."""

    def __call__(self, x):
        return np.maximum(x, 0)

    def forward(self, x):
        self.out = self(x)
        return self.out

    def backward(self, dout, input_grad=True):
        return dout * (self.out > 0)


class SiLU(NoParameters):
    """out = x s with s = sigmoid(x); dx = dout (s + x s (1 - s)) = dout (s + out (1 - s))."""

    def __call__(self, x):
        return x * sigmoid(x)

    def forward(self, x):
        self.s = sigmoid(x)
        self.out = x * self.s
        return self.out

    def backward(self, dout, input_grad=True):
        return dout * (self.s + self.out * (1 - self.s))


class Sequential:
    """Layers one after another. Parameters are named "0.W", "0.b", "1.W", ...: the number
    counts the layers that have parameters, so it does not change with the activations."""

    def __init__(self, *layers):
        if not layers:
            raise ValueError("Sequential needs at least one layer")
        self.layers = layers

    def _numbered(self):
        return enumerate(layer for layer in self.layers if layer.params)

    @property
    def params(self):
        return {f"{i}.{n}": a for i, layer in self._numbered() for n, a in layer.params.items()}

    @property
    def grads(self):
        return {f"{i}.{n}": a for i, layer in self._numbered() for n, a in layer.grads.items()}

    def bind(self, params, grads):
        """Hand each layer its own of these arrays."""
        for i, layer in list(self._numbered()):
            layer.bind(under(i, params), under(i, grads))

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout, input_grad=True):
        """Fill every layer's gradients; return dx (None if the input needs no gradient)."""
        first, *rest = self.layers
        for layer in reversed(rest):
            dout = layer.backward(dout)
        return first.backward(dout, input_grad)


def mlp(sizes, rng, activation=SiLU, dtype=np.float64):
    """Dense layers of these sizes with an activation between any two: (3, 5, 2) is
    Dense(3, 5), activation, Dense(5, 2). The last layer has none."""
    layers = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [Dense(n_in, n_out, rng, dtype), activation()]
    return Sequential(*layers[:-1])
