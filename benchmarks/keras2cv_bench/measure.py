"""Measure all subjects of a batch size: load each, compare the answers, then time them in turns."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from keras2cv.errors import VerdictError
from keras2cv.schema.fields import decode
from keras2cv.tuning.interleave import take_blocks

from .environment import Watch
from .process import Lost, Process
from .records import Answers, Block, Missing, Timing

ROUNDS: Final = 12  # even, so that no subject is first more often than last
WARM_UP_S: Final = 0.5
SECONDS: Final = 3.0  # of blocks, per subject

Progress = Callable[[str, int, int], None]
"""A step, and how many of how many of its parts are done; 0 of 0 where that is not known."""


@dataclass(frozen=True)
class Loaded:
    """A process' report before it was timed."""

    about: str
    import_ms: float
    load_ms: float
    first_ms: float


@dataclass(frozen=True)
class Measured:
    """Timings of one batch size, and the cores that other processes used meanwhile, if known."""

    timings: tuple[Timing, ...]
    others: float | None


@dataclass
class Crew:
    """The processes of one batch size, in order, and those that were lost on the way."""

    processes: dict[str, Process]
    batch: int
    missing: list[Missing]

    def lose(self, name: str, why: Lost | str) -> None:
        """Go on without a process."""
        self.processes.pop(name, None)
        self.missing.append(Missing(name, str(why), self.batch))

    def each(self, work: Callable[[str, Process], Any]) -> dict[str, Any]:
        """Let all processes work, one at a time; return the results of those that were not lost."""
        found = {}
        for name, process in list(self.processes.items()):
            try:
                found[name] = work(name, process)
            except Lost as lost:
                self.lose(name, lost)
        return found


def measure(
    crew: Crew,
    answers: Callable[[Crew], Mapping[str, Answers]],
    *,
    seconds: float = SECONDS,
    rounds: int = ROUNDS,
    needed: Sequence[str] = (),
    progress: Progress = lambda _step, _done, _total: None,
) -> Measured:
    """Return a timing of each subject that ran; the others are in `crew.missing`.

    Args:
        crew: The processes, started.
        answers: Lets each process answer every sample, and compares the answers with TensorFlow's.
        seconds: How long each subject's blocks take together.
        rounds: How many blocks each has.
        needed: Without these subjects there is nothing to measure.
        progress: Called before each step.

    Raises:
        VerdictError: One of the needed subjects does not run.
    """
    imports_ms = crew.each(lambda _, process: process.started())
    loaded = crew.each(lambda name, process: _load(name, process, imports_ms[name], progress))
    _require(crew, needed)
    progress("asking all for their answers", 0, 0)
    judged = answers(crew)
    _require(crew, needed)
    warm = crew.each(lambda name, process: _warm_up(name, process, progress))
    _require(crew, needed)
    watch = Watch(process.pid for process in crew.processes.values())
    blocks = _time_in_turns(crew, seconds / rounds, rounds, progress)
    others = watch.others()
    _require(crew, needed)
    peaks = crew.each(lambda _, process: process.close().get("peak_mb"))
    timings = tuple(
        Timing(
            subject=name,
            batch=crew.batch,
            **vars(loaded[name]),
            warm_up_runs=warm[name],
            answers=judged[name],
            blocks=blocks[name],
            peak_mb=peak_mb,
        )
        for name, peak_mb in peaks.items()
    )
    return Measured(timings, others)


def _load(name: str, process: Process, import_ms: float, progress: Progress) -> Loaded:
    progress(f"loading {name}", 0, 0)
    found = process.ask("load")
    return Loaded(found["about"], import_ms, found["load_ms"], found["first_ms"])


def _warm_up(name: str, process: Process, progress: Progress) -> int:
    progress(f"warming {name} up", 0, 0)
    return int(process.ask("warm_up", seconds=WARM_UP_S)["runs"])


def _time_in_turns(
    crew: Crew, seconds: float, rounds: int, progress: Progress
) -> dict[str, tuple[Block, ...]]:
    """Let all take turns; a subject lost meanwhile is left out of every round."""
    lost: dict[str, Lost] = {}

    def block(name: str, process: Process) -> tuple[Block, ...]:
        if name in lost:
            return ()
        try:
            return (decode(Block, process.ask("block", seconds=seconds)),)
        except Lost as why:
            lost[name] = why
            return ()

    sides = {name: functools.partial(block, name, p) for name, p in crew.processes.items()}
    found = take_blocks(
        sides, rounds, lambda done, total: progress("timing, in turns", done, total)
    )
    for name, why in lost.items():
        crew.lose(name, why)
    return {name: tuple(b for (b,) in found[name]) for name in crew.processes}


def _require(crew: Crew, needed: Sequence[str]) -> None:
    for name in needed:
        if name not in crew.processes:
            reason = next(m.reason for m in crew.missing if m.subject == name)
            raise VerdictError(f"{name} does not run, and nothing can be compared: {reason}.")
