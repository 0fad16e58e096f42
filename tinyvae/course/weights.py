"""A model as a page can carry it: its settings, and its parameters in base64.

js/weights.js makes the model of it again.
"""

import base64

import numpy as np

from tinyvae.distributions import Gaussian

SIZES = "n_x", "n_h", "n_z", "n_c"


def pack(model, dtype="float32", encoder=True):
    """A VAE or a Diffusion as a dict for JSON: kind, settings, dtype, encoder, weights.

    An Autoencoder goes without its encoder, as a VAE whose decoder's output is the picture.

    `weights` is model.params.vector in little-endian `dtype`, float32 or float16 (half the
    bytes; a weight keeps three digits). A VAE that only decodes halves them again: without
    its `encoder`, whose parameters are the first. ValueError for another dtype, or for a
    parameter that is not finite in it; TypeError for a model that js/weights.js does not know.
    """
    kind = type(model).__name__
    if kind == "Autoencoder" and not encoder:
        kind = "VAE"
    if kind not in ("VAE", "Diffusion"):
        raise TypeError(f"model must be a VAE or a Diffusion, got {kind}")
    if kind == "Diffusion" and not encoder:
        raise ValueError("encoder must be True for a Diffusion: it has none to leave out")
    if dtype not in ("float32", "float16"):
        raise ValueError(f"dtype must be float32 or float16, got {dtype!r}")
    names = [name for name in model.params if encoder or not name.startswith("encoder.")]
    with np.errstate(over="ignore"):  # too large becomes inf, refused just below
        vector = np.concatenate([model.params[name].ravel() for name in names])
        vector = vector.astype(dtype)
    if not np.isfinite(vector).all():
        raise ValueError(f"the model's parameters must be finite in {dtype}")
    header = {"kind": kind, "settings": _settings(model), "dtype": dtype, "encoder": encoder}
    return header | {"weights": base64_of(vector, dtype)}


def base64_of(array, dtype="float32"):
    """The array's numbers as little-endian `dtype`, row by row, in base64."""
    numbers = np.asarray(array).astype(np.dtype(dtype).newbyteorder("<"))
    return base64.b64encode(numbers.tobytes()).decode("ascii")


def pack_greys(x):
    """Grey pictures x, in [0, 1], as bytes in base64: what `greys` of js/weights.js reads."""
    return base64.b64encode(np.rint(255 * x).astype(np.uint8).tobytes()).decode("ascii")


def _settings(model):
    settings = {name: getattr(model, name) for name in SIZES if hasattr(model, name)}
    settings["activation"] = model.activation.__name__
    if hasattr(model, "alpha_bar"):
        return settings | {"alpha_bar": model.alpha_bar.tolist()}
    likelihood = getattr(model, "likelihood", Gaussian())
    return settings | {"likelihood": [type(likelihood).__name__, dict(likelihood.settings)]}
