"""From the scores of each step of a line to its text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.tasks.task import Task
from keras2cv.tasks.text import ctc
from keras2cv.tasks.text.record import TextRecord
from keras2cv.tasks.text.result import Character, TextPath, TextResult


def text(task: Task, outputs: Mapping[str, NDArray[Any]]) -> list[TextResult]:
    """Return a result per sample."""
    record = task.record_as(TextRecord)
    return [_read(sample, record) for sample in outputs[record.output]]


def _read(scores: NDArray[Any], record: TextRecord) -> TextResult:
    """Read one line; scores that are not numbers give no text, with the score NaN."""
    steps = scores if record.class_axis == "last" else scores.T
    logits = ctc.logits_of(steps, are_probabilities=record.scores == "softmax")
    rows = ctc.log_softmax(logits)
    if np.isnan(rows).any():
        return TextResult((TextPath("", math.nan),), (), len(rows))
    found = _decode(logits, rows, record)
    classes = found[0][0]
    spans = ctc.align(rows, classes, record.blank)
    characters = tuple(
        Character(record.character(number), float(np.exp(rows[slice(*span), number].max())), span)
        for number, span in zip(classes, spans, strict=True)
    )
    paths = tuple(
        TextPath("".join(map(record.character, path)), math.exp(score)) for path, score in found
    )
    return TextResult(paths, characters, len(rows))


def _decode(
    logits: NDArray[Any], rows: ctc.Rows, record: TextRecord
) -> list[tuple[tuple[int, ...], float]]:
    """Return each text's classes and log-probability, best first."""
    if record.decode == "beam":
        width, paths = record.beam_width or 1, record.top_paths or 1
        return ctc.beam_search(rows, record.blank, width, paths)
    return [(ctc.best_path(logits, record.blank), float(rows.max(axis=1).sum()))]
