"""One vector, many names: all parameters of a model lie in one array, each name a view of it.

A layer says `self.W`; Adam, save and load and the gradient check see one vector.
"""

import math
from types import MappingProxyType

import numpy as np


class Parameters(dict):
    """{name: array}, every array a view of the one array `.vector`.

    Setting an entry copies the value into the view (so the link is never lost):
    `vae.params["encoder.0.b"] = 0.0` fills that bias with zeros.
    """

    def __init__(self, shapes, dtype):
        self.vector = np.zeros(sum(math.prod(s) for s in shapes.values()), dtype)
        start = 0
        for name, shape in shapes.items():
            stop = start + math.prod(shape)
            super().__setitem__(name, self.vector[start:stop].reshape(shape))
            start = stop

    def __setitem__(self, name, value):
        self[name][...] = value


class NoParameters:
    """What a layer or a likelihood without parameters says when it is asked for them."""

    params = grads = settings = MappingProxyType({})

    def bind(self, params, grads):
        """Nothing to bind."""


def pack(parts, dtype):
    """Move the parameters of `parts` ({prefix: layer}) into one vector, named "prefix.name".

    Returns (params, grads), two `Parameters` with the same names; each part is bound to its
    views of both, its values kept.
    """
    named = {f"{p}.{n}": a for p, part in parts.items() for n, a in part.params.items()}
    shapes = {name: array.shape for name, array in named.items()}
    params, grads = Parameters(shapes, dtype), Parameters(shapes, dtype)
    for name, array in named.items():
        params[name] = array
    for prefix, part in parts.items():
        part.bind(under(prefix, params), under(prefix, grads))
    return params, grads


def under(prefix, named):
    """The entries of `named` whose names begin with "prefix.", without that beginning."""
    start = f"{prefix}."
    return {n.removeprefix(start): a for n, a in named.items() if n.startswith(start)}
