"""Models on disk: an .npz of named arrays and a JSON header, no pickle, a checksum over all.

A checkpoint is a model file that also holds the optimiser, the generator and the epoch.
"""

import io
import json
import math
import os
import warnings
from contextlib import nullcontext
from itertools import pairwise
from pathlib import Path
from types import NoneType
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.random import Generator

from tinyvae.diffusion import Diffusion
from tinyvae.distributions import Bernoulli, Categorical, Gaussian
from tinyvae.files import replacing
from tinyvae.layers import ReLU, SiLU, Tanh
from tinyvae.models import VAE, Autoencoder
from tinyvae.optim import Adam
from tinyvae.parameters import Model
from tinyvae.validation import check_float, check_generator, check_int, one_line

FORMAT = "tinyvae model, version 1"
MODELS: dict[str, Any] = {c.__name__: c for c in (Autoencoder, VAE, Diffusion)}
OLD_NAMES = {"ConditionalVAE": "VAE"}  # what earlier versions wrote, and what it is now
ACTIVATIONS = {c.__name__: c for c in (Tanh, ReLU, SiLU)}
LIKELIHOODS = {c.__name__: c for c in (Bernoulli, Gaussian, Categorical, NoneType)}
GENERATORS = "PCG64", "PCG64DXSM", "MT19937"
Where = str | os.PathLike[str] | BinaryIO


class Checkpoint(NamedTuple):
    """A model and what training needs to go on after `epoch` as if it had not stopped."""

    model: Any  # an Autoencoder, a VAE or a Diffusion, as saved
    opt: Adam | None
    rng: Generator | None
    epoch: int


class NoSuchModel(FileNotFoundError, ValueError):
    """There is no file at that path: a FileNotFoundError, and bad input like the others."""


def save(
    path: Where, model: Model, opt: Adam | None = None,
    rng: Generator | None = None, epoch: int = 0,
) -> None:  # fmt: skip
    """Write `model` to `path`, a file's name or a binary file that is open for writing (and, to
    resume training, its Adam, generator and epoch count).

    A save that is cut short leaves the old file whole. ValueError if a parameter is not finite,
    TypeError for a model, activation or likelihood that `load` would not know, OSError naming
    the file if it cannot be written.
    """
    header, arrays = _describe(model, opt, rng, epoch)
    header = json.loads(json.dumps(header, default=_plain))
    header["sha256"] = _digest(header, arrays)
    whole = io.BytesIO()  # an archive that cannot be written to its end complains late as well
    np.savez(whole, header=np.array(json.dumps(header)), **arrays)
    with nullcontext(path) if hasattr(path, "write") else replacing(path) as file:
        file.write(whole.getbuffer())


def load(path: Where) -> Any:
    """The model saved at `path`, a file's name, with or without .npz, or a binary file that is
    open for reading.

    `NoSuchModel` if there is no such file; ValueError naming the file and the reason if it is
    truncated, changed, no model, would need pickle, or holds a missing, extra, wrongly shaped
    or non-finite array.
    """
    return load_checkpoint(path).model


def load_face_vae() -> VAE:
    """The face VAE that ships with the package: 12 latents, pictures 28 x 28, Gaussian.

    Made by `python -m tinyvae --hidden 192 96 --epochs 300 --out out/shipped`, whose model.npz
    is tinyvae/data/face_vae.npz; it was trained on 10,000 of the faces of seed 0.
    """
    return load(Path(__file__).parent / "data" / "face_vae.npz")


def load_checkpoint(path: Where) -> Checkpoint:
    """Checkpoint(model, opt, rng, epoch) as saved at `path`; errors as in `load`."""
    if not hasattr(path, "read"):
        with open(_found(Path(path)), "rb") as file:
            return load_checkpoint(file)
    try:
        return _restore(*_read(path))
    # A damaged file can fail in any way on the way in; each is one fact for the reader.
    except Exception as error:
        plain = isinstance(error, ValueError)
        why = str(error) if plain else f"it is damaged, {type(error).__name__}: {error}"
        name = getattr(path, "name", "the file")
        said = f"{name} is no whole tinyvae model: {why[:200]}"
        raise ValueError(one_line(said)) from error


def _found(path):
    """`path`, or, as NumPy's own `save` adds it, the same with .npz."""
    for one in (path, Path(f"{path}.npz"), Path(str(path).removesuffix(".npz"))):
        if one.is_file():
            return one
    raise NoSuchModel(one_line(f"there is no model file at {path}"))


def _describe(model, opt, rng, epoch):
    if isinstance(model, type) or not hasattr(model, "settings"):
        raise TypeError(f"model must be a model, got {model!r}: it is save(path, model)")
    header, arrays = _header(model, rng, epoch), dict(model.params)
    shapes = {name: array.shape for name, array in arrays.items()}
    if shapes != _shapes(header) or not all(_usual(model, header)):
        raise TypeError(
            "cannot save a model with networks of its own: load makes the usual ones"
        )
    if opt is not None:
        if getattr(opt, "params", None) is not model.params:
            raise ValueError("opt must be an Adam over this model's params, all of them")
        header["adam"] = {n: getattr(opt, n) for n in ("lr", "beta1", "beta2", "eps", "t")}
        arrays |= {"adam.sum_m": opt.m[""], "adam.sum_v": opt.v[""]}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"cannot save the model: {name} is not finite")
    return header, arrays


def _header(model, rng, epoch):
    settings = dict(model.settings)
    likelihood, activation = settings.pop("likelihood", None), settings.pop("activation")
    for kind, known in (
        (type(model), MODELS), (type(likelihood), LIKELIHOODS), (activation, ACTIVATIONS)
    ):  # fmt: skip
        _check_known(kind, known)
    return {
        "format": FORMAT, "kind": type(model).__name__,
        "settings": settings | {"dtype": settings["dtype"].name},
        "likelihood": [type(likelihood).__name__, dict(getattr(likelihood, "settings", {}))],
        "activation": activation.__name__, "epoch": check_int("epoch", epoch, least=0),
        "rng": None if rng is None else check_generator(rng).bit_generator.state, "adam": None,
    }  # fmt: skip


def _check_known(kind, known):
    """TypeError unless `load` would make this class: by its name, since a module that was
    reloaded has made another class of the same name."""
    ours = known.get(kind.__name__)
    if ours is None or (kind.__module__, kind.__qualname__) != (
        ours.__module__,
        ours.__qualname__,
    ):
        raise TypeError(f"cannot save a {kind.__name__}: tinyvae.load would not know it")


def _digest(header, arrays):
    import hashlib  # here, since OpenSSL comes with it and takes time to load

    whole = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(arrays):
        whole.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        whole.update(arrays[name].tobytes())
    return whole.hexdigest()


def _plain(number):
    """A NumPy number or array as Python's own."""
    return number.tolist()


def _read(raw):
    """(header, arrays) of the file `raw`. What it says of its own sizes may be anything, so it
    is measured."""
    from zipfile import ZipFile  # here, since it takes time to import

    if raw.read(4) != b"PK\3\4":
        raise ValueError("it does not begin as one does")
    size = raw.seek(0, os.SEEK_END)
    with ZipFile(raw) as file:
        members = file.infolist()
        if any(m.compress_type or m.compress_size != m.file_size for m in members):
            raise ValueError("it is compressed")  # one may hide a huge array
        if sum(member.file_size for member in members) > size:
            raise ValueError("it is smaller than its parts")
        arrays = {m.filename.removesuffix(".npy"): _array(file.read(m)) for m in members}
    if "header" not in arrays:
        raise ValueError("it has no header")
    header = json.loads(str(arrays.pop("header")))
    if header.get("format") != FORMAT:
        raise ValueError(f"its format is {header.get('format')!r}, not {FORMAT!r}")
    return header, arrays


def _array(content):
    """The array in an .npy file; ValueError if that holds another number of them than it says.
    NumPy's own reader makes room for the number that it says."""
    file = io.BytesIO(content)
    if np.lib.format.read_magic(file) != (1, 0):  # what `save` writes
        raise ValueError("an array is of another version")
    with warnings.catch_warnings(action="ignore"):  # on what Python 2 wrote
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject:
        raise ValueError("it holds objects, which would need pickle")
    return np.frombuffer(content, dtype, offset=file.tell()).reshape(shape)


def _restore(header, arrays):
    sha256 = header.pop("sha256", None)
    shapes = _shapes(header)
    _check_arrays(arrays, shapes, header["settings"]["dtype"])
    if sha256 != _digest(header, arrays):
        raise ValueError("its checksum does not match its contents")
    likelihood, options = header["likelihood"]
    settings = header["settings"] | {"activation": ACTIVATIONS[header["activation"]]}
    kind = _kind(header)
    if kind is not Diffusion:  # the one model without a likelihood
        settings["likelihood"] = LIKELIHOODS[likelihood](**options)
    model = kind(**settings, rng=np.random.default_rng(0))
    model.params.update({name: arrays[name] for name in model.params})
    epoch = check_int("epoch", header["epoch"], least=0)
    return Checkpoint(model, _adam(model, header["adam"], arrays), _rng(header["rng"]), epoch)


def _shapes(header):
    """The arrays that a model of these settings has, found without making one: a header that
    asks for billions of numbers is refused before they are there."""
    shapes = {}
    for part, sizes in _networks(header).items():
        for i, (n_in, n_out) in enumerate(pairwise(sizes)):
            shapes |= {f"{part}.{i}.W": (n_in, n_out), f"{part}.{i}.b": (n_out,)}
    if header["likelihood"] == ["Gaussian", {"sigma": None}]:
        shapes["likelihood.log_sigma"] = ()
    if header["adam"] is not None:
        total = sum(math.prod(shape) for shape in shapes.values())
        shapes |= {"adam.sum_m": (total,), "adam.sum_v": (total,)}
    return shapes


def _networks(header):
    """{part: its widths} of the networks of a model with these settings."""
    settings = {n: a for n, a in header["settings"].items() if n != "dtype"}
    return _kind(header).sizes(**settings)


def _usual(model, header):
    """Whether each network is one that `load` makes, its activations, too."""
    between = f", {header['activation']}(), "
    for part, sizes in _networks(header).items():
        layers = between.join(f"Dense({n_in}, {n_out})" for n_in, n_out in pairwise(sizes))
        yield repr(getattr(model, part)) == f"Sequential({layers})"


def _kind(header):
    return MODELS[OLD_NAMES.get(header["kind"], header["kind"])]


def _check_arrays(arrays, expected, dtype):
    for what, names in (
        ("lacks", expected.keys() - arrays.keys()), ("has the extra", arrays.keys() - expected)
    ):  # fmt: skip
        if names:
            raise ValueError(f"it {what} array {', '.join(sorted(names)[:5])}")
    for name, array in arrays.items():
        if array.shape != expected[name] or array.dtype != dtype:
            raise ValueError(
                f"{name} must be {dtype} of shape {expected[name]}, "
                f"got {array.dtype} of shape {array.shape}"
            )
        if not np.isfinite(array).all():
            raise ValueError(f"{name} is not finite")


def _adam(model, settings, arrays):
    if settings is None:
        return None
    t = check_int("t", settings.pop("t"), least=0)
    check_float("t", t)  # beta to the power of a larger number is none
    opt = Adam(model.params, **settings)
    opt.t, opt.m[""][:], opt.v[""][:] = t, arrays["adam.sum_m"], arrays["adam.sum_v"]
    return opt


def _rng(state):
    if state is None:
        return None
    if state["bit_generator"] not in GENERATORS:
        raise ValueError(f"its generator must be one of {', '.join(GENERATORS)}")
    bits = getattr(np.random, state["bit_generator"])()
    bits.state = state
    # What does not fit is cut off in silence, and a Mersenne twister goes on at any `pos`, also
    # outside of its numbers: in foreign memory.
    kept = json.loads(json.dumps(bits.state, default=_plain)) == state
    within = 0 <= state["state"].get("pos", 0) <= 624 and 0 <= state.get("has_uint32", 0) <= 1
    if not (kept and within):
        raise ValueError("its generator is in a state that none can be in")
    return np.random.Generator(bits)
