"""Tell a changed decision from a near-tie: a class, a box, a pixel or a text that is another.

`parity.near_ties` says what a near-tie is: a disagreement that is no larger than what the allowed
moves of the reference's own outputs cause. Any other is a changed decision, and fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from keras2cv.tasks.result import Result
from keras2cv_export.parity.near_ties import moved_within
from keras2cv_export.tasks.agreement import PictureAgreement
from keras2cv_export.tasks.comparison import agree_on
from keras2cv_export.tasks.readable import largest

from .walked import differences

Array = np.ndarray[Any, Any]
Outputs = Mapping[str, Array]

# Tasks whose answer is a decision; of the others, the numbers are the answer.
DECIDING: Final = frozenset({"classify", "binary", "detect", "segment", "text"})


def is_changed(
    kind: str,
    part: PictureAgreement,
    reference: Result,
    outputs: Outputs,
    margins: Mapping[str, float],
    answer: Callable[[Outputs], Result],
    allowed: float,
) -> bool:
    """Whether a picture's answer is another, and not by a near-tie.

    Args:
        kind: The task.
        part: How both sides' answers agree.
        reference: Keras' side's answer.
        outputs: The outputs that it was made of.
        margins: Output -> how far it may be off.
        answer: Makes an answer of outputs.
        allowed: The allowed error of a score.
    """
    if part.same or kind not in DECIDING:
        return False
    found = _disagreement(part)
    moved = (
        _disagreement(agree_on(kind, reference, answer(other), allowed))
        for other in moved_within(outputs, margins)
    )
    return not any(one >= found for one in moved)


def margins_of(
    steps: tuple[Outputs, ...], *, excused_decode: bool, limits: Mapping[str, float]
) -> dict[str, float]:
    """Return how far each output of a picture may be off, by the stages that keep their limits.

    Args:
        steps: The outputs after each exchange of a stage, Keras' own first.
        excused_decode: Whether the first exchange may exceed its limit: it makes no near-tie.
        limits: Output -> the limit of its error, in units of its largest value.
    """
    first = 1 if excused_decode else 0
    margins = {}
    for name, limit in limits.items():
        scale = largest(steps[0][name])
        changes = [
            float(differences(after[name], before[name]).max(initial=0.0))
            for before, after in zip(steps[first:], steps[first + 1 :], strict=False)
        ]
        margins[name] = max(limit * scale, sum(changes))
    return margins


def _disagreement(part: PictureAgreement) -> float:
    """Return how much of an answer is another: boxes, a share of pixels, or 1 for all of it."""
    if part.same:
        return 0.0
    numbers = part.numbers
    if "missing" in numbers:
        return max(numbers["missing"] + numbers["extra"], 0.5)
    return 1.0 - numbers["pixels_equal"] if "pixels_equal" in numbers else 1.0
