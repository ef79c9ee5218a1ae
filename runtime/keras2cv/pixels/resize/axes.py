"""Where the pixels of `cv2.resize` come from along one axis, computed as cv2 does."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_ONE = np.float32(2048)  # cv2's INTER_RESIZE_COEF_SCALE: weights of 8-bit pixels have 11 bits


class LinearWeights(NamedTuple):
    """Two source pixels of each target pixel, and what they weigh, in units of 1/2048."""

    first: NDArray[np.intp]  # may lie one before the source
    first_weight: NDArray[np.int32]
    second_weight: NDArray[np.int32]


def positions(source_size: int, target_size: int) -> NDArray[np.float64]:
    """Return the centres of the target pixels in the source; 0 is the centre of its first pixel."""
    scale = 1.0 / (target_size / source_size)  # the inverse of the inverse, as in cv2
    return np.asarray((np.arange(target_size) + 0.5) * scale - 0.5, np.float64)


@lru_cache(maxsize=64)
def weights_11_bit(source_size: int, target_size: int) -> LinearWeights:
    """Return the pixels and weights of INTER_LINEAR on 8-bit images."""
    at = positions(source_size, target_size).astype(np.float32)
    first = np.floor(at)
    share = at - first
    return LinearWeights(
        first.astype(np.intp),
        np.rint((np.float32(1) - share) * _ONE).astype(np.int32),
        np.rint(share * _ONE).astype(np.int32),
    )
