"""Whether both sides read the same text."""

from __future__ import annotations

from typing import cast

from keras2cv.tasks.result import Result
from keras2cv.tasks.text.result import TextResult
from keras2cv_export.tasks.agreement import PictureAgreement


def agree_on_text(reference: Result, candidate: Result, allowed: float) -> PictureAgreement:
    """Compare the best texts, character for character, and how probable they are."""
    del allowed
    one, two = (cast("TextResult", r) for r in (reference, candidate))
    gap = abs(one.score - two.score)
    return PictureAgreement(one.text == two.text, {"largest_score_gap": gap})
