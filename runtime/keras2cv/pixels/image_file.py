"""Read an image file as `cv2.imread` does."""

from __future__ import annotations

import os
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import InputError
from keras2cv.plain_files import read_plain

_VIEWER: Final = "If an image viewer opens it, save it as .png there."
_MAX_IMAGE_BYTES: Final = 2**30  # cv2 counts them in 31 bits


def read_image(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Return the image at `path`, (H, W, 3) uint8 BGR, bit for bit that of `cv2.imread(path)`.

    So gray is repeated in the three channels, alpha is dropped, 16 bits become 8, and an
    EXIF orientation is applied. Unlike cv2.imread it opens any path, on Windows too.

    Raises:
        InputError: not an image that this OpenCV can decode.
        OSError: the file cannot be opened.
    """
    return decode_image(read_plain(path, _MAX_IMAGE_BYTES), str(path))


def decode_image(data: bytes | bytearray | memoryview, name: str) -> NDArray[Any]:
    """Return the image in the bytes of its file, as `read_image` does; `name` is for messages.

    Raises:
        InputError: not an image that this OpenCV can decode.
    """
    encoded = np.frombuffer(data, np.uint8)
    if encoded.size == 0:
        raise InputError(f"{name} is empty (0 bytes). Copy it again.")
    try:
        image = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    except cv2.error as error:  # a size beyond cv2's limits, or a decoder that gave up
        raise InputError(f"{name} cannot be decoded: {error.err or error}. {_VIEWER}") from error
    if image is None:
        raise InputError(f"OpenCV {cv2.__version__} cannot decode {name} as an image. {_VIEWER}")
    return image


def image_of(image: NDArray[Any] | str | os.PathLike[str]) -> NDArray[Any]:
    """Return an image as it is, or the one in the file that a path names.

    Raises:
        InputError: there is no image at the path.
    """
    if not isinstance(image, str | os.PathLike):
        return image
    try:
        return read_image(image)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{image} cannot be read: {reason}. Check the path.") from error
