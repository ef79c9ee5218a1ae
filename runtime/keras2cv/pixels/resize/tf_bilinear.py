"""`tf.image.resize(..., method="bilinear")` of TensorFlow 2.21, in the order of its operations.

Source: `resize_bilinear_op.cc` and `image_resizer_state.h` of `core/kernels/image`. Positions are
float32 there, and so they are here. `cv2.resize` of floats has other positions, by up to 0.02 grey
levels of 255, and not the same in every build.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Pairs = tuple[NDArray[np.intp], NDArray[np.intp], Float32]

_HALF = np.float32(0.5)
_BLOCK_SIZE = 32_768  # numbers of the target worked on at a time: they stay in the cache


def resize_bilinear(image: NDArray[Any], size_wh: tuple[int, int]) -> Float32:
    """Resize (H, W, C), uint8 or float32, to (height, width, C) float32."""
    height, width, channels = image.shape
    columns = _numbers(width, size_wh[0], channels)
    rows = image.reshape(height, width * channels)
    low, high, share = _pairs(height, size_wh[1])
    result = np.empty((size_wh[1], size_wh[0] * channels), np.float32)
    step = max(1, _BLOCK_SIZE // result.shape[1])
    for start in range(0, len(result), step):
        part = slice(start, start + step)
        upper, lower = _blend_columns(rows, low[part], high[part], columns)
        lower -= upper
        lower *= share[part, np.newaxis]
        np.add(upper, lower, out=result[part])
    return result.reshape(size_wh[1], size_wh[0], channels)


def _blend_columns(
    rows: NDArray[Any], low: NDArray[np.intp], high: NDArray[np.intp], columns: Pairs
) -> tuple[Float32, Float32]:
    """Return the rows `low` and `high`, brought to the target's width."""
    start, stop, count = int(low[0]), int(high[-1]) + 1, len(low)
    if stop - start < 2 * count:  # rows are shared
        blended = _blend(rows[start:stop], columns)
        return blended[low - start], blended[high - start]
    blended = _blend(rows[np.concatenate([low, high])], columns)
    return blended[:count], blended[count:]


def _blend(rows: NDArray[Any], columns: Pairs) -> Float32:
    low, high, share = columns
    blended = rows.take(low, axis=1).astype(np.float32)
    others = rows.take(high, axis=1).astype(np.float32)
    others -= blended
    others *= share
    blended += others
    return blended


@lru_cache(maxsize=64)
def _pairs(source_size: int, target_size: int) -> Pairs:
    """Return the two source pixels of each target pixel, and the share of the second."""
    scale = np.float32(source_size / target_size)
    at = (np.arange(target_size, dtype=np.float32) + _HALF) * scale - _HALF
    low = np.floor(at)
    first = low.astype(np.intp).clip(0, source_size - 1)
    return first, np.ceil(at).astype(np.intp).clip(0, source_size - 1), at - low


@lru_cache(maxsize=16)
def _numbers(source_size: int, target_size: int, channels: int) -> Pairs:
    """Return the same for each number of a row of pixels."""
    low, high, share = _pairs(source_size, target_size)
    each = np.arange(channels)
    first, second = ((i[:, np.newaxis] * channels + each).ravel() for i in (low, high))
    return first, second, share.repeat(channels)
