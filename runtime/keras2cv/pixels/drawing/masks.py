"""Masks of single objects on an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.drawing.canvas import canvas_of
from keras2cv.pixels.drawing.colours import colour_of
from keras2cv.pixels.images import Image


def draw_masks(
    image: NDArray[Any],
    masks: Sequence[tuple[NDArray[np.bool_], int, int]],
    numbers: Sequence[int],
    *,
    in_place: bool = False,
) -> Image:
    """Return a copy of `image` as (H, W, 3) uint8 BGR, half covered by masks with their outlines.

    Args:
        image: What `keras2cv.pixels.images` takes.
        masks: The pixels (h, w) of each object, and the column and row of the first; the best
            first.
        numbers: Each object's class: the same number has the same colour everywhere.
        in_place: As for `caption`.
    """
    canvas = canvas_of(image, in_place=in_place)
    for (pixels, left, top), number in reversed(list(zip(masks, numbers, strict=True))):
        height, width = pixels.shape
        if not pixels.any():
            continue
        part = canvas[top : top + height, left : left + width]
        colour = np.array(colour_of(number), np.uint8)
        part[pixels] = part[pixels] // 2 + colour // 2
        part[_outline(pixels)] = colour
    return canvas


def _outline(pixels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of a mask that have a neighbour outside of it."""
    inner = cv2.erode(
        pixels.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    )  # fmt: skip
    return np.asarray(pixels & (inner == 0))
