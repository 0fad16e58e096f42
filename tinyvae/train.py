"""The training loop, as a generator: `for epoch in train(...)` replaces callbacks and loggers.

Each step raises mean(recon - beta kl) on one minibatch by one step of the optimiser.
"""

import contextlib
import math
import time

import numpy as np

from tinyvae.evaluate import mean_terms
from tinyvae.validation import check_float, check_generator, check_int


class Diverged(ArithmeticError):
    """Training left the finite numbers; the model keeps its last finite parameters."""


def train(
    model, opt, x, epochs=30, batch_size=128, *, rng, beta=1.0, warmup=0, free_bits=0.0,
    cosine=False, x_val=None, progress=True, start=0,
):  # fmt: skip
    """Train `model` on x (N, n_x); yield after each epoch a dict of its figures.

    The dict: "epoch" (from 1), the model's terms ("elbo", "recon", "kl"; for an autoencoder
    "recon"), means over the epoch's examples in nats and never reweighted, "beta" (its last),
    "seconds", and with x_val the same terms there as "val_elbo", ... (their noise drawn from a
    generator of their own, so that watching does not change training).

    rng        draws each epoch's order and the noise: same seed, same machine, same bits
    warmup     epochs over which beta rises in a line from 0 (after Bowman et al. 2016)
    free_bits  nats that each latent may say at no cost; see `VAE.backward`
    cosine     the learning rate falls to 0 along half a cosine (Loshchilov & Hutter 2017)
    progress   a tqdm bar with the terms, if tqdm is installed
    start      epochs already done: to resume, pass the same arguments, the optimiser and rng
               as they were then (`save` keeps them), and this

    ValueError or TypeError for bad arguments, before anything changes. `Diverged` says where
    the ELBO stopped being finite. Ctrl-C is safe anywhere: the model stays usable.
    """
    x, rng = model.data(x), check_generator(rng)
    x_val = None if x_val is None else model.data(x_val)
    start, epochs = (
        check_int("start", start, least=0),
        check_int("epochs", epochs),
    )
    batch_size = check_int("batch_size", batch_size)
    if start > epochs:
        raise ValueError(f"start must be <= epochs = {epochs}, got {start}")
    beta, warmup = (
        check_float("beta", beta, least=0),
        check_float("warmup", warmup, least=0),
    )
    free_bits = check_float("free_bits", free_bits, least=0)

    def schedule(done):
        """beta and the learning rate when `done` epochs (a fraction counts) are over."""
        rise = min(1.0, done / warmup) if warmup else 1.0
        fall = 0.5 * (1 + math.cos(math.pi * done / epochs)) if cosine else 1.0
        return beta * rise, opt.lr * fall

    # A generator checks nothing before its first step, so it is a function of its own.
    return _epochs(
        model,
        opt,
        x,
        x_val,
        range(start, epochs),
        batch_size,
        rng,
        schedule,
        free_bits,
        progress,
    )


def _epochs(model, opt, x, x_val, epochs, batch_size, rng, schedule, free_bits, progress):
    n_batches = math.ceil(len(x) / batch_size)
    with _bar(progress, len(epochs) * n_batches) as bar:
        for epoch in epochs:
            began, finite, sums = time.perf_counter(), model.params.vector.copy(), []
            for i, rows in enumerate(minibatches(len(x), batch_size, rng)):
                beta, lr = schedule(epoch + i / n_batches)
                with np.errstate(over="ignore", invalid="ignore"):  # told by Diverged instead
                    terms = model.objective(x[rows], rng)
                    sums.append([term.sum(dtype=np.float64) for term in terms])
                    if not np.isfinite(sums[-1]).all():
                        raise _diverged(model, finite, epoch + 1, i + 1, opt.lr)
                    model.backward(beta=beta, free_bits=free_bits)
                    opt.step(model.grads, lr=lr)
                if bar:
                    bar.update()
            if not np.isfinite(model.params.vector).all():  # no next batch would tell
                raise _diverged(model, finite, epoch + 1, n_batches, opt.lr)
            means = np.sum(sums, axis=0) / len(x)
            figures = dict(zip(terms._fields, means.tolist(), strict=True))
            if x_val is not None:
                held_out = mean_terms(model, x_val, np.random.default_rng(0))
                figures |= {f"val_{name}": value for name, value in held_out.items()}
            if bar:
                bar.set_postfix({name: f"{value:.2f}" for name, value in figures.items()})
            seconds = time.perf_counter() - began
            yield {"epoch": epoch + 1, **figures, "beta": beta, "seconds": seconds}


def minibatches(n, batch_size, rng):
    """Index arrays that hold each of 0 ... n - 1 once, in an order of rng's; the last may be
    shorter."""
    order = rng.permutation(n)
    return [order[i : i + batch_size] for i in range(0, n, batch_size)]


def _diverged(model, finite, epoch, batch, lr):
    """The error to raise; puts back the parameters of the epoch's start if they were lost."""
    if not np.isfinite(model.params.vector).all():
        model.params.vector[:] = finite
    return Diverged(
        f"training diverged: the ELBO is not finite in epoch {epoch}, batch {batch}. Lower the "
        f"learning rate (now {lr:g}) or scale the data, and start with a new optimiser; the "
        "model keeps its last finite parameters"
    )


def _bar(wanted, total):
    """A tqdm bar if it is wanted and tqdm is installed, else None in its place."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return contextlib.nullcontext()
    return tqdm(total=total, unit="batch") if wanted else contextlib.nullcontext()
