"""The task's row in the exporter's table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from keras2cv.errors import UsageError
from keras2cv_export.tasks.flags import flag
from keras2cv_export.tasks.kind import ExportedTask, Labels, Notes

from .options import TextOptions

if TYPE_CHECKING:
    from keras2cv.pixels.preprocessing import Preprocessing
    from keras2cv.tasks.result import Result
    from keras2cv.tasks.task import Task
    from keras2cv_export.tasks.agreement import PictureAgreement
    from keras2cv_export.tasks.outputs import Output

_FLAGS: Final = (
    flag(
        "charset", "charset",
        "the characters in the order of the classes, without the blank: a UTF-8 file with all in "
        "one line or one a line, or the characters themselves",
        metavar="FILE|STRING",
    ),
    flag(
        "blank", "blank", "the class that stands for no character",
        metavar="first|last|INDEX",
    ),
    flag(
        "class_axis", "class_axis", "where the classes are: last (N, T, classes) or first",
        choices=("last", "first"),
    ),
    flag(
        "decode", "decode", "how steps become a text (default: greedy)",
        choices=("greedy", "beam"),
    ),
    flag(
        "beam_width", "beam_width", "beginnings that a beam follows (default: 100)",
        value="positive", metavar="N",
    ),
    flag(
        "top_paths", "top_paths", "texts of a beam to return (default: 1)",
        value="positive", metavar="N",
    ),
)  # fmt: skip


def _from_flags(stated: dict[str, Any]) -> dict[str, Any]:
    """Return the kind of scores from --activation: scores that still need a softmax are logits.

    Raises:
        UsageError: It is "sigmoid".
    """
    activation = stated.pop("activation", None)
    if activation == "sigmoid":
        raise UsageError("CTC reads one of many classes for each step, and a sigmoid gives none.")
    known = {"none": "softmax", "softmax": "logits"}
    return stated if activation is None else {**stated, "scores": known[activation]}


def _describe(
    options: TextOptions, outputs: Sequence[Output], labels: Labels, taken: Preprocessing | None
) -> tuple[Task, Notes]:
    from .describe import describe

    return describe(options, outputs, labels, taken)


def _agree(reference: Result, candidate: Result, allowed: float) -> PictureAgreement:
    from .agreement import agree_on_text

    return agree_on_text(reference, candidate, allowed)


KIND: Final = ExportedTask(
    options=TextOptions,
    label="A line of text",
    describe=_describe,
    group="a line of text",
    flags=_FLAGS,
    shares={"scores": "output", "activation": "activation"},
    from_flags=_from_flags,
    agree=_agree,
)
