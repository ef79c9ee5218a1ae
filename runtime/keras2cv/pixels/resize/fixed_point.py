"""`cv2.resize(..., INTER_LINEAR)` of 8-bit images in integers, as x86-64 computes it, bit for bit.

Source: `HResizeLinear`, `VResizeLinear` and `ResizeAreaFast` of OpenCV's
`modules/imgproc/src/resize.cpp`. Weights have 11 bits. The sums along the width keep 7 bits below
the point, their products along the height 2, both cut off; the sum of those is rounded.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.resize.axes import weights_11_bit

Pixels = NDArray[Any]  # (H, W, C) uint8
Int32 = NDArray[np.int32]

_ROUNDED_UP = (1, 3, 4)  # channels for which the mean of 2x2 pixels is so where it ends in a half

_BLOCK_SIZE = 65_536  # numbers of the target worked on at a time: they stay in the cache


class _Columns(NamedTuple):
    """Where the numbers of a target row lie in a source row, and their weights: (width * C,)."""

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    first_weight: Int32
    second_weight: Int32


def is_halved(source_wh: tuple[int, int], size_wh: tuple[int, int]) -> bool:
    """Return whether cv2 answers INTER_LINEAR with INTER_AREA's means of 2x2 pixels."""
    return source_wh == (2 * size_wh[0], 2 * size_wh[1])


def resize_linear(image: Pixels, size_wh: tuple[int, int]) -> Pixels:
    """Resize (H, W, C) uint8 to (height, width, C) uint8."""
    height, width, channels = image.shape
    if is_halved((width, height), size_wh):
        return _halve(image)
    target_width, target_height = size_wh
    rows = image.reshape(height, width * channels)
    result = np.empty((target_height, target_width * channels), np.uint8)
    step = max(1, _BLOCK_SIZE // result.shape[1])
    columns = _columns(width, target_width, channels)
    for start in range(0, target_height, step):
        part = slice(start, min(start + step, target_height))
        result[part] = _resize_rows(rows, columns, part, target_height)
    return result.reshape(target_height, target_width, channels)


def _halve(image: Pixels) -> Pixels:
    pairs = image[::2].astype(np.int32) + image[1::2]
    sums = pairs[:, ::2] + pairs[:, 1::2]
    if image.shape[2] in _ROUNDED_UP:
        return np.asarray((sums + 2) >> 2, np.uint8)
    return np.asarray(np.rint(sums * np.float32(0.25)), np.uint8)


@lru_cache(maxsize=16)
def _columns(source_size: int, target_size: int, channels: int) -> _Columns:
    first, first_weight, second_weight = weights_11_bit(source_size, target_size)
    outside = (first < 0) | (first >= source_size - 1)  # one pixel alone, at its full weight
    first_weight = np.where(outside, np.int32(2048), first_weight)
    second_weight = np.where(outside, np.int32(0), second_weight)
    indices = (first.clip(0, source_size - 1), (first + 1).clip(0, source_size - 1))
    low, high = ((i[:, np.newaxis] * channels + np.arange(channels)).ravel() for i in indices)
    return _Columns(low, high, first_weight.repeat(channels), second_weight.repeat(channels))


def _resize_rows(rows: Pixels, columns: _Columns, part: slice, target_height: int) -> NDArray[Any]:
    """Return the rows `part` of the target, as 16-bit integers of 0 to 255."""
    height = len(rows)
    first, first_weight, second_weight = (of[part] for of in weights_11_bit(height, target_height))
    low, high = first.clip(0, height - 1), (first + 1).clip(0, height - 1)
    start, stop, count = int(low[0]), int(high[-1]) + 1, len(first)
    if stop - start < 2 * count:  # rows are shared
        blended = _blend_columns(rows[start:stop], columns)
        upper, lower = blended[low - start], blended[high - start]
    else:
        blended = _blend_columns(rows[np.concatenate([low, high])], columns)
        upper, lower = blended[:count], blended[count:]
    upper *= first_weight[:, np.newaxis]
    lower *= second_weight[:, np.newaxis]
    upper >>= 16
    lower >>= 16
    upper += lower
    upper += 2
    upper >>= 2
    return np.asarray(upper)


def _blend_columns(rows: Pixels, columns: _Columns) -> Int32:
    """Return the sums along the width, 128 for a grey level of 1."""
    sums = rows.take(columns.first, axis=1).astype(np.int32)
    sums *= columns.first_weight
    others = rows.take(columns.second, axis=1).astype(np.int32)
    others *= columns.second_weight
    sums += others
    sums >>= 4
    return sums
