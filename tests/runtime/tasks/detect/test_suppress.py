"""Boxes are compared in blocks, with the same outcome as all at once, and never for minutes."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from keras2cv.errors import NetError
from keras2cv.tasks.detect import suppress as module
from keras2cv.tasks.detect.candidates import Candidates
from keras2cv.tasks.detect.record import Nms
from keras2cv.tasks.detect.suppress import best, suppress

Array = NDArray[Any]


def candidates(count: int, spread: float, seed: int = 1) -> Candidates:
    """Return boxes of 10 pixels on a square, some of them with equal scores."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, spread, (count, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(5, 10, (count, 2))], 1)
    scores = np.round(rng.uniform(0, 1, count), 2).astype(np.float32)
    return Candidates(boxes, scores, rng.integers(0, 3, count).astype(np.int32))


@pytest.mark.parametrize("across", [True, False])
@pytest.mark.parametrize("limit", [None, 7])
def test_blocks_change_nothing(
    monkeypatch: pytest.MonkeyPatch, across: bool, limit: int | None
) -> None:
    """OpenCV's own answer for all boxes at once."""
    found, nms = candidates(700, 60), Nms(0.4, across)
    (whole,) = [suppress(found, nms)]
    rectangles = found.boxes.copy()
    rectangles[:, 2:] -= rectangles[:, :2]
    if across:
        kept = cv2.dnn.NMSBoxes(
            rectangles.tolist(), (found.scores + np.float32(1)).tolist(), 0.0, 0.4
        )
        assert whole.tolist() == np.asarray(kept).ravel().tolist()
    monkeypatch.setattr(module, "_BLOCK", 16)
    assert suppress(found, nms)[:limit].tolist() == whole[:limit].tolist()
    chosen = best(found, nms, limit)
    assert np.array_equal(chosen.scores, found.scores[whole[:limit]])


def test_as_many_boxes_as_nobody_compares_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would cost hours; with a limit, the best are found at once."""
    found, nms = candidates(200_000, 1e6), Nms(0.5, across_classes=True)
    monkeypatch.setattr(module, "_MAX_PAIRS", 10 * module._BLOCK**2)
    assert len(best(found, nms, 100).scores) == 100
    with pytest.raises(NetError, match=r"boxes are above the score.*Raise the score"):
        best(found, nms, None)


def test_a_huge_box_does_not_blur_those_of_other_classes() -> None:
    """Undecoded numbers may make a box of 1e27 pixels; others are suppressed as without it."""
    boxes = np.array([[0, 0, 1e27, 1e27], [5, 5, 25, 25], [6, 5, 26, 25], [40, 5, 60, 25]])
    found = Candidates(boxes, np.float32([0.9, 0.6, 0.7, 0.8]), np.array([0, 2, 2, 2], np.int32))
    assert suppress(found, Nms(0.5, across_classes=False)).tolist() == [0, 3, 2]
