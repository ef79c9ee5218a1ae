"""Two pipelines on the same samples: whether they are right equally often."""

from __future__ import annotations

import math


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
