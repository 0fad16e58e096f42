"""What another system needs: UTF-8 said wherever text is read or written, file names that
Windows and macOS can hold, and package ranges that say the same in both places.
"""

import ast
import re
import tomllib
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("tinyvae", "notebooks", "exercises", "solutions", "tests")
FILES = [
    path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.*"))
    if "__pycache__" not in path.parts
]
BINARY = {"gzip.open", "Image.open", "os.open", "tarfile.open"}  # open no text, unless told to
RESERVED = re.compile(r"(con|prn|aux|nul|(com|lpt)\d)(\..*)?", re.IGNORECASE)


def unstated(code):
    """The calls in `code` that open a text file in whatever encoding the machine prefers."""
    for node in ast.walk(ast.parse(code)):
        call = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if call in BINARY or call.split(".")[-1] not in ("open", "read_text", "write_text"):
            continue
        stated = {keyword.arg: keyword.value for keyword in node.keywords}
        modes = [getattr(arg, "value", "") for arg in (*node.args, stated.get("mode"))]
        binary = any(re.fullmatch("[rwax+]*b[+]?", str(mode)) for mode in modes)
        if not binary and "encoding" not in stated:
            yield ast.unparse(node)


def test_a_missing_encoding_is_found():
    for code in ("open(p)", "open(p, 'w')", "open('b.txt')", "x / p.read_text()"):
        assert len(list(unstated(code))) == 1, code
    for code in ("open(p, 'rb')", "p.open(mode='wb')", "p.write_text(t, encoding='utf-8')"):
        assert not list(unstated(code)), code


@pytest.mark.parametrize("folder", FOLDERS)
def test_text_is_read_and_written_as_utf8(folder):
    for path in FILES:
        if path.is_relative_to(ROOT / folder) and path.suffix in (".py", ".ipynb"):
            sources = [path.read_text(encoding="utf-8")]
            if path.suffix == ".ipynb":
                cells = nbformat.reads(sources[0], as_version=4).cells
                sources = [cell.source for cell in cells if cell.cell_type == "code"]
            for source in sources:
                assert not list(unstated(source)), path.name


def test_every_system_can_hold_the_file_names():
    names = [str(path.relative_to(ROOT)) for path in FILES]
    assert len({name.lower() for name in names}) == len(names)
    for path in FILES:
        assert not re.search(r'[<>:"|?*\\]|[. ]$|[^ -~]', path.name), path
        assert not RESERVED.fullmatch(path.name), path


def test_the_packages_ranges_are_those_that_are_tested():
    listed = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    asked = {one for one in sum(extras, project["dependencies"]) if "tinyvae[" not in one}
    assert asked <= set(listed)
    ranges = [line for line in listed if not line.startswith(("#", "-e"))]
    assert all(re.fullmatch(r"[\w-]+>=[\d.]+,<[\d.]+", line) for line in ranges)
