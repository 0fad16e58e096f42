"""Names: one-hot rows and back."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinyvae as tv
from tinyvae.data import names as module

NAMES = tv.load_names()


def test_the_names_file_holds_distinct_sorted_names_and_its_source():
    raw = (Path(module.__file__).parent / "first_names.txt").read_bytes()
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
