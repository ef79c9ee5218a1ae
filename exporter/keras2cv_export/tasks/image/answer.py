"""Compare the image that the user's pipeline makes with a bundle's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

import numpy as np

from keras2cv.tasks.image.result import ImageResult
from keras2cv.tasks.result import Result
from keras2cv_export.tasks.answer_match import (
    SAME,
    AnswerFormError,
    AnswerLimits,
    AnswerMatch,
    as_pixels,
    fields_of,
)

# Levels of 255. A pipeline may cut off decimals where the bundle rounds: one level everywhere.
_MEAN, _LARGEST = 1.0, 4.0
_RARE: Final = 0.001  # the share of pixels that may be further off


def match_answer(given: Any, result: Result, limits: AnswerLimits) -> AnswerMatch:
    """Compare pixels 0..255: RGB (h, w, 3) or gray (h, w).

    Raises:
        AnswerFormError: `given` is no image, or of another size.
    """
    del limits
    ours = cast("ImageResult", result).image_bgr[..., ::-1].astype(np.float64)
    if isinstance(given, Mapping):
        given = fields_of(given, "image", "image_rgb").get("image_rgb")
    theirs = as_pixels(given, "an image")
    theirs = theirs[..., 0] if theirs.ndim == 3 and theirs.shape[2] == 1 else theirs
    theirs = np.repeat(theirs[..., None], 3, axis=2) if theirs.ndim == 2 else theirs
    if theirs.shape != ours.shape:
        raise AnswerFormError(
            f"is an image of the shape {theirs.shape}, and the bundle makes {ours.shape}"
        )
    gap = np.abs(theirs - ours)
    if gap.mean() > _MEAN or float((gap > _LARGEST).mean()) > _RARE:
        return AnswerMatch(
            f"the pixels differ by {gap.mean():.1f} levels on average and {gap.max():.0f} at most"
        )
    return SAME
