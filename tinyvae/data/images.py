"""Real pictures: digits that come with scikit-learn, and three sets that are fetched once.

x (n, height * width), float32. Pixels lie in [0, 1], 0 is black; stored row by row. MNIST,
Fashion-MNIST and the Olivetti faces are fetched by scikit-learn, which keeps them in its
data_home folder.
"""

import math
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinyvae.extras import import_error

OFFLINE = "load_faces(), load_digits() and load_names() work without a network"


TRAIN = 60_000  # of the 70,000 pictures of MNIST and Fashion-MNIST, the first ones


@dataclass(frozen=True)
class Images:
    """Pictures with classes: x (n, height * width) in [0, 1], labels (n,) of int, and test
    (n,), true for those that the set's makers keep for testing (where they keep none, none)."""

    x: np.ndarray
    labels: np.ndarray
    image_shape: tuple[int, int]
    test: np.ndarray


def load_digits():
    """The 1797 handwritten digits of 8 x 8 pixels that come with scikit-learn.

    Source: UCI, "Optical Recognition of Handwritten Digits", its test part; grey levels
    0 ... 16 are divided by 16. Raises ImportError if scikit-learn is missing.
    """
    data, labels = _sklearn_datasets("load_digits").load_digits(return_X_y=True)
    x = (data / 16).astype(np.float32)
    return Images(x, labels.astype(np.int64), (8, 8), np.zeros(len(x), bool))


def load_mnist(folder=None, data_home=None):
    """MNIST: 70,000 handwritten digits, 28 x 28, the 60,000 for training first, in order.

    Read from the IDX files in `folder`, packed by gzip or not. With no folder it is fetched
    once from OpenML by scikit-learn, which keeps it in data_home (None: its own folder) as
    text: reading that takes about 15 s and 1.3 GB of memory. If `folder` has the files of one
    part only (train or t10k), that part is the data. Raises FileNotFoundError if it has none,
    ValueError for a damaged file, ConnectionError without a network or copy, ImportError
    without scikit-learn.
    """
    return _load_idx("MNIST", "mnist_784", folder, data_home)


def load_fashion_mnist(folder=None, data_home=None):
    """Fashion-MNIST: 70,000 clothes, 28 x 28, the 60,000 for training first, in order.

    As `load_mnist`; Debian's package dataset-fashion-mnist puts its IDX files in
    /usr/share/datasets/fashion-mnist.
    """
    return _load_idx("Fashion-MNIST", "Fashion-MNIST", folder, data_home)


def _load_idx(title, name, folder, data_home):
    """A set of the form of MNIST, from `folder` or, if that is None, from OpenML."""
    if folder is None:
        hint = ", or its four IDX files in a folder you name by folder=..."
        return _load_openml(title, name, data_home, hint)
    parts = {part: _idx_part(Path(folder), part) for part in ("train", "t10k")}
    parts = {part: found for part, found in parts.items() if found is not None}
    if not parts:
        raise FileNotFoundError(
            f"no {title} in folder {str(Path(folder).absolute())!r}: looked for "
            "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and "
            "t10k-labels-idx1-ubyte, each with or without .gz"
        )
    pixels, labels = (np.concatenate(arrays) for arrays in zip(*parts.values(), strict=True))
    test = np.repeat([part == "t10k" for part in parts], [len(p[1]) for p in parts.values()])
    x = _to_unit(pixels.reshape(len(pixels), -1))
    return Images(x, labels, pixels.shape[1:], test)


def load_olivetti(data_home=None):
    """The Olivetti faces: 400 photographs, 10 of each of 40 people, made 28 x 28.

    Each pixel is the mean of the 64 x 64 original over the area it covers. Source: AT&T
    Laboratories Cambridge; fetched by scikit-learn and raising as `load_mnist`.
    """
    bunch = _fetch("Olivetti faces", "fetch_olivetti_faces", data_home)
    shrink = _area_means(64, 28)
    x = (shrink @ bunch.images @ shrink.T).reshape(-1, 28 * 28)
    x = x.astype(np.float32).clip(0, 1)
    return Images(x, bunch.target.astype(np.int64), (28, 28), np.zeros(len(x), bool))


def _area_means(n_in, n_out):
    """The matrix (n_out, n_in), rows summing to 1, that averages n_in pixels over n_out."""
    edges = np.arange(n_out + 1) * (n_in / n_out)
    pixel = np.arange(n_in)
    ends = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    return np.maximum(ends, 0) * (n_out / n_in)


def _to_unit(grey):
    x = grey.astype(np.float32)
    x /= 255
    return x


def _load_openml(title, name, data_home, hint=""):
    # liac-arff is slower than pandas but comes with scikit-learn.
    options = {"name": name, "version": 1, "as_frame": False, "parser": "liac-arff"}
    bunch = _fetch(title, "fetch_openml", data_home, hint, **options)
    x, test = _to_unit(bunch.data), np.arange(len(bunch.data)) >= TRAIN
    return Images(x, bunch.target.astype(np.int64), (28, 28), test)


def _sklearn_datasets(what):
    """scikit-learn's module of data sets, imported on the first call that needs it."""
    try:
        from sklearn import datasets
    except ImportError as error:
        raise import_error(error, what, "sklearn") from error
    return datasets


def _fetch(title, fetcher, data_home, hint="", **options):
    """What scikit-learn's fetcher gives, from its cache or the network."""
    from http.client import HTTPException  # here, as they take half of tinyvae's import
    from urllib.error import URLError

    source = _sklearn_datasets(title)
    try:
        with warnings.catch_warnings():  # the one error below says it all
            warnings.filterwarnings("ignore", "A network error occurred|Retry downloading")
            return getattr(source, fetcher)(data_home=data_home, n_retries=1, **options)
    except (URLError, HTTPException, ConnectionError, TimeoutError) as error:
        raise ConnectionError(
            f"scikit-learn's {fetcher} could not download {title} ({error}): without a "
            f"network it needs an earlier download in {source.get_data_home(data_home)} "
            f"(another folder: data_home=...){hint}; {OFFLINE}"
        ) from error


def _idx_part(folder, part):
    """(pixels (n, height, width), labels (n,)) of "train" or "t10k"; None if not there."""
    images = _find_idx(folder, f"{part}-images-idx3-ubyte")
    labels = _find_idx(folder, f"{part}-labels-idx1-ubyte")
    if images is None and labels is None:
        return None
    if images is None or labels is None:
        raise FileNotFoundError(
            f"{images or labels} is there, but not its {'images' if labels else 'labels'}"
        )
    pixels, classes = _read_idx(images, 3), _read_idx(labels, 1)
    if len(pixels) != len(classes):
        raise ValueError(
            f"{images} holds {len(pixels)} pictures, but {labels} {len(classes)} labels"
        )
    if pixels.shape[1:] != (28, 28):
        raise ValueError(f"{images} must hold pictures of 28 x 28, got {pixels.shape}")
    return pixels, classes.astype(np.int64)


def _find_idx(folder, name):
    paths = (folder / name, folder / f"{name}.gz")
    return next((path for path in paths if path.is_file()), None)


def _read_idx(path, ndim):
    """The array of bytes, of `ndim` dimensions, in an IDX file; ValueError if damaged.

    The file: two zero bytes, 8 for unsigned bytes, ndim, each size as a big-endian 32-bit
    integer, then the data, last dimension fastest. Source: yann.lecun.com/exdb/mnist.
    """
    import gzip  # here, since few need it and it takes time to import

    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            shape = _idx_shape(path, ndim, file.read(4 + 4 * ndim))
            size = math.prod(shape)
            data = _read_up_to(size + 1, file)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is damaged or no gzip file: {error}") from error
    if len(data) != size:
        got = "more" if len(data) > size else len(data)
        raise ValueError(
            f"{path} must hold {size} bytes of data for its shape {shape}, got {got}"
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


def _idx_shape(path, ndim, header):
    magic = bytes([0, 0, 8, ndim])
    if header[:4] != magic or len(header) < 4 + 4 * ndim:
        raise ValueError(
            f"{path} must begin with the bytes {magic.hex(' ')} and {ndim} sizes (IDX), "
            f"got {header.hex(' ')}"
        )
    return tuple(int(size) for size in np.frombuffer(header[4:], ">u4"))


def _read_up_to(size, file):
    """At most `size` bytes of `file`, piece by piece: `file.read(size)` makes room for all of
    them before it knows that they are there, and a packed file may unpack to any number."""
    data = bytearray()
    while len(data) < size and (piece := file.read(min(1 << 20, size - len(data)))):
        data += piece
    return data
