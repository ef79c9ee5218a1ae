"""Smooth random arrays: pictures, volumes and signals without edges, of any rank."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_KNOTS = 5


def smooth(shape: tuple[int, ...], seed: int, values: tuple[float, float]) -> NDArray[np.float32]:
    """Return random values in a range, interpolated between few knots along every inner axis.

    The first axis is the batch and the last the channels: neither is smooth. Of two axes, neither
    is.
    """
    rng = np.random.default_rng(seed)
    coarse = (shape[0], *(min(_KNOTS, n) for n in shape[1:-1]), shape[-1])
    array: NDArray[Any] = rng.uniform(*values, coarse)
    for axis in range(1, len(shape) - 1):
        array = _stretched(array, axis, shape[axis])
    return array.astype(np.float32)


def _stretched(array: NDArray[Any], axis: int, size: int) -> NDArray[Any]:
    places = np.linspace(0, array.shape[axis] - 1, size)
    low = np.minimum(places.astype(int), max(array.shape[axis] - 2, 0))
    high = np.minimum(low + 1, array.shape[axis] - 1)
    share = (places - low).reshape([-1 if k == axis else 1 for k in range(array.ndim)])
    return np.asarray(array.take(low, axis) * (1 - share) + array.take(high, axis) * share)
