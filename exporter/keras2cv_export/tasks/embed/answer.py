"""Compare the vector of the user's pipeline with a bundle's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, cast

import numpy as np

from keras2cv.tasks.embed.result import Embedding
from keras2cv.tasks.result import Result
from keras2cv_export.tasks.answer_match import (
    SAME,
    AnswerFormError,
    AnswerLimits,
    AnswerMatch,
    as_numbers,
    fields_of,
)

_LEAST_COSINE: Final = 0.999


def match_answer(given: Any, result: Result, limits: AnswerLimits) -> AnswerMatch:
    """Compare direction and length.

    Raises:
        AnswerFormError: `given` is no vector of that size.
    """
    ours = cast("Embedding", result).vector.astype(np.float64)
    if isinstance(given, Mapping):
        given = fields_of(given, "embed", "vector").get("vector")
    theirs = as_numbers(given, "a vector").ravel()
    if theirs.size != ours.size:
        raise AnswerFormError(f"has {theirs.size} numbers, and the bundle's vector {ours.size}")
    lengths = math.hypot(*theirs), math.hypot(*ours)  # squares of 1e300 would be infinite
    cosine = float((theirs / (lengths[0] or 1.0)) @ (ours / (lengths[1] or 1.0)))
    if cosine < _LEAST_COSINE:
        return AnswerMatch(f"the vectors' cosine is {cosine:.4f}")
    if abs(lengths[0] - lengths[1]) > limits.score * max(lengths):
        return AnswerMatch(f"the vectors are {lengths[0]:.3g} and {lengths[1]:.3g} long")
    return SAME
