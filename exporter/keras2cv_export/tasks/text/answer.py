"""Compare the text that the user's pipeline reads with a bundle's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, cast

from keras2cv.tasks.result import Result
from keras2cv.tasks.text.result import TextResult
from keras2cv_export.tasks.answer_match import (
    SAME,
    AnswerFormError,
    AnswerLimits,
    AnswerMatch,
    as_score,
    fields_of,
    unreadable,
)

_FORMS: Final = "a text, (text, probability), or a dict"
_TINY: Final = 1e-300


def match_answer(given: Any, result: Result, limits: AnswerLimits) -> AnswerMatch:
    """Compare the best text character for character, and its probability if it is given.

    Two texts of nearly the same probability are a near-tie.

    Raises:
        AnswerFormError: `given` has none of the forms.
    """
    ours, fields = cast("TextResult", result), _fields(given)
    score = None if fields.get("score") is None else as_score(fields["score"])
    if fields["text"] != ours.text:
        difference = f"the text is {fields['text']!r}, and the bundle reads {ours.text!r}"
        return AnswerMatch(difference, score is not None and _near(score, ours.score, limits))
    if score is not None and abs(score - ours.score) > limits.score:
        return AnswerMatch(f"the text's probability differs by {abs(score - ours.score):.2g}")
    return SAME


def _near(one: float, two: float, limits: AnswerLimits) -> bool:
    return bool(limits.is_tie(math.log(max(one, _TINY)) - math.log(max(two, _TINY))))


def _fields(given: Any) -> dict[str, Any]:
    if isinstance(given, Mapping):
        keys = ("text", "score", "characters", "paths", "step_count")
        found = fields_of(given, "text", *keys)
    elif isinstance(given, str):
        found = {"text": given}
    elif isinstance(given, tuple | list) and len(given) == 2:
        found = {"text": given[0], "score": given[1]}
    else:
        raise unreadable(given, _FORMS)
    if not isinstance(found.get("text"), str):
        raise AnswerFormError("has no text")
    return found
