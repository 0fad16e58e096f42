"""Progress bars: what a terminal shows, and what a notebook keeps."""

import re
import sys

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tinyvae.bars import bar

TRAIN = """
import numpy as np
import tinyvae as tv
rng = np.random.default_rng(0)
vae = tv.VAE(6, (4,), 2, rng, tv.Bernoulli())
x = rng.random((40, 6)).round()
opt = tv.Adam(vae.params)
for epoch in tv.train(vae, opt, x, 3, 10, rng=rng, x_val=x[:9]):
    print(epoch["epoch"])
"""


def outputs(source):
    """What a notebook of this one cell keeps."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    try:
        NotebookClient(notebook, kernel_name="python3", coalesce_streams=True).execute()
    except CellExecutionError:
        pass
    return notebook.cells[0].outputs


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (TRAIN, r"12 of 12 batches in \d+\.\d s, elbo=-\d+\.\d\d, val_elbo=-\d+\.\d\d"),
        (TRAIN + "    break", r"4 of 12 batches in \d+\.\d s, elbo=.*"),
        (TRAIN + "    1 / 0", r"4 of 12 batches in \d+\.\d s, elbo=.*"),
        (
            "from tinyvae.bars import bar\nfor k in bar([1, 2], unit='runs'): print(k)",
            r"2 of 2 runs in \d+\.\d s",
        ),
    ],
    ids=["whole", "left", "failed", "things"],
)
def test_in_a_notebook_a_bar_ends_as_one_line_of_plain_text(source, line):
    """Whatever is printed meanwhile; not in red, and no widget."""
    first, *others = outputs(source)
    assert set(first.data) == {"text/plain"}
    assert re.fullmatch(line, first.data["text/plain"])
    assert {one.get("name", one.output_type) for one in others} <= {"stdout", "error"}


def test_while_it_runs_a_notebook_shows_a_bar():
    source = (
        "from tinyvae.bars import bar\none = bar(total=4)\none.update(2)\n_ = one.refresh()"
    )
    (only,) = outputs(source)
    assert re.match(r" *50%\|.+\| 2/4 ", only.data["text/plain"])


def test_in_a_terminal_it_is_on_stderr(capfd):
    assert list(bar("ab", unit="letters")) == ["a", "b"]
    shown = capfd.readouterr()
    assert shown.out == "" and "2/2" in shown.err and "letters/s" in shown.err


@pytest.mark.parametrize("lost", ["tqdm", "stderr"])
def test_where_there_is_none_the_loop_runs_all_the_same(monkeypatch, lost):
    if lost == "tqdm":
        monkeypatch.setitem(sys.modules, "tqdm", None)
    else:
        monkeypatch.setattr(sys, "stderr", None)
    assert list(bar("ab")) == ["a", "b"]
    with bar(total=3) as nothing:
        assert nothing is None
