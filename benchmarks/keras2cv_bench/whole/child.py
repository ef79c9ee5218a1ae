"""A way in a process of its own (the child's side of `measure.py`).

The first request is a `Task`, and the first reply comes after the first answer:

    (the task)                          {"about": "...", "answer": "cat"}
    {"do": "answers", "path", "count"}  {}  every output is written, as out/<i>/<k>
    {"do": "labels", "count"}           {"labels": [...]}  in words, as the way for many gives them
    {"do": "block", "count": 5}         {"decode": [ms, ...], ...}  a list for each stage
    {"do": "many"}                      {"count": 200, "wall_s": 1.9, "cpu_s": 3.5}
    {"do": "peak"}                      {"peak_mb": 123.4}

An error is {"error": "..."}, and ends the process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from itertools import pairwise
from typing import Any

Reply = dict[str, Any]


def answer(
    given: Mapping[str, Any], _: Callable[..., None]
) -> Generator[Reply, Mapping[str, Any], None]:
    """Import and load a way, answer the first picture, and then commands."""
    from keras2cv_bench.child import serve

    def begin() -> tuple[Commands, Reply]:
        from importlib import import_module

        from keras2cv_bench.whole.task import Task

        task = Task.from_dict(dict(given))
        way = import_module(f"keras2cv_bench.whole.ways.{task.way}").open_way(task)
        commands = Commands(task, way)
        return commands, commands.first()

    yield from serve(begin)


class Commands:
    """The commands, one method each."""

    def __init__(self, task: Any, way: Any) -> None:
        """Begin at the first picture."""
        from keras2cv_bench.whole.task import Frames

        self._task, self._way = task, way
        self._frames = Frames(task, way)

    def first(self) -> Reply:
        """Answer the first picture, by the only way there is."""
        if self._way.decode is None:
            results = self._way.many()
            result = next(results)
            results.close()
        else:
            _, result = self._one()
        return {"about": self._way.about, "answer": str(result.label)}

    def answers(self, path: str, count: int) -> Reply:
        """Write every output for the first pictures."""
        import numpy as np

        self._frames.rewind()
        way = self._way
        arrays: dict[str, Any] = {}
        for i in range(count):
            picture = self._frames.take()
            ready = way.prepare([picture])
            outputs = way.forward(ready)
            arrays |= {f"out/{i}/{k}": np.asarray(a) for k, a in enumerate(way.arrays(outputs))}
        np.savez(path, **arrays)
        return {}

    def block(self, count: int) -> Reply:
        """Answer the next pictures one by one; return the milliseconds of each stage."""
        from keras2cv_bench.whole.task import STAGES

        runs = [self._one()[0] for _ in range(count)]
        return {stage: [round(run[k], 4) for run in runs] for k, stage in enumerate(STAGES)}

    def many(self) -> Reply:
        """Answer all files once; return how many, and the time of the clock and of all cores."""
        used, started = time.process_time(), time.perf_counter()
        count = sum(1 for _ in self._way.many())
        wall_s = time.perf_counter() - started
        return {"count": count, "wall_s": wall_s, "cpu_s": time.process_time() - used}

    def labels(self, count: int) -> Reply:
        """Return the answers to the first files, in words, as the way for many gives them."""
        found, results = [], self._way.many()
        for result in results:
            found.append(str(result.label))
            if len(found) == count:
                break
        results.close()
        return {"labels": found}

    def peak(self) -> Reply:
        """Return how much memory this process ever held."""
        from keras2cv_bench.child import peak_mb

        return {"peak_mb": peak_mb()}

    def _one(self) -> tuple[list[float], Any]:
        """Answer a picture; return the milliseconds of each stage, and the result."""
        way, at = self._way, time.perf_counter_ns
        marks = [at()]
        picture = self._frames.take()
        marks.append(at())
        ready = way.prepare([picture])
        marks.append(at())
        outputs = way.forward(ready)
        marks.append(at())
        result = way.finish([picture], ready, outputs)[0]
        marks.append(at())
        result.draw(way.as_bgr(picture))
        marks.append(at())
        return [(b - a) / 1e6 for a, b in pairwise(marks)], result
