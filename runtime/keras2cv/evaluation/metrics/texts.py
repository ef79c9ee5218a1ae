"""How far a text is from another: Levenshtein's distance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def edit_distance(one: Sequence[object], other: Sequence[object]) -> int:
    """Return how many insertions, deletions and substitutions turn one into the other."""
    if len(one) < len(other):
        one, other = other, one
    numbers: dict[object, int] = {}
    codes = np.array([numbers.setdefault(item, len(numbers)) for item in other], np.int64)
    steps = np.arange(len(other) + 1)
    row = steps.copy()
    for index, item in enumerate(one, 1):
        exchanged = row[:-1] + (codes != numbers.get(item, -1))
        best = np.minimum(exchanged, row[1:] + 1)
        best = np.concatenate([[index], best])
        row = np.minimum.accumulate(best - steps) + steps  # insertions, from the left
    return int(row[-1])
