"""How sure a metric is: the bootstrap over samples (Efron, 1979), two pipelines in pairs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Interval: TypeAlias = tuple[float, float]

RESAMPLES: Final = 1000
_SEED: Final = 21
_AT_ONCE: Final = 500_000  # numbers of weights


@dataclass(frozen=True, eq=False)
class Resampler:
    """Computes metrics of samples that are drawn again.

    Attributes:
        count: How many samples there are, N.
        metrics: How often each sample is drawn (R, N) -> metric -> its values (R,).
        resamples: How often as many samples are drawn again.
    """

    count: int
    metrics: Callable[[Array], Mapping[str, Array]]
    resamples: int = RESAMPLES


def resampled(sides: Sequence[Resampler]) -> list[dict[str, Array]]:
    """Return of each side metric -> values (R,); all sides get the same samples."""
    count, resamples = sides[0].count, min(side.resamples for side in sides)
    random = np.random.default_rng(_SEED)
    step = max(1, min(resamples, _AT_ONCE // max(count, 1)))
    shares = np.full(count, 1 / max(count, 1))
    parts: list[list[Mapping[str, Array]]] = [[] for _ in sides]
    for start in range(0, resamples if count else 0, step):
        weights = random.multinomial(count, shares, min(step, resamples - start)).astype(float)
        for side, part in zip(sides, parts, strict=True):
            part.append(side.metrics(weights))
    return [
        {name: np.concatenate([one[name] for one in part]) for name in part[0]} if part else {}
        for part in parts
    ]


def interval(values: Array) -> Interval:
    """Return the middle 95 % of values; NaN where none is finite."""
    values = values[np.isfinite(values)]
    if not len(values):
        return math.nan, math.nan
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def intervals(found: Mapping[str, Array]) -> dict[str, Interval]:
    """Return the interval of each metric."""
    return {name: interval(values) for name, values in found.items()}


def differences(ours: Mapping[str, Array], theirs: Mapping[str, Array]) -> dict[str, Interval]:
    """Return the interval of each metric of ours minus theirs, for those that both have."""
    return {name: interval(ours[name] - theirs[name]) for name in ours if name in theirs}
