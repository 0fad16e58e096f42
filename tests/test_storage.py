"""Save and load: the same bits back, or one clear error; never a file half written."""

import json
import os
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from cases import ACTIVATIONS, LIKELIHOODS, batch, random_vae
from fuzz import npy, repeated_entries
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tinyvae as tv


@pytest.fixture
def saved(tmp_path):
    vae = random_vae(tv.Gaussian())
    tv.save(tmp_path / "model.npz", vae)
    return tmp_path / "model.npz", vae


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from([tv.VAE, tv.Autoencoder]),
    likelihood=st.sampled_from(list(LIKELIHOODS.values())),
    activation=st.sampled_from(list(ACTIVATIONS.values())),
    n_h=st.lists(st.integers(1, 5), max_size=3),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_the_same_model_comes_back(tmp_path, kind, likelihood, activation, n_h, dtype):
    model, (x, _) = random_vae(likelihood, activation, n_h, dtype, kind), batch(likelihood)
    tv.save(tmp_path / "m.npz", model)
    again = tv.load(tmp_path / "m.npz")
    assert type(again) is kind and list(again.params) == list(model.params)
    np.testing.assert_array_equal(again.params.vector, model.params.vector)
    np.testing.assert_array_equal(again.reconstruct(x), model.reconstruct(x))
    assert again.likelihood.settings == model.likelihood.settings
    assert again.dtype == dtype and again.activation is activation


def test_a_path_may_be_text_and_its_name_is_kept(tmp_path):
    path = str(tmp_path / "a name with spaces, and no suffix")
    tv.save(path, random_vae(tv.Gaussian()))
    assert os.listdir(tmp_path) == ["a name with spaces, and no suffix"]
    tv.load(path)


def test_a_loaded_model_trains_on(saved):
    path, _ = saved
    again, (x, eps) = tv.load(path), batch(tv.Gaussian())
    before = again.elbo(x, eps).elbo.mean()
    opt = tv.Adam(again.params, lr=1e-2)
    for _ in range(50):
        again.elbo(x, eps)
        again.backward()
        opt.step(again.grads)
    assert again.elbo(x, eps).elbo.mean() > before


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such file")
@pytest.mark.parametrize("name", ["loop", "folder", "pipe", "no\0name", "/dev/zero"])
def test_what_is_no_file_is_not_waited_for(tmp_path, name):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(tv.storage.NoSuchModel, match="no model file") as said:
        tv.load(tmp_path / name)
    assert str(said.value).isprintable()


def test_an_unknown_file():
    for kind in (FileNotFoundError, ValueError):
        with pytest.raises(kind, match=r"no model file at .*nowhere\.npz"):
            tv.load("nowhere.npz")


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 not quite"])
def test_a_file_that_is_no_model(tmp_path, content):
    (tmp_path / "m.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"m\.npz is no whole tinyvae model"):
        tv.load(tmp_path / "m.npz")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file(saved, part):
    path, _ = saved
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(ValueError, match=r"model\.npz is no whole tinyvae model"):
        tv.load(path)


def rewrite(path, change):
    """The file's arrays and header, changed and written again with no new checksum."""
    with np.load(path) as file:
        arrays = dict(file)
    header = json.loads(str(arrays.pop("header")))
    change(header, arrays)
    np.savez(path, header=np.array(json.dumps(header)), **arrays)


CHANGES = {
    "lacks array encoder.1.b": lambda h, a: a.pop("encoder.1.b"),
    "has the extra array more": lambda h, a: a.update(more=np.zeros(2)),
    r"encoder.0.b must be float64 of shape \(5,\)": lambda h, a: a.update(
        {"encoder.0.b": np.zeros(9)}
    ),
    r"encoder.0.b must be float64 .* got float32": lambda h, a: a.update(
        {"encoder.0.b": np.zeros(5, np.float32)}
    ),
    "encoder.0.b is not finite": lambda h, a: a["encoder.0.b"].fill(np.nan),
    "checksum": lambda h, a: a["encoder.0.b"].fill(1.0),
    "checksum does not": lambda h, a: h.update(epoch=5),
    "its format is 'other'": lambda h, a: h.update(format="other"),
}


@pytest.mark.parametrize("reason", CHANGES)
def test_a_file_with_wrong_contents(saved, reason):
    path, _ = saved
    rewrite(path, CHANGES[reason])
    with pytest.raises(ValueError, match=f"model.npz is no whole tinyvae model: .*{reason}"):
        tv.load(path)


def test_a_file_without_a_header(tmp_path):
    np.savez(tmp_path / "m.npz", x=np.zeros(3))
    with pytest.raises(ValueError, match="no header"):
        tv.load(tmp_path / "m.npz")


def test_a_file_that_would_need_pickle(tmp_path):
    np.savez(tmp_path / "m.npz", header=np.array([{"format": "x"}], dtype=object))
    with pytest.raises(ValueError, match="pickle"):
        tv.load(tmp_path / "m.npz")


def test_an_interrupted_save_leaves_the_old_file_whole(saved, monkeypatch):
    path, _ = saved
    old = path.read_bytes()
    for place in ("tinyvae.files.os.fsync", "tinyvae.storage.np.savez"):
        with monkeypatch.context() as patch:
            patch.setattr(place, lambda *a, **k: (_ for _ in ()).throw(OSError("disk full")))
            with pytest.raises(OSError, match="disk full"):
                tv.save(path, random_vae(tv.Bernoulli()))
        assert path.read_bytes() == old and os.listdir(path.parent) == ["model.npz"]


def test_the_new_file_is_on_the_disk_before_it_takes_the_old_ones_name(saved, monkeypatch):
    path, vae = saved
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, n=name, r=real: (calls.append(n), r(*a))[1])
    tv.save(path, vae)
    assert calls == ["fsync", "replace"]


def test_what_cannot_be_saved(tmp_path):
    class Mine(tv.Tanh):
        pass

    with pytest.raises(TypeError, match="cannot save a Mine"):
        tv.save(tmp_path / "m.npz", random_vae(tv.Gaussian(), Mine))
    vae = random_vae(tv.Gaussian())
    vae.params["decoder.0.b"] = np.inf
    with pytest.raises(ValueError, match=r"decoder\.0\.b is not finite"):
        tv.save(tmp_path / "m.npz", vae)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937, np.random.PCG64DXSM])
def test_a_checkpoint_with_any_usual_generator_and_numpy_numbers(tmp_path, bits):
    vae, rng = random_vae(tv.Gaussian(sigma=np.float32(0.5))), np.random.Generator(bits(3))
    opt = tv.Adam(vae.params, lr=np.float32(1e-3))
    tv.save(tmp_path / "m.npz", vae, opt, rng, np.int64(3))
    again = tv.load_checkpoint(tmp_path / "m.npz")
    assert again.epoch == 3 and again.opt.lr == opt.lr
    np.testing.assert_array_equal(again.rng.random(5), rng.random(5))


def signed(path, change):
    """As rewrite, with a right checksum: what a hostile author would do."""
    from tinyvae.storage import _digest

    def change_and_sign(header, arrays):
        change(header, arrays)
        header.pop("sha256")
        header["sha256"] = _digest(header, arrays)

    rewrite(path, change_and_sign)


@pytest.mark.parametrize(
    "change",
    [
        lambda h, a: h.update(rng={"bit_generator": "seed"}),
        lambda h, a: h["settings"].update(n_h=[12_000, 12_000]),
        lambda h, a: h["settings"].update(n_h=[1] * 100_000),
        lambda h, a: h.update(activation="Bernoulli"),
        lambda h, a: h.update(epoch=["x"]),
        lambda h, a: h["adam"].update(lr="big"),
        lambda h, a: h["adam"].update(beta1=2),
        lambda h, a: h["adam"].update(t=-5),
        lambda h, a: h["adam"].update(t=10**400),
        lambda h, a: h["adam"].update(step=5),
    ],
)
def test_a_hostile_header_is_refused_at_once(tmp_path, change):
    vae, path = random_vae(tv.Gaussian()), tmp_path / "m.npz"
    tv.save(path, vae, tv.Adam(vae.params), np.random.default_rng(0))
    signed(path, lambda header, arrays: None)
    tv.load_checkpoint(path)  # the control
    signed(path, change)
    with pytest.raises(ValueError, match="no whole tinyvae model"):
        tv.load_checkpoint(path)


@pytest.mark.parametrize("pos", [625, 700, 10**9, -1, -(10**6), 2.5, None])
def test_a_mersenne_twister_stays_within_its_numbers(tmp_path, pos):
    """Another `pos` makes the next draw read foreign memory, or end Python."""
    path, rng = tmp_path / "m.npz", np.random.Generator(np.random.MT19937(3))
    tv.save(path, random_vae(tv.Gaussian()), None, rng)
    for allowed in (0, 624):
        signed(path, lambda header, arrays, pos=allowed: header["rng"]["state"].update(pos=pos))
        tv.load_checkpoint(path).rng.random(2000)
    signed(path, lambda header, arrays: header["rng"]["state"].update(pos=pos))
    with pytest.raises(ValueError, match="no whole tinyvae model"):
        tv.load_checkpoint(path)


STATES = {
    "a sum that is too large": {"state": 2**128}, "a negative one": {"state": -1},
    "text": {"inc": "1"}, "none": {"inc": None}, "too few": {"key": [1, 2, 3]},
    "too many": {"key": [1] * 625}, "large ones": {"key": [2**32] * 624},
    "fractions": {"key": [0.5] * 624},
}  # fmt: skip


@pytest.mark.parametrize("what", STATES)
def test_a_generators_state_fits_it(tmp_path, what):
    bits = np.random.MT19937 if "key" in STATES[what] else np.random.PCG64
    path = tmp_path / "m.npz"
    tv.save(path, random_vae(tv.Gaussian()), None, np.random.Generator(bits(3)))
    signed(path, lambda header, arrays: header["rng"]["state"].update(STATES[what]))
    with pytest.raises(ValueError, match="no whole tinyvae model"):
        tv.load_checkpoint(path)


@pytest.mark.parametrize("field", ["has_uint32", "uinteger"])
@pytest.mark.parametrize("value", [2**40, -1, "1", 0.5])
def test_a_generators_half_used_number_fits_it(tmp_path, field, value):
    path = tmp_path / "m.npz"
    tv.save(path, random_vae(tv.Gaussian()), None, np.random.default_rng(3))
    signed(path, lambda header, arrays: header["rng"].update({field: value}))
    with pytest.raises(ValueError, match="no whole tinyvae model"):
        tv.load_checkpoint(path)


def test_a_directory_that_names_its_parts_many_times(saved):
    """2,000 entries on one part made 71 s of reading it again and again."""
    path, _ = saved
    data = path.read_bytes()
    path.write_bytes(repeated_entries(data, data.count(b"PK\1\2"), 100))
    with pytest.raises(ValueError, match="smaller than its parts"):
        tv.load(path)


def test_an_array_that_claims_more_than_it_holds(tmp_path):
    """No room is made for the 20 GB that a file of a few hundred bytes says it has."""
    path = tmp_path / "m.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("header.npy", npy("(5000000000,)", "<f4", b"abcd"))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="no whole tinyvae model"):
            tv.load(path)
        assert tracemalloc.get_traced_memory()[1] < 10**6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["\x1b[2J\x1b]0;mine\x07", "a\nb", "\u202etxt.exe"])
def test_a_name_from_a_file_is_shown_and_not_sent_to_the_terminal(saved, name):
    path, _ = saved
    rewrite(path, lambda header, arrays: arrays.update({name: np.zeros(2)}))
    with pytest.raises(ValueError, match="has the extra array") as said:
        tv.load(path)
    assert str(said.value).isprintable()
    with pytest.raises(tv.storage.NoSuchModel) as said:
        tv.load(path.with_name(name))
    assert str(said.value).isprintable()


def test_an_optimiser_of_something_else_is_refused(tmp_path):
    vae, other = random_vae(tv.Gaussian()), random_vae(tv.Gaussian())
    part = {"b": vae.params["decoder.0.b"]}
    for opt in ({}, 3, tv.Adam):
        with pytest.raises(ValueError, match="opt must be an Adam over this model's params"):
            tv.save(tmp_path / "m.npz", vae, opt)
    for params in (other.params, part):
        with pytest.raises(ValueError, match="opt must be an Adam over this model's params"):
            tv.save(tmp_path / "m.npz", vae, tv.Adam(params))
    assert not os.listdir(tmp_path)


def test_a_compressed_file_is_refused(saved):
    path, _ = saved
    with np.load(path) as file:
        np.savez_compressed(path, **file)
    with pytest.raises(ValueError, match="compressed"):
        tv.load(path)


def test_the_face_model_ships():
    vae = tv.load_face_vae()
    assert (vae.n_x, vae.n_z) == (784, 12)


OLD = Path(__file__).parent / "old_models"
BOUNDS = json.loads((OLD / "elbos.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", BOUNDS)
def test_model_files_of_the_first_version_load(name):
    """Their ELBOs (an autoencoder's recon; a diffusion's samples) as that version computed
    them: the files were written by it, before conditions became an argument."""
    rng = np.random.default_rng(0)
    x, letters = rng.random((5, 6)), np.eye(3)[rng.integers(0, 3, (5, 2))].reshape(5, 6)
    c, eps = rng.standard_normal((5, 2)), rng.standard_normal((5, 2))
    model = tv.load(OLD / f"{name}.npz")
    x, c = letters if "categorical" in name else x, c if "conditional" in name else None
    if isinstance(model, tv.Diffusion):
        got = model.sample(3, np.random.default_rng(0))
    else:
        got = model.recon(x) if name == "autoencoder" else model.elbo(x, eps, c).elbo
    np.testing.assert_allclose(got, BOUNDS[name], rtol=1e-6)


def test_a_checkpoint_of_the_first_version_resumes():
    old = tv.load_checkpoint(OLD / "checkpoint_conditional.npz")
    assert (
        type(old.model) is tv.VAE and old.model.n_c == 2 and old.epoch == 2 and old.opt.t == 8
    )
    x, c = old.rng.random((30, 6)), old.rng.random((30, 2))
    before = old.model.params.copy()
    list(tv.train(old.model, old.opt, x, 3, 8, rng=old.rng, c=c, start=2, progress=False))
    assert (old.model.params["encoder.0.W"] != before["encoder.0.W"]).any()


def test_the_name_may_lack_its_ending_or_have_one_too_many(tmp_path):
    model = random_vae(tv.Gaussian())
    tv.save(tmp_path / "a", model)
    tv.save(tmp_path / "b.npz", model)
    for name in ("a", "a.npz", "b", "b.npz"):
        np.testing.assert_array_equal(
            tv.load(tmp_path / name).params.vector, model.params.vector
        )
    for name in ("c", "a.npy", "a.2", "", ".."):  # no other model in its place
        with pytest.raises(FileNotFoundError, match="no model file at"):
            tv.load(tmp_path / name if name else "")


def test_a_class_of_a_reloaded_module_is_known_by_its_name(tmp_path):
    """As %autoreload leaves it: the model's class is no longer the one that `load` knows."""
    model = random_vae(tv.Gaussian())
    again = type("VAE", (tv.VAE,), {"__module__": "tinyvae.models", "__qualname__": "VAE"})
    model.__class__ = again
    tv.save(tmp_path / "m", model)
    assert type(tv.load(tmp_path / "m")) is tv.VAE
    model.__class__ = type("VAE", (tv.VAE,), {"__module__": "__main__"})
    with pytest.raises(TypeError, match="cannot save a VAE"):
        tv.save(tmp_path / "m", model)
