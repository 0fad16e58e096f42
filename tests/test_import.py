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
OPTIONAL = {"sklearn", "matplotlib", "PIL", "tqdm", "IPython", "ipywidgets", "anywidget"}
ALLOWED = {  # what a file of tinyvae/ may import besides NumPy, Python's own and tinyvae's core
    "estimator.py": {"sklearn"}, "images.py": {"matplotlib", "PIL"},
    "data/images.py": {"sklearn"}, "train.py": {"tqdm"}, "__main__.py": {"matplotlib"},
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
