"""The task's row in the exporter's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keras2cv_export.tasks.kind import ExportedTask, Labels, OneOutput

if TYPE_CHECKING:
    from keras2cv.tasks.result import Result
    from keras2cv_export.tasks.agreement import PictureAgreement
    from keras2cv_export.tasks.recognise import Head


def _recognises(head: Head, labels: Labels) -> bool:
    """Return whether it ends in a softmax, or has a label for each of its values."""
    classes = head.classes or 0
    return classes > 1 and (head.activation == "softmax" or len(labels or ()) == classes)


def _agree(reference: Result, candidate: Result, allowed: float) -> PictureAgreement:
    from .agreement import agree_on_classes

    return agree_on_classes(reference, candidate, allowed)


KIND: Final = ExportedTask(
    recognises=_recognises,
    one_output=OneOutput("(N, classes)", fits=lambda classes: classes > 1, has_scores=True),
    agree=_agree,
)
