"""Read a picture's file with the bits and channels that an input takes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.npz import read_npy, read_npz
from keras2cv.errors import InputError
from keras2cv.pixels.image_file import read_channels, read_image, unreadable
from keras2cv.pixels.images import shown_as
from keras2cv.pixels.preprocessing import Preprocessing

Array = NDArray[Any]
ARRAY_SUFFIXES: Final = (".npy", ".npz")


def read_picture(path: str | os.PathLike[str], rules: Preprocessing) -> Array:
    """Return the picture at `path` as the input of `rules` takes it.

    (H, W, 3) uint8 BGR as cv2.imread has it; with 16 bits, where the model takes them and the file
    has them; with all of its channels, where the model takes others than gray or colour. A file of
    four channels is read as BGRA, and put in the order RGBA for a model of plain channels.

    Raises:
        InputError: no such picture, or one of other channels.
        OSError: it cannot be opened.
    """
    if Path(path).suffix.lower() in ARRAY_SUFFIXES:
        return _read_array(path, rules)
    if rules.color in ("RGB", "BGR", "GRAY"):
        return read_image(path, rules.bits)
    image = read_channels(path, rules.channels)
    if rules.color == "CHANNELS" and rules.channels == 4:
        return np.ascontiguousarray(image[..., [2, 1, 0, 3]])
    return image


def picture_of(value: Any, rules: Preprocessing) -> Any:
    """Return a picture as it is, or the one in the file that a path names.

    Raises:
        InputError: there is none at the path.
    """
    if not isinstance(value, str | os.PathLike):
        return value
    try:
        return read_picture(value, rules)
    except OSError as error:
        raise unreadable(value, error) from error


def is_picture(array: Array, rules: Preprocessing) -> bool:
    """Return whether an array in a file is a picture for `rules`, not the net's own input.

    Of 8-bit gray and colour, whose files are images, none is.
    """
    return not rules.is_plain and array.dtype in (np.uint8, np.uint16) and array.ndim in (2, 3)


def drawable(pixels: Array, rules: Preprocessing) -> Array:
    """Return what results are drawn on: (H, W, 3) uint8 BGR of a picture that `rules` take."""
    if rules.color == "CHANNELS" and pixels.ndim == 3 and pixels.shape[2] > 2:
        return shown_as(np.ascontiguousarray(pixels[..., 2::-1]))
    return shown_as(pixels)


def _read_array(path: str | os.PathLike[str], rules: Preprocessing) -> Array:
    arrays = [read_npy(path)] if Path(path).suffix.lower() == ".npy" else [*read_npz(path).values()]
    if len(arrays) != 1 or not is_picture(arrays[0], rules):
        shown = ", ".join(f"{array.shape} {array.dtype}" for array in arrays[:3])
        raise InputError(
            f"{path} must hold one picture (H, W, {rules.channels}) of uint8 or uint16 for the "
            f"input {rules.input}, got {shown or 'nothing'}. Arrays in Keras' own layout go to "
            "infer()."
        )
    return arrays[0]
