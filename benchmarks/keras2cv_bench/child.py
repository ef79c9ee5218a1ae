"""One subject in a process of its own (the child's side of `process.py`).

The first request is a `pipeline.Job`, and every other one a command. The replies:

    (the job)                            {"import_ms": 812.3}
    {"do": "load"}                       {"about": "...", "load_ms": 31.2, "first_ms": 18.4}
    {"do": "answer", "path": "a.npz"}    {}             every sample's outputs, as out/<i>/<k>
    {"do": "warm_up", "seconds": 0.5}    {"runs": 61}
    {"do": "block", "seconds": 0.25}     a `records.Block`
    {"do": "peak"}                       {"peak_mb": 123.4}

An error is {"error": "..."}, and ends the process. Nothing else is written while runs are timed.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Generator, Mapping
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np

from .inputs import read_samples
from .pipeline import Array, Job, Pipeline
from .records import LEAD_IN

LEAST_WARM_UP: Final = 5  # runs
LEAST_KEPT: Final = 2  # runs of a block, after the lead-in

Reply = dict[str, Any]
Command = Callable[..., Reply]


def answer(
    job: Mapping[str, Any], _: Callable[..., None]
) -> Generator[Reply, Mapping[str, Any], None]:
    """Import the framework of a job's subject, and answer commands until there are no more."""

    def begin() -> tuple[Bench, Reply]:
        asked = Job.from_dict(dict(job))
        started = time.perf_counter()
        runner = import_module(f"keras2cv_bench.runners.{asked.runner}")
        return Bench(asked, runner.open_pipeline), {"import_ms": _since_ms(started)}

    yield from serve(begin)


def serve(
    begin: Callable[[], tuple[object, Reply]],
) -> Generator[Reply, Mapping[str, Any], None]:
    """Begin, yield the first reply, and then that of each command; an error is the last reply.

    Args:
        begin: Imports and loads; returns the commands, a method each, and the first reply.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # everything is measured on the CPU
    try:
        commands, reply = begin()
        while True:
            arguments = dict((yield reply))
            command: Command = getattr(commands, arguments.pop("do"))
            reply = command(**arguments)
    except Exception as error:  # any error of a framework is the answer
        yield {"error": " ".join(f"{type(error).__name__}: {error}".split())[:500]}


class Bench:
    """The commands, one method each."""

    def __init__(self, job: Job, open_pipeline: Callable[[Job], Pipeline]) -> None:
        self._job, self._open = job, open_pipeline
        self._samples = read_samples(job.inputs)
        self._next = count()

    def load(self) -> dict[str, Any]:
        """Load the subject, and run it for the first time."""
        started = time.perf_counter()
        self._pipeline = self._open(self._job)
        load_ms = _since_ms(started)
        ready = self._pipeline.prepare(self._samples[0])
        started = time.perf_counter()
        self._pipeline.forward(ready)
        return {"about": self._pipeline.about, "load_ms": load_ms, "first_ms": _since_ms(started)}

    def answer(self, path: str) -> dict[str, Any]:
        """Write every output for every sample."""
        arrays: dict[str, Array] = {}
        for i, sample in enumerate(self._samples):
            found = self._pipeline.arrays(self._pipeline.forward(self._pipeline.prepare(sample)))
            arrays |= {f"out/{i}/{k}": np.asarray(array) for k, array in enumerate(found)}
        np.savez(path, **arrays)  # type: ignore[arg-type]
        return {}

    def warm_up(self, seconds: float) -> dict[str, Any]:
        """Run for so long, and at least five times."""
        end, runs = time.perf_counter() + seconds, 0
        while runs < LEAST_WARM_UP or time.perf_counter() < end:
            self._run()
            runs += 1
        return {"runs": runs}

    def block(self, seconds: float) -> dict[str, Any]:
        """Run for so long, and at least twice after the lead-in; every run is reported."""
        runs: list[tuple[float, float, float]] = []
        gc.collect()
        gc.disable()
        try:
            used, started = time.process_time(), time.perf_counter()
            while len(runs) < LEAD_IN + LEAST_KEPT or time.perf_counter() - started < seconds:
                runs.append(self._run())
            cores = (time.process_time() - used) / (time.perf_counter() - started)
        finally:
            gc.enable()
        before, forward, after = ([round(ms, 6) for ms in s] for s in zip(*runs, strict=True))
        stages = {"preprocessing_ms": before, "forward_ms": forward, "postprocessing_ms": after}
        return {**stages, "cores": round(cores, 3)}

    def peak(self) -> dict[str, Any]:
        """Return how much memory this process ever held."""
        return {"peak_mb": peak_mb()}

    def _run(self) -> tuple[float, float, float]:
        """Send the next sample through all stages; return the milliseconds of each."""
        sample, pipeline = self._samples[next(self._next) % len(self._samples)], self._pipeline
        at = time.perf_counter_ns
        t0 = at()
        ready = pipeline.prepare(sample)
        t1 = at()
        outputs = pipeline.forward(ready)
        t2 = at()
        pipeline.finish(sample, ready, outputs)
        t3 = at()
        return (t1 - t0) / 1e6, (t2 - t1) / 1e6, (t3 - t2) / 1e6


def peak_mb() -> float | None:
    """Return the most memory that this process ever held, in 2**20 bytes.

    On Linux that is VmHWM of proc(5): getrusage's number is inherited from the parent process.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        line = next(x for x in status.splitlines() if x.startswith("VmHWM"))
        return round(int(line.split()[1]) / 2**10, 1)
    except (OSError, StopIteration):
        return _peak_by_getrusage()


def _peak_by_getrusage() -> float | None:
    if sys.platform == "win32":
        return None
    import resource

    unit = 1 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20, 1)


def _since_ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1e3, 3)
