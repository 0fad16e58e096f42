"""The course as a folder of pages, each one file that opens from a disk without a network.

    python -m tinyvae.course.site --out DIR

Run in a copy of the repository: the pages are made of its notebooks, its exercises (without
solutions) and its README.md. Needs tinyvae's extra [site].
"""

import argparse
import importlib
import importlib.util
import posixpath
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from tqdm import tqdm

from tinyvae.course.markdown import slug
from tinyvae.course.page import Page, framed
from tinyvae.course.pages.index_page import index_page
from tinyvae.course.pages.notebook_page import notebook_page
from tinyvae.files import replacing

ROOT = Path(__file__).parents[2]
FOLDERS = "notebooks", "exercises"
OWN = "train", "museum", "draw", "words"  # pages/NAME_page.py, each of which makes one page


class Source(NamedTuple):
    """One page of the site: its address, and what makes it."""

    address: str
    make: Callable[[], Page]


def sources(root: Path = ROOT) -> list[Source]:
    """All pages but the index. ValueError if there are no notebooks at `root`."""
    own = [Source(f"{name}.html", make) for name in OWN if (make := _own(name))]
    paths = [path for folder in FOLDERS for path in sorted((root / folder).glob("*.ipynb"))]
    if not paths:
        raise ValueError(f"there are no notebooks in {root}: this runs in tinyvae's repository")
    addresses = {_address(path): path for path in paths}
    known = {*addresses, *(one.address for one in own), "index.html"}
    return own + [
        Source(address, lambda p=path, a=address: notebook_page(p, linker(known, a)))
        for address, path in addresses.items()
    ]


def _address(path):
    return f"{path.parent.name}/{path.stem}.html"


def _own(name):
    """The function that makes the page of that name, None where there is none yet."""
    module = f"tinyvae.course.pages.{name}_page"
    if not importlib.util.find_spec(module):
        return None
    return getattr(importlib.import_module(module), f"{name}_page")


def linker(known: set[str], page: str) -> Callable[[str], str]:
    """What turns a link of a notebook, or of the README, into one of the page made of it.

    `known` are the site's addresses and `page` is one of them. A link that leads out of the
    site becomes "".
    """
    folder = posixpath.dirname(page)

    def link(url):
        parts = urlsplit(url)
        if parts.scheme or parts.netloc:
            return ""
        fragment = f"#{slug(unquote(parts.fragment))}" if parts.fragment else ""
        if not parts.path:
            return fragment
        target = posixpath.normpath(posixpath.join(folder, unquote(parts.path)))
        target = (
            target.removesuffix(".ipynb") + ".html" if target.endswith(".ipynb") else target
        )
        target = "index.html" if target == "README.md" else target
        return posixpath.relpath(target, folder or ".") + fragment if target in known else ""

    return link


def build(out: Path, root: Path = ROOT) -> Iterator[str]:
    """Make the site in the folder `out`; yields each address when its file is there."""
    pages = {}
    for source in sources(root):
        pages[source.address] = source.make()
        yield _write(out, source.address, pages[source.address])
    readme = (root / "README.md").read_text(encoding="utf-8")
    index = index_page(readme, pages, linker({*pages, "index.html"}, "index.html"))
    yield _write(out, "index.html", index)


def _write(out, address, page):
    path = out / address
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(framed(page).encode())
    return address


def main(arguments: list[str] | None = None) -> int:
    """Parse `arguments` (the command line's by default) and build; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tinyvae.course.site",
        description="Make the course as pages that open from a disk without a network.",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder")
    out = parser.parse_args(arguments).out
    try:
        if out.exists() and not out.is_dir():
            raise ValueError(f"{out} is a file, where the folder for the pages must be")
        out.mkdir(parents=True, exist_ok=True)
        for _ in tqdm(build(out), total=len(sources()) + 1, desc="pages", unit="page"):
            pass
    except (ValueError, OSError) as error:
        print(f"site: {error}", file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in out.rglob("*.html"))
    print(f"{out / 'index.html'} opens in a browser; the site has {size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
