"""How a training step uses processors: BLAS gets one, a helper of ours a part of what is large.

BLAS, the library behind `@`, would take every processor. But its threads never rest while they
wait for one another, so that beside one busy program a step takes three times as long; and in
float32 the last bits depend on how many they are. NumPy lets go of Python's lock while it works
on an array: a second thread of Python can do a part of it, and sleeps until it gets another.
What is parted, and where, depends on sizes alone, so the bits do not depend on processors.
"""

import os
import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import cache
from typing import Any

import numpy as np

from tinyvae.ops import Array

LARGE = 1 << 24  # multiplications from which on a product is parted
FEW = 4  # parts of fewer are not worth waking anyone

_lock = threading.Lock()
_training: set[int] = set()  # threads: BLAS's number is one for the whole process
_before: list[tuple[Any, int]] = []  # (a BLAS, its threads when the first of them began)
_mine = threading.local()  # helper: an executor, while this thread trains


@cache
def _libraries():
    """What sets each BLAS's threads; none without threadpoolctl, which scikit-learn brings."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return ()
    return ThreadpoolController().select(user_api="blas").lib_controllers


def calm(work: Callable, *args: Any) -> Any:
    """work(*args) while each BLAS has one thread, and `parted` a helper if any had more; what
    they had comes back with the end of the last work in any thread."""
    from concurrent.futures import ThreadPoolExecutor  # here, for `import tinyvae` is quick

    me = threading.get_ident()
    try:
        with _lock:
            if not _training:
                _before[:] = [(blas, blas.num_threads) for blas in _libraries()]
            _training.add(me)
            for blas, _ in _before:
                _set(blas, 1)
        with ThreadPoolExecutor(1) as helper:
            _mine.helper = helper if any(n > 1 for _, n in _before) else None
            return work(*args)
    finally:
        _mine.helper = None
        with _lock:
            _training.discard(me)
            if not _training:
                _give_back()


def parted(job: Callable[[slice], Any], n: int) -> None:
    """job(part) for two slices that make up n: the second by the helper, if there is one."""
    helper, cut = getattr(_mine, "helper", None), n * 9 // 16  # it has to wake up: it gets less
    here, there = slice(0, cut), slice(cut, n)
    if helper is None or n < FEW:
        job(here)
        job(there)
    else:
        other = helper.submit(copy_context().run, job, there)  # NumPy's errstate goes along
        job(here)
        other.result()


def product(a: Array, b: Array, out: Array | None = None) -> Array:
    """a b, a large one of two matrices in two parts of b's columns."""
    if len(a) * b.size < LARGE or np.ndim(a) != 2:
        return np.matmul(a, b, out=out)
    if out is None:
        out = np.empty((len(a), b.shape[1]), np.result_type(a, b))
    parted(lambda part: np.matmul(a, b[:, part], out=out[:, part]), b.shape[1])
    return out


def _give_back():
    for blas, n in _before:
        _set(blas, n)


def _set(blas, n):
    blas.set_num_threads(n)
    if hasattr(blas, "clear_controlling_thread"):  # without it, 3.8 obeys one thread alone
        blas.clear_controlling_thread()


def _begin_anew():
    """A fork has one thread, and that does not train."""
    global _lock
    _lock = threading.Lock()
    _training.clear()
    _give_back()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
