"""Yes or no, from a single number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from keras2cv.tasks.binary.result import BinaryResult
from keras2cv.tasks.task import Task


def binary(task: Task, outputs: Mapping[str, NDArray[Any]]) -> list[BinaryResult]:
    """Return a result per sample; a logit becomes a probability."""
    labels = _labels(task)
    values = outputs[str(task.output)].ravel().tolist()
    if task.scores == "logits":
        values = [sigmoid(value) for value in values]
    threshold = 0.5 if task.class_scores is None else task.class_scores[0]
    return [BinaryResult(value, labels, threshold) for value in values]


def sigmoid(logit: float) -> float:
    """Return 1 / (1 + exp(-x)), by the form that does not overflow for the sign of x."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    return math.exp(logit) / (1 + math.exp(logit))


def _labels(task: Task) -> tuple[str, str]:
    match task.labels:
        case (negative, positive):
            return negative, positive
        case (positive,):
            return f"not {positive}", positive
        case _:
            return "no", "yes"
