"""The task's row in the exporter's table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from keras2cv.errors import UsageError
from keras2cv_export.tasks.kind import ExportedTask, Labels, Notes

from .options import SegmentOptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from keras2cv.pixels.preprocessing import Preprocessing
    from keras2cv.tasks.result import Result
    from keras2cv.tasks.segment.result import Segmentation
    from keras2cv.tasks.task import Task
    from keras2cv_export.tasks.agreement import PictureAgreement
    from keras2cv_export.tasks.outputs import Output


def _from_flags(stated: dict[str, Any]) -> dict[str, Any]:
    """Return the kind of scores from --activation: scores that still need one are logits.

    Raises:
        UsageError: It is "none", which both a softmax and a sigmoid have behind them.
    """
    activation = stated.pop("activation", None)
    if activation == "none":
        raise UsageError(
            "--activation none does not say whether a mask is a softmax or a sigmoid. Leave it "
            "out: the last layer tells. From Python, segment={'scores': ...} says it."
        )
    return stated if activation is None else {**stated, "scores": "logits"}


def _describe(
    options: SegmentOptions, outputs: Sequence[Output], labels: Labels, taken: Preprocessing | None
) -> tuple[Task, Notes]:
    from .describe import describe

    return describe(options, outputs, labels, taken)


def _agree(reference: Result, candidate: Result, allowed: float) -> PictureAgreement:
    from .agreement import agree_on_pixels

    return agree_on_pixels(reference, candidate, allowed)


def _difference(
    reference: Segmentation, candidate: Segmentation
) -> tuple[str, NDArray[Any], float] | None:
    from .agreement import difference_of

    return difference_of(reference, candidate)


KIND: Final = ExportedTask(
    options=SegmentOptions,
    label="A mask",
    describe=_describe,
    shares={"scores": "output", "activation": "activation", "score": "score"},
    from_flags=_from_flags,
    difference=_difference,
    agree=_agree,
)
