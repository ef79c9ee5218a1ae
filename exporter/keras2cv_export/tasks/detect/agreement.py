"""Whether two sides found the same boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.result import Result
from keras2cv_export.parity.near_ties import is_near_tie
from keras2cv_export.tasks.agreement import PictureAgreement

from .belonging_agreement import agree_on_belongings

Array = np.ndarray[Any, Any]


def agree_on_boxes(reference: Result, candidate: Result, allowed: float) -> PictureAgreement:
    """Boxes matched one to one within their class, the largest overlap first.

    OpenCV's own tests (normAssertDetections in modules/dnn/test/test_common.hpp) ask for equal
    classes, scores within 1e-5 and an IoU within 1e-4 of 1.
    """
    one, two = (cast("Detections", r) for r in (reference, candidate))
    found = match_boxes(one, two)
    ties = sum(bool(is_near_tie(score - found.threshold, allowed)) for score in found.lost)
    numbers = {
        "boxes": float(len(one)),
        "matched": float(len(found.pairs)),
        "missing": float(found.missing),
        "extra": float(found.extra),
        "near_ties": float(ties),
        "least_iou": min((overlap for overlap, _ in found.pairs), default=1.0),
        "largest_score_gap": max((gap for _, gap in found.pairs), default=0.0),
    }
    same, more = agree_on_belongings(one, two, found.partners)
    same = same and found.missing == found.extra == 0 and _near(found, allowed)
    return PictureAgreement(same, {**numbers, **more})


@dataclass(frozen=True)
class Matches:
    """The boxes of two sides: (IoU, score difference) of each pair, and the unpaired ones.

    `partners` are the numbers of each pair's boxes in the two results.
    `lost` are the scores of boxes without a partner. `threshold` is the least score that either
    side kept: near it, rounding decides whether a box is kept.
    """

    pairs: tuple[tuple[float, float], ...]
    missing: int
    extra: int
    lost: tuple[float, ...]
    threshold: float
    partners: tuple[tuple[int, int], ...] = ()


def match_boxes(reference: Detections, candidate: Detections) -> Matches:
    """Match boxes one to one, within a class, greedily by overlap; some stay without a partner."""
    overlap = iou(reference.boxes_xyxy, candidate.boxes_xyxy)
    overlap[reference.class_ids[:, None] != candidate.class_ids[None]] = 0.0
    pairs, partners = [], []
    free_r, free_c = set(range(len(reference))), set(range(len(candidate)))
    for flat in np.argsort(-overlap, axis=None, kind="stable"):
        i, j = (int(x) for x in np.unravel_index(flat, overlap.shape))
        if overlap[i, j] <= 0.0:
            break
        if i in free_r and j in free_c:
            free_r.remove(i)
            free_c.remove(j)
            gap = abs(float(reference.scores[i]) - float(candidate.scores[j]))
            pairs.append((float(overlap[i, j]), gap))
            partners.append((i, j))
    lost = [float(reference.scores[i]) for i in free_r] + [
        float(candidate.scores[j]) for j in free_c
    ]
    scores = np.concatenate([reference.scores, candidate.scores])
    least = float(scores.min()) if scores.size else 0.0
    counts = len(free_r), len(free_c)
    return Matches(tuple(pairs), *counts, tuple(lost), least, tuple(partners))


def iou(one: Array, two: Array) -> Array:
    """Return the intersection over union of every pair of (N, 4) and (M, 4) boxes, (N, M)."""
    a, b = one[:, None].astype(np.float64), two[None].astype(np.float64)
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    both = np.clip(high - low, 0, None).prod(axis=-1)
    areas = [(box[..., 2:] - box[..., :2]).prod(axis=-1) for box in (a, b)]
    union = areas[0] + areas[1] - both
    result: Array = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
    return result


def _near(matches: Matches, allowed: float) -> bool:
    # A hundredth of a box' area is too little to show in any drawing or crop.
    return all(iou >= 0.99 and gap <= max(allowed, 1e-5) for iou, gap in matches.pairs)
