"""TensorFlow's two non-maximum suppressions, in NumPy (float32, as there).

Written after tensorflow/core/kernels/image/non_max_suppression_op.cc. Boxes are two opposite
corners each, y and x, in any order. A box is a candidate if its score is above the threshold, and
is kept unless it overlaps a better one that was kept by more than `iou`; both are strict, and a
box without an area overlaps nothing.

Of equal scores the lower index comes first, and then the lower class. The op for one class has the
same rule; combined_non_max_suppression leaves equal scores in the order in which its heap and
std::sort happen to leave them, so that no two builds need to agree.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.numpy_tail.step import NmsRule

Array = NDArray[Any]

_MAX_PAIRS = 2**30  # of boxes to compare, of one class: some seconds
_BLOCK = 256  # boxes compared with each other at a time: few are kept, so most are never reached


def nms(boxes: Array, scores: Array, rule: NmsRule) -> tuple[Array, Array, Array]:
    """Compute TensorFlow's NonMaxSuppressionV4 and V5, padded.

    Args:
        boxes: (M, 4) float32.
        scores: (M,) float32.
        rule: with `max_boxes` = K.

    Returns:
        indices (K,) int32, their scores (K,) float32, both padded with zeros, and their count,
        () int32.
    """
    kept = _keep(boxes, scores, rule)
    indices = np.zeros(rule.max_boxes, np.int32)
    indices[: len(kept)] = kept
    found = np.zeros(rule.max_boxes, np.float32)
    found[: len(kept)] = scores[kept]
    return indices, found, np.array(len(kept), np.int32)


def combined_nms(boxes: Array, scores: Array, rule: NmsRule) -> tuple[Array, Array, Array, Array]:
    """Compute CombinedNonMaxSuppression: each class by itself, then the best boxes of all.

    Args:
        boxes: (N, M, q, 4) float32; q is 1, or the number of classes C.
        scores: (N, M, C) float32.
        rule: with `max_total`, `pad_per_class` and `clip` (to 0..1).

    Returns:
        boxes (N, K, 4), scores (N, K) and classes (N, K) float32, padded with zeros, and
        their count, (N,) int32. K is `max_total`, or with `pad_per_class` at most C * max_boxes.
    """
    assert rule.max_total is not None  # noqa: S101 - a step of this op has it
    size = rule.max_total
    if rule.pad_per_class:
        size = min(size, rule.max_boxes * scores.shape[2])
    one_by_one = [_best(b, s, rule, size) for b, s in zip(boxes, scores, strict=True)]
    found, best, classes, counts = zip(*one_by_one, strict=True)
    return np.stack(found), np.stack(best), np.stack(classes), np.array(counts, np.int32)


def _best(boxes: Array, scores: Array, rule: NmsRule, size: int) -> tuple[Array, Array, Array, int]:
    """Return the best boxes of a sample, whatever their class, their scores, classes and count."""
    count_of_classes = scores.shape[1]
    kept = [
        _keep(boxes[:, k if boxes.shape[1] > 1 else 0], scores[:, k], rule)
        for k in range(count_of_classes)
    ]
    rows = np.concatenate(kept)
    columns = np.repeat(np.arange(count_of_classes), [len(k) for k in kept])
    order = np.argsort(-scores[rows, columns], kind="stable")[:size]
    rows, columns, count = rows[order], columns[order], len(order)
    result = np.zeros((size, 6), np.float32)
    result[:count, :4] = boxes[rows, columns if boxes.shape[1] > 1 else 0]
    if rule.clip:
        result[:, :4] = result[:, :4].clip(0, 1)
    result[:count, 4] = scores[rows, columns]
    result[:count, 5] = columns
    return result[:, :4], result[:, 4], result[:, 5], count


def _keep(boxes: Array, scores: Array, rule: NmsRule) -> Array:
    """Return the indices of the boxes of one class that are kept, best first."""
    lowest = np.float32(-np.inf if rule.score is None else rule.score)
    candidates = np.flatnonzero(scores > lowest)
    if len(candidates) * min(len(candidates), rule.max_boxes) > _MAX_PAIRS:
        raise ValueError(f"{len(candidates)} boxes to compare with {rule.max_boxes}")
    order = candidates[np.argsort(-scores[candidates], kind="stable")]
    kept: list[int] = []
    for start in range(0, len(order), _BLOCK):
        block = order[start : start + _BLOCK]
        alive = np.asarray(~_overlaps(boxes[block], boxes[kept], rule.iou).any(axis=1))
        for place, box in enumerate(block):
            if len(kept) == rule.max_boxes:
                return np.array(kept, np.intp)
            if alive[place]:
                kept.append(int(box))
                alive &= ~_overlaps(boxes[block], boxes[box][None], rule.iou)[:, 0]
    return np.array(kept, np.intp)


def _overlaps(boxes: Array, others: Array, iou: float) -> Array:
    """Return which of `boxes` (A, 4) overlap which of `others` (B, 4) by more, (A, B) bool."""
    low, high, area = _measure(boxes[:, None])
    low_other, high_other, area_other = _measure(others[None])
    sides = np.minimum(high, high_other) - np.maximum(low, low_other)
    shared = np.maximum(sides[..., 0], 0) * np.maximum(sides[..., 1], 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        overlap = shared / (area + area_other - shared)
    return np.asarray((overlap > np.float32(iou)) & (area > 0) & (area_other > 0))


def _measure(boxes: Array) -> tuple[Array, Array, Array]:
    """Return the corners nearest to and farthest from the origin, (..., 2), and the area."""
    low = np.minimum(boxes[..., :2], boxes[..., 2:])
    high = np.maximum(boxes[..., :2], boxes[..., 2:])
    return low, high, (high[..., 0] - low[..., 0]) * (high[..., 1] - low[..., 1])
