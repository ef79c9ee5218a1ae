"""Trials of bundles on devices, in several processes at once."""

from __future__ import annotations

import os
import queue
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from campaigns import PACKAGES
from campaigns.devices.child import LOG_LEVEL
from keras2cv.isolation import ChildAnswer, Entry, Limits, answer_each

ENTRY: Final = "campaigns.devices.child:answer"
VERDICTS: Final = ("right", "wrong", "refused", "crash")
# The first run on a GPU loads libraries of gigabytes; a hang is longer than that.
LIMITS: Final = Limits(120.0, start_seconds=300.0)


@dataclass(frozen=True, slots=True)
class Trial:
    """The outcome of one bundle on one device.

    Attributes:
        bundle: Its folder's name.
        verdict: One of `VERDICTS`.
        reason: Why it is not "right".
        error: max|got - TensorFlow| / max|TensorFlow|, the worst output; None if not finite.
        cpu_error: The same of the classic engine on the CPU, or the reason why there is none.
        from_cpu: max|got - CPU| / max|CPU|.
        left: Layers that OpenCV left to the CPU: type -> how many.
        seconds: How long it took to load it and run the self-test.
    """

    bundle: str
    device: str
    verdict: str
    reason: str = ""
    error: float | None = None
    cpu_error: float | str | None = None
    from_cpu: float | None = None
    left: Mapping[str, int] = field(default_factory=dict)
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"{self.verdict!r} is not one of {', '.join(VERDICTS)}.")


def run_trials(
    bundles: Sequence[Path], devices: Sequence[str], workers: int = 2
) -> Iterator[Trial]:
    """Yield a trial per bundle and device, as they are done, from `workers` processes at a time.

    Raises:
        BaseException: Any error of a worker's thread.
    """
    jobs = [
        {"bundle": str(bundle.absolute()), "device": device}
        for bundle in bundles
        for device in devices
    ]
    done: queue.Queue[Trial | BaseException | None] = queue.Queue()
    parts = [part for k in range(max(workers, 1)) if (part := jobs[k :: max(workers, 1)])]
    with tempfile.TemporaryDirectory() as folder:
        for part in parts:
            threading.Thread(target=_work, args=(part, Path(folder), done), daemon=True).start()
        running = len(parts)
        while running:
            found = done.get()
            if found is None:
                running -= 1
            elif isinstance(found, BaseException):
                raise found
            else:
                yield found


def _work(
    jobs: Sequence[Mapping[str, Any]],
    folder: Path,
    done: queue.Queue[Trial | BaseException | None],
) -> None:
    """Put a trial per job into `done`, then None; also any exception raised here."""
    entry = Entry(ENTRY, PACKAGES, variables={**os.environ, LOG_LEVEL: "INFO"})
    try:
        for answer in answer_each(entry, jobs, LIMITS, folder=folder):
            done.put(_trial(jobs[answer.number], answer))
    except BaseException as error:
        done.put(error)
    finally:
        done.put(None)


def _trial(job: Mapping[str, Any], answer: ChildAnswer) -> Trial:
    name, device = Path(job["bundle"]).name, job["device"]
    if answer.problem is not None:
        return Trial(name, device, "crash", answer.problem)
    return Trial(name, device, **answer.reply)
