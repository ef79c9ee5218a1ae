"""Compare the points of the user's pipeline with a bundle's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

import numpy as np

from keras2cv.tasks.keypoints.result import Keypoints
from keras2cv.tasks.result import Result
from keras2cv_export.tasks.answer_match import (
    SAME,
    AnswerFormError,
    AnswerLimits,
    AnswerMatch,
    as_numbers,
    edge_limit,
    fields_of,
)

_OF_SIDE: Final = 2e-3  # of the picture's longer side


def match_answer(given: Any, result: Result, limits: AnswerLimits) -> AnswerMatch:
    """Compare points (K, 2), or (K, 3) with scores, in pixels of the picture.

    Raises:
        AnswerFormError: `given` is something else.
    """
    ours = cast("Keypoints", result)
    points = as_numbers(_table(given), "points")
    wanted = len(ours.points_xy)
    if points.shape not in ((wanted, 2), (wanted, 3)):
        raise AnswerFormError(
            f"has points of the shape {points.shape}, and the bundle has {wanted}: give x and y of "
            "each, or x, y and score"
        )
    allowed = max(edge_limit(points[:, :2]), _OF_SIDE * max(ours.image_wh))
    off = np.abs(points[:, :2] - ours.points_xy).max(axis=1)
    if float(off.max()) > allowed:
        return AnswerMatch(
            f"point {int(off.argmax())} is {float(off.max()):.1f} pixels off, "
            f"and {allowed:.2g} are allowed"
        )
    if points.shape[1] == 3 and ours.scores is not None:
        gap = float(np.abs(points[:, 2] - ours.scores).max())
        if gap > limits.score:
            return AnswerMatch(f"the scores of points differ by {gap:.2g}")
    return SAME


def _table(given: Any) -> Any:
    if not isinstance(given, Mapping):
        return given
    fields = fields_of(given, "keypoints", "points", "image_wh", "threshold")
    rows = []
    points = fields.get("points", ())
    if not isinstance(points, list | tuple):
        return points
    for point in points:
        if not isinstance(point, Mapping):
            return points
        keys = fields_of(point, "keypoints", "label", "number", "xy", "score")
        score = [] if keys.get("score") is None else [keys["score"]]
        rows.append([*as_numbers(keys.get("xy", ()), "points").ravel(), *score])
    return rows
