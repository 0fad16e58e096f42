"""How `pytest -n` shares out the tests among its workers."""

import os

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # here, for NumPy reads it once
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # a worker has one processor

ALONE = "tests/test_mutants.py::"


def pytest_collection_modifyitems(items):
    """What fills the gaps comes last."""
    items.sort(key=lambda item: item.nodeid.startswith(ALONE))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file has one worker, for its tests share what they train; a mutant is by itself."""
    from xdist.scheduler import LoadFileScheduling

    class Files(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return nodeid if nodeid.startswith(ALONE) else super()._split_scope(nodeid)

    config.option.loadscopereorder = False  # in the order above
    return Files(config, log)
