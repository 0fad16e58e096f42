"""What each exercise of the course asks: a module for each notebook, in its order.

Each module ends in EXERCISES, a list of `Exercise`. Its functions `ask_...` take the learner's
answer, put it to the test with the tools of `ask`, and raise `NotYet` with what is wrong. A
known mistake stands there once, as a function beside its message: the checker calls it to
recognise the mistake, and the tests call it as a wrong answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

MODULES = {  # notebook: the module of its exercises
    "01": "ex01_autoencoder",
    "02": "ex02_distributions",
    "03": "ex03_sampling",
    "04": "ex04_elbo",
    "05": "ex05_latent_interpolation",
    "06": "ex06_controllable_generation",
    "07": "ex07_text",
    "08": "ex08_diffusion_and_text_to_image",
}


@dataclass(frozen=True)
class Exercise:
    """One exercise: number "02.4"; hints from gentle to plain; moral said once it is solved.

    ask(*answer) raises NotYet for what is wrong; takes is the number of answers it is given.
    right is an answer that is right. wrong is {message: answer that makes it}, the mistakes
    that `ask` knows; an answer is what `check` is given, a tuple where it is given several, and
    a list holds several answers that get one message.
    """

    number: str
    title: str
    points: int
    hints: tuple[str, ...]
    moral: str
    ask: Callable[..., None]
    takes: int = 1
    right: Any = None
    wrong: Mapping[str, Any] = field(default_factory=dict)


def of(notebook):
    """The exercises of one notebook."""
    return import_module(f"tinyvae.course.exercises.{MODULES[notebook]}").EXERCISES


def every():
    """All exercises, in the order of the course."""
    return [exercise for notebook in MODULES for exercise in of(notebook)]


def find(number):
    """The exercise of that number; ValueError that lists the notebook's, if there is none."""
    known = of(str(number)[:2]) if str(number)[:2] in MODULES else every()
    for exercise in known:
        if exercise.number == number:
            return exercise
    numbers = ", ".join(exercise.number for exercise in known)
    raise ValueError(f"there is no exercise {number!r}; there are {numbers}")
