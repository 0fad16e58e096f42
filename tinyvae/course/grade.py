"""python -m tinyvae.course.grade FOLDER > marks.csv: the marks of a class, without nbgrader.

FOLDER holds a folder for each learner with notebooks in it, at any depth, or the notebooks of
all in one flat folder, with the learner's name in the file's. What a file is called does not
matter otherwise: its exercises say which notebook it is. There is a row for each file, and one
for a learner without a notebook, with the reason.

Each hand-in runs in a process of its own, with a home that is thrown away and a limit of time
and of memory; the course's own checks are made in another process, which it cannot change. It
is no sandbox: code that is handed in can read what you can read, write what you can write, and
use the network. Run it as a user, or in a container, that has nothing else.
"""

import argparse
import csv
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tinyvae.course import exercises
from tinyvae.course.marks import orphans
from tinyvae.version import __version__

EXERCISES = Path(__file__).parents[2] / "exercises"
SLACK = 60  # seconds that the judge may take beyond the notebook's
HIDDEN = (".", "__MACOSX")
FONTS = "import matplotlib.font_manager"  # which are looked for once, and not for each hand-in


def hand_ins(folder):
    """[(learner, path)] of the notebooks in `folder`; the path is a folder, or another file,
    where a learner has handed in no notebook."""
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(HIDDEN):
            continue
        if entry.is_dir():
            inside = [path for path in sorted(entry.rglob("*")) if _is_notebook(path, entry)]
            found += [(entry.name, path) for path in inside or [entry]]
        else:
            found.append((entry.name.partition(".")[0], entry))
    return found


def _is_notebook(path, folder):
    """Browsers save them as .ipynb.txt or .ipynb.json, too."""
    parts = path.relative_to(folder).parts
    hidden = any(part.startswith(HIDDEN) for part in parts)
    return ".ipynb" in path.name.lower() and not hidden and not path.is_dir()


class Judges:
    """Marks hand-ins, each in a process of its own."""

    def __init__(self, folder, memory, seconds):
        self.folder, self.memory, self.seconds = folder.resolve(), memory, seconds
        self.running, self.lock = set(orphans.children()), threading.Lock()
        self.fonts = tempfile.mkdtemp()
        subprocess.run(
            [sys.executable, "-c", FONTS], env=os.environ | {"MPLCONFIGDIR": self.fonts},
            stdin=subprocess.DEVNULL, capture_output=True,
        )  # fmt: skip

    def close(self):
        shutil.rmtree(self.fonts, ignore_errors=True)

    def marks(self, path):
        """{"notebook": "02", "verdicts": {number: [kind, message]}, "trouble": ""}, where
        trouble says why there are no verdicts, or why not all."""
        if path.is_dir():
            names = ", ".join(sorted(p.name for p in path.rglob("*") if p.is_file())[:3])
            return trouble(f"There is no notebook in this folder ({names or 'it is empty'}).")
        try:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
                shutil.copytree(self.fonts, Path(home) / "matplotlib")
                return self._judged(path, home)
        except OSError as error:  # a full disk, say
            return trouble(f"It could not be judged: {error}.")

    def _judged(self, path, home):
        key = secrets.token_hex()
        request = {
            "key": key, "path": str(path.absolute()), "folder": str(self.folder), "home": home,
            "memory": self.memory, "seconds": self.seconds,
        }  # fmt: skip
        with self.lock:
            judge = subprocess.Popen(
                [sys.executable, "-P", "-m", "tinyvae.course.marks.marking"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path),
                                  "OPENBLAS_NUM_THREADS": "1"},
                cwd=home, encoding="utf-8",
            )  # fmt: skip
            self.running.add(judge.pid)
        try:
            said, _ = judge.communicate(f"{json.dumps(request)}\n", self.seconds + SLACK)
        except subprocess.TimeoutExpired:
            return trouble("It could not be judged in time.")
        finally:
            self._end(judge)
        lines = [line for line in said.splitlines() if line.startswith(key)]
        if not lines:
            return trouble("The process that judged it ended without marks: was it killed?")
        return json.loads(lines[-1].removeprefix(key))

    def _end(self, judge):
        """Kill what a judge leaves behind. (Without the lock the next one might be killed
        before it is known to be one.)"""
        judge.kill()
        judge.wait()
        with self.lock:
            self.running.discard(judge.pid)
            orphans.kill_children(spared=self.running)


def trouble(why):
    return {"notebook": "", "verdicts": {}, "trouble": why}


# The table


def table(rows):
    """The lines of the CSV: one for each (learner, file, marks)."""
    notebooks = sorted({marks["notebook"] for *_, marks in rows} - {""})
    asked = [item for notebook in notebooks for item in exercises.of(notebook)]
    head = ["learner", "file", "notebook", "points", "of", "trouble", "version"]
    yield head + [cell for item in asked for cell in (item.number, f"{item.number} says")]
    for learner, file, marks in rows:
        verdicts, notebook = marks["verdicts"], marks["notebook"]
        own = exercises.of(notebook) if notebook else []
        points = [points_of(item, verdicts) for item in own]
        line = [learner, file, notebook, sum(points), sum(item.points for item in own),
                marks["trouble"], f"tinyvae {__version__}"]  # fmt: skip
        for item in asked:
            kind, message = verdicts.get(item.number, ("", ""))
            got = points_of(item, verdicts) if item in own else ""
            line += [got, f"{kind.capitalize()}. {message}" if kind else ""]
        yield [harmless(cell) for cell in line]


def points_of(item, verdicts):
    return item.points if verdicts.get(item.number, [""])[0] == "correct" else 0


def harmless(cell):
    """A cell that no spreadsheet takes for a formula, on one line."""
    if not isinstance(cell, str):
        return cell
    line = " ".join(cell.split())
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line


def graded(folder, judges, at_once, show):
    """[(learner, file, marks)] of all the hand-ins in `folder`, in their order."""
    found = hand_ins(folder)
    with ThreadPoolExecutor(at_once) as pool, show(len(found)) as bar:

        def one(path):
            marks = judges.marks(path)
            bar.update()
            return marks

        try:
            marks = list(pool.map(one, [path for _, path in found]))
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    return [
        (learner, str(path.relative_to(folder)), its)
        for (learner, path), its in zip(found, marks, strict=True)
    ]


def bar(total):
    """A progress bar on stderr."""
    from tqdm import tqdm

    return tqdm(total=total, desc="graded", unit="file", file=sys.stderr)


def cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def parsed(arguments):
    description, _, more = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m tinyvae.course.grade", description=description.partition(": ")[2],
        epilog=more, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the hand-ins")
    parser.add_argument("--exercises", type=Path, default=EXERCISES, metavar="DIR",
                        help="the notebooks that were given out (this course's)")  # fmt: skip
    parser.add_argument("--seconds", type=int, default=120, help="for each file (120)")
    parser.add_argument("--memory", type=float, default=4, metavar="GIB",
                        help="for each file, on Linux (4)")  # fmt: skip
    parser.add_argument("--at-once", type=int, default=cores(), metavar="N",
                        help="as many as there are cores")  # fmt: skip
    asked = parser.parse_args(arguments)
    if not asked.folder.is_dir():
        parser.error(f"{asked.folder} is no folder")
    if not list(asked.exercises.glob("*.ipynb")):
        parser.error(f"there are no notebooks in {asked.exercises}; name them by --exercises")
    if Path.cwd().resolve().is_relative_to(asked.folder.resolve()):
        parser.error("go to another folder: here Python would import what was handed in")
    if min(asked.seconds, asked.memory, asked.at_once) <= 0:
        parser.error("--seconds, --memory and --at-once are greater than 0")
    return asked


def main(arguments: list[str] | None = None) -> int:
    """Parse `arguments` (the command line's by default) and grade; the exit status."""
    asked = parsed(arguments)
    print("This is no sandbox: what was handed in runs as you do. See --help.", file=sys.stderr)
    orphans.adopt()
    judges = Judges(asked.exercises, int(asked.memory * 2**30), asked.seconds)
    try:
        rows = graded(asked.folder, judges, asked.at_once, bar)
    except KeyboardInterrupt:
        print("Stopped; there are no marks.", file=sys.stderr)
        return 130
    finally:
        judges.close()
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    csv.writer(sys.stdout).writerows(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
