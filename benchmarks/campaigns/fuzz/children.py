"""Run mutated inputs in forked children, and report on each, even if a child died of it."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import select
import shutil
import signal
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from keras2cv.errors import Keras2cvError
from keras2cv.isolation.bootstrap import die_with_parent

from .corpus import Files
from .guard import Breach, bound
from .kinds import Kind
from .trying import WrongAnswer

LIMIT_S: Final = 30.0  # for one input; most take a millisecond
_TICK_S: Final = 0.5
GOOD: Final = ("answer", "refused")


@dataclass(frozen=True)
class Outcome:
    """The outcome of one input.

    Attributes:
        number: The number of the input.
        verdict: "answer", "refused", or a failure: "wrong", "exception", "breach", "leftovers",
            "died", "hung"; "unmade" is a failure of the fuzzer itself.
        detail: The error's class, or where and how it failed.
        seconds: How long it took.
    """

    number: int
    verdict: str
    detail: str = ""
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def run_inputs(
    kind: Kind, inputs: Mapping[int, Any], scratch: Path, limit_s: float = LIMIT_S
) -> Iterator[Outcome]:
    """Yield the outcome of each input.

    A child that dies costs its own input only: the next child goes on with the others.

    Args:
        kind: The kind of files.
        inputs: Number -> a function that makes the files of that input.
        scratch: Folder for the files, emptied after each child.
        limit_s: Time limit of one input.
    """
    left = sorted(inputs)
    while left:
        for outcome in _one_child(kind, inputs, left[: kind.batch], scratch, limit_s):
            yield outcome
            left.remove(outcome.number)
        if leftovers := _left_files(scratch):
            yield Outcome(-1, "leftovers", ", ".join(leftovers[:5]))


def _one_child(
    kind: Kind, inputs: Mapping[int, Any], numbers: Sequence[int], scratch: Path, limit_s: float
) -> Iterator[Outcome]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:  # never returns
        os.close(reading)
        _child(kind, inputs, numbers, scratch, writing)
    os.close(writing)
    started = None
    try:
        for line in _lines(reading, limit_s):
            if line is None:
                os.kill(pid, signal.SIGKILL)
                yield Outcome(started or numbers[0], "hung", f"after {limit_s:g} s", limit_s)
                return
            record = json.loads(line)
            if "start" in record:
                started = record["start"]
            else:
                started = None
                yield Outcome(**record)
    finally:
        os.close(reading)
        with contextlib.suppress(ProcessLookupError):
            if started is None:
                os.kill(pid, signal.SIGKILL)  # done, or the rest is not wanted
        _, status = os.waitpid(pid, 0)
    if started is not None:
        yield Outcome(started, "died", _ending(status))


def _ending(status: int) -> str:
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"exit code {os.waitstatus_to_exitcode(status)}"


def _lines(descriptor: int, limit_s: float) -> Iterator[bytes | None]:
    """Yield whole lines; None when nothing came for `limit_s`, pauses of this process left out."""
    buffer, waited_s = b"", 0.0
    while True:
        ready, _, _ = select.select([descriptor], [], [], _TICK_S)
        if not ready:
            waited_s += _TICK_S
            if waited_s >= limit_s:
                yield None
                return
            continue
        waited_s = 0.0
        piece = os.read(descriptor, 65_536)
        if not piece:
            return
        *whole, buffer = (buffer + piece).split(b"\n")
        yield from whole


def _child(
    kind: Kind, inputs: Mapping[int, Any], numbers: Sequence[int], scratch: Path, writing: int
) -> None:
    """Try the inputs, one after another; ends the process."""
    try:
        die_with_parent()
        silence = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(silence, descriptor)
        faulthandler.disable()  # the parent counts crashes
        bound(scratch)
        for number in numbers:
            os.write(writing, json.dumps({"start": number}).encode() + b"\n")
            outcome = _outcome(kind, number, inputs[number], scratch)
            os.write(writing, json.dumps(outcome.to_dict()).encode() + b"\n")
        os._exit(0)
    finally:
        os._exit(3)


def _outcome(kind: Kind, number: int, make: Any, scratch: Path) -> Outcome:
    folder = scratch / "in"
    started = time.perf_counter()
    try:
        put(folder, make())
    except Exception as error:  # a bug in a mutation, not one of the product
        return Outcome(number, "unmade", _where(error))
    try:
        kind.attempt(folder, Random(number))  # noqa: S311 - to be repeatable
        verdict, detail = "answer", ""
    except Keras2cvError as error:
        verdict, detail = "refused", type(error).__name__
        if "\n" in str(error) or not str(error):
            verdict, detail = "wrong", f"not one line: {str(error)!r:.200}"
    except WrongAnswer as error:
        verdict, detail = "wrong", str(error)
    except Breach as error:
        verdict, detail = "breach", str(error)
    except BaseException as error:  # any kind: the fuzzer looks for them
        verdict, detail = "exception", _where(error)
    return Outcome(number, verdict, detail, time.perf_counter() - started)


def put(folder: Path, files: Files) -> None:
    """Let `folder` hold `files`, and nothing else."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)


def _where(error: BaseException) -> str:
    """Return an error with the last place in our code, and the last place of all."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(f.filename).name}:{f.lineno}" for f in frames]
    ours = [p for p, f in zip(places, frames, strict=True) if "/keras2cv" in f.filename]
    return f"{type(error).__name__} at {ours[-1:]}{places[-1:]}: {str(error)[:150]}"


def _left_files(scratch: Path) -> list[str]:
    """Return the names of files beside the input in the scratch folder, and remove them."""
    kept = ("in", ".keras")  # Keras writes its settings into the home that it finds
    found = sorted(path for path in scratch.iterdir() if path.name not in kept)
    for path in found:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
    return [path.name for path in found]
