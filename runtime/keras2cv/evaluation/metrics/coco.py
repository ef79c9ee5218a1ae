"""COCO's average precision and recall, as pycocotools' `COCOeval.accumulate` computes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.evaluation.metrics.matching import AREA_NAMES, IOU_THRESHOLDS, MAX_DETECTIONS

Array = NDArray[Any]

RECALL_THRESHOLDS: Final = np.linspace(0, 1, 101)
# Metric -> (area, threshold or None for all, most boxes), in the order in which COCO lists them.
_PRECISIONS: Final[Mapping[str, tuple[str, float | None]]] = MappingProxyType(
    {
        "mAP": ("all", None),
        "AP50": ("all", 0.5),
        "AP75": ("all", 0.75),
        "AP_small": ("small", None),
        "AP_medium": ("medium", None),
        "AP_large": ("large", None),
    }
)
_RECALLS: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {
        "AR1": ("all", 1),
        "AR10": ("all", 10),
        "AR100": ("all", MAX_DETECTIONS),
        "AR_small": ("small", MAX_DETECTIONS),
        "AR_medium": ("medium", MAX_DETECTIONS),
        "AR_large": ("large", MAX_DETECTIONS),
    }
)
NAMES: Final = (*_PRECISIONS, *_RECALLS)


@dataclass(frozen=True, eq=False, slots=True)
class ClassMatches:
    """Every box of one class, in the order of the images, the best of each image first.

    Attributes:
        scores: (D,) float64.
        ranks: (D,) Its place among the boxes of its image.
        is_match: (D, A, T) bool, as of `matching.Matches`.
        is_ignored: (D, A, T) bool.
        true_count: (A,).
        images: (D,) The number of its image.
        true_images: (I,) Numbers of images with true boxes that count in the area "all".
        true_per_image: (I,) How many each of those has.
    """

    scores: Array
    ranks: Array
    is_match: Array
    is_ignored: Array
    true_count: Array
    images: Array
    true_images: Array
    true_per_image: Array


def summary(classes: Sequence[ClassMatches]) -> dict[str, float | None]:
    """Return COCO's twelve numbers; None where no true box counts."""
    found: dict[str, float | None] = {}
    for name, (area, threshold) in _PRECISIONS.items():
        chosen = _steps(threshold)
        found[name] = _mean([_precisions(one, _area(area))[chosen] for one in classes])
    for name, (area, most) in _RECALLS.items():
        found[name] = _mean([_recalls(one, _area(area), most) for one in classes])
    return found


def average_precision_of(one: ClassMatches, threshold: float | None = None) -> float | None:
    """Return the AP of one class, at one threshold of overlap or as the mean of all."""
    chosen = _steps(threshold)
    return _mean([_precisions(one, 0)[chosen]])


def average_recall_of(classes: Sequence[ClassMatches], most: int) -> float | None:
    """Return the mean share of true objects that the `most` best of each image find."""
    return _mean([_recalls(one, 0, most) for one in classes])


def precision_curve(one: ClassMatches, threshold: float = 0.5) -> Array:
    """Return (101,) precision at each of `RECALL_THRESHOLDS`; empty where no true box counts."""
    found = _precisions(one, 0)
    return found[_place(threshold)] if len(found) else np.zeros(0)


def _precisions(one: ClassMatches, area: int) -> Array:
    """Return (T, 101); nothing, (0, 101), where no true box counts."""
    total = int(one.true_count[area])
    if not total:
        return np.zeros((0, len(RECALL_THRESHOLDS)))
    order = np.argsort(-one.scores, kind="stable")
    right = one.is_match[order, area]
    wrong = ~right & ~one.is_ignored[order, area]
    tp, fp = (np.cumsum(part, axis=0, dtype=np.float64) for part in (right, wrong))
    recall, precision = tp / total, tp / (fp + tp + np.spacing(1))
    best = np.maximum.accumulate(precision[::-1], axis=0)[::-1]
    found = np.zeros((len(IOU_THRESHOLDS), len(RECALL_THRESHOLDS)))
    for step in range(len(IOU_THRESHOLDS)):
        places = np.searchsorted(recall[:, step], RECALL_THRESHOLDS, side="left")
        reached = places < len(best)
        found[step, reached] = best[places[reached], step]
    return found


def _recalls(one: ClassMatches, area: int, most: int) -> Array:
    """Return (T,) the share of the true boxes that is found by the `most` best of each image."""
    total = int(one.true_count[area])
    if not total:
        return np.zeros(0)
    return np.asarray(one.is_match[one.ranks < most, area].sum(axis=0) / total)


def _mean(parts: Sequence[Array]) -> float | None:
    """Return the mean of all classes, added in pycocotools' order, so that no digit differs."""
    known = [part for part in parts if len(part)]
    return float(np.stack(known, axis=-1).reshape(-1).mean()) if known else None


def _area(name: str) -> int:
    return AREA_NAMES.index(name)


def _steps(threshold: float | None) -> slice:
    if threshold is None:
        return slice(None)
    place = _place(threshold)
    return slice(place, place + 1)


def _place(threshold: float) -> int:
    return int(np.abs(IOU_THRESHOLDS - threshold).argmin())
