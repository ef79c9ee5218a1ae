"""Thresholds that the user chose where the model's own library has others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from keras2cv.bundle.manifest import Task
from keras2cv.tasks.detect.record import ChosenThresholds, DetectRecord


def with_choices(task: Task, library: Mapping[str, Any]) -> Task:
    """Return a detector's task with a record of the thresholds that are not the library's.

    Without it, `check` could not tell a user's choice from a damaged bundle.
    """
    record = task.record_as(DetectRecord)
    mine: dict[str, Any] = {
        "score": record.score,
        "nms": None if record.nms is None else record.nms.iou,
        "across_classes": None if record.nms is None else record.nms.across_classes,
        "max_detections": record.max_detections,
    }
    theirs = {
        "score": library["score"],
        "nms": library["nms"],
        "across_classes": library["nms_across_classes"],
        "max_detections": library["max_detections"],
    }
    chosen = {key: value for key, value in mine.items() if value != theirs[key]}
    if not chosen:
        return task
    return replace(task, record=replace(record, chosen=ChosenThresholds(**chosen)))


def by_choice(library: Mapping[str, Any], chosen: ChosenThresholds | None) -> dict[str, Any]:
    """Return the library's description of the outputs, with the user's thresholds in it."""
    names = {"across_classes": "nms_across_classes"}
    return {**library, **{names.get(key, key): value for key, value in _given(chosen).items()}}


def shown(chosen: ChosenThresholds | None) -> str:
    """Return ", with the export's score 0.3" for a sentence; "" where nothing was chosen."""
    words = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in _given(chosen).items())
    return f", with the export's {words}" if words else ""


def _given(chosen: ChosenThresholds | None) -> dict[str, Any]:
    """Return the thresholds that were chosen, by their names."""
    return {} if chosen is None else {k: v for k, v in asdict(chosen).items() if v is not None}
