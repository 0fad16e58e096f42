"""`import tinyvae` loads NumPy and nothing else that is not Python's own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tinyvae as tv

CODE = """
import sys
import numpy.random
known = set(sys.modules)
import tinyvae
new = {name.partition(".")[0] for name in set(sys.modules) - known}
print(*sorted(new - set(sys.stdlib_module_names) - {"tinyvae", "numpy"}))
"""


def test_nothing_but_numpy_is_loaded():
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_public_names_have_docstrings():
    for name, value in vars(tv).items():
        assert name.startswith("_") or value.__doc__, name


TINYVAE = Path(tv.__file__).parent
OPTIONAL = {
    "sklearn",
    "matplotlib",
    "PIL",
    "tqdm",
    "IPython",
    "ipywidgets",
    "anywidget",
    "threadpoolctl",
}
ALLOWED = {  # what a file of tinyvae/ may import besides NumPy, Python's own and tinyvae's core
    "estimator.py": {"sklearn"}, "images.py": {"matplotlib", "PIL"},
    "data/images.py": {"sklearn"}, "bars.py": {"tqdm", "IPython"},
    "threads.py": {"threadpoolctl"},
    "__main__.py": {"matplotlib"},
}  # fmt: skip


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


@pytest.mark.parametrize(
    "path", [p for p in TINYVAE.rglob("*.py") if "course" not in p.parts[-3:-1] and
             "course" not in p.relative_to(TINYVAE).parts],
    ids=lambda path: path.relative_to(TINYVAE).as_posix(),
)  # fmt: skip
def test_the_vae_knows_nothing_of_the_course(path):
    name = path.relative_to(TINYVAE).as_posix()
    modules = set(imported(path))
    assert not any(module.startswith("tinyvae.course") for module in modules)
    tops = {module.partition(".")[0] for module in modules}
    assert tops & OPTIONAL <= ALLOWED.get(name, set())
    assert tops - OPTIONAL - {"numpy", "tinyvae"} <= set(sys.stdlib_module_names)


DEFINITIONS = ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef
UNTYPED = {"__main__.py", "estimator.py", "images.py"}  # not yet
MODULES = [path for path in TINYVAE.glob("*.py") if path.name not in UNTYPED]


def without_types(tree):
    """The public functions and methods of a module that lack the type of an argument or of
    what they return."""
    todo = [tree]
    while todo:
        for node in todo.pop().body:
            public = isinstance(node, DEFINITIONS) and not node.name.startswith("_")
            if public and isinstance(node, ast.ClassDef):
                todo.append(node)
            elif public and None in (node.returns, *types_of_arguments(node)):
                yield node.name


def types_of_arguments(function):
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return [a.annotation for a in named if a and a.arg not in ("self", "cls")]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_public_functions_have_types(path):
    assert list(without_types(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "code",
    [
        "def f(x) -> int: ...", "def f(x: int): ...", "def f(*x) -> int: ...",
        "def f(x: int, *, y) -> int: ...", "def f(**x) -> int: ...",
        "class A:\n    def f(self, x: int): ...",
        "class A:\n    class B:\n        def f(self): ...",
    ],
)  # fmt: skip
def test_a_missing_type_is_seen(code):
    assert list(without_types(ast.parse(code))) == ["f"]


def test_what_is_private_needs_no_types():
    code = "def _f(x): ...\nclass A:\n    def _f(self): ...\nclass _A:\n    def f(self): ..."
    assert list(without_types(ast.parse(code))) == []
