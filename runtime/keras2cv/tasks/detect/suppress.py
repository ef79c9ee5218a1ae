"""The best boxes: those that no better one overlaps too much."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.tasks.detect.candidates import Candidates
from keras2cv.tasks.detect.record import Nms

Array = NDArray[Any]


def best(found: Candidates, nms: Nms | None, limit: int | None) -> Candidates:
    """Return the candidates, corners (M, 4), best first: at most `limit` that `nms` leaves."""
    if nms is None:
        order: Array = np.argsort(-found.scores, kind="stable")
    else:
        order = suppress(found, nms)
    return found.at(order[:limit])


def suppress(found: Candidates, nms: Nms) -> NDArray[np.intp]:
    """Return the positions of the boxes that no better one overlaps by more than `nms.iou`.

    `cv2.dnn.NMSBoxes` compares every pair. Where classes are apart, each is moved to a place of its
    own first, as `NMSBoxesBatched` does; but that one is missing before OpenCV 4.7, and lets
    classes meet where boxes have negative corners.
    """
    corners = found.boxes
    if not len(corners):
        return np.zeros(0, np.intp)
    if not nms.across_classes:
        room = float(np.ptp(corners)) + 1
        corners = corners + (found.class_ids * room)[:, None]
    rectangles = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    # Scores below 0 are legal here, and cv2 refuses a threshold below 0: ranks do as well.
    ranks = _ranks(found.scores)
    kept = cv2.dnn.NMSBoxes(rectangles.tolist(), ranks.tolist(), 0.0, nms.iou)
    return np.asarray(kept, np.intp).reshape(-1)


def _ranks(scores: Array) -> NDArray[np.float32]:
    """Return numbers above 0 in the order of the scores, equal where they are."""
    return (np.unique(scores, return_inverse=True)[1].reshape(-1) + 1).astype(np.float32)
