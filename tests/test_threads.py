"""While a model trains BLAS has one thread, then as many as before, whatever happens."""

import functools
import os
import signal
import subprocess
import sys
import textwrap
import threading

import joblib
import numpy as np
import pytest
from cases import batch, random_vae
from threadpoolctl import ThreadpoolController

import tinyvae as tv
from tinyvae import threads
from tinyvae.estimator import VAETransformer

BLAS = ThreadpoolController().select(user_api="blas")


def blas_threads():
    return {library["num_threads"] for library in BLAS.info()}


NONE = blas_threads() - blas_threads()
TWO = {2} if BLAS.info() else NONE  # on macOS NumPy may have a library of another kind
ONE = {1} if BLAS.info() else NONE


def allow(n):
    for blas in BLAS.lib_controllers:
        threads._set(blas, n)


@pytest.fixture(autouse=True)
def two():
    """As on a machine of two processors, whatever this one has and a worker may use."""
    before = [blas.num_threads for blas in BLAS.lib_controllers]
    allow(2)
    yield
    for blas, n in zip(BLAS.lib_controllers, before, strict=True):
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


def before_and_after(x):
    before = [library["num_threads"] for library in BLAS.info()]
    VAETransformer(epochs=1, random_state=0).fit(x)
    return before, [library["num_threads"] for library in BLAS.info()]


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_the_estimator_in_joblibs_workers(rng, backend):
    x = rng.standard_normal((40, 3))
    with joblib.parallel_config(backend=backend, n_jobs=2):
        seen = joblib.Parallel()(joblib.delayed(before_and_after)(x) for _ in range(4))
    if backend == "loky":  # in one process the others' trainings come between
        assert all(before == after for before, after in seen)
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
