"""Regions of an image in the colours of their classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.drawing.canvas import canvas_of, enlarged
from keras2cv.pixels.drawing.colours import colour_of
from keras2cv.pixels.drawing.tags import paper_width, write_tag
from keras2cv.pixels.drawing.text import Pen, readable
from keras2cv.pixels.images import Image


def draw_regions(
    image: NDArray[Any],
    numbers: NDArray[Any],
    names: Mapping[int, str],
    *,
    in_place: bool = False,
) -> Image:
    """Return a copy of `image` as (H, W, 3) uint8 BGR, half covered by the colours of its regions.

    Args:
        image: What `keras2cv.pixels.images` takes.
        numbers: (H, W), the class of each pixel.
        names: The classes to show, by number; the first ones are named in a corner.
        in_place: As for `caption`.
    """
    canvas = canvas_of(image, in_place=in_place)
    _colour(canvas, numbers, names)
    canvas = enlarged(canvas)
    height, width = canvas.shape[:2]
    pen = Pen(min(height, width) / 1000)
    step = pen.height + 1
    for row, (number, name) in enumerate(list(names.items())[: max(1, height // step - 1)]):
        line = pen.fitted(readable(name, f"class {number}"), width)
        write_tag(canvas, line, (0, row * step), paper_width(line, pen), colour_of(number), pen)
    return canvas


def _colour(canvas: Image, numbers: NDArray[Any], shown: Iterable[int]) -> None:
    """Halve `canvas` and mix in the halved colour of each pixel's class, where that is shown."""
    halves = {number: np.array(colour_of(number), np.uint8) // 2 for number in shown}
    if not halves:
        return
    # A class is a number up to 255 in every picture that people can tell apart: one look-up each.
    last = min(max(halves), 254)
    table = np.zeros((1, 256, 3), np.uint8)
    mask = np.zeros((1, 256), np.uint8)
    for number in [number for number in halves if number <= last]:
        table[0, number], mask[0, number] = halves[number], 255
    for number in [number for number in halves if number > last]:
        region = numbers == number
        canvas[region] = canvas[region] // 2 + halves[number]
    index = np.where((numbers >= 0) & (numbers <= last), numbers, 255).astype(np.uint8)
    mixed = cv2.add(canvas // 2, cv2.LUT(cv2.merge([index] * 3), table))
    cv2.copyTo(mixed, cv2.LUT(index, mask), canvas)
