"""Compare the mask of the user's pipeline with a bundle's, pixel by pixel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

import numpy as np

from keras2cv.tasks.result import Result
from keras2cv.tasks.segment.result import UNSEEN, Segmentation
from keras2cv_export.tasks.answer_match import (
    SAME,
    AnswerFormError,
    AnswerLimits,
    AnswerMatch,
    as_mask,
    fields_of,
)

# Enlarging decides along edges: a small class may differ there by a part of its pixels.
_LEAST_IOU: Final = 0.9
_FEW: Final = 100  # pixels; the overlap of fewer says nothing
_NUMBERS: Final = (-(2**31), 2**31)  # no class is further; NumPy makes any number of 1e300


def match_answer(given: Any, result: Result, limits: AnswerLimits) -> AnswerMatch:
    """Compare class numbers (H, W), of the picture's own size.

    Raises:
        AnswerFormError: `given` is no mask, or of another size.
    """
    ours = cast("Segmentation", result)
    if isinstance(given, Mapping):
        given = fields_of(given, "segment", "label_map").get("label_map")
    theirs = np.squeeze(as_mask(given))
    if theirs.shape != ours.label_map.shape:
        height, width = ours.label_map.shape
        raise AnswerFormError(
            f"is a mask of the shape {theirs.shape}, and the picture is {height} high and {width} "
            "wide: resize it to the picture"
        )
    seen = ours.label_map != UNSEEN
    theirs = np.rint(np.clip(theirs, *_NUMBERS)).astype(np.int64)
    share = float((theirs != ours.label_map)[seen].mean()) if seen.any() else 0.0
    if share > limits.pixels:
        return AnswerMatch(f"{share:.1%} of the pixels have another class")
    for number in np.union1d(theirs[seen], ours.label_map[seen]).tolist():
        mine, other = (theirs == number) & seen, (ours.label_map == number) & seen
        both, either = int((mine & other).sum()), int((mine | other).sum())
        if either >= _FEW and both < _LEAST_IOU * either:
            return AnswerMatch(f"class {ours.label_of(number)!r} overlaps by {both / either:.1%}")
    return SAME
