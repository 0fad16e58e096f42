"""The loop: each example once an epoch, the same bits again, a safe end whatever happens."""

import copy
import gc
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest
import tqdm
from cases import batch, random_vae

import tinyvae as tv
from tinyvae.train import minibatches


def fresh(dtype=np.float32, lr=1e-2):
    vae = random_vae(tv.Gaussian(), dtype=dtype)
    return vae, tv.Adam(vae.params, lr=lr), np.random.default_rng(5)


def run(vae, opt, rng, x=None, **options):
    x = batch(tv.Gaussian(), 30)[0] if x is None else x
    return list(
        tv.train(
            vae,
            opt,
            x,
            rng=rng,
            **({"epochs": 4, "batch_size": 8, "progress": False} | options),
        )
    )


@pytest.mark.parametrize(("n", "size"), [(10, 3), (9, 3), (2, 5), (1, 1)])
def test_each_example_is_seen_once_the_last_short_batch_too(n, size, rng):
    rows = minibatches(n, size, rng)
    assert sorted(np.concatenate(rows)) == list(range(n))
    assert [len(r) for r in rows] == [size] * (n // size) + [n % size] * (n % size > 0)


def test_the_loop_sees_each_example_once_an_epoch():
    vae, opt, rng = fresh()
    x, seen, objective = batch(tv.Gaussian(), 30)[0].astype(np.float32), [], vae.objective
    vae.objective = lambda rows, c, rng: (seen.append(rows), objective(rows, c, rng))[1]
    run(vae, opt, rng, x, epochs=1)
    seen = np.concatenate(seen)
    assert not np.array_equal(seen, x)  # shuffled
    np.testing.assert_array_equal(np.sort(seen, axis=0), np.sort(x, axis=0))


def test_same_seed_same_bits_another_seed_others():
    vectors = []
    for seed in (5, 5, 6):
        vae, opt, _ = fresh()
        run(vae, opt, np.random.default_rng(seed))
        vectors.append(vae.params.vector)
    np.testing.assert_array_equal(vectors[0], vectors[1])
    assert (vectors[0] != vectors[2]).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_resuming_from_a_file_is_going_on(tmp_path, dtype):
    options = {"epochs": 6, "warmup": 5, "cosine": True, "free_bits": 0.1, "beta": 0.9}
    whole, opt, rng = fresh(dtype)
    history = run(whole, opt, rng, **options)
    vae, opt, rng = fresh(dtype)
    for epoch in tv.train(
        vae,
        opt,
        batch(tv.Gaussian(), 30)[0],
        rng=rng,
        batch_size=8,
        progress=False,
        **options,
    ):
        if epoch["epoch"] == 3:
            tv.save(tmp_path / "half.npz", vae, opt, rng, epoch["epoch"])
            break
    half = tv.load_checkpoint(tmp_path / "half.npz")
    rest = run(half.model, half.opt, half.rng, start=half.epoch, **options)
    np.testing.assert_array_equal(half.model.params.vector, whole.params.vector)
    assert [e["elbo"] for e in rest] == [e["elbo"] for e in history[3:]]


def test_the_yielded_figures():
    vae, opt, rng = fresh(np.float64)
    x_val = batch(tv.Gaussian(), 9)[0]
    history = run(vae, opt, rng, x_val=x_val, warmup=2)
    assert [e["epoch"] for e in history] == [1, 2, 3, 4]
    keys = {
        "epoch",
        "elbo",
        "recon",
        "kl",
        "beta",
        "seconds",
        "val_elbo",
        "val_recon",
        "val_kl",
    }
    for e in history:
        assert set(e) == keys and e["seconds"] > 0
        assert e["elbo"] == pytest.approx(e["recon"] - e["kl"], rel=1e-12)
        assert e["val_elbo"] == pytest.approx(e["val_recon"] - e["val_kl"], rel=1e-12)
    assert history[-1]["val_elbo"] == tv.mean_elbo(vae, x_val, np.random.default_rng(0))
    assert history[-1]["val_elbo"] > history[0]["val_elbo"]  # it learns


def test_an_epochs_figures_are_means_over_examples_not_batches():
    vae, opt, rng = fresh(np.float64)
    terms, objective = [], vae.objective
    vae.objective = lambda x, c, rng: (terms.append(objective(x, c, rng)), terms[-1])[1]
    (epoch,) = run(vae, opt, rng, epochs=1)
    assert len({len(t.elbo) for t in terms}) == 2  # full batches and a short one
    assert epoch["elbo"] == pytest.approx(np.concatenate([t.elbo for t in terms]).mean())


def test_watching_does_not_change_training():
    (a, *rest_a), (b, *rest_b) = fresh(), fresh()
    run(a, *rest_a)
    run(b, *rest_b, x_val=batch(tv.Gaussian(), 9)[0], progress=True)
    np.testing.assert_array_equal(a.params.vector, b.params.vector)


def test_the_reported_elbo_is_never_reweighted():
    (a, *rest_a), (b, *rest_b) = fresh(lr=1e-30), fresh(lr=1e-30)  # training stands still
    first = run(a, *rest_a)
    second = run(b, *rest_b, beta=7.0, free_bits=3.0, warmup=2)
    assert [e["elbo"] for e in first] == [e["elbo"] for e in second]


def spy(vae, opt):
    """The beta and lr of every step that `train` makes."""
    steps, backward, step = [], vae.backward, opt.step
    vae.backward = lambda beta, free_bits: (steps.append([beta]), backward(beta, free_bits))
    opt.step = lambda grads, lr: (steps[-1].append(lr), step(grads, lr))
    return steps


def test_warmup_and_cosine():
    vae, opt, rng = fresh(lr=0.01)
    steps = spy(vae, opt)
    run(vae, opt, rng, batch(tv.Gaussian(), 16)[0], beta=0.5, warmup=2, cosine=True)
    betas, rates = np.transpose(steps)
    np.testing.assert_allclose(betas, 0.5 * np.array([0, 0.25, 0.5, 0.75, 1, 1, 1, 1]))
    np.testing.assert_allclose(rates, 0.005 * (1 + np.cos(np.pi * np.arange(8) / 8)))


def test_without_warmup_or_cosine_nothing_moves():
    vae, opt, rng = fresh(lr=0.01)
    steps = spy(vae, opt)
    run(vae, opt, rng, beta=0.5)
    assert {tuple(s) for s in steps} == {(0.5, 0.01)}


def test_free_bits_keep_latents_alive(rng):
    """Noise has nothing to say: beta = 4 silences every latent, but not below 1 free nat."""
    x, kl = rng.standard_normal((200, 6)), {}
    for free_bits in (0.0, 1.0):
        vae, opt, rng = fresh()
        run(vae, opt, rng, x, epochs=60, batch_size=50, beta=4.0, free_bits=free_bits)
        kl[free_bits] = tv.kl_per_dim(vae, x)
    assert kl[0.0].max() < 0.05 < 0.25 < kl[1.0].min()


def test_an_autoencoder_trains_in_the_same_loop():
    ae = random_vae(tv.Gaussian(), kind=tv.Autoencoder)
    history = run(ae, tv.Adam(ae.params, lr=1e-2), np.random.default_rng(0), epochs=20)
    assert set(history[0]) == {"epoch", "recon", "seconds"}
    assert history[-1]["recon"] > history[0]["recon"] + 1


def test_divergence_stops_with_the_last_finite_parameters():
    vae, opt, rng = fresh(lr=1e20)
    with pytest.raises(tv.Diverged, match=r"epoch 1, batch \d.*[Ll]ower.*1e\+20"):
        run(vae, opt, rng)
    assert np.isfinite(vae.params.vector).all()


def test_divergence_to_nan_parameters_goes_back_to_the_epochs_start():
    vae, opt, rng = fresh()
    x = batch(tv.Gaussian(), 30)[0]
    loop = tv.train(vae, opt, x, epochs=3, batch_size=8, rng=rng, progress=False)
    next(loop)
    good = vae.params.vector.copy()
    opt.step = lambda grads, lr: vae.params.vector.fill(np.nan)
    with pytest.raises(tv.Diverged, match="epoch 2, batch 2"):
        next(loop)
    np.testing.assert_array_equal(vae.params.vector, good)


def test_ctrl_c_leaves_a_usable_model_and_the_history():
    """A real SIGINT, in a process of its own, in the middle of an epoch."""
    code = """
        import signal, threading
        import numpy as np, tinyvae as tv
        signal.signal(signal.SIGINT, signal.default_int_handler)  # if started in the background
        rng = np.random.default_rng(0)
        x = rng.random((4000, 784))
        vae = tv.VAE(784, (100,), 4, rng, tv.Bernoulli())
        history = []
        try:
            opt = tv.Adam(vae.params)
            for epoch in tv.train(vae, opt, x, epochs=9999, rng=rng, progress=False):
                history.append(epoch)
                if len(history) == 2:  # os.kill sends no Ctrl-C on Windows; this does
                    threading.Timer(0.03, signal.raise_signal, [signal.SIGINT]).start()
        except KeyboardInterrupt:
            assert len(history) >= 2 and np.isfinite(tv.mean_elbo(vae, x, rng))
            (_,) = tv.train(vae, tv.Adam(vae.params), x, epochs=1, rng=rng, progress=False)
            print("usable")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["usable"], done.stderr


def test_no_copy_of_data_that_already_fit():
    vae, _, _ = fresh()
    x = batch(tv.Gaussian(), 30)[0].astype(np.float32)
    assert np.shares_memory(vae.validate(x)[0], x)


@pytest.mark.parametrize("kind", [tv.VAE, tv.Autoencoder])
@pytest.mark.parametrize("held_out", [False, True])
def test_the_bar_shows_the_first_term_here_and_on_held_out_data(monkeypatch, kind, held_out):
    shown = []
    model, x = random_vae(tv.Gaussian(), kind=kind), batch(tv.Gaussian(), 6)[0]
    monkeypatch.setattr(tqdm.tqdm, "set_postfix", lambda bar, terms: shown.append(terms))
    opt, rng = tv.Adam(model.params), np.random.default_rng(0)
    list(tv.train(model, opt, x, 1, rng=rng, x_val=x if held_out else None))
    first = "elbo" if kind is tv.VAE else "recon"
    assert first in shown[0] and (f"val_{first}" in shown[0]) == held_out
    assert len(shown[0]) <= (2 if held_out else 3)


def test_without_tqdm_training_is_silent(monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    run(*fresh(), progress=True)
    assert capfd.readouterr() == ("", "")


def test_the_bar_shows_the_terms(capfd):
    run(*fresh(), progress=True)
    shown = capfd.readouterr().err
    assert all(f"{name}=" in shown for name in ("elbo", "recon", "kl")) and "16/16" in shown


def test_parameters_lost_in_the_last_step_are_noticed():
    vae, opt, rng = fresh()
    kept = vae.params.vector.copy()
    opt.step = lambda grads, lr: vae.params.vector.fill(np.inf)
    with pytest.raises(tv.Diverged, match="epoch 1, batch 1"):
        run(vae, opt, rng, epochs=1, batch_size=100)
    np.testing.assert_array_equal(vae.params.vector, kept)


def test_a_training_that_nobody_loops_over_says_so():
    """And one that was, or could not be made, says nothing."""
    vae = random_vae(tv.Gaussian())
    x, _ = batch(tv.Gaussian())
    given = {"epochs": 2, "rng": np.random.default_rng(0), "progress": False}
    with pytest.warns(UserWarning, match="only when it is looped over"):
        tv.train(vae, tv.Adam(vae.params), x, **given)
        gc.collect()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(tv.train(vae, tv.Adam(vae.params), x, **given))
        with pytest.raises(TypeError, match="pickle"):
            copy.deepcopy(begun := tv.train(vae, tv.Adam(vae.params), x, **given))
        next(begun)
        del begun
        with pytest.raises(ValueError, match="x must"):
            tv.train(vae, tv.Adam(vae.params), x[:, :2], **given)
        gc.collect()


def test_the_bar_of_a_training_left_half_way_is_closed(capfd):
    from tqdm import tqdm

    vae = random_vae(tv.Gaussian())
    x, _ = batch(tv.Gaussian())
    for _ in tv.train(vae, tv.Adam(vae.params), x, 9, rng=np.random.default_rng(0)):
        assert len(tqdm._instances) == 1
        break
    gc.collect()
    assert not len(tqdm._instances) and capfd.readouterr().err.endswith("\n")


def test_each_epoch_has_its_own_order():
    vae, opt, rng = fresh()
    firsts, objective = [], vae.objective
    vae.objective = lambda x, c, rng: (firsts.append(x[0]), objective(x, c, rng))[1]
    run(vae, opt, rng, batch_size=30)
    assert len(np.unique(firsts, axis=0)) > 1
