"""Heads whose boxes have keypoints or coefficients of masks, for programs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from keras2cv.tasks.detect.belongings import BoxPointsRecord, JointRecord, MaskRecord
from keras2cv.tasks.detect.head import Head, HeadOutput
from support.head_bundles import (
    DEFAULT,
    EVERY,
    LABELS,
    LAST,
    OBJECTNESS,
    ROW,
    SIZES_HW,
    SMALL,
    SSD,
    add_numbers,
    cells,
    headed,
    joined,
    level,
    peaks,
    points,
    yolo,
)
from support.pixel_bundles import CROP, LETTERBOX, LOGIT, SHARE, Graph, Write

_NAMES: Final = ("nose", "naïve eye", "tail")
_BINS: Final = 4
_NEAR: Final = ((-3.0, 4.0), (-3.0, 3.0))  # of a point, in cells


def marks(form: Any, units: Any, count: int, **fields: Any) -> BoxPointsRecord:
    """Return how points are read, which are a part of a head."""
    activation = "sigmoid" if len(form) == 3 else "none"
    usual: dict[str, Any] = {"labels": _NAMES[:count], "skeleton": (0, count - 1)}
    return BoxPointsRecord(form, units, activation, 0.4, count, **{**usual, **fields})


def _with_points(head: Head, name: str, numbers: int, place: int | None = None) -> Head:
    """Return a head with an output of points beside its others."""
    own = HeadOutput(name, ("points",), LAST, place)
    return dataclasses.replace(head, outputs=(*head.outputs, own), point_numbers=numbers)


def _pose(graph: Graph) -> None:
    """CenterNet's pose net: sizes, shifts, points from their cells on, and joints' heatmaps."""
    add_numbers(graph, "heat", (LOGIT,) * 3)
    add_numbers(graph, "size", ((3.0, 9.0), (3.0, 8.0)))
    add_numbers(graph, "shift", (SHARE, SHARE))
    add_numbers(graph, "hps", _NEAR * 3)
    add_numbers(graph, "joints", (LOGIT,) * 3)
    add_numbers(graph, "places", (SHARE, SHARE))


def _pose_of_shares(graph: Graph) -> None:
    add_numbers(graph, "heat", (SHARE,) * 2, 3)
    add_numbers(graph, "size", ((1.0, 3.0), (1.0, 2.5)), 3)
    add_numbers(graph, "hps", ((-1.0, 1.5),) * 4, 3)
    add_numbers(graph, "joints", (SHARE,) * 2, 3)


def _yolo_pose(graph: Graph) -> None:
    for stride in SIZES_HW:
        numbers = (*ROW[:5], *ROW[5:8], *((*_NEAR, LOGIT) * 2))
        add_numbers(graph, f"y{stride}", numbers * 2, stride)


def _faces(graph: Graph) -> None:
    """Each grid's table, and its points in an output of their own, anchors first."""
    for stride in SIZES_HW:
        add_numbers(graph, f"y{stride}", ROW * 2, stride, form="rows", boxes=2)
        add_numbers(graph, f"marks{stride}", (SMALL,) * 12, stride, form="anchors", boxes=2)


def _retinaface(graph: Graph) -> None:
    joined(graph, "offsets", (SMALL,) * 8, "rows", 2)
    joined(graph, "scores", (LOGIT,) * 8, "rows", 2)
    joined(graph, "marks", ((-4.0, 4.0),) * 12, "rows", 2)


def _priors_and_points(graph: Graph) -> None:
    low, high = ((0.0, 0.4), (0.0, 0.4)), ((0.5, 1.0), (0.5, 1.0))
    variances = ((0.08, 0.12),) * 2 + ((0.15, 0.25),) * 2
    bounds = (SHARE,) * 4 + (SMALL,) * 4 + (SMALL, SMALL, LOGIT) * 2 + low + high + variances
    joined(graph, "y", bounds, "rows")


def _segment(graph: Graph) -> None:
    """YOLOv8-seg: distances, scores and coefficients in columns, and prototypes."""
    joined(graph, "y", (LOGIT,) * (4 * _BINS + 3 + 2), "columns")
    add_numbers(graph, "prototypes", (LOGIT, LOGIT), 3)


_POSE_HEAD: Final = _with_points(peaks(3, "cells"), "hps", 6, 0)
_FACES_HEAD: Final = yolo(
    [
        HeadOutput(name, parts, axes, k)  # type: ignore[arg-type]
        for k, s in enumerate(SIZES_HW)
        for name, parts, axes in (
            (f"y{s}", EVERY, LAST), (f"marks{s}", ("points",), "anchors,cells,values"),
        )
    ],
    [cells(1), cells(3)], "sigmoid", "none", "exp", point_numbers=6,
)  # fmt: skip
_YOLO_POSE_HEAD: Final = yolo(
    [HeadOutput(f"y{s}", (*EVERY, "points"), LAST, k) for k, s in enumerate(SIZES_HW)],
    [cells(1, 2, -0.5), cells(3, 2, -0.5)], "sigmoid", "sigmoid", "square", point_numbers=6,
)  # fmt: skip


def _v8(parts: Any, **numbers: int) -> Head:
    return Head(
        "points", (HeadOutput("y", parts, "anchors,values,cells"),), (points(1), points(3)),
        "x first", bins=_BINS, distance_activation="none", **numbers,
    )  # fmt: skip


HEAD_POINT_BUNDLES: Final[Mapping[str, Write]] = {
    "head: CenterNet, points": headed(
        lambda graph: [_pose(graph), graph.outputs.pop(), graph.outputs.pop()],
        _POSE_HEAD, nms=None, points=marks("xy", "cells", 3),
    ),
    "head: CenterNet, joints of several people": headed(
        _pose, _POSE_HEAD, LETTERBOX, nms=None,
        points=marks("xy", "cells", 3, joints=JointRecord("joints", "sigmoid", 0.1, 0.3, "places")),
    ),
    "head: CenterNet, joints without places": headed(
        _pose_of_shares,
        _with_points(
            Head("peaks", (HeadOutput("heat", ("scores",), LAST, 0),
                           HeadOutput("size", ("box",), LAST, 0)),
                 (points(3, 0.5),), "y first", window=3, size_units="cells"), "hps", 4, 0),
        activation="none", nms=None, score=0.4, labels=None,
        points=marks("yx", "cells", 2, offset=0.5, joints=JointRecord("joints", "none", 0.2, 0.8)),
    ),
    "head: YOLOv7-pose, crop": headed(
        _yolo_pose, _YOLO_POSE_HEAD, CROP,
        points=marks("xys", "cells", 2, scale=2.0, offset=-0.5), **OBJECTNESS,
    ),
    "head: YOLOv8-pose": headed(
        lambda graph: joined(graph, "y", (LOGIT,) * (4 * _BINS + 3) + (SMALL, SMALL, LOGIT) * 3,
                             "columns"),
        _v8(("box", "scores", "points"), point_numbers=9),
        score=0.7, points=marks("xys", "cells", 3, scale=2.0),
    ),
    "head: YOLOv5-face": headed(
        _faces, _FACES_HEAD,
        points=marks("xy", "anchors", 3), **OBJECTNESS,
    ),
    "head: RetinaFace": headed(
        _retinaface, _with_points(SSD, "marks", 6), box_units="normalised", activation="softmax",
        anchors=DEFAULT, background=0, score=0.6, labels=("none", *LABELS),
        points=marks("xy", "anchors", 3),
    ),
    "head: points of prior boxes in the output": headed(
        _priors_and_points,
        Head("offsets",
             (HeadOutput("y", ("scores", "box", "points", "anchors", "variances"), LAST),),
             (level(1), level(3)), "y first", offset_form="corners", anchor_format="xyxy",
             point_numbers=6),
        LETTERBOX, box_units="normalised", activation="none", background=0, score=0.7, labels=None,
        points=marks("yxs", "anchors", 2, scale=3.0),
    ),
    "head: YOLOv8-seg": headed(
        _segment, _v8(("box", "scores", "coefficients"), mask_numbers=2), score=0.7,
        masks=MaskRecord("sigmoid", 0.5, "exact", None, "prototypes"), max_detections=6,
    ),
}  # fmt: skip
