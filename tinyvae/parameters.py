"""One vector, many names: a layer says `self.W`, a view of the one array in which all of a
model's parameters lie; Adam, save and load and the gradient check see that vector."""

import copy
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from tinyvae.arrays import check_matrix
from tinyvae.ops import Array
from tinyvae.validation import check_dtype, check_int, check_kinds, check_widths


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
    """(params, grads) of all `parts` ({prefix: part}), each in one vector, to whose views each
    part, its values kept, is then bound."""
    values = named(parts, "params")
    shapes = {name: array.shape for name, array in values.items()}
    params, grads = Parameters(shapes, dtype), Parameters(shapes, dtype)
    params.update(values)
    attach(parts, params, grads)
    return params, grads


def named(parts: Mapping[Any, Any], kind: str) -> dict[str, Array]:
    """{"prefix.name": array}: the "params" or the "grads" of all `parts`."""
    return {f"{p}.{n}": a for p, part in parts.items() for n, a in getattr(part, kind).items()}


def attach(parts: Mapping[Any, Any], params: Views, grads: Views) -> None:
    """Bind each of `parts` to its own of these arrays: those under its prefix."""
    for prefix, part in parts.items():
        part.bind(_under(f"{prefix}.", params), _under(f"{prefix}.", grads))


def _under(start, arrays):
    return Views({n.removeprefix(start): a for n, a in arrays.items() if n.startswith(start)})


class Model:
    """What all models share: networks whose parameters, `params`, lie in one vector, and
    their gradients, `grads`, in another. A part that is replaced is copied and packed in; an
    optimiser made before then has arrays of no model."""

    parts: tuple[str, ...]  # the attributes that have parameters
    given: tuple[str, ...]  # the names of the settings
    params: Parameters
    grads: Parameters
    weighs_kl = False  # whether backward has a beta and free bits
    _last: Any = None  # what the last elbo left for loss and backward

    def __init__(self, n_z: int, n_h: Any, n_c: int, likelihood, activation: type, dtype: Any):
        check_kinds(likelihood, activation)
        self.n_z, self.n_h = check_int("n_z", n_z), check_widths(n_h)
        self.n_c, self.activation = check_int("n_c", n_c, least=0), activation
        self.dtype = check_dtype(dtype)

    @property
    def settings(self) -> dict[str, Any]:
        """What its class is called with to make another, but for rng."""
        return {name: getattr(self, name) for name in self.given}

    def __setattr__(self, name: str, value: Any) -> None:
        made, packed = "params" in vars(self), False
        if made and value is not getattr(self, name, value):
            if name in ("params", "grads"):
                what = f"are set in place, such as model.{name}.update(...)"
                raise AttributeError(f"{name} {what}")
            packed = name in self.parts
            if name in self.given and not packed:
                raise AttributeError(f"{name} stays what the model was made with: make another")
        super().__setattr__(name, copy.deepcopy(value) if packed else value)
        if packed:
            self._pack()

    def _parts(self):
        return {name: getattr(self, name) for name in self.parts}

    def _pack(self):
        params, grads = pack(self._parts(), self.dtype)
        vars(self).update(params=params, grads=grads, _last=None)

    def astype(self, dtype: DTypeLike) -> Any:
        """A copy in another dtype (the gradient check asks for float64)."""
        twin = copy.deepcopy(self)
        vars(twin)["dtype"] = check_dtype(dtype)
        twin._pack()
        return twin

    def __copy__(self) -> Any:
        return copy.deepcopy(self)  # a shallow one would take the layers away from this

    def __getstate__(self) -> dict[str, Any]:
        return {name: a for name, a in vars(self).items() if name not in ("grads", "_last")}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        # The layers' arrays are views of params; an Adam that is copied along refers to it too.
        vars(self).update(state, grads=state["params"].copy())
        attach(self._parts(), self.params, self.grads)

    def __repr__(self) -> str:
        shown = {n: getattr(a, "__name__", a) for n, a in self.settings.items()}
        given = ", ".join(f"{n}={a}" for n, a in shown.items() if not isinstance(a, Array))
        return f"{type(self).__name__}({given}): {self.params.vector.size:,} parameters"

    def _remembered(self):
        if self._last is None:
            raise RuntimeError("there is nothing to go back through: call elbo or recon first")
        return self._last

    def loss(self) -> float:
        """What `backward` differentiates, in nats: -mean of the last `elbo` or `recon`."""
        *_, last = self._remembered()
        return -float(last.mean(dtype=np.float64))

    def _condition(self, c, n, name="c"):
        """c as (n, n_c) in the model's dtype; one row, or (n_c,), goes with all n. Without a
        condition, n_c = 0, it is None, or an array of no columns: what this makes of None."""
        if getattr(c, "size", None) == 0:
            c = None
        if (c is None) == bool(self.n_c):
            need = "given" if c is None else "None"
            raise ValueError(f"{name} must be {need}: n_c = {self.n_c}")
        if c is None:
            return np.empty((n, 0), self.dtype)
        c = check_matrix(name, np.atleast_2d(c), self.n_c, self.dtype)
        if len(c) not in (1, n):
            raise ValueError(f"{name} must have one row, or one for each of {n}, got {len(c)}")
        return np.broadcast_to(c, (n, self.n_c))
