"""Compare the arrays of the user's pipeline with a bundle's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from keras2cv.net.overflow import overflows_alike
from keras2cv.tasks.raw.result import RawOutputs
from keras2cv.tasks.result import Result
from keras2cv_export.tasks.answer_match import (
    SAME,
    AnswerFormError,
    AnswerLimits,
    AnswerMatch,
    as_numbers_like,
)


def match_answer(given: Any, result: Result, limits: AnswerLimits) -> AnswerMatch:
    """Compare every output by its name, relative to its largest value; one array is the only one.

    Raises:
        AnswerFormError: `given` has other names or shapes.
    """
    arrays = cast("RawOutputs", result).arrays
    given = given.get("outputs", given) if isinstance(given, Mapping) else given
    if not isinstance(given, Mapping):
        if len(arrays) != 1:
            raise AnswerFormError(f"must be a dict of {', '.join(arrays)}")
        given = {next(iter(arrays)): given}
    if set(given) != set(arrays):
        raise AnswerFormError(
            f"has the outputs {', '.join(map(str, given)) or 'none'}, and the bundle's are "
            f"{', '.join(arrays)}"
        )
    for name, array in arrays.items():
        ours = np.asarray(array, np.float64)
        theirs = as_numbers_like(given[name], ours, f"numbers of {name}")
        if theirs.shape not in (ours.shape, (1, *ours.shape)):
            raise AnswerFormError(f"has {name} of {theirs.shape}, and the bundle's is {ours.shape}")
        theirs = theirs.reshape(ours.shape)
        usable = ~overflows_alike(theirs, ours)
        if not (np.isfinite(theirs) & np.isfinite(ours))[usable].all():
            return AnswerMatch(f"{name} is NaN or infinite on one side alone")
        scale = float(np.abs(theirs[usable]).max(initial=0.0))
        gap = float(np.abs(theirs[usable] - ours[usable]).max(initial=0.0))
        if gap > limits.score * scale:
            return AnswerMatch(f"{name} differs by {gap / (scale or 1.0):.2g} of its largest value")
    return SAME
