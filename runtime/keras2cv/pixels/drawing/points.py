"""Points on an image, and lines between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.drawing.canvas import canvas_of, enlarged
from keras2cv.pixels.drawing.colours import DARK, colour_of
from keras2cv.pixels.drawing.tags import Tag, draw_tags, of_point
from keras2cv.pixels.drawing.text import Pen, readable
from keras2cv.pixels.images import Image


def draw_points(
    image: NDArray[Any],
    points_xy: NDArray[Any],
    shown: Sequence[int],
    lines: Sequence[tuple[int, int]],
    names: Mapping[int, str],
    *,
    in_place: bool = False,
) -> Image:
    """Return a copy of `image` as (H, W, 3) uint8 BGR with points, and lines between them.

    A picture whose shorter side is below 160 pixels is enlarged first, as for `caption`.

    Args:
        image: What `keras2cv.pixels.images` takes.
        points_xy: (K, 2), pixels of `image`, (0, 0) at the corner of its first pixel.
        shown: The numbers of the points to draw: the same number has the same colour everywhere.
        lines: Pairs of numbers to join.
        names: What to write beside a point, by number.
        in_place: As for `caption`.
    """
    canvas = enlarged(canvas_of(image, in_place=in_place))
    height, width = canvas.shape[:2]
    factor = height // image.shape[0]
    radius = max(3, round(min(height, width) / 120))
    # A pixel's centre lies half a pixel from its corner; far beyond the image cv2 would overflow.
    at = np.nan_to_num(points_xy.astype(np.float64) * factor - 0.5, nan=-(2.0**14))
    places = np.rint(at.clip(-(2.0**14), 2.0**14)).astype(int).tolist()
    for first, second in lines:
        ends = places[first], places[second]
        cv2.line(canvas, *ends, colour_of(second), max(1, radius // 2), cv2.LINE_AA)
    for number in shown:
        cv2.circle(canvas, places[number], radius + 1, DARK, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(canvas, places[number], radius, colour_of(number), cv2.FILLED, cv2.LINE_AA)
    pen = Pen(min(height, width) / 1200)
    tags = []
    for number in shown:
        x, y = places[number]
        if number in names and 0 <= x < width and 0 <= y < height:
            text = readable(names[number], f"point {number}")
            around = (x - radius, y - radius, x + radius, y + radius)
            tags.append(Tag(text, colour_of(number), around))
    draw_tags(canvas, tags, pen, 1, of_point)
    return canvas
