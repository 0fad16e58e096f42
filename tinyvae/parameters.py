"""One vector, many names: a layer says `self.W`, a view of the one array in which all of a
model's parameters lie; Adam, save and load and the gradient check see that vector."""

import copy
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from tinyvae.ops import Array


class Views(dict):
    """{name: array} with names that stay. Setting an entry copies the values into its array,
    so that an array which others hold, too, is never replaced by another."""

    def __setitem__(self, name: str, value: ArrayLike) -> None:
        self[name][...] = value

    def update(self, values: Mapping[str, ArrayLike]) -> None:  # type: ignore[override]
        """Copy in the values of the names in `values`. ValueError, before anything changes, if
        one does not fit, or is this very array, kept in a dict and changed since: `.copy()`
        would have kept its values."""
        for name, value in values.items():
            if np.may_share_memory(value, self[name]):
                raise ValueError(f"{name} is no copy of the parameter: keep params.copy()")
            np.broadcast_to(value, self[name].shape)
        for name, value in values.items():
            self[name] = value

    def __ior__(self, values: Mapping[str, ArrayLike]) -> "Views":  # type: ignore[override,misc]
        self.update(values)
        return self

    def _fixed(self, *args: object) -> NoReturn:
        raise TypeError("a model's parameters cannot be added or removed, only set")

    __delitem__ = pop = popitem = clear = setdefault = _fixed  # type: ignore[assignment]

    def __reduce__(self) -> Any:
        return Views, (dict(self),)


class Parameters(Views):
    """Views of one array, `.vector`: `vae.params["encoder.0.b"] = 0.0` fills that bias,
    `vae.params.update(best)` puts back what `best = vae.params.copy()` kept."""

    vector = property(lambda self: self._vector, lambda self, a: np.copyto(self._vector, a))

    def __init__(self, shapes: Mapping[str, Any], dtype: DTypeLike, values: Any = 0.0) -> None:
        self._vector = np.full(sum(math.prod(s) for s in shapes.values()), values, dtype)
        rest = self._vector
        for name, shape in shapes.items():
            array, rest = np.split(rest, [math.prod(shape)])
            super(Views, self).__setitem__(name, array.reshape(shape))

    def copy(self) -> "Parameters":
        """The same names and values in a vector of their own."""
        return copy.deepcopy(self)

    def __reduce__(self) -> Any:
        # Pickle and deepcopy would copy each view by itself and break the link to the vector.
        shapes = {name: array.shape for name, array in self.items()}
        return Parameters, (shapes, self.vector.dtype, self.vector)


class Parametric:
    """A layer or a likelihood: it has named arrays, `params`, and their gradients, `grads`,
    which become views of its model's once it is bound. Without any it needs no __init__.
    What `forward` keeps for `backward` is `_last`, which no copy takes along."""

    params = grads = Views()
    settings: Mapping[str, Any] = {}  # what its class is called with to make another
    _last: Any = None

    def __init__(self, **arrays: Array) -> None:
        self.bind(Views(arrays), Views({n: np.zeros_like(a) for n, a in arrays.items()}))

    def bind(self, params: Views, grads: Views) -> None:
        """Use these arrays (views of a model's one vector) from now on."""
        self.params, self.grads = params, grads

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_last"}

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"{type(self).__name__}({given})"


def pack(parts: Mapping[str, Any], dtype: DTypeLike) -> tuple[Parameters, Parameters]:
    """(params, grads) of all `parts`, each in one vector; each part, its values kept, is then
    bound to its views of both."""
    values = named(parts, "params")
    shapes = {name: array.shape for name, array in values.items()}
    params, grads = Parameters(shapes, dtype), Parameters(shapes, dtype)
    params.update(values)
    attach(parts, params, grads)
    return params, grads


def named(parts: Mapping[Any, Any], kind: str) -> dict[str, Array]:
    """{"prefix.name": array} of the "params" or the "grads" of all `parts` ({prefix: part})."""
    return {f"{p}.{n}": a for p, part in parts.items() for n, a in getattr(part, kind).items()}


def attach(parts: Mapping[Any, Any], params: Views, grads: Views) -> None:
    """Bind each of `parts` to its own of these arrays: those under its prefix."""
    for prefix, part in parts.items():
        part.bind(_under(f"{prefix}.", params), _under(f"{prefix}.", grads))


def _under(start, arrays):
    return Views({n.removeprefix(start): a for n, a in arrays.items() if n.startswith(start)})
