"""What an exercise says can be printed wherever Python runs."""

import io
import json
import os
import stat
import sys
import time
from pathlib import Path

import pytest

from tinyvae.course import checks


@pytest.fixture(autouse=True)
def noted(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYVAE_PROGRESS", str(tmp_path / "progress.jsonl"))
    for number, kind in (("01.1", "correct"), ("01.2", "not yet")):
        checks.note(number, kind)


def prints(*letters):
    """An answer that fails, and prints letters that few consoles have."""

    def answer(*_):
        print(*letters)
        raise ValueError(*letters)

    return answer


SAID = {
    "progress": checks.progress,
    "all hints": lambda: checks.Hint("".join(str(e.hints) for e in checks.exercises.every())),
    "all morals": lambda: checks.Verdict(
        "correct", "".join(e.moral for e in checks.exercises.every())
    ),
    "check": lambda: checks.check("02.4", prints("ω", "字", "\ud800")),
    "check, not attempted": lambda: checks.check("02.4", None),
}


@pytest.mark.parametrize("what", SAID)
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "latin-1", "gbk", "utf-8"])
def test_it_can_be_printed(monkeypatch, encoding, what):
    console = io.TextIOWrapper(raw := io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", console)
    said = SAID[what]()
    print(said)
    print([said])
    console.flush()
    assert raw.getvalue().decode(encoding).strip()


@pytest.mark.parametrize(
    ("encoding", "signs"), [("ascii", "+-o"), ("cp1252", "+-o"), ("utf-8", "✓✗○")]
)
def test_the_signs_tell_the_three_verdicts_apart(monkeypatch, encoding, signs):
    console = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", console)
    lines = repr(checks.progress("01")).splitlines()
    assert [line.split()[:2] for line in lines[1:4]] == [
        [sign, f"01.{i}"] for i, sign in enumerate(signs, 1)
    ]


@pytest.mark.parametrize("stdout", [None, io.StringIO()])
def test_without_a_console_the_signs_are_the_usual(monkeypatch, stdout):
    monkeypatch.setattr(sys, "stdout", stdout)
    assert "✓ 01.1" in repr(checks.progress("01"))


def test_what_a_notebook_shows_is_never_spelled_otherwise(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert checks.Verdict("correct", "½ σ²")._repr_markdown_() == "✓ **Correct.** ½ σ²"


# The file itself


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder in which nothing has been noted."""
    monkeypatch.delenv("TINYVAE_PROGRESS")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    return tmp_path / "home"


posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such file")


@posix
def test_the_record_is_for_its_owner_alone(home):
    assert not checks.note("01.1", "correct")
    path = home / ".tinyvae" / "progress.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_tilde_in_the_variable_is_the_home_folder(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TINYVAE_PROGRESS", "~/a/b.jsonl")
    assert not checks.note("01.1", "correct") and "✓ 01.1" in repr(checks.progress("01"))
    assert (home / "a" / "b.jsonl").is_file() and not (tmp_path / "~").exists()
    monkeypatch.setenv("TINYVAE_PROGRESS", "~nobody here/b.jsonl")
    assert "could not be noted" in checks.note("01.1", "correct")
    assert "✓" not in repr(checks.progress("01"))


@pytest.mark.parametrize(
    "make", [Path.mkdir, pytest.param(lambda path: os.mkfifo(path), marks=posix)]
)
def test_what_is_no_file_is_neither_waited_for_nor_written(tmp_path, monkeypatch, make):
    make(tmp_path / "odd")
    monkeypatch.setenv("TINYVAE_PROGRESS", str(tmp_path / "odd"))
    assert "could not be noted" in checks.note("01.1", "correct")
    assert "✓" not in repr(checks.progress("01"))


def test_a_record_of_any_length_is_read_from_its_end(tmp_path, monkeypatch):
    """205 MB cost 24 s."""
    path = tmp_path / "long.jsonl"
    line = json.dumps({"exercise": "01.1", "verdict": "not yet"}).encode() + b"\n"
    path.write_bytes(line * 2_000_000)
    monkeypatch.setenv("TINYVAE_PROGRESS", str(path))
    assert not checks.note("01.2", "correct")
    began = time.process_time()
    said = repr(checks.progress("01"))
    assert time.process_time() - began < 1 and "✓ 01.2" in said and "✗ 01.1" in said


def test_where_it_could_not_be_noted_is_said_as_code(tmp_path, monkeypatch):
    odd = "`<script>mine()</script>"
    (tmp_path / "a").write_bytes(b"a file where the folder should be")
    monkeypatch.setenv("TINYVAE_PROGRESS", str(tmp_path / "a" / odd))
    said = checks.note("01.1", "correct")
    assert "<script>" in said and said.count("`") == 2 and said.index("`") < said.index("<")
