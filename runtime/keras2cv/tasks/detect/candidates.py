"""The boxes that a model gives, each with its best class and score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.tasks.activations import sigmoid, softmax
from keras2cv.tasks.detect.read_belongings import split_columns
from keras2cv.tasks.detect.record import DetectRecord

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Candidates:
    """Boxes (M, 4) in the model's own format, with their scores (M,) and class ids (M,).

    `places` (M,) are their places among all boxes of the model, by which masks and points follow.
    """

    boxes: Array
    scores: Array
    class_ids: Array
    places: Array = field(default_factory=lambda: np.zeros(0, np.intp))

    def __post_init__(self) -> None:
        if not len(self.places):
            object.__setattr__(self, "places", np.arange(len(self.scores)))

    def at(self, index: Array) -> Candidates:
        """Return those of a mask (M,) or of a list of positions, in its order."""
        return Candidates(
            self.boxes[index], self.scores[index], self.class_ids[index], self.places[index]
        )


def read_candidates(record: DetectRecord, sample: Mapping[str, Array]) -> Candidates:
    """Return every box of a sample (role -> array), with its class and score."""
    if record.raw is not None:
        sample = _columns(record, sample)
    boxes = sample["boxes"].reshape(-1, record.box_width)[:, :4]
    scores = sample["scores"].reshape(len(boxes), -1).astype(np.float32, copy=False)
    if record.has_class_numbers:
        scores = _activated(scores[:, 0], record.activation)
        class_ids = np.rint(sample["classes"].reshape(-1)).astype(np.int32)
        if record.background is not None:
            scores = np.where(class_ids == record.background, np.float32(0), scores)
    else:
        scores, class_ids = best_class(scores, record.activation, record.background)
    if record.objectness_activation is not None:
        objectness = sample["objectness"].reshape(-1).astype(np.float32, copy=False)
        scores = scores * _activated(objectness, record.objectness_activation)
    return Candidates(boxes, scores, class_ids)


def best_class(
    scores: Array, activation: str, background: int | None
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return the score and number of the best class of each row of (M, C), `background` aside."""
    if activation == "softmax":
        scores = softmax(scores)
    ranked = scores
    if background is not None:
        ranked = scores.copy()
        ranked[:, background] = -np.inf
    class_ids = ranked.argmax(axis=1)  # of a row with NaN: the NaN, so that the row is dropped
    top = ranked[np.arange(len(ranked)), class_ids]
    if activation == "sigmoid":  # it keeps the order, so only the best needs it
        top = sigmoid(top)
    return top.astype(np.float32, copy=False), class_ids.astype(np.int32)


def _activated(values: Array, activation: str) -> Array:
    return sigmoid(values) if activation == "sigmoid" else values


def _columns(record: DetectRecord, sample: Mapping[str, Array]) -> dict[str, Array]:
    """Return the roles that lie side by side in a single output (..., K)."""
    parts = split_columns(record, sample)
    roles = {"boxes": "box", "classes": "class", "objectness": "objectness"}
    found = {role: parts[part] for role, part in roles.items() if part in parts}
    return {**found, "scores": parts["scores" if "scores" in parts else "score"]}
