"""Compare the masks, points and corners of the user's pipeline with a bundle's, box by box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from keras2cv.evaluation.data.segmentations import check_segmentation, decode_runs
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.detect.rotated import rotated_iou
from keras2cv.tasks.keypoints_result import Keypoints
from keras2cv_export.tasks.answer_match import (
    AnswerFormError,
    AnswerLimits,
    as_numbers,
    as_score,
    edge_limit,
)

from .belonging_agreement import mask_of

Array = np.ndarray[Any, Any]

KEYS: Final = ("mask", "keypoints", "polygon_xy", "angle")
_LEAST_IOU: Final = 0.9  # of masks, which enlarging decides along their edges
_DEGREES: Final = 0.5  # of an angle
_OF_SIDE: Final = 2e-3  # of the picture's longer side


def difference(
    given: Mapping[str, Any], ours: Detections, number: int, limits: AnswerLimits
) -> str:
    """Return how what belongs to a box differs, as a clause; "" if it is the same.

    Args:
        given: "mask" (H, W) or run lengths, "keypoints" (K, 2) or (K, 3), "polygon_xy" (4, 2) and
            "angle" in degrees, of those that the reference has.
        ours: The bundle's boxes.
        number: Which of them is the partner.
        limits: How near they must be.

    Raises:
        AnswerFormError: It has another form, or the bundle's boxes have none.
    """
    compare = {"mask": _mask, "keypoints": _points, "polygon_xy": _corners, "angle": _angle}
    found = (
        compare[key](value, ours, number, limits)
        for key, value in given.items()
        if key in compare and value is not None
    )
    return next((clause for clause in found if clause), "")


def _mask(given: Any, ours: Detections, number: int, limits: AnswerLimits) -> str:
    if ours.mask_crops is None:
        raise AnswerFormError("has masks of boxes, and the bundle has none")
    if isinstance(given, Mapping):
        if (problem := check_segmentation(dict(given), ours.image_wh)) is not None:
            raise AnswerFormError(f"has a mask that {problem[1]}")
        theirs = decode_runs(given)
    else:
        theirs = as_numbers(given, "a mask") > 0.5
    mine = mask_of(ours, number)
    if theirs.shape != mine.shape:
        raise AnswerFormError(
            f"has a mask of the shape {theirs.shape}, and the picture's is {mine.shape}"
        )
    both, either = int((theirs & mine).sum()), int((theirs | mine).sum())
    share = float((theirs != mine).mean())
    if share > limits.pixels or both < _LEAST_IOU * either:
        return f"the masks of {ours.label_of(int(ours.class_ids[number]))!r} overlap by " + (
            f"{both / either:.1%}"
        )
    return ""


def _points(given: Any, ours: Detections, number: int, limits: AnswerLimits) -> str:
    if ours.keypoints is None:
        raise AnswerFormError("has keypoints of boxes, and the bundle has none")
    mine = ours.keypoints[number]
    if isinstance(given, list | tuple) and given and all(isinstance(p, Mapping) for p in given):
        if clause := _other_names(given, mine):
            return clause
        given = [_row(point) for point in given]
    points = as_numbers(given, "keypoints")
    if points.shape not in ((len(mine), 2), (len(mine), 3)):
        raise AnswerFormError(
            f"has keypoints of the shape {points.shape}, and each box of the bundle has {len(mine)}"
        )
    allowed = max(edge_limit(points[:, :2]), _OF_SIDE * max(ours.image_wh))
    off = np.abs(points[:, :2] - mine.points_xy).max(axis=1)
    if float(off.max()) > allowed:
        return f"point {int(off.argmax())} is {float(off.max()):.1f} pixels off, and " + (
            f"{allowed:.2g} are allowed"
        )
    if points.shape[1] == 3 and mine.scores is not None:
        gap = float(np.abs(points[:, 2] - mine.scores).max())
        return f"the scores of points differ by {gap:.2g}" if gap > limits.score else ""
    return ""


def _row(point: Mapping[str, Any]) -> list[Any]:
    score = point.get("score")
    xy = as_numbers(point.get("xy", ()), "keypoints").ravel()
    return [*xy, *([] if score is None else [score])]


def _other_names(given: Sequence[Mapping[str, Any]], mine: Keypoints) -> str:
    """Return which point has another name, as a clause; "" where none has, or none is named."""
    if mine.labels is None:
        return ""
    pairs = zip((point.get("label") for point in given), mine.labels, strict=False)
    wrong = next((pair for pair in pairs if pair[0] not in (None, pair[1])), None)
    return "" if wrong is None else f"the point {wrong[0]!r} is called {wrong[1]!r}"


def _angle(given: Any, ours: Detections, number: int, _: AnswerLimits) -> str:
    """Compare the direction of a box's sides: a quarter of a turn exchanges width and height."""
    if ours.angles is None:
        raise AnswerFormError("has angles of boxes, and the bundle has none")
    gap = abs((as_score(given, "angle") - float(ours.angles[number]) + 45) % 90 - 45)
    return "" if gap <= _DEGREES else f"the angle of a box is {gap:.2g} degrees off"


def _corners(given: Any, ours: Detections, number: int, limits: AnswerLimits) -> str:
    if ours.polygons is None:
        raise AnswerFormError("has rotated boxes, and the bundle has none")
    corners = as_numbers(given, "corners")
    if corners.shape != (4, 2):
        raise AnswerFormError(f"has corners of the shape {corners.shape}, and a box has (4, 2)")
    mine = ours.polygons[number].astype(np.float64)
    overlap = float(rotated_iou(corners, mine[None])[0])
    if overlap < limits.iou and np.abs(corners - mine).max() > edge_limit(corners):
        return (
            f"the rotated boxes of {ours.label_of(int(ours.class_ids[number]))!r} overlap by "
            + (f"{overlap:.1%}")
        )
    return ""
