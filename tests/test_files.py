"""Every writer of the project writes whole files, or none, and leaves them what they were."""

import errno
import os
import socket
import stat
import time
from functools import partial
from importlib import import_module
from pathlib import Path

import nbformat
import numpy as np
import pytest
from cases import random_vae

import tinyvae as tv
from tinyvae import __main__ as command
from tinyvae.files import replacing

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such file")


def plain(path):
    with replacing(path) as file:
        file.write(b"new")


def model(path):
    tv.save(path, random_vae(tv.Gaussian()))


def picture(path):
    x = np.random.default_rng(0).random((4, 64))
    data = tv.load_digits()
    command.save_grid(path.parent, path.name.removesuffix(".png"), x, data, 2)


def notebook(cell="1"):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell, id="only")])


def exercise(path):
    """What solutions/make_exercises.py writes, with a folder of its own for each side."""
    module = import_module("make_exercises")
    sources = path.parent / "sources"
    sources.mkdir(exist_ok=True)
    nbformat.write(notebook(), sources / path.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SOLUTIONS", sources)
        patch.setattr(module, "EXERCISES", path.parent)
        module.main()


WRITERS = {"a.bin": plain, "m.npz": model, "grid.png": picture, "a.ipynb": exercise}


@pytest.fixture(params=WRITERS)
def writer(request, tmp_path, monkeypatch):
    """(what writes, the path that it writes to)."""
    monkeypatch.syspath_prepend(Path(__file__).parent.parent / "solutions")
    return WRITERS[request.param], tmp_path / request.param


def link(path, target, folder=False):
    try:
        path.symlink_to(target, target_is_directory=folder)
    except OSError:
        pytest.skip("here only an administrator can make links")


# Links


@pytest.mark.parametrize("there", [True, False], ids=["to a file", "dangling"])
@pytest.mark.parametrize("steps", [1, 2])
def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path, writer, there, steps):
    write, path = writer
    (tmp_path / "far").mkdir()
    target = tmp_path / "far" / "target"
    if there:
        target.write_bytes(b"old")
    between = tmp_path / "between"
    link(between, Path("far", "target"))  # relative, to the folder of the link
    link(path, between if steps == 2 else target)
    write(path)
    assert path.is_symlink() and between.is_symlink() and not target.is_symlink()
    assert target.read_bytes() == path.read_bytes() != b"old"
    assert os.listdir(target.parent) == ["target"]


def test_a_linked_folder_and_a_relative_path(tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    link(tmp_path / "linked", tmp_path / "real", folder=True)
    plain(tmp_path / "linked" / "a")
    monkeypatch.chdir(tmp_path / "linked")
    plain("b")
    plain(Path("..", "real", "c"))
    assert sorted(os.listdir(tmp_path / "real")) == ["a", "b", "c"]
    assert (tmp_path / "linked").is_symlink()


def test_links_in_a_circle_are_refused(tmp_path):
    link(tmp_path / "a", tmp_path / "b")
    link(tmp_path / "b", tmp_path / "a")
    refused(tmp_path / "a")
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


# Permissions


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_the_permissions_are_kept(writer, mode):
    write, path = writer
    path.write_bytes(b"old")
    path.chmod(mode)
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == mode and path.read_bytes() != b"old"


@posix
def test_a_new_file_gets_those_that_a_file_gets_here(tmp_path):
    old = os.umask(0o027)
    try:
        plain(tmp_path / "a")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


@posix
def test_what_is_private_is_so_while_it_is_written(tmp_path):
    (tmp_path / "a").touch(mode=0o600)
    with replacing(tmp_path / "a") as file:
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root has two owners")
def test_the_owner_is_kept(tmp_path):
    (tmp_path / "a").touch()
    os.chown(tmp_path / "a", 1234, 2345)
    plain(tmp_path / "a")
    new = (tmp_path / "a").stat()
    assert (new.st_uid, new.st_gid) == (1234, 2345)


def test_a_drive_without_permissions_is_written_all_the_same(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(os, "chmod", refuse)
    monkeypatch.setattr(os, "chown", refuse, raising=False)
    plain(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"new"


# What is no file


def refused(path, write=plain):
    """One sentence that names the path; what is there stays."""
    with pytest.raises(OSError, match="not saved") as said:
        write(path)
    assert said.value.filename == str(path) and "\n" not in str(said.value)


def fifo(path):
    os.mkfifo(path)


def bound_socket(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


def device(path):
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))  # a /dev/null
    except PermissionError:
        pytest.skip("only root makes devices")


def through_a_link(path):
    os.mkfifo(path.with_name("target"))
    path.symlink_to("target")


@pytest.mark.parametrize(
    "make",
    [Path.mkdir, *(pytest.param(f, marks=posix) for f in (fifo, device, through_a_link))],
)
def test_no_file_is_refused_and_stays(writer, make):
    write, path = writer
    make(path)
    before = path.lstat()
    refused(path, write)
    after = path.lstat()
    assert (before.st_mode, before.st_ino) == (after.st_mode, after.st_ino)
    assert not list(path.parent.rglob("*.part"))


@posix
def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    bound_socket(Path("s"))
    refused(Path("s"))


@posix
def test_a_file_that_may_not_be_written_is_refused(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)  # root may write all
    refused(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"old"


# What is not supported here


@pytest.mark.parametrize("code", ["EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"])
def test_a_drive_that_has_no_fsync(writer, monkeypatch, code):
    def fsync(_):
        raise OSError(getattr(errno, code), "not here")

    write, path = writer
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fsync)
    write(path)
    assert path.read_bytes() != b"old"


@pytest.mark.parametrize("code", ["EIO", "ENOSPC", "EDQUOT"])
def test_an_fsync_that_failed(tmp_path, monkeypatch, code):
    number = getattr(errno, code, errno.EIO)  # Windows has no quota

    def fsync(_):
        raise OSError(number, os.strerror(number))

    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="not saved") as said:
        plain(tmp_path / "a")
    assert said.value.errno == number and (tmp_path / "a").read_bytes() == b"old"


# Names


@pytest.mark.parametrize("letter", ["a", "ä", "字", "😀"])
def test_the_longest_legal_name(tmp_path, letter):
    try:
        (tmp_path / (name := letter * (255 // len(letter.encode())))).touch()
    except OSError:
        pytest.skip("this file system has shorter names")
    plain(tmp_path / name)
    assert (tmp_path / name).read_bytes() == b"new"
    assert len(list(tmp_path.iterdir())) == 1


def test_what_a_kill_left_is_removed_in_the_end(tmp_path):
    """By a later save to the same path, and not while it may belong to another at work."""
    left, young, others = ".m[1].npz.0a.part", ".m[1].npz.0b.part", ".m1.npz.0a.part"
    for name in (left, young, others):
        (tmp_path / name).touch()
    for name in (left, others):
        os.utime(tmp_path / name, (time.time() - 7200,) * 2)
    plain(tmp_path / "m[1].npz")
    assert set(os.listdir(tmp_path)) == {"m[1].npz", young, others}


# A full disk


def full_after(monkeypatch, files):
    """A disk with room for so many files."""
    room, fsync = [None] * files, os.fsync

    def full(file):
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        room.pop()
        fsync(file)

    monkeypatch.setattr(os, "fsync", full)


@pytest.mark.parametrize("folder", ["notebooks", "solutions"])
def test_a_notebook_is_replaced_by_a_whole_one_or_not_at_all(tmp_path, monkeypatch, folder):
    monkeypatch.syspath_prepend(Path(__file__).parent.parent / folder)
    path = tmp_path / "a.ipynb"
    cell = nbformat.v4.new_code_cell("print(6 * 7)", id="only")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    if folder == "notebooks":
        run = partial(import_module("execute").execute, path)
    else:
        module = import_module("make_exercises")
        monkeypatch.setattr(module, "SOLUTIONS", tmp_path)
        monkeypatch.setattr(module, "EXERCISES", tmp_path / "made")
        run, path = module.main, tmp_path / "made" / "a.ipynb"
        path.parent.mkdir()
        path.write_bytes(b"what was there")
    old = path.read_bytes()
    with monkeypatch.context() as patch:
        full_after(patch, 0)
        with pytest.raises(OSError, match=r"not saved: .*a\.ipynb"):
            run()
        assert path.read_bytes() == old
        assert not list(tmp_path.rglob("*.part"))
    run()
    made = nbformat.read(path, as_version=4)
    assert made.cells[0].source == cell.source and path.read_bytes() != old
    assert path.read_bytes().endswith(b"}\n")


@pytest.mark.parametrize("room", range(4))
def test_the_command_on_a_disk_that_fills_up(tmp_path, monkeypatch, capsys, room):
    names = ["model.npz", "reconstructions.png", "dreamt.png", "morph.png"]
    for name in names:
        (tmp_path / name).write_bytes(b"what was there")
    full_after(monkeypatch, room)
    assert command.main(["--data", "digits", "--epochs", "1", "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err.splitlines()[-1]  # after the bar
    assert said.startswith("tinyvae: ") and names[room] in said and "not saved" in said
    assert set(os.listdir(tmp_path)) == set(names)
    assert [(tmp_path / n).read_bytes() == b"what was there" for n in names] == [
        i >= room for i in range(4)
    ]
