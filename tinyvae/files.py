"""How files are written here: whole or not at all, and staying what they were."""

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import BinaryIO

# What network drives answer to fsync, which they do not have: no reason not to save.
NO_FSYNC = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A new binary file, which takes the name `path` once the block has written all of it.

    It is written beside the old one, flushed to the disk and then renamed over it, so that
    whatever cuts the writing short leaves the old file whole. The new one has the old one's
    permissions and, if the system lets us, its owner; where `path` is a link, the file that it
    leads to is replaced. (Another name of the same file, a hard link, keeps the old contents.)
    OSError names `path`: also for a folder, a device, a pipe, a file that may not be written.
    """
    try:
        old, target = _regular(path), Path(os.path.realpath(path))
        with _part(target, private=old is not None) as (part, file):
            yield file
            file.flush()
            _to_disk(file)
            file.close()  # or Windows would not rename it
            if old:
                _keep(part, old)
            os.replace(part, target)
    except OSError as error:  # it names the part, or no file at all
        why = f"{error.strerror or error}, so this was not saved"
        raise OSError(error.errno, why, str(path)) from error


@contextmanager
def _part(target, private):
    """A new file beside `target`, and its path: gone in the end, unless it was renamed."""
    _sweep(target)
    part = target.with_name(f"{_stem(target)}{os.urandom(4).hex()}.part")
    mode = 0o600 if private else 0o666
    try:
        with open(part, "xb", opener=lambda p, flags: os.open(p, flags, mode)) as file:
            yield part, file
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _regular(path):
    """What `os.stat` says of the file at `path`, None if there is none; OSError if it is not a
    file that can be replaced."""
    try:
        old = os.stat(path)
    except FileNotFoundError:  # also a link that leads to no file yet
        return None
    if stat.S_ISDIR(old.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(old.st_mode):
        raise OSError(errno.EINVAL, "It is a device, a pipe or a socket and no file")
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return old


def _keep(part, old):
    """Give `part`, which nobody else can read yet, the owner and the permissions of `old`."""
    if hasattr(os, "chown"):  # not on Windows
        with suppress(OSError):  # only root may give a file away
            os.chown(part, old.st_uid, old.st_gid)
    with suppress(OSError):  # some drives have no permissions
        os.chmod(part, stat.S_IMODE(old.st_mode))


def _to_disk(file):
    try:
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in NO_FSYNC:
            raise


def _stem(path):
    """How the names of its parts begin: short, since `path.name` may be as long as is legal."""
    return f".{path.name[:32]}."


def _sweep(path):
    """Remove the parts that writers of `path` left when they were killed. A young one may
    belong to one that is at work."""
    with suppress(OSError):
        for part in path.parent.glob(f"{escape(_stem(path))}*.part"):
            if time.time() - part.stat().st_mtime > 3600:
                part.unlink(missing_ok=True)
