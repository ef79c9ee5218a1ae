"""Arrays of rank 3 as cv2 sees them, on OpenCVs with and without their Python files."""

from __future__ import annotations

import functools
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray


class PlainMat(np.ndarray[Any, Any]):
    """What `cv2.Mat` is, where only the compiled module is there: no dimension is channels.

    Debian's python3-opencv and builds from source are such, where nobody installed the rest.
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
