"""python tests/course/archive.py: what a learner is given, tried as a learner would.

`git archive` makes it; the README's first command installs it, in a folder with a space; then
`python -m tinyvae.course.my` makes the learner's copies, and one of them is checked: as a stub,
with a right answer, and once more with a new version of the course around it.
"""

import io
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
TRY = """
import sys
import nbformat
from nbclient import NotebookClient

answer = sys.argv[1]
notebook = nbformat.read("my/exercises/02_distributions.ipynb", as_version=4)
of = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
if answer:
    of["answer_02_4"].source = answer
notebook.cells = [of["imports_02"], of["answer_02_4"], of["check_02_4"]]
NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True).execute()
print(notebook.cells[-1].outputs[-1]["data"]["text/plain"])
"""
ANSWER = "def kl(mu, logvar):\n    return tv.kl_to_prior(mu, logvar).sum(axis=-1)"


def unpack(folder):
    """Make the archive of the last commit, and unpack it into a folder."""
    command = ["git", "archive", "HEAD"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as file:
        file.extractall(folder, filter="data")


def set_up():
    """The README's command that sets up, without the part that opens JupyterLab."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (command, *_) = re.findall(r"```sh\n(.*? && \.venv/bin/jupyter lab .*?)\n```", readme)
    return command.rpartition(" && ")[0]


def run(folder, command):
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8")
    if done.returncode:
        sys.exit(f"{command} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def main():
    """Exits with 1, and says why, if something is not as a learner should find it."""
    with tempfile.TemporaryDirectory(suffix=" of a learner") as name:
        folder = Path(name)
        unpack(folder)
        run(folder, ["sh", "-c", set_up()])
        python = [folder / ".venv" / "bin" / "python"]
        print(run(folder, [*python, "-m", "tinyvae.course.my"]).strip())
        for answer, verdict in (("", "Not attempted"), (ANSWER, "Correct")):
            said = run(folder, [*python, "-c", TRY, answer])
            print(said.strip())
            if verdict not in said:
                sys.exit(f"where {verdict!r} was to come")
        mine = folder / "my" / "exercises" / "02_distributions.ipynb"
        mine.write_text("my work", encoding="utf-8")
        unpack(folder)  # a new version
        run(folder, [*python, "-m", "tinyvae.course.my"])
        if mine.read_text(encoding="utf-8") != "my work":
            sys.exit("a learner's work was written over")


if __name__ == "__main__":
    main()
