"""The known heads: the settings that each family of detectors is published with.

    yolov2     Redmon & Farhadi 2017, YOLO9000; darknet's yolov2.cfg (anchors in cells, softmax=1)
    yolov3     Redmon & Farhadi 2018; darknet's yolov3.cfg
    yolov4     Bochkovskiy et al. 2020; darknet's yolov4.cfg (scale_x_y 1.2, 1.1, 1.05)
    yolov5     Ultralytics' models/yolo.py, Detect: xy * 2 - 0.5, (wh * 2) ** 2
    yolov7     Wang et al. 2022; models/yolo.py, the same decoding
    yolox      Ge et al. 2021; yolo_head.py: (xy + grid) * stride, exp(wh) * stride; nms 0.65
    yolov8     Ultralytics' Detect: 16 bins, points at cell centres, ltrb in strides; nms 0.7
    fcos       Tian et al. 2019: exp(ltrb) in strides, a centre-ness; nms 0.6
    ssd        Liu et al. 2016; Caffe's ssd_300: variances, class 0 is the background, nms 0.45
    retinanet  Lin et al. 2017; keras.io's example and KerasCV have these variances; nms 0.5
    efficientdet   Tan et al. 2020; google/automl: offsets are ty, tx, th, tw without variances
    centernet  Zhou et al. 2019: a 3 x 3 maximum, the 100 best peaks, no suppression
    decoded    boxes already: only their place in the outputs is described

The anchors called "coco" are those of the same files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from keras2cv.tasks.detect.head import HeadForm

Level = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Family:
    """A head's form, and the settings that a user may leave out.

    Attributes:
        form: Of `keras2cv.tasks.detect.head`.
        settings: Fields of `HeadOptions` and `DetectOptions` -> value.
        strides: Of outputs that hold several grids.
        coco: The published anchors, from the finest grid on.
        xy_scales: Stride -> factor of a box's centre within its cell, where it is not one for all.
    """

    form: HeadForm
    settings: Mapping[str, Any]
    strides: tuple[int, ...] = (8, 16, 32)
    coco: tuple[Level, ...] = ()
    xy_scales: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))


_YOLO: Final = {
    "columns": "box+objectness+scores",
    "anchor_units": "pixels",
    "xy_activation": "sigmoid",
    "xy_scale": 1.0,
    "size_activation": "none",
    "size_form": "exp",
    "activation": "sigmoid",
    "objectness_activation": "sigmoid",
    "nms": 0.45,
}
_YOLO_5: Final = {**_YOLO, "xy_scale": 2.0, "size_activation": "sigmoid", "size_form": "square"}
_FREE: Final = {
    "columns": "box+scores",
    "reg_max": 1,
    "xy_offset": 0.5,
    "distance_activation": "none",
    "activation": "sigmoid",
    "objectness_activation": "sigmoid",
}
_OFFSETS: Final = {
    "columns": "box+scores",
    "offset_form": "centres",
    "anchor_format": "cxcywh",
    "variances": (0.1, 0.1, 0.2, 0.2),
    "objectness_activation": "sigmoid",
    "point_units": "anchors",  # RetinaFace: prior_centre + number * variance * prior_wh
}


def _levels(*numbers: tuple[float, ...]) -> tuple[Level, ...]:
    return tuple(tuple(zip(row[::2], row[1::2], strict=True)) for row in numbers)


_V3: Final = _levels(
    (10, 13, 16, 30, 33, 23), (30, 61, 62, 45, 59, 119), (116, 90, 156, 198, 373, 326)
)
_V4: Final = _levels(
    (12, 16, 19, 36, 40, 28), (36, 75, 76, 55, 72, 146), (142, 110, 192, 243, 459, 401)
)
_V2: Final = _levels(
    (0.57273, 0.677385, 1.87446, 2.06253, 3.33843, 5.47434, 7.88282, 3.52778, 9.77052, 9.16828)
)
# YOLOv8-pose: (2 * number + cell) * stride, the classes Pose and Detect of the same file.
_POSE: Final = {"point_units": "cells", "point_scale": 2.0}
_DISTANCES: Final = Family("points", {**_FREE, **_POSE, "reg_max": 16, "nms": 0.7})

FAMILIES: Final[Mapping[str, Family]] = {
    "yolov2": Family(
        "anchors", {**_YOLO, "anchor_units": "cells", "activation": "softmax"}, (32,), _V2
    ),
    "yolov3": Family("anchors", _YOLO, coco=_V3),
    "yolov4": Family("anchors", _YOLO, coco=_V4, xy_scales={8: 1.2, 16: 1.1, 32: 1.05}),
    # yolov5-face: number * anchor + cell * stride; YOLOv7-pose: (2 * number - 0.5 + cell) * stride
    "yolov5": Family("anchors", {**_YOLO_5, "point_units": "anchors"}, coco=_V3),
    "yolov7": Family("anchors", {**_YOLO_5, **_POSE, "point_offset": -0.5}, coco=_V4),
    "yolox": Family(
        "anchors",
        {
            **_YOLO,
            "xy_activation": "none",
            "anchor_units": "cells",
            "anchors": ((1.0, 1.0),),
            "nms": 0.65,
            "point_units": "cells",
        },
    ),
    "yolov8": _DISTANCES,
    "yolov9": _DISTANCES,
    "yolov10": Family(
        "points", {**_FREE, **_POSE, "reg_max": 16}
    ),  # trained to need no suppression
    "yolo11": _DISTANCES,
    "fcos": Family(
        "points",
        {
            **_FREE,
            "distance_activation": "exp",
            "nms": 0.6,
            "point_units": "cells",
            "point_offset": 0.5,
        },
        (8, 16, 32, 64, 128),
    ),
    "ssd": Family(
        "offsets",
        {
            **_OFFSETS,
            "box_units": "normalised",
            "anchor_units": "normalised",
            "activation": "softmax",
            "background": 0,
            "nms": 0.45,
        },
    ),
    "retinanet": Family(
        "offsets",
        {
            **_OFFSETS,
            "box_units": "pixels",
            "anchor_units": "pixels",
            "activation": "sigmoid",
            "nms": 0.5,
        },
        (8, 16, 32, 64, 128),
    ),
    "efficientdet": Family(
        "offsets",
        {
            **_OFFSETS,
            "variances": (1.0, 1.0, 1.0, 1.0),
            "box_order": "yxhw",
            "box_units": "pixels",
            "anchor_units": "pixels",
            "activation": "sigmoid",
            "nms": 0.5,
        },
        (8, 16, 32, 64, 128),
    ),
    "centernet": Family(
        "peaks",
        {
            "columns": "scores+box+offset",
            "window": 3,
            "size_units": "cells",
            "activation": "sigmoid",
            "max_detections": 100,
            "point_units": "cells",
            "point_format": "xy",
            "joint_activation": "sigmoid",
            "joint_score": 0.1,
            "joint_reach": 0.3,
        },
        (4,),
    ),
    "decoded": Family("boxes", {"objectness_activation": "none"}),
}
