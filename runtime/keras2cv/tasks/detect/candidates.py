"""The boxes that a model gives, each with its best class and score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.tasks.activations import sigmoid, softmax
from keras2cv.tasks.detect.head_tables import tables_of
from keras2cv.tasks.detect.peaks import only_peaks
from keras2cv.tasks.detect.read_belongings import split_columns, tables_of_outputs
from keras2cv.tasks.detect.record import DetectRecord

Array = NDArray[Any]
Limit = Callable[[Array], "Array | float"]


@dataclass(frozen=True, eq=False, slots=True)
class Candidates:
    """Boxes (M, 4), with their scores (M,) and class ids (M,).

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


@dataclass(frozen=True, eq=False, slots=True)
class Choice:
    """The classes that score enough: the box's row in its table, the score, and the class, (K,)."""

    rows: Array
    scores: Array
    class_ids: Array


def tables_of_record(record: DetectRecord, sample: Mapping[str, Array]) -> dict[str, Array]:
    """Return the numbers of a sample (role -> array): part -> (M, width).

    The parts are "box", "scores", and where the model has them "objectness", "classes",
    "coefficients", "points" and "angle".
    """
    if record.head is not None:
        return {**tables_of(record.head, sample), **tables_of_outputs(record, sample)}
    if record.raw is not None:
        return {**_columns(record, sample), **tables_of_outputs(record, sample)}
    boxes = sample["boxes"].reshape(-1, record.box_width)
    names = {"scores": "scores", "objectness": "objectness", "classes": "classes"}
    others = {part: sample[role] for part, role in names.items() if role in sample}
    found = {part: values.reshape(len(boxes), -1) for part, values in others.items()}
    own = tables_of_outputs(record, sample)
    return {"box": boxes[:, :4], "angle": boxes[:, 4:], **found, **own}


def choose(record: DetectRecord, tables: Mapping[str, Array], limit: Limit) -> Choice:
    """Return the candidates: each box with its best class, or with each that is above `limit`.

    Args:
        record: The meaning of the numbers.
        tables: As of `tables_of_record`.
        limit: Class ids (K,) -> the threshold of each, or of all; scores above it stay.
    """
    scores = tables["scores"].astype(np.float32, copy=False)
    peaks = record.head is not None and record.head.form == "peaks"
    if record.multi_label or peaks:
        return _of_every_class(record, tables, scores, limit)
    if record.has_class_numbers:
        scores = _activated(scores[:, 0], record.activation)
        class_ids = np.rint(tables["classes"].reshape(-1)).astype(np.int32)
        if record.background is not None:
            scores = np.where(class_ids == record.background, np.float32(0), scores)
    else:
        scores, class_ids = best_class(scores, record.activation, record.background)
    if record.objectness_activation is not None:
        scores = scores * _objectness(record, tables)
    rows = np.flatnonzero(scores > limit(class_ids))
    return Choice(rows, scores[rows], class_ids[rows])


def _of_every_class(
    record: DetectRecord, tables: Mapping[str, Array], scores: Array, limit: Limit
) -> Choice:
    if record.activation == "softmax":
        scores = softmax(scores)
    scores = _activated(scores, record.activation)
    if record.objectness_activation is not None:
        scores = scores * _objectness(record, tables)[:, None]
    if record.head is not None and record.head.form == "peaks":
        scores = only_peaks(record.head, scores)
    enough = scores > limit(np.arange(scores.shape[1]))
    if record.background is not None:
        enough[:, record.background] = False
    rows, class_ids = np.nonzero(enough)
    return Choice(rows, scores[rows, class_ids], class_ids.astype(np.int32))


def _objectness(record: DetectRecord, tables: Mapping[str, Array]) -> Array:
    objectness = tables["objectness"].reshape(-1).astype(np.float32, copy=False)
    return _activated(objectness, str(record.objectness_activation))


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
    """Return the parts that lie side by side in a single output (..., K)."""
    parts = split_columns(record, sample)
    names = {"score": "scores", "class": "classes"}
    return {names.get(part, part): table for part, table in parts.items()}
