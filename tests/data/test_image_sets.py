"""Real pictures: files read whole or refused, fetched ones kept, and plain words offline."""

import gzip
import hashlib
import json
import re
import socket
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path

import joblib
import numpy as np
import pytest

import tinyvae as tv
from tinyvae.data import images

DEBIAN_FASHION = Path("/usr/share/datasets/fashion-mnist")
MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist"  # beside the project


def test_digits():
    digits = tv.load_digits()
    assert digits.x.shape == (1797, 64) and digits.x.dtype == np.float32
    assert digits.x.min() == 0 and digits.x.max() == 1 and digits.image_shape == (8, 8)
    assert np.array_equal(np.unique(digits.labels), np.arange(10))
    assert digits.labels.dtype.kind == "i" and len(digits.labels) == 1797


# ---- IDX files -------------------------------------------------------------------------


def idx(array, magic=None, shape=None):
    """The bytes of an IDX file of `array`, uint8."""
    shape = array.shape if shape is None else shape
    magic = bytes([0, 0, 8, array.ndim]) if magic is None else magic
    return magic + struct.pack(f">{len(shape)}I", *shape) + array.tobytes()


def write(path, content):
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def idx_folder(folder, end, parts=("train", "t10k")):
    """Made files of 5 and 2 pictures; picture i of all is filled with grey 30 i."""
    numbers = {"train": np.arange(5), "t10k": np.arange(5, 7)}
    for part in parts:
        images = (30 * numbers[part])[:, None, None] * np.ones((28, 28))
        write(folder / f"{part}-images-idx3-ubyte{end}", idx(images.astype(np.uint8)))
        write(folder / f"{part}-labels-idx1-ubyte{end}", idx(numbers[part].astype(np.uint8)))


ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("end", ["", ".gz"])
def test_idx_files_give_their_bytes(tmp_path, end):
    assert np.array_equal(images._read_idx(write(tmp_path / f"a{end}", idx(ARRAY)), 3), ARRAY)


DAMAGED = {
    "empty": b"",
    "ends in its magic number": b"\x00\x00\x08",
    "ends in its sizes": idx(ARRAY)[:10],
    "one byte short": idx(ARRAY)[:-1],
    "one byte long": idx(ARRAY) + b"\x00",
    "signed bytes": idx(ARRAY, magic=bytes([0, 0, 9, 3])),
    "no zero byte": idx(ARRAY, magic=bytes([1, 0, 8, 3])),
    "two dimensions": idx(ARRAY[0]),
    "huge sizes": idx(ARRAY, shape=(2**32 - 1, 2**32 - 1, 2**32 - 1)),
}


@pytest.mark.parametrize("end", ["", ".gz"])
@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_idx_files_are_refused_by_name(tmp_path, end, content):
    path = write(tmp_path / f"damaged{end}", content)
    with pytest.raises(ValueError, match=re.escape(str(path))):
        images._read_idx(path, 3)


@pytest.mark.parametrize(
    "content",
    [idx(ARRAY), gzip.compress(idx(ARRAY))[:-9], gzip.compress(idx(ARRAY))[:-20]],
    ids=["no gzip", "cut in its tail", "cut in its data"],
)
def test_damaged_gzip_is_refused_by_name(tmp_path, content):
    path = tmp_path / "a.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(f"{path} is damaged or no gzip file")):
        images._read_idx(path, 3)


@pytest.mark.parametrize("begin", [b"", idx(ARRAY)])
def test_no_more_is_unpacked_than_the_sizes_say(tmp_path, begin):
    """A file of nine megabytes that unpacks to two thousand."""
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(begin) + 20 * gzip.compress(bytes(10**8), 1))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=re.escape(str(path))):
            images._read_idx(path, 3)
        assert tracemalloc.get_traced_memory()[1] < 10**7
    finally:
        tracemalloc.stop()


# ---- MNIST and Fashion-MNIST from a folder ---------------------------------------------

from_folder = pytest.mark.parametrize("load", [tv.load_mnist, tv.load_fashion_mnist])


@from_folder
@pytest.mark.parametrize("end", ["", ".gz"])
def test_a_folder_gives_train_then_test(tmp_path, load, end):
    idx_folder(tmp_path, end)
    data = load(str(tmp_path))
    assert data.x.shape == (7, 784) and data.x.dtype == np.float32
    assert np.allclose(data.x, 30 * np.arange(7)[:, None] / 255)
    assert np.array_equal(data.labels, np.arange(7)) and data.labels.dtype.kind == "i"
    assert data.image_shape == (28, 28) and data.test.tolist() == [False] * 5 + [True] * 2


@from_folder
def test_a_folder_with_one_part_gives_that_part(tmp_path, load):
    idx_folder(tmp_path, "", parts=["t10k"])
    data = load(tmp_path)
    assert np.array_equal(data.labels, [5, 6]) and data.test.all()


@from_folder
def test_files_missing_or_apart_are_named(tmp_path, load):
    with pytest.raises(FileNotFoundError) as error:
        load(folder=tmp_path)
    for part in (str(tmp_path), "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte", ".gz"):
        assert part in str(error.value)
    idx_folder(tmp_path, "")
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match=r"train-images-idx3-ubyte.*not its labels"):
        load(folder=tmp_path)


@from_folder
def test_fewer_labels_than_pictures_are_refused(tmp_path, load):
    idx_folder(tmp_path, "")
    write(tmp_path / "train-labels-idx1-ubyte", idx(np.zeros(4, np.uint8)))
    with pytest.raises(ValueError, match=r"holds 5 pictures, but .* 4 labels"):
        load(folder=tmp_path)


@from_folder
def test_pictures_of_another_size_are_refused(tmp_path, load):
    idx_folder(tmp_path, "", parts=["train"])
    write(tmp_path / "train-images-idx3-ubyte", idx(np.zeros((5, 3, 4), np.uint8)))
    with pytest.raises(ValueError, match=r"28 x 28.*\(5, 3, 4\)"):
        load(folder=tmp_path)


@pytest.mark.skipif(not MNIST.is_dir(), reason="MNIST's four IDX files are not beside it")
def test_the_real_mnist():
    data = tv.load_mnist(MNIST)
    assert data.x.shape == (70_000, 784) and data.x.max() == 1 and data.x.min() == 0
    assert data.test.sum() == 10_000 and not data.test[:60_000].any()
    assert data.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert abs(float(data.x[:60_000].mean(dtype=float)) - 0.1307) < 1e-4  # published mean


@pytest.mark.skipif(not DEBIAN_FASHION.is_dir(), reason="needs dataset-fashion-mnist")
def test_the_real_fashion_mnist_of_debian():
    data = tv.load_fashion_mnist(folder=DEBIAN_FASHION)
    assert data.x.shape == (70_000, 784) and data.x.max() == 1 and data.x.min() == 0
    assert np.flatnonzero(data.test).tolist() == list(range(60_000, 70_000))
    assert np.array_equal(np.bincount(data.labels), np.full(10, 7000))
    assert np.array_equal(np.bincount(data.labels[:60_000]), np.full(10, 6000))
    assert data.labels[:5].tolist() == [9, 0, 0, 3, 0]
    assert abs(float(data.x[:60_000].mean(dtype=float)) - 0.2860) < 1e-4  # published mean


# ---- scikit-learn's fetchers, on made caches, with no network --------------------------


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


def openml_cache(data_home, name, data_id, pixels, labels):
    """The files that scikit-learn keeps after fetch_openml(name, version=1)."""
    root = data_home / "openml" / "openml.org"
    columns = [f"pixel{i + 1}" for i in range(784)]
    rows = [
        ",".join(map(str, [*row, label])) for row, label in zip(pixels, labels, strict=True)
    ]
    attributes = [f"@ATTRIBUTE {column} REAL" for column in columns]
    classes = "@ATTRIBUTE class {" + ",".join(map(str, range(10))) + "}"
    arff = "\n".join([f"@RELATION {name}", *attributes, classes, "@DATA", *rows, ""]).encode()
    flags = dict.fromkeys(["is_ignore", "is_row_identifier"], "false")
    flags["number_of_missing_values"] = "0"
    features = [
        {
            "index": str(i),
            "name": column,
            "data_type": "numeric",
            "is_target": "false",
            **flags,
        }
        for i, column in enumerate(columns)
    ]
    features.append(
        {
            "index": "784",
            "name": "class",
            "data_type": "nominal",
            "is_target": "true",
            **flags,
        }
    )
    info = {"did": data_id, "name": name, "version": 1, "status": "active"}
    description = {
        **info, "id": str(data_id), "format": "ARFF", "description": "made", "file_id": "7",
        "url": "https://www.openml.org/data/v1/download/7",
        "md5_checksum": hashlib.md5(arff).hexdigest(),
    }  # fmt: skip
    count = {"name": "NumberOfInstances", "value": str(len(labels))}
    api = {
        f"list/data_name/{name.lower()}/limit/2/data_version/1": {"data": {"dataset": [info]}},
        f"{data_id}": {"data_set_description": description},
        f"features/{data_id}": {"data_features": {"feature": features}},
        f"qualities/{data_id}": {"data_qualities": {"quality": [count]}},
    }
    files = {
        f"api/v1/json/data/{key}": json.dumps(value).encode() for key, value in api.items()
    }
    for path, content in {**files, "data/v1/download/7": arff}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / f"{path}.gz").write_bytes(gzip.compress(content))


@pytest.mark.parametrize(
    ("loader", "name", "data_id"),
    [(tv.load_mnist, "mnist_784", 554), (tv.load_fashion_mnist, "Fashion-MNIST", 40996)],
)
def test_openml_sets_come_from_scikit_learns_cache(tmp_path, no_network, loader, name, data_id):
    pixels = np.random.default_rng(0).integers(0, 256, (12, 784))
    labels = np.arange(12) % 10
    openml_cache(tmp_path, name, data_id, pixels, labels)
    data = loader(data_home=tmp_path)
    assert data.x.dtype == np.float32 and np.allclose(data.x, pixels / 255)
    assert np.array_equal(data.labels, labels) and data.labels.dtype.kind == "i"
    assert data.image_shape == (28, 28)


def olivetti_cache(data_home, photographs):
    """Pictures (400, 64, 64) as scikit-learn keeps them: in columns, on joblib's file."""
    columns = photographs.transpose(0, 2, 1).reshape(400, -1)
    joblib.dump(columns, data_home / "olivetti_py3.pkz", compress=1)


def test_olivetti_shrinks_photographs_by_exact_area_means(tmp_path, no_network):
    grey = np.random.default_rng(0).integers(0, 256, (400, 64, 64))
    grey[0, 0, 0], grey[0, 0, 1] = 0, 255  # scikit-learn stretches the range to [0, 1]
    olivetti_cache(tmp_path, grey.astype(np.uint8))
    data = tv.load_olivetti(data_home=tmp_path)
    # Each pixel repeated 7 x 7 makes 448 = 28 * 16: plain block means, another way.
    fine = grey[:3].repeat(7, axis=1).repeat(7, axis=2) / 255
    expected = fine.reshape(3, 28, 16, 28, 16).mean(axis=(2, 4)).reshape(3, 784)
    assert data.x.shape == (400, 784) and data.x.dtype == np.float32
    assert np.abs(data.x[:3] - expected).max() < 1e-6
    assert np.array_equal(data.labels, np.arange(400) // 10) and data.image_shape == (
        28,
        28,
    )


def test_area_means_keep_a_constant_and_the_mean():
    shrink = images._area_means(64, 28)
    assert shrink.shape == (28, 64) and np.allclose(shrink.sum(axis=1), 1)
    assert np.allclose(shrink.sum(axis=0), 28 / 64) and shrink.min() >= 0


@pytest.mark.parametrize(
    ("loader", "title"),
    [
        (tv.load_mnist, "MNIST"),
        (tv.load_fashion_mnist, "Fashion-MNIST"),
        (tv.load_olivetti, "Olivetti faces"),
    ],
)
def test_no_network_is_one_sentence_that_helps(tmp_path, no_network, recwarn, loader, title):
    with pytest.raises(ConnectionError) as error:
        loader(data_home=tmp_path)
    message = str(error.value)
    helps = [
        title,
        str(tmp_path),
        "data_home=",
        "load_faces()",
        "load_digits()",
        "load_names()",
    ]
    assert all(part in message for part in helps) and "\n" not in message
    assert ("folder=" in message) == (loader is not tv.load_olivetti)
    assert error.value.__cause__ is not None
    assert not [w for w in recwarn if "network" in str(w.message).lower()]


LOADERS = {
    "load_digits": tv.load_digits, "MNIST": tv.load_mnist, "Olivetti": tv.load_olivetti,
    "Fashion-MNIST": tv.load_fashion_mnist,
}  # fmt: skip


@pytest.mark.parametrize("name", LOADERS)
def test_without_scikit_learn_the_error_says_how_to_get_it(monkeypatch, name):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(
        ImportError, match=rf"{name}.* needs .*pip install scikit-learn.*\[data"
    ):
        LOADERS[name]()
    assert len(tv.load_faces(2).x) == 2 and len(tv.load_names().text) == 5163


@pytest.mark.parametrize(
    ("shadow", "content"),
    [
        ("sklearn.py", ""), ("sklearn/__init__.py", ""), ("scipy.py", ""),
        ("sklearn.py", "import nothing_there"), ("threadpoolctl.py", ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("call", ["tinyvae.load_digits()", "import tinyvae.estimator"])
def test_a_file_that_stands_in_the_way_is_named(tmp_path, shadow, content, call):
    """A learner's own file, beside the notebook, has the name of a module."""
    path = tmp_path / shadow
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")
    root = str(Path(__file__).parents[2])
    code = f"import sys; sys.path.insert(1, {root!r}); import tinyvae; {call}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    said = done.stderr.strip().splitlines()[-1]
    assert said.startswith("ImportError: ") and "needs scikit-learn" in said
    assert str(path) in said and "give it another name" in said and "pip" not in said
