"""Whether two sides gave each pixel the same class."""

from __future__ import annotations

from typing import cast

import numpy as np

from keras2cv.tasks.result import Result
from keras2cv.tasks.segment.result import UNSEEN, Segmentation
from keras2cv_export.tasks.agreement import PictureAgreement


def agree_on_pixels(reference: Result, candidate: Result, allowed: float) -> PictureAgreement:
    """Each class' intersection and union, in pixels."""
    del allowed
    one, two = (cast("Segmentation", r) for r in (reference, candidate))
    if one.label_map.shape != two.label_map.shape:
        return PictureAgreement(same=False, numbers={"pixels_equal": 0.0})
    counts = {}
    for number in np.union1d(one.label_map, two.label_map).tolist():
        if number != UNSEEN:
            mine, theirs = one.label_map == number, two.label_map == number
            counts[one.label_of(number)] = int((mine & theirs).sum()), int((mine | theirs).sum())
    equal = float((one.label_map == two.label_map).mean())
    return PictureAgreement(equal == 1.0, {"pixels_equal": equal}, counts)
