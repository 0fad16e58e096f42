"""A file that was handed in: its cells, and which notebook of the course it is.

Also what the course itself has of that notebook, from the folder in which it was given out.
"""

import ast
import json
import re
from dataclasses import dataclass

from tinyvae.course import exercises

LARGEST = 100 * 2**20  # bytes of a file that is still read
CHECK = re.compile(r"""^\s*check\(\s*["'](\d\d\.\d+)["']""", re.MULTILINE)
TITLE = re.compile(r"^## (\d\d\.\d+)", re.MULTILINE)


class Unreadable(Exception):
    """Why a file gets no marks: one sentence."""


def cells_of(path):
    """[(kind, source)] of a notebook's cells; Unreadable, which says why, if it is none."""
    try:
        tree = json.loads(_text(path))
        if "worksheets" in tree:
            raise Unreadable("A notebook in an old format: open it in JupyterLab and save it.")
        return [(cell["cell_type"], "".join(cell["source"])) for cell in tree["cells"]]
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"This is no notebook, or a part of one: {error}.") from None
    except (TypeError, KeyError):
        raise Unreadable("This is JSON, but no notebook.") from None


def _text(path):
    try:
        if not path.is_file():
            raise Unreadable("This is no regular file.")
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise Unreadable(f"It cannot be read: {error.strerror}.") from None
    if len(data) > LARGEST:
        raise Unreadable(f"It has more than {LARGEST >> 20} MB.")
    if not data.strip():
        raise Unreadable("The file is empty.")
    utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    return data.decode("utf-16" if utf16 else "utf-8-sig")


def notebook_of(cells, name):
    """Which notebook a hand-in is, such as "02": by its exercises, whatever it is called."""
    numbers = [n for kind, source in cells for n in TITLE.findall(source) if kind == "markdown"]
    numbers += [n for kind, source in cells for n in CHECK.findall(source) if kind == "code"]
    found = [n[:2] for n in numbers] or re.findall(r"(?<!\d)\d\d(?!\d)", name)
    known = [n for n in found if n in exercises.MODULES]
    if not known:
        raise Unreadable("There is no exercise of this course in it.")
    return max(known, key=known.count)


@dataclass(frozen=True)
class Official:
    """What the course has of a notebook: its first cell, and what each check is given."""

    first: str
    answers: dict  # number: expressions


def official(folder, notebook):
    """The Official of the notebook of that number in the folder of exercises."""
    paths = list(folder.glob(f"{notebook}_*.ipynb"))
    if len(paths) != 1:
        raise Unreadable(f"This is notebook {notebook}, of which {folder} has {len(paths)}.")
    sources = [source for kind, source in cells_of(paths[0]) if kind == "code"]
    calls = [ast.parse(s).body[-1].value for s in sources if CHECK.search(s)]
    return Official(
        sources[0],
        {call.args[0].value: [ast.unparse(a) for a in call.args[1:]] for call in calls},
    )
