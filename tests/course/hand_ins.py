"""Hand-ins of one notebook: an honest one, cheats, and honest ones that came to harm.

`handed_in(out)` writes them, each into a learner's folder. The notebook is a small 02, with the
exercises 02.1 and 02.4; `small(folder)` of an official notebook makes it.
"""

import copy
import json

import nbformat
from answers import path_of

FIRST = "import numpy as np\nimport tinyvae as tv\nfrom tinyvae.course import hint, progress"
KL = """def kl(mu, logvar):
    return 0.5 * (mu**2 + np.exp(logvar) - 1 - logvar).sum(axis=-1)"""
PAID = ("02.1", 2), ("02.4", 3)


def small(folder):
    """The notebook 02 of a folder, with two of its exercises, and quick to begin."""
    notebook = nbformat.read(path_of("02", folder), as_version=4)
    ids = {f"{what}_02_{n}" for what in ("task", "answer", "check") for n in (1, 4)}
    cells = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") in ids]
    notebook.cells = [nbformat.v4.new_code_cell(FIRST), *cells]
    return notebook


def with_kl(source, before=""):
    """The stubs with `source` for the answer to 02.4, and a cell before all else."""
    notebook = small("exercises")
    answer_to(notebook, 4).source = source
    if before:
        notebook.cells.insert(1, nbformat.v4.new_code_cell(before))
    return notebook


def cell_of(notebook, name):
    found = [
        c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name
    ]
    return found[0]


def answer_to(notebook, n):
    return cell_of(notebook, f"answer_02_{n}")


# Cheats: {name: (what its answer to 02.4 is, a cell before)}. {mark} is a file that must not be
# there in the end. None of them may get a point.

STUB = "def kl(mu, logvar):\n    raise NotImplementedError()"
WRITER = """import os, time
home = os.getcwd()
while os.path.exists(home):  # as long as the hand-in is judged
    time.sleep(0.05)
open({mark!r}, 'w')
"""
CHEATS = {
    # The review's.
    "a check of its own": (STUB, "check = lambda *answer: None"),
    "a checker patched": (STUB, """
from tinyvae import course
from tinyvae.course import checks
right = lambda *args: True
course.check = checks.check = checks.judge = checks._judge = right"""),
    "a process that writes later": (STUB, f"""
import subprocess, sys
code = {WRITER!r}
subprocess.Popen([sys.executable, "-c", code], start_new_session=True)"""),
    # Ours.
    "the right answer imported": ("""
from tinyvae.course.exercises import find
kl = find("02.4").right""", ""),
    "numpy patched": ("""
def kl(mu, logvar):
    return np.zeros(len(mu))""", """
np.abs = lambda x: np.zeros(np.shape(x))
np.allclose = np.array_equal = lambda *args, **named: True"""),
    "equal to everything": ("""
class Right(np.ndarray):
    __eq__ = __le__ = __lt__ = lambda self, other: np.ones(self.shape, bool)
    __sub__ = __rsub__ = __mul__ = lambda self, other: 0 * np.asarray(self)
    __array_ufunc__ = lambda self, ufunc, method, *args, **named: np.zeros(self.shape)


def kl(mu, logvar):
    return np.zeros(len(mu)).view(Right)""", ""),
    "the judge's frames": ("""
import gc, sys


def kl(mu, logvar):
    frame = sys._getframe()
    while frame := frame.f_back:
        for part in frame.f_locals.get("parts_", ()):
            return part.right(mu, logvar)
    for thing in gc.get_objects():
        if type(thing).__name__ in ("Part", "Exercise"):
            return thing.right(mu, logvar)""", ""),
    "marks of its own": (STUB, """
import json, os
marks = {"notebook": "02", "verdicts": {"02.4": ["correct", ""]}, "trouble": ""}
for pid in ("self", os.getppid()):
    for n in range(30):
        for text in (json.dumps(marks), "me,02.ipynb,02,20,20"):
            try:
                with open(f"/proc/{pid}/fd/{n}", "w") as file:
                    file.write(text + chr(10))
            except (OSError, ValueError):
                pass"""),
    "the judge killed": (STUB, "import os\nos.kill(os.getppid(), 9)"),
    "a pickle that runs": ("""
class Bomb:
    def __reduce__(self):
        return open, ({mark!r}, "w")


def kl(mu, logvar):
    return Bomb()""", ""),
    "a check with another answer": (STUB, """
from tinyvae.course import check
check("02.4", lambda mu, logvar: tv.kl_to_prior(mu, logvar).sum(axis=-1))"""),
    "modules in the way": (STUB, """
import os, pathlib, site
text = "open({mark!r}, 'w')"
for folder in (".", "~", "~/tinyvae", "..", site.getusersitepackages()):
    folder = pathlib.Path(folder).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("json", "numpy", "tinyvae", "sitecustomize", "usercustomize"):
        if folder != pathlib.Path(".."):
            (folder / f"{name}.py").write_text(text)
os._exit(0)"""),
    "a daemon in another session": (STUB, f"""
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    os.execv(sys.executable, [sys.executable, "-c", {WRITER!r}])"""),
    "nothing, at length": ("""
def kl(mu, logvar):
    while True:
        try:
            np.linalg.svd(np.ones((50, 50)))
        except BaseException:
            pass""", ""),
    "all the memory": ("def kl(mu, logvar):\n    return np.ones(2**40).sum()", ""),
    "millions of letters": ("""
def kl(mu, logvar):
    print("x" * 10**7)
    raise ValueError("=1+1 " * 10**6)""", ""),
}  # fmt: skip


def cheat(name, mark):
    """The notebook of one cheat; `mark` is a file that it may try to write."""
    source, before = (text.replace("{mark!r}", repr(str(mark))) for text in CHEATS[name])
    return with_kl(source, before)


# Honest hand-ins: {name: (points, file name, bytes)}


HANGS = """
def log_density(z, mu, logvar):
    while True:
        pass


log_density(1, 2, 3)"""
EXITS = HANGS.replace("while True:\n        pass", "__import__('os')._exit(1)")


def as_bytes(notebook, encoding="utf-8"):
    """As a file, whatever is wrong with it."""
    return json.dumps(notebook, ensure_ascii=False).encode(encoding)


def honest():
    """{name: (points of 02.1, of 02.4, name of the file, what is in it)}."""
    right = small("solutions")
    plain = nbformat.writes(right).encode()
    name = "02_distributions.ipynb"

    def changed(change):
        notebook = copy.deepcopy(right)
        change(notebook)
        return as_bytes(notebook)

    def both(data, name=name):
        return 2, 3, name, data

    return {
        "in order": both(plain),
        # The review's.
        "downloaded twice": both(plain, "02_distributions (1).ipynb"),
        "metadata lost": both(changed(lose_metadata)),
        "cells pasted twice": both(changed(paste_twice)),
        # Ours.
        "another name": both(plain, "Homework.ipynb"),
        "saved as text": both(b"\xef\xbb\xbf" + plain, "02_distributions.ipynb.txt"),
        "another encoding": both(as_bytes(right, "utf-16")),
        "no checks": both(changed(lambda n: drop(n, "check"))),
        "no first cell": both(changed(lambda n: n.cells.pop(0))),
        "cells merged": both(changed(merge)),
        "magics": both(changed(add_magics)),
        "own words for check": both(changed(lambda n: put_first(n, "check = hint = 3"))),
        "one wrong letter": (0, 3, name, changed(lambda n: write_over(n, "def log_density(z"))),
        "one answer hangs": (0, 3, name, changed(lambda n: write_over(n, HANGS))),
        "one answer exits": (0, 3, name, changed(lambda n: write_over(n, EXITS))),
        "a cell turned to text": (2, 0, name, changed(turn_to_text)),
    }


def lose_metadata(notebook):
    for cell in notebook.cells:
        cell.metadata, cell.id = {}, cell.id


def paste_twice(notebook):
    notebook.cells += copy.deepcopy(notebook.cells[2:4])


def drop(notebook, kind):
    notebook.cells = [
        c for c in notebook.cells
        if not c.metadata.get("nbgrader", {}).get("grade_id", "").startswith(kind)
    ]  # fmt: skip


def merge(notebook):
    """Each check into the cell of its answer."""
    for n in (1, 4):
        answer_to(notebook, n).source += f"\n\n{cell_of(notebook, f'check_02_{n}').source}"
    drop(notebook, "check")


def add_magics(notebook):
    for n in (1, 4):
        cell = answer_to(notebook, n)
        cell.source = f"%%time\n%matplotlib inline\n!true\n{cell.source}"


def put_first(notebook, source):
    notebook.cells.insert(1, nbformat.v4.new_code_cell(source))


def write_over(notebook, source):
    """Another answer to 02.1."""
    answer_to(notebook, 1).source = source


def turn_to_text(notebook):
    cell = answer_to(notebook, 4)
    notebook.cells[notebook.cells.index(cell)] = nbformat.v4.new_markdown_cell(cell.source)


# What gets no marks, and a part of the reason: {name: (file name or None, bytes, reason)}


def unreadable():
    plain = as_bytes(small("solutions"))
    name = "02_distributions.ipynb"
    merge = plain[:300] + b"\n<<<<<<< HEAD\n" + plain[300:]
    old = json.dumps({"worksheets": [], "nbformat": 3}).encode()
    other = as_bytes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")]))
    return {
        "nothing": (None, b"", "no notebook"),
        "a picture": ("photo.jpg", b"\xff\xd8", "photo.jpg"),
        "an empty file": (name, b"", "empty"),
        "half a file": (name, plain[: len(plain) // 2], "a part of one"),
        "a merge in git": (name, merge, "no notebook"),
        "an old format": (name, old, "JupyterLab"),
        "other JSON": (name, b'{"cells": [1, 2]}', "no notebook"),
        "a list": (name, b"[1]", "no notebook"),
        "no text": (name, b"\x80\x81", "no notebook"),
        "deeply nested": (name, b"[" * 10**5, "no notebook"),
        "another course": ("sums.ipynb", other, "no exercise"),
    }


def handed_in(out, mark):
    """Write all of them below the folder `out`; mark(name) is a file that a cheat may write."""
    for name in CHEATS:
        write(out / name / "02_distributions.ipynb", as_bytes(cheat(name, mark(name))))
    for name, (*_, file, data) in honest().items():
        write(out / name / "deeper" / file, data)
    for name, (file, data, _) in unreadable().items():
        (out / name).mkdir(parents=True)
        if file:
            write(out / name / file, data)


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
