"""Boxes on an image, each with a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.drawing.canvas import canvas_of, enlarged
from keras2cv.pixels.drawing.colours import colour_of
from keras2cv.pixels.drawing.tags import Tag, draw_tags, of_box
from keras2cv.pixels.drawing.text import Pen, readable
from keras2cv.pixels.images import Image


def draw_boxes(
    image: NDArray[Any],
    boxes_xyxy: NDArray[Any],
    texts: Sequence[str],
    numbers: Sequence[int],
    *,
    polygons: NDArray[Any] | None = None,
    in_place: bool = False,
) -> Image:
    """Return a copy of `image` as (H, W, 3) uint8 BGR with boxes, each with a text above it.

    Texts lie over all boxes, and none over another where there is room. A picture whose shorter
    side is below 160 pixels is enlarged first, as for `caption`.

    Args:
        image: What `keras2cv.pixels.images` takes.
        boxes_xyxy: (N, 4) left, top, right and bottom edges in pixels of `image`, the best first.
        texts: What to write above each box.
        numbers: Each box's class: the same number has the same colour everywhere.
        polygons: (N, 4, 2) corners to draw instead of upright boxes.
        in_place: As for `caption`.
    """
    canvas = enlarged(canvas_of(image, in_place=in_place))
    height, width = canvas.shape[:2]
    factor = height // image.shape[0]
    pen = Pen(min(height, width) / 1000)
    thickness = max(2, round(min(height, width) / 240))
    tags = [
        Tag(_readable(text, number), colour_of(number), _pixels(box * factor))
        for box, text, number in zip(boxes_xyxy, texts, numbers, strict=True)
    ]
    for k, tag in reversed(list(enumerate(tags))):  # the best on top
        if polygons is None:
            cv2.rectangle(canvas, tag.box[:2], tag.box[2:], tag.colour, thickness)
        else:
            # A pixel's centre lies half a pixel from its corner; far away cv2 would overflow.
            corners = np.rint((polygons[k] * factor - 0.5).clip(-(2.0**14), 2.0**14))
            lines = [corners.astype(np.int32)]
            cv2.polylines(canvas, lines, True, tag.colour, thickness, cv2.LINE_AA)
    draw_tags(canvas, tags, pen, thickness // 2, of_box)
    return canvas


def _pixels(box: NDArray[Any]) -> tuple[int, int, int, int]:
    """Return the last pixels inside a box, and not the first beyond: cv2 draws the edge on them."""
    x0, y0, x1, y1 = (round(float(edge)) for edge in box)
    return x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)


def _readable(text: str, number: int) -> str:
    """Return a label and a score in letters that there are, or the class' number and the score."""
    label, space, score = text.rpartition(" ")
    return readable(label, f"class {number}") + space + score
