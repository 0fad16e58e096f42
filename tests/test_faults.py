"""Faults: killed at any moment, a full disk, damaged files, two kernels at once. What was whole
stays whole, and what cannot be done is said in one sentence.
"""

import errno
import faulthandler
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from cases import random_vae

import tinyvae as tv
from tinyvae import __main__ as command
from tinyvae.course import checks

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such limit or device")


def checkpoint(n_h=(5, 4)):
    """What `save` takes: a model, its optimiser, a generator and an epoch."""
    vae = random_vae(tv.Gaussian(), n_h=n_h)
    return vae, tv.Adam(vae.params), np.random.default_rng(3), 7


# Killed

TRAINING = """
import hashlib, os, signal, sys
from pathlib import Path
import numpy as np
import tinyvae as tv

path, last, line = Path(sys.argv[1]), int(sys.argv[2]), 0

def count(frame, *_):
    global line
    if frame.f_code.co_name not in ("save", "replacing", "_part", "_keep"):
        return
    line += 1
    if line == last:  # as kill -9; SIGTERM is the same on Windows, where it cannot be caught
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    return count

if path.exists():
    vae, opt, rng, start = tv.load_checkpoint(path)
else:
    rng, start = np.random.default_rng(1), 0
    vae = tv.VAE(32, (24,), 4, rng, tv.Gaussian())
    opt = tv.Adam(vae.params)
x = np.random.default_rng(0).random((64, 32))
options = {"rng": rng, "warmup": 10, "cosine": True, "progress": False, "start": start}
print("ready", flush=True)
for epoch in tv.train(vae, opt, x, 20, 16, **options):
    if last and epoch["epoch"] == start + 2:
        sys.settrace(count)
    tv.save(path, vae, opt, rng, epoch["epoch"])
    sys.settrace(None)
    print(epoch["epoch"], line, hashlib.sha256(path.read_bytes()).hexdigest(), flush=True)
"""


def training(path, last=0, wait=None):
    """Train for 20 epochs, on from the checkpoint at `path` if it is there; (whether it was
    killed, [(epoch, lines counted, digest of the checkpoint)]).

    It kills itself in its second save, at the line that is the `last` of those that `save` and
    the functions of `replacing` run (-1 only counts them); or is killed after `wait` times what
    its first epoch took.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", TRAINING, path, str(last)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        said = process.stdout.readline()
        if wait is not None:
            began = time.perf_counter()
            said += process.stdout.readline()
            time.sleep(wait * (time.perf_counter() - began))
            process.kill()
        said += process.stdout.read()
        assert not process.stderr.read()
    whole, _, _ = said.rpartition("\n")  # a kill may cut the last line short
    rows = [line.split() for line in whole.splitlines()[1:]]
    return process.returncode != 0, [(int(a), int(b), digest) for a, b, digest in rows]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A training that nobody disturbs: {epoch: digest of its checkpoint}, and the lines
    of `save` and what `replacing` runs."""
    killed, rows = training(tmp_path_factory.mktemp("alone") / "m.npz", last=-1)
    written = {epoch: digest for epoch, _, digest in rows}
    assert not killed and list(written) == list(range(1, 21))
    assert len(set(written.values())) == 20
    return written, rows[-1][1]


@pytest.mark.parametrize("when", ["at any moment", "at each line of a save"])
def test_50_kills_lose_nothing_and_training_goes_on_to_the_bit(tmp_path, alone, when):
    """At least 25 of each. After a kill the checkpoint is the last that was written or that
    of the save it fell into, whole; what is trained on from it is what was trained undisturbed.
    At the end of a training another one begins."""
    written, lines = alone
    path, rng = tmp_path / "m.npz", np.random.default_rng(0)
    if when == "at any moment":
        kills = [{"wait": wait} for wait in rng.uniform(0, 0.6, 25)]
    else:
        each = np.resize(np.arange(1, lines + 1), max(lines, 25))
        kills = [{"last": n} for n in rng.permutation(each).tolist()]
    before = after = resumed = 0  # kills before and after a new checkpoint took its place
    for kill in kills:
        killed = False
        while not killed:  # or it was over too soon
            resumed += path.exists()
            killed, rows = training(path, **kill)
            for done, _, digest in rows:
                assert digest == written[done]
            assert killed or done == 20
            on_disk = tv.load_checkpoint(path).epoch
            assert on_disk in (done, done + 1)
            assert hashlib.sha256(path.read_bytes()).hexdigest() == written[on_disk]
            for part in set(os.listdir(tmp_path)) - {"m.npz"}:
                assert part.startswith(".m.npz.") and part.endswith(".part")
                (tmp_path / part).unlink()
                before += 1
            after += on_disk > done
            if on_disk == 20:
                path.unlink()
    assert resumed > 10
    assert when == "at any moment" or (before > 5 and after > 0)
    assert training(path)[1][-1][::2] == (20, written[20])


def test_several_who_save_to_one_path_do_not_disturb_each_other(tmp_path):
    def save(epoch):
        tv.save(tmp_path / "m.npz", vae, opt, rng, epoch)
        tv.load(tmp_path / "m.npz")

    vae, opt, rng, _ = checkpoint()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(save, range(100)))
    assert os.listdir(tmp_path) == ["m.npz"]


# A full disk


@contextmanager
def limited(size):
    """No file of this process may grow beyond `size` bytes."""
    import resource

    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@contextmanager
def small_disk(folder):
    """A real file system of 64 pages in `folder`; yields what counts its free blocks."""
    size = 64 * os.sysconf("SC_PAGE_SIZE")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True
    )
    if done.returncode:
        pytest.skip("only root can mount a small disk; a limit of the file's size stands in")
    try:
        yield lambda: os.statvfs(folder).f_bavail
    finally:
        subprocess.run(["umount", folder], check=True)


def refused(path, code):
    """A save to `path` fails with `code`, says so and leaves the folder as it was."""
    files = {p: p.read_bytes() for p in path.parent.iterdir()}
    with pytest.raises(OSError) as said:
        tv.save(path, *checkpoint((40, 40)))
    assert said.value.errno == code and said.value.filename == str(path)
    assert str(path) in str(said.value) and os.strerror(code) in str(said.value)
    assert "not saved" in str(said.value)
    assert files == {p: p.read_bytes() for p in path.parent.iterdir()}


@posix
@pytest.mark.parametrize("there", [True, False])
def test_no_room_for_the_file_wherever_it_ends(tmp_path, there):
    path = tmp_path / "m.npz"
    tv.save(path, *checkpoint((40, 40)))
    size = path.stat().st_size
    if not there:
        path.unlink()
    for room in np.linspace(0, size - 1, 40).astype(int).tolist():
        with limited(room):
            refused(path, errno.EFBIG)
    with limited(size):
        tv.save(path, *checkpoint((40, 40)))


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
def test_a_full_disk(tmp_path):
    """Full from the start, or after any block of the new file but the last."""
    with small_disk(tmp_path) as free_blocks:
        path, ballast = tmp_path / "m.npz", tmp_path / "ballast"
        before, size = free_blocks(), os.statvfs(tmp_path).f_frsize
        tv.save(path, *checkpoint((40, 40)))
        room = free_blocks()
        needs = before - room
        assert room > needs > 1
        for left in range(needs):
            ballast.write_bytes(bytes((room - left) * size))
            assert free_blocks() == left
            refused(path, errno.ENOSPC)
            tv.load_checkpoint(path)
        ballast.unlink()
        tv.save(path, *checkpoint())


def test_what_stands_in_the_way_of_a_save_is_named(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "m.npz", tmp_path / "nowhere" / "m.npz", tmp_path):
        with pytest.raises(OSError) as said:
            tv.save(path, random_vae(tv.Gaussian()))
        assert said.value.filename == str(path)
    assert os.listdir(tmp_path) == ["file"]


# Damaged models


def another_byte(whole, rng):
    i = rng.integers(len(whole))
    return whole[:i] + bytes([whole[i] ^ rng.integers(1, 256)]) + whole[i + 1 :]


def cut_short(whole, rng):
    return whole[: rng.integers(len(whole))]


def more(whole, rng):
    i = rng.integers(len(whole))
    return whole[:i] + rng.bytes(rng.integers(1, 100)) + whole[i:]


def less(whole, rng):
    i = rng.integers(len(whole))
    return whole[:i] + whole[i + rng.integers(1, 100) :]


def swapped(whole, rng):
    a, b, c, d = sorted(rng.integers(0, len(whole), 4))
    return whole[:a] + whole[c:d] + whole[b:c] + whole[a:b] + whole[d:]


def zeroed(whole, rng):
    """As a power cut leaves a block that was never written."""
    i = rng.integers(len(whole))
    n = min(rng.integers(1, 600), len(whole) - i)
    return whole[:i] + bytes(n) + whole[i + n :]


def vast(whole, rng):
    """An array that says it has thousands of millions of numbers, and nothing moved."""
    shapes = [m.start(1) for m in re.finditer(rb"'shape': (\(.*?\), }) {12}", whole)]
    i = rng.choice(shapes)
    n = whole.index(b"}", i) + 13 - i
    shape = b"(%d,), }" % rng.integers(10**9, 10**12)
    return whole[:i] + shape.ljust(n) + whole[i + n :]


@contextmanager
def bounded(seconds=200, room=2**28):
    """A hang ends the run with a traceback; on Linux, no more than `room` bytes of memory."""
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__)
    try:
        if sys.platform != "linux":  # no other system both holds to the limit and shows the use
            yield
            return
        import resource

        used = int(Path("/proc/self/statm").read_bytes().split()[0]) * resource.getpagesize()
        old = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (used + room, old[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_AS, old)
    finally:
        faulthandler.cancel_dump_traceback_later()


DAMAGE = {another_byte: 10_000} | dict.fromkeys(
    (cut_short, more, less, swapped, zeroed, vast), 500
)


@pytest.mark.parametrize("what", ["a model", "a checkpoint"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_a_clear_error_or_changes_nothing(tmp_path, monkeypatch, what, damage):
    path, again = tmp_path / "m.npz", tmp_path / "again.npz"
    vae, *rest = checkpoint(n_h=(40, 40) if damage is vast else ())
    tv.save(path, vae, *(rest if what == "a checkpoint" else []))
    monkeypatch.setattr(os, "fsync", lambda file: None)  # thousands of times, for nothing
    times = DAMAGE[damage] // (5 if what == "a checkpoint" else 1)
    whole, rng, slowest = path.read_bytes(), np.random.default_rng(0), 0
    refused = 0
    with bounded(), open(path, "r+b", buffering=0) as file:
        for _ in range(times):
            file.seek(0)
            file.write(damage(whole, rng))
            file.truncate()
            began = time.process_time()
            try:
                loaded = tv.load_checkpoint(path)
            except ValueError as error:
                refused += 1
                start, why = str(error).split(" is no whole tinyvae model: ")
                assert start == str(path) and 10 < len(why) <= 200 and " " in why, why
                assert not isinstance(error.__cause__, MemoryError)
            else:
                tv.save(again, *loaded)
                assert again.read_bytes() == whole
                again.unlink()
            slowest = max(slowest, time.process_time() - began)
    assert refused > times / 2
    assert slowest < 1


# Progress


@pytest.fixture
def progress_file(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYVAE_PROGRESS", str(tmp_path / "home" / "progress.jsonl"))
    return tmp_path / "home" / "progress.jsonl"


def stub(*_):
    raise NotImplementedError()


def unnoted(said):
    """The sentence after the verdict, on what could not be noted."""
    assert said.kind == "not attempted"
    verdict = checks.judge(checks.exercises.find("02.4"), (stub,)).message
    assert said.message.startswith(verdict)
    return said.message[len(verdict) :].strip()


CHECKS = """
import sys
from tinyvae.course.checks import check

def stub(*_):
    raise NotImplementedError()

print("ready", flush=True)
sys.stdin.readline()
for i in range(200):
    check(sys.argv[1], stub)
"""


def test_kernels_that_note_at_once_lose_nothing(progress_file):
    numbers = ["02.1", "02.4", "02.5", "02.6"]
    kernels = [
        subprocess.Popen(
            [sys.executable, "-c", CHECKS, number],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in numbers
    ]  # fmt: skip
    for kernel in kernels:
        assert kernel.stdout.readline() == "ready\n"
    for kernel in kernels:
        kernel.stdin.write("go\n")
        kernel.stdin.flush()
    for kernel in kernels:
        kernel.communicate(timeout=60)
        assert kernel.returncode == 0
    # A kernel that looks while another's line is on its way begins a new one: an empty line.
    lines = [line for line in progress_file.read_text(encoding="utf-8").splitlines() if line]
    noted = Counter(json.loads(line)["exercise"] for line in lines)
    assert noted == dict.fromkeys(numbers, 200)
    order = [json.loads(line)["exercise"] for line in lines]
    assert sum(a != b for a, b in pairwise(order)) > 3  # they did take turns


def test_on_windows_they_take_turns(progress_file, monkeypatch):
    """A stand-in for its module, which is on no other system."""
    steps = []

    class Module:
        LK_LOCK, LK_UNLCK = "lock", "unlock"

        def locking(file, mode, n):
            place = os.lseek(file, 0, os.SEEK_CUR)
            steps.append((mode, place, n, os.fstat(file).st_size))

    monkeypatch.setattr(checks, "msvcrt", Module)
    for _ in range(2):
        assert not checks.note("02.4", "correct")
    line = b'{"exercise": "02.4", "verdict": "correct"}\n'
    assert progress_file.read_bytes() == 2 * line
    sizes = [0, len(line), len(line), 2 * len(line)]  # of the file at each step
    assert steps == [
        (m, 2**30, 1, n) for m, n in zip(["lock", "unlock"] * 2, sizes, strict=True)
    ]


def test_a_half_line_takes_no_other_with_it(progress_file):
    """A power cut in the middle of a line: all before it and after it counts."""
    checks.note("02.1", "correct")
    line = progress_file.read_bytes()
    for n in range(len(line)):
        progress_file.write_bytes(line + line.replace(b"02.1", b"02.2")[:n])
        assert not checks.note("02.4", "correct") and not checks.note("02.5", "correct")
        assert {"02.1", "02.4", "02.5"} <= set(checks.record())
        assert progress_file.read_bytes().endswith(b"}\n")


def test_damaged_progress_stops_nobody(progress_file):
    """Any damage, and only the lines that it touches are lost."""
    numbers = [item.number for item in checks.exercises.every()]
    for number in numbers:
        checks.note(number, "correct")
    whole, rng = progress_file.read_bytes(), np.random.default_rng(0)
    for damage in (another_byte, cut_short, more, less, swapped, zeroed):
        for _ in range(50):
            progress_file.write_bytes(damage(whole, rng))
            best = checks.record()
            checks.progress()
            if damage is another_byte:
                assert len(best.keys() & numbers) >= len(numbers) - 2
    progress_file.write_bytes(b"[" * 100_000 + b"\n" + whole)
    assert checks.record().keys() == set(numbers)


@posix
def test_a_check_whose_record_is_a_device(monkeypatch):
    monkeypatch.setenv("TINYVAE_PROGRESS", os.devnull)
    said = unnoted(checks.check("02.4", stub))
    assert said == f"Your progress could not be noted in `{os.devnull}`: it is no file."


@posix
def test_a_note_for_which_there_is_half_the_room(progress_file):
    checks.note("02.1", "correct")
    with limited(progress_file.stat().st_size + 20):
        assert os.strerror(errno.EFBIG) in unnoted(checks.check("02.4", stub))
    assert not unnoted(checks.check("02.4", stub))
    assert checks.record() == {"02.1": "correct", "02.4": "not attempted"}


def test_a_read_only_progress_file(progress_file):
    checks.note("02.4", "correct")
    progress_file.chmod(0o444)
    with nobody():
        said = unnoted(checks.check("02.4", stub))
    assert str(progress_file) in said and os.strerror(errno.EACCES) in said
    assert checks.record() == {"02.4": "correct"}


@contextmanager
def nobody():
    """Root may write anywhere; so let it be another user for a while."""
    if os.name == "nt" or os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_no_home_for_the_progress_file(monkeypatch):
    def home():
        raise RuntimeError("Could not determine home directory.")  # as pathlib does

    monkeypatch.delenv("TINYVAE_PROGRESS")
    monkeypatch.setattr(Path, "home", home)
    assert unnoted(checks.check("02.4", stub)).endswith(
        "noted: Could not determine home directory."
    )
    assert not checks.record()


def test_what_could_not_be_noted_changes_no_mark(progress_file, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    progress_file.parent.touch()  # a file where the folder should be
    said = checks.check("02.4", lambda mu, logvar: tv.kl_to_prior(mu, logvar).sum(-1))
    assert said and "could not be noted" in said.message


# The commands


def digits(folder):
    return command.main(["--data", "digits", "--epochs", "1", "--out", str(folder)])


@pytest.mark.parametrize("obstacle", ["a file", "a read-only folder"])
def test_where_nothing_can_be_written_nothing_is_trained(
    tmp_path, monkeypatch, capsys, obstacle
):
    if obstacle == "a file":
        (tmp_path / "out").touch()
    elif os.name == "nt":
        pytest.skip("on Windows a folder's read-only mark stops nobody")
    else:
        (tmp_path / "out").mkdir(mode=0o555)
    monkeypatch.setattr(tv, "train", lambda *_, **__: pytest.fail("it trained"))
    tv.load_digits()  # so that scikit-learn is imported: its files may be closed to nobody
    with nobody():
        assert digits(tmp_path / "out") == 1
    assert str(tmp_path / "out") in capsys.readouterr().err
