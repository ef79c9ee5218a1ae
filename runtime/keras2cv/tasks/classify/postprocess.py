"""One of many classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.tasks.classify.result import Classification
from keras2cv.tasks.task import Task


def classify(task: Task, outputs: Mapping[str, NDArray[Any]]) -> list[Classification]:
    """Return a result per sample; logits become probabilities, other scores stay as they are."""
    scores = outputs[str(task.output)]
    scores = scores.reshape(len(scores), -1)
    if task.scores == "logits":
        scores = softmax(scores)
    rows = scores.astype(np.float32, copy=False)
    return [Classification(row, task.labels, task.class_scores) for row in rows]


def softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Return exp(x) / sum(exp(x)) of each row of (N, C), in float64.

    The row's maximum is subtracted first, so that nothing overflows; the result is the same.
    """
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return result
