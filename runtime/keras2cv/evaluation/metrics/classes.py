"""Of one class or another: what a confusion matrix tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.float64]


def confusion_matrix(truth: Array, answer: Array, class_count: int) -> NDArray[np.int64]:
    """Return (C, C) counts: rows are the true classes, columns the answers.

    Args:
        truth: (N,) Class numbers.
        answer: (N,) Class numbers.
        class_count: C.
    """
    cells = np.asarray(truth, np.int64) * class_count + np.asarray(answer, np.int64)
    counts = np.bincount(cells, minlength=class_count * class_count)
    return counts.reshape(class_count, class_count).astype(np.int64)


@dataclass(frozen=True, eq=False, slots=True)
class ClassRates:
    """(C,) each, from a confusion matrix; a share of nothing is 0.

    `present` marks the classes that are true or answered at all: means are over those.
    """

    support: NDArray[np.int64]
    precision: Floats
    recall: Floats
    f1: Floats
    iou: Floats
    present: NDArray[np.bool_]

    def mean(self, values: Floats) -> float:
        """Return the mean over the classes that are present: "macro"."""
        return float(values[self.present].mean()) if self.present.any() else 0.0

    def weighted(self, values: Floats) -> float:
        """Return the mean weighted by how often a class is true."""
        total = self.support.sum()
        return float((values * self.support).sum() / total) if total else 0.0


def class_rates(matrix: Array) -> ClassRates:
    """Return precision, recall, F1 (Dice) and IoU (Jaccard) of each class."""
    hits = np.diag(matrix).astype(np.float64)
    true, answered = matrix.sum(axis=1), matrix.sum(axis=0)
    return ClassRates(
        true.astype(np.int64),
        share(hits, answered),
        share(hits, true),
        share(2 * hits, true + answered),
        share(hits, true + answered - hits),
        (true + answered) > 0,
    )


def share(part: Array, whole: Array) -> Floats:
    """Return part / whole, 0 where the whole is 0."""
    wholes = np.asarray(whole, np.float64)
    return np.divide(part, wholes, out=np.zeros(wholes.shape), where=wholes > 0)


def in_top(scores: Array, truth: Array, k: int) -> NDArray[np.bool_]:
    """Return (N,): whether the true class is among the best `k`.

    Of equal scores the class with the higher number counts as better, as in scikit-learn's
    `top_k_accuracy_score`.

    Args:
        scores: (N, C).
        truth: (N,) Class numbers.
        k: How many are taken.
    """
    own = np.take_along_axis(scores, truth[:, None], axis=1)
    later = np.arange(scores.shape[1]) > truth[:, None]
    better = (scores > own) | ((scores == own) & later)
    return np.asarray(better.sum(axis=1) < k)
