"""`cv2.resize(..., INTER_LINEAR)` of 8-bit images by OpenCV's own code, past a vendor's.

OpenCV's ARM wheels hand some resizes to KleidiCV or Carotene, which round differently, and of which
the first reads past the end of the image. They take a call only if the sizes of source and
target agree with its factors. So a source that is some pixels wider or narrower, resized by the
factors of the true sizes, goes to OpenCV's own code, whose first pixels are then those wanted:
a target pixel depends on the factors and on the two source pixels around it, and on nothing else.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.resize.axes import weights_11_bit
from keras2cv.pixels.resize.fixed_point import is_halved, resize_linear

Pixels = NDArray[Any]  # (H, W, C) uint8

_MISMATCH = 0.15  # source pixels between what sizes and factors say; Carotene minds 0.1
_SPARE = 16  # pixels behind an image that is copied: nothing reads further


def resize_beyond_hal(image: Pixels, size_wh: tuple[int, int]) -> Pixels:
    """Resize (H, W, C) uint8; by `resize_linear` where the sizes leave no other way."""
    height, width = image.shape[:2]
    if is_halved((width, height), size_wh):
        return _as_pixels(cv2.resize(padded(image), size_wh, interpolation=cv2.INTER_AREA))
    extra = extra_columns(width, size_wh[0])
    if extra is None:
        return resize_linear(image, size_wh)
    source = image[:, : width + extra] if extra < 0 else padded(image, extra)
    factors = (size_wh[0] / width, size_wh[1] / height)
    resized = cv2.resize(source, None, None, *factors, interpolation=cv2.INTER_LINEAR)
    return _as_pixels(resized[: size_wh[1], : size_wh[0]])


def padded(image: Pixels, columns: int = 0) -> Pixels:
    """Return a copy with its last column repeated, in a buffer that goes on behind it."""
    height, width, channels = image.shape
    canvas = np.empty((height + 1, width + columns + _SPARE, channels), image.dtype)
    copy = canvas[:height, : width + columns]
    copy[:, :width] = image
    copy[:, width:] = image[:, -1:]
    return copy


@lru_cache(maxsize=256)
def extra_columns(source_width: int, target_width: int) -> int | None:
    """Return how many columns to add to the source, or below 0 to leave out; None: no number fits.

    A column that is left out must be one that no target pixel reads.
    """
    first, first_weight, second_weight = weights_11_bit(source_width, target_width)
    edge = first >= source_width - 1  # blended with the last column's copy: it must stay itself
    if (first_weight[edge] + second_weight[edge] != 2048).any():
        return None
    unread = source_width - 2 - int(first[-1])
    candidates = [-1] if unread >= 1 else []
    candidates += range(1, source_width // 4 + 9)
    factor = target_width / source_width
    for extra in candidates:
        columns = source_width + extra
        expected = round(columns * factor)
        if expected >= target_width and abs(expected / factor - columns) >= _MISMATCH:
            return extra
    return None


def _as_pixels(resized: Any) -> Pixels:
    """Give back the channel axis of one that cv2 drops."""
    pixels = np.asarray(resized)
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
