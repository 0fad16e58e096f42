"""The process in which the notebook of a hand-in runs: its cells, and what it answers.

It is run as a file, by notebook_process. The course's checker is not in it, with
its right answers, nor is any verdict made here: whatever a notebook changes in this process, it
can give no more than answers.
"""

import os
import sys
import types
from contextlib import suppress
from copy import deepcopy

import numpy as np

CHECKER = "tinyvae.course.checks"
HIDDEN = "tinyvae.course.exercises", "tinyvae.course.ask"


def without_the_checker():
    """Let a notebook import check, hint and progress, which do nothing here, and let it import
    no exercise: each holds its right answer."""
    checker = types.ModuleType(CHECKER)
    for name in ("check", "hint", "progress"):
        setattr(checker, name, lambda *args, **named: None)
    sys.modules[CHECKER] = checker
    sys.modules.update(dict.fromkeys(HIDDEN))


def limit(memory, seconds):
    """No more than so many bytes, seconds on the processor, and 100 MB to a file."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    for what, most in (
        (resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 100 * 2**20), (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        with suppress(ValueError, OSError):  # macOS refuses some
            resource.setrlimit(what, (most, most))


def quiet():
    """(from the judge, to the judge), binary files; whatever a notebook prints goes nowhere."""
    files = open(os.dup(0), "rb"), open(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    return files


def shell():
    """IPython's, so that magics work; it keeps no history and opens no windows."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        def enable_gui(self, gui=None):
            pass

    return Shell.instance(config=Config({"HistoryManager": {"enabled": False}}))


def same(a, b):
    """Whether an argument is what it was."""
    if isinstance(b, np.ndarray):
        return np.array_equal(a, b, equal_nan=b.dtype.kind == "f")
    if isinstance(b, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in b)
    return True


def in_words(error, function=None):
    """What the judge is told of an exception: the names of its classes, its text, whether it
    is the stub's own."""
    kinds = [kind.__name__ for kind in type(error).__mro__]
    try:
        text = str(error)[:1000]
    except BaseException as other:
        text = f"its text cannot be had: {type(other).__name__}"
    return {"raised": kinds, "text": text, "stub": is_stub(error, function)}


def is_stub(error, function):
    """As the checker has it, which is not here: the function's own NotImplementedError()."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    code = getattr(function, "__code__", None)
    plain = type(error) is NotImplementedError and not error.args
    return plain and last is not None and (code is None or last.tb_frame.f_code is code)


class Player:
    """Runs what it is told to, and answers with `wire.pack`."""

    def __init__(self, wire, source, sink):
        self.wire, self.source, self.sink = wire, source, sink
        self.shell, self.functions = shell(), []

    def keep(self, function):
        self.functions.append(function)
        return len(self.functions) - 1

    def hear(self):
        return self.wire.unpickled(self.wire.receive(self.source), self.stand_in)

    def say(self, value):
        self.wire.send(self.sink, self.wire.pack(value, self.keep))

    def stand_in(self, number):
        """A function of the judge's, as the notebook's functions are given it."""

        def function(*args):
            self.say({"asks": number, "args": args})
            kind, *held = self.hear()
            if kind == "raise":
                raise RuntimeError(": ".join(held))
            return held[0]

        return function

    def run(self, source):
        """One cell: nothing, or what it stopped with."""
        result = self.shell.run_cell(source, silent=True)
        error = result.error_before_exec or result.error_in_exec
        return in_words(error) if error else {}

    def take(self, expressions):
        """The values of some expressions in the notebook."""
        return {"took": [eval(text, self.shell.user_ns) for text in expressions]}

    def call(self, number, args):
        """One of the notebook's functions on those arguments; what it made of them, too."""
        function, kept = self.functions[number], deepcopy([a for a in args if is_data(a)])
        try:
            out = function(*args)
        except BaseException as error:
            return in_words(error, function)
        data = [a for a in args if is_data(a)]
        drawn = [a.bit_generator.state for a in args if isinstance(a, np.random.Generator)]
        changed = None if same(data, kept) else data
        return {"returned": out, "changed": changed, "drawn": drawn}

    def play(self):
        """Until the judge has no more to ask."""
        while True:
            try:
                verb, *held = self.hear()
                self.wire.send(self.sink, self.answer(verb, held))
            except EOFError:
                return
            except KeyboardInterrupt:  # the judge's, and too late
                continue

    def answer(self, verb, held):
        """What comes of a request, packed; what it raises, if it does."""
        try:
            return self.wire.pack(getattr(self, verb)(*held), self.keep)
        except BaseException as error:  # also of packing: an answer may hold anything
            return self.wire.pack(in_words(error), self.keep)


def is_data(value):
    return isinstance(value, (np.ndarray, tuple, list, dict))


def main():
    """Runs until the judge hangs up. Arguments: bytes of memory, seconds."""
    memory, seconds = map(int, sys.argv[1:])
    source, sink = quiet()
    without_the_checker()
    limit(memory, seconds)
    from tinyvae.course.marks import wire

    Player(wire, source, sink).play()


if __name__ == "__main__":
    main()
