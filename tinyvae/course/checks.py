"""What an exercise says to a learner: check("02.4", answer), hint("02.4"), progress().

An answer is not attempted, not yet right, or correct. A message comes first and no traceback;
no expected value is shown. What each exercise asks stands in tinyvae.course.exercises, a module
for each notebook. What a learner has done is kept in one file on this machine and sent nowhere:
~/.tinyvae/progress.jsonl, or the file that the environment variable TINYVAE_PROGRESS names.
"""

import errno
import io
import itertools
import json
import os
import sys
import warnings
from collections import Counter
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tinyvae.course import exercises
from tinyvae.course.ask import SAID, NotYet, is_stub, plain, quoted, said

try:
    import msvcrt
except ImportError:  # it is a module of Python's on Windows
    msvcrt = None

READ = 2**22  # bytes of the record: that many hold some 80,000 checks
LOCK = 2**30  # the byte that is locked: far behind the last line, so that all can be read
SIGNS = {"correct": "✓", "not yet": "✗", "not attempted": "○"}
PLAIN = str.maketrans("✓✗○", "+-o")


def printable(text):
    """`text` as stdout can show it: some consoles lack the signs, or a learner's letters."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plain = text.translate(PLAIN)
        return plain.encode(encoding, "backslashreplace").decode(encoding)
    return text


@dataclass(frozen=True)
class Verdict:
    """`kind` is "correct", "not yet" or "not attempted"; true only if correct."""

    kind: str
    message: str

    def __bool__(self):
        return self.kind == "correct"

    def __repr__(self):
        return printable(f"{SIGNS[self.kind]} {self.kind.capitalize()}. {self.message}")

    def _repr_markdown_(self):
        return f"{SIGNS[self.kind]} **{self.kind.capitalize()}.** {self.message}"


def check(number, *answer):
    """The Verdict on `answer`, the learner's function(s) or value(s), to exercise `number`.

    ValueError if there is no such exercise, or if it takes another number of answers. While
    nbgrader grades, whatever is not correct is also raised, since that is how it learns so.
    A verdict that could not be noted says that too.
    """
    exercise = exercises.find(number)
    if len(answer) != exercise.takes:
        raise ValueError(
            f"check({number!r}) takes {exercise.takes} answer(s), got {len(answer)}"
        )
    verdict = judge(exercise, answer)
    if trouble := note(number, verdict.kind):
        verdict = replace(verdict, message=f"{verdict.message} {trouble}")
    if not verdict and os.environ.get("NBGRADER_EXECUTION") in ("autograde", "validate"):
        raise AssertionError(repr(verdict))
    return verdict


class Stopped(KeyboardInterrupt):
    """Ctrl-C, while an answer was tried."""

    def _render_traceback_(self):  # what IPython shows; where it was is of no interest
        return [f"KeyboardInterrupt: {self}"]


def judge(exercise, answer):
    """The Verdict, noted nowhere. What the answer prints is cut to a few lines.

    Whatever an answer does ends in a verdict, also `sys.exit()` and `os._exit()`; Ctrl-C ends
    the check in `Stopped`, a KeyboardInterrupt of one sentence. (This is no sandbox: an answer
    that means harm can do it.)
    """
    printed = Printed()
    with (
        redirect_stdout(printed), redirect_stderr(printed), np.errstate(all="ignore"),
        warnings.catch_warnings(action="ignore"), _no_exit(), _no_display(),
    ):  # fmt: skip
        verdict = _judge(exercise, answer)
    return replace(verdict, message=f"{verdict.message}{printed}")


def _judge(exercise, answer):
    if all(part is None or part is Ellipsis for part in answer):
        return not_attempted(exercise)
    try:
        exercise.ask(*answer)
    except NotYet as reason:
        return Verdict("not yet", f'{reason} (Stuck? `hint("{exercise.number}")`.)')
    except KeyboardInterrupt:
        raise Stopped(f"the check of {exercise.number} was stopped") from None
    except BaseException as error:  # an answer of a kind that no one foresaw, or sys.exit()
        if any(is_stub(error, part) for part in answer):
            return not_attempted(exercise)
        return Verdict("not yet", f"Your answer could not be tried; it ended in {said(error)}.")
    return Verdict("correct", exercise.moral)


@contextmanager
def _no_exit():
    """`os._exit` ends Python, and the notebook's kernel, without a word: here it raises what
    `sys.exit` does. A child process may end."""
    process, leave = os.getpid(), os._exit

    def stay(status):
        if os.getpid() != process:
            leave(status)
        sys.exit(status)

    os._exit = stay
    try:
        yield
    finally:
        os._exit = leave


def _no_display():
    """In a notebook: what an answer displays, such as a figure at each call, is not shown."""
    if "IPython" not in sys.modules:
        return nullcontext()
    from IPython.utils.capture import capture_output

    return capture_output(stdout=False, stderr=False)


class Printed(io.TextIOBase):
    """What an answer prints while it is tried, of which only the first lines are kept: a check
    may call it hundreds of times."""

    def __init__(self):
        self.lines, self.kept = 0, ""

    def writable(self):
        return True

    def write(self, text):
        self.lines += text.count("\n")
        self.kept += text[: max(0, SAID - len(self.kept))]
        return len(text)

    def __str__(self):
        if not self.kept:
            return ""
        lines = max(1, self.lines)
        first = "\n".join(map(plain, self.kept.splitlines()[:3]))
        count = f"{lines} line{'s' * (lines > 1)}"
        return f"\n\nYour function printed {count}. It begins:\n\n```text\n{first}\n```"


def not_attempted(exercise):
    return Verdict(
        "not attempted",
        f"Write your answer in place of `raise NotImplementedError()`, run its cell, and then "
        f'this one. To begin: `hint("{exercise.number}")`.',
    )


@dataclass(frozen=True)
class Hint:
    """One hint; the next call gives the next."""

    text: str

    def __repr__(self):
        return printable(self.text)

    def _repr_markdown_(self):
        return self.text


_given = Counter()  # hints given so far in this kernel


def hint(number):
    """The exercise's next Hint: the first points the way, the last all but says it."""
    hints = exercises.find(number).hints
    i = min(_given[number], len(hints) - 1)
    _given[number] += 1
    return Hint(f"Hint {i + 1} of {len(hints)}: {hints[i]}")


def progress_file():
    """Where progress is kept: one line of JSON for each check."""
    named = os.environ.get("TINYVAE_PROGRESS")
    return Path(named).expanduser() if named else Path.home() / ".tinyvae" / "progress.jsonl"


def _need_file(path):
    """OSError if something else is there: a folder, or a pipe, in which one would wait for
    ever."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no file", str(path))


def note(number, kind):
    """Append one line; "", or a sentence on why that could not be done.

    Nothing is ever rewritten, so two kernels at work lose nothing. The verdict matters more
    than the record of it: a read-only home or a full disk stops nobody. The file and its folder
    are for their owner alone.
    """
    line, where = json.dumps({"exercise": number, "verdict": kind}).encode() + b"\n", ""
    try:
        path = progress_file()
        where = f" in {quoted(path)}"
        _need_file(path)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(path, "a+b", buffering=0, opener=_private) as file, _turn(file):
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # a power cut left half a line, or one is on its way
                    line = b"\n" + line
            while line:  # a disk that fills up takes some of it, and only then says so
                line = line[file.write(line) :]
    except (OSError, RuntimeError) as error:  # RuntimeError: there is no home
        why = plain(str(getattr(error, "strerror", None) or error)).rstrip(".")
        return f"Your progress could not be noted{where}: {why}."
    return ""


def _private(path, flags):
    return os.open(path, flags, 0o600)


@contextmanager
def _turn(file):
    """Of several kernels one at a time, on Windows, where to append is two steps: go to the
    end, write. Elsewhere the system makes it one."""
    if msvcrt is None:
        yield
        return
    file.seek(LOCK)
    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
    try:
        yield
    finally:
        file.seek(LOCK)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)


def record():
    """{exercise: its best verdict so far}; broken lines are passed over, and so is what comes
    before the last READ bytes."""
    best = {}
    try:
        path = progress_file()
        _need_file(path)
        with open(path, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - READ))
            lines = file.read(READ).splitlines()
    except (OSError, RuntimeError):  # as in `note`
        lines = []
    order = list(SIGNS)
    for line in lines:
        try:
            entry = json.loads(line)
            number, kind = entry["exercise"], entry["verdict"]
            best[number] = min(best.get(number, kind), kind, key=order.index)
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return best


class Board:
    """Each exercise and how far the learner is with it, by notebook."""

    def __init__(self, rows):
        self.rows = rows  # (exercise, kind)

    def __repr__(self):
        lines = []
        for notebook, rows in itertools.groupby(self.rows, lambda row: row[0].number[:2]):
            rows = list(rows)
            done = [item.points for item, kind in rows if kind == "correct"]
            most = sum(item.points for item, _ in rows)
            lines.append(
                f"{notebook}: {len(done)} of {len(rows)} correct, {sum(done)} of {most} points"
            )
            lines += [f"  {SIGNS[kind]} {item.number} {item.title}" for item, kind in rows]
        return printable("\n".join(lines))


def progress(notebook=None):
    """The Board of the exercises of `notebook`, such as "02"; of all if it is None."""
    best = record()
    rows = [(item, best.get(item.number, "not attempted")) for item in exercises.every()]
    if notebook is not None:
        rows = [row for row in rows if row[0].number.startswith(f"{notebook}.")]
        if not rows:
            raise ValueError(f"there is no notebook with exercises named {notebook!r}")
    return Board(rows)
