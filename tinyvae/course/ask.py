"""The tools with which an exercise puts an answer to the test.

First shapes, then the mistakes that are known by the value they make, then properties, then
values; the first that fails raises NotYet, whose message says what is wrong in the learner's
own terms and never what the right value is.
"""

import inspect
import itertools

import numpy as np

CLOSE = 1e-5  # a right answer may compute in float32


class NotYet(Exception):
    """What is wrong with an answer: one or two sentences, in Markdown."""


def call(function, *inputs):
    """function(*inputs) on copies of the inputs; the arrays that it puts out as NumPy arrays.

    NotYet if it is no function, raises, changes its inputs, or puts out nothing.
    """
    if not callable(function):
        raise NotYet(f"A function is asked for; this is of type `{type(function).__name__}`.")
    given = _copy(inputs)
    try:
        with np.errstate(all="ignore"):
            out = function(*given)
    except NotImplementedError:
        raise
    except Exception as error:
        raise NotYet(
            f"Called with {_in_words(function, inputs)}, your function stopped with "
            f"`{type(error).__name__}: {error}`."
        ) from error
    if not _same(given, inputs):
        raise NotYet(
            "Your function changes the arrays that it is given; the caller still needs them. "
            "Make new ones (`x = x - 1` makes one, `x -= 1` writes into the caller's)."
        )
    if out is None:
        raise NotYet("Your function puts out `None`: is there a `return`?")
    return tuple(map(_array, out)) if isinstance(out, tuple) else _array(out)


def _array(value):
    """A number or list of numbers as a float array, a list of arrays that fit no array as a
    tuple of them, anything else as it is."""
    if isinstance(value, dict):
        return {key: _array(part) for key, part in value.items()}
    try:
        array = np.asarray(value)
    except ValueError:
        return tuple(map(_array, value))
    return array.astype(float) if array.dtype.kind in "biuf" else value


def _copy(value):
    """A deep copy of arrays in tuples and dicts; other things, such as models, as they are."""
    if isinstance(value, np.ndarray):
        return value.copy("K")  # in its own order: a transposed array stays one
    if isinstance(value, (tuple, list)):
        return type(value)(_copy(part) for part in value)
    if isinstance(value, dict):
        return {key: _copy(part) for key, part in value.items()}
    return value


def _same(a, b):
    if isinstance(b, np.ndarray):
        return np.array_equal(a, b, equal_nan=b.dtype.kind == "f")
    if isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in b)
    return a is b or a == b if isinstance(b, (str, int, float)) else True


def _in_words(function, inputs):
    """The inputs by the learner's own names, arrays by their shape: "x of shape (5, 3)"."""
    try:
        known = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some of NumPy's own have no signature
        known = []
    names = [one.name for one in known if one.kind is not one.VAR_POSITIONAL]
    named = itertools.zip_longest(names[: len(inputs)], inputs, fillvalue="an array")
    return ", ".join(_in_word(name, value) for name, value in named)


def _in_word(name, value):
    if isinstance(value, np.ndarray):
        return f"{name} of shape {value.shape}"
    if isinstance(value, dict):
        return f"{name}, a dict of {len(value)} arrays"
    if isinstance(value, (bool, str, list, tuple, int, float, np.number)):
        return f"{name} = {value!s:.40}"
    kind = "function" if callable(value) else type(value).__name__
    return f"{name}, a {kind}"


def number(value, what="your answer"):
    """The one number that a learner set; NotYet unless it is one, and finite."""
    array = _array(value)
    if not (isinstance(array, np.ndarray) and array.shape == () and np.isfinite(array)):
        raise NotYet(f"One number is asked for, such as `0.5`: {what}.")
    return float(array)


def parts(out, n, names):
    """`out` as a tuple of n arrays; NotYet says that `names` are asked for."""
    if isinstance(out, np.ndarray) and out.dtype.kind == "f" and out.ndim and len(out) == n:
        out = tuple(np.asarray(part) for part in out)  # they came in a list
    if not (isinstance(out, tuple) and len(out) == n):
        got = f"{len(out)} values" if isinstance(out, tuple) else "one"
        raise NotYet(f"Your function should put out {n} values, {names}; it puts out {got}.")
    return out


def shape(got, want, why, name="your answer"):
    """NotYet unless the array `got` has the shape `want`; `why` says how it comes about."""
    if not isinstance(got, np.ndarray) or got.dtype.kind != "f":
        kind = got.dtype if isinstance(got, np.ndarray) else type(got).__name__
        raise NotYet(f"An array of numbers is asked for; {name} is of type `{kind}`.")
    if got.shape != tuple(want):
        raise NotYet(f"The shape of {name} is {got.shape}, but should be {tuple(want)}: {why}.")


def close(got, want, tolerance=CLOSE):
    """Whether all of `got` is within `tolerance` of `want`, relative to want's greatest."""
    got, want = np.asarray(got, dtype=float), np.asarray(want, dtype=float)
    if got.shape != want.shape or not np.isfinite(got).all():
        return False
    return bool(
        np.abs(got - want).max(initial=0) <= tolerance * (np.abs(want).max(initial=0) or 1)
    )


def recognise(got, want, mistakes, tolerance=CLOSE):
    """NotYet with the message whose value `got` is; `mistakes` is {message: wrong value}.

    A mistake that happens to give the right value on these inputs is none.
    """
    for message, wrong in mistakes.items():
        if close(got, wrong, tolerance) and not close(got, want, tolerance):
            raise NotYet(message)


def expect(truth, message):
    """NotYet with `message` unless `truth`: a property that a right answer has."""
    if not truth:
        raise NotYet(message)


def values(got, want, name="your answer", tolerance=CLOSE):
    """NotYet unless `got` is close to `want`; says how they differ, not what is right."""
    if not close(got, want, tolerance):
        raise NotYet(_difference(got, np.asarray(want, dtype=float), name, tolerance))


def extremes(got, want, name="your answer", why="small or large inputs change no shape"):
    """NotYet unless `got` has want's shape and each entry is right to 1e-4 of itself, on inputs
    far from usual. `values` would not see a narrow note beside a wide one.
    """
    shape(np.asarray(got), np.shape(want), why, name)
    if not np.allclose(got, want, rtol=1e-4, atol=0):
        raise NotYet(
            f"For usual inputs {name} is right, but not for very small or very large ones: is "
            "something clipped, cut off, or added so that nothing is divided by 0?"
        )


def _difference(got, want, name, tolerance):
    name = name[0].upper() + name[1:]
    if not np.isfinite(got).all():
        return f"{name} is not finite: there is a NaN or an infinity in it."
    if close(got, -want, tolerance):
        return f"{name} has the wrong sign everywhere; its size is right."
    if np.ndim(got) == 2 and got.shape[0] == got.shape[1] and close(got.T, want, tolerance):
        return f"{name} is transposed."
    factor = (got * want).sum() / (want**2).sum() if want.any() else 0
    shown = f"{factor:.4g}" != "1"  # else it is a small error, but not of this kind
    if got.size > 1 and factor and shown and close(got, factor * want, tolerance):
        return f"{name} is {factor:.4g} times what it should be, everywhere."
    if got.size == 1 and _telling(factor):
        return f"{name} is {factor:.4g} times what it should be."
    if got.size > 1 and close(got - want, np.full(want.shape, (got - want).mean()), tolerance):
        return f"{name} is off by the same amount everywhere."
    wrong = np.abs(got - want) > tolerance * (np.abs(want).max() or 1)
    if got.size == 1:
        return f"{name} has the wrong value."
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    return (
        f"{name} is wrong in {wrong.sum()} of {wrong.size} places, the first at {list(first)}."
    )


def _telling(factor):
    """Whether a number's factor is 2, 1/2, 3 ...; any other would only give the right one."""
    size = max(abs(factor), 1 / abs(factor)) if factor else 0
    return 1.5 < size < 1000 and abs(size - round(size)) < 1e-4
