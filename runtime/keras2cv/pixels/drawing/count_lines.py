"""Lines that objects cross, with their counts."""

from __future__ import annotations

from collections.abc import Sequence

import cv2

from keras2cv.pixels.drawing.colours import DARK, LIGHT
from keras2cv.pixels.drawing.tags import Tag, draw_tags, of_point
from keras2cv.pixels.drawing.text import Pen
from keras2cv.pixels.images import Image


def draw_count_lines(
    canvas: Image,
    lines: Sequence[tuple[float, float, float, float]],
    texts: Sequence[str],
    factor: float = 1.0,
) -> None:
    """Draw lines on a picture (H, W, 3) uint8 BGR, each with a text at its first point.

    Args:
        canvas: It is drawn on.
        lines: x1, y1, x2, y2 of each, in pixels of the image that the picture was made of.
        texts: One for each line.
        factor: How many times the picture is as large as that image.
    """
    shorter = min(canvas.shape[:2])
    width = max(2, round(shorter / 240))
    tags = []
    for line, text in zip(lines, texts, strict=True):
        x1, y1, x2, y2 = (round(edge * factor) for edge in line)
        cv2.line(canvas, (x1, y1), (x2, y2), DARK, width + 2, cv2.LINE_AA)
        cv2.line(canvas, (x1, y1), (x2, y2), LIGHT, width, cv2.LINE_AA)
        tags.append(Tag(text, LIGHT, (x1 - width, y1 - width, x1 + width, y1 + width)))
    draw_tags(canvas, tags, Pen(shorter / 1000), 1, of_point)
