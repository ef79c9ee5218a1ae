"""Errors of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def r2_score(truth: Array, answer: Array) -> float | None:
    """Return the mean R2 of the columns of (N, D): 1 - squared errors / squared deviations.

    A column of equal truths has 1 where every answer is right, and else 0, as in scikit-learn.
    None for fewer than two samples.
    """
    if len(truth) < 2:
        return None
    errors = ((truth - answer) ** 2).sum(axis=0)
    spread = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = np.where(spread > 0, 1 - errors / spread, np.where(errors == 0, 1.0, 0.0))
    return float(scores.mean())
