"""How much found and true objects overlap, as COCO has it: pixels of masks, places of keypoints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Of COCO's 17 points of a person: how far people's labels are apart (`Params.setKpParams`).
_PERSON: Final = (
    0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107,
    0.087, 0.087, 0.089, 0.089,
)  # fmt: skip


def mask_iou(
    crops: Sequence[tuple[Array, int, int]], true: Array, is_crowd: Array
) -> tuple[Array, Array]:
    """Return (D, G) IoU of masks; of a crowd, the share of the found mask. And (D,) areas.

    Args:
        crops: Of each found object the pixels (h, w) bool, and the column and row of the first.
        true: (G, H, W) bool.
        is_crowd: (G,) Whether it stands for many.
    """
    found, true_areas = np.zeros((len(crops), len(true))), true.sum(axis=(1, 2))
    areas = np.array([pixels.sum() for pixels, _, _ in crops], np.float64)
    for k, (pixels, left, top) in enumerate(crops):
        height, width = pixels.shape
        both = (true[:, top : top + height, left : left + width] & pixels).sum(axis=(1, 2))
        union = np.where(is_crowd, areas[k], areas[k] + true_areas - both)
        found[k] = np.divide(both, union, out=np.zeros(len(true)), where=both > 0)
    return found, areas


def spreads_of(count: int) -> Array:
    """Return how far each point may be off: COCO's for the 17 of a person, else 1 / count."""
    return np.array(_PERSON) if count == len(_PERSON) else np.full(count, 1 / count)


def oks(found: Array, true: Array, areas: Array, boxes_xywh: Array) -> Array:
    """Return (D, G) object keypoint similarity, as pycocotools' `COCOeval.computeOks`.

    Args:
        found: (D, K, 2) pixels.
        true: (G, K, 3) x, y and whether it is labelled (above 0).
        areas: (G,) of the true objects.
        boxes_xywh: (G, 4) their boxes: points far beyond them count against an unlabelled object.
    """
    spread = (spreads_of(found.shape[1]) * 2) ** 2
    similar = np.zeros((len(found), len(true)))
    for j, (points, area, (x, y, w, h)) in enumerate(zip(true, areas, boxes_xywh, strict=True)):
        labelled = points[:, 2] > 0
        if labelled.any():
            away = found - points[:, :2]
        else:
            low, high = np.array([x - w, y - h]), np.array([x + 2 * w, y + 2 * h])
            away = np.maximum(0, low - found) + np.maximum(0, found - high)
            labelled = np.ones(len(points), bool)
        error = (away**2).sum(axis=2) / spread / (area + np.spacing(1)) / 2
        similar[:, j] = np.exp(-error[:, labelled]).mean(axis=1)
    return similar


def extents(found: Array) -> Array:
    """Return (D,) the areas of the boxes around points (D, K, 2), as COCO has those of results."""
    return np.asarray(np.ptp(found, axis=1).prod(axis=1))
