"""Run a bundle in a child process; whatever ends the child becomes one sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.leftovers import temporary_folder
from keras2cv.bundle.npz import read_npz
from keras2cv.errors import NetError
from keras2cv.isolation import (
    ChildLost,
    ChildOutOfMemory,
    ChildTimeout,
    Conversation,
    Entry,
    Limits,
)

Array = NDArray[Any]

WORKER: Final = Entry("keras2cv.trial.worker:answer")


class CrashError(NetError):
    """OpenCV ended the process that it ran in."""


@dataclass(frozen=True, eq=False, slots=True)
class WorkerRun:
    """`outputs[sample][output]` in Keras' layout, and the OpenCV and engine that really ran."""

    outputs: tuple[tuple[Array, ...], ...]
    opencv: str
    engine: str
    threads: int
    load_ms: float


class LoadingNet:
    """A process that loads a bundle's net, and waits for samples; `run_worker` takes it over."""

    def __init__(
        self,
        bundle: Path,
        *,
        timeout_s: float,
        engine: str | None = None,
        threads: int | None = None,
        batch: int | Literal["auto"] | None = None,
    ) -> None:
        """Start it; the arguments are those of `run_worker`.

        Raises:
            ChildNotStarted: the system starts no process.
        """
        options = {"engine": engine, "threads": threads, "batch": batch}
        self._child = Conversation(WORKER, Limits(timeout_s))
        self._taken = False
        self._child.send({"bundle": str(bundle), "options": options})

    def take(self) -> Conversation:
        """Return the process, which the caller ends from now on."""
        self._taken = True
        return self._child

    def end(self) -> None:
        """End the process, unless somebody took it."""
        if not self._taken:
            self._child.end()


def run_worker(
    bundle: Path,
    samples: Sequence[Sequence[Array]],
    *,
    timeout_s: float,
    engine: str | None = None,
    fusion: bool = True,
    winograd: bool = True,
    threads: int | None = None,
    batch: int | Literal["auto"] | None = None,
    scratch: Path | None = None,
    memory: int | None = None,
    started: Callable[[Conversation], None] | None = None,
    ready: LoadingNet | None = None,
) -> WorkerRun:
    """Return the outputs of `infer` for each of `samples`, computed in a fresh process.

    Args:
        bundle: the bundle's folder; it may be a staged one.
        samples: per sample, one array per input, in Keras' layout and order.
        timeout_s: how long the process may take for everything.
        engine: "new" or "classic"; None: the manifest's.
        fusion: False switches layer fusion off; True leaves it to the manifest.
        winograd: False switches Winograd convolution off; True leaves it to the manifest.
        threads: OpenCV's number of threads there.
        batch: samples per run of the net; "auto": those that `export --tune` chose; None: the
            manifest's.
        scratch: a folder for temporary files; None: the system's.
        memory: the bytes that the process may write to; None: most of the free memory.
        started: is given the process, so that another thread may kill it.
        ready: a process that loads this bundle with these options already; None: a new one.

    Raises:
        NetError: OpenCV refused the graph, ran out of time or out of memory.
        CrashError: OpenCV crashed on it.
        BundleError, InputError, MissingDependency, UsageError: as `keras2cv.load` and `infer`.
        ChildNotStarted: the system starts no process.
        UsageError: temporary files cannot be written.
    """
    options = {
        "engine": engine,
        "threads": threads,
        "batch": batch,
        "fusion": None if fusion else False,
        "winograd": None if winograd else False,
    }
    with temporary_folder(scratch) as folder:
        inputs, outputs = folder / "inputs.npz", folder / "outputs.npz"
        arrays = {
            f"in/{i}/{k}": a for i, sample in enumerate(samples) for k, a in enumerate(sample)
        }
        np.savez(inputs, **arrays)  # type: ignore[arg-type]
        paths = {"bundle": str(bundle), "inputs": str(inputs), "outputs": str(outputs)}
        request = {**paths, "options": options}
        ran = _run(request, Limits(timeout_s, memory_bytes=memory), started, ready)
        return _read(outputs, len(samples), ran)


def _run(
    request: Mapping[str, Any],
    limits: Limits,
    started: Callable[[Conversation], None] | None,
    ready: LoadingNet | None,
) -> dict[str, Any]:
    try:
        with Conversation(WORKER, limits) if ready is None else ready.take() as child:
            if started is not None:
                started(child)
            if ready is not None:
                child.reply()
            reply = child.ask(request)
            child.close()
            return reply
    except ChildLost as lost:
        raise _failure(lost, request["options"]["engine"]) from lost


def _failure(lost: ChildLost, engine: str | None) -> NetError:
    """Return the error that names OpenCV, its engine and the bundle's file."""
    happened = f"{_who(lost.reports, engine)} {lost.how}"
    doing = _doing(lost)
    if isinstance(lost, ChildTimeout):
        return NetError(f"{happened}, while {doing}. Allow more time, or try the other engine.")
    if isinstance(lost, ChildOutOfMemory):
        return NetError(f"{happened}, while {doing}. Free some, or make the model's input smaller.")
    return CrashError(
        f"{happened} while {doing}; its last words: {lost.last_words}. "
        "Try the other engine, or export it for another OpenCV, with --opencv."
    )


def _who(reports: Mapping[str, Any], engine: str | None) -> str:
    name = reports.get("engine") or engine
    version = f"OpenCV {reports['opencv']}" if "opencv" in reports else "OpenCV"
    return f"{version} ({name} engine)" if name else version


def _doing(lost: ChildLost) -> str:
    file = lost.reports.get("file", "")
    return (
        f"{lost.stage} of {file}"
        if lost.stage.startswith("running")
        else f"{lost.stage} {file}".strip()
    )


def _read(path: Path, sample_count: int, ran: Mapping[str, Any]) -> WorkerRun:
    arrays = read_npz(path, max_bytes=sys.maxsize)
    output_count = len(arrays) // sample_count
    outputs = tuple(
        tuple(arrays[f"out/{i}/{k}"] for k in range(output_count)) for i in range(sample_count)
    )
    return WorkerRun(outputs, ran["opencv"], ran["engine"], ran["threads"], ran["load_ms"])
