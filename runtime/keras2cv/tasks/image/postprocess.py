"""From an image over the network's input to pixels, without the bars that were added to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.geometry import Placement
from keras2cv.tasks.image.record import ImageRecord
from keras2cv.tasks.image.result import ImageResult
from keras2cv.tasks.task import Task

Array = NDArray[Any]


def image(
    task: Task, outputs: Mapping[str, Array], placements: Sequence[Placement]
) -> list[ImageResult]:
    """Return a result per sample: the output over the part that the image fills."""
    record = task.record_as(ImageRecord)
    pairs = zip(outputs[record.output], placements, strict=True)
    return [_result(sample, record, placement) for sample, placement in pairs]


def _result(sample: Array, record: ImageRecord, placement: Placement) -> ImageResult:
    height, width = sample.shape[:2]
    per_x, per_y = width / placement.size_wh[0], height / placement.size_wh[1]
    x0, y0, x1, y1 = placement.content_xyxy
    left, right = round(x0 * per_x), max(round(x0 * per_x) + 1, round(x1 * per_x))
    top, bottom = round(y0 * per_y), max(round(y0 * per_y) + 1, round(y1 * per_y))
    pixels = to_bgr(sample[top:bottom, left:right], record)
    vx0, vy0, vx1, vy1 = placement.visible_xyxy
    return ImageResult(pixels, (vx1 - vx0, vy1 - vy0))


def to_bgr(values: Array, record: ImageRecord) -> NDArray[np.uint8]:
    """Return values (h, w, C) or (h, w) as (h, w, 3) uint8 BGR; NaN is black.

    pixel = (value - low) / (high - low) * 255, to the nearest, halves to even, clipped.
    """
    shares = (values.astype(np.float32) - record.low) / (record.high - record.low)
    pixels = np.rint(np.nan_to_num(shares, posinf=1, neginf=0).clip(0, 1) * 255).astype(np.uint8)
    pixels = np.ascontiguousarray(pixels.reshape(*pixels.shape[:2], -1))
    if record.color == "BGR":
        return pixels
    code = cv2.COLOR_GRAY2BGR if record.color == "GRAY" else cv2.COLOR_RGB2BGR
    return np.asarray(cv2.cvtColor(pixels, code), np.uint8)
