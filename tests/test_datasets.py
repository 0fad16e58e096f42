"""The data: faces drawn well, fast and reproducibly; files read whole or refused."""

import dataclasses
import gzip
import hashlib
import itertools
import json
import re
import socket
import struct
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinyvae as tv
from tinyvae.data import faces as datasets
from tinyvae.data import images

DEBIAN_FASHION = Path("/usr/share/datasets/fashion-mnist")
CORNERS = np.array(list(itertools.product([-1, 1], repeat=8)), np.float32)
MIDDLE = np.zeros((1, 8))


# ---- faces -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def faces():
    return tv.load_faces(3000, seed=0)


def test_faces_have_the_stated_shapes_types_and_ranges(faces):
    assert faces.x.shape == (3000, 784) and faces.x.dtype == np.float32
    assert faces.x.min() >= 0 and faces.x.max() <= 1
    assert faces.x.min() < 0.1 and faces.x.max() > 0.9  # the whole range is used
    assert faces.factors.shape == (3000, 8) and np.abs(faces.factors).max() <= 1
    assert faces.factor_names == (
        *("smile", "eye_spacing", "eye_size", "brow"),
        *("mouth_width", "face_width", "hair", "skin"),
    )
    assert faces.image_shape == (28, 28) and len(faces.captions) == 3000


def test_faces_follow_from_their_seed(faces):
    again, other = tv.load_faces(3000, seed=0), tv.load_faces(3000, seed=1)
    assert np.array_equal(faces.x, again.x) and np.array_equal(faces.factors, again.factors)
    assert not np.array_equal(faces.x, other.x)
    assert np.array_equal(tv.load_faces(100, seed=0).x, faces.x[:100])
    assert np.array_equal(datasets.draw_faces(faces.factors), faces.x)


def test_loading_leaves_the_global_generator_alone(faces):
    np.random.seed(3)  # noqa: NPY002
    expected = np.random.random(2)  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    tv.load_faces(10)
    assert np.array_equal(np.random.random(2), expected)  # noqa: NPY002


def test_factors_are_uniform_and_independent(faces):
    assert np.abs(faces.factors.mean(axis=0)).max() < 0.06
    assert np.abs(faces.factors.var(axis=0) - 1 / 3).max() < 0.03
    assert np.abs(np.corrcoef(faces.factors.T) - np.eye(8)).max() < 0.08


def test_faces_are_symmetric(faces):
    images = faces.x.reshape(-1, 28, 28)
    assert np.array_equal(images, images[:, :, ::-1])


@pytest.mark.parametrize("column", range(8))
def test_every_factor_shows_at_every_corner_of_the_others(column):
    low, high = (datasets.draw_faces(CORNERS[CORNERS[:, column] == end]) for end in (-1, 1))
    change = high - low  # 128 pairs that differ in this factor only
    assert np.sqrt((change**2).mean(axis=1)).min() > 0.025
    assert np.abs(change).max(axis=1).min() > 0.3


def test_factors_show_where_they_should():
    def rows_and_columns(column):
        low, high = np.repeat(MIDDLE, 2, axis=0)
        low[column], high[column] = -1, 1
        change = np.abs(np.diff(datasets.draw_faces([low, high]), axis=0)).reshape(28, 28)
        return np.flatnonzero(change.max(axis=1) > 0.01), change

    mouth, _ = rows_and_columns(0)
    eyes, _ = rows_and_columns(2)
    brows, _ = rows_and_columns(3)
    assert mouth.min() >= 17 and 10 <= eyes.min() and eyes.max() <= 17 and brows.max() <= 11


def test_a_smile_turns_the_corners_of_the_mouth_up():
    factors = np.repeat(MIDDLE, 2, axis=0)
    factors[:, 0] = -1, 1
    mouths = 1 - datasets.draw_faces(factors).reshape(2, 28, 28)[:, 17:26]
    rows = np.arange(17, 26)[:, None]

    def height(columns):  # the mean row of the darkest pixels: downwards is positive
        dark = np.maximum(mouths[:, :, columns] - 0.6, 0)
        return (dark * rows).sum(axis=(1, 2)) / dark.sum(axis=(1, 2))

    serious, smiling = height(slice(10, 11)) - height(slice(13, 15))
    assert serious > 0.2 and smiling < -0.8


@pytest.mark.parametrize("column", range(8))
def test_pictures_are_smooth_in_every_factor(column, faces):
    step = 0.002
    start = np.clip(faces.factors[:500], -0.99, 0.99)
    end = start.copy()
    end[:, column] += step
    slope = np.abs(datasets.draw_faces(end) - datasets.draw_faces(start)).max(axis=1) / step
    assert slope.max() < 6  # grey per unit; a jump of 0.1 grey would give 50


def test_factors_can_be_read_from_pixels_by_a_line(faces):
    from sklearn.linear_model import Ridge
    from sklearn.metrics import r2_score

    line = Ridge(alpha=0.1).fit(faces.x[:2500], faces.factors[:2500])
    guess = line.predict(faces.x[2500:])
    r2 = r2_score(faces.factors[2500:], guess, multioutput="raw_values")
    assert r2.min() > 0.9, dict(zip(faces.factor_names, r2, strict=True))


def test_ten_thousand_faces_take_two_seconds_at_most():
    def seconds():  # of this process: a busy machine does not count
        start = time.process_time()
        tv.load_faces(10_000)
        return time.process_time() - start

    assert any(seconds() < 2 for _ in range(3))


@pytest.mark.parametrize(
    "factors",
    [
        np.zeros(8),
        np.zeros((3, 7)),
        np.zeros((2, 8, 1)),
        [[np.nan] + [0] * 7],
        [[np.inf] + [0] * 7],
        [[1.001] + [0] * 7],
        [[-2] + [0] * 7],
    ],
)
@pytest.mark.parametrize("function", [datasets.draw_faces, datasets.describe_faces])
def test_bad_factors_are_refused(function, factors):
    with pytest.raises(ValueError, match=r"^factors must"):
        function(factors)


@pytest.mark.parametrize("n", [0, -1, 2.5, "10", None, True])
def test_bad_n_is_refused(n):
    with pytest.raises((TypeError, ValueError), match=rf"^n must.*{n}"):
        tv.load_faces(n)


def test_factors_are_not_changed():
    factors = np.full((2, 8), 0.5)
    datasets.draw_faces(factors), datasets.describe_faces(factors)
    assert (factors == 0.5).all()


def test_results_are_frozen(faces):
    with pytest.raises(dataclasses.FrozenInstanceError):
        faces.x = None


# ---- captions --------------------------------------------------------------------------


def caption(**factors):
    row = [factors.get(name, 0) for name in datasets.FACE_NAMES]
    return datasets.describe_faces([row])[0]


def test_captions_read_as_english():
    assert caption() == "a face"
    assert caption(smile=1) == "a smiling face"
    assert caption(smile=-1, face_width=1) == "a serious round face"
    assert caption(face_width=-1) == "a thin face"
    assert caption(hair=1) == "a face with long hair"
    assert caption(smile=0.5, eye_spacing=0.5, hair=-0.5) == (
        "a smiling face with wide-set eyes and short hair"
    )
    assert caption(eye_size=1, mouth_width=1, skin=-1) == (
        "a face with big eyes, a wide mouth and dark skin"
    )
    everything = dict.fromkeys(datasets.FACE_NAMES, -1)
    assert caption(**everything) == (
        "a serious thin face with close-set eyes, small eyes, low brows, a narrow mouth, "
        "short hair and dark skin"
    )


def test_captions_say_nothing_within_a_third():
    assert caption(smile=0.33, hair=-0.33) == "a face"
    assert caption(smile=0.34, hair=-0.34) == "a smiling face with short hair"


def test_factors_can_be_read_back_from_captions(faces):
    for text, row in zip(faces.captions, faces.factors, strict=True):
        for value, (low, high) in zip(row, datasets.FACE_WORDS.values(), strict=True):
            assert (low in text) == (value < -1 / 3) and (high in text) == (value > 1 / 3)
    phrases = list(itertools.chain(*datasets.FACE_WORDS.values()))
    assert not any(a in b for a, b in itertools.permutations(phrases, 2))


# ---- digits and names ------------------------------------------------------------------

NAMES = tv.load_names()


def test_digits():
    digits = tv.load_digits()
    assert digits.x.shape == (1797, 64) and digits.x.dtype == np.float32
    assert digits.x.min() == 0 and digits.x.max() == 1 and digits.image_shape == (8, 8)
    assert np.array_equal(np.unique(digits.labels), np.arange(10))
    assert digits.labels.dtype.kind == "i" and len(digits.labels) == 1797


def test_the_names_file_holds_distinct_sorted_names_and_its_source():
    raw = (Path(datasets.__file__).parent / "first_names.txt").read_bytes()
    header, *lines = raw.decode("ascii").splitlines()
    assert header.startswith("#") and "1990 Census" in header and "public domain" in header
    assert len(lines) == 5163 and lines == sorted(set(lines)) and raw.endswith(b"\n")
    assert all(re.fullmatch("[a-z]{2,11}", line) for line in lines)
    assert {"anna", "maria", "john", "zulma"} <= set(lines)


def test_names_are_one_hot():
    assert NAMES.alphabet == ".abcdefghijklmnopqrstuvwxyz" and NAMES.length == 11
    assert NAMES.x.shape == (5163, 11 * 27) and NAMES.x.dtype == np.float32
    blocks = NAMES.x.reshape(-1, 11, 27)
    assert set(np.unique(blocks)) == {0, 1} and (blocks.sum(axis=-1) == 1).all()
    first = "".join(NAMES.alphabet[i] for i in blocks[0].argmax(axis=-1))
    assert first == "aaron......"


def test_names_decode_to_their_text():
    assert NAMES.decode(NAMES.x) == list(NAMES.text)
    assert np.array_equal(NAMES.encode(list(NAMES.text)), NAMES.x)


WORDS = st.lists(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", max_size=11), min_size=1)


@settings(deadline=None)  # a busy machine is not a wrong answer
@given(words=WORDS, scale=st.floats(0.01, 100), shift=st.floats(-100, 100))
def test_encode_and_decode_are_inverse_for_any_names_and_logits(words, scale, shift):
    x = NAMES.encode(words)
    assert x.shape == (len(words), 297)
    assert NAMES.decode(x) == words
    assert NAMES.decode(scale * x.astype(float) + shift) == words  # as logits


def test_decode_cuts_at_the_first_padding():
    x = NAMES.encode(["anna", "maria"]).reshape(2, 11, 27)
    x[0, 7] = np.eye(27)[5]  # a letter behind the end is not part of the name
    assert NAMES.decode(x.reshape(2, -1)) == ["anna", "maria"]


@pytest.mark.parametrize("name", ["Anna", "jo-ann", "a.b", "zoë", "christophers", " "])
def test_names_that_do_not_fit_are_refused(name):
    with pytest.raises(ValueError, match=f"names must.*{re.escape(repr(name))}"):
        NAMES.encode(["anna", name])


@pytest.mark.parametrize("wrong", ["anna", ["anna", 3], [b"anna"]])
def test_names_must_be_a_list_of_str(wrong):
    with pytest.raises(TypeError, match="names must be a list of str"):
        NAMES.encode(wrong)


@pytest.mark.parametrize(
    "out", [np.zeros(297), np.zeros((2, 296)), np.full((1, 297), np.nan), np.zeros((0, 27))]
)
def test_decode_refuses_other_shapes_and_nan(out):
    with pytest.raises(ValueError, match=r"out must be \(N, 297\)"):
        NAMES.decode(out)


# ---- IDX files -------------------------------------------------------------------------


def idx(array, magic=None, shape=None):
    """The bytes of an IDX file of `array`, uint8."""
    shape = array.shape if shape is None else shape
    magic = bytes([0, 0, 8, array.ndim]) if magic is None else magic
    return magic + struct.pack(f">{len(shape)}I", *shape) + array.tobytes()


def write(path, content):
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def fashion_folder(folder, end, parts=("train", "t10k")):
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
    "content", [idx(ARRAY), gzip.compress(idx(ARRAY))[:-9], gzip.compress(idx(ARRAY))[:-20]]
)
def test_damaged_gzip_is_refused_by_name(tmp_path, content):
    path = tmp_path / "a.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(f"{path} is damaged or no gzip file")):
        images._read_idx(path, 3)


# ---- Fashion-MNIST from a folder -------------------------------------------------------


@pytest.mark.parametrize("end", ["", ".gz"])
def test_fashion_from_a_folder_is_train_then_test(tmp_path, end):
    fashion_folder(tmp_path, end)
    data = tv.load_fashion_mnist(folder=str(tmp_path))
    assert data.x.shape == (7, 784) and data.x.dtype == np.float32
    assert np.allclose(data.x, 30 * np.arange(7)[:, None] / 255)
    assert np.array_equal(data.labels, np.arange(7)) and data.labels.dtype.kind == "i"
    assert data.image_shape == (28, 28)


def test_fashion_from_a_folder_with_one_part_is_that_part(tmp_path):
    fashion_folder(tmp_path, "", parts=["t10k"])
    assert np.array_equal(tv.load_fashion_mnist(tmp_path).labels, [5, 6])


def test_fashion_files_missing_or_apart_are_named(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        tv.load_fashion_mnist(folder=tmp_path)
    for part in (str(tmp_path), "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte", ".gz"):
        assert part in str(error.value)
    fashion_folder(tmp_path, "")
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match=r"train-images-idx3-ubyte.*not its labels"):
        tv.load_fashion_mnist(folder=tmp_path)


def test_fashion_with_fewer_labels_than_pictures_is_refused(tmp_path):
    fashion_folder(tmp_path, "")
    write(tmp_path / "train-labels-idx1-ubyte", idx(np.zeros(4, np.uint8)))
    with pytest.raises(ValueError, match=r"holds 5 pictures, but .* 4 labels"):
        tv.load_fashion_mnist(folder=tmp_path)


def test_pictures_of_another_size_are_refused(tmp_path):
    fashion_folder(tmp_path, "", parts=["train"])
    write(tmp_path / "train-images-idx3-ubyte", idx(np.zeros((5, 3, 4), np.uint8)))
    with pytest.raises(ValueError, match=r"28 x 28.*\(5, 3, 4\)"):
        tv.load_fashion_mnist(folder=tmp_path)


@pytest.mark.skipif(not DEBIAN_FASHION.is_dir(), reason="needs dataset-fashion-mnist")
def test_the_real_fashion_mnist_of_debian():
    data = tv.load_fashion_mnist(folder=DEBIAN_FASHION)
    assert data.x.shape == (70_000, 784) and data.x.max() == 1 and data.x.min() == 0
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
    assert ("folder=" in message) == (loader is tv.load_fashion_mnist)
    assert error.value.__cause__ is not None
    assert not [w for w in recwarn if "network" in str(w.message).lower()]


def test_without_scikit_learn_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        tv.load_digits()
    assert len(tv.load_faces(2).x) == 2 and len(tv.load_names().text) == 5163
