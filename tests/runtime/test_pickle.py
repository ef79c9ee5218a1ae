"""Predictors in other processes and many threads: the same model, the same numbers."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras2cv
from keras2cv.errors import BundleError, Keras2cvError, UsageError
from keras2cv.isolation import ChildCrash, ChildTimeout
from keras2cv.net import net
from keras2cv.schema.fields import SchemaError
from support.engines import ONE_ENGINE
from support.tiny_bundle import HEIGHT, WIDTH, Classifier

START_METHODS = ["spawn"] + ["fork"] * sys.platform.startswith("linux")


def batches(count: int) -> list[dict[str, Any]]:
    """Return dicts of arrays, as Ray Data and others pass them, each with some samples."""
    rng = np.random.default_rng(3)
    return [
        {"photo": rng.uniform(-1, 1, (1 + n % 4, HEIGHT, WIDTH, 3)).astype(np.float32)}
        for n in range(count)
    ]


def test_what_is_pickled_is_where_the_bundle_is(
    cat_cv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is small, finds the bundle from any folder, and predicts the same."""
    monkeypatch.chdir(tmp_path)
    model = keras2cv.load("cat.cv", engine=ONE_ENGINE)
    data = pickle.dumps(model)
    assert len(data) < 1000
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = pickle.loads(data)  # noqa: S301 - our own
    assert (again.engine, again.device) == (ONE_ENGINE, "cpu")
    for batch in batches(5):
        (expected,), (got,) = model(batch).values(), again(batch).values()
        np.testing.assert_array_equal(got, expected)


def test_a_path_is_enough_to_make_one(cat_cv: Path) -> None:
    """Frameworks that make an object per worker pass the class and its arguments."""
    (batch,) = batches(1)
    got = keras2cv.Predictor(cat_cv)(batch)["scores"]
    np.testing.assert_array_equal(got, keras2cv.load(cat_cv)(batch)["scores"])


def test_another_model_in_the_same_place_is_refused(cat_cv: Path) -> None:
    """A worker with an older copy of the bundle would silently answer wrongly."""
    data = pickle.dumps(keras2cv.load(cat_cv))
    Classifier(batch=2).write(cat_cv)
    with pytest.raises(BundleError, match="holds another model"):
        pickle.loads(data)  # noqa: S301 - our own


@pytest.mark.parametrize("method", START_METHODS)
def test_other_processes_give_the_same_numbers(cat_cv: Path, method: str) -> None:
    """The other process calls the predictor on dicts of arrays, spawned or forked."""
    model = keras2cv.load(cat_cv)
    given = batches(12)
    expected = [model(batch) for batch in given]
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        found = list(pool.map(model, given, timeout=120))
    for got, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(got["scores"], wanted["scores"])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs fork")
def test_a_predictor_survives_a_fork(cat_cv: Path) -> None:
    """Loaded and used before, with OpenCV's threads running, it answers in the child as well."""
    model = keras2cv.load(cat_cv)
    (batch,) = batches(1)
    expected = model(batch)["scores"]
    receive, send = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(
        target=lambda: send.send(model(batch)["scores"])
    )
    child.start()
    assert receive.poll(60)
    np.testing.assert_array_equal(receive.recv(), expected)
    child.join(60)
    assert child.exitcode == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs fork")
def test_a_fork_in_the_middle_of_other_threads_runs_leaves_a_net_that_answers(
    cat_cv: Path,
) -> None:
    """Whatever the parent's threads do, the child's copy of the predictor is idle and whole."""
    model = keras2cv.load(cat_cv)
    given = batches(4)
    expected = [model(batch)["scores"] for batch in given]
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            model(given[0])

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    try:
        codes = [_answers_in_a_fork(model, given, expected) for _ in range(25)]
    finally:
        done.set()
        for worker in workers:
            worker.join()
    assert codes == [0] * 25


def _answers_in_a_fork(
    model: keras2cv.Predictor, given: list[dict[str, Any]], expected: list[Any]
) -> int:
    """Return the exit code of a child that compares every answer; a child that hangs is ended."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 on forks with threads
        pid = os.fork()
    if pid == 0:
        signal.alarm(20)
        same = all(
            np.array_equal(model(batch)["scores"], wanted)
            for batch, wanted in zip(given, expected, strict=True)
        )
        os._exit(0 if same else 1)
    return os.waitpid(pid, 0)[1]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs fork and /proc")
@pytest.mark.skipif(not net._has_thread_pool(), reason="OpenCV's threads are a library's")
def test_a_fork_takes_no_idle_thread_of_opencv_along(cat_cv: Path) -> None:
    """Such a thread may hold a lock; the copy of that lock would never be released in the child."""
    found = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", COUNT_THREADS, str(cat_cv)],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(RUNTIME)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert found.stdout.splitlines() == [
        "before 3",
        "in the child 1",
        "in the child after a run 3",
        "in the parent 1",
        "in the parent after a run 3",
    ]


RUNTIME = Path(keras2cv.__file__).parents[1]

# A process of its own, because NumPy, TensorFlow and pytest-xdist have threads too.
COUNT_THREADS = """
import os
import sys
import time
from pathlib import Path

import cv2
import numpy as np

import keras2cv


def show(where, expected):
    limit_s = time.monotonic() + 10
    while (count := len(list(Path("/proc/self/task").iterdir()))) != expected:
        if time.monotonic() > limit_s:  # a thread that has ended is listed for a moment
            break
        time.sleep(0.01)
    print(where, count, flush=True)


cv2.setNumThreads(3)
model = keras2cv.load(sys.argv[1])
inputs = [np.zeros(t.keras_shape, np.float32) for t in model.manifest.inputs]
model.infer(*inputs)
show("before", 3)
if (child := os.fork()) == 0:
    show("in the child", 1)
    model.infer(*inputs)
    show("in the child after a run", 3)
    os._exit(0)
os.waitpid(child, 0)
show("in the parent", 1)
model.infer(*inputs)
show("in the parent after a run", 3)
"""


def test_many_threads_at_once_get_their_own_answers(cat_cv: Path) -> None:
    """Eight threads, one net: no answer is mixed with another's."""
    model = keras2cv.load(cat_cv)
    given = batches(200)
    expected = [model(batch)["scores"] for batch in given]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(model, given))
    for got, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(got["scores"], wanted)


@pytest.mark.parametrize(
    "error",
    [
        UsageError("No."),
        SchemaError("task.kind", "is unknown"),
        ChildTimeout(3.0, {"stage": "running"}, "its last line"),
        ChildCrash(-11, {}, ""),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_out_of_a_worker_process(error: Keras2cvError) -> None:
    """A pool of processes that cannot read an error waits for its answer for ever."""
    read = pickle.loads(pickle.dumps(error))  # noqa: S301 - written in this line
    assert type(read) is type(error)
    assert str(read) == str(error)
    assert vars(read) == vars(error)
