"""Non-maximum suppression on boxes that are checked by hand; TensorFlow's answers are elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from keras2cv.numpy_tail.nms import combined_nms, nms
from keras2cv.numpy_tail.step import NmsRule

Array = NDArray[Any]

# Two that share 2/4 of their union, one that lies apart, and one without an area.
BOXES = np.array([[0, 0, 3, 1], [1, 1, 4, 0], [6, 5, 8, 9], [2, 0, 2, 5]], np.float32)
SCORES = np.array([0.5, 0.75, 0.25, 0.625], np.float32)


@pytest.mark.parametrize(
    ("iou", "score", "kept"),
    [
        (0.5, None, [1, 3, 0, 2]),  # an overlap of just the threshold is none
        (0.4999, None, [1, 3, 2]),
        (0.5, 0.25, [1, 3, 0]),  # a score of just the threshold is too low
        (0.5, 0.75, []),
    ],
)
def test_thresholds_are_strict(iou: float, score: float | None, kept: list[int]) -> None:
    """Best first; filled up with index and score 0, which the count leaves out."""
    indices, scores, count = nms(BOXES, SCORES, NmsRule(6, iou, score))
    assert indices.tolist() == kept + [0] * (6 - len(kept))
    assert scores.tolist() == [*SCORES[kept], *[0.0] * (6 - len(kept))]
    assert (count, count.shape, indices.dtype) == (len(kept), (), np.int32)


def test_of_equal_scores_the_first_box_is_kept() -> None:
    """The order does not depend on how NumPy sorts."""
    boxes = np.repeat(BOXES[:1], 300, axis=0) + np.arange(300, dtype=np.float32)[:, None] * 9
    indices, _, count = nms(boxes, np.full(300, 0.5, np.float32), NmsRule(280, 0.1))
    assert indices.tolist() == list(range(280))
    assert count == 280


def test_classes_are_suppressed_apart_and_ranked_together() -> None:
    """A class has boxes of its own; the total cuts off the worst of all."""
    boxes = np.stack([BOXES, BOXES[::-1]], axis=1)[None]
    scores = np.stack([SCORES, SCORES[::-1] / 2], axis=1)[None]
    found, best, classes, counts = combined_nms(boxes, scores, NmsRule(2, 0.4, 0.1, 3, False, True))
    assert best.tolist() == [[0.75, 0.625, 0.375]]
    assert classes.tolist() == [[0, 0, 1]]
    assert counts.tolist() == [3]
    assert found.tolist() == [[[1, 1, 1, 0], [1, 0, 1, 1], [1, 1, 1, 0]]]  # clipped to 0..1


def test_a_sample_in_which_nothing_is_found_is_zeros() -> None:
    """With pad_per_class there is room for max_boxes of each class, and not for more."""
    scores = np.stack([SCORES, SCORES * 0], axis=0)[..., None]
    boxes = np.stack([BOXES, BOXES])[:, :, None]
    found, best, _, counts = combined_nms(boxes, scores, NmsRule(5, 0.4, 0.3, 9, True, False))
    assert best.shape == (2, 5)
    assert counts.tolist() == [2, 0]
    assert not found[1].any()
    assert not best[1].any()
