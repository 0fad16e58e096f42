"""While a model trains BLAS has one thread, then as many as before, whatever happens; and a
helper takes a part of what is large."""

import functools
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import joblib
import numpy as np
import pytest
from cases import batch, random_vae

import tinyvae as tv
from tinyvae import threads
from tinyvae.estimator import VAETransformer

BLAS = threads._libraries()


def blas_threads():
    return {blas.num_threads for blas in BLAS}


# On macOS NumPy may have a library whose threads nothing sets.
ONE, TWO = ({1}, {2}) if BLAS else (set(), set())
needs_blas = pytest.mark.skipif(not BLAS, reason="nothing sets this BLAS's threads")


def allow(n):
    for blas in BLAS:
        threads._set(blas, n)


@pytest.fixture(autouse=True)
def two():
    """As on a machine of two processors, whatever this one has and a worker may use."""
    before = [blas.num_threads for blas in BLAS]
    allow(2)
    yield
    for blas, n in zip(BLAS, before, strict=True):
        threads._set(blas, n)


def training(in_each_step=lambda: None, lr=1e-2, epochs=3):
    """A small training; the function is called in the middle of each of its steps."""
    vae, x = random_vae(tv.Gaussian()), batch(tv.Gaussian(), 20)[0]
    objective = vae.objective

    def watched(*args, **options):
        in_each_step()
        return objective(*args, **options)

    vae.objective = watched
    rng = np.random.default_rng(0)
    return tv.train(vae, tv.Adam(vae.params, lr=lr), x, epochs, 8, rng=rng, progress=False)


def test_one_thread_in_each_step_and_two_between_epochs():
    seen = []
    for _ in training(lambda: seen.append(blas_threads())):
        assert blas_threads() == TWO
    assert seen == [ONE] * 9 and blas_threads() == TWO


def test_a_training_that_is_dropped_half_way():
    run = training()
    next(run)
    del run
    assert blas_threads() == TWO


def failing(error):
    def fail():
        assert blas_threads() == ONE
        raise error

    return fail


@pytest.mark.parametrize(
    ("run", "error"),
    [
        (training(failing(MemoryError())), MemoryError),
        (training(lambda: signal.raise_signal(signal.SIGINT)), KeyboardInterrupt),
        (training(lr=1e200), tv.Diverged),
    ],
    ids=["an error", "Ctrl-C", "divergence"],
)
def test_what_ends_it_in_the_middle(run, error):
    with pytest.raises(error):
        list(run)
    assert blas_threads() == TWO


def test_two_trainings_in_two_threads():
    """The second begins within the first's epoch and outlasts it."""
    first_is_in, second_is_in, first_is_over, seen = *(threading.Event() for _ in "123"), []

    def in_the_first():
        first_is_in.set()
        assert second_is_in.wait(60)

    def in_the_second():
        second_is_in.set()
        assert first_is_over.wait(60)
        seen.append(blas_threads())

    def first():
        list(training(in_the_first, epochs=1))
        first_is_over.set()

    def second():
        assert first_is_in.wait(60)
        list(training(in_the_second, epochs=1))

    both = [threading.Thread(target=target) for target in (first, second)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert seen == [ONE] * 3 and blas_threads() == TWO


FORK = """
    import os, threading, warnings
    from test_threads import ONE, TWO, allow, blas_threads, threads, training

    warnings.simplefilter("ignore", DeprecationWarning)  # of threads beside a fork
    go_on, trains = threading.Event(), threading.Event()

    def wait():
        trains.set()
        go_on.wait()

    allow(2)
    other = threading.Thread(target=lambda: list(training(wait)))
    other.start()
    trains.wait()
    with threads._lock:  # the worst moment
        child = os.fork()
    if not child:
        seen = [blas_threads()]
        list(training(lambda: seen.append(blas_threads())))
        os._exit(seen != [TWO, *[ONE] * 9] or blas_threads() != TWO)
    go_on.set()
    other.join()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), blas_threads() == TWO)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_while_another_thread_trains():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FORK)], capture_output=True, text=True,
        timeout=60, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.stdout.split() == ["0", "True"], done.stderr


def threads_after_a_fit(x):
    allow(2)
    VAETransformer(epochs=1, random_state=0).fit(x)
    return blas_threads()


def test_estimators_in_joblibs_processes(rng):
    x = rng.standard_normal((40, 3))
    many = joblib.Parallel(n_jobs=2)
    assert many(joblib.delayed(threads_after_a_fit)(x) for _ in range(4)) == [TWO] * 4


def test_estimators_in_joblibs_threads(rng):
    x = rng.standard_normal((40, 3))
    many = joblib.Parallel(n_jobs=2, backend="threading")
    many(joblib.delayed(VAETransformer(epochs=3).fit)(x) for _ in range(4))
    assert blas_threads() == TWO


def test_ctrl_c_while_an_estimator_fits(monkeypatch):
    monkeypatch.setattr(tv.VAE, "objective", lambda *_: signal.raise_signal(signal.SIGINT))
    with pytest.warns(Warning, match="stopped after epoch 0"):
        VAETransformer(random_state=0).fit(np.random.default_rng(0).random((9, 3)))
    assert blas_threads() == TWO


def large(n_threads):
    """Parameters after some steps of a size at which BLAS's threads would part the products."""
    rng = np.random.default_rng(0)
    vae, x = tv.VAE(784, (400,), 20, rng, tv.Bernoulli()), rng.random((256, 784))
    allow(n_threads)
    list(tv.train(vae, tv.Adam(vae.params), x, 2, rng=rng, progress=False))
    return vae.params.vector


def test_the_same_bits_on_one_processor_and_on_two():
    np.testing.assert_array_equal(large(1), large(2))


def test_without_threadpoolctl_nothing_changes(monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    monkeypatch.setattr(threads, "_libraries", functools.cache(threads._libraries.__wrapped__))
    seen = []
    list(training(lambda: seen.append(blas_threads())))
    assert seen == [TWO] * 9


# ---- the helper


def helped(job, n, n_threads):
    """The threads that job(part) ran in, for each of n, BLAS having had n_threads."""
    allow(n_threads)
    by = np.zeros(n, int)

    def noted(part):
        by[part] = threading.get_ident()
        job(part)

    threads.calm(threads.parted, noted, n)
    assert by.all()
    return np.unique(by)


@needs_blas
@pytest.mark.parametrize(("n", "n_threads", "helpers"), [(16, 2, 1), (16, 1, 0), (3, 2, 0)])
def test_a_helper_takes_part_of_many_if_blas_had_several_threads(n, n_threads, helpers):
    by = helped(lambda part: None, n, n_threads)
    assert len(by) == 1 + helpers and threading.get_ident() in by
    assert threads._mine.helper is None


def test_what_fails_in_the_helper_fails_here():
    def job(part):
        if part.start:
            raise MemoryError("no room")

    with pytest.raises(MemoryError, match="no room"):
        threads.calm(threads.parted, job, 16)
    assert blas_threads() == TWO and threads._mine.helper is None


@needs_blas
def test_what_fails_here_waits_for_the_helper():
    """Who catches Ctrl-C may use the model: no one writes into it any more."""
    written = []

    def job(part):
        if not part.start:
            raise KeyboardInterrupt
        time.sleep(0.2)
        written.append(part)

    with pytest.raises(KeyboardInterrupt):
        threads.calm(threads.parted, job, 16)
    assert written == [slice(9, 16)] and blas_threads() == TWO


@pytest.mark.parametrize("shape", [(5, 7), (2, 5, 7), (7,)])
@pytest.mark.parametrize("large", [1, 10**9])
def test_a_product_in_two_parts_is_the_product(rng, monkeypatch, shape, large):
    monkeypatch.setattr(threads, "LARGE", large)
    a, b = rng.random(shape), rng.random((7, 9))
    out = np.zeros_like(a @ b)
    for parted in (threads.product(a, b), threads.calm(threads.product, a, b, out), out):
        np.testing.assert_allclose(parted, a @ b, rtol=1e-14)


def test_numpys_settings_hold_in_the_helper():
    """What overflows there warns no more than here."""

    def overflow(part):
        np.full(2, 1e300)[:] * 1e300

    with np.errstate(over="ignore"):
        assert len(helped(overflow, 16, 2)) == (2 if BLAS else 1)
