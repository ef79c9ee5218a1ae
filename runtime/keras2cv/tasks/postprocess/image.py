"""From an image over the network's input to pixels, without the bars that were added to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.manifest import Task
from keras2cv.pixels.geometry import Placement
from keras2cv.tasks.image_roles import Picture
from keras2cv.tasks.results import ImageResult

Array = NDArray[Any]


def image(
    task: Task, outputs: Mapping[str, Array], placements: Sequence[Placement]
) -> list[ImageResult]:
    """Return a result per sample: what the model made of the part that the image fills."""
    facts = task.image
    assert facts is not None  # noqa: S101 - a Task of this kind has it
    pairs = zip(outputs[facts.output], placements, strict=True)
    return [_result(sample, facts, placement) for sample, placement in pairs]


def _result(sample: Array, facts: Picture, placement: Placement) -> ImageResult:
    height, width = sample.shape[:2]
    per_x, per_y = width / placement.size_wh[0], height / placement.size_wh[1]
    x0, y0, x1, y1 = placement.content_xyxy
    left, right = round(x0 * per_x), max(round(x0 * per_x) + 1, round(x1 * per_x))
    top, bottom = round(y0 * per_y), max(round(y0 * per_y) + 1, round(y1 * per_y))
    pixels = to_bgr(sample[top:bottom, left:right], facts)
    vx0, vy0, vx1, vy1 = placement.visible_xyxy
    return ImageResult(pixels, (vx1 - vx0, vy1 - vy0))


def to_bgr(values: Array, facts: Picture) -> NDArray[np.uint8]:
    """Return values (h, w, C) or (h, w) as (h, w, 3) uint8 BGR; NaN is black.

    pixel = (value - low) / (high - low) * 255, to the nearest, halves to even, clipped.
    """
    shares = (values.astype(np.float32) - facts.low) / (facts.high - facts.low)
    pixels = np.rint(np.nan_to_num(shares, posinf=1, neginf=0).clip(0, 1) * 255).astype(np.uint8)
    pixels = np.ascontiguousarray(pixels.reshape(*pixels.shape[:2], -1))
    if facts.color == "BGR":
        return pixels
    code = cv2.COLOR_GRAY2BGR if facts.color == "GRAY" else cv2.COLOR_RGB2BGR
    return np.asarray(cv2.cvtColor(pixels, code), np.uint8)
