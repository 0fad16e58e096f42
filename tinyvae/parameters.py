"""One vector, many names: all parameters of a model lie in one array, each name a view of it.

A layer says `self.W`; Adam, save and load and the gradient check see one vector.
"""

import math
from types import MappingProxyType

import numpy as np


class Parameters(dict):
    """{name: array}, every array a view of the one array `.vector`.

    Setting an entry copies the value into the view, so the link is never lost:
    `vae.params["encoder.0.b"] = 0.0` fills that bias with zeros, `vae.params.update(best)` puts
    back the values kept in `best = vae.params.copy()`. Names cannot be added or removed.
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

    def update(self, values):
        """Copy in the values of the names in `values`, a dict."""
        for name, value in values.items():
            self[name] = value

    def __ior__(self, values):
        self.update(values)
        return self

    def _fixed(self, *args):
        raise TypeError("a model's parameters cannot be added or removed, only set")

    __delitem__ = pop = popitem = clear = setdefault = _fixed

    def astype(self, dtype):
        """The same names and values in a vector of their own."""
        twin = Parameters({name: array.shape for name, array in self.items()}, dtype)
        twin.vector[:] = self.vector
        return twin

    def copy(self):
        """As astype, in the same dtype."""
        return self.astype(self.vector.dtype)

    def __reduce__(self):
        # Pickle and deepcopy would copy each view by itself and break the link to the vector.
        return _restore, ({name: array.shape for name, array in self.items()}, self.vector)


def _restore(shapes, vector):
    params = Parameters(shapes, vector.dtype)
    params.vector[:] = vector
    return params


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
    params.update(named)
    attach(parts, params, grads)
    return params, grads


def attach(parts, params, grads):
    """Bind each of `parts` to its own of these arrays."""
    for prefix, part in parts.items():
        part.bind(under(prefix, params), under(prefix, grads))


def under(prefix, named):
    """The entries of `named` whose names begin with "prefix.", without that beginning."""
    start = f"{prefix}."
    return {n.removeprefix(start): a for n, a in named.items() if n.startswith(start)}
