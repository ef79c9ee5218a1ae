"""What a near-tie is, for every comparison of decisions: classes, boxes, pixels and texts.

Rounding decides an answer where the numbers behind it may be off by more than what separates it
from another answer. Such an answer is a near-tie; any other that differs is a changed decision.

Where the two numbers are known, they are a near-tie if the allowed errors can exchange them:
`is_near_tie`. Where an answer is made of many numbers, by suppression for example, the reference's
own are moved by as much as is allowed, and answered again: `moved_within`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

Array = np.ndarray[Any, Any]

MOVES: Final = 8
_SEED: Final = 3


def is_near_tie(gap: Any, allowed: float) -> Any:
    """Whether two numbers that are `gap` apart may change places, each being off by `allowed`.

    `gap` may be an array; then so is the answer.
    """
    return np.abs(gap) <= 2.0 * allowed


def moved_within(
    outputs: Mapping[str, Array], margins: Mapping[str, float]
) -> Iterator[dict[str, Array]]:
    """Yield outputs that are moved at random by up to their margins, `MOVES` times."""
    rng = np.random.default_rng(_SEED)
    for _ in range(MOVES):
        yield {
            name: array
            if array.dtype.kind != "f"
            else (array + rng.uniform(-1, 1, array.shape) * margins[name]).astype(array.dtype)
            for name, array in outputs.items()
        }
