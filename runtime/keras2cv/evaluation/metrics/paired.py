"""Two pipelines on the same samples: how sure their difference is."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
RESAMPLES: Final = 1000
_SEED: Final = 21
_AT_ONCE: Final = 2_000_000  # numbers of weights


def mcnemar(only_one: int, only_other: int) -> float:
    """Return the exact two-sided p-value that both are right equally often (McNemar, 1947).

    Args:
        only_one: Samples that the one answers right and the other wrong.
        only_other: The other way round.
    """
    total, fewer = only_one + only_other, min(only_one, only_other)
    if total == 0:
        return 1.0
    logs = (
        math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1)
        for k in range(fewer + 1)
    )
    half = math.fsum(math.exp(log - total * math.log(2)) for log in logs)
    return min(1.0, 2 * half)


def difference_interval(
    one: Array, other: Array, metric: Callable[[Array], Array], resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of metric(one) - metric(other), samples kept in pairs.

    Args:
        one: (N, T) Numbers of each sample, whose sums make the metric.
        other: (N, T) The same of the other side.
        metric: Sums (R, T) -> the metric (R,).
        resamples: How often as many samples are drawn again.
    """
    count = len(one)
    random = np.random.default_rng(_SEED)
    found: list[Array] = []
    step = max(1, min(resamples, _AT_ONCE // max(count, 1)))
    shares = np.full(count, 1 / count)
    for start in range(0, resamples, step):
        weights = random.multinomial(count, shares, min(step, resamples - start)).astype(float)
        found.append(metric(weights @ one) - metric(weights @ other))
    values = np.concatenate(found)
    values = values[np.isfinite(values)]
    if not len(values):
        return math.nan, math.nan
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
