"""Whether two sides gave each pixel the same class."""

from __future__ import annotations

from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from keras2cv.tasks.result import Result
from keras2cv.tasks.segment.result import UNSEEN, Segmentation
from keras2cv_export.tasks.agreement import PictureAgreement

_FAINT: Final = 1e-4  # differences below the preset fp32's limit stay dark


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


def difference_of(
    reference: Segmentation, candidate: Segmentation
) -> tuple[str, NDArray[Any], float] | None:
    """Return by how much the probabilities of two masks differ, or where the classes do.

    It is a caption, (h, w) values, and the value of full brightness; None for masks of two sizes.
    """
    if reference.label_map.shape != candidate.label_map.shape:
        return None
    if reference.grid is None or candidate.grid is None:
        differs = (reference.label_map != candidate.label_map).astype(np.float64)
        return "other class", differs, 1.0
    gap = np.abs(reference.grid.probabilities - candidate.grid.probabilities).max(axis=-1)
    largest = float(gap.max())
    return f"probabilities differ by up to {largest:.1e}", gap, max(largest, _FAINT)
