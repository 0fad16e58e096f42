"""Thousands of damaged and hostile files: each is read as what it says, or refused at once.

    python tests/fuzz.py [CASES] [SEED]

Every file that tinyvae reads (a model, a checkpoint, IDX data, a learner's progress) has its
bits flipped, is cut and spliced, lies about its sizes, or says what nobody would write, under a
right checksum. What comes is whole and can be used, or it is a ValueError or an OSError of one
sentence, within SECONDS of the processor's time and MEMORY. A case that fails is named by its
number, which makes it again with the same SEED.
"""

import copy
import faulthandler
import gzip
import io
import json
import os
import shutil
import struct
import sys
import tempfile
import time
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np

import tinyvae as tv
from tinyvae.course import checks
from tinyvae.data.images import load_mnist
from tinyvae.storage import _digest

SECONDS, MEMORY = 1.0, 300e6
HOSTILE = (
    None, True, -1, 0, 1, 2.5, 3.0, 625, 10**9, -(10**9), 2**31, 2**32, 2**63, 2**64, 2**128,
    10**400, float("nan"), float("inf"), -0.0, 1e308, 1e-320, "", "x", "\x1b[2J\n", "é字", [],
    [1], [[]], [1] * 2000, [10**6, 10**6], {}, {"a": 1}, "PCG64", "Gaussian", "VAE",
    "float16", "object", "O", "<f8", "f4,f8",
)  # fmt: skip


# The whole files, and what is done with what is read


def trained(bits, likelihood):
    """A small model that has learned a step, with its optimiser and generator, as a file."""
    rng = np.random.Generator(bits(3))
    vae = tv.VAE(6, (5, 4), 3, rng, likelihood, tv.Tanh, n_c=2)
    opt = tv.Adam(vae.params)
    x = np.eye(3)[rng.integers(0, 3, (9, 2))].reshape(9, 6)  # what each likelihood takes
    list(tv.train(vae, opt, x, 1, rng=rng, c=x[:, :2], progress=False))
    return saved(vae, opt, rng, 1)


def saved(*given):
    tv.save(file := io.BytesIO(), *given)
    return file.getvalue()


def wholes():
    rng = np.random.default_rng(0)
    schedule = tv.log_snr_schedule(5)
    yield trained(np.random.PCG64, tv.Gaussian())
    yield trained(np.random.MT19937, tv.Categorical(3))
    yield trained(np.random.PCG64DXSM, tv.Bernoulli())
    yield saved(tv.Autoencoder(4, (3,), 2, rng, tv.Gaussian(0.5)))
    yield saved(tv.Diffusion(2, 1, (3,), schedule, rng))


def read_model(path):
    """What is read can be used, and saved again."""
    model, opt, rng, epoch = tv.load_checkpoint(path)
    assert np.isfinite(model.params.vector).all()
    with np.errstate(all="ignore"):
        if not isinstance(model, tv.Autoencoder):
            model.sample(
                2, np.random.default_rng(0), np.zeros(model.n_c) if model.n_c else None
            )
        if opt is not None:
            opt.step(model.grads)
    if rng is not None:
        assert 0 <= rng.random(2000).mean() < 1 and rng.integers(0, 2**31, 2000).min() >= 0
    tv.save(io.BytesIO(), model, None, rng, epoch)


def idx(n, height, width):
    """The pictures and the labels of n pictures, as IDX files."""
    pixels = np.arange(n * height * width).astype("u1").tobytes()
    return (
        bytes([0, 0, 8, 3]) + struct.pack(">3I", n, height, width) + pixels,
        bytes([0, 0, 8, 1]) + struct.pack(">I", n) + bytes(n),
    )


IMAGES, LABELS = idx(20, 28, 28)


def read_idx(path):
    """The file at `path` as the pictures of a set whose labels are whole."""
    names = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
    packed = path.read_bytes()[:2] == b"\x1f\x8b"
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        shutil.copy(path, Path(folder, names[0] + ".gz" * packed))
        Path(folder, names[1]).write_bytes(LABELS)
        data = load_mnist(folder)
    assert data.x.min() >= 0 and data.x.max() <= 1 and len(data.x) == len(data.labels)


LINES = b"".join(
    json.dumps({"exercise": e, "verdict": v}).encode() + b"\n"
    for e, v in (("01.1", "correct"), ("01.2", "not yet"), ("02.4", "not attempted")) * 5
)


def read_progress(path):
    os.environ["TINYVAE_PROGRESS"] = str(path)
    said = repr(checks.progress())
    assert len(said.splitlines()) < 100 and "\x1b" not in said


# What is done to the bytes of any file


def flipped(data, rng):
    data = bytearray(data)
    for place in rng.integers(0, len(data), rng.integers(1, 9)):
        data[place] ^= 1 << rng.integers(8)
    return bytes(data)


def cut(data, rng):
    return data[: rng.integers(len(data))]


def spliced(data, rng):
    """A piece left out, doubled or moved."""
    a, b = np.sort(rng.integers(0, len(data), 2))
    c = rng.integers(len(data))
    return [data[:a] + data[b:], data[:b] + data[a:], data[:c] + data[a:b] + data[c:]][
        rng.integers(3)
    ]


def lying(data, rng):
    """A number of 2, 4 or 8 bytes, such as a size, set to something extreme."""
    data, size = bytearray(data), int(rng.choice([2, 4, 8]))
    for place in rng.integers(0, len(data) - size, rng.integers(1, 4)):
        value = int(rng.choice([0, 1, 255, 2**15, 2**16 - 1, 2**31, 2**32 - 1])) % 256**size
        data[place : place + size] = value.to_bytes(size, ["little", "big"][rng.integers(2)])
    return bytes(data)


ANY = flipped, cut, spliced, lying


# What is done to a model's file alone


def opened(data):
    with np.load(io.BytesIO(data)) as file:
        arrays = dict(file)
    return json.loads(str(arrays.pop("header"))), arrays


def signed(header, arrays):
    """The file, its checksum right: what a hostile author would write."""
    header = {name: value for name, value in header.items() if name != "sha256"}
    header["sha256"] = _digest(header, arrays)
    np.savez(file := io.BytesIO(), header=np.array(json.dumps(header)), **arrays)
    return file.getvalue()


def places(value):
    """(container, key) of everything in nested dicts and lists."""
    keys = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from places(value[key])


def said_otherwise(data, rng):
    """The header holds other values."""
    header, arrays = opened(data)
    for _ in range(rng.integers(1, 3)):
        found = [(inside, key) for inside, key in places(header) if key not in range(5, 625)]
        inside, key = found[rng.integers(len(found))]
        inside[key] = copy.deepcopy(HOSTILE[rng.integers(len(HOSTILE))])
    return signed(header, arrays)


def other_arrays(data, rng):
    header, arrays = opened(data)
    name = rng.choice(list(arrays))
    array = arrays[name]
    arrays[name] = [
        array.astype("f2"), array.astype(">f4"), array.astype(complex), array.astype("U8"),
        array[None], array * np.nan, array.ravel()[:-1], np.zeros(array.size, "i1,f8"),
        np.asfortranarray(array), np.zeros((0, 2**40)), -array, array.astype("M8[s]"),
    ][rng.integers(12)]  # fmt: skip
    return signed(header, arrays)


def npy(shape, dtype, data):
    """An array's file, whose header says `shape` and `dtype`."""
    head = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}}}"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data


SHAPES = (
    "(5000000000,)", "(0, 99999999999)", "(-5,)", "(1,)*9", "5", "(True,)", f"({'9' * 400},)",
    "(" + "1," * 99 + ")", "(" * 150, "-" * 3000 + "1", "('\\x1b[2J',)", "(1.0,)", "(3L,)",
)  # fmt: skip
DTYPES = "<f4", "|O", "<U0", "|V0", "<U99999999", "|S2000000000", [("a", "<f8", (9**9,))], "x"


def claiming(data, rng):
    """A member that claims to be what its data are not, in an archive that is right."""
    shape, dtype = SHAPES[rng.integers(len(SHAPES))], DTYPES[rng.integers(len(DTYPES))]
    return members(data, rng, {"more.npy": npy(shape, dtype, b"abcd")})


def members(data, rng, more, **options):
    """The archive with `more` members, one of which may take the place of its own."""
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        own = {name: old.read(name) for name in old.namelist()}
    if rng.integers(2):
        own[rng.choice(list(own))] = next(iter(more.values()))
    with zipfile.ZipFile(file := io.BytesIO(), "w", **options) as new:
        for name, content in (own | more).items():
            new.writestr(name, content)
    return file.getvalue()


def odd_names(data, rng):
    name = ["../../x.npy", "/etc/x.npy", "\x1b[2J.npy", "a/b", " ", "header", "\n" * 99][
        rng.integers(7)
    ]
    return members(data, rng, {name: npy("(1,)", "<f4", b"abcd")})


def bomb(data, rng):
    zeros = npy("(2500000,)", "<f4", bytes(10**7))
    return members(data, rng, {"x.npy": zeros}, compression=8, compresslevel=1)


def many_entries(data, rng):
    own = data.count(b"PK\1\2")
    return repeated_entries(data, own, int(rng.integers(2, 4000)) // own + 1)


def repeated_entries(data, own, times):
    """An archive of `own` members, whose directory names each so many times."""
    end = data.rindex(b"PK\5\6")
    start = int.from_bytes(data[end + 16 : end + 20], "little")
    directory, tail = data[start:end] * times, bytearray(data[end:])
    tail[8:16] = struct.pack("<HHI", own * times, own * times, len(directory))
    return data[:start] + directory + bytes(tail)


MODEL = *ANY, said_otherwise, other_arrays, claiming, odd_names, bomb, many_entries


# What is done to IDX files and to a record alone


def other_sizes(data, rng):
    sizes = rng.choice([0, 1, 20, 28, 784, 2**16, 2**31, 2**32 - 1], 3)
    return data[:4] + struct.pack(">3I", *map(int, sizes)) + data[16:]


def packed(change):
    return lambda data, rng: gzip.compress(change(data, rng), 1)


def damaged_packed(change):
    return lambda data, rng: change(gzip.compress(data, 1), rng)


def packed_bomb(data, rng):
    return gzip.compress(data[: rng.integers(len(data))], 1) + BOMB


BOMB = gzip.compress(bytes(4 * 10**8), 1)  # ten in a file are 4 GB
IDX = (
    *ANY, other_sizes, packed(other_sizes), packed(cut), packed_bomb,
    *map(damaged_packed, ANY), lambda data, rng: b"\x1f\x8b" + data,
)  # fmt: skip


def odd_lines(data, rng):
    lines = [
        json.dumps({"exercise": HOSTILE[i], "verdict": HOSTILE[j]})
        for i, j in rng.integers(0, len(HOSTILE), (50, 2))
    ]
    deep = ["[" * 10**5, '{"exercise": "01.1", "verdict": "correct"}', "9" * 10**4, "\0"]
    return data + "\n".join([*lines, deep[rng.integers(4)]]).encode()


RECORD = *ANY, odd_lines

KINDS = {
    "model": (read_model, list(wholes()), MODEL),
    "idx": (read_idx, [IMAGES], IDX),
    "progress": (read_progress, [LINES], RECORD),
}
SHARES = "model", "model", "model", "idx", "progress"


# One case


def trial(case, seed, folder):
    """(what became of case number `case`, what is wrong with that)."""
    rng = np.random.default_rng([seed, case])
    read, files, changes = KINDS[SHARES[case % len(SHARES)]]
    change = changes[rng.integers(len(changes))]
    path = Path(folder, "file")
    path.write_bytes(change(files[rng.integers(len(files))], rng))
    tracemalloc.reset_peak()
    before, began = tracemalloc.get_traced_memory()[0], time.process_time()
    became, wrong = outcome(read, path)
    seconds = time.process_time() - began
    memory = tracemalloc.get_traced_memory()[1] - before
    path.unlink()
    if seconds > SECONDS or memory > MEMORY:
        wrong = wrong or f"it took {seconds:.1f} s and {memory / 1e6:.0f} MB"
    return became, wrong and f"case {case}, {change.__name__}: {wrong}"


def outcome(read, path):
    """How reading the file ended, and what is wrong with that, in a sentence or ""."""
    try:
        read(path)
    except (ValueError, OSError) as error:
        said = str(error)
        if not said.isprintable() or len(said) > 500:
            return "refused", f"no sentence: {said[:300]!r}"
        return "refused", ""
    except BaseException as error:
        return "broken", f"{type(error).__name__}: {str(error)[:300]!r}"
    return "read", ""


def run(cases, seed, say=lambda line: None):
    """{outcome: how many} and the sentences on all that went wrong."""
    count, wrongs = Counter(), []
    tracemalloc.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for case in range(cases):
                became, wrong = trial(case, seed, folder)
                count[became] += 1
                if wrong:
                    wrongs.append(wrong)
                    say(wrong)
    finally:
        tracemalloc.stop()
    return count, wrongs


def main(cases=10_000, seed=0):
    faulthandler.enable()
    count, wrongs = run(int(cases), int(seed), print)
    print(f"{cases} files, seed {seed}: {dict(count)}, {len(wrongs)} wrong")
    return 1 if wrongs else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
