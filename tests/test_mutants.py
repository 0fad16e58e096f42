"""Would the tests notice? Each catalogued bug is put in, and caught.

`python tests/mutants.py` prints which tests catch which bug.
"""

import shutil

import pytest
from mutants import MUTANTS, ROOT, failures, first_to_catch


def test_the_package_as_it_is_passes(tmp_path):
    for part in ("tinyvae", "tests"):
        shutil.copytree(ROOT / part, tmp_path / part)
    assert failures(tmp_path) == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_caught(mutant):
    assert first_to_catch(mutant)
