"""A setting's process, from outside: judged when it starts, timed in turns with another one's."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from keras2cv.bundle.manifest import Trial
from keras2cv.errors import Keras2cvError
from keras2cv.isolation import Conversation, Entry, Limits
from keras2cv.plain_files import real_path
from keras2cv.tuning.interleave import Comparison, compare_blocks, take_blocks

_CHILD: Final = Entry("keras2cv.tuning.child:answer")
_PATIENCE_S: Final = 120.0  # to load a net and run its self-test, or a block
_PATIENCE_S_PER_GIB: Final = 600.0
_BLOCK_S: Final = 0.02
_MAX_BLOCK: Final = 30  # runs
_WARM_UP: Final = 3  # runs
_ROUNDS: Final = (7, 21)


class RefusedError(Keras2cvError):
    """The setting does not give the self-test's answers."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to run a bundle: a file of its net, and how."""

    file: str
    trial: Trial
    batch: int
    nets: int = 1

    @property
    def options(self) -> dict[str, Any]:
        """The options of Predictor, all given, so that no choice of before is followed."""
        trial = self.trial
        return {
            "engine": trial.engine,
            "threads": trial.threads,
            "fusion": trial.fusion,
            "winograd": trial.winograd,
            "batch": self.batch,
        }


class Running:
    """A process that passed the self-test with its setting."""

    def __init__(self, child: Conversation, samples: int) -> None:
        """Take a process whose runs answer so many samples each."""
        self._child, self._samples = child, samples

    def block(self, runs: int) -> list[float]:
        """Return how long each of some runs took, in nanoseconds a sample.

        Raises:
            Keras2cvError: It ended, or takes too long.
        """
        found = self._child.ask({"runs": runs})["nanoseconds"]
        return [max(took, 1) / self._samples for took in found]

    def runs_in(self, seconds: float) -> int:
        """Warm up, and return how many runs take about so long."""
        took_s = min(self.block(_WARM_UP)) * self._samples / 1e9
        return min(max(int(seconds / took_s), 1), _MAX_BLOCK)


@contextlib.contextmanager
def running(folder: Path, setting: Setting, size_bytes: int) -> Iterator[Running]:
    """Start a process with a setting, and let it pass the self-test.

    Args:
        folder: The bundle's.
        setting: The setting.
        size_bytes: Of the net, for which the process has the more patience.

    Raises:
        RefusedError: It does not pass.
        Keras2cvError: OpenCV fails, crashes, hangs, or asks for too much memory.
    """
    patience_s = _PATIENCE_S + _PATIENCE_S_PER_GIB * setting.nets * size_bytes / 2**30
    opening = {
        "bundle": str(real_path(folder)),
        "file": setting.file,
        "nets": setting.nets,
        "options": setting.options,
    }
    with Conversation(_CHILD, Limits(patience_s)) as child:
        if problem := child.ask(opening)["problem"]:
            raise RefusedError(problem)
        yield Running(child, setting.nets * setting.batch)


def time_alone(one: Running, budget_s: float) -> float:
    """Return the median duration of a sample, in nanoseconds."""
    runs = one.runs_in(_BLOCK_S)
    cost_s = _cost_s(one, runs)
    return _median(take_blocks({"one": lambda: one.block(runs)}, _rounds(budget_s, cost_s))["one"])


def time_in_turns(one: Running, base: Running, budget_s: float) -> tuple[float, Comparison]:
    """Return the median duration of a sample in nanoseconds, and how it compares with `base`'s.

    Args:
        one: The process that is timed.
        base: The one that it takes turns with, block by block.
        budget_s: About how long both are timed.
    """
    counts = {side: side.runs_in(_BLOCK_S) for side in (one, base)}
    sides = {
        "one": lambda: one.block(counts[one]),
        "base": lambda: base.block(counts[base]),
    }
    cost_s = sum(_cost_s(side, runs) for side, runs in counts.items())
    times = take_blocks(sides, _rounds(budget_s, cost_s))
    return _median(times["one"]), compare_blocks(times["one"], times["base"])


def _cost_s(side: Running, runs: int) -> float:
    """Return how long a block takes; it warms up, too."""
    started = time.monotonic()
    side.block(runs)
    return max(time.monotonic() - started, 1e-6)


def _rounds(budget_s: float, cost_s: float) -> int:
    return min(max(int(budget_s / cost_s), _ROUNDS[0]), _ROUNDS[1])


def _median(blocks: Sequence[Sequence[float]]) -> float:
    return float(np.median([took for block in blocks for took in block]))
