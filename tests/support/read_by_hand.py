"""Read ONNX files as one does who has OpenCV alone; the entry of another OpenCV's process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def answer(request: dict[str, Any], _: Callable[..., None]) -> dict[str, str]:
    """Return path -> "reads", or "refuses" where OpenCV raises an error."""
    import cv2

    found = {}
    for path in request["paths"]:
        try:
            cv2.dnn.readNet(path)
            found[path] = "reads"
        except cv2.error:
            found[path] = "refuses"
    return found
