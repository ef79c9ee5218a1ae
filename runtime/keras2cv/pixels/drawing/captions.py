"""Lines of text in a corner of an image."""

from __future__ import annotations

from typing import Any

import cv2
from numpy.typing import NDArray

from keras2cv.pixels.drawing.canvas import canvas_of, enlarged
from keras2cv.pixels.drawing.colours import DARK, LIGHT
from keras2cv.pixels.drawing.text import Pen, readable
from keras2cv.pixels.images import Image


def caption(image: NDArray[Any], lines: list[str], *, in_place: bool = False) -> Image:
    """Return a copy of `image` as (H, W, 3) uint8 BGR with `lines` in a box at the top left.

    A picture whose shorter side is below 160 pixels is enlarged by a whole number first, so that
    the text can be read. Lines that do not fit are cut, with dots at the end. With `in_place` it is
    no copy, but `image` itself, if cv2 can draw on that.

    Raises:
        InputError: `image` is not an image.
    """
    canvas = enlarged(canvas_of(image, in_place=in_place))
    height, width = canvas.shape[:2]
    pen = Pen(min(height, width) / 600)
    step = pen.height + max(2, pen.ascent // 3)
    lines = [pen.fitted(readable(line), width) for line in lines]
    lines = lines[: max(1, (height - pen.descent) // step)]
    text_width = max(pen.width(line) for line in lines)
    corner = (min(width, text_width + pen.ascent), min(height, step * len(lines) + pen.descent))
    cv2.rectangle(canvas, (0, 0), corner, DARK, cv2.FILLED)
    for index, line in enumerate(lines):
        pen.write(canvas, line, pen.ascent // 2, step * (index + 1) - pen.descent, LIGHT)
    return canvas
