"""Let sides take turns, so that their durations can be compared.

Sides work in blocks, forwards and backwards in turn: A B C, C B A, A B C, ... A machine that slows
down or warms up over minutes slows all of them, in the same rounds; and no side always inherits the
same side's caches and clock rates. Each round gives one ratio, and the ratios of all rounds give a
median and an interval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

import numpy as np

Run = TypeVar("Run")
Block = Callable[[], Sequence[Run]]
"""Works for a while, and returns its measurement of each run."""

Word = Literal["faster", "slower", "no difference", "too noisy"]

NOISY: Final = 1.3  # an interval with ends further apart than that shows little about the model
STARVED: Final = 0.8  # cores; a net alone on a machine has at least the one that it runs on
_DRAWS: Final = 2000
_CONFIDENCE: Final = 0.95


@dataclass(frozen=True)
class Comparison:
    """One side's time over another's, with its 95 % interval; below 1 the first is faster."""

    ratio: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.ratio <= self.high < float("inf"):
            raise ValueError(f"{self.ratio} is not a ratio between {self.low} and {self.high}.")

    @property
    def word(self) -> Word:
        """Which side of 1 the interval is on, or else whether it is narrow enough to matter."""
        if self.high < 1:
            return "faster"
        if self.low > 1:
            return "slower"
        return "too noisy" if self.high > NOISY * self.low else "no difference"

    def within(self, most: float) -> bool | None:
        """Whether the ratio is at most `most`; None where the interval contains it."""
        if self.high <= most:
            return True
        return False if self.low > most else None

    def __str__(self) -> str:
        """Write as `0.52 (0.50 to 0.55)`."""
        return f"{self.ratio:.2f} ({self.low:.2f} to {self.high:.2f})"


def order(names: Sequence[str], number: int) -> tuple[str, ...]:
    """Return the sides in their order in round `number`: forwards if it is even, else backwards."""
    return tuple(names) if number % 2 == 0 else tuple(reversed(names))


def take_blocks(
    sides: Mapping[str, Block[Run]],
    rounds: int,
    advance: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, tuple[tuple[Run, ...], ...]]:
    """Let every side work a block per round; return each side's blocks.

    Args:
        sides: Name -> works a block.
        rounds: How many blocks of each.
        advance: Called between two blocks with the numbers of blocks done and of all blocks.
    """
    names = list(sides)
    found: dict[str, list[tuple[Run, ...]]] = {name: [] for name in names}
    for number in range(rounds):
        for place, name in enumerate(order(names, number), start=1):
            found[name].append(tuple(sides[name]()))
            advance(number * len(names) + place, rounds * len(names))
    return {name: tuple(blocks) for name, blocks in found.items()}


def compare_blocks(
    ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]
) -> Comparison:
    """Compare two sides that took turns, round by round: the median of the blocks' ratios.

    Runs of one block are not independent, so the bootstrap draws rounds.

    Args:
        ours: A block of durations per round.
        theirs: The other side's, of the same rounds.
    """
    ratios = [float(np.median(a)) / float(np.median(b)) for a, b in zip(ours, theirs, strict=True)]
    return _around(float(np.median(ratios)), interval(ratios))


def compare_apart(ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]) -> Comparison:
    """Compare two sides that did not run in turns, such as today's and last month's.

    A slowdown of one side alone enters the ratio; the interval only covers the variation between
    the blocks of each side.
    """
    a, b = ([float(np.median(block)) for block in blocks] for blocks in (ours, theirs))
    rng = np.random.default_rng(9)
    drawn = (np.median(rng.choice(side, (_DRAWS, len(side))), axis=1) for side in (a, b))
    return _around(float(np.median(a)) / float(np.median(b)), _ends(np.divide(*drawn)))


def interval(values: Sequence[float] | Any) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the median (Efron 1979, percentile method)."""
    known = np.asarray(values, np.float64)
    drawn = np.random.default_rng(8).choice(known, (_DRAWS, len(known)))
    return _ends(np.median(drawn, axis=1))


def _around(ratio: float, ends: tuple[float, float]) -> Comparison:
    """Build a comparison, allowing for a rounding error.

    The bootstrap's ends may lie a rounding error inside the median of few, equal values.
    """
    return Comparison(ratio, min(ends[0], ratio), max(ends[1], ratio))


def _ends(drawn: Any) -> tuple[float, float]:
    ends = np.quantile(drawn, [(1 - _CONFIDENCE) / 2, (1 + _CONFIDENCE) / 2])
    return float(ends[0]), float(ends[1])
