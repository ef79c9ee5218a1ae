"""8-bit images by INTER_CUBIC and INTER_AREA, rounded the same by every OpenCV.

Both are sums of products, rounded at the end. OpenCV's builds add in different orders, fuse
products with sums or not, and hold weights in 11 bits or in floats, so that some pixels differ by a
grey level. Here they are computed in float32, without rounding; the few values that come near a
half are computed again, in one order, and settle it:

    cubic   in double; what x86-64's IPP gives but for 6 pixels in a million
    area    in float32, in the order of `ResizeArea_Invoker` of OpenCV's `resize.cpp`: what x86-64
            gives, bit for bit
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.resize.axes import positions
from keras2cv.pixels.resize.separable import (
    Band,
    resample_rows,
    split_into_bands,
    swap_height_and_width,
)

Pixels = NDArray[Any]  # (H, W, C) uint8
Taps = tuple[NDArray[np.intp], NDArray[Any]]  # source indices and weights, both (target, taps)
At = tuple[NDArray[np.intp], ...]  # rows, columns and channels of numbers, (N,) each

_BLOCK_SIZE = 4096  # numbers settled at a time: each reads hundreds where an image shrinks a lot
_MARGIN = 1e-3  # grey levels: floats that are as near to a half are in doubt; they are 1e-4 off
_A = -0.75  # of cv2's cubic
_TOUCH = 1e-3  # source pixels: cv2's area leaves out what it covers less of


def resize_cubic(image: Pixels, size_wh: tuple[int, int], *, by_cv2: bool) -> Pixels:
    """Resize (H, W, C) uint8; `by_cv2`: its floats go by positions that are exact."""
    resize = _resize_floats if by_cv2 else cubic_floats

    def settle(at: At) -> NDArray[Any]:
        down = _cubic_taps(image.shape[0], size_wh[1])
        across = _cubic_taps(image.shape[1], size_wh[0])
        return _sums(image, down, across, at, np.float64)

    return _rounded(resize(image, size_wh), settle)


def cubic_floats(image: Pixels, size_wh: tuple[int, int]) -> NDArray[np.float32]:
    """Resize (H, W, C) to float32 by cv2's cubic, from exact positions."""
    down, across = (
        _cubic_bands(image.shape[0], size_wh[1]),
        _cubic_bands(image.shape[1], size_wh[0]),
    )
    high = swap_height_and_width(resample_rows(image, down, _as_it_is, np.float32))
    return swap_height_and_width(resample_rows(high, across, _as_it_is, np.float32))


def resize_area(image: Pixels, size_wh: tuple[int, int]) -> Pixels:
    """Resize (H, W, C) uint8 to a size that is smaller on both sides, or on one."""
    floats = _resize_floats(image, size_wh, cv2.INTER_AREA)

    def settle(at: At) -> NDArray[Any]:
        down = area_taps(image.shape[0], size_wh[1])
        across = area_taps(image.shape[1], size_wh[0])
        return _sums(image, down, across, at, np.float32)

    return _rounded(floats, settle)


def is_mean(source_wh: tuple[int, int], size_wh: tuple[int, int]) -> bool:
    """Return whether INTER_AREA takes means of whole pixels, which every build rounds the same."""
    return all(source % target == 0 for source, target in zip(source_wh, size_wh, strict=True))


def _resize_floats(
    image: Pixels, size_wh: tuple[int, int], flag: int = cv2.INTER_CUBIC
) -> NDArray[np.float32]:
    resized = cv2.resize(image.astype(np.float32), size_wh, interpolation=flag)
    return np.asarray(resized, np.float32).reshape(size_wh[1], size_wh[0], -1)


def _rounded(floats: NDArray[np.float32], settle: Callable[[At], NDArray[Any]]) -> Pixels:
    """Round to uint8, halves to even; `settle` gives the exact values of numbers in doubt."""
    nearest = np.rint(floats)
    distance = np.subtract(floats, nearest)
    np.abs(distance, out=distance)
    doubtful = np.flatnonzero(distance > 0.5 - _MARGIN)
    flat = nearest.reshape(-1)
    for start in range(0, len(doubtful), _BLOCK_SIZE):
        part = doubtful[start : start + _BLOCK_SIZE]
        flat[part] = np.rint(settle(np.unravel_index(part, floats.shape)))
    return np.clip(nearest, 0, 255, out=nearest).astype(np.uint8)


def _sums(image: Pixels, down: Taps, across: Taps, at: At, dtype: Any) -> NDArray[Any]:
    """Return the weighted sums of the target's numbers `at`: along the width first.

    Args:
        image: (H, W, C).
        down: The taps of each target row.
        across: The taps of each target column.
        at: Rows, columns and channels, (N,) each.
        dtype: What to compute in; each product and sum is rounded by itself.

    Returns:
        (N,)
    """
    rows, columns, channels = at
    lines, line_weights = (of[rows] for of in down)  # (N, rows of the source)
    places, place_weights = (of[columns] for of in across)  # (N, its columns)
    pixels = image[
        lines[:, :, np.newaxis], places[:, np.newaxis], channels[:, np.newaxis, np.newaxis]
    ]
    products = pixels.astype(dtype)
    products *= place_weights[:, np.newaxis]
    return _in_order(_in_order(products) * line_weights)


def _in_order(terms: NDArray[Any]) -> NDArray[Any]:
    """Return the sums along the last axis, from the first to the last."""
    total = np.zeros(terms.shape[:-1], terms.dtype)
    for k in range(terms.shape[-1]):
        total += terms[..., k]
    return total


def _as_it_is(sums: Pixels) -> Pixels:
    return sums


@lru_cache(maxsize=32)
def _cubic_taps(source_size: int, target_size: int) -> Taps:
    at = positions(source_size, target_size)
    first = np.floor(at)
    x = at - first
    weights = [
        ((_A * (x + 1) - 5 * _A) * (x + 1) + 8 * _A) * (x + 1) - 4 * _A,
        ((_A + 2) * x - (_A + 3)) * x * x + 1,
        ((_A + 2) * (1 - x) - (_A + 3)) * (1 - x) * (1 - x) + 1,
    ]
    weights.append(1 - weights[0] - weights[1] - weights[2])
    indices = first.astype(np.intp)[:, np.newaxis] + np.arange(-1, 3)
    return indices.clip(0, source_size - 1), np.stack(weights, axis=1)


@lru_cache(maxsize=32)
def _cubic_bands(source_size: int, target_size: int) -> tuple[Band, ...]:
    indices, weights = _cubic_taps(source_size, target_size)
    return split_into_bands(indices, weights.astype(np.float32), source_size)


@lru_cache(maxsize=32)
def area_taps(source_size: int, target_size: int) -> Taps:
    """Return `computeResizeAreaTab` of OpenCV's `resize.cpp`; what is missing weighs nothing."""
    scale = 1.0 / (target_size / source_size)
    starts = np.arange(target_size) * scale
    stops = starts + scale
    cells = np.minimum(scale, source_size - starts)
    last = np.minimum(np.floor(stops), source_size - 1)
    first = np.minimum(np.ceil(starts), last)
    before, behind = first - starts, stops - last
    before = np.where(before > _TOUCH, before / cells, 0.0)
    behind = np.where(behind > _TOUCH, np.minimum(np.minimum(behind, 1.0), cells) / cells, 0.0)
    steps = np.arange(-1, int((last - first).max()) + 1)
    indices = first[:, np.newaxis] + steps
    weights = np.where(indices < last[:, np.newaxis], 1.0 / cells[:, np.newaxis], 0.0)
    weights[:, 0] = before
    weights[np.arange(target_size), (last - first).astype(int) + 1] = behind
    return indices.astype(np.intp).clip(0, source_size - 1), weights.astype(np.float32)
