"""Whether two classifications name the same classes."""

from __future__ import annotations

from typing import Any, Final, cast

import numpy as np

from keras2cv.tasks.classify.result import Classification
from keras2cv.tasks.result import Result
from keras2cv_export.parity.near_ties import is_near_tie
from keras2cv_export.tasks.agreement import PictureAgreement

Array = np.ndarray[Any, Any]
_TOP_K: Final = 5


def agree_on_classes(reference: Result, candidate: Result, allowed: float) -> PictureAgreement:
    """Top-1 and top-5: the reference's k best and the candidate's, as sets."""
    one, two = (cast("Classification", r).scores for r in (reference, candidate))
    same = _best(one, 1) == _best(two, 1)
    # How much lower the reference scores the candidate's best class than its own.
    lack = float(one.max() - one[int(two.argmax())])
    tie = lack > 0.0 and is_near_tie(lack, allowed)
    numbers = {"top1": float(same), "top1_near_ties": float(tie)}
    if len(one) > _TOP_K:
        numbers["top5"] = float(_best(one, _TOP_K) == _best(two, _TOP_K))
    return PictureAgreement(same, numbers)


def _best(scores: Array, k: int) -> set[int]:
    return set(np.argsort(-scores, kind="stable")[:k].tolist())
