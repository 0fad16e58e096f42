"""Some hundred of tests/fuzz.py's files; the script makes any number."""

import fuzz
import pytest


def test_no_damaged_file_does_more_than_be_refused():
    count, wrongs = fuzz.run(500, seed=0)
    assert not wrongs, "\n".join(wrongs)
    assert count["read"] > 50 and count["refused"] > 200


def test_a_case_is_the_same_each_time(tmp_path):
    rng, again = (fuzz.np.random.default_rng([0, 7]) for _ in range(2))
    for change in fuzz.MODEL:
        data = fuzz.KINDS["model"][1][0]
        assert change(data, rng) == change(data, again)


def raising(error):
    def read(path):
        raise error

    return read


@pytest.mark.parametrize(
    "error",
    [TypeError("x"), MemoryError(), SystemExit(1), ValueError("a\nb"), OSError("x" * 600)],
)
def test_what_is_no_sentence_is_wrong(tmp_path, error):
    assert fuzz.outcome(raising(error), tmp_path)[1]
    assert not fuzz.outcome(raising(ValueError("a sentence")), tmp_path)[1]


@pytest.mark.parametrize("limit", ["SECONDS", "MEMORY"])
def test_what_takes_too_much_is_wrong(monkeypatch, limit):
    kind = lambda path: bytes(10**6), [b"abcdefghijklmnop"], (fuzz.flipped,)
    monkeypatch.setattr(fuzz, "KINDS", dict.fromkeys(fuzz.SHARES, kind))
    assert not fuzz.run(1, seed=0)[1]
    monkeypatch.setattr(fuzz, limit, 1e-9)
    _, wrongs = fuzz.run(1, seed=0)
    assert len(wrongs) == 1 and "it took" in wrongs[0]
