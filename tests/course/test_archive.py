"""What `git archive` makes for learners is whole, and holds no solution and no answer."""

import re
import shutil

import pytest
from answers import ROOT
from archive import set_up, unpack


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("there is no git here")
    folder = tmp_path_factory.mktemp("archive")
    unpack(folder)
    return folder


def files(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_no_solution_and_no_catalogue_is_in_it(archive):
    names = files(archive)
    assert not [n for n in names if re.search("solution|answer|tests|grading|hand_ins", n)]
    for name in names:
        text = (archive / name).read_bytes()
        assert b"### BEGIN SOLUTION" not in text, name
        assert not re.search(rb"^(RIGHT|WRONG) = ", text, re.MULTILINE), name


def test_all_that_a_learner_needs_is_in_it(archive):
    names = files(archive)
    for folder in ("notebooks", "exercises", "tinyvae"):
        ours = {f"{folder}/{name}" for name in files(ROOT / folder)}
        kept = {n for n in ours if not re.search(r"__pycache__|\.ipynb_checkpoints|execute", n)}
        assert kept <= names, kept - names
    assert {"README.md", "LICENSE", "pyproject.toml", "requirements.txt"} <= names


def test_no_link_in_its_readme_is_dead(archive):
    readme = (archive / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", readme):
        assert (archive / target).exists(), target


def test_the_command_that_is_tried_is_the_readmes():
    assert "venv" in set_up() and "requirements.txt" in set_up()
