"""Would the tests notice? Each catalogued bug is put in, and caught.

`python tests/mutants.py` prints which tests catch which bug.
"""

import shutil

from mutants import ROOT, failures, first_to_catch, run_all


def test_the_package_as_it_is_passes(tmp_path):
    for part in ("tinyvae", "tests"):
        shutil.copytree(ROOT / part, tmp_path / part)
    assert failures(tmp_path) == []


def test_every_mutant_is_caught():
    results = run_all(first_to_catch)
    assert [mutant.name for mutant, tests in results.items() if not tests] == []
