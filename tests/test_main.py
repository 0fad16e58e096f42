"""The command line: the data sets that work offline, and plain words when one can't."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinyvae as tv
from tinyvae import __main__ as command
from tinyvae.course.figures import mosaic


def run(tmp_path, *options):
    return command.main([*options, "--epochs", "1", "--out", str(tmp_path / "out")])


def test_digits_write_pictures_and_a_model(tmp_path, capsys):
    assert run(tmp_path, "--data", "digits", "--latent", "3") == 0
    said = capsys.readouterr().out
    elbo, recon, kl = map(
        float, re.search(r"ELBO (\S+) = reconstruction (\S+) - KL (\S+)", said).groups()
    )
    assert elbo == pytest.approx(recon - kl, abs=0.011)
    assert re.search(r"RMSE on held-out digits: 0\.\d{4}", said)
    assert re.search(r"latents in use: [0-3] of 3", said)
    written = {p.name for p in (tmp_path / "out").iterdir()}
    assert written == {"model.npz", "reconstructions.png", "dreamt.png", "morph.png"}
    assert tv.load(tmp_path / "out" / "model.npz").n_z == 3


def test_it_says_before_it_trains_how_long_that_takes(tmp_path, capsys, monkeypatch):
    train = tv.train

    def until_here(*arguments, **options):
        if len(arguments[2]) > 1600:  # not the trial
            raise KeyboardInterrupt
        return train(*arguments, **options)

    monkeypatch.setattr(tv, "train", until_here)
    options = ["--data", "digits", "--out", str(tmp_path)]
    assert command.main([*options, "--epochs", "1"]) == 130
    assert capsys.readouterr().out.endswith("; about 1 second of training\n")
    assert command.main([*options, "--epochs", "100000"]) == 130
    assert re.search(r"; about \d+ minutes of training\n$", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.1, "about 1 second"), (90, "about 90 seconds"), (91, "about 2 minutes")],
)
def test_seconds_in_words(seconds, words):
    assert command.in_words(seconds) == words


def test_names_are_printed(tmp_path, capsys):
    assert run(tmp_path, "--data", "names") == 0
    said = capsys.readouterr().out
    assert "new names:" in said and "anna to maria:" in said
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"model.npz"}


def test_same_seed_same_model_another_seed_another(tmp_path):
    vectors = []
    for i, seed in enumerate("112"):
        run(tmp_path / str(i), "--data", "digits", "--seed", seed)
        vectors.append(tv.load(tmp_path / str(i) / "out" / "model.npz").params.vector)
    np.testing.assert_array_equal(vectors[0], vectors[1])
    assert (vectors[0] != vectors[2]).any()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--data", "digits", "--latent", "0"], "--latent must be >= 1, got 0"),
        (["--data", "digits", "--folder", "x"], "--folder goes with --data mnist or fashion"),
        (["--data", "fashion", "--folder", "nowhere"], "nowhere"),
    ],
)
def test_bad_options_get_one_sentence(tmp_path, capsys, options, says):
    assert run(tmp_path, *options) == 1
    error = capsys.readouterr().err
    assert error.startswith("tinyvae: ") and says in error and "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_help_names_every_data_set():
    done = subprocess.run(
        [sys.executable, "-m", "tinyvae", "--help"], capture_output=True, text=True, check=True
    )
    for word in (
        *command.RECIPES,
        "ELBO",
        "--latent",
        "--epochs",
        "--seed",
        "--out",
        "--folder",
    ):
        assert word in done.stdout


def test_ctrl_c_says_so(tmp_path, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(tv, "train", interrupted)
    assert run(tmp_path, "--data", "digits") == 130
    assert "stopped" in capsys.readouterr().err


# What comes after the training takes nothing of it away


def python(tmp_path, *options, **more):
    """`python -m tinyvae` on digits in a process of its own, in a folder of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tinyvae", "--data", "digits", "--epochs", "1", *options],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more,
    )  # fmt: skip


def environment(**more):
    root = str(Path(__file__).parents[1])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    return os.environ | {"PYTHONPATH": path} | more


@pytest.mark.parametrize(("lines", "both"), [(1, False), (0, True)], ids=["| head", "2>&1 |"])
def test_who_reads_no_further_gets_the_model_all_the_same(tmp_path, lines, both):
    read, write = os.pipe()
    with os.fdopen(read, encoding="utf-8") as reader:
        process = subprocess.Popen(
            [sys.executable, "-m", "tinyvae", "--data", "digits", "--epochs", "1"],
            cwd=tmp_path, env=environment(), stdout=write,
            stderr=write if both else subprocess.PIPE,
        )  # fmt: skip
        os.close(write)
        for _ in range(lines):
            assert reader.readline().startswith("digits: 1,634 to learn from")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0 and not said
    written = {p.name for p in (tmp_path / "out" / "digits").iterdir()}
    assert written == {"model.npz", "reconstructions.png", "dreamt.png", "morph.png"}


@pytest.mark.parametrize("step", ["report", "show", "say"])
def test_the_model_is_saved_before_anything_is_told(tmp_path, monkeypatch, step):
    """Whatever fails once it is trained, the model is there."""

    def fails(*words):
        if step != "say" or "ELBO" in words[0]:
            raise RuntimeError

    monkeypatch.setattr(command, step, fails)
    with pytest.raises(RuntimeError):
        run(tmp_path, "--data", "digits")
    assert tv.load(tmp_path / "out" / "model.npz")


def no_matplotlib(monkeypatch):
    for name in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "tinyvae.images", raising=False)
    monkeypatch.delattr("tinyvae.images", raising=False)


def test_matplotlib_is_asked_for_before_the_training(tmp_path, monkeypatch, capsys):
    no_matplotlib(monkeypatch)
    monkeypatch.setattr(tv, "train", lambda *_, **__: pytest.fail("it trained"))
    assert run(tmp_path, "--data", "digits") == 1
    said = capsys.readouterr().err
    assert "needs matplotlib: pip install matplotlib" in said and "[pictures]" in said
    assert not (tmp_path / "out").exists()


def test_names_need_no_matplotlib(tmp_path, monkeypatch):
    no_matplotlib(monkeypatch)
    assert run(tmp_path, "--data", "names") == 0


@pytest.mark.parametrize("backend", ["nonsense", "module://nowhere"])
def test_a_wrong_backend_is_told_at_once_or_does_not_matter(tmp_path, backend):
    process = python(tmp_path, env=environment(MPLBACKEND=backend))
    said, error = process.communicate(timeout=120)
    if process.returncode:
        assert error.startswith(b"tinyvae: ") and backend.encode() in error and not said
    else:
        assert b"morph.png" in said


def test_a_file_called_matplotlib_is_named(tmp_path):
    (tmp_path / "matplotlib.py").write_text("x = 1", encoding="utf-8")
    process = python(tmp_path, env=environment())
    _, error = process.communicate(timeout=120)
    assert process.returncode == 1 and b"give it another name" in error
    assert str(tmp_path / "matplotlib.py").encode() in error and error.count(b"\n") == 1


def test_a_folder_that_stdout_cannot_spell(tmp_path):
    process = python(tmp_path, "--out", "π", env=environment(PYTHONIOENCODING="ascii"))
    said, error = process.communicate(timeout=120)
    assert process.returncode == 0 and not error and b"wrote to \\u03c0" in said


def test_mosaic_places_each_picture():
    x = np.arange(6)[:, None] / 10 * np.ones(6)
    whole = mosaic(x, (2, 3), columns=4)
    assert whole.shape == (2 * 2 + 2, 4 * 3 + 3 * 2)
    for i in range(6):
        row, column = divmod(i, 4)
        cell = whole[row * 4 : row * 4 + 2, column * 5 : column * 5 + 3]
        np.testing.assert_allclose(cell, i / 10)
    assert (whole[:, 3:5] == 1).all() and (whole[2:4] == 1).all()
