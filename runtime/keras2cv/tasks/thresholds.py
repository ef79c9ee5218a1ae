"""Other thresholds than the bundle's, for the tasks that decide by one."""

from __future__ import annotations

from dataclasses import replace

from keras2cv.bundle.manifest import Task
from keras2cv.errors import UsageError
from keras2cv.tasks.roles import Nms


def with_thresholds(task: Task, score: float | None, nms: float | None) -> Task:
    """Return `task` with another score threshold, another overlap; None leaves the task's own.

    Args:
        task: What the bundle says.
        score: 0 to 1: boxes above it are kept, pixels of a binary mask above it are class 1,
            points above it are drawn.
        nms: 0 to 1: of two boxes that overlap more, the worse one goes. In a bundle that says
            nothing of it, boxes of different classes do not suppress each other.

    Raises:
        UsageError: out of range, or the task has no such threshold.
    """
    for name, value in (("score", score), ("nms", nms)):
        if value is not None and not 0 <= value <= 1:
            raise UsageError(f"{name} must be 0 to 1, got {value}. It is a share.")
    if score is not None:
        task = _with_score(task, score)
    return task if nms is None else _with_nms(task, nms)


def _with_score(task: Task, score: float) -> Task:
    if task.detect is not None:
        return replace(task, detect=replace(task.detect, score=score))
    if task.segment is not None and task.segment.threshold is not None:
        return replace(task, segment=replace(task.segment, threshold=score))
    if task.keypoints is not None and task.keypoints.has_scores:
        return replace(task, keypoints=replace(task.keypoints, score=score))
    raise UsageError(
        f"A score is for boxes, points with scores and binary masks, and the task is {task.kind}. "
        "Leave it out."
    )


def _with_nms(task: Task, iou: float) -> Task:
    if task.detect is None:
        raise UsageError(f"NMS is for boxes, and the task is {task.kind}. Leave it out.")
    found = task.detect.nms
    nms = Nms(iou, across_classes=found.across_classes if found else False)
    return replace(task, detect=replace(task.detect, nms=nms))
