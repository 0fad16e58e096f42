"""Do the notebooks' saved outputs hold on other machines?

    python tests/matrix.py            every case below; some minutes each
    python tests/matrix.py haswell    one case

Runs nbval, strict, over every notebook and solution with the BLAS kernels of other processors,
one thread and two, NumPy's SIMD switched off, other Pythons (those found on PATH or under
~/.pyenv) and the oldest packages that requirements.txt admits. Not part of the default test
run.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENVIRONMENTS = {
    "haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    "sandybridge": {"OPENBLAS_CORETYPE": "Sandybridge"},
    "prescott": {"OPENBLAS_CORETYPE": "Prescott"},
    "one-thread": {"OPENBLAS_NUM_THREADS": "1"},
    "two-threads": {"OPENBLAS_NUM_THREADS": "2"},
    "no-simd": {"NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3"},
}
PYTHONS = {"python-3.11": "3.11", "python-3.13": "3.13", "oldest": "3.11"}


def interpreter(version):
    """The path of a Python of this version, or None."""
    places = [Path(p) for p in os.environ["PATH"].split(os.pathsep)]
    places += sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin"))
    found = [p / f"python{version}" for p in places if (p / f"python{version}").exists()]
    for python in found:  # a pyenv shim may be there for a version that is not chosen
        done = subprocess.run([python, "-c", "pass"], capture_output=True)
        if done.returncode == 0:
            return python
    return None


def oldest(requirements):
    """Every ">=x" of the requirements pinned to the oldest release series, x.*"""
    return re.sub(r"^([\w-]+)>=([\d.]+).*$", r"\1==\2.*", requirements, flags=re.MULTILINE)


def environment(case, folder):
    """The interpreter of a fresh virtual environment for this case, or None."""
    python = interpreter(PYTHONS[case])
    if python is None:
        return None
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8").replace("-e .", f"-e {ROOT}")
    pinned = Path(folder, "requirements.txt")
    pinned.write_text(oldest(text) if case == "oldest" else text, encoding="utf-8")
    subprocess.run([python, "-m", "venv", f"{folder}/venv"], check=True)
    inside = Path(folder, "venv", "Scripts" if os.name == "nt" else "bin", "python")
    subprocess.run([inside, "-m", "pip", "install", "-q", "-r", pinned], check=True)
    return inside


def passes(python, variables):
    """Run nbval over notebooks and solutions; print what failed; whether nothing did."""
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", "-o", "addopts=",
         "-p", "no:cacheprovider", ROOT / "notebooks", ROOT / "solutions"],
        cwd=ROOT, env=os.environ | variables, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        print(done.stdout[-6000:], done.stderr[-2000:])
    return done.returncode == 0


def run(case):
    """One case: True, False, or None where it cannot be run here."""
    if case in ENVIRONMENTS:
        return passes(sys.executable, ENVIRONMENTS[case])
    with tempfile.TemporaryDirectory() as folder:
        python = environment(case, folder)
        return None if python is None else passes(python, {})


def main(cases):
    """Run the cases; the number that failed."""
    failed = 0
    for case in cases or (*ENVIRONMENTS, *PYTHONS):
        began = time.perf_counter()
        result = run(case)
        word = {True: "passed", False: "FAILED", None: "not run: no such Python here"}[result]
        print(f"{case:12} {word:30} {time.perf_counter() - began:6.1f} s", flush=True)
        failed += result is False
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
