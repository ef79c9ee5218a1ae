"""The best boxes: those that no better one overlaps too much."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import NetError
from keras2cv.tasks.detect.candidates import Candidates
from keras2cv.tasks.detect.record import Nms

Array = NDArray[Any]

_BLOCK: Final = 8192  # boxes that are compared with each other at a time, at least
_MAX_PAIRS: Final = 2**31  # to compare: some eight seconds
_MAX_ROOM: Final = 2.0**36  # of the places of classes: float64 has a millionth of a pixel there


def best(found: Candidates, nms: Nms | None, limit: int | None) -> Candidates:
    """Return the candidates, corners (M, 4), best first: at most `limit` that `nms` leaves.

    Raises:
        NetError: there are so many boxes that to compare them takes minutes.
    """
    if nms is None:
        order: Array = np.argsort(-found.scores, kind="stable")
    else:
        order = suppress(found, nms, limit)
    return found.at(order[:limit])


def suppress(found: Candidates, nms: Nms, limit: int | None = None) -> NDArray[np.intp]:
    """Return the positions of the boxes that no better one overlaps by more than `nms.iou`.

    `cv2.dnn.NMSBoxes` compares every pair, so it gets the best boxes first, and the others with
    those that were kept. Where classes are apart, each is moved to a place of its own first, as
    `NMSBoxesBatched` does; but that one is missing before OpenCV 4.7, and lets classes meet where
    boxes have negative corners.

    Args:
        found: the candidates.
        nms: how much they may overlap.
        limit: how many are wanted; there may be more.

    Raises:
        NetError: there are so many boxes that to compare them takes minutes.
    """
    corners = found.boxes
    if not len(corners):
        return np.zeros(0, np.intp)
    if not nms.across_classes:
        room = float(np.ptp(corners)) + 1
        if not room * (int(found.class_ids.max()) + 1) < _MAX_ROOM:
            return _class_by_class(found, nms, limit)
        corners = corners + (found.class_ids * room)[:, None]
    rectangles = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    # Scores below 0 are legal here, and cv2 refuses a threshold below 0: ranks do as well.
    ranks = _ranks(found.scores)
    order = np.argsort(-ranks, kind="stable")
    kept, start, pairs = order[:0], 0, 0
    while start < len(order) and (limit is None or len(kept) < limit):
        size = max(_BLOCK, len(kept))
        asked = np.concatenate([kept, order[start : start + size]])
        start, pairs = start + size, pairs + len(asked) ** 2 // 2
        if pairs > _MAX_PAIRS:
            raise NetError(
                f"{len(corners)} boxes are above the score, and overlap so little that to compare "
                "them takes minutes. Raise the score (--score)."
            )
        boxes = rectangles[asked].tolist()
        chosen = cv2.dnn.NMSBoxes(boxes, ranks[asked].tolist(), 0.0, nms.iou)
        kept = asked[np.asarray(chosen, np.intp).reshape(-1)]
    return kept


def _class_by_class(found: Candidates, nms: Nms, limit: int | None) -> NDArray[np.intp]:
    """Suppress each class by itself.

    Boxes as large as some undecoded numbers make them leave no digits to those moved beyond them.
    """
    together, kept = replace(nms, across_classes=True), []
    for number in np.unique(found.class_ids):
        mine = np.flatnonzero(found.class_ids == number)
        kept.append(mine[suppress(found.at(mine), together, limit)])
    every = np.concatenate(kept)
    return every[np.lexsort((every, -_ranks(found.scores)[every]))]


def _ranks(scores: Array) -> NDArray[np.float32]:
    """Return numbers above 0 in the order of the scores, equal where they are."""
    return (np.unique(scores, return_inverse=True)[1].reshape(-1) + 1).astype(np.float32)
