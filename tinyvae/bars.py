"""Progress bars. In a notebook a bar is one output of plain text whose last line stays there:
once it is saved, it needs no kernel to be read."""

import contextlib
import sys
from collections.abc import Iterable
from typing import Any

END = "{n_fmt} of {total_fmt}{unit} in {elapsed_s:.1f} s{postfix}"


def bar(
    iterable: Iterable | None = None, total: int | None = None, unit: str = "batches"
) -> Any:
    """A tqdm bar over `iterable`; or one of `total` updates, as a context manager.

    Without tqdm, or where there is nowhere to show it, it is the iterable alone, or a context
    manager that gives None.
    """
    with contextlib.suppress(ImportError):
        from tqdm import tqdm

        options = {"total": total, "unit": f" {unit}"}
        if _in_notebook():
            # Not tqdm's widget: opened again, it would stand at 0 % for ever.
            return _ending_in_words(tqdm)(iterable, file=_Output(), position=0, **options)
        if sys.stderr is not None:  # pythonw and services have none
            return tqdm(iterable, **options)
    return contextlib.nullcontext() if iterable is None else iterable


def _in_notebook():
    """Whether this is a Jupyter kernel, whose outputs can change in place."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


class _Output:
    """A file for tqdm: what is written takes the place of what was written before."""

    encoding = "utf-8"  # a bar of blocks, not of #
    handle = None

    def write(self, text):
        if line := text.strip():
            from IPython.display import display

            data = {"text/plain": line}
            if self.handle is None:
                self.handle = display(data, raw=True, display_id=True)
            else:
                self.handle.update(data, raw=True)

    def flush(self):
        """tqdm calls it."""


def _ending_in_words(tqdm):
    class Bar(tqdm):
        def close(self):
            self.bar_format = END
            super().close()

    return Bar
