"""What bad input gets, before anything changes: one error that names the argument, what was
expected and what came."""

import math
import operator
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import DTypeLike

INF = math.inf


def check_int(name: str, value: Any, least: int = 1) -> int:
    """`value` as an int >= `least`. TypeError if it is no whole number, else ValueError."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be a whole number, got {value!r}") from None
    if number < least:
        raise ValueError(f"{name} must be >= {least}, got {number}")
    return number


def check_float(name: str, value: Any, least: float = -INF, above: float = -INF) -> float:
    """`value` as a finite float >= `least` and > `above`."""
    try:
        number = None if isinstance(value, (bool, np.bool_, str, bytes)) else float(value)
    except (TypeError, ValueError):
        number = None
    except OverflowError:  # a whole number too large for a float
        number = INF
    if number is None:
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not (math.isfinite(number) and number >= least and number > above):
        bounds = ["finite"] + [f">= {least}"] * (least > -INF) + [f"> {above}"] * (above > -INF)
        raise ValueError(f"{name} must be {' and '.join(bounds)}, got {number}")
    return number


def check_generator(rng: Any) -> Generator:
    """`rng`, if it is a NumPy Generator; else TypeError."""
    if not isinstance(rng, Generator):
        example = "such as np.random.default_rng(0)"
        raise TypeError(f"rng must be a Generator {example}, got {rng!r}")
    return rng


def check_dtype(dtype: DTypeLike) -> np.dtype:
    """`dtype` as a np.dtype, float32 or float64; else TypeError."""
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"dtype must be float32 or float64, got {dtype}")
    return dtype


def check_kl_weights(model: Any, beta: float, free_bits: float) -> dict[str, float]:
    """What `model.backward` takes: beta and free bits, where it weighs a KL; else ValueError
    for any but those that change nothing."""
    beta = check_float("beta", beta, least=0)
    free_bits = check_float("free_bits", free_bits, least=0)
    if not model.weighs_kl and (beta != 1 or free_bits):
        kind = type(model).__name__
        raise ValueError(f"beta and free_bits act on a KL that is learned; a {kind} has none")
    return {"beta": beta, "free_bits": free_bits} if model.weighs_kl else {}


def check_widths(n_h: Any) -> tuple[int, ...]:
    """`n_h` as a tuple of whole numbers >= 1; else TypeError or ValueError."""
    try:
        return tuple(check_int("n_h", n) for n in n_h)
    except TypeError:
        raise TypeError(f"n_h must hold whole numbers as (400, 200), got {n_h!r}") from None


def check_kinds(likelihood: Any, activation: Any) -> None:
    """TypeError unless these are a likelihood (or None) and the class of an activation."""
    if isinstance(likelihood, type):
        raise TypeError(f"likelihood must be an instance, such as {likelihood.__name__}()")
    if likelihood is not None and not hasattr(likelihood, "log_prob"):
        raise TypeError(f"likelihood must be one such as Gaussian(), got {likelihood!r}")
    if not (isinstance(activation, type) and hasattr(activation, "backward")):
        raise TypeError(f"activation must be a class such as SiLU, got {activation!r}")


def one_line(text: str) -> str:
    """`text` from a file, say, on one line: its escapes are shown, not sent to a terminal."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
