"""Read an image file as `cv2.imread` does, or with all of its bits and channels."""

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
_TIFF: Final = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_MAX_PAGES: Final = 512
_TOO_LARGE: Final = "IO_MAX_IMAGE_PIXELS"


def read_image(path: str | os.PathLike[str], bits: int = 8) -> NDArray[Any]:
    """Return the image at `path`, (H, W, 3) BGR; of 8 bits, bit for bit that of `cv2.imread(path)`.

    So gray is repeated in the three channels, alpha is dropped, and an EXIF orientation is
    applied. Unlike cv2.imread it opens any path, on Windows too. For 8 bits, 16 bits become their
    upper byte: cv2.imread does the same, but for colours in a TIFF, which it rounds.

    Args:
        path: The file.
        bits: 8, or 16: then all bits that the file has are kept, as uint8 or uint16.

    Raises:
        InputError: not an image that this OpenCV can decode.
        OSError: the file cannot be opened.
    """
    return decode_image(read_plain(path, _MAX_IMAGE_BYTES), str(path), bits)


def decode_image(data: bytes | bytearray | memoryview, name: str, bits: int = 8) -> NDArray[Any]:
    """Return the image in the bytes of its file, as `read_image` does; `name` is for messages.

    Raises:
        InputError: not an image that this OpenCV can decode.
    """
    encoded = _encoded(data, name)
    if bits == 8 and not encoded[:4].tobytes().startswith(_TIFF):
        return _decoded(name, encoded, cv2.IMREAD_COLOR)
    image = _decoded(name, encoded, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    if bits == 16 and image.dtype in (np.uint8, np.uint16):
        return image
    if bits == 8 and image.dtype == np.uint16:
        return (image >> 8).astype(np.uint8)
    return _decoded(name, encoded, cv2.IMREAD_COLOR)


def read_channels(path: str | os.PathLike[str], count: int) -> NDArray[Any]:
    """Return the image at `path` with all of its bits and channels, (H, W, count), as cv2 has them.

    Four channels are BGRA. A TIFF may have a page for each channel.

    Raises:
        InputError: not an image that this OpenCV can decode, or one of other channels.
        OSError: the file cannot be opened.
    """
    data = _encoded(read_plain(path, _MAX_IMAGE_BYTES), str(path))
    pages = _pages(path, data) if data[:4].tobytes().startswith(_TIFF) else []
    if len(pages) > 1 and len(pages) == count and all(page.ndim == 2 for page in pages):
        if len({(page.shape, page.dtype) for page in pages}) > 1:
            raise InputError(f"The pages of {path} differ in size or depth. Save them alike.")
        return np.stack(pages, axis=-1)
    image = _decoded(path, data, cv2.IMREAD_UNCHANGED)
    found = image.shape[2] if image.ndim == 3 else 1
    if found != count:
        raise InputError(
            f"{path} has {found} channels, and the model takes {count}. Give a file with all of "
            "them: a .png or .tif with alpha has 4, an .npy of (H, W, C) any number."
        )
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
        raise unreadable(image, error) from error


def unreadable(path: str | os.PathLike[str], error: OSError) -> InputError:
    """Return the error for a path that cannot be opened."""
    return InputError(f"{path} cannot be read: {error.strerror or error}. Check the path.")


def _encoded(data: bytes | bytearray | memoryview, name: str) -> NDArray[np.uint8]:
    encoded = np.frombuffer(data, np.uint8)
    if encoded.size == 0:
        raise InputError(f"{name} is empty (0 bytes). Copy it again.")
    return encoded


def _decoded(path: str | os.PathLike[str], data: NDArray[np.uint8], flags: int) -> NDArray[Any]:
    try:
        image = cv2.imdecode(data, flags)
    except cv2.error as error:  # a size beyond cv2's limits, or a decoder that gave up
        if _TOO_LARGE in str(error.err):
            raise InputError(
                f"{path} has more pixels than OpenCV may decode here. Make it smaller, or set the "
                f"environment variable OPENCV_{_TOO_LARGE} to as many pixels as it has."
            ) from error
        raise InputError(f"{path} cannot be decoded: {error.err or error}. {_VIEWER}") from error
    if image is None:
        raise InputError(f"OpenCV {cv2.__version__} cannot decode {path} as an image. {_VIEWER}")
    return image


def _pages(path: str | os.PathLike[str], data: NDArray[np.uint8]) -> list[NDArray[Any]]:
    """Return the pages of a TIFF; none where this OpenCV does not read them."""
    try:
        if hasattr(cv2, "imdecodemulti"):
            found, pages = cv2.imdecodemulti(data, cv2.IMREAD_UNCHANGED)
        else:  # before 4.7
            found, pages = cv2.imreadmulti(os.fspath(path), flags=cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return []
    return [np.asarray(page) for page in pages[:_MAX_PAGES]] if found else []
