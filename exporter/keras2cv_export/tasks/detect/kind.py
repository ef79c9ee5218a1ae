"""The task's row in the exporter's table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, get_args

from keras2cv.tasks.detect.record import BoxFormat, BoxUnits, Columns, ObjectnessActivation
from keras2cv_export.tasks.flags import flag
from keras2cv_export.tasks.kind import ExportedTask, Flag, Labels, Notes

from .options import DetectOptions

if TYPE_CHECKING:
    from keras2cv.pixels.preprocessing import Preprocessing
    from keras2cv.tasks.result import Result
    from keras2cv.tasks.task import Task
    from keras2cv_export.tasks.agreement import PictureAgreement
    from keras2cv_export.tasks.outputs import Output

_OUTPUTS: Final = (
    ("boxes", "output with M boxes, (N, ..., 4)"),
    ("classes", "output with M class numbers"),
    ("objectness", "output with M values that multiply the scores"),
    ("raw", "one output with all of it; --columns says what is in a row"),
)


def _flag(name: str, description: str, **settings: Any) -> Flag:
    return flag(name, name, description, **settings)


_FLAGS: Final = (
    *(_flag(name, description, metavar="NAME") for name, description in _OUTPUTS),
    _flag("columns", "of --raw", choices=get_args(Columns)),
    _flag(
        "box_format", "corners, left top and size, or centre and size", choices=get_args(BoxFormat)
    ),
    _flag(
        "box_units", "shares of the input's width and height, or its pixels",
        choices=get_args(BoxUnits),
    ),
    _flag(
        "objectness_activation", "as --activation, for the objectness",
        choices=get_args(ObjectnessActivation),
    ),
    _flag("anchors", ".npy (M, 4) cx, cy, w, h: boxes are offsets", value="path", metavar="FILE"),
    _flag("variances", "of the offsets (default: ones)", value="four", metavar="A,B,C,D"),
    _flag("background", "the class number that is none", value="whole", metavar="K"),
    _flag(
        "nms", "drop the worse of two boxes that overlap more (default: the model has done it)",
        value="share", metavar="IOU",
    ),
    _flag("nms_across_classes", "also boxes of different classes", action="store_true"),
    _flag("max_detections", "keep the K best boxes", value="positive", metavar="K"),
)  # fmt: skip


def _describe(
    options: DetectOptions, outputs: Sequence[Output], labels: Labels, taken: Preprocessing | None
) -> tuple[Task, Notes]:
    from .describe import describe

    return describe(options, outputs, labels, taken)


def _agree(reference: Result, candidate: Result, allowed: float) -> PictureAgreement:
    from .agreement import agree_on_boxes

    return agree_on_boxes(reference, candidate, allowed)


KIND: Final = ExportedTask(
    options=DetectOptions,
    label="A detection",
    describe=_describe,
    group="a detector's outputs (a role that only one output fits may be left out)",
    flags=_FLAGS,
    shares={"scores": "scores", "activation": "activation", "score": "score"},
    agree=_agree,
)
