"""Run a bundle in a child process, and turn whatever happens to that process into one sentence."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import keras2cv
from keras2cv import errors
from keras2cv.bundle.leftovers import temporary_folder
from keras2cv.bundle.npz import read_npz
from keras2cv.errors import Keras2cvError, NetError
from keras2cv.isolation.child import Ended, gib, run_child

Array = NDArray[Any]

# What Windows ends a crashed process with.
_NT_STATUS: Final = {
    0xC0000005: "access violation",
    0xC00000FD: "stack overflow",
    0xC0000374: "heap corruption",
    0xC0000409: "abort",
}


class CrashError(NetError):
    """OpenCV ended the process that it ran in."""


@dataclass(frozen=True, eq=False, slots=True)
class WorkerRun:
    """What came back: `outputs[sample][output]` in Keras' layout, and what really ran."""

    outputs: tuple[tuple[Array, ...], ...]
    opencv: str
    engine: str
    threads: int
    load_ms: float


def run_worker(
    bundle: Path,
    samples: Sequence[Sequence[Array]],
    *,
    timeout_s: float,
    engine: str | None = None,
    fusion: bool = True,
    winograd: bool = True,
    threads: int | None = None,
    batch: int | None = None,
    scratch: Path | None = None,
    memory: int | None = None,
) -> WorkerRun:
    """Return what `infer` returns for each of `samples` in a fresh process.

    Args:
        bundle: the bundle's folder; it may be a staged one.
        samples: per sample, one array per input, in Keras' layout and order.
        timeout_s: how long the process may take for everything.
        engine: "new" or "classic"; None takes what the manifest says.
        fusion: False switches layer fusion off; True leaves it to the manifest.
        winograd: False switches Winograd convolution off; True leaves it to the manifest.
        threads: OpenCV's number of threads there.
        batch: samples per run of the net; None takes the manifest's.
        scratch: a folder for temporary files; None takes the system's.
        memory: the bytes that the process may write to; None: most of what is free here.

    Raises:
        NetError: OpenCV refused the graph, ran out of time or out of memory.
        CrashError: OpenCV crashed on it.
        BundleError, InputError, MissingDependency, UsageError: as `keras2cv.load` and `infer`.
        UsageError: temporary files cannot be written.
    """
    with temporary_folder(scratch) as folder:
        inputs, outputs = folder / "inputs.npz", folder / "outputs.npz"
        arrays = {
            f"in/{i}/{k}": a for i, sample in enumerate(samples) for k, a in enumerate(sample)
        }
        np.savez(inputs, **arrays)  # type: ignore[arg-type]
        options = [] if engine is None else ["--engine", engine]
        options += [] if fusion else ["--no-fusion"]
        options += [] if winograd else ["--no-winograd"]
        options += [] if threads is None else ["--threads", str(threads)]
        options += [] if batch is None else ["--batch", str(batch)]
        _run([str(bundle), str(inputs), str(outputs), *options], engine, timeout_s, memory)
        return _read(outputs, len(samples))


def _run(arguments: list[str], engine: str | None, timeout_s: float, memory: int | None) -> None:
    command = [sys.executable, "-m", "keras2cv.isolation.worker", *arguments]
    done = run_child(command, timeout_s=timeout_s, memory=memory, env=child_environment())
    facts = _progress(done.stdout)
    if done.code is None:
        raise NetError(
            f"{_who(facts, engine)} was not done after {timeout_s:g} s, while {_doing(facts)}. "
            "Allow more time, or try the other engine."
        )
    if done.code != 0:
        raise _failure(done, done.code, facts, engine)


def _failure(done: Ended, code: int, facts: Mapping[str, str], engine: str | None) -> Keras2cvError:
    """Return the error for a process that ended with `code`."""
    if done.out_of_memory:
        return NetError(
            f"{_who(facts, engine)} asked for more than the {gib(done.limit)} of memory that it "
            f"may have here, while {_doing(facts)}. Free some, or make the model's input smaller."
        )
    if "error" in facts:
        kind = getattr(errors, facts["error"], NetError)
        result: Keras2cvError = kind(facts["message"])
        return result
    return CrashError(
        f"{_who(facts, engine)} crashed ({ending(code)}) while {_doing(facts)}; its last "
        f"words: {done.last_words}. Try the other engine, or export it for another "
        "OpenCV, with --opencv."
    )


def ending(code: int) -> str:
    """Return in words how a process with exit code `code` ended: "SIGSEGV", "exit code 1"."""
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"{name}, perhaps out of memory" if name == "SIGKILL" else name
    return _NT_STATUS.get(code, f"exit code {code}")


def _progress(stdout: str) -> dict[str, str]:
    """Return the last word on each fact that the worker printed; cv2 may print there too."""
    facts: dict[str, str] = {}
    for line in stdout.splitlines():
        if line.startswith("{"):
            try:
                facts |= json.loads(line)
            except ValueError:
                continue
    return facts


def _who(facts: Mapping[str, str], engine: str | None) -> str:
    name = facts.get("engine") or engine
    version = f"OpenCV {facts['opencv']}" if "opencv" in facts else "OpenCV"
    return f"{version} ({name} engine)" if name else version


def _doing(facts: Mapping[str, str]) -> str:
    stage, file = facts.get("stage", "starting"), facts.get("file", "")
    return f"{stage} of {file}" if stage.startswith("running") else f"{stage} {file}".strip()


def child_environment() -> dict[str, str]:
    """Return the child's environment, in which it finds this very keras2cv first."""
    root = str(Path(keras2cv.__file__).resolve().parents[1])
    inherited = os.environ.get("PYTHONPATH")
    path = root if not inherited else os.pathsep.join((root, inherited))
    # PYTHONSAFEPATH (Python 3.11): a cv2.py in the current folder is not OpenCV.
    return {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}


def _read(path: Path, sample_count: int) -> WorkerRun:
    arrays = read_npz(path, max_bytes=sys.maxsize)
    facts = json.loads(str(arrays.pop("facts")))
    output_count = len(arrays) // sample_count
    return WorkerRun(
        tuple(
            tuple(arrays[f"out/{i}/{k}"] for k in range(output_count)) for i in range(sample_count)
        ),
        facts["opencv"],
        facts["engine"],
        facts["threads"],
        facts["load_ms"],
    )
