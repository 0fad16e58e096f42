"""What a trained VAE is worth: its ELBO, log p(x), and which latents say anything, on data
x (N, n_x), with c (N, n_c) where the model has a condition."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.random import Generator

from tinyvae.distributions import kl_to_prior, log_normal
from tinyvae.models import VAE
from tinyvae.ops import Array, logsumexp
from tinyvae.sampling import reparameterize
from tinyvae.validation import check_generator, check_int

ROWS = 1024  # examples handled at a time
NUMBERS = 1 << 18  # at most about this many numbers in one decoded block, to stay in the cache


def mean_terms(model: Any, x: Any, rng: Generator, c: Any = None) -> dict[str, float]:
    """The means of the model's terms ("elbo", "recon", "kl") over x, in nats per example."""
    (x, c), rng = model.validate(x, c), check_generator(rng)
    parts = [model.objective(*rows, rng, remember=False) for rows in batches(x, c)]
    terms = map(np.concatenate, zip(*parts, strict=True))
    means = [float(term.mean(dtype=np.float64)) for term in terms]
    return dict(zip(parts[0]._fields, means, strict=True))


def mean_elbo(model: Any, x: Any, rng: Generator, c: Any = None) -> float:
    """The mean ELBO over x in nats per example, one draw of the noise each."""
    if not hasattr(model, "elbo"):
        raise TypeError(f"model must have an ELBO, got a {type(model).__name__}")
    return mean_terms(model, x, rng, c)["elbo"]


def iw_log_likelihood(
    vae: VAE, x: Any, k: int = 100, *, rng: Generator, c: Any = None
) -> Array:
    """The importance-weighted bound on log p(x) of each row, (N,), in nats.

    log (1/k) sum_i w_i with log w = log p(x|z) + log p(z) - log q(z|x), z ~ q(z|x): in
    expectation the ELBO at k = 1, never lower as k grows, log p(x) as k -> infinity (Burda et
    al. 2016, arXiv:1509.00519, eqs. 8 and 9, theorem 1). Its memory does not grow with k >= 1.
    """
    (x, c), k, rng = _need_vae(vae).validate(x, c), check_int("k", k), check_generator(rng)
    return np.concatenate([_iw_rows(vae, k, rng, *rows) for rows in batches(x, c, rows=64)])


def _iw_rows(vae, k, rng, x, c):
    mu, logvar = vae.encode(x, c)
    most = max(1, NUMBERS // (len(x) * max(vae.n_x, *vae.n_h, vae.n_z)))
    sums = []
    for start in range(0, k, most):
        log_w = log_weights(vae, x, mu, logvar, min(most, k - start), rng, c)
        sums.append(logsumexp(log_w, axis=0))
    return logsumexp(np.array(sums), axis=0) - np.log(k)


def log_weights(
    vae: VAE, x: Array, mu: Array, logvar: Array, k: int, rng: Generator, c: Any = None
) -> Array:
    """log w of k draws z ~ q(z|x) for each row: (k, N), float64."""
    eps = rng.standard_normal((k, *mu.shape), vae.dtype)
    z = reparameterize(mu, logvar, eps)
    c = None if c is None else np.tile(c, (k, 1))
    out = vae.decode(z.reshape(-1, vae.n_z), c).reshape(k, *x.shape)
    recon = vae.likelihood.log_prob(x, out)
    return (recon + log_normal(z) - log_normal(z, mu, logvar)).astype(np.float64)


def kl_per_dim(vae: VAE, x: Any, c: Any = None) -> Array:
    """The mean over x of each latent's KL to the prior: (n_z,), in nats."""
    return kl_to_prior(*encode_all(vae, x, c)).mean(axis=0, dtype=np.float64)


def active_units(vae: VAE, x: Any, c: Any = None) -> int:
    """How many latents carry information about x, Var_x[mu] > 0.01, and have not collapsed to
    the prior (Burda et al. 2016, section 5.2)."""
    mu, _ = encode_all(vae, x, c)
    return int(np.sum(mu.var(axis=0) > 0.01))


def aggregated_posterior(vae: VAE, x: Any, rng: Generator, c: Any = None) -> Array:
    """One draw of z ~ q(z|x) for each row of x: (N, n_z), a sample of the mean of q(z|x) over
    the data. Where it leaves holes in the prior, the decoder has never been asked to paint."""
    mu, logvar = encode_all(vae, x, c)
    eps = check_generator(rng).standard_normal(mu.shape, vae.dtype)
    return reparameterize(mu, logvar, eps)


def encode_all(vae: VAE, x: Any, c: Any = None) -> tuple[Array, Array]:
    """(mu, logvar) of all of x, encoded in batches."""
    rows = batches(*_need_vae(vae).validate(x, c))
    mu, logvar = zip(*(vae.encode(x, c) for x, c in rows), strict=True)
    return np.concatenate(mu), np.concatenate(logvar)


def _need_vae(vae):
    if not isinstance(vae, VAE):
        raise TypeError(f"vae must be a VAE, got a {type(vae).__name__}: it has no q(z|x)")
    return vae


def batches(*arrays: Array, rows: int = ROWS) -> Iterator[tuple[Array, ...]]:
    """Consecutive slices of at most `rows` rows of the arrays, which have equally many."""
    for i in range(0, len(arrays[0]), rows):
        yield tuple(array[i : i + rows] for array in arrays)
