"""Convert each kind of image to the channels and the depth that a net takes.

    (H, W), (H, W, 1)   gray: the value in all three channels
    (H, W, 3)           BGR, as cv2 reads it
    (H, W, 4)           BGRA: alpha is dropped, not blended
    uint16 for 8 bits   the upper byte, as cv2, TensorFlow and Pillow read a PNG of 16 bits
    uint8 for 16 bits   times 257, as TensorFlow reads a PNG of 8 bits: 255 becomes 65535

A net of other channels than gray and colour takes images of exactly so many.
Any other dtype is refused: a float image may mean 0..1 or 0..255, and a guess would be wrong.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import InputError

Image = NDArray[np.uint8]

MAX_SIDE = 32_767  # pixels; cv2's resize and drawing keep coordinates in 16 bits
_ANY: Final = (1, 3, 4)  # channels that become gray or colour


def as_bgr(image: NDArray[Any], bits: int = 8) -> Image:
    """Return `image` as (H, W, 3) BGR of 8 or 16 bits; the very same array where it is one already.

    Raises:
        InputError: not an array, not one of the shapes above, empty, too large, or another dtype.
    """
    pixels: Image = _of_depth(image, bits, _ANY)
    if pixels.ndim == 3 and pixels.shape[2] == 3:
        return pixels
    is_bgra = pixels.ndim == 3 and pixels.shape[2] == 4
    return _converted(pixels, cv2.COLOR_BGRA2BGR if is_bgra else cv2.COLOR_GRAY2BGR)


def as_gray(image: NDArray[Any], bits: int = 8) -> Image:
    """Return `image` as (H, W): cv2's 0.299 R + 0.587 G + 0.114 B, alpha dropped.

    Raises:
        InputError: as `as_bgr`.
    """
    image = _of_depth(image, bits, _ANY)
    channels = image.shape[2] if image.ndim == 3 else 1
    if channels == 1:
        return image.reshape(image.shape[:2])
    return _converted(image, cv2.COLOR_BGR2GRAY if channels == 3 else cv2.COLOR_BGRA2GRAY)


def as_channels(image: NDArray[Any], count: int, bits: int = 8) -> Image:
    """Return `image`, which must have so many channels, as (H, W, count), in its own order.

    Raises:
        InputError: it has not, or as `as_bgr`.
    """
    pixels: Image = _of_depth(image, bits, (count,))
    return pixels.reshape(*pixels.shape[:2], count)


def as_uint8(image: NDArray[Any]) -> Image:
    """Return a checked `image` in 8 bits, with the channels that it has.

    Raises:
        InputError: as `as_bgr`.
    """
    pixels: Image = _of_depth(image, 8, _ANY)
    return pixels


def shown_as(image: NDArray[Any]) -> Image:
    """Return what can be drawn on of a checked image: its first channels as (H, W, 3) uint8 BGR."""
    image = np.asarray(image)
    count = image.shape[2] if image.ndim == 3 else 1
    if count not in _ANY:
        image = image[..., :3] if count > 3 else image[..., 0]
    return as_bgr(np.ascontiguousarray(image))


def _of_depth(image: NDArray[Any], bits: int, channels: Collection[int]) -> Any:
    """Return a checked image as uint8 or uint16, with the channels that it has."""
    _check_shape(image, channels)
    if image.dtype not in (np.uint8, np.uint16):
        raise InputError(
            f"An image must be uint8 or uint16, got {image.dtype}. "
            "Convert it with its own range in mind; arrays in Keras' own layout go to infer()."
        )
    if image.dtype.itemsize * 8 == bits:
        return image
    if bits == 8:
        return (image >> 8).astype(np.uint8)
    return image.astype(np.uint16) * np.uint16(257)


def _check_shape(image: NDArray[Any], channels: Collection[int]) -> None:
    if not isinstance(image, np.ndarray):
        raise InputError(
            f"An image must be a numpy array, got {type(image).__name__}. "
            "cv2.imread returns None for a file that it cannot read."
        )
    shape = image.shape
    found = shape[2] if image.ndim == 3 else 1
    if image.ndim not in (2, 3) or (found not in channels and channels == _ANY):
        raise InputError(
            f"An image must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), got {shape}. "
            "Pass several images as a list; arrays in Keras' own layout go to infer()."
        )
    if found not in channels:
        count = next(iter(channels))
        raise InputError(
            f"The model takes images of {count} channels, (H, W, {count}), and got {shape}, of "
            f"{found}. Give all of its channels, such as an array of them or an .npy."
        )
    if not 0 < min(shape[:2]) <= max(shape[:2]) <= MAX_SIDE:
        raise InputError(f"An image must have sides of 1 to {MAX_SIDE} pixels, got {shape}.")


def _converted(image: Image, code: int) -> Image:
    result: Image = cv2.cvtColor(image, code)  # type: ignore[assignment]
    return result
