"""The main job on faces, as `python -m tinyvae` does it by default: what the model has learned.

The readers are scikit-learn regressors trained on real faces (or their codes) alone.
"""

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import tinyvae as tv
from tinyvae.__main__ import encode, main, paint, smile_strip


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """The folder that the main job writes with its defaults."""
    folder = tmp_path_factory.mktemp("faces")
    assert main(["--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def vae(job):
    return tv.load(job / "model.npz")


@pytest.fixture(scope="module")
def seen():
    return tv.load_faces(10_000, seed=0)  # the first 10,000 of the 11,000 that were drawn


@pytest.fixture(scope="module")
def unseen():
    return tv.load_faces(2_000, seed=1)


def test_reconstruction(vae, unseen):
    rmse = np.sqrt(np.mean((vae.reconstruct(unseen.x) - unseen.x) ** 2))
    print(f"RMSE {rmse:.4f}")
    assert rmse <= 0.02


def test_every_factor_can_be_read_from_mu(vae, seen, unseen):
    reader = make_pipeline(
        StandardScaler(),
        MLPRegressor(hidden_layer_sizes=(64, 64), max_iter=200, tol=1e-5, random_state=0),
    ).fit(encode(vae, seen.x), seen.factors)
    error = np.mean((reader.predict(encode(vae, unseen.x)) - unseen.factors) ** 2, axis=0)
    r2 = 1 - error / unseen.factors.var(axis=0)
    print({name: f"{r:.3f}" for name, r in zip(unseen.factor_names, r2, strict=True)})
    assert r2.min() >= 0.95


def test_the_strip_smiles_more_and_more(vae, seen, unseen):
    """As read from the pictures themselves, for many held-out serious faces."""
    reader, smiles = tv.face_reader(), seen.factors[:, 0]
    serious = unseen.x[unseen.factors[:, 0] < -0.8][:50]
    direction = tv.attribute_direction(encode(vae, seen.x), smiles)
    strips = [paint(vae, smile_strip(z, direction)) for z in encode(vae, serious)]
    read = np.array([reader(strip)[:, 0] for strip in strips])
    print("smile along the strip, median face:", np.median(read, axis=0).round(2))
    # A broad smile saturates: the last two steps may be as level as the reader is exact.
    rises = np.diff(np.median(read, axis=0))
    assert (rises[:-2] > 0).all() and (rises > -0.02).all()
    assert np.mean(np.diff(read, axis=1)[:, :-2] > 0) > 0.95
    assert np.median(read[:, 0]) < -0.7 and np.median(read[:, -1]) > 0.7


def test_what_was_written(job):
    assert {p.name for p in job.iterdir()} == {
        "model.npz", "reconstructions.png", "dreamt.png", "morph.png", "smile.png"
    }  # fmt: skip


def test_dreamt_faces_are_faces(vae, rng):
    """Most samples of the prior keep within the greys; the rest fell into its holes."""
    x = vae.sample(1000, rng)
    broken = np.mean((x < -0.1) | (x > 1.1), axis=1) > 0.02
    print(f"broken {broken.mean():.3f}")
    assert broken.mean() < 0.25
