"""Lines of text in a corner of an image."""

from __future__ import annotations

from typing import Any

import cv2
from numpy.typing import NDArray

from keras2cv.pixels.drawing.canvas import canvas_of, enlarged
from keras2cv.pixels.drawing.colours import DARK, LIGHT
from keras2cv.pixels.drawing.text import FONT, MIN_SCALE, ascii_text, fitted, width_of
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
    scale = max(MIN_SCALE, min(height, width) / 600)
    thickness = max(1, round(scale * 1.6))
    lines = [fitted(ascii_text(line), width, scale, thickness) for line in lines]
    (_, ascent), descent = cv2.getTextSize("Ag", FONT, scale, thickness)
    step = ascent + descent + max(2, ascent // 3)
    lines = lines[: max(1, (height - descent) // step)]
    text_width = max(width_of(line, scale, thickness) for line in lines)
    corner = (min(width, text_width + ascent), min(height, step * len(lines) + descent))
    cv2.rectangle(canvas, (0, 0), corner, DARK, cv2.FILLED)
    for index, line in enumerate(lines):
        origin = (ascent // 2, step * (index + 1) - descent)
        cv2.putText(canvas, line, origin, FONT, scale, LIGHT, thickness, cv2.LINE_AA)
    return canvas
