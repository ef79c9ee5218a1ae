"""Hand arrays of rank 3 to cv2, with or without OpenCV's Python files."""

from __future__ import annotations

import functools
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray


class PlainMat(np.ndarray[Any, Any]):
    """A stand-in for a missing `cv2.Mat`, an array in which no dimension means channels.

    Debian's python3-opencv has none, nor has a build from source without its Python files.
    """

    wrap_channels: ClassVar[bool] = False


def as_mat(blob: NDArray[Any]) -> Any:
    """Return `blob` so that cv2 sees its rank: up to 4.10, rank 3 means an image with channels."""
    if blob.ndim != 3:
        return blob
    if (whole := getattr(cv2, "Mat", None)) is not None:
        return whole(blob)
    _register()
    return blob.view(PlainMat)


@functools.cache  # cv2 takes no second one
def _register() -> None:
    register: Any = cv2._registerMatType  # type: ignore[attr-defined]
    register(PlainMat)
