"""Compare the boxes of the user's pipeline with a bundle's: by class, overlap and score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np

from keras2cv.tasks.detect.record import DetectRecord
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.result import Result
from keras2cv_export.tasks.answer_match import (
    SAME,
    AnswerFormError,
    AnswerLimits,
    AnswerMatch,
    as_numbers,
    as_score,
    edge_limit,
    fields_of,
    same_label,
    unreadable,
)

from .agreement import iou
from .belonging_answer import KEYS, difference

Array = np.ndarray[Any, Any]

_FORMS: Final = (
    "a list of (label or number, score, (x0, y0, x1, y1)), a list of dicts, or a dict of boxes, "
    "scores and classes"
)


@dataclass(frozen=True)
class _Boxes:
    """The reference's boxes: names or numbers of classes, scores, and corners (N, 4) in pixels."""

    classes: tuple[Any, ...]
    scores: Array
    corners: Array
    belongings: tuple[Mapping[str, Any], ...] = ()  # of each box, where it is a mapping


def match_answer(given: Any, result: Result, limits: AnswerLimits) -> AnswerMatch:
    """Pair boxes within their class by overlap; each must have a partner, as near as `limits` say.

    A box without a partner is a near-tie if its score is near the bundle's threshold, or if it
    overlaps another as much as the suppression allows, to within the tie.

    Raises:
        AnswerFormError: `given` has none of the forms.
    """
    ours, theirs = cast("Detections", result), _boxes_of(given)
    overlap = _overlaps(theirs, ours)
    pairs = _pairs(overlap, theirs, ours, edge_limit(theirs.corners), limits)
    lost = sorted(set(range(len(theirs.classes))) - {i for i, _ in pairs})
    extra = sorted(set(range(len(ours))) - {j for _, j in pairs})
    if lost or extra:
        return _unpaired(theirs, ours, (lost, extra), limits)
    for i, j in pairs:
        gap = abs(float(theirs.scores[i]) - float(ours.scores[j]))
        if gap > limits.score:
            return AnswerMatch(f"the score of {ours.label_of(int(ours.class_ids[j]))!r} differs "
                               f"by {gap:.2g}, and {limits.score:g} is allowed")  # fmt: skip
        if theirs.belongings and (clause := difference(theirs.belongings[i], ours, j, limits)):
            return AnswerMatch(clause)
    return SAME


def _overlaps(theirs: _Boxes, ours: Detections) -> Array:
    """Return the IoU of every pair (N, M), -1 where the classes differ."""
    overlap = iou(theirs.corners.reshape(-1, 4), ours.boxes_xyxy)
    for i, name in enumerate(theirs.classes):
        for j, number in enumerate(ours.class_ids.tolist()):
            has_labels = ours.labels is not None
            if not same_label(name, ours.label_of(number), number, has_labels=has_labels):
                overlap[i, j] = -1.0
    return overlap


def _pairs(
    overlap: Array, theirs: _Boxes, ours: Detections, edge: float, limits: AnswerLimits
) -> list[tuple[int, int]]:
    """Pair boxes that are the same, one to one, the largest overlap first."""
    pairs: list[tuple[int, int]] = []
    free_i, free_j = set(range(overlap.shape[0])), set(range(overlap.shape[1]))
    for flat in np.argsort(-overlap, axis=None, kind="stable"):
        i, j = (int(x) for x in np.unravel_index(flat, overlap.shape))
        if i not in free_i or j not in free_j or overlap[i, j] < 0:
            continue
        off = float(np.abs(theirs.corners[i] - ours.boxes_xyxy[j]).max())
        if overlap[i, j] >= limits.iou or off <= edge:
            free_i.remove(i)
            free_j.remove(j)
            pairs.append((i, j))
    return pairs


def _unpaired(
    theirs: _Boxes,
    ours: Detections,
    unpaired: tuple[Sequence[int], Sequence[int]],
    limits: AnswerLimits,
) -> AnswerMatch:
    lost, extra = unpaired
    parts = []
    if lost:
        first = f"{theirs.classes[lost[0]]!r} at {_shown(theirs.corners[lost[0]])}"
        parts.append(f"{len(lost)} of {len(theirs.classes)} boxes are not found, such as {first}")
    if extra:
        name = ours.label_of(int(ours.class_ids[extra[0]]))
        first = f"{name!r} at {_shown(ours.boxes_xyxy[extra[0]])}"
        parts.append(f"{len(extra)} boxes are found that are not there, such as {first}")
    boxes = np.concatenate([theirs.corners.reshape(-1, 4), ours.boxes_xyxy])
    scores = np.concatenate([theirs.scores, ours.scores])
    if limits.task is None:
        return AnswerMatch(" and ".join(parts))
    record = limits.task.record_as(DetectRecord)
    first_extra = len(theirs.classes)
    at = [(k, _least(record, ours.scores)) for k in lost]
    at += [(first_extra + j, _least(record, theirs.scores)) for j in extra]
    ties = (_is_tie(k, boxes, scores, least, limits, record) for k, least in at)
    return AnswerMatch(" and ".join(parts), all(ties))


def _least(record: DetectRecord, scores: Array) -> float:
    """Return the score that a box needs on a side with these: more if it has no place left."""
    full = record.max_detections == len(scores)
    return max(record.score, float(scores.min())) if full else record.score


def _is_tie(
    k: int,
    boxes: Array,
    scores: Array,
    least: float,
    limits: AnswerLimits,
    record: DetectRecord,
) -> bool:
    """Whether rounding decides about box `k`: near the least score, or the allowed overlap."""
    if limits.is_tie(float(scores[k]) - least):
        return True
    if record.nms is None:
        return False
    others = np.delete(iou(boxes[k : k + 1], boxes)[0], k)
    return bool(limits.is_tie(others - record.nms.iou).any())


def _boxes_of(given: Any) -> _Boxes:
    if isinstance(given, Mapping):
        fields = fields_of(given, "detect", "detections", "image_wh", "boxes", "scores", "classes")
        if "detections" not in fields:
            return _columns(fields)
        given = fields["detections"]
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise unreadable(given, _FORMS)
    rows = [_row(box) for box in given]
    corners = np.array([corners for _, _, corners in rows], np.float64).reshape(-1, 4)
    classes, scores = tuple(c for c, _, _ in rows), np.array([s for _, s, _ in rows])
    return _Boxes(classes, scores, corners, tuple(map(_belongings_of, given)))


def _belongings_of(box: Any) -> Mapping[str, Any]:
    return {key: box[key] for key in KEYS if key in box} if isinstance(box, Mapping) else {}


def _columns(fields: Mapping[str, Any]) -> _Boxes:
    if missing := sorted({"boxes", "scores", "classes"} - fields.keys()):
        raise AnswerFormError(f"has no {missing[0]}")
    numbers = as_numbers(fields["boxes"], "boxes")
    if numbers.size % 4:
        raise AnswerFormError(f"has {numbers.size} numbers for its boxes, and a box has four")
    corners, classes = numbers.reshape(-1, 4), _listed(fields["classes"])
    scores = as_numbers(fields["scores"], "scores").ravel()
    if not len(corners) == len(scores) == len(classes):
        counts = f"{len(corners)} boxes, {len(scores)} scores and {len(classes)} classes"
        raise AnswerFormError(f"has {counts}")
    return _Boxes(tuple(classes), scores, corners)


def _listed(classes: Any) -> list[Any]:
    try:
        return list(classes)
    except TypeError as error:
        raise AnswerFormError("has classes that are no list") from error


def _row(box: Any) -> tuple[Any, float, Array]:
    if isinstance(box, Mapping):
        fields = fields_of(box, "detect", "label", "class_id", "score", "box_xyxy", *KEYS)
        name = fields.get("label", fields.get("class_id"))
        parts: Sequence[Any] = (name, fields.get("score"), fields.get("box_xyxy"))
    elif isinstance(box, Sequence) and not isinstance(box, str) and len(box) in (3, 6):
        parts = box if len(box) == 3 else (box[0], box[1], box[2:])
    else:
        raise unreadable(box, _FORMS)
    if any(part is None for part in parts):
        raise AnswerFormError("has a box without class, score or corners")
    corners = as_numbers(parts[2], "corners")
    if corners.shape != (4,):
        raise AnswerFormError(f"has a box of {corners.size} numbers, and corners are four")
    return parts[0], as_score(parts[1]), corners


def _shown(corners: Array) -> str:
    return f"({', '.join(f'{x:.0f}' for x in corners)})"
