"""COCO's matching of found boxes with true ones, as pycocotools' `COCOeval.evaluateImg` does it.

Every threshold of overlap, and every range of areas, at once. Shapes: A ranges, T thresholds, D
found boxes, G true ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

IOU_THRESHOLDS: Final = np.linspace(0.5, 0.95, 10)
AREA_RANGES: Final = np.array([[0, 1e10], [0, 32**2], [32**2, 96**2], [96**2, 1e10]])
AREA_NAMES: Final = ("all", "small", "medium", "large")
MAX_DETECTIONS: Final = 100  # boxes of a class in an image


@dataclass(frozen=True, eq=False, slots=True)
class Matches:
    """What became of an image's boxes of one class, the best-scored first.

    Attributes:
        scores: (D,) float64.
        is_match: (D, A, T) bool: it is a true box, found for the first time.
        is_ignored: (D, A, T) bool: it counts neither as right nor as wrong.
        true_count: (A,) How many true boxes count.
        order: (D,) The place of each in the list that was given.
    """

    scores: Array
    is_match: Array
    is_ignored: Array
    true_count: Array
    order: Array


def iou(found: Array, true: Array, is_crowd: Array) -> Array:
    """Return (D, G) IoU of boxes (x, y, width, height); of a crowd, the share of the found box."""
    d, g = found[:, None, :], true[None, :, :]
    width = np.fmin(d[..., 0] + d[..., 2], g[..., 0] + g[..., 2]) - np.fmax(d[..., 0], g[..., 0])
    height = np.fmin(d[..., 1] + d[..., 3], g[..., 1] + g[..., 3]) - np.fmax(d[..., 1], g[..., 1])
    shared = np.where((width > 0) & (height > 0), width * height, 0.0)
    found_area = d[..., 2] * d[..., 3]
    union = np.where(is_crowd, found_area, found_area + g[..., 2] * g[..., 3] - shared)
    return np.divide(shared, union, out=np.zeros(shared.shape), where=shared > 0)


def match(
    found: Array, scores: Array, true: Array, areas: Array, is_crowd: Array, is_ignored: Array
) -> Matches:
    """Match the boxes of one class in one image.

    Args:
        found: (D, 4) float64 x, y, width, height.
        scores: (D,) float64.
        true: (G, 4) float64, the same.
        areas: (G,) Of the true objects, which need not be their boxes' areas.
        is_crowd: (G,) Whether it stands for many, and may be found many times.
        is_ignored: (G,) Whether it does not count; a crowd never does.
    """
    order = np.argsort(-scores, kind="stable")[:MAX_DETECTIONS]
    found = found[order]
    sizes = found[:, 2] * found[:, 3]
    overlaps = iou(found, true, is_crowd)
    got = match_overlaps(overlaps, sizes, scores[order], (areas, is_crowd, is_ignored))
    return replace(got, order=order)


def match_overlaps(
    overlaps: Array,
    sizes: Array,
    scores: Array,
    true: tuple[Array, Array, Array],
    most: int = MAX_DETECTIONS,
) -> Matches:
    """Match the objects of one class in one image, by overlaps of any kind.

    Args:
        overlaps: (D, G) from 0 to 1.
        sizes: (D,) the areas of the found objects.
        scores: (D,) float64.
        true: Of the true objects (G,) the areas, whether each is a crowd, and is ignored.
        most: How many found objects count, the best-scored first.
    """
    areas, is_crowd, is_ignored = true
    order = np.argsort(-scores, kind="stable")[:most]
    overlaps, sizes, scores = overlaps[order], sizes[order], scores[order]
    outside = (areas < AREA_RANGES[:, :1]) | (areas > AREA_RANGES[:, 1:])  # (A, G)
    skipped = outside | is_crowd | is_ignored
    shape = (len(scores), len(AREA_RANGES), len(IOU_THRESHOLDS))
    is_match, is_excused = np.zeros(shape, bool), np.zeros(shape, bool)
    if overlaps.size:
        _match_each(overlaps, skipped, is_crowd, is_match, is_excused)
    foreign = (sizes[:, None] < AREA_RANGES[:, 0]) | (sizes[:, None] > AREA_RANGES[:, 1])
    is_excused |= ~(is_match | is_excused) & foreign[..., None]
    return Matches(scores, is_match, is_excused, (~skipped).sum(axis=1), order)


def _match_each(
    ious: Array, skipped: Array, is_crowd: Array, is_match: Array, is_excused: Array
) -> None:
    """Let each found box, the best first, take the true box that it overlaps most.

    Boxes that count come first; of equal overlaps, the last one.
    """
    needed = np.minimum(IOU_THRESHOLDS, 1 - 1e-10)[:, None]
    taken = np.zeros((len(AREA_RANGES), len(IOU_THRESHOLDS), ious.shape[1]), bool)
    skipped = skipped[:, None, :]
    for index in np.flatnonzero(ious.max(axis=1) >= IOU_THRESHOLDS[0]):
        free = (ious[index] >= needed) & (~taken | is_crowd)  # (A, T, G)
        counted, excused = free & ~skipped, free & skipped
        is_match[index] = counted.any(axis=2)
        is_excused[index] = ~is_match[index] & excused.any(axis=2)
        chosen = np.where(is_match[index][..., None], counted, excused)
        place = _last_best(np.where(chosen, ious[index], -1.0))
        area, step = np.nonzero(is_match[index] | is_excused[index])
        taken[area, step, place[area, step]] = True


def _last_best(values: Array) -> Array:
    return np.asarray(values.shape[-1] - 1 - np.argmax(values[..., ::-1], axis=-1))
