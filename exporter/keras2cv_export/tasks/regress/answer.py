"""Compare the numbers of the user's pipeline with a bundle's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from keras2cv.net.overflow import overflows_alike
from keras2cv.tasks.regress.result import Regression
from keras2cv.tasks.result import Result
from keras2cv_export.tasks.answer_match import (
    SAME,
    AnswerLimits,
    AnswerMatch,
    as_numbers_like,
    fields_of,
)


def match_answer(given: Any, result: Result, limits: AnswerLimits) -> AnswerMatch:
    """Compare each number, relative to its own size and to the largest one of all samples.

    Raises:
        AnswerFormError: `given` is not as many numbers.
    """
    ours = np.asarray(cast("Regression", result).values, np.float64).ravel()
    if isinstance(given, Mapping):
        given = fields_of(given, "regress", "values", "labels").get("values")
    theirs = as_numbers_like(given, ours, "values").ravel()
    alike = overflows_alike(theirs, ours)
    scale = np.abs(theirs) if limits.scale is None else np.maximum(np.abs(theirs), limits.scale)
    with np.errstate(invalid="ignore"):  # infinity less infinity
        gap = np.where(alike, 0.0, np.abs(theirs - ours))
    gap[~alike & ~(np.isfinite(theirs) & np.isfinite(ours))] = np.inf
    beyond = gap - limits.score * np.where(np.isfinite(scale), scale, 0.0)
    if float(beyond.max(initial=0.0)) > 0:
        k = int(beyond.argmax())
        return AnswerMatch(f"number {k} is {theirs[k]:.4g}, and the bundle's is {ours[k]:.4g}")
    return SAME
