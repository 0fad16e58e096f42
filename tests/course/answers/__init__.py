"""Answers to the exercises, right and wrong: what the checker is itself tried on.

A module for each notebook, named as in tinyvae.course.exercises, holds

    RIGHT = {"02.4": {"loops": answer, ...}}        other forms of a correct answer
    WRONG = {"02.4": {"standard deviation": answer, ...}}   a part of the message: the answer

where an answer is what `check` is given: a function, a value, or a tuple of several.
"""

from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import nbformat

from tinyvae import course
from tinyvae.course import checks, exercises

ROOT = Path(__file__).parents[3]
OF = {
    notebook: import_module(f"answers.{name}") for notebook, name in exercises.MODULES.items()
}


def verdict(number, answer):
    """What the checker says to one answer."""
    parts = answer if isinstance(answer, tuple) else (answer,)
    return checks.judge(exercises.find(number), parts)


def right(number):
    """{form: answer} of the catalogue's correct answers."""
    return OF[number[:2]].RIGHT[number]


def wrong(number):
    """{part of the message: answer} of the catalogue's wrong answers."""
    return OF[number[:2]].WRONG[number]


def path_of(notebook, folder):
    """The notebook 02 of solutions/ or exercises/."""
    (path,) = (ROOT / folder).glob(f"{notebook}_*.ipynb")
    return path


def code_of(path):
    """The sources of a notebook's code cells."""
    cells = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code"]


def played(path):
    """{exercise: Verdict} of a notebook whose cells are run here, past every stub."""
    verdicts, namespace = {}, {"__name__": "__main__"}

    def check(number, *answer):
        verdicts[number] = checks.judge(exercises.find(number), answer)
        return verdicts[number]

    with patch.object(course, "check", check), redirect_stdout(StringIO()):
        for source in code_of(path):
            try:
                exec(source, namespace)
            except NotImplementedError:
                continue
    return verdicts
