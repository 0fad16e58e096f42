"""The process of a hand-in's notebook, as the judge sees it from outside."""

import builtins
import inspect
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from tinyvae.course.marks import orphans, wire

KEPT = "PATH", "LANG", "LC_ALL", "SYSTEMROOT", "COMSPEC", "PATHEXT", "WINDIR"
ENDED = "the notebook's process ended, by itself or at its limit of time or memory"


INSIDE = Path(__file__).with_name("player.py")


class Ended(Exception):
    """The notebook's process is no more."""


def environment(home):
    """Nothing of the teacher's but what Python needs to start."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    of_home = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), str(home))
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    return kept | of_home | threads | {
        "IPYTHONDIR": str(home / ".ipython"), "MPLCONFIGDIR": str(home / "matplotlib"),
        "MPLBACKEND": "agg", "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip


class NotebookProcess:
    """Runs cells and functions in another process, which answers in time, or Ended is raised.

    home     the folder that it has for its home
    memory   the most that it may have, in bytes, on Linux
    until    when all must be done, by time.monotonic()
    step     seconds that one cell, or one call of a function, may take

    A process that has one has no other children: all are killed with it.
    """

    def __init__(self, home, memory, until, step):
        self.until, self.step = until, step
        self.late, self.ended, self.callbacks = None, False, []
        seconds = max(1, int(until - time.monotonic()))
        self.process = subprocess.Popen(
            [sys.executable, "-P", INSIDE, str(memory), str(seconds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=home, env=environment(home), start_new_session=True,
        )  # fmt: skip
        self.closed = threading.Event()
        self.watch = threading.Thread(target=self._watch, daemon=True)
        self.watch.start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.closed.set()
        self.watch.join()
        for file in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                file.close()

    def _watch(self):
        """Interrupt what takes too long, once; kill what does not heed it. Whatever outlives
        the process would keep its pipes open: kill that, too."""
        warned = None
        while self.process.poll() is None and not self.closed.wait(0.1):
            late, now = self.late, time.monotonic()
            if late and now > late + 3:
                break
            if late and now > late and late != warned and os.name != "nt":
                self.process.send_signal(signal.SIGINT)
                warned = late
        orphans.kill_session(self.process)
        orphans.kill_children()

    def ask(self, *message):
        """The reply to one request. What is asked back meanwhile is answered."""
        began = time.monotonic()
        self.late = min(began + self.step, self.until)
        self.callbacks.clear()
        try:
            self._send(message)
            while "asks" in (reply := self._receive()):
                self._send(self._called_back(reply))
        except (OSError, EOFError, wire.Garbled, ValueError):
            self.ended = True
            raise Ended(ENDED) from None
        finally:
            late, self.late = time.monotonic() > self.late, None
        if late:
            reply = {"raised": ["TimeoutError", "Exception"], "stub": False,
                     "text": f"it was not done after {self.step:.0f} seconds"}  # fmt: skip
        return reply

    def _send(self, message):
        wire.send(self.process.stdin, wire.pickled(message, self._keep))

    def _receive(self):
        reply = wire.unpack(wire.receive(self.process.stdout), self._function)
        if not isinstance(reply, dict):
            raise wire.Garbled("no reply")
        return reply

    def _keep(self, function):
        self.callbacks.append(function)
        return len(self.callbacks) - 1

    def _function(self, number, arguments):
        return Answer(self, number, arguments)

    def _called_back(self, reply):
        """What a function of the judge's own gives, which the notebook was given to call."""
        try:
            return "give", self.callbacks[reply["asks"]](*reply["args"])
        except Exception as error:
            return "raise", type(error).__name__, str(error)


class Answer:
    """A function that lives in the notebook's process, as the checker calls it."""

    def __init__(self, player, number, arguments):
        self._player, self._number = player, number
        with suppress(ValueError, TypeError):
            self.__signature__ = inspect.Signature(
                [inspect.Parameter(str(name)[:40], int(kind)) for name, kind in arguments]
            )

    def __call__(self, *args):
        reply = self._player.ask("call", self._number, args)
        if "raised" in reply:
            raise raised(reply)
        data = [a for a in args if isinstance(a, (np.ndarray, tuple, list, dict))]
        if reply.get("changed") is not None:
            _write_back(data, reply["changed"])
        drawn = reply.get("drawn") or []
        for rng in (a for a in args if isinstance(a, np.random.Generator)):
            _draw_as_much(rng, drawn.pop(0) if drawn else None)
        return reply.get("returned")


def raised(reply):
    """The exception of which a reply tells, as one of a class with the same name, so that the
    checker says of it what it says of the learner's own."""
    if reply.get("stub") is True:
        return NotImplementedError()
    kinds = [str(kind)[:60] for kind in reply["raised"]] or ["Exception"]
    bases = [
        kind for name in kinds
        if isinstance(kind := getattr(builtins, name, None), type)
        and issubclass(kind, Exception) and not issubclass(kind, NotImplementedError | OSError)
    ]  # fmt: skip
    base = bases[0] if bases and "Unicode" not in bases[0].__name__ else Exception
    return type(kinds[0], (base,), {})(str(reply.get("text"))[:1000])


def _write_back(given, made):
    """Write what a function made of its arguments into them, as far as the shapes are the same:
    the checker then sees that they were changed."""
    if isinstance(given, np.ndarray):
        if np.shape(made) == given.shape:
            given[...] = made
    elif isinstance(given, dict):
        for key in given.keys() & made.keys():
            _write_back(given[key], made[key])
    elif isinstance(given, (tuple, list)):
        for one, other in zip(given, made, strict=False):
            _write_back(one, other)


def _draw_as_much(rng, state):
    """Bring a generator of the judge's to the state of the notebook's copy of it."""
    kind, inner = state["bit_generator"], state["state"]
    numbers = [inner["state"], inner["inc"], state["has_uint32"], state["uinteger"]]
    if kind == "PCG64" and all(isinstance(n, int) and 0 <= n < 2**128 for n in numbers):
        with suppress(ValueError, OverflowError):
            rng.bit_generator.state = state
