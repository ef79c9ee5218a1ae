"""Results compared: classes, yes or no, boxes, pixels and values; near-ties counted apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from keras2cv.tasks.binary.result import BinaryResult
from keras2cv.tasks.classify.result import Classification
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.regress.result import Regression
from keras2cv.tasks.segment.result import Segmentation
from keras2cv_export.tasks.comparison import agree
from keras2cv_export.tasks.detect.agreement import iou, match_boxes


def scores(*values: float) -> Classification:
    """Return a classification with these scores."""
    return Classification(np.array(values, np.float32))


def boxes(*rows: tuple[float, ...]) -> Detections:
    """Return detections of (class, score, x0, y0, x1, y1)."""
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Detections(table[:, 2:], table[:, 1], table[:, 0].astype(np.int32), (90, 70))


def mask(rows: Any) -> Segmentation:
    """Return a mask of these classes."""
    return Segmentation(np.array(rows, np.int32), labels=("sky", "road", "tree"), class_count=3)


def test_classes_agree_by_the_best_and_by_the_five_best() -> None:
    """A flip by more than twice the allowed error is no near-tie."""
    one, two = scores(0.1, 0.5, 0.4, 0.3, 0.2, 0.0, 0.05), scores(0.1, 0.4, 0.5, 0.3, 0.2, 0.05, 0)
    found = agree("classify", [one, one], [one, two], 1e-3)
    assert (found.same, found.numbers["top1"], found.numbers["top1_near_ties"]) == (1, 0.5, 0)
    assert found.numbers["top5"] == 1.0


def test_classes_within_twice_the_allowed_error_are_a_near_tie() -> None:
    """The reference itself hardly separates them."""
    found = agree("classify", [scores(0.5, 0.4999)], [scores(0.4999, 0.5)], 1e-3)
    assert (found.same, found.numbers["top1_near_ties"]) == (0, 1)


@pytest.mark.parametrize(("probability", "ties"), [(0.4999, 1), (0.3, 0)])
def test_yes_and_no_near_the_threshold_are_a_near_tie(probability: float, ties: int) -> None:
    """Only there may rounding change the answer."""
    found = agree("binary", [BinaryResult(probability)], [BinaryResult(0.7)], 1e-3)
    assert (found.same, found.numbers["near_ties"]) == (0, ties)


def test_boxes_overlap_by_their_areas() -> None:
    """Two boxes of 20x10 that share half: 100 of 300 pixels."""
    one = np.array([[0.0, 0, 20, 10]])
    assert iou(one, np.array([[10.0, 0, 30, 10], [50, 50, 60, 60]])).tolist() == [[1 / 3, 0]]


def test_boxes_are_matched_one_to_one_within_a_class() -> None:
    """In any order; another class is no partner, however it lies."""
    reference = boxes((0, 0.9, 1, 2, 30, 40), (1, 0.8, 50, 5, 80, 60), (2, 0.6, 5, 5, 9, 9))
    candidate = boxes((1, 0.8, 50, 5, 80, 60), (0, 0.7, 1, 2, 30, 40), (0, 0.6, 5, 5, 9, 9))
    found = match_boxes(reference, candidate)
    assert (len(found.pairs), found.missing, found.extra) == (2, 1, 1)
    assert max(gap for _, gap in found.pairs) == pytest.approx(0.2)
    agreement = agree("detect", [reference], [candidate], 1e-3)
    assert (agreement.same, agreement.numbers["matched"], agreement.numbers["least_iou"]) == (
        0,
        2,
        1,
    )


def test_a_box_at_the_threshold_is_a_near_tie() -> None:
    """It was kept by a hair on one side, and dropped on the other."""
    kept = boxes((0, 0.9, 1, 2, 30, 40), (1, 0.50001, 50, 5, 80, 60))
    found = agree("detect", [kept], [boxes((0, 0.9, 1, 2, 30, 40))], 1e-3)
    assert (found.same, found.numbers["missing"], found.numbers["near_ties"]) == (0, 1, 1)


def test_nothing_found_on_both_sides_is_the_same() -> None:
    """An empty picture has no boxes, and that is an answer."""
    assert agree("detect", [boxes()], [boxes()], 1e-3).same == 1


def test_masks_agree_class_by_class() -> None:
    """Intersection over union, of all pictures together."""
    one, two = mask([[0, 0, 1], [1, 1, 2]]), mask([[0, 1, 1], [1, 1, 2]])
    found = agree("segment", [one], [two], 1e-3)
    assert found.per_class == {"sky": 1 / 2, "road": 3 / 4, "tree": 1.0}
    assert found.numbers["pixels_equal"] == pytest.approx(5 / 6)
    assert found.to_dict()["per_class_iou"]["road"] == 3 / 4


def test_values_agree_within_what_is_allowed_of_their_range() -> None:
    """A regression has no answer beside its numbers."""
    one, two = (Regression(np.array([3.0, 200.0 + d], np.float32)) for d in (0.0, 0.1))
    assert agree("regress", [one], [two], 1e-3).same == 1
    assert agree("regress", [one], [two], 1e-4).same == 0
