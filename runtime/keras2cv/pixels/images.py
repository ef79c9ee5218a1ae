"""Convert each kind of image to (H, W, 3) uint8 BGR.

    (H, W), (H, W, 1)   gray: the value in all three channels
    (H, W, 3)           BGR, as cv2 reads it
    (H, W, 4)           BGRA: alpha is dropped, not blended
    uint16              divided by 257 and rounded, so that 65535 becomes 255 and 0 stays 0

Any other dtype is refused: a float image may mean 0..1 or 0..255, and a guess would be wrong.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import InputError

Image = NDArray[np.uint8]

MAX_SIDE = 32_767  # pixels; cv2's resize and drawing keep coordinates in 16 bits


def as_bgr(image: NDArray[Any]) -> Image:
    """Return `image` as (H, W, 3) uint8 BGR; the very same array where it is one already.

    Raises:
        InputError: not an array, not one of the shapes above, empty, too large, or another dtype.
    """
    image = as_uint8(image)
    if image.ndim == 3 and image.shape[2] == 3:
        return image
    code = cv2.COLOR_BGRA2BGR if image.ndim == 3 and image.shape[2] == 4 else cv2.COLOR_GRAY2BGR
    return _converted(image, code)


def as_gray(image: NDArray[Any]) -> Image:
    """Return `image` as (H, W) uint8: cv2's 0.299 R + 0.587 G + 0.114 B, alpha dropped.

    Raises:
        InputError: as `as_bgr`.
    """
    image = as_uint8(image)
    channels = image.shape[2] if image.ndim == 3 else 1
    if channels == 1:
        return image.reshape(image.shape[:2])
    return _converted(image, cv2.COLOR_BGR2GRAY if channels == 3 else cv2.COLOR_BGRA2GRAY)


def as_uint8(image: NDArray[Any]) -> Image:
    """Return a checked `image` in 8 bits, with the channels that it has.

    Raises:
        InputError: as `as_bgr`.
    """
    if not isinstance(image, np.ndarray):
        raise InputError(
            f"An image must be a numpy array, got {type(image).__name__}. "
            "cv2.imread returns None for a file that it cannot read."
        )
    shape = image.shape
    if not (image.ndim == 2 or (image.ndim == 3 and shape[2] in (1, 3, 4))):
        raise InputError(
            f"An image must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), got {shape}. "
            "Pass several images as a list; arrays in Keras' own layout go to infer()."
        )
    if not 0 < min(shape[:2]) <= max(shape[:2]) <= MAX_SIDE:
        raise InputError(f"An image must have sides of 1 to {MAX_SIDE} pixels, got {shape}.")
    if image.dtype == np.uint8:
        return image
    if image.dtype == np.uint16:
        return ((image.astype(np.uint32) + 128) // 257).astype(np.uint8)
    raise InputError(
        f"An image must be uint8 or uint16, got {image.dtype}. "
        "Convert it with its own range in mind; arrays in Keras' own layout go to infer()."
    )


def _converted(image: Image, code: int) -> Image:
    result: Image = cv2.cvtColor(image, code)  # type: ignore[assignment]
    return result
