"""Whether what belongs to the boxes of two sides is the same: masks, keypoints, rotated boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.detect.rotated import rotated_iou

Array = np.ndarray[Any, Any]

_PIXELS: Final = 1e-4  # of an image; at least one
_SHIFT: Final = 0.01  # pixels, in images of up to a thousand pixels
_ROTATED_IOU: Final = 0.999


def agree_on_belongings(
    one: Detections, two: Detections, partners: Sequence[tuple[int, int]]
) -> tuple[bool, dict[str, float]]:
    """Compare what belongs to the boxes that are partners.

    Args:
        one: The boxes of a side.
        two: Those of the other.
        partners: (number of one's box, number of the other's).

    Returns:
        Whether it is the same, and the numbers: the least share of equal pixels and overlap of two
        masks, the largest shift of a point in pixels, the least overlap of two rotated boxes.
    """
    same = True
    numbers: dict[str, float] = {}
    if one.mask_crops is not None and two.mask_crops is not None:
        is_same, found = _masks(one, two, partners)
        same, numbers = same and is_same, {**numbers, **found}
    if one.keypoints is not None and two.keypoints is not None:
        pairs = ((one.keypoints[i].points_xy, two.keypoints[j].points_xy) for i, j in partners)
        shift = largest(np.abs(a - b).max() for a, b in pairs)
        same = same and shift <= _SHIFT * max(1.0, max(one.image_wh) / 1000)
        numbers["largest_point_shift"] = shift
    if one.polygons is not None and two.polygons is not None:
        outlines = one.polygons.astype(np.float64), two.polygons.astype(np.float64)
        overlaps = (rotated_iou(outlines[0][i], outlines[1][j : j + 1])[0] for i, j in partners)
        least = min(map(float, overlaps), default=1.0)
        same = same and least >= _ROTATED_IOU
        numbers["least_rotated_iou"] = least
    return same, numbers


def _masks(
    one: Detections, two: Detections, partners: Sequence[tuple[int, int]]
) -> tuple[bool, dict[str, float]]:
    pixels = one.image_wh[0] * one.image_wh[1]
    differing, overlaps = [0], [1.0]
    for i, j in partners:
        masks = mask_of(one, i), mask_of(two, j)
        differing.append(int((masks[0] != masks[1]).sum()))
        either = int((masks[0] | masks[1]).sum())
        overlaps.append(1 - differing[-1] / either if either else 1.0)
    worst = max(differing)
    numbers = {"least_mask_pixels": 1 - worst / pixels, "least_mask_iou": min(overlaps)}
    return worst <= max(1, _PIXELS * pixels), numbers


def mask_of(result: Detections, number: int) -> Array:
    """Return the mask of a box as (H, W) bool; the model gives some."""
    assert result.mask_crops is not None  # noqa: S101 - asked of results with masks alone
    return result.mask_crops[number].on_image(result.image_wh)


def largest(values: Iterable[Any]) -> float:
    """Return the largest number; 0 of none."""
    return max(map(float, values), default=0.0)
