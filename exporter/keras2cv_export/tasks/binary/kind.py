"""The task's row in the exporter's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from keras2cv_export.tasks.kind import ExportedTask, Labels, OneOutput

if TYPE_CHECKING:
    from keras2cv.tasks.result import Result
    from keras2cv_export.tasks.agreement import PictureAgreement
    from keras2cv_export.tasks.recognise import Head


def _recognises(head: Head, _: Labels) -> bool:
    """Return whether it ends in a sigmoid of a single value."""
    return head.activation == "sigmoid" and head.classes == 1


def _agree(reference: Result, candidate: Result, allowed: float) -> PictureAgreement:
    from .agreement import agree_on_answer

    return agree_on_answer(reference, candidate, allowed)


KIND: Final = ExportedTask(
    recognises=_recognises,
    one_output=OneOutput(
        "(N, 1)",
        fits=lambda values: values == 1,
        label_counts=lambda _: (1, 2),
        has_scores=True,
    ),
    agree=_agree,
)
