"""The interpolations of `cv2.resize` itself, with the same pixels from every OpenCV.

They are what OpenCV's own wheels for x86-64 give, on which most models were trained. `canary` finds
out where this OpenCV gives others; then another call, or NumPy, gives the right ones.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.resize import canary
from keras2cv.pixels.resize.beyond_hal import resize_beyond_hal
from keras2cv.pixels.resize.fixed_point import resize_linear
from keras2cv.pixels.resize.rounding import is_mean, resize_area, resize_cubic

Pixels = NDArray[Any]  # (H, W, C)
Size = tuple[int, int]

_MOST_CHANNELS: Final = 4

FLAGS: Final[dict[str, int]] = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "area": cv2.INTER_AREA,
    "cubic": cv2.INTER_CUBIC,
    "lanczos4": cv2.INTER_LANCZOS4,
}


def resize(image: Pixels, size_wh: Size, interpolation: str) -> Pixels:
    """Resize (H, W, C) uint8 or uint16 to (height, width, C) of the same, by a key of `FLAGS`.

    16 bits are left to cv2 itself, whose builds may round them differently by a level of 65535.
    """
    height, width, channels = image.shape
    if channels > _MOST_CHANNELS:
        return _in_groups(image, size_wh, interpolation)
    if image.dtype == np.uint16:
        return _by_cv2(image, size_wh, interpolation)
    if interpolation == "cubic":
        return resize_cubic(image, size_wh, by_cv2=canary.cubic_floats_are_exact())
    if interpolation == "linear":
        route = canary.linear_route(channels)
        if route != "cv2":
            way = resize_beyond_hal if route == "beyond_hal" else resize_linear
            return way(image, size_wh)
    is_sum = interpolation == "area" and _is_sum_of_parts((width, height), size_wh)
    if is_sum and not canary.area_is_exact(channels):
        return resize_area(image, size_wh)
    return _by_cv2(image, size_wh, interpolation)


def _by_cv2(image: Pixels, size_wh: Size, interpolation: str) -> Pixels:
    resized = cv2.resize(image, size_wh, interpolation=FLAGS[interpolation])
    return np.asarray(resized).reshape(size_wh[1], size_wh[0], image.shape[2])


def _in_groups(image: Pixels, size_wh: Size, interpolation: str) -> Pixels:
    """Resize as many channels at a time as each of cv2's resizes takes."""
    starts = range(0, image.shape[2], _MOST_CHANNELS)
    groups = [np.ascontiguousarray(image[..., k : k + _MOST_CHANNELS]) for k in starts]
    return np.concatenate([resize(one, size_wh, interpolation) for one in groups], axis=2)


def _is_sum_of_parts(source_wh: Size, size_wh: Size) -> bool:
    shrinks = source_wh[0] >= size_wh[0] and source_wh[1] >= size_wh[1]
    return shrinks and not is_mean(source_wh, size_wh)
