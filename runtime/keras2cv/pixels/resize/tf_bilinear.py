"""`tf.image.resize(..., method="bilinear")` of TensorFlow 2.21, in the order of its operations.

Source: `resize_bilinear_op.cc` and `image_resizer_state.h` of `core/kernels/image`. Positions are
float32 there, and so they are here. `cv2.resize` of floats has other positions, by up to 0.02 grey
levels of 255, and not the same in every build. Only where the positions need few bits, as those of
half the size or of two thirds, nothing is rounded on either way, and both are the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.resize.axes import positions

Float32 = NDArray[np.float32]
Pairs = tuple[NDArray[np.intp], NDArray[np.intp], Float32]

_HALF = np.float32(0.5)
_MOST_BITS = 8  # of a share: 8 more of the pixel, and 8 of the other axis, fill a float32's 24
_MOST_SHRUNK = 5.0  # pixels for each of the target's
_BLOCK_SIZE = 32_768  # numbers of the target worked on at a time: they stay in the cache


def resize_bilinear(
    image: NDArray[Any], size_wh: tuple[int, int], *, by_cv2: bool = False
) -> Float32:
    """Resize (H, W, C), uint8 or float32, to (height, width, C) float32.

    `by_cv2`: cv2 computes exactly what needs no rounding, as uint8 of some sizes does not.
    """
    height, width, channels = image.shape
    if by_cv2 and image.dtype == np.uint8 and _suits_cv2((width, height), size_wh):
        resized = cv2.resize(image.astype(np.float32), size_wh, interpolation=cv2.INTER_LINEAR)
        return np.asarray(resized, np.float32).reshape(size_wh[1], size_wh[0], channels)
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


def _suits_cv2(source_wh: tuple[int, int], size_wh: tuple[int, int]) -> bool:
    """Return whether cv2 rounds nothing, and is faster although all of the image becomes floats."""
    shrunk = source_wh[0] * source_wh[1] / (size_wh[0] * size_wh[1])
    return shrunk <= _MOST_SHRUNK and all(map(_needs_no_rounding, source_wh, size_wh))


@lru_cache(maxsize=256)
def _needs_no_rounding(source_size: int, target_size: int) -> bool:
    at = positions(source_size, target_size).astype(np.float32)
    scaled = _positions(source_size, target_size) * np.float32(2**_MOST_BITS)
    return np.array_equal(at * 2**_MOST_BITS, scaled) and bool((scaled % 1 == 0).all())


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
    at = _positions(source_size, target_size)
    low = np.floor(at)
    first = low.astype(np.intp).clip(0, source_size - 1)
    return first, np.ceil(at).astype(np.intp).clip(0, source_size - 1), at - low


def _positions(source_size: int, target_size: int) -> Float32:
    scale = np.float32(source_size / target_size)
    at: Float32 = (np.arange(target_size, dtype=np.float32) + _HALF) * scale - _HALF
    return at


@lru_cache(maxsize=16)
def _numbers(source_size: int, target_size: int, channels: int) -> Pairs:
    """Return the same for each number of a row of pixels."""
    low, high, share = _pairs(source_size, target_size)
    each = np.arange(channels)
    first, second = ((i[:, np.newaxis] * channels + each).ravel() for i in (low, high))
    return first, second, share.repeat(channels)
