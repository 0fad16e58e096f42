"""The notebooks as they are shipped: run, whole, portable, their pictures told in words.

That their printed numbers are still right is nbval's work, in the same pytest run.
"""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NUMBER = re.compile(r"\d+\.\d+")

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path):
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


@every_notebook
def test_it_was_run_from_a_fresh_kernel_top_to_bottom(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@every_notebook
def test_it_holds_no_error_and_no_warning(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", output.text


@every_notebook
def test_it_carries_nothing_of_one_machine(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}  # no widget state
    assert notebook.metadata.kernelspec.name == "python3"
    outputs = str([cell.outputs for cell in code_cells(path)])
    assert not re.search(r"/(work|root|home|tmp|usr)/|[A-Z]:\\\\|at 0x[0-9a-f]+", outputs)


@every_notebook
def test_every_picture_is_told_in_words(path):
    pictures = 0
    for cell in code_cells(path):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                alt = output.metadata.get("image/png", {}).get("alt", "")
                assert len(alt.split()) >= 4, cell.source
                pictures += 1
    assert pictures >= 1


@every_notebook
def test_it_has_something_to_play_with(path):
    views = "application/vnd.jupyter.widget-view+json"
    outputs = [output for cell in code_cells(path) for output in cell.outputs]
    explorers = [o for o in outputs if {views, "image/png"} <= set(o.get("data", {}))]
    assert explorers, "no widget that brings its own static picture"


@pytest.mark.parametrize("folder", ["notebooks", "exercises", "solutions"])
def test_linked_files_are_there(folder):
    for path in (ROOT / folder).glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                for target in re.findall(r"\]\(([\w./-]+\.\w+)\)", cell.source):
                    assert (path.parent / target).exists(), f"{path.name}: {target}"


def run_nbval(path):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-current-env",
        "-q",
        str(path),
    ]
    return subprocess.run(
        [*command, "-o", "addopts=", "-p", "no:cacheprovider"],
        cwd=path.parent, capture_output=True, text=True,
    )  # fmt: skip


def up_to_the_first_number(path):
    """The notebook's beginning, up to the first cell that prints a decimal number."""
    notebook = nbformat.read(path, as_version=4)
    for i, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if NUMBER.search(output.get("text", "")):
                notebook.cells = notebook.cells[: i + 1]
                return notebook, output
    raise AssertionError(f"{path.name} prints no number")


def test_a_changed_number_makes_nbval_fail(tmp_path):
    """The control: nbval passes on the copy as it is, and fails once one digit is another."""
    notebook, output = up_to_the_first_number(NOTEBOOKS[0])
    copy = tmp_path / "copy.ipynb"
    nbformat.write(notebook, copy)
    passed = run_nbval(copy)
    assert passed.returncode == 0, passed.stdout
    number = NUMBER.search(output.text)
    last = str((int(number.group()[-1]) + 1) % 10)
    output.text = output.text[: number.end() - 1] + last + output.text[number.end() :]
    nbformat.write(notebook, copy)
    failed = run_nbval(copy)
    assert failed.returncode == 1 and "mismatch 'stdout'" in failed.stdout
