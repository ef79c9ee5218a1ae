"""How near two answers are, and whether that is near enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Answer = Mapping[str, Array]

MIN_IOU: Final = 0.999  # of each box with its own
MAX_SCORE_DIFFERENCE: Final = 1e-4
MIN_EQUAL_SHARE: Final = 0.9999  # of a mask's pixels


@dataclass(frozen=True)
class Nearness:
    """The difference between answers and the expected ones, over all images.

    Attributes:
        passes: Whether it is within the bar.
        text: The measured numbers, for the page.
    """

    passes: bool
    text: str


def compare(expected: Sequence[Answer], found: Sequence[Answer]) -> Nearness:
    """Compare the answers of several images, boxes or masks.

    Raises:
        ValueError: There is nothing to compare.
    """
    if not expected or len(expected) != len(found):
        raise ValueError(f"{len(expected)} answers cannot be compared with {len(found)}.")
    pairs = list(zip(expected, found, strict=True))
    return _masks(pairs) if "label_map" in expected[0] else _boxes(pairs)


def _masks(pairs: Sequence[tuple[Answer, Answer]]) -> Nearness:
    """Count equal pixels; the share is that of the worst image."""
    shapes = {(e["label_map"].shape, f["label_map"].shape) for e, f in pairs}
    if any(ours != theirs for theirs, ours in shapes):
        return Nearness(False, "another size")
    equal = min(float((e["label_map"] == f["label_map"]).mean()) for e, f in pairs)
    return Nearness(equal >= MIN_EQUAL_SHARE, f"{100 * equal:.3f} %")


def _boxes(pairs: Sequence[tuple[Answer, Answer]]) -> Nearness:
    """Find each expected box among those of its class; the counts must be equal."""
    overlaps, differences = [1.0], [0.0]
    for expected, found in pairs:
        if len(expected["scores"]) != len(found["scores"]):
            return Nearness(False, f"{len(found['scores'])} of {len(expected['scores'])} boxes")
        partner = _partners(expected, found)
        if partner is None:
            return Nearness(False, "other classes")
        overlaps += iou(expected["boxes_xyxy"], found["boxes_xyxy"][partner]).tolist()
        differences += np.abs(expected["scores"] - found["scores"][partner]).tolist()
    near = min(overlaps) >= MIN_IOU and max(differences) <= MAX_SCORE_DIFFERENCE
    return Nearness(near, f"IoU {min(overlaps):.6f}, score {max(differences):.0e}")


def _partners(expected: Answer, found: Answer) -> Array | None:
    """Match found boxes to expected ones by overlap, each once; None if classes differ."""
    left = list(range(len(found["scores"])))
    partners = []
    for box, number in zip(expected["boxes_xyxy"], expected["class_ids"], strict=True):
        same = [k for k in left if found["class_ids"][k] == number]
        if not same:
            return None
        boxes = found["boxes_xyxy"][same]
        best = same[int(iou(np.broadcast_to(box, boxes.shape), boxes).argmax())]
        left.remove(best)
        partners.append(best)
    return np.array(partners, np.intp)


def iou(a: Array, b: Array) -> Array:
    """Return the overlap of each box of (N, 4) corners with the same one of another, float64."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = [np.prod(box[:, 2:] - box[:, :2], axis=1) for box in (a, b)]
    return np.asarray(common / (areas[0] + areas[1] - common))
