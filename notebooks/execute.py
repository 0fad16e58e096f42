"""Run notebooks from a fresh kernel, top to bottom, and save what they show.

    python notebooks/execute.py                    every notebook of this folder
    python notebooks/execute.py 01_autoencoder.ipynb ...    those

This is how a changed notebook gets its outputs. It keeps no widget state (a page without a
kernel then shows the picture that each widget brings along) and no trace of this machine.
"""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

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
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


def main(names):
    """Execute the named notebooks, or all beside this file."""
    paths = [Path(name) for name in names] or sorted(Path(__file__).parent.glob("*.ipynb"))
    for path in paths:
        began = time.perf_counter()
        execute(path.resolve())
        print(f"{path.name}: {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
