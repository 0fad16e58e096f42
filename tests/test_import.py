"""`import tinyvae` loads NumPy and nothing else that is not Python's own."""

import subprocess
import sys

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
