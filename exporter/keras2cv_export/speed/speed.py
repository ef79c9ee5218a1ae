"""One honest line of speed: `predict` of the bundle against TensorFlow, taking turns.

OpenCV runs in a process of its own, TensorFlow where it was loaded for the check: starting a second
one would take longer than the whole measurement. Only one of them works at a time, both on all
cores. `predict` is timed from the picture to the result; TensorFlow from the ready input to NumPy
outputs, which leaves its preprocessing out, in its favour.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from keras2cv.tuning.interleave import NOISY, STARVED, interval
from keras2cv_export.parity.exactness import TENSORFLOW
from keras2cv_export.parity.report import Verdict

Side = Callable[[int], float]
"""Runs sample i once, and returns the nanoseconds that it took."""

OURS: Final = "predict"
THEIRS: Final = "tf.function"
KERAS: Final = "model.predict"

_WARM_UP: Final = 2  # rounds; the first runs allocate, and what compiles has done so before
_LEAST, _MOST = 7, 60  # rounds; fewer than 7 have no interval worth the name
_BUDGET_S: Final = 1.0


def theirs_of(judge: str) -> str:
    """Return the name of the side of whoever answers for a model."""
    return THEIRS if judge == TENSORFLOW else judge


@dataclass(frozen=True)
class SpeedReport:
    """The durations of both sides.

    Attributes:
        nanoseconds: Side -> duration of each round; round i of all sides is the same sample.
        engine: OpenCV's.
        threads: (OpenCV's, the other side's; None where nobody knows).
        batch: Samples per run.
        max_ratio: The user's limit; None: no limit.
        cores: How many cores OpenCV had on average while it ran; None where that is not known.
        judge: Who answers for the model.
    """

    nanoseconds: Mapping[str, tuple[float, ...]]
    engine: str
    threads: tuple[int, int | None]
    batch: int
    max_ratio: float | None = None
    cores: float | None = None
    judge: str = TENSORFLOW
    _interval: tuple[float, float] = field(init=False)

    def __post_init__(self) -> None:
        counts = {len(times) for times in self.nanoseconds.values()}
        if len(counts) != 1 or 0 in counts or not {OURS, self.theirs} <= set(self.nanoseconds):
            raise ValueError(f"Every side needs as many rounds as the others, got {counts}.")
        object.__setattr__(self, "_interval", interval(self._ratios()))

    @property
    def theirs(self) -> str:
        """The side that OpenCV is compared with."""
        return theirs_of(self.judge)

    @property
    def ratio(self) -> float:
        """Median of ours / theirs, round by round; below 1 OpenCV is faster."""
        return float(np.median(self._ratios()))

    @property
    def ratio_interval(self) -> tuple[float, float]:
        """The 95 % interval of `ratio`."""
        return self._interval

    def median_ms(self, side: str) -> float:
        """Return the median of a side, in milliseconds."""
        return float(np.median(self.nanoseconds[side])) / 1e6

    @property
    def verdict(self) -> Verdict:
        """Whether `max_ratio` is kept; inconclusive where the interval contains it."""
        low, high = self.ratio_interval
        if self.max_ratio is None or high <= self.max_ratio:
            return "pass"
        return "fail" if low > self.max_ratio else "inconclusive"

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the verdict is not a pass."""
        if self.verdict == "pass":
            return ()
        low, high = self.ratio_interval
        sentence = f"speed: predict takes {self.ratio:.2f} times {self.judge}'s time ({low:.2f} to "
        end = f"{high:.2f}), and --max-ratio is {self.max_ratio:g}."
        more = " Too close to decide: free the machine, and run it again."
        return (sentence + end + (more if self.verdict == "inconclusive" else ""),)

    def __str__(self) -> str:
        """Write as one line."""
        low, high = self.ratio_interval
        rounds = len(self.nanoseconds[OURS])
        keras = (
            f", model.predict {self.median_ms(KERAS):.3g} ms" if KERAS in self.nanoseconds else ""
        )
        batch = f" of {self.batch}" if self.batch > 1 else ""
        return (
            f"speed: predict{batch} {self.median_ms(OURS):.3g} ms here ({self.engine} engine, "
            f"{self.threads[0]} threads), {self._other()} {self.median_ms(self.theirs):.3g} ms"
            f"{keras} ({self._how()}, without its preprocessing): "
            f"{self.ratio:.2f} times {self.theirs}'s time (95 %: {low:.2f} to {high:.2f}; "
            f"medians of {rounds} interleaved runs{self._noise()})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for `--json`, raw times included."""
        return {
            "line": str(self),
            "verdict": self.verdict,
            "median_ms": {side: self.median_ms(side) for side in self.nanoseconds},
            "ratio": self.ratio,
            "ratio_interval_95": list(self.ratio_interval),
            "max_ratio": self.max_ratio,
            "opencv_cores": self.cores,
            "engine": self.engine,
            "reference": self.judge,
            "threads": self._threads(),
            "batch": self.batch,
            "nanoseconds": {side: list(times) for side, times in self.nanoseconds.items()},
        }

    def _other(self) -> str:
        return f"TensorFlow's {THEIRS}" if self.judge == TENSORFLOW else self.judge

    def _how(self) -> str:
        threads = self.threads[1]
        return "in a process of its own" if threads is None else f"{threads} threads"

    def _threads(self) -> dict[str, int]:
        ours, theirs = self.threads
        return {"opencv": ours} if theirs is None else {"opencv": ours, "tensorflow": theirs}

    def _noise(self) -> str:
        low, high = self.ratio_interval
        if self.cores is not None and self.cores < STARVED:
            return f"; OpenCV had {self.cores:.1f} of a core, the machine is busy"
        return "; noisy, the machine is busy" if high > NOISY * low else ""

    def _ratios(self) -> Any:
        return np.array(self.nanoseconds[OURS]) / np.array(self.nanoseconds[self.theirs])


def time_rounds(
    sides: Mapping[str, Side],
    samples: int,
    *,
    budget_s: float = _BUDGET_S,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, tuple[float, ...]]:
    """Time all sides on the same samples, round by round, in an order drawn anew each time.

    Rounds go on until `budget_s` seconds are over, but at least 7 and at most 60. The second side
    finds caches and clock rates as the first left them; the random order makes that even.

    Args:
        sides: Name -> runs a sample.
        samples: How many samples there are.
        budget_s: About how long all rounds take together.
        clock: Returns the time in seconds.
    """
    rng = np.random.default_rng(7)
    names = list(sides)
    times: dict[str, list[float]] = {name: [] for name in names}
    for warm_up in range(_WARM_UP):
        for name in names:
            sides[name](warm_up % samples)
    end = clock() + budget_s
    for number in range(_MOST):
        if number >= _LEAST and clock() >= end:
            break
        for index in rng.permutation(len(names)):
            times[names[index]].append(sides[names[index]](number % samples))
    return {name: tuple(found) for name, found in times.items()}
