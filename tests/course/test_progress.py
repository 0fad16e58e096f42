"""What an exercise says can be printed wherever Python runs."""

import io
import sys

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
