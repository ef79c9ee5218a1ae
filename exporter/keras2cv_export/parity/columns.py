"""Divide an output's columns by the size of their values, so that each is judged by its own scale.

One tensor may hold boxes to 512 beside scores to 1, or 1e-3 beside 1e4. Against one scale for all,
a wrong score is too small to see. So the columns of the last axis (Keras' channels) are sorted by
their largest |reference|, and a new group starts where the next is `APART` times smaller than the
group's largest. Columns of like size stay together: their rounding is alike, and many elements
measure it better than one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Of 1000 logits on four samples, the least column's largest value is a twelfth of the largest's;
# boxes in pixels beside scores differ by hundreds.
APART: Final = 32.0
# Smaller columns are dead (a ReLU that is never above 0, a sigmoid at its end): no scale of theirs.
DEAD: Final = 1e-12


@dataclass(frozen=True, eq=False)
class ColumnGroup:
    """Columns of like size.

    Attributes:
        label: " of columns 4..5", or "" for the group with the largest values.
        columns: Which of the last axis, (columns,) bool.
    """

    label: str
    columns: Array


def column_groups(reference: Array, usable: Array) -> list[ColumnGroup]:
    """Divide the columns of (samples, batch, ..., columns); one group if all are of like size.

    Args:
        reference: TensorFlow's values.
        usable: Which of them count.
    """
    if reference.ndim < 3 or reference.shape[-1] < 2:
        return [ColumnGroup("", np.ones(reference.shape[-1:], np.bool_))]
    sizes = np.where(usable, np.abs(reference), 0.0).max(axis=tuple(range(reference.ndim - 1)))
    order = np.argsort(-sizes, kind="stable")
    number = np.zeros(len(sizes), np.intp)
    largest, group = sizes[order[0]], 0
    dead = DEAD * largest
    for column in order:
        if dead < sizes[column] < largest / APART:
            largest, group = sizes[column], group + 1
        number[column] = group
    return [
        ColumnGroup("" if g == 0 else f" of {_ranges(number == g)}", number == g)
        for g in range(group + 1)
    ]


def _ranges(columns: Array) -> str:
    """Return "column 4", "columns 4..7", or "17 columns, 4 the first"."""
    indices = np.flatnonzero(columns)
    first, last = int(indices[0]), int(indices[-1])
    if len(indices) == 1:
        return f"column {first}"
    if last - first + 1 == len(indices):
        return f"columns {first}..{last}"
    return f"{len(indices)} columns, {first} the first"
