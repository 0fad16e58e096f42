"""Diffusion against closed forms, against the VAE it is, and against its own definition."""

import copy
import pickle

import numpy as np
import pytest
from autograd import grad
from autograd import numpy as anp

import tinyvae as tv
from tinyvae.distributions import LOG_2PI

T = 6
ALPHA_BAR = np.array([0.97, 0.9, 0.7, 0.45, 0.2, 0.04])  # no two steps alike
BEFORE = np.concatenate([[1.0], ALPHA_BAR[:-1]])
BETA = 1 - ALPHA_BAR / BEFORE
SNR = ALPHA_BAR / (1 - ALPHA_BAR)
MEAN, VARIANCE = 0.4, 0.3  # of the Gaussian data below


def random_model(dtype=np.float64, activation=tv.SiLU, n_h=(6, 5), n_c=2):
    rng = np.random.default_rng(1)
    model = tv.Diffusion(3, n_c, n_h, ALPHA_BAR, rng, activation, dtype)
    model.params.vector[:] = 0.5 * rng.standard_normal(model.params.vector.size)
    return model


def batch(n=7, n_c=2):
    """z_0, noise with every t among it, and c."""
    rng = np.random.default_rng(2)
    noise = tv.Noise(
        1 + np.arange(n) % T, rng.standard_normal((n, 3)), rng.random((n, n_c)) < 0.5
    )
    rows = rng.standard_normal((n, 3 + n_c))
    return rows[:, :3], noise, rows[:, 3:]


class Exact(tv.Diffusion):
    """The best denoiser for data N(MEAN, VARIANCE I)."""

    def eps_hat(self, z, t, c, remember=False):
        a = self.alpha_bar[np.asarray(t) - 1].reshape(-1, 1)
        return np.sqrt(1 - a) * (z - np.sqrt(a) * MEAN) / (a * VARIANCE + 1 - a)


def exact(alpha_bar, n_z=1):
    return Exact(n_z, 0, (), alpha_bar, np.random.default_rng(0), dtype=np.float64)


def every_step(model, z0, eps):
    """The mean of elbo over t, one eps for all: each term (N,)."""
    none = np.zeros((len(z0), model.n_c))
    terms = [
        model.elbo(z0, tv.Noise(np.full(len(z0), t), eps, none), none if model.n_c else None)
        for t in range(1, model.n_steps + 1)
    ]
    return tv.DiffusionTerms(*np.mean(terms, axis=0))


# ---- the fixed encoder -------------------------------------------------------------------


def test_the_schedule_is_a_straight_line_of_log_snr():
    a = tv.log_snr_schedule(50, 8, -6)
    np.testing.assert_allclose(np.log(a / (1 - a)), np.linspace(8, -6, 50), atol=1e-9)


def test_noise_added_step_by_step_is_noise_added_at_once(rng):
    z = np.full((100_000, 3), 2.0)
    for beta in BETA[:4]:
        z = np.sqrt(1 - beta) * z + np.sqrt(beta) * rng.standard_normal(z.shape)
    once = random_model().add_noise(np.full((100_000, 3), 2.0), 4, rng.standard_normal(z.shape))
    for sample in (z, once):
        assert np.abs(sample.mean(axis=0) - 2 * np.sqrt(ALPHA_BAR[3])).max() < 0.015
        assert np.abs(sample.var(axis=0) - (1 - ALPHA_BAR[3])).max() < 0.015


@pytest.mark.parametrize("t", range(2, T + 1))
def test_posterior_is_bayes_rule(t, rng):
    u, z, z0 = 2 * rng.standard_normal((3, 9, 3))
    mean, variance = random_model().posterior(z, z0, t)
    bayes = (
        tv.log_normal(z, np.sqrt(1 - BETA[t - 1]) * u, np.log(BETA[t - 1]))
        + tv.log_normal(u, np.sqrt(BEFORE[t - 1]) * z0, np.log(1 - BEFORE[t - 1]))
        - tv.log_normal(z, np.sqrt(ALPHA_BAR[t - 1]) * z0, np.log(1 - ALPHA_BAR[t - 1]))
    )
    np.testing.assert_allclose(tv.log_normal(u, mean, np.log(variance)), bayes, atol=1e-9)


def test_the_posterior_of_step_1_is_z0(rng):
    z, z0 = rng.standard_normal((2, 4, 3))
    mean, variance = random_model().posterior(z, z0, 1)
    np.testing.assert_allclose(mean, z0, rtol=1e-12)
    assert variance == 0


# ---- the ELBO ----------------------------------------------------------------------------


def test_each_term_is_the_kl_of_its_two_gaussians():
    """By the definition: KL(N(m, vI), N(m', vI)), and the densities of the ends."""
    model, (z0, noise, c) = random_model(), batch(4 * T)
    terms = model.elbo(z0, noise, c)
    for i, t in enumerate(noise.t):
        z = model.add_noise(z0[i : i + 1], t, noise.eps[i : i + 1])
        eps_hat = model.eps_hat(z, t, c[i : i + 1] * noise.c_mask[i : i + 1])
        guess = (z - np.sqrt(1 - ALPHA_BAR[t - 1]) * eps_hat) / np.sqrt(ALPHA_BAR[t - 1])
        if t == 1:
            expected = tv.log_normal(z0[i], guess[0], np.full(3, -np.log(SNR[0])))
            np.testing.assert_allclose(terms.recon[i], T * expected, rtol=1e-10)
            assert terms.diffusion[i] == 0
        else:
            right, variance = model.posterior(z, z0[i : i + 1], t)
            wrong, _ = model.posterior(z, guess, t)
            expected = ((right - wrong) ** 2).sum() / (2 * variance)
            np.testing.assert_allclose(terms.diffusion[i], T * expected, rtol=1e-9)
            assert terms.recon[i] == 0
    a = ALPHA_BAR[-1]
    prior = tv.kl_to_prior(np.sqrt(a) * z0, np.log(1 - a)).sum(axis=1)
    np.testing.assert_allclose(terms.prior, prior, rtol=1e-12)
    np.testing.assert_array_equal(terms.elbo, terms.recon - terms.diffusion - terms.prior)
    assert model.loss() == pytest.approx(-terms.elbo.mean(), rel=1e-12)


def test_one_step_is_a_vae_with_a_fixed_encoder(rng):
    a = 0.6
    model, spread = exact([a]), (1 - a) / a
    vae = tv.VAE(1, (), 1, rng, tv.Gaussian(sigma=np.sqrt(spread)), dtype=np.float64)
    k = (1 - a) / (a * VARIANCE + 1 - a)
    vae.params["encoder.0.W"], vae.params["encoder.0.b"] = [[np.sqrt(a), 0]], [0, np.log(1 - a)]
    vae.params["decoder.0.W"], vae.params["decoder.0.b"] = (1 - k) / np.sqrt(a), k * MEAN
    z0, eps = rng.standard_normal((2, 40, 1))
    theirs, ours = vae.elbo(z0, eps), every_step(model, z0, eps)
    np.testing.assert_allclose(ours.elbo, theirs.elbo, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.recon, theirs.recon, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.prior, theirs.kl, rtol=0, atol=1e-12)


def exact_mean_elbo(model):
    """The mean over z_0 and eps: of a quadratic function, by its four sigma points."""
    points = np.sqrt(2) * np.vstack([np.eye(2), -np.eye(2)])
    z0 = MEAN + np.sqrt(VARIANCE) * points[:, :1]
    return every_step(model, z0, points[:, 1:]).elbo.mean()


def test_gaussian_data_have_a_closed_form():
    a, v = ALPHA_BAR, VARIANCE
    error = a * v / (a * v + 1 - a)
    steps = 0.5 * ((SNR[:-1] / SNR[1:] - 1) * error[1:]).sum()
    recon = -0.5 * error[0] - 0.5 * (LOG_2PI - np.log(SNR[0]))
    prior = 0.5 * (a[-1] * (v + MEAN**2) - a[-1] - np.log(1 - a[-1]))
    assert exact_mean_elbo(exact(a)) == pytest.approx(recon - steps - prior, abs=1e-9)


def test_the_gap_to_log_p_closes_as_one_over_the_steps():
    best = -0.5 * (LOG_2PI + np.log(VARIANCE) + 1)
    gaps = [best - exact_mean_elbo(exact(tv.log_snr_schedule(n, 9, -9))) for n in (100, 1000)]
    assert 0 < gaps[1] < 0.04
    assert gaps[0] / gaps[1] == pytest.approx(10, rel=0.1)


def test_the_elbo_is_the_mean_log_ratio_of_the_chain(rng):
    """log p(z_0 ... z_T) - log q(z_1 ... z_T | z_0) along drawn chains, by their densities."""
    model, n = random_model(n_c=0), 40_000
    z0, z, log_ratio = np.tile([0.5, -1.0, 0.3], (n, 1)), [], np.zeros(n)
    for beta in BETA:
        start = z[-1] if z else z0
        z.append(np.sqrt(1 - beta) * start + np.sqrt(beta) * rng.standard_normal((n, 3)))
        log_ratio -= tv.log_normal(z[-1], np.sqrt(1 - beta) * start, np.log(beta))
    log_ratio += tv.log_normal(z[-1])
    for t in range(1, T + 1):
        a = ALPHA_BAR[t - 1]
        guess = model.eps_hat(z[t - 1], t, np.zeros((n, 0)))
        guess = (z[t - 1] - np.sqrt(1 - a) * guess) / np.sqrt(a)
        mean, variance = model.posterior(z[t - 1], guess, t)
        variance = variance if t > 1 else 1 / SNR[0]
        log_ratio += tv.log_normal(z[t - 2] if t > 1 else z0, mean, np.log(variance))
    ours = every_step(model, z0, rng.standard_normal((n, 3))).elbo
    bar = np.hypot(log_ratio.std(), ours.std()) / np.sqrt(n)
    assert abs(log_ratio.mean() - ours.mean()) < 4.5 * bar
    assert bar < 0.02 * abs(ours.mean())


def test_a_silent_net_is_the_standard_normal():
    model = tv.Diffusion(
        3, 2, (4,), tv.log_snr_schedule(2000, 9, -9), np.random.default_rng(0), dtype=np.float64
    )
    model.params.vector[:] = 0
    points = np.sqrt(3) * np.vstack([np.eye(3), -np.eye(3)])  # the mean over eps, exactly
    z0 = np.array([0.3, -1.2, 0.7])
    elbo = every_step(model, np.tile(z0, (6, 1)), points).elbo.mean()
    assert tv.log_normal(z0) - 0.06 < elbo < tv.log_normal(z0)


def test_objective_is_unbiased_and_hides_columns_whatever_the_row(monkeypatch):
    model, seen = random_model(), []
    elbo = tv.Diffusion.elbo
    monkeypatch.setattr(
        tv.Diffusion,
        "elbo",
        lambda s, x, noise, *rest: seen.append(noise) or elbo(s, x, noise, *rest),
    )
    z0, _, c = (part[:1] for part in batch())
    x, c = np.tile(z0, (60_000, 1)), np.tile(c, (60_000, 1))
    rng = np.random.default_rng(0)
    mean = model.objective(x, c, rng, remember=False).elbo.mean()
    (noise,) = seen
    assert np.ptp(np.bincount(noise.t, minlength=T + 1)[1:]) <= 1  # each t alike
    shown = noise.c_mask.sum(axis=1).astype(int)  # 0, 1 or 2 columns: a third each
    assert np.abs(np.bincount(shown) / len(x) - 1 / 3).max() < 0.01
    again = model.objective(x, c, rng, remember=False).elbo.mean()
    expected = np.mean([
        model.elbo(x[:6000], tv.Noise(np.full(6000, t), rng.standard_normal((6000, 3)),
                   rng.random((6000, 2)) < rng.random((6000, 1))), c[:6000]).elbo.mean()
        for t in range(1, T + 1)
    ])  # fmt: skip
    assert mean == pytest.approx(expected, rel=0.03) and again == pytest.approx(mean, rel=0.03)


# ---- the backward pass -------------------------------------------------------------------


@pytest.mark.parametrize("activation", [tv.Tanh, tv.SiLU])
@pytest.mark.parametrize("n_h", [(), (6, 5)])
def test_gradients(activation, n_h):
    model = random_model(activation=activation, n_h=n_h)
    x, noise, c = batch(12)
    errors = tv.check_model(model, x, noise, c=c)
    assert set(errors) == set(model.params)
    assert max(errors.values()) < 1e-6, errors


def test_gradients_agree_with_autograd():
    model, (x, (t, eps, c_mask), c) = random_model(), batch(12)
    a, log_snr = ALPHA_BAR[t - 1][:, None], np.log(SNR)[t - 1][:, None]
    waves = np.pi / 20 * np.arange(1, 5)
    clock = np.hstack([log_snr / 10, np.sin(waves * log_snr), np.cos(waves * log_snr)])
    z = np.sqrt(a) * x + np.sqrt(1 - a) * eps

    def loss(params):
        h = anp.hstack([z, clock, c * c_mask])
        for i in range(3):
            h = anp.dot(h, params[f"net.{i}.W"]) + params[f"net.{i}.b"]
            h = h / (1 + anp.exp(-h)) if i < 2 else h
        square = anp.sum((eps - anp.sqrt(1 - a) * z - anp.sqrt(a) * h) ** 2, axis=1)
        previous = np.where(t > 1, SNR[t - 2], 0)
        terms = anp.where(
            t == 1,
            0.5 * square + 1.5 * (LOG_2PI - np.log(SNR[0])),
            0.5 * (previous / SNR[t - 1] - 1) * square,
        )
        return anp.mean(T * terms)

    params = {name: array.copy() for name, array in model.params.items()}
    terms = model.elbo(x, tv.Noise(t, eps, c_mask), c)
    np.testing.assert_allclose(model.loss(), loss(params) + terms.prior.mean(), rtol=1e-10)
    model.backward()
    for name, expected in grad(loss)(params).items():
        np.testing.assert_allclose(model.grads[name], expected, rtol=1e-10, atol=1e-12)


def test_a_batch_is_its_rows():
    model, (x, noise, c) = random_model(), batch()
    whole = model.elbo(x, noise, c)
    model.backward()
    mean_grad, rows, grads = model.grads.vector.copy(), [], []
    for i in range(len(x)):
        one = tv.Noise(*(part[i : i + 1] for part in noise))
        rows.append([term[0] for term in model.elbo(x[i : i + 1], one, c[i : i + 1])])
        model.backward()
        grads.append(model.grads.vector.copy())
    np.testing.assert_allclose(np.transpose(rows), whole, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(np.mean(grads, axis=0), mean_grad, atol=1e-12)


def test_looking_between_elbo_and_backward_changes_no_gradient(rng):
    model, (x, noise, c) = random_model(), batch()
    model.elbo(x, noise, c)
    model.backward()
    expected = model.grads.vector.copy()
    model.elbo(x, noise, c)
    model.sample(2, rng, [1, 1], guidance=1.0), model.objective(x + 1, c, rng, remember=False)
    model.backward()
    np.testing.assert_array_equal(model.grads.vector, expected)


# ---- sampling ----------------------------------------------------------------------------


def test_samples_of_gaussian_data_are_gaussian(rng):
    model = exact(tv.log_snr_schedule(300, 8, -8), n_z=2)
    z = model.sample(20_000, rng)
    assert np.abs(z.mean(axis=0) - MEAN).max() < 0.02
    assert np.abs(np.cov(z.T) - VARIANCE * np.eye(2)).max() < 0.02


def test_a_path_goes_from_the_prior_to_the_sample(rng):
    model = random_model()
    path = list(model.path(5000, np.random.default_rng(0)))
    assert len(path) == T + 1 and {z.shape for z in path} == {(5000, 3)}
    assert abs(path[0].var() - 1) < 0.05
    np.testing.assert_array_equal(path[-1], model.sample(5000, np.random.default_rng(0)))


def test_guidance_is_its_formula(rng):
    """One step from T = 1: z_0 is a function of z_1, so the formula shows itself."""
    c, w = np.array([1.0, -1.0]), 1.5
    model = tv.Diffusion(3, 2, (6,), [0.4], rng, dtype=np.float64)
    model.params.vector[:] = rng.standard_normal(model.params.vector.size)
    z1, z0 = model.path(5, np.random.default_rng(3), c, w)
    given, free = (model.eps_hat(z1, 1, np.tile(k * c, (5, 1))) for k in (1, 0))
    eps = (1 + w) * given - w * free
    np.testing.assert_allclose(z0, (z1 - np.sqrt(0.6) * eps) / np.sqrt(0.4), rtol=1e-10)
    assert np.abs(z0 - model.sample(5, np.random.default_rng(3), c)).max() > 0.1


def test_each_row_may_have_its_own_condition():
    model, c = random_model(), np.array([[1, -1], [0, 1], [-1, 0]])
    together = model.sample(3, np.random.default_rng(0), c, 1.0)
    for i in range(3):
        alone = model.sample(3, np.random.default_rng(0), c[i], 1.0)
        np.testing.assert_allclose(together[i], alone[i], rtol=1e-9)
    silent = model.sample(3, np.random.default_rng(0), np.zeros(2), 1.0)
    np.testing.assert_allclose(model.sample(3, np.random.default_rng(0)), silent, rtol=1e-12)


# ---- a model like the others -------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_in_every_array(dtype, rng):
    model, (x, noise, c) = random_model(dtype), batch()
    terms = model.elbo(x, noise, c)
    model.backward()
    np.testing.assert_array_equal(terms.elbo, terms.recon - terms.diffusion - terms.prior)
    arrays = [*terms, *model.params.values(), *model.grads.values()]
    arrays += [*model.path(2, rng, np.ones(2), 1.0), *model.objective(x, c, rng)]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


def test_train_learns_a_mean(rng):
    """Rows at +2 or -2, c says which: samples go where c says, or to both."""
    side = np.sign(rng.standard_normal((4000, 1)))
    x = (2 * side + 0.3 * rng.standard_normal((4000, 1))) / 2
    model = tv.Diffusion(1, 1, (32, 32), tv.log_snr_schedule(40, 6, -6), rng)
    opt = tv.Adam(model.params, lr=1e-2)
    both = {"c": side, "x_val": x, "c_val": side, "cosine": True, "progress": False}
    history = list(tv.train(model, opt, x, 15, rng=rng, **both))
    assert {"elbo", "recon", "diffusion", "prior", "val_elbo"} <= set(history[0])
    assert history[-1]["val_elbo"] > history[0]["val_elbo"]
    for c in (1, -1):
        z = model.sample(500, rng, [c])
        assert np.mean(z * c > 0.5) > 0.97 and abs(z.mean() - c) < 0.1
    assert 0.35 < np.mean(model.sample(500, rng) > 0) < 0.65


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_is_whole_and_its_own(again):
    model, (x, noise, c) = random_model(), batch()
    twin = again(model)
    np.testing.assert_array_equal(twin.elbo(x, noise, c), model.elbo(x, noise, c))
    twin.params.vector[:] = 0
    assert (twin.net.layers[0].W == 0).all() and (model.params.vector != 0).any()


# ---- bad input ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [{"n_z": 0}, {"n_c": -1}, {"n_h": (0,)}, {"n_h": 3}, {"rng": 0}, {"activation": "silu"},
     {"dtype": np.float16}, *[{"alpha_bar": a} for a in ([], [0.5, 0.5], [0.5, 0.7], [1.0, 0.5],
                                                        [0.5, 0.0], [np.nan], 0.5, "falling")]],
    ids=str,
)  # fmt: skip
def test_bad_settings_are_named(bad):
    good = {
        "n_z": 3, "n_c": 2, "n_h": (4,), "alpha_bar": ALPHA_BAR, "rng": np.random.default_rng(0)
    }  # fmt: skip
    with pytest.raises((ValueError, TypeError), match=next(iter(bad))):
        tv.Diffusion(**(good | bad))


@pytest.mark.parametrize("bad", [{"n_steps": 0}, {"first": -9}, {"last": np.nan}], ids=str)
def test_bad_schedules_are_named(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        tv.log_snr_schedule(**({"n_steps": 5} | bad))


@pytest.mark.parametrize(
    ("part", "value"),
    [("t", [1, 2]), ("t", [0] * 7), ("t", [7] * 7), ("t", [1.5] * 7), ("eps", np.ones((7, 2))),
     ("eps", np.ones((6, 3))), ("eps", np.full((7, 3), np.nan)), ("c_mask", np.ones((7, 3)))],
)  # fmt: skip
def test_bad_noise_is_refused(part, value):
    model, (x, noise, c) = random_model(), batch()
    with pytest.raises(ValueError, match=r"noise must|t must|eps must"):
        model.elbo(x, noise._replace(**{part: np.asarray(value)}), c)


def test_bad_calls_are_refused(rng):
    model, (x, noise, c) = random_model(), batch()
    with pytest.raises(RuntimeError, match="call elbo"):
        model.backward()
    for bad in (x[:, :2], x * np.nan, x[0]):
        with pytest.raises(ValueError, match="x must"):
            model.elbo(bad, noise, c)
    for call in (
        lambda: model.sample(0, rng), lambda: model.sample(2.5, rng),
        lambda: model.sample(2, 0),
        lambda: model.sample(2, rng, guidance=np.nan), lambda: model.sample(2, rng, [1, 2, 3]),
        lambda: model.sample(2, rng, [np.nan, 0]),
        lambda: model.sample(2, rng, np.ones((3, 2))),
        lambda: model.sample(2, rng, guidance=1.0),  # towards nothing
    ):  # fmt: skip
        with pytest.raises((ValueError, TypeError), match=r"n must|rng must|guidance|c must"):
            call()


def test_it_can_be_saved_and_training_resumed(tmp_path):
    (x, _, c), runs = batch(60), []
    for stop in (None, 2):
        rng = np.random.default_rng(0)
        model = tv.Diffusion(3, 2, (6, 5), ALPHA_BAR, rng, dtype=np.float64)
        opt = tv.Adam(model.params, lr=1e-2)
        for epoch in tv.train(model, opt, x, 4, 16, rng=rng, c=c, cosine=True, progress=False):
            if epoch["epoch"] == stop:
                break
        if stop:
            tv.save(tmp_path / "part.npz", model, opt, rng, stop)
            model, opt, rng, start = tv.load_checkpoint(tmp_path / "part.npz")
            for _ in tv.train(
                model, opt, x, 4, 16, rng=rng, c=c, cosine=True, progress=False, start=start
            ):
                pass
        runs.append(model)
    np.testing.assert_array_equal(runs[0].params.vector, runs[1].params.vector)
    tv.save(tmp_path / "whole.npz", runs[0])
    again = tv.load(tmp_path / "whole.npz")
    np.testing.assert_array_equal(again.alpha_bar, ALPHA_BAR)
    np.testing.assert_array_equal(again.elbo(*batch()), runs[0].elbo(*batch()))


def test_a_damaged_file_is_refused(tmp_path):
    tv.save(tmp_path / "model.npz", random_model())
    data = bytearray((tmp_path / "model.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "model.npz").write_bytes(data)
    with pytest.raises(ValueError, match="no whole tinyvae model"):
        tv.load(tmp_path / "model.npz")
