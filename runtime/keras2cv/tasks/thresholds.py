"""Other thresholds than the bundle's, for the tasks that decide by one."""

from __future__ import annotations

from dataclasses import replace

from keras2cv.errors import UsageError
from keras2cv.tasks import TASKS
from keras2cv.tasks.task import Task


def with_thresholds(task: Task, score: float | None, nms: float | None) -> Task:
    """Return `task` with other thresholds; None keeps the task's own.

    Args:
        task: The bundle's.
        score: 0 to 1: boxes above it are kept, pixels of a binary mask above it are class 1,
            points above it are drawn.
        nms: 0 to 1: of two boxes that overlap more, the worse one goes. In a bundle without
            suppression, boxes of different classes do not suppress each other.

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
    change = TASKS[task.kind].with_score
    record = None if change is None else change(task.record, score)
    if record is None:
        known = [row.thresholds for row in TASKS.values() if row.thresholds] or ["other tasks"]
        raise UsageError(
            f"A score is for {_listed(known)}, and the task is {task.kind}. Leave it out."
        )
    return replace(task, record=record, class_scores=None)


def _listed(words: list[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _with_nms(task: Task, iou: float) -> Task:
    change = TASKS[task.kind].with_nms
    if change is None:
        raise UsageError(f"NMS is for boxes, and the task is {task.kind}. Leave it out.")
    return replace(task, record=change(task.record, iou))
