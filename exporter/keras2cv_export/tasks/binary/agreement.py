"""Whether two answers are the same yes or no."""

from __future__ import annotations

from typing import cast

from keras2cv.tasks.binary.result import BinaryResult
from keras2cv.tasks.result import Result
from keras2cv_export.parity.near_ties import is_near_tie
from keras2cv_export.tasks.agreement import PictureAgreement


def agree_on_answer(reference: Result, candidate: Result, allowed: float) -> PictureAgreement:
    """The answer; one near the threshold is a near-tie."""
    one, two = (cast("BinaryResult", r) for r in (reference, candidate))
    same = one.label == two.label
    tie = not same and is_near_tie(one.probability - one.threshold, allowed)
    return PictureAgreement(same, {"near_ties": float(tie)})
