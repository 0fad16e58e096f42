"""The scikit-learn face of the VAE: its contract, and its scores against exact values."""

import copy
import importlib
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

import tinyvae as tv
from tinyvae.estimator import VAETransformer, noise_rule

X = load_digits().data[:600] / 16
SHORT = {"epochs": 5, "random_state": 0}

# scikit-learn 1.6 gives pytest a generator, of which pytest 9 warns: hence the list.
CHECKS = parametrize_with_checks(
    [VAETransformer(), VAETransformer(3, hidden=(), likelihood=tv.Gaussian(sigma=0.5))]
)


@pytest.mark.parametrize("estimator, check", list(CHECKS.args[1]), ids=CHECKS.kwargs["ids"])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_tinyvae_does_not_import_scikit_learn():
    code = "import sys, tinyvae; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture(scope="module")
def fitted():
    return VAETransformer(3, epochs=30, random_state=0).fit(X)


@pytest.fixture(scope="module")
def linear():
    """Data of the linear-Gaussian model, and the linear VAE fitted to them."""
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((800, 2)) * [2.0, 1.0]
    x = codes @ rng.standard_normal((2, 6)) + 1 + 0.5 * rng.standard_normal((800, 6))
    return x, VAETransformer(2, hidden=(), lr=0.03, random_state=0).fit(x)


# ---- scores --------------------------------------------------------------------------


def test_the_linear_vae_scores_just_below_probabilistic_pca(linear):
    x, vae = linear
    best = PCA(2).fit(x).score(x)
    assert best - 0.05 < vae.score(x) < best


def test_the_linear_vaes_score_is_exact(linear):
    x, vae = linear
    mu, logvar = vae.vae_.encode(x)
    precision = vae.vae_.likelihood.sigma**-2
    spread = np.exp(logvar) @ (vae.vae_.params["decoder.0.W"] ** 2).sum(axis=1)
    recon = vae.vae_.likelihood.log_prob(x, vae.vae_.decode(mu)) - 0.5 * precision * spread
    elbo = recon - tv.kl_to_prior(mu, logvar).sum(axis=1)
    np.testing.assert_allclose(vae.score_samples(x), elbo, rtol=1e-9)


def test_score_is_the_mean_of_score_samples_and_agrees_with_mean_elbo(fitted):
    score, rng = fitted.score(X), np.random.default_rng(1)
    assert score == fitted.score_samples(X).mean()
    means = [tv.mean_elbo(fitted.vae_, X, rng) for _ in range(30)]
    error = np.std(means, ddof=1) / np.sqrt(30)
    assert abs(np.mean(means) - score) < 4 * error + 0.02  # 0.02: the rule's own error


def test_a_rows_score_depends_on_no_other_row(fitted):
    whole, order = fitted.score_samples(X), np.random.default_rng(0).permutation(len(X))
    np.testing.assert_allclose(fitted.score_samples(X[order]), whole[order], rtol=1e-10)
    np.testing.assert_allclose(fitted.score_samples(X[7:8]), whole[7:8], rtol=1e-10)


def test_more_draws_cost_time_and_change_the_score_little(fitted):
    few, many = (clone(fitted).set_params(n_draws=n).fit(X).score(X) for n in (1, 500))
    assert few != many and abs(few - many) < 0.2


@pytest.mark.parametrize("n_z, n_draws", [(1, 1), (2, 64), (5, 7)])
def test_the_noise_rule_is_exact_to_degree_three(n_z, n_draws):
    w, eps = noise_rule(n_z, n_draws, np.random.default_rng(0))
    assert len(w) == len(eps) > n_draws
    half = len(eps) // 2
    assert np.array_equal(eps[:half], -eps[half:-1]) and not eps[-1].any()
    np.testing.assert_allclose(w.sum(), 1, rtol=1e-12)
    np.testing.assert_allclose(w @ eps, 0, atol=1e-12)
    np.testing.assert_allclose((w[:, None] * eps).T @ eps, np.eye(n_z), atol=1e-12)


@pytest.mark.parametrize("n_z", [1, 3])
@pytest.mark.parametrize(
    "f, mean", [(lambda e: e**4, 3.0), (np.cos, np.exp(-0.5)), (np.exp, np.exp(0.5))]
)
def test_the_noise_rule_is_unbiased(n_z, f, mean):
    rng = np.random.default_rng(0)
    rules = (noise_rule(n_z, 4, rng) for _ in range(3000))
    found = [w @ f(eps[:, 0]) for w, eps in rules]
    assert abs(np.mean(found) - mean) < 4 * np.std(found) / np.sqrt(3000)


# ---- the other methods ---------------------------------------------------------------


def test_transform_is_mu_and_inverse_transform_the_decoded_mean(fitted):
    Z = fitted.transform(X)
    mu, _ = fitted.vae_.encode(X)
    np.testing.assert_allclose(Z, mu, rtol=1e-12)
    X_hat = fitted.inverse_transform(Z)
    assert ((X - X_hat) ** 2).mean() < 0.6 * X.var(axis=0).mean()
    assert list(fitted.get_feature_names_out()) == [f"vaetransformer{i}" for i in range(3)]
    assert fitted.n_features_in_ == 64
    assert [figures["epoch"] for figures in fitted.history_] == list(range(1, 31))


def test_inverse_transform_wants_codes_of_the_right_width(fitted):
    with pytest.raises(ValueError, match=r"z must have shape \(N, 3\)"):
        fitted.inverse_transform(np.zeros((4, 2)))
    with pytest.raises(ValueError, match="Z contains NaN"):
        fitted.inverse_transform(np.full((4, 3), np.nan))


def test_sample_draws_from_the_prior(fitted):
    pictures = fitted.sample(2000, random_state=1)
    assert pictures.shape == (2000, 64)
    assert np.array_equal(pictures, fitted.sample(2000, random_state=1))
    assert np.array_equal(fitted.sample(5), fitted.sample(5))
    assert not np.array_equal(fitted.sample(5), fitted.sample(5, random_state=1))
    of_the_model = fitted.vae_.sample(2000, np.random.default_rng(0))
    assert np.abs(pictures.mean(axis=0) - of_the_model.mean(axis=0)).max() < 0.1


@pytest.mark.parametrize(
    "method", ["transform", "inverse_transform", "score_samples", "score", "sample"]
)
def test_before_fit_there_is_nothing(method):
    with pytest.raises(NotFittedError):
        getattr(VAETransformer(), method)(3 if method == "sample" else X)
    with pytest.raises(NotFittedError):
        VAETransformer().get_feature_names_out()


# ---- trained further -----------------------------------------------------------------


def vector(vae):
    return vae.vae_.params.vector.copy()


def epoch_by_epoch(vae, n, X=X):
    for _ in range(n):
        vae.partial_fit(X)
    return vae


def test_partial_fit_is_training_in_parts():
    """The bits of one training at the same step size, its warm-up included."""
    parts = epoch_by_epoch(VAETransformer(warmup=4, **SHORT), 3)
    whole = VAETransformer(warmup=4, **SHORT)
    _, state = whole._begin(X)
    whole._train(X, state, start=0, epochs=3, cosine=False)
    np.testing.assert_array_equal(vector(parts), vector(whole))
    keep = ("epoch", "elbo", "recon", "kl", "beta")
    assert [[f[k] for k in keep] for f in parts.history_] == [
        [f[k] for k in keep] for f in whole.history_
    ]
    assert [figures["beta"] for figures in parts.history_] == sorted(
        {figures["beta"] for figures in parts.history_}
    )


def test_partial_fit_learns_and_takes_other_rows():
    vae = VAETransformer(random_state=0)
    scores = [epoch_by_epoch(vae, 3, X[i::2]).score(X) for i in (0, 1, 0, 1)]
    assert scores == sorted(scores) and scores[-1] > scores[0] + 1
    assert len(vae.history_) == 12


@pytest.mark.parametrize("copied", [lambda v: pickle.loads(pickle.dumps(v)), copy.deepcopy])
def test_a_copy_is_trained_further_like_the_original(copied):
    vae = VAETransformer(**SHORT).fit(X)
    again = copied(vae)
    np.testing.assert_array_equal(
        vector(epoch_by_epoch(vae, 2)), vector(epoch_by_epoch(again, 2))
    )
    assert same(vae, again) and [f["epoch"] for f in again.history_] == list(range(1, 8))


def test_warm_start_goes_on_and_fit_begins_anew():
    vae = VAETransformer(**SHORT).fit(X)
    first, score = vector(vae), vae.score(X)
    np.testing.assert_array_equal(vector(vae.fit(X)), first)
    assert len(vae.history_) == 5
    vae.set_params(warm_start=True).fit(X)
    assert vae.score(X) > score + 1
    assert [figures["epoch"] for figures in vae.history_] == list(range(1, 11))
    cold = VAETransformer(**SHORT, warm_start=True).fit(X)
    np.testing.assert_array_equal(vector(cold), first)


@pytest.mark.parametrize("name, value", [
    ("n_components", 3), ("hidden", (8,)), ("likelihood", "bernoulli"), ("activation", "relu"),
    ("n_draws", 3),
])  # fmt: skip
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_what_the_model_is_made_of_cannot_change_later(method, name, value):
    vae = VAETransformer(**SHORT, warm_start=True).fit(X).set_params(**{name: value})
    before = vector(vae)
    with pytest.raises(ValueError, match=f"{name} must stay"):
        getattr(vae, method)(X)
    np.testing.assert_array_equal(vector(vae), before)


@pytest.mark.parametrize("bad", [{"lr": 0}, {"beta": -1}, {"batch_size": 0}, {"warmup": -1}])
def test_partial_fit_names_a_bad_value_and_keeps_the_model(bad):
    vae = VAETransformer(**SHORT).fit(X).set_params(**bad)
    before = vector(vae)
    with pytest.raises(ValueError, match=f"{next(iter(bad))} must"):
        vae.partial_fit(X)
    np.testing.assert_array_equal(vector(vae), before)
    with pytest.raises(NotFittedError):
        clone(vae).transform(X)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("step", [1, 30])
def test_ctrl_c_keeps_what_was_learned(monkeypatch, method, step):
    """In the first epoch, before there are any figures, or in the second."""
    real, steps = tv.Adam.step, []

    def interrupted(*args, **options):
        steps.append(1)
        if len(steps) == step:
            raise KeyboardInterrupt
        return real(*args, **options)

    vae = VAETransformer(random_state=0)
    with monkeypatch.context() as patch:
        patch.setattr(tv.Adam, "step", interrupted)
        with pytest.warns(ConvergenceWarning, match=f"after epoch {step // 19}") as said:
            while len(steps) < step:
                getattr(vae, method)(X)
    assert said[0].filename == __file__
    assert np.isfinite(vae.score(X)) and vae.transform(X).shape == (600, 2)
    assert len(vae.history_) == step // 19
    epoch_by_epoch(vae, 1)
    with monkeypatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("error")
        steps.clear()
        patch.setattr(tv.Adam, "step", interrupted)
        with pytest.raises(ConvergenceWarning):
            while len(steps) < step:
                getattr(vae, method)(X)
    assert np.isfinite(vae.score(X))


def test_without_scikit_learn_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    monkeypatch.delitem(sys.modules, "tinyvae.estimator")
    with pytest.raises(ImportError, match=r"VAETransformer needs .*pip install scikit-learn"):
        importlib.import_module("tinyvae.estimator")


# ---- random_state, dtype, pickle, clone ----------------------------------------------


def results(vae):
    return [
        vae.transform(X), vae.score_samples(X), vae.sample(4, random_state=0),
        vae.inverse_transform(np.eye(2)),
    ]  # fmt: skip


def same(one, two):
    return all(np.array_equal(a, b) for a, b in zip(results(one), results(two), strict=True))


def test_random_state_decides_every_bit():
    one = VAETransformer(**SHORT).fit(X)
    assert same(one, clone(one).fit(X))
    assert not same(one, clone(one).set_params(random_state=1).fit(X))
    instances = [VAETransformer(epochs=2, random_state=np.random.RandomState(3)) for _ in "ab"]
    assert same(*(vae.fit(X) for vae in instances))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_pickle_gives_the_same_bits(dtype):
    vae = VAETransformer(**SHORT).fit(X.astype(dtype))
    assert same(vae, pickle.loads(pickle.dumps(vae)))


def test_float32_is_kept_and_all_else_is_float64():
    tags = get_tags(VAETransformer()).transformer_tags
    assert tags.preserves_dtype == ["float64", "float32"]
    for given, kept in (("f4", "f4"), ("f8", "f8"), ("f2", "f8"), ("i4", "f8"), ("u1", "f8")):
        vae = VAETransformer(epochs=1).fit((X * 2).astype(given))
        assert vae.vae_.dtype == kept
        assert vae.transform((X * 2).astype(given)).dtype == kept
        assert vae.inverse_transform(np.zeros((1, 2))).dtype == vae.sample().dtype == kept


def test_float32_scores_are_those_of_float64(fitted):
    single = clone(fitted).set_params(epochs=1).fit(X.astype(np.float32))
    double = pickle.loads(pickle.dumps(single))
    double.vae_ = single.vae_.astype(np.float64)
    np.testing.assert_allclose(single.score_samples(X), double.score_samples(X), rtol=1e-4)


# ---- parameters ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, value",
    [
        ("n_components", 0), ("hidden", 64), ("hidden", (64, 0)), ("likelihood", "laplace"),
        ("likelihood", 3), ("likelihood", tv.Gaussian), ("activation", "gelu"),
        ("activation", tv.SiLU()), ("epochs", 0), ("batch_size", 0), ("lr", 0.0),
        ("beta", -1.0), ("warmup", -1), ("free_bits", np.nan), ("n_draws", 0),
        ("random_state", -1),
    ],
)  # fmt: skip
def test_a_bad_value_is_named(name, value):
    vae = VAETransformer().set_params(**{name: value})
    with pytest.raises(ValueError, match="Seed" if name == "random_state" else name):
        vae.fit(X)
    with pytest.raises(NotFittedError):
        vae.transform(X)


@pytest.mark.parametrize("name", ["n_components", "epochs", "batch_size", "n_draws", "lr"])
def test_a_value_of_the_wrong_type_is_named(name):
    with pytest.raises(TypeError, match=f"{name} must be a"):
        VAETransformer().set_params(**{name: "many"}).fit(X)


def test_beta_warmup_and_free_bits_reach_the_training():
    def last_kl(**options):
        return VAETransformer(**SHORT, **options).fit(X).history_[-1]["kl"]

    assert last_kl(beta=4) < last_kl() < last_kl(free_bits=4)
    rising = VAETransformer(**SHORT, warmup=5).fit(X).history_
    assert np.all(np.diff([figures["beta"] for figures in rising]) > 0)


def test_bernoulli_wants_data_from_0_to_1():
    vae = VAETransformer(likelihood="bernoulli", epochs=2).fit(X)
    assert 0 < vae.sample(3).min() and vae.sample(3).max() < 1
    with pytest.raises(ValueError, match="Bernoulli"):
        vae.fit(16 * X)


def test_objects_of_tinyvae_are_taken_and_left_alone():
    pairs = np.repeat(X[:, :8] > 0.5, 2, axis=1) ^ (np.arange(16) % 2 == 0)
    mine = tv.Categorical(2)
    vae = VAETransformer(likelihood=mine, activation=tv.Tanh, **SHORT).fit(pairs)
    assert vae.likelihood is mine and vae.vae_.likelihood is not mine
    assert vae.vae_.activation is tv.Tanh
    np.testing.assert_allclose(vae.sample(3).reshape(3, 8, 2).sum(axis=2), 1)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, on the way to infinity
def test_diverged_goes_up():
    with pytest.raises(tv.Diverged):
        VAETransformer(random_state=0).fit(1e6 * X)


# ---- among scikit-learn's own --------------------------------------------------------


def test_in_a_pipeline():
    pipe = make_pipeline(StandardScaler(), VAETransformer(**SHORT)).fit(X)
    assert pipe.transform(X).shape == (600, 2)
    assert pipe.inverse_transform(pipe.transform(X)).shape == X.shape
    assert np.isfinite(pipe.score(X))


def test_grid_search_in_two_processes_is_as_in_one():
    pipe = make_pipeline(StandardScaler(), VAETransformer(epochs=2, random_state=0))
    grid = {"vaetransformer__beta": [0.5, 1], "vaetransformer__n_components": [1, 3]}
    one, two = (GridSearchCV(pipe, grid, cv=2, n_jobs=n).fit(X[:200]) for n in (1, 2))
    scores = [search.cv_results_["mean_test_score"] for search in (one, two)]
    np.testing.assert_allclose(*scores, rtol=1e-6)
    assert len(set(scores[0])) == 4 and one.best_params_ == two.best_params_
