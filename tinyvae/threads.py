"""While a model trains, BLAS, the library behind `@`, has one thread.

It would take every processor. But its threads never rest while they wait for one another, so
that beside one busy program a step takes three times as long; and in float32 the last bits
depend on how many they are.
"""

import os
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

_lock = threading.Lock()
_training: set[int] = set()  # threads: BLAS's number is one for the whole process
_before: list[tuple[Any, int]] = []  # (a BLAS, its threads when the first of them began)


@cache
def _libraries():
    """What sets each BLAS's threads; none without threadpoolctl, which scikit-learn brings."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return ()
    return ThreadpoolController().select(user_api="blas").lib_controllers


def calm(work: Callable, *args: Any) -> Any:
    """work(*args) while each BLAS has one thread; what they had before comes back with the end
    of the last work in any thread."""
    me = threading.get_ident()
    try:
        with _lock:
            if not _training:
                _before[:] = [(blas, blas.num_threads) for blas in _libraries()]
            _training.add(me)
            for blas, _ in _before:
                _set(blas, 1)
        return work(*args)
    finally:
        with _lock:
            _training.discard(me)
            if not _training:
                _give_back()


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
