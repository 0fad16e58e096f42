"""What a notebook's process leaves behind, such as a program that would write later on.

On Linux it is found wherever it went, since it becomes a child of ours. Elsewhere only what
stayed in the session of its process is.
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path


def kill_session(process):
    """Kill a process that leads a session, and all that are in it."""
    if hasattr(os, "killpg"):
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    with suppress(OSError):
        process.kill()
    process.wait()


def adopt():
    """On Linux: a descendant that loses its parent becomes our child, wherever it went, and no
    other process of this user may look into our memory or files."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            prctl = ctypes.CDLL(None).prctl
            prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
            prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE


def kill_children(spared=()):
    """Kill every child of this process but those spared; on Linux alone."""
    for _ in range(100):  # each killed one may have left us its own
        left = [pid for pid in children() if pid not in spared]
        for pid in left:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        if not left:
            break


def children():
    """The ids of this process's children, dead ones that were not waited for among them."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            if (
                int(path.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
                == os.getpid()
            ):
                yield int(path.parent.name)
