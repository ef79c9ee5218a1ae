"""A user's description of a detector's outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from .head_options import read_head


@dataclass(frozen=True)
class DetectOptions:
    """A detector's outputs; None is settled by names and shapes, or asked for.

    Attributes:
        boxes: Output with M boxes, (N, ..., 4).
        scores: Output with M scores, or M x C, one per class.
        classes: Output with M class numbers.
        objectness: Output with M values that multiply the scores.
        raw: A single output for everything, (N, ..., K); `columns` names its parts.
        columns: "box+objectness+scores", "box+scores" or "box+score+class"; a row may also have
            coefficients, points and an angle, in any order: "points+box+score".
        columns_axis: "last" (default), or "first" for a `raw` (N, K, M) with a column for each box.
        box_format: "yxyx", "xyxy", "xywh" (left, top) or "cxcywh" (centre).
        box_units: "normalised" (shares of the input's sides) or "pixels" (of the input).
        activation: Turns the scores into probabilities: "none", "sigmoid" or "softmax".
        objectness_activation: The same for the objectness: "none" or "sigmoid".
        anchors: (M, 4) cx, cy, w, h in `box_units`, or an .npy file with it: then the boxes are
            offsets from them.
        variances: Four factors of the offsets, as SSD's (0.1, 0.1, 0.2, 0.2); None is ones.
        background: The number of the class that is none.
        score: Boxes above it are kept; 0.5 by default.
        nms: Let the runtime drop the worse of two boxes that overlap by more than this.
        nms_across_classes: Also where their classes differ.
        max_detections: Keep no more than this.
        masks: Output with a mask for each box, (N, M, h, w) or (N, M, h, w, C), as Mask R-CNN's.
        prototypes: Output with P masks over the whole input, (N, h, w, P), as YOLACT's: the mask of
            a box is their weighted sum, cut at the box.
        mask_coefficients: Output with M x P weights of the prototypes; they may also be a part of
            `columns`.
        mask_activation: What a mask goes through before it is enlarged: "none" or "sigmoid" (the
            default for prototypes).
        mask_threshold: Pixels above it belong to the object; 0.5 by default.
        mask_edges: "exact" (default) cuts a mask between the pixels whose centres are inside and
            outside of its box; else the box's edges in the image are first made whole numbers by
            "round", "floor" or "ceil".
        mask_cut: Where a weighted sum is cut at its box: in the "image" (default), or in cells of
            the "prototypes" before it is enlarged, as YOLACT does.
        points: Output with K keypoints for each box, M x K x 2 or 3 numbers; they may also be a
            part of `columns`.
        point_format: The order of a point's numbers: "xy", "yx", "xys" or "yxs", where s is a
            score.
        point_units: "normalised" (shares of the input's sides) or "pixels" of the input; by default
            those of the boxes. Of a head also "cells" or "anchors".
        point_activation: Turns their scores into probabilities: "none" (default) or "sigmoid".
        point_score: Points with a score above it are drawn; 0.3 by default.
        point_count: K, where the columns do not show it.
        point_labels: The names of the points, or a file with one per line.
        skeleton: Pairs of points to join by a line.
        angles: Output with M angles; without it, the angle is a part of `columns`, or the fifth
            number of `boxes` (N, ..., 5).
        angle_units: "degrees" or "radians".
        angle_direction: "clockwise" as one sees it in the picture (default, as OpenCV has it), or
            "counterclockwise".
        multi_label: A box is found once for every class that scores enough, not for its best alone.
        head: The outputs are not decoded yet: the name of a family ("yolov3", "yolov8", "ssd",
            "centernet", ...), a FILE.json, or a mapping with a "family"; see `HeadOptions`. It may
            hold the fields above as well.
    """

    boxes: str | None = None
    scores: str | None = None
    classes: str | None = None
    objectness: str | None = None
    raw: str | None = None
    columns: str | None = None
    columns_axis: str | None = None
    box_format: str | None = None
    box_units: str | None = None
    activation: str | None = None
    objectness_activation: str | None = None
    anchors: Any = None
    variances: Sequence[float] | None = None
    background: int | None = None
    score: float | None = None
    nms: float | None = None
    nms_across_classes: bool = False
    max_detections: int | None = None
    masks: str | None = None
    prototypes: str | None = None
    mask_coefficients: str | None = None
    mask_activation: str | None = None
    mask_threshold: float | None = None
    mask_edges: str | None = None
    mask_cut: str | None = None
    points: str | None = None
    point_format: str | None = None
    point_units: str | None = None
    point_activation: str | None = None
    point_score: float | None = None
    point_count: int | None = None
    point_labels: Any = None
    skeleton: Sequence[tuple[int, int]] | None = None
    angles: str | None = None
    angle_units: str | None = None
    angle_direction: str | None = None
    multi_label: bool = False
    head: Any = None

    def __post_init__(self) -> None:
        if self.head is None:
            return
        others = frozenset(field.name for field in fields(self)) - {"head"}
        head, beside = read_head(self.head, others)
        object.__setattr__(self, "head", head)
        for name, value in beside.items():
            own = getattr(self, name)
            if own is None or own is False:
                object.__setattr__(self, name, value)
