"""What the judge of a hand-in and the process of its notebook say to each other.

The notebook's process is not trusted. `pack` puts what it says into a format that holds
numbers, text and arrays, and nothing that could run when it is read; whatever else there is
arrives as an Other, of which only the type's name is kept. What the judge says is a pickle, in
which functions of the judge's stay with the judge: the other side gets a stand-in.
"""

import inspect
import io
import json
import pickle
import re
import struct
from functools import partial
from types import FunctionType

import numpy as np

LIMIT = 2**28  # bytes of one message
TREE = 2**24  # bytes of it that are no arrays
HUGE = 10**7  # numbers of an array that are still sent; of a greater one only the shape is
TEXT = 100_000  # letters of a text that are kept
NUMERIC = re.compile(r"[<>|=]?[biuf][1-9][0-9]?")
LENGTH = struct.Struct("<Q")


class Garbled(Exception):
    """A message that is none."""


def send(file, message):
    """Write one message, bytes, to a binary file."""
    file.write(LENGTH.pack(len(message)) + message)
    file.flush()


def receive(file):
    """One message from a binary file; EOFError where it ends, Garbled if it is too long."""
    (size,) = LENGTH.unpack(_exactly(file, LENGTH.size))
    if size > LIMIT:
        raise Garbled(f"a message of {size} bytes")
    return _exactly(file, size)


def _exactly(file, size):
    data = file.read(size)
    if len(data) < size:
        raise EOFError
    return data


# From the notebook's process to the judge


def pack(value, keep):
    """`value` as bytes. keep(function) gives the number under which the other side calls it."""
    blobs = []
    tree = json.dumps(_node(value, keep, blobs)).encode()
    return b"".join([LENGTH.pack(len(tree)), tree, *blobs])


def _node(value, keep, blobs):
    """What stands for `value` in the JSON: itself, or [its kind, what is in it]."""
    kind = type(value)
    if value is None or kind in (bool, int, float):
        return value
    if isinstance(value, str):
        return str(value[:TEXT])
    if kind in (tuple, list):
        return [kind.__name__, [_node(part, keep, blobs) for part in value]]
    if isinstance(value, dict):
        pairs = value.items()
        return ["dict", [[_node(part, keep, blobs) for part in pair] for pair in pairs]]
    if np.ma.is_masked(value):
        parts = np.asarray(value.data), np.asarray(value.mask)
        return ["masked", [_node(part, keep, blobs) for part in parts]]
    if (array := _array(value)) is not None:
        return _array_node(array, isinstance(value, np.generic), blobs)
    if callable(value):
        return ["function", keep(value), _arguments(value)]
    return ["other", kind.__name__]


def _array(value):
    """`value` as an array of numbers, where it is one or holds some (a Fraction, a range, a
    column of a table); else None."""
    if value is Ellipsis or isinstance(value, type):
        return None
    try:
        array = np.asarray(value)
        if array.dtype == object and array.size:
            if not all(hasattr(part, "__float__") for part in array.flat):
                return None
            array = array.astype(float)
    except Exception:
        return None
    return array if NUMERIC.fullmatch(array.dtype.str) else None


def _array_node(array, is_scalar, blobs):
    if array.size > HUGE:
        return ["huge", array.shape]
    blobs.append(array.tobytes())
    return ["scalar" if is_scalar else "array", array.dtype.str, array.shape]


def _arguments(function):
    """The names of a function's arguments and their kinds, as far as they are known."""
    try:
        known = inspect.signature(function).parameters.values()
        return [[one.name, int(one.kind)] for one in known]
    except Exception:  # some of NumPy's own have none, and a learner may make what he likes
        return []


def unpack(message, functions):
    """The value that `pack` packed. functions(number, arguments) gives what stands for a
    function. Garbled if this is nothing that `pack` makes."""
    try:
        (size,) = LENGTH.unpack_from(message)
        if size > TREE:
            raise ValueError(f"{size} bytes beside the arrays")
        tree = json.loads(message[LENGTH.size : LENGTH.size + size])
        return _value(tree, io.BytesIO(message[LENGTH.size + size :]), functions)
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError,
            MemoryError, EOFError, struct.error) as error:  # fmt: skip
        raise Garbled(f"{type(error).__name__}: {error}"[:200]) from None


def _value(node, blobs, functions):
    if not isinstance(node, list):
        return node
    kind, *held = node
    if kind in ("tuple", "list"):
        return {"tuple": tuple, "list": list}[kind](
            [_value(part, blobs, functions) for part in held[0]]
        )
    if kind == "dict":
        return {
            _value(key, blobs, functions): _value(part, blobs, functions)
            for key, part in held[0]
        }
    if kind == "masked":
        data, mask = (_value(part, blobs, functions) for part in held[0])
        return np.ma.array(data, mask=mask)
    if kind in ("array", "scalar"):
        return _read_array(*held, blobs)[() if kind == "scalar" else ...]
    if kind == "huge":
        return np.broadcast_to(0.0, held[0])
    if kind == "function":
        return functions(int(held[0]), held[1])
    return _other(held[0])


def _read_array(dtype, shape, blobs):
    if not NUMERIC.fullmatch(dtype):
        raise ValueError(f"no numbers: {dtype}")
    dtype, size = np.dtype(dtype), 1
    for n in shape:
        size *= int(n)
    if not 0 <= size <= HUGE or min(shape, default=0) < 0:
        raise ValueError(f"no shape: {shape}")
    data = _exactly(blobs, size * dtype.itemsize)
    return np.frombuffer(data, dtype).reshape(shape).copy()


def _other(name):
    """A thing of a type with that name, of which nothing else is known."""
    return type(str(name)[:60] or "object", (), {})()


# From the judge to the notebook's process


class _ToPlayer(pickle.Pickler):
    """A pickler of arguments. Functions of the course's own, which the other side must not
    import, go as a number."""

    def __init__(self, file, keep):
        super().__init__(file)
        self.keep = keep

    def persistent_id(self, value):
        if isinstance(value, partial) or (
            isinstance(value, FunctionType)
            and str(value.__module__).startswith("tinyvae.course.")
        ):
            return self.keep(value)
        return None


class _FromJudge(pickle.Unpickler):
    def __init__(self, file, functions):
        super().__init__(file)
        self.functions = functions

    def persistent_load(self, number):
        return self.functions(number)


def pickled(value, keep):
    """`value` as bytes; keep(function) gives a number for each of the judge's functions."""
    file = io.BytesIO()
    _ToPlayer(file, keep).dump(value)
    return file.getvalue()


def unpickled(message, functions):
    """The value that `pickled` pickled; functions(number) stands for a function."""
    return _FromJudge(io.BytesIO(message), functions).load()
