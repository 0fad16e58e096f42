"""Make exercises/ from solutions/: the same notebooks, with a stub where each solution was.

    python solutions/make_exercises.py

A solution stands between `### BEGIN SOLUTION` and `### END SOLUTION`, as nbgrader has it; the
student's side has `# YOUR CODE HERE` and a NotImplementedError in its place, and no outputs.
"""

import re
from pathlib import Path

import nbformat

from tinyvae.files import replacing

SOLUTIONS = Path(__file__).parent
EXERCISES = SOLUTIONS.parent / "exercises"
SOLUTION = re.compile(
    r"^([ \t]*)### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION$", re.MULTILINE | re.DOTALL
)
STUB = r"\1# YOUR CODE HERE\n\1raise NotImplementedError()"


def student_side(notebook):
    """The exercises' notebook of a solutions' notebook."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = SOLUTION.sub(STUB, cell.source)
            cell.outputs, cell.execution_count = [], None
            if "SOLUTION" in cell.source:
                raise ValueError(f"a solution's marker stands alone in:\n{cell.source}")
    return notebook


def main():
    """Write every exercise notebook, and remove those whose solutions are gone."""
    EXERCISES.mkdir(exist_ok=True)
    sources = sorted(SOLUTIONS.glob("*.ipynb"))
    for path in EXERCISES.glob("*.ipynb"):
        if path.name not in {source.name for source in sources}:
            path.unlink()
    for path in sources:
        notebook = student_side(nbformat.read(path, as_version=4))
        with replacing(EXERCISES / path.name) as file:  # whole or not at all
            file.write(f"{nbformat.writes(notebook)}\n".encode())
        print(f"exercises/{path.name}")


if __name__ == "__main__":
    main()
