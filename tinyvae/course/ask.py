"""The tools with which an exercise puts an answer to the test.

`compare` calls the learner's function and the right one on many cases. If they differ, it looks
for the known mistake that gives what the learner's function gave, on every case; a mistake is
a function, too, and stands beside its message. The first test that fails raises NotYet, whose
message says what is wrong in the learner's own terms and never what the right value is.
"""

import inspect
import itertools
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tinyvae.validation import one_line

CLOSE = 1e-5  # a right answer may compute in float32
HUGE = 10**6  # numbers in an array that no exercise asks for
MANY = 10**4  # values in a tuple
SAID = 200  # characters of what a learner's code says that are shown

NOT_USUAL = (
    "For usual inputs {} is right, but not for very small or very large ones: is something "
    "clipped, cut off, or added so that nothing is divided by 0?"
)

# What every exercise on arrays of rows goes through, (N, D): tall, one row, one column, one
# number, square, wide; no two sizes alike by chance.
SIZES = ((5, 3), (1, 4), (4, 1), (1, 1), (3, 3), (2, 6))
# What "of any shape" means.
SHAPES = ((4, 3), (), (1,), (5,), (1, 4), (3, 1), (2, 2), (2, 5), (2, 3, 4), (0,))


class NotYet(Exception):
    """What is wrong with an answer: one or two sentences, in Markdown."""


@dataclass(frozen=True)
class Part:
    """One output of a learner's function: the right one, and the known mistakes in it.

    right and each mistake are functions of the same inputs. `mistakes` is {message: function},
    or a tuple of functions where one message fits several; `name` is what the output is
    called, `why` says how its shape comes about, `not_finite` what a NaN in it comes from, and
    otherwise(got, *inputs) gives, or raises, the message for a wrong value that no mistake
    explains.
    """

    right: Callable[..., Any]
    mistakes: Mapping[str, Any] = field(default_factory=dict)
    name: str = "your answer"
    why: str = "that of the inputs"
    tolerance: float = CLOSE
    not_finite: str = ""
    otherwise: Callable[..., str] | None = None


def compare(answer: Any, cases: Iterable[tuple], *parts_: Part) -> None:
    """NotYet unless answer(*case) is what each of `parts_` says, in every one of `cases`.

    With one part the answer's output is that part, with more a tuple of them.
    """
    cases = list(cases)
    outs, stopped = _outputs(answer, cases, parts_)
    for place, part in enumerate(parts_):
        got = [out[place] for out in outs]
        _compare(got, cases[: len(got)], part)
    if stopped:
        raise stopped


def _outputs(answer, cases, parts_):
    """The answer's outputs, a tuple for each case, up to the first case that it refuses, and
    the NotYet of that one: a known mistake in an earlier case says more than it does."""
    outs = []
    for case in cases:
        try:
            out = call(answer, *case)
            if len(parts_) > 1:
                outs.append(parts(out, len(parts_), " and ".join(p.name for p in parts_)))
            else:
                outs.append((out,))
        except NotYet as refusal:
            if not outs:
                raise
            return outs, refusal
    return outs, None


def _compare(got, cases, part):
    want = [_array(part.right(*_copy(case))) for case in cases]
    got = [_like(one, true) for one, true in zip(got, want, strict=True)]
    pairs = list(zip(got, want, strict=True))
    wrong = [not close(one, true, part.tolerance) for one, true in pairs]
    if not any(wrong):
        return
    for message, mistakes in part.mistakes.items():
        for mistake in several(mistakes):
            if _agree(got, want, wrong, mistake, cases, part.tolerance):
                raise NotYet(message)
    first = wrong.index(True)
    shape(got[first], np.shape(want[first]), part.why, part.name)
    for one in (one for one, is_wrong in zip(got, wrong, strict=True) if is_wrong):
        finite(one if _numeric(one) else 0.0, part.name, part.not_finite)
    if part.otherwise is not None:
        raise NotYet(part.otherwise(got[first], *cases[first]))
    values(got[first], want[first], part.name, part.tolerance)


def _agree(got, want, wrong, mistake, cases, tolerance):
    """Whether `mistake` gives what the learner's function gave, in every case."""
    some = False
    for one, true, is_wrong, case in zip(got, want, wrong, cases, strict=True):
        try:
            with np.errstate(all="ignore"):
                made = _array(mistake(*_copy(case)))
        except Exception:  # a mistake need not be possible with any input
            return False
        if not _alike(one, made, true, tolerance):
            return False
        some = some or (is_wrong and bool(np.isfinite(one).all()))
    return some


def _alike(a, b, want, tolerance):
    """`close`, where both may have the same NaN and infinities, and a mistake that cancels to
    rounding is as good as 0 beside `want`."""
    if not (_numeric(a) and _numeric(b)) or a.shape != b.shape:
        return False
    known = np.isfinite(b)
    if not np.array_equal(np.isfinite(a), known):
        return False
    scale = max(np.abs(b[known]).max(initial=0), 1e-6 * np.abs(want).max(initial=0)) or 1
    return bool(np.abs(a[known] - b[known]).max(initial=0) <= tolerance * scale)


def answer_of(*parts_: Part) -> Callable[..., Any]:
    """The right answer: a function with these outputs."""
    if len(parts_) == 1:
        return parts_[0].right
    return lambda *inputs: tuple(part.right(*_copy(inputs)) for part in parts_)


def in_parts(*parts_: Part) -> dict[str, list]:
    """{message: answers that make it}, of a function with these outputs: all else is right."""
    return _gathered(
        (message, [answer_of(*_with_wrong(parts_, place, wrong)) for wrong in several(wrongs)])
        for place, part in enumerate(parts_)
        for message, wrongs in part.mistakes.items()
    )


def of_two(first: Any, second: Any) -> dict[str, list]:
    """{message: pairs of answers that make it}, of an exercise that asks for two functions,
    each a Part or a tuple of them: the other one is right."""
    first, second = several(first), several(second)
    pairs = [(message, f, answer_of(*second)) for message, f in _each(first)]
    pairs += [(message, answer_of(*first), f) for message, f in _each(second)]
    return _gathered((message, [(one, two)]) for message, one, two in pairs)


def _each(parts_):
    return [(message, f) for message, fs in in_parts(*parts_).items() for f in fs]


def _gathered(some):
    """{message: answers} of pairs, in which a message may come several times."""
    made: dict[str, list] = {}
    for message, answers in some:
        made.setdefault(message, []).extend(answers)
    return made


def _with_wrong(parts_, place, wrong):
    return [replace(p, right=wrong) if i == place else p for i, p in enumerate(parts_)]


def several(mistakes: Any) -> tuple:
    """The mistakes that one message fits, one or a tuple of them."""
    return mistakes if isinstance(mistakes, tuple) else (mistakes,)


def call(function: Any, *inputs: Any) -> Any:
    """function(*inputs) on copies of the inputs; the arrays that it puts out as NumPy arrays.

    NotYet if it is no function, raises, changes its inputs, or puts out nothing.
    """
    if not callable(function):
        raise NotYet(f"A function is asked for; this is of type {_kind(function)}.")
    given = _copy(inputs)
    try:
        with np.errstate(all="ignore"):
            out = function(*given)
    except NotImplementedError as error:
        if is_stub(error, function):
            raise
        raise NotYet(_stopped(function, inputs, error)) from error
    except Exception as error:
        raise NotYet(_stopped(function, inputs, error)) from error
    if not _same(given, inputs):
        raise NotYet(
            "Your function changes the arrays that it is given; the caller still needs them. "
            "Make new ones (`x = x - 1` makes one, `x -= 1` writes into the caller's)."
        )
    if out is None:
        raise NotYet("Your function puts out `None`: is there a `return`?")
    if not isinstance(out, tuple):
        return _array(out)
    if len(out) > MANY:
        raise NotYet(f"Your function puts out {len(out)} values: that is far too many.")
    return tuple(map(_array, out))


def is_stub(error: BaseException, function: Any) -> bool:
    """Whether `error` comes from the function's own `raise NotImplementedError()`, and not from
    something that it calls, such as `input` or another exercise's stub."""
    if type(error) is not NotImplementedError or error.args:
        return False
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    try:
        code = getattr(inspect.unwrap(function), "__code__", None)
    except Exception:  # an object may answer in any way when it is asked for an attribute
        return False
    return last is not None and (code is None or last.tb_frame.f_code is code)


def plain(text: str) -> str:
    """The first of `text` on one line, with nothing that would end code in Markdown."""
    return one_line(text[:SAID])[:SAID].replace("`", "'")


def quoted(text: Any) -> str:
    """`text`, which a learner's code may have made, as code in Markdown."""
    return f"`{plain(str(text))}`"


def said(error: BaseException) -> str:
    """An exception's kind and text, quoted."""
    try:
        return quoted(f"{type(error).__name__}: {error}".removesuffix(": "))
    except BaseException:  # the text may be made by the learner's code, too
        return "an exception that cannot say its name"


def _stopped(function, inputs, error):
    return (
        f"Called with {_in_words(function, inputs)}, your function stopped with {said(error)}."
    )


def _array(value):
    """A number, or numbers in a list, as a float array; a list of arrays that fit no array as a
    tuple of them; anything else, such as text, as it is."""
    if isinstance(value, dict):
        return {key: _array(part) for key, part in value.items()}
    if np.ma.is_masked(value):
        raise NotYet("Some entries of your answer are masked: what they hide is no answer.")
    try:
        array = np.asarray(value)
    except ValueError:
        return tuple(map(_array, value))
    if array.size > HUGE:
        raise NotYet(f"Your answer has the shape {array.shape}: that is far too large.")
    if (
        array.dtype == object
        and array.size
        and all(hasattr(a, "__float__") for a in array.flat)
    ):
        return array.astype(float)  # Fractions, Decimals
    return array.astype(float) if array.dtype.kind in "biuf" else value


def _like(got, want):
    """`got`, where a tuple of numbers or of equal arrays was put out for an array."""
    if isinstance(got, tuple) and not isinstance(want, tuple):
        stacked = _array(list(got))
        return stacked if _numeric(stacked) else got
    return got


def _numeric(value):
    return isinstance(value, (np.ndarray, np.floating)) and value.dtype.kind == "f"


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
    except Exception:  # some of NumPy's own have no signature; another object may say anything
        known = []
    names = [one.name for one in known if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
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


def _kind(value):
    return quoted(value.dtype if isinstance(value, np.ndarray) else type(value).__name__)


def number(value: Any, what: str = "your answer") -> float:
    """The one number that a learner set; NotYet unless it is one, and finite."""
    array = _array(value)
    if not (_numeric(array) and array.shape == () and np.isfinite(array)):
        raise NotYet(f"One number is asked for, such as `0.5`: {what}.")
    return float(array)


def index(value: Any, what: str) -> int:
    """The whole number that a learner's answer holds (an int or a NumPy int); else NotYet."""
    try:
        return operator.index(value)
    except TypeError:
        array = _array(value)
    if _numeric(array) and array.shape == () and float(array).is_integer():
        return int(array)
    raise NotYet(f"A whole number is asked for, such as `3`: {what}.")


def parts(out: Any, n: int, names: str) -> tuple:
    """`out` as a tuple of n arrays; NotYet says that `names` are asked for."""
    if _numeric(out) and out.ndim and len(out) == n:
        out = tuple(np.asarray(part) for part in out)  # they came in a list
    if not (isinstance(out, tuple) and len(out) == n):
        got = f"{len(out)} values" if isinstance(out, tuple) else "one"
        raise NotYet(f"Your function should put out {n} values, {names}; it puts out {got}.")
    return out


def shape(got: Any, want: tuple, why: str, name: str = "your answer") -> None:
    """NotYet unless the array `got` has the shape `want`; `why` says how it comes about."""
    asked = "An array of numbers" if want else "One number"
    if not _numeric(got):
        raise NotYet(f"{asked} is asked for; {name} is of type {_kind(got)}.")
    if got.shape != tuple(want):
        if not want:
            raise NotYet(f"One number is asked for: {why}. The shape of {name} is {got.shape}.")
        raise NotYet(f"The shape of {name} is {got.shape}, but should be {tuple(want)}: {why}.")


def finite(got: Any, name: str = "your answer", message: str = "") -> None:
    """NotYet if there is a NaN or an infinity in `got`. Asked before any other value is."""
    if not np.isfinite(got).all():
        said = f"{_upper(name)} is not finite: there is a NaN or an infinity in it."
        raise NotYet(message or said)


def close(got: Any, want: Any, tolerance: float = CLOSE) -> bool:
    """Whether all of `got` is within `tolerance` of `want`, relative to want's greatest."""
    got, want = _array(got), np.asarray(want, dtype=float)
    if not _numeric(got) or got.shape != want.shape or not np.isfinite(got).all():
        return False
    return bool(
        np.abs(got - want).max(initial=0) <= tolerance * (np.abs(want).max(initial=0) or 1)
    )


def recognise(got: Any, want: Any, mistakes: Mapping[str, Any], tolerance=CLOSE) -> None:
    """NotYet with the message whose value `got` is: `compare` for an answer that is a value.

    A mistake that happens to give the right value is none.
    """
    for message, wrong in mistakes.items():
        if close(got, wrong, tolerance) and not close(got, want, tolerance):
            raise NotYet(message)


def expect(truth: Any, message: str) -> None:
    """NotYet with `message` unless `truth`: a property that a right answer has."""
    if not truth:
        raise NotYet(message)


def values(got: Any, want: Any, name: str = "your answer", tolerance: float = CLOSE) -> None:
    """NotYet unless `got` is close to `want`; says how they differ, not what is right."""
    finite(got, name)
    if not close(got, want, tolerance):
        raise NotYet(_difference(got, np.asarray(want, dtype=float), name, tolerance))


def extremes(
    got: Any, want: Any, name: str = "your answer",
    why: str = "small or large inputs change no shape",
) -> None:  # fmt: skip
    """NotYet unless `got` has want's shape and each entry is right to 1e-4 of itself, on inputs
    far from usual. `values` would not see a narrow note beside a wide one.
    """
    shape(_like(got, want), np.shape(want), why, name)
    expect(np.allclose(got, want, rtol=1e-4, atol=0), NOT_USUAL.format(name))


def at_edge(part: Part, message: str, tolerance: float = CLOSE, not_finite: str = "") -> Part:
    """`part` on inputs that its known mistakes do not tell apart: one message for all that is
    wrong there, or another one for what is not finite."""
    return replace(
        part,
        mistakes={},
        tolerance=tolerance,
        not_finite=not_finite or message,
        otherwise=lambda *_: message,
    )


def not_usual(part: Part, tolerance: float = CLOSE) -> Part:
    """`part` on small or large inputs, one number at a time: a greater one would hide it."""
    return at_edge(part, NOT_USUAL.format(part.name), tolerance)


def far(answer: Any, cases: Iterable[tuple], where: str, *parts_: Part, tolerance=1e-4) -> None:
    """`compare` on inputs far from usual, of which `where` tells. Each case has one row: beside
    a great number `compare` would not see that a small one is wrong."""
    end = "is no longer right: does it overflow, or is something clipped, cut off or added?"
    messages = [f"{where} {part.name} {end}" for part in parts_]
    tolerances = np.broadcast_to(tolerance, len(parts_))
    compare(answer, cases, *map(at_edge, parts_, messages, tolerances))


def steady(answer: Any, *inputs: Any, instead: str = "Its noise is the argument eps.") -> Any:
    """What answer(*inputs) is; NotYet if a second call says otherwise, and what to do instead
    of a draw."""
    one, two = call(answer, *inputs), call(answer, *inputs)
    expect(
        repeats(two, one),
        "Two calls with the same arguments give two answers: your function draws noise of its "
        f"own. {instead}",
    )
    return one


def repeats(again: Any, got: Any) -> bool:
    """Whether a second call gave the same, be it NaN."""
    if isinstance(got, dict):
        return isinstance(again, dict) and repeats(tuple(again.values()), tuple(got.values()))
    if isinstance(got, tuple):
        return isinstance(again, tuple) and all(map(repeats, again, got))
    try:
        return np.allclose(again, got, equal_nan=True)
    except (TypeError, ValueError):  # of no such kind: `compare` says so
        return True


def _difference(got, want, name, tolerance):
    name = _upper(name)
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


def _upper(name):
    return name[0].upper() + name[1:]
