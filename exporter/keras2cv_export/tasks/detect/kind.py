"""The task's row in the exporter's table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, get_args

from keras2cv.tasks.detect.belongings import (
    AngleDirection,
    AngleUnits,
    MaskActivation,
    MaskCut,
    MaskEdges,
)
from keras2cv.tasks.detect.record import BoxFormat, BoxUnits, ObjectnessActivation
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
    ("raw", "a single output for all of these; --columns names the parts of a row"),
)


def _flag(name: str, description: str, **settings: Any) -> Flag:
    return flag(name, name, description, **settings)


_MASK_FLAGS: Final = (
    _flag("masks", "output with a mask for each box, (N, M, h, w) or with classes", metavar="NAME"),
    _flag("prototypes", "output with P masks over the input, (N, h, w, P)", metavar="NAME"),
    _flag("mask_coefficients", "output with M x P weights of the prototypes", metavar="NAME"),
    _flag(
        "mask_activation", "activation of a mask, before it is enlarged (prototypes: sigmoid)",
        choices=get_args(MaskActivation),
    ),
    _flag(
        "mask_threshold", "pixels above S belong to the object (default: 0.5)", value="number",
        metavar="S",
    ),
    _flag(
        "mask_edges", "how a box cuts its mask: exactly (default), or at edges made whole numbers",
        choices=get_args(MaskEdges),
    ),
    _flag(
        "mask_cut", "where a box cuts its mask: in the image (default), or in the prototypes",
        choices=get_args(MaskCut),
    ),
)  # fmt: skip
_POINT_FLAGS: Final = (
    _flag(
        "point_activation", "activation that the scores of points still need",
        choices=get_args(MaskActivation),
    ),
    _flag(
        "point_score", "draw points with a score above S (default: 0.3)", value="share",
        metavar="S",
    ),
    _flag(
        "point_count", "how many points a box has, where --columns has scores too",
        value="positive", metavar="K",
    ),
    _flag("point_labels", "names of the points, one per line", value="path", metavar="FILE"),
)  # fmt: skip
_ANGLE_FLAGS: Final = (
    _flag("angles", "output with M angles, if they are not in the boxes", metavar="NAME"),
    _flag("angle_units", "unit of the angles of rotated boxes", choices=get_args(AngleUnits)),
    _flag(
        "angle_direction", "their direction as one sees it in the picture (default: clockwise)",
        choices=get_args(AngleDirection),
    ),
)  # fmt: skip
_FLAGS: Final = (
    *(_flag(name, description, metavar="NAME") for name, description in _OUTPUTS),
    _flag(
        "columns", "the parts of a row of --raw: box+objectness+scores, box+scores or "
        "box+score+class; coefficients, points and angle may be among them", metavar="PARTS"
    ),
    _flag(
        "columns_axis", "where the columns of --raw are: last (default), or first for (N, K, M)",
        choices=("last", "first"),
    ),
    _flag(
        "box_format", "order of a box's numbers: two corners, left top corner and size (xywh), or "
        "centre and size (cxcywh)", choices=get_args(BoxFormat)
    ),
    _flag(
        "box_units", "unit of the boxes: shares of the input's width and height, or its pixels",
        choices=get_args(BoxUnits),
    ),
    _flag(
        "objectness_activation", "activation that the objectness still needs",
        choices=get_args(ObjectnessActivation),
    ),
    _flag(
        "anchors", ".npy file (M, 4) of cx, cy, w, h: the boxes are offsets from these",
        value="path", metavar="FILE",
    ),
    _flag("variances", "factors of the offsets (default: ones)", value="four", metavar="A,B,C,D"),
    _flag("background", "number of the class that is the background", value="whole", metavar="K"),
    _flag(
        "nms", "drop the worse of two boxes that overlap more than IOU (default: none are dropped)",
        value="share", metavar="IOU",
    ),
    _flag(
        "nms_across_classes", "let --nms also drop boxes of different classes",
        action="store_true",
    ),
    _flag("max_detections", "keep at most the K best boxes", value="positive", metavar="K"),
    _flag(
        "multi_label", "find a box once for every class that scores enough, not for its best alone",
        action="store_true",
    ),
    _flag(
        "head",
        "decode the outputs of yolov2 to yolov5, yolov7 to yolov10, yolo11, yolox, fcos, ssd, "
        "retinanet, efficientdet or centernet; a FILE.json has a \"family\", its anchors and all "
        "that differs",
        metavar="NAME|FILE.json",
    ),
    *_MASK_FLAGS,
    *_POINT_FLAGS,
    *_ANGLE_FLAGS,
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
    borrows={name: name for name in ("points", "point_format", "point_units", "skeleton")},
    agree=_agree,
)
