"""Time bundles on devices, in turns (the child's side of `speed.py`)."""

from __future__ import annotations

import functools
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.golden_vectors import read_golden_vectors
from keras2cv.bundle.reading import SELFTEST
from keras2cv.errors import Keras2cvError
from keras2cv.predictor import Predictor

Array = NDArray[Any]

_ROUNDS: Final = 6  # even, so that nobody is first more often than last
_LEAST: Final = 1  # runs in a block


def answer(job: Mapping[str, Any], _: Callable[..., None]) -> dict[str, Any]:
    """Time each of `job["sides"]`: a device, and OpenCV's threads or None.

    The time is that of `infer`: arrays in Keras' layout in, and out. `load_ms` is the first load in
    this process, which for a GPU includes its libraries; `again_ms` is the second one; both run the
    net once. `reason` explains why a side has no times.
    """
    warnings.simplefilter("ignore")
    sides: list[dict[str, Any]] = []
    runs: dict[int, Callable[[], Any]] = {}
    every = cv2.getNumThreads()
    for k, (device, threads) in enumerate(job["sides"]):
        sides.append({"device": device, "threads": threads or every})
        try:
            times, infer = _prepared(Path(job["bundle"]), device, job["batch"])
        except Keras2cvError as error:
            sides[k]["reason"] = " ".join(str(error).split())
            continue
        sides[k] |= times
        runs[k] = functools.partial(_run, infer, threads or every)
    for k, times_ms in in_turns(runs, job["seconds"]).items():
        sides[k] |= {"median_ms": statistics.median(times_ms), "runs": len(times_ms)}
        sides[k]["times_ms"] = [round(took_ms, 4) for took_ms in times_ms]
    return {"sides": sides}


def _prepared(bundle: Path, device: str, batch: int) -> tuple[dict[str, Any], Callable[[], Any]]:
    """Return the time of loading and the first prediction, and a function that predicts again."""
    load = functools.partial(Predictor, bundle, device=device, batch=batch, check_device=False)
    load_ms, model = timed(load)
    again_ms, _ = timed(load)
    golden = read_golden_vectors(bundle / SELFTEST, model.manifest)
    inputs = zip(*(sample.inputs for sample in golden.samples), strict=True)
    given = [tiled(arrays, batch) for arrays in inputs]
    infer = functools.partial(model.infer, *given)
    first_ms, _ = timed(infer)
    times = {"engine": model.engine, "load_ms": load_ms, "again_ms": again_ms, "first_ms": first_ms}
    return times, infer


def _run(infer: Callable[[], Any], threads: int) -> None:
    cv2.setNumThreads(threads)
    infer()


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the milliseconds that `work` took, and its result."""
    started = time.perf_counter()
    found = work()
    return 1000 * (time.perf_counter() - started), found


def tiled(arrays: Sequence[Array], batch: int) -> Array:
    """Return `batch` samples, those of `arrays` again and again."""
    joined = np.concatenate(arrays)
    return np.ascontiguousarray(joined[np.arange(batch) % len(joined)])


def in_turns(runs: Mapping[int, Callable[[], Any]], seconds: float) -> dict[int, list[float]]:
    """Return milliseconds of every run; all take turns, for about `seconds` each after warming."""
    for run in runs.values():
        for _ in range(3):
            run()
    times: dict[int, list[float]] = {k: [] for k in runs}
    for turn in range(_ROUNDS):
        for k in list(runs)[:: 1 if turn % 2 else -1]:
            times[k] += list(_block(runs[k], seconds / _ROUNDS))
    return times


def _block(run: Callable[[], Any], seconds: float) -> Iterator[float]:
    ends, done = time.perf_counter() + seconds, 0
    while done < _LEAST or time.perf_counter() < ends:
        took_ms, _ = timed(run)
        done += 1
        yield took_ms
