"""Run notebooks from a fresh kernel, top to bottom, and save what they show.

    python notebooks/execute.py                                every notebook and solution
    python notebooks/execute.py solutions/02_distributions.ipynb ...       those
    python notebooks/execute.py --scripts                      no run: the explorers' scripts

This is how a changed notebook gets its outputs, and a changed solution its learners' side in
exercises/. It keeps no widget state (a page without a kernel then shows the picture that each
widget brings along) and no trace of this machine. An explorer's output holds the scripts that
draw it: after a change in tinyvae/course/js/, --scripts puts today's into every notebook.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from tinyvae.course.browser_explorer import definition_in, notebook_html
from tinyvae.files import replacing

ROOT = Path(__file__).parents[1]
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def execute(path):
    """Run one notebook in its own folder; save it in place."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        store_widget_state=False,
        coalesce_streams=True,  # or one print may be saved as two outputs
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when each cell ran: noise in a diff
    write(notebook, path)


def renew_scripts(path):
    """Put today's scripts and style into the explorers that the notebook's outputs hold."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if definition := definition_in(output):
                output.data["text/html"] = notebook_html(definition)
    write(notebook, path)


def write(notebook, path):
    nbformat.validate(notebook)
    with replacing(path) as file:  # whole or not at all
        file.write(f"{nbformat.writes(notebook)}\n".encode())


def main(names):
    """Execute the named notebooks, or all; make the exercises of the solutions."""
    everything = [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("solutions/*.ipynb")]
    if names == ["--scripts"]:
        for path in everything:
            renew_scripts(path)
        return
    with tempfile.TemporaryDirectory() as folder:  # the solutions' checks are nobody's progress
        os.environ["TINYVAE_PROGRESS"] = str(Path(folder) / "progress.jsonl")
        for path in [Path(name) for name in names] or sorted(everything):
            began = time.perf_counter()
            execute(path.resolve())
            print(f"{path.name}: {time.perf_counter() - began:.1f} s", flush=True)
    subprocess.run([sys.executable, ROOT / "solutions" / "make_exercises.py"], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
