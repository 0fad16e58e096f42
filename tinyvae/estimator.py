"""The VAE as a scikit-learn transformer: for Pipeline, GridSearchCV, clone and pickle.

X (n_samples, n_features) is the data, Z (n_samples, n_components) its codes mu. Scores are
ELBOs in nats, higher is better. This is the one module that needs scikit-learn to load.
"""

import warnings
from functools import partial

import numpy as np

from tinyvae.arrays import check_unmasked
from tinyvae.distributions import Bernoulli, Gaussian, kl_to_prior
from tinyvae.evaluate import batches, encode_all
from tinyvae.extras import import_error
from tinyvae.layers import ReLU, SiLU, Tanh
from tinyvae.models import VAE
from tinyvae.optim import Adam
from tinyvae.sampling import reparameterize
from tinyvae.train import train
from tinyvae.validation import check_float, check_int

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils import check_array, check_random_state
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise import_error(error, "VAETransformer", "sklearn") from error

LIKELIHOODS = {"gaussian": Gaussian(), "bernoulli": Bernoulli()}  # each VAE copies its own
ACTIVATIONS = {"silu": SiLU, "tanh": Tanh, "relu": ReLU}
FIXED = "n_components", "hidden", "likelihood", "activation", "n_draws"  # once there is a model
STATE = "vae_", "history_", "_opt", "_rng", "_rule", "_fixed"


class VAETransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Variational autoencoder: nonlinear dimension reduction with a density.

    Maximises the evidence lower bound, ELBO = E_q[log p(x|z)] - KL(q(z|x) || N(0, I)), by
    Adam [1]_. With ``hidden=()`` and the Gaussian likelihood it is probabilistic PCA [2]_.
    Give it features of a scale of about 1 (``StandardScaler``; values in the tens or more
    train badly or diverge), or within [0, 1] for "bernoulli". There is no ``sample_weight``:
    the ELBO is a plain mean over rows, so repeat a row that is to count twice.

    Parameters
    ----------
    n_components : int, default=2
        Number of latents.
    hidden : tuple of int, default=(64,)
        Widths of the encoder's hidden layers; the decoder has them in reverse.
    likelihood : {"gaussian", "bernoulli"} or a likelihood object, default="gaussian"
        p(x|z). "gaussian" learns one sigma for all features.
    activation : {"silu", "tanh", "relu"} or a layer class, default="silu"
        What stands between the dense layers.
    epochs : int, default=100
        Passes over the data.
    batch_size : int, default=32
        Rows in each step.
    lr : float, default=5e-3
        Adam's first step size; it falls to 0 along half a cosine.
    beta : float, default=1.0
        Weight of the KL in training; scores are never reweighted.
    warmup : float, default=0
        Epochs over which the KL's weight rises from 0 to beta.
    free_bits : float, default=0.0
        Nats that each latent may say at no cost in training.
    n_draws : int, default=64
        Least number of noise draws behind each score; see `score_samples`.
    random_state : int, RandomState instance or None, default=None
        Start, order of the rows and noise. An int gives the same result in every call.
    progress : bool, default=False
        Show a bar while training, if tqdm is installed.
    warm_start : bool, default=False
        `fit` trains the model that an earlier `fit` left, for `epochs` more.

    Attributes
    ----------
    vae_ : tinyvae.VAE
        The trained model, float32 if X was float32, else float64.
    history_ : list of dict
        Figures of each epoch since the model was new, as `tinyvae.train` gives them.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if X had names.

    References
    ----------
    .. [1] Kingma & Welling 2014, "Auto-Encoding Variational Bayes", arXiv:1312.6114.
    .. [2] Lucas et al. 2019, "Don't Blame the ELBO!", arXiv:1911.02469.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from tinyvae.estimator import VAETransformer
    >>> X = load_digits().data / 16
    >>> vae = VAETransformer(n_components=2, epochs=2, random_state=0).fit(X)
    >>> Z = vae.transform(X)
    >>> Z.shape, vae.inverse_transform(Z).shape, vae.score_samples(X).shape
    ((1797, 2), (1797, 64), (1797,))
    """

    def __init__(
        self, n_components=2, *, hidden=(64,), likelihood="gaussian", activation="silu",
        epochs=100, batch_size=32, lr=5e-3, beta=1.0, warmup=0, free_bits=0.0, n_draws=64,
        random_state=None, progress=False, warm_start=False,
    ):  # fmt: skip
        self.n_components = n_components
        self.hidden = hidden
        self.likelihood = likelihood
        self.activation = activation
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.beta = beta
        self.warmup = warmup
        self.free_bits = free_bits
        self.n_draws = n_draws
        self.random_state = random_state
        self.progress = progress
        self.warm_start = warm_start

    def fit(self, X, y=None):
        """Train on X, array-like of shape (n_samples, n_features); y is ignored.

        Returns self. ValueError or TypeError for bad parameters or data; `tinyvae.Diverged` if
        the ELBO stops being finite. Ctrl-C ends the training with a warning; what was learned
        until then is kept.
        """
        if not self.warm_start:  # a fit that fails leaves no older one behind
            vars(self).pop("vae_", None)
        X, state = self._begin(X)
        state["_opt"] = Adam(state["vae_"].params, lr=self.lr)
        return self._train(X, state, start=0, epochs=self.epochs, cosine=True)

    def partial_fit(self, X, y=None):
        """Train for one epoch more, on X, array-like of shape (n_samples, n_features).

        The first call makes a new model; later ones, and those after `fit`, go on with it and
        with its Adam. The step size is lr. Returns self; y is ignored; raises as `fit` does.
        """
        X, state = self._begin(X)
        state["_opt"].lr = check_float("lr", self.lr, above=0)
        done = len(state["history_"])
        return self._train(X, state, start=done, epochs=done + 1, cosine=False)

    def _begin(self, X):
        """X, checked, and the attributes of STATE: those there are, or those of a new model."""
        fixed = {name: getattr(self, name) for name in FIXED}
        if not hasattr(self, "vae_"):
            X = _checked(X, "X", partial(validate_data, self), (np.float64, np.float32))
            return X, self._new(X) | {"_fixed": fixed}
        for name, value in fixed.items():
            if value != self._fixed[name]:
                raise ValueError(
                    f"{name} must stay {self._fixed[name]!r}, as the model has it that is to "
                    f"be trained further, got {value!r}"
                )
        return self._data(X), {name: getattr(self, name) for name in STATE}

    def _new(self, X):
        n_z = check_int("n_components", self.n_components)
        n_draws = check_int("n_draws", self.n_draws)
        if not isinstance(self.hidden, (tuple, list)):
            raise ValueError(f"hidden must be a tuple such as (64,), got {self.hidden!r}")
        seed = check_random_state(self.random_state).randint(2**31, size=4)
        rng = np.random.default_rng(seed)
        vae = VAE(
            X.shape[1], [check_int("hidden", n) for n in self.hidden], n_z, rng,
            likelihood=_named("likelihood", self.likelihood, LIKELIHOODS),
            activation=_named("activation", self.activation, ACTIVATIONS), dtype=X.dtype,
        )  # fmt: skip
        return {
            "vae_": vae, "history_": [], "_opt": Adam(vae.params, lr=self.lr), "_rng": rng,
            "_rule": noise_rule(n_z, n_draws, rng.spawn(1)[0]),
        }  # fmt: skip

    def _train(self, X, state, start, epochs, cosine):
        history, stopped = state["history_"], False
        figures = train(
            state["vae_"], state["_opt"], X, epochs, self.batch_size, rng=state["_rng"],
            beta=self.beta, warmup=self.warmup, free_bits=self.free_bits, cosine=cosine,
            progress=self.progress, start=start,
        )  # fmt: skip
        try:
            for epoch in figures:
                history.append(epoch | {"epoch": len(history) + 1})
        except KeyboardInterrupt:
            stopped = True
        vars(self).update(state)
        if stopped:
            said = f"Training was stopped after epoch {len(history)}: what it learned is kept."
            warnings.warn(said, ConvergenceWarning, stacklevel=3)
        return self

    def transform(self, X):
        """mu of q(z|x): ndarray of shape (n_samples, n_components)."""
        X = self._data(X)
        mu, _ = encode_all(self.vae_, X)
        return mu

    def inverse_transform(self, Z):
        """E[x|z], ndarray of shape (n_samples, n_features), of Z (n_samples, n_components)."""
        check_is_fitted(self)
        Z = _checked(Z, "Z", partial(check_array, input_name="Z"), self.vae_.dtype)
        return self.vae_.picture(Z)

    def score_samples(self, X):
        """The ELBO of each row, a bound on log p(x): ndarray of shape (n_samples,), in nats.

        The mean over eps is a weighted mean over one set of draws, each eps with its -eps,
        that `fit` took from random_state and all rows share: a row's score repeats and
        depends on no other row. It is unbiased over random states, and exact for a linear
        decoder (hidden=()) with the Gaussian likelihood. See `noise_rule`.
        """
        X = self._data(X)
        return np.concatenate([_elbo(self.vae_, rows, *self._rule) for (rows,) in batches(X)])

    def score(self, X, y=None):
        """The mean of `score_samples` over X, a float, in nats; y is ignored."""
        return float(np.mean(self.score_samples(X)))

    def sample(self, n_samples=1, random_state=None):
        """E[x|z] of codes z from the prior: ndarray of shape (n_samples, n_features).

        random_state: int, RandomState instance or None, which is the estimator's own.
        """
        check_is_fitted(self)
        rng = check_random_state(self.random_state if random_state is None else random_state)
        n_samples = check_int("n_samples", n_samples)
        return self.inverse_transform(rng.standard_normal((n_samples, self.vae_.n_z)))

    def _data(self, X):
        check_is_fitted(self)
        return _checked(X, "X", partial(validate_data, self, reset=False), self.vae_.dtype)

    @property
    def _n_features_out(self):  # what ClassNamePrefixFeaturesOutMixin counts
        return self.vae_.n_z

    def __sklearn_is_fitted__(self):  # n_features_in_ alone: a fit that failed
        return hasattr(self, "vae_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def noise_rule(n_z, n_draws, rng):
    """Weights (K,) and points eps (K, n_z), K > n_draws, for the mean over eps ~ N(0, I).

    Random frames of orthonormal q_j, each with a radius r, r^2 ~ chi^2(n_z + 2), give points
    r q_j and -r q_j of weight 1 / (2 r^2), the mean being taken over the frames; the rest of
    the weight, negative or not, lies at 0. Unbiased for any function, exact for polynomials
    of degree 3: Genz & Monahan 1998, "Stochastic integration rules for infinite regions".
    """
    n_frames = -(-n_draws // (2 * n_z))
    frames = np.linalg.qr(rng.standard_normal((n_frames, n_z, n_z))).Q
    square = np.repeat(rng.chisquare(n_z + 2, n_frames), n_z)
    eps = np.sqrt(square)[:, None] * frames.swapaxes(1, 2).reshape(-1, n_z)
    weights = np.tile(1 / (2 * square * n_frames), 2)
    eps = np.concatenate([eps, -eps, np.zeros((1, n_z))])
    return np.append(weights, 1 - weights.sum()), eps


def _elbo(vae, x, weights, eps):
    """The ELBO (N,) of x in float64, its mean over eps taken by the rule."""
    mu, logvar = vae.encode(x)
    elbo = -kl_to_prior(mu, logvar).sum(axis=-1, dtype=np.float64)
    for weight, draw in zip(weights, eps.astype(vae.dtype), strict=True):
        out = vae.decode(reparameterize(mu, logvar, draw))
        elbo += weight * vae.likelihood.log_prob(x, out)
    return elbo


def _checked(X, name, check, dtype):
    check_unmasked(name, X)  # which scikit-learn passes over
    return check(X, dtype=dtype)


def _named(name, value, known):
    """known[value] for a word; a value of the same kind as these is taken as it is."""
    if isinstance(value, str) and value in known:
        return known[value]
    example = next(iter(known.values()))
    if hasattr(value, "backward") and isinstance(value, type) == isinstance(example, type):
        return value
    kind = "a layer class" if isinstance(example, type) else "a likelihood object"
    raise ValueError(f"{name} must be {kind} or one of {', '.join(known)}, got {value!r}")
