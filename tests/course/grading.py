"""python tests/course/grading.py: a teacher's round, with nbgrader and without, for real.

In an environment of its own it makes the student side of every solutions notebook with
`nbgrader generate_assignment`, hands in the solutions as one student and the untouched stubs as
another, runs `nbgrader autograde`, and reads the marks: all points for the first, none for the
second. The student side that nbgrader makes must be the one in exercises/.

Others hand in one notebook with a cheat in it, or honest work that came to harm: what nbgrader
makes of each is printed and checked, also where it is wrong, as solutions/README.md tells
teachers. Then `python -m tinyvae.course.grade` marks the same folder, and must be right in all.
"""

import copy
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
TRIED = "02_distributions"  # of which there are others' hand-ins, too
READ_MARKS = """
import json, sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    print(json.dumps([[name, s.student.id, s.score, s.max_score]
                      for name in sys.argv[1:] for s in book.assignment_submissions(name)]))
"""
CHEAT = "\nimport tinyvae.course\ncheck = tinyvae.course.check = lambda *answer: None\n"
ANSWERS = """
log_density = bernoulli_log_prob = bernoulli_grad = categorical_log_prob = categorical_grad = 0
kl = kl_grad = monte_carlo_kl = notes = gaussian_log_prob = gaussian_slope = 0
"""


def environment(folder):
    """A fresh environment with nbgrader, the package and what the notebooks import."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(python, folder, *pip, "nbgrader==0.9.6", "-e", f"{ROOT}[data,pictures,widgets]")
    return python


def run(python, folder, *command, may_fail=False):
    """One command in a folder; its output is shown only if it fails."""
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic by name
    done = subprocess.run(
        [python, *command], cwd=folder, capture_output=True, encoding="utf-8",
        env=os.environ | {"PATH": path, "TINYVAE_PROGRESS": str(folder / "progress.jsonl")},
    )  # fmt: skip
    if done.returncode and not may_fail:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def release(python, course, path):
    """Make the student side of one notebook; it must be the one in exercises/. Hand both in."""
    name = path.stem
    source = course / "source" / name
    source.mkdir(parents=True)
    shutil.copy(path, source)
    run(python, course, "-m", "nbgrader", "generate_assignment", name, "--create")
    made, ours = course / "release" / name / path.name, ROOT / "exercises" / path.name
    assert sources(made) == sources(ours), f"nbgrader's {path.name} is not ours"
    hand_in(course, "solved", path.name, read(path))
    hand_in(course, "stub", path.name, read(made))


def sources(path):
    return [("".join(cell["source"]), cell["cell_type"]) for cell in read(path)["cells"]]


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def hand_in(course, student, file, notebook):
    folder = course / "submitted" / student / Path(file).stem.partition(" ")[0]
    folder.mkdir(parents=True)
    (folder / file).write_text(json.dumps(notebook), encoding="utf-8")


# What else is handed in: {student: (nbgrader's points, the right points, file name, notebook)}


def others():
    """Cheats and harmed files, of the notebook TRIED."""
    name = f"{TRIED}.ipynb"
    stub, solved = (read(ROOT / folder / name) for folder in ("exercises", "solutions"))
    return {
        "first_cell": (0, 0, name, with_source(stub, "imports_02", CHEAT)),
        "answer_cell": (20, 0, name, with_source(stub, "answer_02_1", CHEAT + ANSWERS)),
        "check_cell": (0, 0, name, with_source(stub, "check_02_1", "pass")),
        "checks_deleted": (0, 20, name, without_checks(solved)),
        "downloaded_twice": (0, 20, f"{TRIED} (1).ipynb", solved),
        "metadata_lost": (0, 20, name, without_metadata(solved)),
        "pasted_twice": (0, 20, name, pasted_twice(solved)),
    }


def id_of(cell):
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def with_source(notebook, grade_id, source):
    """The notebook with another source of one cell; behind what is there, if it imports."""
    notebook = copy.deepcopy(notebook)
    (cell,) = (cell for cell in notebook["cells"] if id_of(cell) == grade_id)
    kept = cell["source"] if grade_id.startswith("imports") else []
    cell["source"] = [*kept, source]
    return notebook


def without_checks(notebook):
    cells = [cell for cell in notebook["cells"] if not id_of(cell).startswith("check")]
    return notebook | {"cells": cells}


def without_metadata(notebook):
    return notebook | {"cells": [cell | {"metadata": {}} for cell in notebook["cells"]]}


def pasted_twice(notebook):
    twice = [cell for cell in notebook["cells"] if id_of(cell).endswith("02_1")]
    return notebook | {"cells": notebook["cells"] + twice}


# The marks


def nbgraders_marks(python, course, names):
    """{(notebook, student): (points, most)}; 0 where nbgrader stops at a file.

    At some files it stops for good, so where there are such the students come one by one.
    """
    for name in names:
        autograde = "-m", "nbgrader", "autograde", name
        if name != TRIED:
            run(python, course, *autograde)
            continue
        for student in sorted(path.parent.name for path in course.glob(f"submitted/*/{name}")):
            run(python, course, *autograde, "--student", student, may_fail=True)
    rows = json.loads(run(python, course, "-c", READ_MARKS, *names))
    return {(name, student): (points, most) for name, student, points, most in rows}


def our_marks(python, course):
    """The same, by the course's own command."""
    out = run(python, ROOT, "-m", "tinyvae.course.grade", course / "submitted")
    rows = csv.DictReader(io.StringIO(out))
    return {
        (Path(row["file"]).parts[1], row["learner"]): (float(row["points"]), float(row["of"]))
        for row in rows
    }


def main():
    """The round over every notebook; exits with 1 if a mark is not as it should be."""
    paths = sorted((ROOT / "solutions").glob("*.ipynb"))
    names, more = [path.stem for path in paths], others()
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder) / "course"
        course.mkdir()
        python = environment(Path(folder) / "environment")
        for path in paths:
            release(python, course, path)
        for student, (*_, file, notebook) in more.items():
            hand_in(course, student, file, notebook)
        theirs, ours = nbgraders_marks(python, course, names), our_marks(python, course)
    wrong = 0
    for key, (points, most) in theirs.items():
        name, student = key
        expected = more.get(student, (most, most) if student == "solved" else (0, 0))[:2]
        print(f"{name:32} {student:16} nbgrader {points:g}, ours {ours[key][0]:g} of {most:g}")
        wrong += (points, ours[key][0]) != expected or ours[key][1] != most or most == 0
    students = {(name, who) for name in names for who in ("solved", "stub")}
    everyone = students | {(TRIED, who) for who in more}
    wrong += theirs.keys() != everyone or ours.keys() != everyone
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
