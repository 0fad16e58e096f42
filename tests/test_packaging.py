"""What is in the packages that pip installs: all of tinyvae, and nothing that does not work.

Needs the setuptools that pyproject.toml asks for.
"""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
KEPT = "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "tinyvae", "tests"
SHIPPED = {
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "tinyvae").rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """{"sdist": names of its files, "wheel": ...}, built from a copy of the project; the wheel
    from the sdist, as pip does it."""
    pytest.importorskip("setuptools", minversion="77")
    folder = tmp_path_factory.mktemp("project")
    for name in KEPT:
        if (ROOT / name).is_dir():
            skipped = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(ROOT / name, folder / name, ignore=skipped)
        else:
            shutil.copy(ROOT / name, folder)
    with tarfile.open(built_by("sdist", folder)) as file:
        sdist = {m.name.partition("/")[2] for m in file.getmembers() if m.isfile()}
        file.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    with zipfile.ZipFile(built_by("wheel", unpacked)) as file:
        return {"sdist": sdist, "wheel": set(file.namelist())}


def built_by(kind, folder):
    code = f"from setuptools import build_meta; build_meta.build_{kind}('dist')"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True)
    assert not done.returncode, done.stderr.decode()
    (made,) = (folder / "dist").iterdir()
    return made


@pytest.mark.parametrize("kind", ["sdist", "wheel"])
def test_all_of_the_package_is_there(built, kind):
    assert {name for name in built[kind] if name.startswith("tinyvae/")} == SHIPPED


@pytest.mark.parametrize("kind", ["sdist", "wheel"])
def test_no_tests_are_there_for_they_need_the_whole_project(built, kind):
    assert not [name for name in built[kind] if name.startswith("tests")]
