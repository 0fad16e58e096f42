"""python tests/course/grading.py: a teacher's round with nbgrader, for real.

In an environment of its own it makes the student side of every solutions notebook with
`nbgrader generate_assignment`, hands in the solutions as one student and the untouched stubs as
another, runs `nbgrader autograde`, and reads the marks: all points for the first, none for the
second. The student side that nbgrader makes must be the one in exercises/.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
READ_MARKS = """
import json, sys
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    marks = {name: [[s.score, s.max_score] for s in book.assignment_submissions(name)
                    for who in ["solved", "stub"] if s.student.id == who]
             for name in sys.argv[1:]}
print(json.dumps(marks))
"""


def environment(folder):
    """A fresh environment with nbgrader, the package and what the notebooks import."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(python, folder, *pip, "nbgrader==0.9.6", "-e", f"{ROOT}[data,pictures,widgets]")
    return python


def run(python, folder, *command):
    """One command in a folder; its output is shown only if it fails."""
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic by name
    done = subprocess.run(
        [python, *command], cwd=folder, capture_output=True, text=True,
        env=os.environ | {"PATH": path, "TINYVAE_PROGRESS": str(folder / "progress.jsonl")},
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def release(python, course, path):
    """Make the student side of one notebook; it must be the one in exercises/."""
    name = path.stem
    source = course / "source" / name
    source.mkdir(parents=True)
    shutil.copy(path, source)
    run(python, course, "-m", "nbgrader", "generate_assignment", name, "--create")
    made, ours = course / "release" / name / path.name, ROOT / "exercises" / path.name
    assert sources(made) == sources(ours), f"nbgrader's {path.name} is not ours"
    for student, submission in [("solved", path), ("stub", made)]:
        folder = course / "submitted" / student / name
        folder.mkdir(parents=True)
        shutil.copy(submission, folder)
    run(python, course, "-m", "nbgrader", "autograde", name)


def sources(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [("".join(cell["source"]), cell["cell_type"]) for cell in cells]


def main():
    """The round over every notebook; exits with 1 if a mark is not as it should be."""
    paths = sorted((ROOT / "solutions").glob("*.ipynb"))
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder) / "course"
        course.mkdir()
        python = environment(Path(folder) / "environment")
        for path in paths:
            release(python, course, path)
        names = [path.stem for path in paths]
        marks = json.loads(run(python, course, "-c", READ_MARKS, *names))
    wrong = 0
    for name, given in marks.items():
        (solved, most), (stub, _) = given
        print(f"{name:32} solution {solved:g} of {most:g}, stub {stub:g}")
        wrong += solved != most or stub != 0 or most == 0
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
