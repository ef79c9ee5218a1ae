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
        columns: "box+objectness+scores", "box+scores" or "box+score+class".
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
