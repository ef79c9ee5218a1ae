"""Let OpenCV run on samples while TensorFlow still answers them.

Neither waits for the other's numbers, and both take seconds. One process of OpenCV works at a time,
so that memory holds one net of OpenCV's, as without this; but small nets are loaded beforehand.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from keras2cv.isolation import Conversation
from keras2cv.trial.running import LoadingNet, WorkerRun

from .sample_files import Sample


@dataclass(frozen=True, eq=False)
class NetRun:
    """A run of a bundle in a process of its own.

    Attributes:
        worker: `run_worker`.
        folder: The bundle's.
        samples: The samples.
        options: More arguments of `run_worker`, by name.
        outcome: What came of it, once it is begun.
    """

    worker: Callable[..., WorkerRun]
    folder: Path
    samples: Sequence[Sample]
    options: Mapping[str, Any]
    outcome: Future[WorkerRun] = field(default_factory=Future)

    def now(self) -> WorkerRun:
        """Run it.

        Raises:
            NetError: See `run_worker`.
        """
        return self.worker(self.folder, self.samples, **self.options)

    @property
    def settings(self) -> tuple[tuple[str, Any], ...]:
        """What a net is loaded with."""
        named = ((name, self.options.get(name)) for name in ("engine", "threads", "batch"))
        return tuple((name, value) for name, value in named if value is not None)

    def is_same(self, other: NetRun) -> bool:
        """Whether both put the same question to the same net."""
        return (
            (self.folder, self.options) == (other.folder, other.options)
            and len(self.samples) == len(other.samples)
            and all(map(_equal, self.samples, other.samples))
        )


class RunsAhead:
    """Runs that go on in a thread, one after the other; a context that ends them."""

    def __init__(self) -> None:
        self._runs: Sequence[NetRun] = ()
        self._thread: threading.Thread | None = None
        self._child: Conversation | None = None
        self._begun: list[LoadingNet] = []
        self._loading: dict[tuple[tuple[str, Any], ...], LoadingNet] = {}
        self._lock = threading.Lock()
        self._ended = False

    def __enter__(self) -> RunsAhead:
        """Use it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process that runs, and begin no other."""
        self.end()

    def load(self, runs: Sequence[NetRun]) -> None:
        """Start loading the nets of runs whose samples are not known yet.

        Raises:
            ChildNotStarted: The system starts no process.
        """
        for run in runs:
            wanted = {"timeout_s": run.options["timeout_s"], **dict(run.settings)}
            self._loading[run.settings] = loading = LoadingNet(run.folder, **wanted)
            self._begun.append(loading)

    def begin(self, runs: Sequence[NetRun]) -> None:
        """Start runs, in this order; earlier ones end."""
        self._stop()
        self._runs, self._ended = runs, False
        self._thread = threading.Thread(target=self._work, args=(runs,), daemon=True)
        self._thread.start()

    def run(self, run: NetRun) -> WorkerRun:
        """Return the outcome of a run that was begun, or run it now.

        Raises:
            NetError: See `run_worker`.
        """
        begun = next((one for one in self._runs if one.is_same(run)), None)
        return run.now() if begun is None else begun.outcome.result()

    def end(self) -> None:
        """Kill all processes, and wait for the thread."""
        self._stop()
        for loading in self._begun:
            loading.end()
        self._begun, self._loading = [], {}

    def _stop(self) -> None:
        """Kill the process that runs, and wait for its thread."""
        with self._lock:
            self._ended = True
            if self._child is not None:
                self._child.kill()
        if self._thread is not None:
            self._thread.join()
        self._runs = ()

    def _work(self, runs: Sequence[NetRun]) -> None:
        for run in runs:
            if self._ended:
                return
            try:
                outcome = run.worker(
                    run.folder, run.samples, **run.options, **self._ready(run), started=self._hold
                )
            except BaseException as error:
                run.outcome.set_exception(error)
            else:
                run.outcome.set_result(outcome)
            with self._lock:
                self._child = None

    def _ready(self, run: NetRun) -> dict[str, LoadingNet]:
        """Return the process that loads a run's net, if there is one."""
        loading = self._loading.pop(run.settings, None)
        return {} if loading is None else {"ready": loading}

    def _hold(self, child: Conversation) -> None:
        with self._lock:
            self._child = child
            if self._ended:
                child.kill()


def _equal(one: Sample, other: Sample) -> bool:
    return len(one) == len(other) and all(
        a is b or (a.dtype == b.dtype and np.array_equal(a, b))
        for a, b in zip(one, other, strict=True)
    )
