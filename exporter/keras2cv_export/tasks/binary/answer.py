"""Compare a yes or no of the user's pipeline with a bundle's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

import numpy as np

from keras2cv.tasks.binary.result import BinaryResult
from keras2cv.tasks.result import Result
from keras2cv_export.tasks.answer_match import (
    SAME,
    AnswerFormError,
    AnswerLimits,
    AnswerMatch,
    as_score,
    fields_of,
    unreadable,
)

_FORMS: Final = "a label, a bool, the probability of yes, (label, probability of yes), or a dict"


def match_answer(given: Any, result: Result, limits: AnswerLimits) -> AnswerMatch:
    """Compare the label, and the probability of yes if it is given.

    Raises:
        AnswerFormError: `given` has none of the forms.
    """
    ours, fields = cast("BinaryResult", result), _fields(given)
    tie = bool(limits.is_tie(ours.probability - ours.threshold))
    if (probability := fields.get("probability")) is not None:
        probability = as_score(probability, "probability")
        if (gap := abs(probability - ours.probability)) > limits.score:
            return AnswerMatch(f"the probability of yes differs by {gap:.2g}")
    label = fields.get("label")
    if label is None:
        label = ours.labels[as_score(probability, "probability") >= ours.threshold]
    if isinstance(label, bool | np.bool_):
        label = ours.labels[bool(label)]
    if not isinstance(label, str) or label not in ours.labels:
        raise AnswerFormError(f"has the label {label!r}, and the bundle's are {ours.labels}")
    if label != ours.label:
        return AnswerMatch(f"the answer is {label!r}, and the bundle's is {ours.label!r}", tie)
    return SAME


def _fields(given: Any) -> dict[str, Any]:
    if isinstance(given, Mapping):
        found = fields_of(given, "binary", "label", "probability", "threshold")
        if not found.keys() & {"label", "probability"}:
            raise AnswerFormError("has neither label nor probability")
        return found
    if isinstance(given, str | bool | np.bool_):
        return {"label": given}
    if isinstance(given, tuple | list) and len(given) == 2:
        return {"label": given[0], "probability": given[1]}
    if isinstance(given, int | float | np.number | np.ndarray):
        return {"probability": given}
    raise unreadable(given, _FORMS)
