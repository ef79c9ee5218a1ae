"""Compare a class that the user's pipeline names with a bundle's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

import numpy as np

from keras2cv.tasks.classify.result import Classification
from keras2cv.tasks.result import Result
from keras2cv_export.tasks.answer_match import (
    SAME,
    AnswerFormError,
    AnswerLimits,
    AnswerMatch,
    as_class,
    as_numbers,
    as_score,
    fields_of,
    same_label,
    unreadable,
)

_FORMS: Final = "a label, a number, (label, score), an array of all scores, or a dict"


def match_answer(given: Any, result: Result, limits: AnswerLimits) -> AnswerMatch:
    """Compare a label or class number, its score, and all scores, as far as they are given.

    Raises:
        AnswerFormError: `given` has none of the forms.
    """
    ours, fields = cast("Classification", result), _fields(given)
    if not fields.keys() & {"label", "index", "scores"}:
        raise AnswerFormError("names no class; give label, index or scores")
    scores = None if "scores" not in fields else as_numbers(fields["scores"], "scores").ravel()
    if scores is not None and len(scores) != len(ours.scores):
        raise AnswerFormError(f"has {len(scores)} scores, and the bundle has {len(ours.scores)}")
    named = [fields[key] for key in ("label", "index") if key in fields]
    for name in named or [int(cast("Any", scores).argmax())]:
        has_labels = ours.labels is not None
        best = ours.top(1)[0].label
        if not same_label(name, best, ours.index, has_labels=has_labels):
            return _other_class(name, ours, limits)
    return _scores(fields, scores, ours, limits)


def _fields(given: Any) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return fields_of(given, "classify", "label", "index", "score", "scores", "top")
    if isinstance(given, str | int | np.integer):
        return {"label": given}
    if isinstance(given, tuple | list) and len(given) == 2 and isinstance(given[0], str):
        return {"label": given[0], "score": given[1]}
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], int):
        return {"label": given[0], "score": given[1]}
    if isinstance(given, tuple | list | np.ndarray) and as_numbers(given, "scores").size > 1:
        return {"scores": given}
    raise unreadable(given, _FORMS)


def _other_class(name: Any, ours: Classification, limits: AnswerLimits) -> AnswerMatch:
    """Return the difference; a near-tie if our score of that class is nearly the best."""
    best = ours.top(1)[0].label
    difference = f"the class is {name!r} in the reference and {best!r} in the bundle"
    labels = ours.labels or tuple(map(str, range(len(ours.scores))))
    if not isinstance(name, str):
        known = as_class(name)
    else:
        known = labels.index(name) if name in labels else -1
    if not 0 <= known < len(ours.scores):
        return AnswerMatch(difference)
    lack = ours.score - float(ours.scores[known])
    scale = max(1.0, float(np.abs(ours.scores).max()))
    return AnswerMatch(difference, bool(limits.is_tie(lack, scale)))


def _scores(
    fields: Mapping[str, Any], scores: Any, ours: Classification, limits: AnswerLimits
) -> AnswerMatch:
    scale = max(1.0, float(np.abs(ours.scores).max()))
    gap = 0.0 if scores is None else float(np.abs(scores - ours.scores).max())
    if "score" in fields:
        gap = max(gap, abs(as_score(fields["score"]) - ours.score))
    if gap > limits.score * scale:
        return AnswerMatch(f"the scores differ by {gap:.2g}, and {limits.score:g} is allowed")
    return SAME
