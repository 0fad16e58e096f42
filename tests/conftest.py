import os
import tempfile

import numpy as np
import pytest
from hypothesis import settings

# Scripts of their own.
collect_ignore = [
    "benchmarks",
    "course/archive.py",
    "course/browser.py",
    "course/classroom.py",
    "course/engine_speed.py",
    "course/grading.py",
    "fuzz.py",
    "matrix.py",
    "sweep.py",
]

# The checks of exercises are noted in a file of this run, not among the maintainer's own.
os.environ["TINYVAE_PROGRESS"] = os.path.join(tempfile.mkdtemp(), "progress.jsonl")

# No deadline: a busy machine is no fault of the code.
settings.register_profile("usual", deadline=None)
# tests/mutants.py runs the tests dozens of times, and the same examples each time: whether a
# mutant is caught must not be a matter of luck.
settings.register_profile("few", deadline=None, max_examples=10, derandomize=True)
settings.load_profile("few" if "FEW_EXAMPLES" in os.environ else "usual")


@pytest.fixture
def rng():
    return np.random.default_rng(0)
