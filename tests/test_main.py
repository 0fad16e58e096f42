"""The command line: the data sets that work offline, and plain words when one can't."""

import re
import subprocess
import sys

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
        (["--data", "digits", "--folder", "x"], "--folder goes with --data fashion"),
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


def test_mosaic_places_each_picture():
    x = np.arange(6)[:, None] / 10 * np.ones(6)
    whole = mosaic(x, (2, 3), columns=4)
    assert whole.shape == (2 * 2 + 2, 4 * 3 + 3 * 2)
    for i in range(6):
        row, column = divmod(i, 4)
        cell = whole[row * 4 : row * 4 + 2, column * 5 : column * 5 + 3]
        np.testing.assert_allclose(cell, i / 10)
    assert (whole[:, 3:5] == 1).all() and (whole[2:4] == 1).all()
