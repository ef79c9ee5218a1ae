"""Boxes on an image, each with a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
from numpy.typing import NDArray

from keras2cv.pixels.drawing.canvas import canvas_of, enlarged
from keras2cv.pixels.drawing.colours import colour_of
from keras2cv.pixels.drawing.text import MIN_SCALE, tag
from keras2cv.pixels.images import Image


def draw_boxes(
    image: NDArray[Any],
    boxes_xyxy: NDArray[Any],
    texts: Sequence[str],
    numbers: Sequence[int],
    *,
    in_place: bool = False,
) -> Image:
    """Return a copy of `image` as (H, W, 3) uint8 BGR with boxes, each with a text above it.

    A picture whose shorter side is below 160 pixels is enlarged first, as for `caption`.

    Args:
        image: What `keras2cv.pixels.images` takes.
        boxes_xyxy: (N, 4) left, top, right and bottom edges in pixels of `image`.
        texts: What to write above each box.
        numbers: Each box's class: the same number has the same colour everywhere.
        in_place: As for `caption`.
    """
    canvas = enlarged(canvas_of(image, in_place=in_place))
    height, width = canvas.shape[:2]
    factor = height // image.shape[0]
    scale = max(MIN_SCALE, min(height, width) / 1000)
    thickness = max(2, round(min(height, width) / 240))
    for box, text, number in zip(boxes_xyxy, texts, numbers, strict=True):
        # The last pixel inside, and not the first beyond, is what cv2 draws the edge on.
        x0, y0, x1, y1 = (round(float(edge)) for edge in box * factor)
        x1, y1 = max(x0, x1 - 1), max(y0, y1 - 1)
        cv2.rectangle(canvas, (x0, y0), (x1, y1), colour_of(number), thickness)
        tag(canvas, text, (x0, y0), colour_of(number), scale)
    return canvas
