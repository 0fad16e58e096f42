"""python -m tinyvae.course.my: a learner's copies are complete, and never written over."""

import json

import pytest
from answers import ROOT

from tinyvae.course import my


@pytest.fixture
def course(tmp_path):
    for path in (*ROOT.glob("notebooks/02*.ipynb"), *ROOT.glob("exercises/02*.ipynb")):
        (tmp_path / path.parent.name).mkdir()
        (tmp_path / path.parent.name / path.name).write_bytes(path.read_bytes())
    return tmp_path


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def test_copies_have_all_cells_and_no_outputs(course):
    assert my.main(["--course", str(course)]) == 0
    for name in my.COPIED:
        (path,) = (course / name).iterdir()
        copied = cells(course / "my" / name / path.name)
        assert [c["source"] for c in copied] == [c["source"] for c in cells(path)]
        assert not any(c.get("outputs") or c.get("execution_count") for c in copied)
    assert any(c.get("outputs") for c in cells(next((course / "notebooks").iterdir())))


def test_what_is_there_stays(course, capsys):
    my.main(["--course", str(course)])
    (mine,) = (course / "my" / "exercises").iterdir()
    (other,) = (course / "my" / "notebooks").iterdir()
    mine.write_text("my work", encoding="utf-8")
    other.unlink()
    my.main(["--course", str(course)])
    assert mine.read_text(encoding="utf-8") == "my work" and other.exists()
    assert "1 copies made" in capsys.readouterr().out


def test_a_link_is_no_place_to_write(course):
    my.main(["--course", str(course)])
    (mine,) = (course / "my" / "exercises").iterdir()
    mine.unlink()
    mine.symlink_to(course / "elsewhere.ipynb")
    my.main(["--course", str(course)])
    assert mine.is_symlink() and not (course / "elsewhere.ipynb").exists()


def test_where_no_notebooks_are_it_says_so(tmp_path, capsys):
    assert my.main(["--course", str(tmp_path)]) == 1
    assert "no notebooks" in capsys.readouterr().err
