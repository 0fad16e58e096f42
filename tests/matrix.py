"""Does the project hold with the oldest and the newest packages, and on other machines?

    python tests/matrix.py                 every case below, one after the other: hours
    python tests/matrix.py oldest-3.11 haswell     those

oldest-3.11 to newest-3.13: ruff, pytest with nbval, and tests/course/browser.py, which needs a
Chromium, in an environment of its own for each Python, with each package of requirements.txt at
the lower end of its range or as new as the range admits. The Pythons are looked for on PATH and
under ~/.pyenv; one that is missing counts as a failure.

haswell to no-simd: do the saved outputs of notebooks and solutions hold, by nbval, with the
BLAS kernels of other processors, one thread and two, and NumPy's SIMD switched off?

Not part of the default test run.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
MACHINES = {
    "haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    "sandybridge": {"OPENBLAS_CORETYPE": "Sandybridge"},
    "prescott": {"OPENBLAS_CORETYPE": "Prescott"},
    "one-thread": {"OPENBLAS_NUM_THREADS": "1"},
    "two-threads": {"OPENBLAS_NUM_THREADS": "2"},
    "no-simd": {"NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3"},
}
VERSIONS = [f"{end}-3.{minor}" for end in ("oldest", "newest") for minor in (11, 12, 13)]
SAVED_OUTPUTS = [
    "-m pytest -q --nbval --nbval-current-env --nbval-sanitize-with=tests/nbval.cfg "
    "-o addopts= -p no:cacheprovider notebooks solutions"
]
WHOLE_TEST = [  # of .ci/run, what a learner or a maintainer runs
    "-m ruff check --no-cache .",
    "-m ruff format --check --no-cache .",
    "-m pytest -n 2 -p no:cacheprovider",
    "tests/course/browser.py",
]


def interpreter(version):
    """The path of a Python of this version, or None."""
    folders = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    folders += Path.home().glob(f".pyenv/versions/{version}.*/bin")
    for python in (Path(sys.executable), *(f / f"python{version}" for f in folders)):
        if python.exists():  # a pyenv shim may be there for a version that is not chosen
            ask = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
            if subprocess.run(ask, capture_output=True, text=True).stdout.strip() == version:
                return python
    return None


def oldest(requirements):
    """The requirements with every range, x>=1.2,<3, replaced by its lower end, x==1.2."""
    return re.sub(r"^([\w-]+)>=([\d.]+).*$", r"\1==\2", requirements, flags=re.MULTILINE)


def environment(case, folder):
    """The interpreter of a fresh virtual environment for this case, or None."""
    end, version = case.split("-")
    python = interpreter(version)
    if python is None:
        return None
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8").replace("-e .", f"-e {ROOT}")
    pinned = Path(folder, "requirements.txt")
    pinned.write_text(oldest(text) if end == "oldest" else text, encoding="utf-8")
    subprocess.run([python, "-m", "venv", f"{folder}/venv"], check=True)
    inside = Path(folder, "venv", "Scripts" if os.name == "nt" else "bin", "python")
    install = [inside, "-m", "pip", "install", "-q", "-r", pinned, "playwright"]
    subprocess.run(install, check=True)
    return inside


def passes(python, commands, variables):
    """Run each command; print what those that fail say; whether none does."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        progress = {"TINYVAE_PROGRESS": f"{folder}/progress.jsonl"}  # not the maintainer's own
        for command in commands:
            done = subprocess.run(
                [python, *command.split()], cwd=ROOT, env=os.environ | progress | variables,
                capture_output=True, text=True,
            )  # fmt: skip
            if done.returncode:
                print(f"{command}:\n{done.stdout[-6000:]}{done.stderr[-2000:]}")
                failed += 1
    return not failed


def run(case):
    """One case: True, False, or None where it cannot be run here."""
    if case in MACHINES:
        return passes(sys.executable, SAVED_OUTPUTS, MACHINES[case])
    with tempfile.TemporaryDirectory() as folder:
        python = environment(case, folder)
        return None if python is None else passes(python, WHOLE_TEST, {})


def main(cases):
    """Run the cases; the number that failed."""
    known = (*VERSIONS, *MACHINES)
    if unknown := set(cases) - set(known):
        sys.exit(f"no such case: {', '.join(unknown)}; there are {', '.join(known)}")
    failed = 0
    for case in cases or known:
        began = time.perf_counter()
        result = run(case)
        word = {True: "passed", False: "FAILED", None: "not run: no such Python here"}[result]
        print(f"{case:12} {word:30} {time.perf_counter() - began:6.1f} s", flush=True)
        failed += result is not True
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
