"""COCO's mAP of images that are drawn again, from matches that are counted once.

An image that is drawn k times counts k times: its true boxes and its found ones have the weight k.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.evaluation.metrics.coco import RECALL_THRESHOLDS, ClassMatches
from keras2cv.evaluation.metrics.matching import IOU_THRESHOLDS

Array = NDArray[Any]
_AT_ONCE: Final = 1_000_000  # weights of boxes in memory


def weighted_map(classes: Sequence[ClassMatches], weights: Array) -> Array:
    """Return the mAP (R,) for each row of weights (R, N) of the images; NaN where nothing counts.

    The mean of the classes that the drawn images have, as of `coco.summary`.
    """
    total, known = np.zeros(len(weights)), np.zeros(len(weights))
    for one in classes:
        true_count = weights[:, one.true_images] @ one.true_per_image.astype(np.float64)
        there = true_count > 0
        total += np.where(there, _average_precision(one, weights, true_count), 0.0)
        known += there
    found: Array = np.divide(total, known, out=np.full(len(weights), np.nan), where=known > 0)
    return found


def _average_precision(one: ClassMatches, weights: Array, true_count: Array) -> Array:
    """Return (R,) the AP of a class, the mean over `IOU_THRESHOLDS`."""
    order = np.argsort(-one.scores, kind="stable")
    hits = np.flatnonzero(one.is_match[order, 0].any(axis=1))
    if not len(hits):
        return np.zeros(len(weights))
    order = order[: hits[-1] + 1]  # what comes after the last hit changes nothing
    right = one.is_match[order, 0]
    counted = right | ~one.is_ignored[order, 0]
    rows = max(1, _AT_ONCE // len(order))
    found = np.zeros(len(weights))
    for start in range(0, len(weights), rows):
        part = slice(start, start + rows)
        drawn = weights[part][:, one.images[order]]  # (rows, D)
        for step in range(len(IOU_THRESHOLDS)):
            columns = right[:, step], counted[:, step]
            found[part] += _area_below(drawn, *columns, true_count[part])
    return found / len(IOU_THRESHOLDS)


def _area_below(drawn: Array, right: Array, counted: Array, true_count: Array) -> Array:
    """Return (R,) the mean precision at `RECALL_THRESHOLDS`, at one overlap.

    Args:
        drawn: (R, D) how often each found box is there, the best-scored first.
        right: (D,) whether it is a true box.
        counted: (D,) whether it counts.
        true_count: (R,) how many true boxes there are.
    """
    places = np.flatnonzero(right)
    hits = np.cumsum(drawn[:, places], axis=1)
    above = np.cumsum(drawn * counted, axis=1)[:, places]
    precision = hits / np.maximum(above, 1)
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    recall = hits / np.maximum(true_count, 1)[:, None]
    reached = np.searchsorted(RECALL_THRESHOLDS, recall, side="right")
    reached[hits == 0] = 0
    gained = np.diff(reached, axis=1, prepend=0)
    return np.asarray((best * gained).sum(axis=1) / len(RECALL_THRESHOLDS))
