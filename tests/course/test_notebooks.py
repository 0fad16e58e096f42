"""The notebooks as they are shipped: run, whole, portable, their pictures told in words.

That their printed numbers are still right is nbval's work, in the same pytest run.
"""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tinyvae.course.browser_explorer import definition_in, notebook_html

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
RUN = [*NOTEBOOKS, *sorted((ROOT / "solutions").glob("*.ipynb"))]
WIDGET = "application/vnd.jupyter.widget-view+json"
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
    outputs = [output for cell in code_cells(path) for output in cell.outputs]
    before = [None, *outputs]
    explorers = [
        (before[i], found) for i, o in enumerate(outputs) if (found := definition_in(o))
    ]
    assert explorers
    for still, definition in explorers:
        assert definition["controls"]
        assert still.metadata["image/png"]["alt"].startswith(definition["alt"])


@pytest.mark.parametrize("path", RUN, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_output_waits_for_a_kernel(path):
    """A widget stands between its still and what hides it: else it is an error the next day."""
    for cell in code_cells(path):
        kinds = [output.get("data", {}) for output in cell.outputs]
        for before, widget, after in zip([{}, *kinds], kinds, [*kinds[1:], {}], strict=False):
            if WIDGET in widget:
                assert "image/png" in before, cell.source
                assert "tinyvae-asleep" in after.get("text/html", ""), cell.source


@pytest.mark.parametrize("path", RUN, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_scripts_of_its_explorers_are_those_of_today(path):
    """notebooks/execute.py --scripts makes them so, without running the notebook."""
    for cell in code_cells(path):
        for output in cell.outputs:
            if definition := definition_in(output):
                assert output.data["text/html"] == notebook_html(definition)


@pytest.mark.parametrize("folder", ["notebooks", "exercises", "solutions"])
def test_linked_files_are_there(folder):
    for path in (ROOT / folder).glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                for target in re.findall(r"\]\(([\w./-]+\.\w+)\)", cell.source):
                    assert (path.parent / target).exists(), f"{path.name}: {target}"


def run_nbval(path, *options):
    command = [
        sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", str(path),
        f"--nbval-sanitize-with={ROOT / 'tests' / 'nbval.cfg'}",
        "-o", "addopts=", "-p", "no:cacheprovider", *options,
    ]  # fmt: skip
    return subprocess.run(command, cwd=path.parent, capture_output=True, text=True)


def up_to_the_first_number(path):
    """The notebook's beginning, up to the first cell that prints a decimal number."""
    notebook = nbformat.read(path, as_version=4)
    for i, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if NUMBER.search(output.get("text", "")):
                notebook.cells = notebook.cells[: i + 1]
                return notebook, output
    raise AssertionError(f"{path.name} prints no number")


BAR = """
from tinyvae.bars import bar
for k in bar(range(3)):
    pass
print("0 of 3 batches in 0.5 s")
"""


def test_a_changed_number_makes_nbval_fail(tmp_path):
    """The control: nbval passes on the copy, in which an explorer and a bar are others, and
    fails once one printed digit is another."""
    notebook, output = up_to_the_first_number(NOTEBOOKS[0])
    explorers = [o for c in notebook.cells for o in c.get("outputs", []) if definition_in(o)]
    assert explorers
    for one in explorers:
        one.data["text/html"] = one.data["text/html"].replace("0", "7")
    shown = nbformat.v4.new_output("display_data", {"text/plain": "3 of 3 batches in 9.9 s"})
    printed = nbformat.v4.new_output("stream", text="0 of 3 batches in 0.5 s\n")
    cell = nbformat.v4.new_code_cell(BAR, outputs=[shown, printed], execution_count=1)
    notebook.cells.append(cell)
    copy = tmp_path / "copy.ipynb"
    nbformat.write(notebook, copy)
    passed = run_nbval(copy)
    assert passed.returncode == 0, passed.stdout
    for changed in (output, printed):
        text = changed.text
        number = NUMBER.search(text)
        last = str((int(number.group()[-1]) + 1) % 10)
        changed.text = text[: number.end() - 1] + last + text[number.end() :]
        nbformat.write(notebook, copy)
        failed = run_nbval(copy)
        assert failed.returncode == 1 and "mismatch 'stdout'" in failed.stdout
        changed.text = text


def test_only_a_number_after_the_sign_is_left_out(tmp_path):
    """Measured anew a marked number may be another, within the margin that its cell asserts."""
    cells = {
        "print('≈ 0.031 of 7')": ("≈ 0.045 of 7\n", "passed"),
        "print('≈ -3.1e-05, ≈ 12 %')": ("≈ 2.7e-05, ≈ 11 %\n", "passed"),
        "print('≈ 0.031 of 7') ": ("≈ 0.031 of 8\n", "failed"),
        "print('0.031 of 7')": ("0.045 of 7\n", "failed"),
        "print('≈ 0.9')\nassert 0.2 < 0.9 < 0.4": ("≈ 0.3\n", "failed"),
    }
    notebook = nbformat.v4.new_notebook()
    for source, (said, _) in cells.items():
        output = nbformat.v4.new_output("stream", text=said)
        notebook.cells.append(
            nbformat.v4.new_code_cell(source, outputs=[output], execution_count=1)
        )
    path = tmp_path / "numbers.ipynb"
    nbformat.write(notebook, path)
    shown = run_nbval(path, "-rA").stdout
    for i, (_, result) in enumerate(cells.values()):
        assert re.search(rf"^{result.upper()}\S* .*Cell {i}\b", shown, re.MULTILINE), (i, shown)
