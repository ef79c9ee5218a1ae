"""A column of encoded images: bytes of files, or where the files are."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.columns.arrays import rows_of
from keras2cv.columns.batch import is_missing, objects
from keras2cv.errors import InputError, MissingDependency
from keras2cv.pixels.image_file import decode_image, image_of
from keras2cv.visible_text import shown

Array = NDArray[Any]

_ADDRESS: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")
_BYTES: Final = (bytes, bytearray, memoryview, np.void)


def is_encoded(value: Any) -> bool:
    """Whether a row is an encoded image: bytes, a path or address, or a dict of both."""
    if isinstance(value, Mapping):  # as the datasets of Hugging Face have them
        return "bytes" in value or "path" in value
    return isinstance(value, (*_BYTES, str, os.PathLike))


def encoded_rows(column: Any) -> Array | None:
    """Return the rows of a column of encoded images; None if its first value is something else."""
    values = rows_of(column)
    if values.dtype.kind == "S":  # whose zeros at the end NumPy cuts off; more of them do no harm
        values = objects([row.ljust(values.dtype.itemsize, b"\0") for row in values.tolist()])
    if values.dtype.kind not in "OUV" or values.ndim != 1:
        return None
    first = next((value for value in values if not is_missing(value)), None)
    return values if is_encoded(first) else None


def decoded(value: Any) -> Array:
    """Return the image of one row, (H, W, 3) uint8 BGR, as cv2.imread reads it.

    Raises:
        InputError: it is missing, or cannot be read or decoded.
        MissingDependency: an address, and what opens it is not installed.
    """
    if isinstance(value, Mapping):
        value = value.get("bytes") or value.get("path")
    if isinstance(value, _BYTES):
        data = value.tobytes() if isinstance(value, np.void) else bytes(value)
        return decode_image(data, f"the image of {len(data)} bytes")
    if isinstance(value, str) and _ADDRESS.match(value):
        return decode_image(_fetched(value), shown(value))
    if isinstance(value, str | os.PathLike):
        return image_of(Path(value))
    got = "nothing" if is_missing(value) else type(value).__name__
    raise InputError(
        f"an image must be the bytes of its file, a path or an address, got {got}. "
        "Leave the row out."
    )


def decoded_rows(rows: Iterable[Any], start: int) -> list[Array]:
    """Return the images of rows, the first of which is number `start` of its batch.

    Raises:
        InputError: one of them is missing, or cannot be read or decoded; it is named.
        MissingDependency: as `decoded`.
    """
    images = []
    for index, row in enumerate(rows, start):
        try:
            images.append(decoded(row))
        except InputError as error:
            raise InputError(f"Row {index}: {error}") from error
    return images


def _fetched(address: str) -> bytes:
    """Return the bytes behind an address such as s3://bucket/cat.jpg, by fsspec.

    Raises:
        InputError: it cannot be read.
        MissingDependency: fsspec, or its part for such addresses, is not installed.
    """
    try:
        with importlib.import_module("fsspec").open(address, "rb") as file:
            return bytes(file.read())
    except ImportError as error:
        raise MissingDependency(
            f"{shown(address)} needs {error.name or 'more than fsspec'}: {error}. Install it: "
            "pip install fsspec, and s3fs, gcsfs or adlfs for the storage."
        ) from error
    except Exception as error:  # each storage has its own
        raise InputError(f"{shown(address)} cannot be read: {error}. Check the address.") from error
