"""Curves over all thresholds of a score: ROC, precision and recall, and the areas below them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Counts:
    """How many samples score at least as much as each threshold.

    Attributes:
        thresholds: (T,) The different scores, the highest first.
        true_positives: (T,) How many of those are positive.
        false_positives: (T,) How many are not.
        positives: How many are positive at all.
        negatives: How many are not.
    """

    thresholds: Floats
    true_positives: Floats
    false_positives: Floats
    positives: int
    negatives: int

    @property
    def precision(self) -> Floats:
        """(T,) The positive share of those above each threshold."""
        return self.true_positives / np.maximum(self._above, 1)

    @property
    def recall(self) -> Floats:
        """(T,) The share of the positives that is above each threshold; 1 where there are none."""
        tp = self.true_positives
        return tp / self.positives if self.positives else np.ones(len(tp))

    @property
    def f1(self) -> Floats:
        """(T,) 2 true positives / (those above the threshold + positives)."""
        return 2 * self.true_positives / np.maximum(self._above + self.positives, 1)

    @property
    def _above(self) -> Floats:
        return self.true_positives + self.false_positives


def count_above(scores: Array, is_positive: Array) -> Counts:
    """Count both kinds above each score; equal scores share one threshold, and NaN is the lowest.

    Args:
        scores: (N,) Any numbers.
        is_positive: (N,) bool.
    """
    values = np.where(np.isnan(scores), -np.inf, scores).astype(np.float64)
    order = np.argsort(-values, kind="stable")
    values, positive = values[order], np.asarray(is_positive, bool)[order]
    ends = np.flatnonzero(np.diff(values, append=np.nan) != 0)  # the last of each equal run
    tp = np.cumsum(positive)[ends].astype(np.float64)
    count = int(positive.sum())
    return Counts(values[ends], tp, ends + 1 - tp, count, len(values) - count)


def roc_auc(counts: Counts) -> float | None:
    """Return the area below the ROC curve; None where only one kind is there."""
    if not counts.positives or not counts.negatives:
        return None
    x = np.concatenate([[0.0], counts.false_positives / counts.negatives])
    y = np.concatenate([[0.0], counts.true_positives / counts.positives])
    return float(((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2).sum())


def average_precision(counts: Counts) -> float | None:
    """Return the sum of precision times the step of recall; None where nothing is positive."""
    if not counts.positives:
        return None
    steps = np.diff(counts.true_positives / counts.positives, prepend=0.0)
    return float((steps * counts.precision).sum())


def equal_error_rate(counts: Counts) -> float | None:
    """Return the share of errors where both kinds of them are as many; None as for `roc_auc`."""
    if not counts.positives or not counts.negatives:
        return None
    fpr = np.concatenate([[0.0], counts.false_positives / counts.negatives])
    fnr = 1 - np.concatenate([[0.0], counts.true_positives / counts.positives])
    after = int(np.argmax(fpr >= fnr))
    before = max(after - 1, 0)
    gap = (fnr - fpr)[[before, after]]
    part = 0.0 if gap[0] == gap[1] else gap[0] / (gap[0] - gap[1])
    return float(fpr[before] + part * (fpr[after] - fpr[before]))
