"""python -m tinyvae.course.grade on a class of honest hand-ins, cheats and broken files."""

import csv
import io
import os
import subprocess
import sys
import time

import hand_ins
import numpy as np
import pytest
from answers import ROOT

from tinyvae.course import grade
from tinyvae.course.marks import hand_in, notebook_process, wire
from tinyvae.version import __version__

LINUX = sys.platform == "linux"


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A folder with a class of hand-ins, `out`, and a small official notebook."""
    room = tmp_path_factory.mktemp("class room")
    hand_ins.write(
        room / "official" / "02_distributions.ipynb",
        hand_ins.as_bytes(hand_ins.small("exercises")),
    )
    hand_ins.handed_in(room / "out", lambda name: room / f"written by {name}")
    return room


def run(folder, *options, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "tinyvae.course.grade", folder, *options],
        capture_output=True, encoding="utf-8", cwd=cwd or ROOT,
        env=environment(),
    )  # fmt: skip


def environment():
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.fixture(scope="module")
def marks(room):
    """{learner: row}, a dict by the head's words."""
    done = run(
        room / "out", "--exercises", room / "official", "--seconds", "40", "--at-once", "2"
    )
    assert done.returncode == 0, done.stderr
    assert "no sandbox" in done.stderr and "graded: 100%" in done.stderr
    time.sleep(2)  # for what a cheat has left to write
    return {row["learner"]: row for row in csv.DictReader(io.StringIO(done.stdout))}


def test_there_is_a_row_for_each(marks, room):
    assert sorted(marks) == sorted(path.name for path in (room / "out").iterdir())
    assert {row["version"] for row in marks.values()} == {f"tinyvae {__version__}"}


@pytest.mark.parametrize("name", hand_ins.CHEATS)
def test_a_cheat_gets_nothing(marks, room, name):
    assert marks[name]["points"] == "0", marks[name]
    if LINUX:  # elsewhere a process may outlive its parent
        assert not (room / f"written by {name}").exists()


IN_ONE_PROCESS = """
import json, sys
names = {}
for cell in json.load(open(sys.argv[1]))["cells"]:
    if cell["cell_type"] == "code":
        try:
            exec(cell["source"], names)
        except NotImplementedError:
            pass
from tinyvae.course import check
print(bool(check("02.4", names["kl"])))
"""


@pytest.mark.parametrize(
    "name",
    ["a checker patched", "the right answer imported", "numpy patched", "the judge's frames"],
)
def test_where_notebook_and_judge_are_one_process_cheats_work(tmp_path, name):
    """Or they would be no cheats, and the test above would show nothing."""
    path = tmp_path / "02.ipynb"
    path.write_bytes(hand_ins.as_bytes(hand_ins.cheat(name, tmp_path / "mark")))
    command = [sys.executable, "-c", IN_ONE_PROCESS, path]
    done = subprocess.run(command, capture_output=True, text=True, env=environment())
    assert done.stdout.split()[-1:] == ["True"], done.stderr


@pytest.mark.parametrize("name", hand_ins.honest())
def test_honest_work_gets_its_points(marks, name):
    first, second, *_ = hand_ins.honest()[name]
    row = marks[name]
    assert (row["02.1"], row["02.4"]) == (str(first), str(second)), row
    assert row["points"] == str(first + second) and row["of"] == "20"


@pytest.mark.parametrize("name", hand_ins.unreadable())
def test_a_file_that_cannot_be_read_has_a_row_with_the_reason(marks, name):
    *_, reason = hand_ins.unreadable()[name]
    assert reason in marks[name]["trouble"] and marks[name]["points"] == "0"


def test_each_loss_is_explained(marks):
    for name, number, words in (
        ("one wrong letter", "02.1", "SyntaxError"),
        ("a cell turned to text", "02.4", "there is no `kl`"),
        ("nothing, at length", "02.4", "ended"),
        ("all the memory", "02.4", "MemoryError"),
        ("equal to everything", "02.4", "Not yet"),
    ):
        assert words in marks[name][f"{number} says"], marks[name]
    assert "killed" in marks["the judge killed"]["trouble"]


def test_no_cell_is_long_or_a_formula(marks):
    for row in marks.values():
        for cell in row.values():
            assert (
                len(cell) < 1500 and "\n" not in cell and cell[:1] not in ("=", "+", "-", "@")
            )


def test_it_is_not_run_among_the_hand_ins(room):
    done = run(room / "out", cwd=room / "out" / "in order")
    assert done.returncode == 2 and "another folder" in done.stderr
    assert run(room / "none").returncode == 2


# Finding the hand-ins


def test_flat_folders_and_deep_ones(tmp_path):
    for name in (
        "ada_02_distributions.ipynb", "bob/02.ipynb", "bob/.ipynb_checkpoints/02.ipynb",
        "cy/02/02 (1).ipynb", "cy/03.ipynb.json", "dee/notes.txt", ".DS_Store",
        "__MACOSX/x.ipynb",
    ):  # fmt: skip
        hand_ins.write(tmp_path / name, b"")
    found = [
        (who, path.relative_to(tmp_path).as_posix()) for who, path in grade.hand_ins(tmp_path)
    ]
    assert found == [
        ("ada_02_distributions", "ada_02_distributions.ipynb"), ("bob", "bob/02.ipynb"),
        ("cy", "cy/02/02 (1).ipynb"), ("cy", "cy/03.ipynb.json"), ("dee", "dee"),
    ]  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has none")
def test_a_pipe_hangs_nobody(tmp_path):
    os.mkfifo(tmp_path / "02.ipynb")
    with pytest.raises(hand_in.Unreadable, match="regular"):
        hand_in.cells_of(tmp_path / "02.ipynb")


def test_a_notebook_that_was_not_given_out_is_said_to_be_none(room):
    cells = hand_in.cells_of(hand_ins.path_of("03", "solutions"))
    assert hand_in.notebook_of(cells, "02.ipynb") == "03"
    with pytest.raises(hand_in.Unreadable, match="notebook 03"):
        hand_in.official(room / "official", "03")


def test_a_cell_is_no_formula():
    assert grade.harmless("=1+1") == "'=1+1" and grade.harmless("a\n=b") == "a =b"
    assert grade.harmless(-3) == -3


# What the two processes say to each other

VALUES = (
    None, True, 3, -0.5, "text", (1, 2), [1, [2.0]], {"a": np.arange(3)}, np.float32(2), 10**50,
    np.arange(6.0).reshape(2, 3), np.zeros((0, 2)), np.array(2, ">i4"), np.array([True]),
)  # fmt: skip


def there_and_back(value):
    return wire.unpack(wire.pack(value, lambda function: 7), lambda n, names: (n, names))


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_arrive(value):
    got = there_and_back(value)
    assert type(got) is type(value) and repr(got) == repr(value)


def test_what_is_no_number_arrives_as_its_type():
    class Odd:
        __call__ = None

    assert type(there_and_back(open)).__name__ == "tuple"
    assert type(there_and_back({1, 2})).__name__ == "set"
    assert type(there_and_back(np.array(["a"]))).__name__ == "ndarray"
    assert there_and_back(lambda mu, logvar: 1)[0] == 7
    assert there_and_back(np.broadcast_to(0, (10**6, 10**6))).shape == (10**6, 10**6)
    assert np.ma.is_masked(there_and_back(np.ma.array([1, 2], mask=[0, 1])))


def test_any_other_bytes_are_garbled(rng):
    good = wire.pack([np.arange(5.0), {"a": (1, "b")}, len], lambda function: 0)
    for _ in range(3000):
        bad = bytearray(good)
        for place in rng.integers(len(bad), size=rng.integers(1, 4)):
            bad[place] = rng.integers(256)
        try:
            wire.unpack(bytes(bad[: rng.integers(1, len(bad) + 1)]), lambda n, names: n)
        except wire.Garbled:
            continue


@pytest.mark.parametrize(
    "tree",
    [b'["array", "O", [1]]', b'["array", "<f8", [-1]]', b'["array", "<f8", [1e9]]',
     b'["array", "<f8", [99999999999]]', b'["huge", [-1]]', b"[" * 10**5, b'["tuple", 3]',
     b"9" * 5000, b'["dict", [[["list", []], 1]]]', b"[]"],
)  # fmt: skip
def test_a_made_up_tree_is_garbled(tree):
    with pytest.raises(wire.Garbled):
        wire.unpack(wire.LENGTH.pack(len(tree)) + tree, lambda n, names: n)


def test_an_exception_has_its_class_and_is_no_stub_but_the_stub():
    assert type(notebook_process.raised({"raised": [], "stub": True})) is NotImplementedError
    made = notebook_process.raised(
        {"raised": ["LinAlgError", "ValueError"], "text": "singular", "stub": False}
    )
    assert isinstance(made, ValueError) and type(made).__name__ == "LinAlgError"
    for name in (
        "NotImplementedError",
        "SystemExit",
        "UnicodeDecodeError",
        "__import__",
        "OSError",
    ):
        made = notebook_process.raised({"raised": [name], "text": "x", "stub": False})
        assert type(made).__name__ == name and not isinstance(made, NotImplementedError)
        assert isinstance(made, Exception) and str(made) == "x"
