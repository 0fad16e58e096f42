"""The training loop: `for epoch in train(...)` replaces callbacks and loggers. Each step of the
optimiser raises mean(recon - beta kl) on one minibatch. `import tinyvae.train as t` gives the
function, for tinyvae has it under the module's name: `from tinyvae.train import Diverged`."""

import math
import time
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.random import Generator

from tinyvae import bars
from tinyvae.arrays import check_variation
from tinyvae.evaluate import mean_terms
from tinyvae.ops import Array
from tinyvae.parameters import Parameters
from tinyvae.threads import calm
from tinyvae.validation import check_float, check_generator, check_int, check_kl_weights


class Diverged(ArithmeticError):
    """Training left the finite numbers; the model keeps its last finite parameters."""


class Trainable(Protocol):
    """What `train` asks of a model.

    validate   x and c as arrays of equally many rows; ValueError or TypeError for bad ones
    objective  a NamedTuple of terms, each (N,), in nats, of rows that `validate` gave, the
               noise drawn from rng; keeps what `backward` needs, if it is to remember
    backward   fills grads for the last objective; takes beta and free_bits if it `weighs_kl`
    """

    params: Parameters
    grads: Parameters
    weighs_kl: bool

    def validate(self, x: Any, c: Any = None, name: str = "x") -> tuple[Array, Array]: ...
    def objective(self, x: Array, c: Array, rng: Generator, remember: bool = True) -> Any: ...
    def backward(self, **weights: float) -> None: ...


class Training(Iterator):
    """What `train` returns: nothing is trained until it is looped over, and that only once."""

    def __init__(self, epochs: Iterator[dict[str, Any]]) -> None:
        self._epochs, self._state = epochs, "not begun"

    def __next__(self) -> dict[str, Any]:
        if self._state == "over":
            raise ValueError("this training is over: call train again to go on")
        self._state = "over"  # unless it comes to a next one
        epoch = next(self._epochs)
        self._state = "begun"
        return epoch

    def __repr__(self) -> str:
        return f"<training, {self._state}: loop over it, `for epoch in train(...)`>"

    def __del__(self) -> None:
        if vars(self).get("_state") == "not begun":
            warnings.warn("train(...) trains only when it is looped over", stacklevel=2)


def train(
    model: Trainable, opt: Any, x: Any, epochs: int = 30, batch_size: int = 128, *,
    rng: Generator, c: Any = None, beta: float = 1.0, warmup: float = 0,
    free_bits: float = 0.0, cosine: bool = False, x_val: Any = None, c_val: Any = None,
    progress: bool = True, start: int = 0,
) -> Training:  # fmt: skip
    """Train `model` on x (N, n_x); yield after each epoch a dict of its figures.

    They are "epoch" (from 1), the model's terms ("elbo", "recon", "kl"; for an autoencoder
    "recon"), means over the epoch's examples in nats and never reweighted, "beta" (its last,
    where there is a KL to weigh), "seconds", and with x_val the terms there as "val_elbo", ...
    `list(train(...))` trains at once.

    opt        an optimiser of the model's own parameters, or of some of them, as `Adam`
    rng        draws each epoch's order and the noise: same seed, same machine, same bits, on
               one processor or many, if threadpoolctl is there
    c, c_val   the conditions of x and x_val, (N, n_c), where the model has them
    warmup     epochs over which beta rises in a line from 0 (after Bowman et al. 2016)
    free_bits  nats that each latent may say at no cost; see `VAE.loss`
    cosine     the learning rate falls to 0 along half a cosine (Loshchilov & Hutter 2017)
    progress   a bar with the terms, if tqdm is installed
    start      epochs already done: to resume, pass the same arguments, the optimiser and rng
               as they were then (`save` keeps them), and this

    ValueError or TypeError for bad arguments, before anything changes. `Diverged` says where
    the ELBO stopped being finite. Ctrl-C is safe anywhere: the model stays usable.
    """
    if isinstance(model, type) or not hasattr(model, "objective"):
        raise TypeError(f"model must be one such as VAE(...), got {model!r}")
    data, rng = model.validate(x, c), check_generator(rng)
    for name, given in (("x", x), ("c", c)):
        if given is not None:
            check_variation(name, given, data[0].dtype)
    held_out = None if x_val is None else model.validate(x_val, c_val, name="x_val")
    if x_val is None and c_val is not None:
        raise ValueError("c_val goes with x_val, which is None")
    if not isinstance(cosine, (bool, np.bool_)):
        raise TypeError(f"cosine must be True or False, got {cosine!r}")
    start, epochs = check_int("start", start, least=0), check_int("epochs", epochs)
    if start > epochs:
        raise ValueError(f"start must be <= epochs = {epochs}, got {start}")
    batch_size, warmup = check_int("batch_size", batch_size), check_float("warmup", warmup, 0)
    check_kl_weights(model, beta, free_bits)
    check_kl_weights(model, 0.0 if warmup else 1.0, 0.0)  # a warm-up begins at beta = 0
    _check_optimiser(opt, model)
    schedule = partial(_schedule, opt, beta, warmup, cosine, epochs)
    # A generator checks nothing before its first step, so it is a function of its own.
    step = partial(_one_epoch, model, opt, data, batch_size, rng, schedule, free_bits)
    total = (epochs - start) * math.ceil(len(data[0]) / batch_size)
    open_bar = partial(bars.bar, total=total) if progress else nullcontext
    return Training(_epochs(model, step, range(start, epochs), held_out, open_bar))


def _check_optimiser(opt, model):
    params = getattr(opt, "params", None)
    own = params and all(a is model.params.get(n) for n, a in params.items())
    if not (own and hasattr(opt, "step")):
        what = "an optimiser of this model's own arrays: Adam(model.params)"
        raise ValueError(f"opt must be {what}")


def _schedule(opt, beta, warmup, cosine, epochs, done):
    """beta and the learning rate when `done` epochs (a fraction counts) are over."""
    rise = min(1.0, done / warmup) if warmup else 1.0
    fall = 0.5 * (1 + math.cos(math.pi * done / epochs)) if cosine else 1.0
    return beta * rise, opt.lr * fall


def _epochs(model, one_epoch, epochs, held_out, open_bar):
    with open_bar() as bar:
        for epoch in epochs:
            began = time.perf_counter()
            figures, beta = calm(one_epoch, epoch, bar)
            if held_out is not None:
                x, c = held_out
                rng = np.random.default_rng(0)  # its own, so that watching changes no training
                terms = mean_terms(model, x, rng, c if c.size else None)
                figures |= {f"val_{name}": value for name, value in terms.items()}
            if bar:
                first = next(iter(figures))  # with more than two terms the bar has no room
                shown = figures if held_out is None else (first, f"val_{first}")
                bar.set_postfix({name: f"{figures[name]:.2f}" for name in shown})
            weight = {"beta": beta} if model.weighs_kl else {}
            seconds = time.perf_counter() - began
            yield {"epoch": epoch + 1, **figures, **weight, "seconds": seconds}


def _one_epoch(model, opt, data, batch_size, rng, schedule, free_bits, epoch, bar):
    """(the means of the model's terms over the epoch's examples, its last beta)."""
    finite, sums = model.params.vector.copy(), []
    batches = minibatches(len(data[0]), batch_size, rng)
    for i, rows in enumerate(batches):
        beta, lr = schedule(epoch + i / len(batches))
        with np.errstate(all="ignore"):  # Diverged tells what matters, whatever np.seterr says
            terms = model.objective(*(array[rows] for array in data), rng)
            sums.append([term.sum(dtype=np.float64) for term in terms])
            if not np.isfinite(sums[-1]).all():
                raise _diverged(model, finite, epoch + 1, i + 1, opt.lr)
            model.backward(**check_kl_weights(model, beta, free_bits))
            opt.step(model.grads, lr=lr)
        if bar:
            bar.update()
    if not np.isfinite(model.params.vector).all():  # no next batch would tell
        raise _diverged(model, finite, epoch + 1, len(batches), opt.lr)
    means = np.sum(sums, axis=0) / len(data[0])
    return dict(zip(terms._fields, means.tolist(), strict=True)), beta


def minibatches(n: int, batch_size: int, rng: Generator) -> list[Array]:
    """Arrays that hold each of 0 ... n - 1 once, in rng's order; the last may be shorter."""
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
