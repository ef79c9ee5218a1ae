"""The peaks of a heatmap: its cells that are the highest of those around them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.tasks.detect.head import Head

Array = NDArray[Any]


def only_peaks(head: Head, scores: Array) -> Array:
    """Return scores (M, C) with -infinity where a cell is no peak of its class.

    A peak equals the highest of the window around it, as max-pooling with padding `same` gives it;
    so of equal neighbours each is one.
    """
    assert head.window is not None  # noqa: S101 - a head of this form has it
    result, start = np.full_like(scores, -np.inf), 0
    for level in head.levels:
        part = slice(start, start + level.count)
        grid = scores[part].reshape(level.rows, level.columns, -1)
        is_peak = grid == highest(highest(grid, 0, head.window), 1, head.window)
        result[part][is_peak.reshape(level.count, -1)] = scores[part][
            is_peak.reshape(level.count, -1)
        ]
        start += level.count
    return result


def highest(grid: Array, axis: int, window: int) -> Array:
    """Return the highest of each `window` numbers around a place along an axis."""
    result: Array = grid.copy()
    half = min(window // 2, grid.shape[axis] - 1)
    for shift in range(1, half + 1):
        low = [slice(None)] * grid.ndim
        high = [slice(None)] * grid.ndim
        low[axis], high[axis] = slice(None, -shift), slice(shift, None)
        ahead, behind = tuple(low), tuple(high)
        np.maximum(result[ahead], grid[behind], out=result[ahead])
        np.maximum(result[behind], grid[ahead], out=result[behind])
    return result
