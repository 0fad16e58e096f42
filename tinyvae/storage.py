"""Models on disk: an .npz of named arrays and a JSON header, no pickle, a checksum over all.

A checkpoint is a model file that also holds the optimiser, the generator and the epoch.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinyvae.distributions import Bernoulli, Categorical, Gaussian
from tinyvae.layers import ReLU, SiLU, Tanh
from tinyvae.models import VAE, Autoencoder
from tinyvae.optim import Adam

FORMAT = "tinyvae model, version 1"
KNOWN = {
    c.__name__: c
    for c in (Autoencoder, VAE, Tanh, ReLU, SiLU, Bernoulli, Gaussian, Categorical)
}


class Checkpoint(NamedTuple):
    """A model and what training needs to go on after `epoch` as if it had not stopped."""

    model: Autoencoder
    opt: Adam | None
    rng: np.random.Generator | None
    epoch: int


class NoSuchModel(FileNotFoundError, ValueError):
    """There is no file at that path: a FileNotFoundError, and bad input like the others."""


def save(path, model, opt=None, rng=None, epoch=0):
    """Write `model` to `path` (and, to resume training, its Adam, generator and epoch count).

    The file is written beside the old one, flushed to the disk and then renamed over it: a
    save that is cut short leaves the old file whole. ValueError if a parameter is not finite,
    TypeError for a model, activation or likelihood that `load` would not know.
    """
    header, arrays = _describe(model, opt, rng, epoch)
    header["sha256"] = _digest(header, arrays)
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            np.savez(file, header=np.array(json.dumps(header)), **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def load(path):
    """The model saved at `path`.

    `NoSuchModel` if there is no such file; ValueError naming the file and the reason if it is
    truncated, changed, no model, would need pickle, or holds a missing, extra, wrongly shaped
    or non-finite array.
    """
    return load_checkpoint(path).model


def load_checkpoint(path):
    """Checkpoint(model, opt, rng, epoch) as saved at `path`; errors as in `load`."""
    path = Path(path)
    if not path.is_file():
        raise NoSuchModel(f"there is no model file at {path}")
    try:
        return _restore(*_read(path))
    # A damaged file can fail in any way on the way in; each is one fact for the reader.
    except Exception as error:
        raise ValueError(f"{path} is no whole tinyvae model: {error}") from error


def _describe(model, opt, rng, epoch):
    settings = model.settings
    likelihood, activation = settings.pop("likelihood"), settings.pop("activation")
    for kind in (type(model), type(likelihood), activation):
        if KNOWN.get(kind.__name__) is not kind:
            raise TypeError(f"cannot save a {kind.__name__}: tinyvae.load would not know it")
    header = {
        "format": FORMAT, "kind": type(model).__name__, "epoch": epoch,
        "settings": settings | {"dtype": settings["dtype"].name},
        "likelihood": [type(likelihood).__name__, dict(likelihood.settings)],
        "activation": activation.__name__,
        "rng": None if rng is None else rng.bit_generator.state,
        "adam": None,
    }  # fmt: skip
    arrays = dict(model.params)
    if opt is not None:
        header["adam"] = {n: getattr(opt, n) for n in ("lr", "beta1", "beta2", "eps", "t")}
        arrays |= {"adam.m": opt.m[""], "adam.v": opt.v[""]}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"cannot save the model: {name} is not finite")
    return header, arrays


def _digest(header, arrays):
    whole = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(arrays):
        whole.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        whole.update(arrays[name].tobytes())
    return whole.hexdigest()


def _read(path):
    with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    if "header" not in arrays:
        raise ValueError("it has no header")
    header = json.loads(str(arrays.pop("header")))
    if header.get("format") != FORMAT:
        raise ValueError(f"its format is {header.get('format')!r}, not {FORMAT!r}")
    return header, arrays


def _restore(header, arrays):
    kind, (likelihood, options) = KNOWN[header["kind"]], header["likelihood"]
    model = kind(
        **header["settings"], likelihood=KNOWN[likelihood](**options),
        activation=KNOWN[header["activation"]], rng=np.random.default_rng(0),
    )  # fmt: skip
    opt = None
    expected = {name: param.shape for name, param in model.params.items()}
    if header["adam"] is not None:
        opt = Adam(model.params)
        expected |= {"adam.m": opt.m[""].shape, "adam.v": opt.v[""].shape}
    _check_arrays(arrays, expected, model.dtype)
    if header.pop("sha256", None) != _digest(header, arrays):
        raise ValueError("its checksum does not match its contents")
    for name, param in model.params.items():
        param[...] = arrays[name]
    if opt is not None:
        vars(opt).update(header["adam"])
        opt.m[""][:], opt.v[""][:] = arrays["adam.m"], arrays["adam.v"]
    return Checkpoint(model, opt, _generator(header["rng"]), header["epoch"])


def _check_arrays(arrays, expected, dtype):
    for what, names in (
        ("lacks", expected.keys() - arrays.keys()), ("has the extra", arrays.keys() - expected)
    ):  # fmt: skip
        if names:
            raise ValueError(f"it {what} array {', '.join(sorted(names))}")
    for name, array in arrays.items():
        if array.shape != expected[name] or array.dtype != dtype:
            raise ValueError(
                f"{name} must be {dtype} of shape {expected[name]}, "
                f"got {array.dtype} of shape {array.shape}"
            )
        if not np.isfinite(array).all():
            raise ValueError(f"{name} is not finite")


def _generator(state):
    if state is None:
        return None
    bits = getattr(np.random, state["bit_generator"])()
    bits.state = state
    return np.random.Generator(bits)
