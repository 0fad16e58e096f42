"""README's sweep over beta and latent size, for real: with Dask's workers and without.

    python tests/sweep.py [--workers 2]

The lines that run are README's own, under "With scikit-learn, on one machine or many", with
the address of a cluster on this machine, whose workers are processes. Every score must be that
of one process without Dask, to the last bit, and every worker must have had a part. Needs
`distributed` from PyPI.
"""

import argparse
import doctest
import os
import re
import sys
import tempfile
import time
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
ADDRESS = "scheduler-address:8786"


def readme_code():
    """README's two blocks: the one that makes `search`, the one that runs it with Dask."""
    section = README.read_text(encoding="utf-8").split("\n## With scikit-learn")[1]
    blocks = re.findall(r"```python\n(.*?)```", section.split("\n## ")[0], re.DOTALL)
    if len(blocks) != 2 or ADDRESS not in blocks[1]:
        sys.exit(f"FAILED: README's section has not two blocks, the second with {ADDRESS}")
    return doctest.script_from_examples(blocks[0]), blocks[1]


def alone(make, x):
    """README's search, fitted by this process."""
    names = {}
    exec(make, names)
    return names["search"].set_params(n_jobs=None).fit(x)


def with_dask(make, run, x, n):
    """README's search, fitted by n worker processes; how many tasks each of them did."""
    from dask.distributed import Client, LocalCluster, get_task_stream

    names = {"X": x}
    exec(make, names)
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(
            n_workers=n, threads_per_worker=1, host="127.0.0.1",
            dashboard_address="127.0.0.1:0", local_directory=folder,
        ) as cluster,
        Client(cluster) as watch,
    ):  # fmt: skip
        with get_task_stream(watch) as tasks:
            exec(run.replace(ADDRESS, cluster.scheduler_address), names)
        names["client"].close()
    workers = [task["worker"] for task in tasks.data]
    return names["search"], [workers.count(worker) for worker in set(workers)]


def scores(search):
    """The score of each setting on each fold: a list of tuples."""
    folds = [search.cv_results_[f"split{k}_test_score"] for k in range(search.n_splits_)]
    return list(zip(*folds, strict=True))


def timed(fit, *arguments):
    began = time.perf_counter()
    return fit(*arguments), time.perf_counter() - began


def main():
    """Both fits, side by side; exits with 1 if they are not the same."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    n = parser.parse_args().workers
    if n < 2:
        sys.exit(f"FAILED: joblib sends nothing to fewer than two workers, got {n}")
    # One thread of BLAS, as Dask gives its workers: with two, sums are rounded differently.
    os.environ |= {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
    import tinyvae as tv  # only now, for NumPy reads them when it is loaded

    make, run = readme_code()
    x = tv.load_digits().x
    one, seconds = timed(alone, make, x)
    (many, tasks), dask_seconds = timed(with_dask, make, run, x, n)
    print(f"mean ELBO in nats: one process ({seconds:.1f} s), Dask ({dask_seconds:.1f} s)")
    for setting, a, b in zip(one.cv_results_["params"], scores(one), scores(many), strict=True):
        print(f"{sum(a) / len(a):.12f} {sum(b) / len(b):.12f} {setting}")
    print(f"tasks done by each worker: {tasks}")
    if len(tasks) != n:
        sys.exit(f"FAILED: {len(tasks)} of {n} workers had a part")
    if len(set(scores(one))) < len(scores(one)):
        sys.exit("FAILED: two settings have the same scores, so they say nothing")
    if scores(one) != scores(many) or one.best_params_ != many.best_params_:
        sys.exit("FAILED: the scores are not the same with Dask as without")
    print("the same to the last bit, on every fold")


if __name__ == "__main__":
    main()
