"""The README cannot rot: its examples run, its table quotes the code, its map is whole."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
QUOTES = re.findall(r"^\| [^|]*\| [^|]*\| (\w+) \| `(.+)` \|$", README, re.MULTILINE)


def test_examples():
    failed, tried = doctest.testfile(
        str(ROOT / "README.md"), module_relative=False, encoding="utf-8"
    )
    assert tried > 10 and not failed


@pytest.mark.parametrize(("module", "code"), QUOTES)
def test_the_table_quotes_the_code(module, code):
    assert code in (ROOT / "tinyvae" / f"{module}.py").read_text(encoding="utf-8")


def test_the_table_is_whole():
    assert len(QUOTES) == 11


def test_the_map_lists_every_module():
    listed = re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)
    rooms = ROOT / "tinyvae", ROOT / "tinyvae" / "course"
    modules = {path.stem for room in rooms for path in room.glob("*.py")}
    assert sorted(listed) == sorted(
        modules - {"__init__", "__main__"} | {"data", "exercises", "marks", "pages", "scenes"}
    )


def test_the_number_of_mutants():
    from mutants import MUTANTS

    assert f"{len(MUTANTS)} bugs" in README


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)\)", README))
def test_linked_files_are_there(target):
    assert (ROOT / target).exists()
