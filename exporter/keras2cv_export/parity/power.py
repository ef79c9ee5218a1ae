"""How many samples it takes to see a fault that few inputs show."""

from __future__ import annotations

import math
from typing import Any, Final

from keras2cv.errors import UsageError

SHARE: Final = 0.05  # of inputs, of which a report says how probably a fault would have been seen
_MOST: Final = 100_000


def probability(samples: int, share: float = SHARE) -> float:
    """Return how probably one of so many samples shows a fault that a share of inputs shows."""
    return 1.0 - (1.0 - share) ** samples


def power_of(samples: int) -> dict[str, Any]:
    """Return the same as plain values."""
    return {"share": SHARE, "probability": round(probability(samples), 4)}


def strength(samples: int) -> str:
    """Return a sentence on how strong a comparison over so many samples is."""
    seen = probability(samples)
    return f"a fault in {SHARE:.0%} of inputs would have been seen with {seen:.0%}"


def samples_for(power: str) -> int:
    """Return how many samples see a fault in a share of inputs with a probability.

    Args:
        power: "0.99:0.01", the probability and the share.

    Raises:
        UsageError: It is something else, or takes more than a hundred thousand samples.
    """
    try:
        seen, share = (float(word) for word in power.split(":"))
    except ValueError:
        seen, share = math.nan, math.nan
    if not (0.0 < seen < 1.0 and 0.0 < share < 1.0):
        raise UsageError(
            f"The power {power!r} is not PROBABILITY:SHARE, two numbers between 0 and 1. Write for "
            "example 0.99:0.01: a fault in 1 % of inputs is seen with a probability of 99 %."
        )
    count = math.ceil(math.log1p(-seen) / math.log1p(-share))
    if count > _MOST:
        raise UsageError(
            f"The power {power} takes {count} samples. Ask for at most {_MOST}: a lower "
            "probability, or a larger share."
        )
    return max(count, 1)
