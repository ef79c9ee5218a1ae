"""A user's description of a head: the name of a family, a JSON file, or a mapping.

    "yolov8"
    {"family": "yolov3", "anchors": [[116, 90, 156, 198], [10, 13, 16, 30]], "nms": 0.45}

A mapping may also hold every field of `DetectOptions`; the same option beside it comes first.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from keras2cv.errors import InputError, UsageError
from keras2cv.plain_files import read_plain
from keras2cv.schema.fields import SchemaError, parse_json

_MAX_BYTES: Final = 2**22
_ORDERS: Final = {"xywh": False, "yxhw": True, "ltrb": False, "tlbr": True}
AXES: Final = (
    "cells,anchors,values",
    "cells,values,anchors",
    "anchors,cells,values",
    "anchors,values,cells",
    "values,anchors,cells",
    "values,cells,anchors",
)
TURNED: Final = AXES[3:]  # of a table (K, M): a row for each number
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "axes": AXES,
    "anchor_units": ("pixels", "cells", "normalised"),
    "anchor_format": ("cxcywh", "xyxy", "yxyx"),
    "box_order": tuple(_ORDERS),
    "xy_activation": ("none", "sigmoid"),
    "size_activation": ("none", "sigmoid"),
    "size_form": ("exp", "square", "linear"),
    "distance_activation": ("none", "exp", "relu"),
    "offset_form": ("centres", "corners"),
    "size_units": ("cells", "pixels", "normalised"),
    "extra_box": ("first", "last", "none"),
    "anchor_order": ("ratios,octaves", "octaves,ratios"),
    "ratio_form": ("w/h", "h/w"),
    "anchor_centres": ("even", "strides"),
    "joint_activation": ("none", "sigmoid"),
}
# What the fields of `DetectOptions` may be that stand in a head's description.
_SHARED_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "activation": ("none", "sigmoid", "softmax"),
    "objectness_activation": ("none", "sigmoid"),
    "box_format": ("yxyx", "xyxy", "xywh", "cxcywh"),
    "box_units": ("normalised", "pixels", "cells"),
}
_SHARED_KINDS: Final[Mapping[str, tuple[tuple[type, ...], str]]] = {
    "score": ((int, float), "a number from 0 to 1"),
    "nms": ((int, float), "a number from 0 to 1"),
    "background": ((int,), "the number of a class"),
    "max_detections": ((int,), "a whole number"),
    "multi_label": ((bool,), "true or false"),
    "nms_across_classes": ((bool,), "true or false"),
    "columns": ((str,), 'such as "box+objectness+scores"'),
    "variances": ((list, tuple), "four numbers"),
}


# Known heads that find people without boxes.
_FIELDS: Final = "points of people by the fields between them (part affinity fields)"
_TAGS: Final = "points of people by tags (associative embedding)"
_NOT_DECODED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("openpose", "paf", "lightweight-openpose"), _FIELDS),
    **dict.fromkeys(("higherhrnet", "associative-embedding", "bottom-up"), _TAGS),
    "personlab": "points of people by offsets from one to the next",
    "posenet": "points of people by offsets from one to the next",
}


@dataclass(frozen=True)
class HeadOptions:
    """A head; None is the family's own, or settled by the outputs' shapes.

    Attributes:
        family: One of `head_families.FAMILIES`.
        axes: The order of an output's numbers: "cells,anchors,values" is (H, W, A * K),
            (H, W, A, K) or (H * W * A, K).
        strides: Of the grids, in pixels of the input.
        classes: How many there are, the background included; checked against the outputs.
        offset: For centernet, the output with the offsets of the centres.
        anchor_units: "pixels" of the input, "cells" of the grid, or "normalised".
        anchor_format: Of SSD's prior boxes: "cxcywh", "xyxy" or "yxyx".
        box_order: "xywh" or "yxhw"; for distances "ltrb" or "tlbr".
        xy_activation: What a centre still needs: "sigmoid", or "none".
        xy_scale: Factor of the activated centre: 2 in YOLOv5; a number, or one per grid.
        xy_offset: What is added to it, in cells; by default (1 - xy_scale) / 2.
        size_activation: What a size still needs before `size_form`.
        size_form: "exp", "square" ((2 * x) ** 2) or "linear"; the result times the anchor.
        reg_max: Bins per distance of distribution focal loss; 1 without it.
        distance_activation: What a distance still needs: "none", "exp" or "relu".
        offset_form: SSD's offsets are of "centres" and sizes, or of "corners".
        window: Cells around a peak of a heatmap, 3.
        size_units: Of CenterNet's sizes: "cells", "pixels" or "normalised".
        grids: Rows and columns of each, where outputs with prior boxes have lost them.
        min_sizes: Of prior boxes, a number or several for each grid, in pixels of the input.
        max_sizes: The same of their additional boxes.
        scales: Instead, shares of the input's shorter side; one more than grids.
        aspect_ratios: Of the prior boxes; one list, or a list for each grid.
        octaves: Factors of `min_sizes`, each with every aspect ratio, as in RetinaNet.
        extra_box: The additional square: "first" (behind the other square), "last" or "none".
        anchor_order: Which changes slowest: "ratios,octaves" or "octaves,ratios".
        ratio_form: "w/h" or "h/w".
        reduce_lowest: Three boxes in the finest grid, as TensorFlow's
            `reduce_boxes_in_lowest_layer`.
        anchor_centres: "even" divides the input among the cells, "strides" does not.
        anchor_clip: Whether prior boxes are cut at the input's edges.
        point_scale: Factor of the keypoints' numbers; 2 in YOLOv8-pose.
        point_offset: What is added to a box's cell before its keypoints, in cells.
        joint_heatmaps: For centernet, the output with a heatmap for each joint, (h, w, K).
        joint_offsets: The places of their peaks within cells, (h, w, 2).
        joint_activation: What these heatmaps still need: "sigmoid", or "none".
        joint_score: Peaks above it take a keypoint's place, 0.1.
        joint_reach: If they are no farther than this share of the box's longer side, 0.3.
    """

    family: str
    axes: str | None = None
    strides: Any = None
    classes: int | None = None
    offset: Any = None
    anchor_units: str | None = None
    anchor_format: str | None = None
    box_order: str | None = None
    xy_activation: str | None = None
    xy_scale: Any = None
    xy_offset: Any = None
    size_activation: str | None = None
    size_form: str | None = None
    reg_max: int | None = None
    distance_activation: str | None = None
    offset_form: str | None = None
    window: int | None = None
    size_units: str | None = None
    grids: Any = None
    min_sizes: Any = None
    max_sizes: Any = None
    scales: Any = None
    aspect_ratios: Any = None
    octaves: Any = None
    extra_box: str | None = None
    anchor_order: str | None = None
    ratio_form: str | None = None
    reduce_lowest: bool | None = None
    anchor_centres: str | None = None
    anchor_clip: bool | None = None
    point_scale: float | None = None
    point_offset: float | None = None
    joint_heatmaps: str | None = None
    joint_offsets: str | None = None
    joint_activation: str | None = None
    joint_score: float | None = None
    joint_reach: float | None = None

    def __post_init__(self) -> None:
        from .head_families import FAMILIES

        if self.family in _NOT_DECODED:
            raise UsageError(
                f"The head {self.family} is not decoded: it joins {_NOT_DECODED[self.family]}, for "
                "which every pipeline has rules of its own. Export with --task raw, and join them "
                "in your program."
            )
        if self.family not in FAMILIES:
            raise UsageError(
                f"There is no head {self.family!r}. Choose {', '.join(FAMILIES)}, or a FILE.json "
                'with {"family": ...}.'
            )
        for name, choices in _CHOICES.items():
            if (value := getattr(self, name)) is not None and value not in choices:
                raise UsageError(
                    f"The head's {name} must be one of {'; '.join(choices)}, got {value!r}."
                )
        for name in ("point_scale", "point_offset", "joint_score", "joint_reach"):
            value = getattr(self, name)
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int | float)
            ):
                raise UsageError(f"The head's {name} must be a number, got {value!r}. Correct it.")
        for name in ("joint_heatmaps", "joint_offsets"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise UsageError(f"The head's {name} must be the name of an output, got {value!r}.")
        for name in ("reduce_lowest", "anchor_clip"):
            if getattr(self, name) not in (None, True, False):
                raise UsageError(f"The head's {name} must be true or false. Correct it.")
        for name, least in (("classes", 1), ("reg_max", 1), ("window", 1)):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < least):
                raise UsageError(f"The head's {name} must be a whole number, got {value!r}.")

    @property
    def y_first(self) -> bool:
        """Whether the vertical number of each pair comes first."""
        return _ORDERS[self.box_order or "xywh"]


def read_head(given: Any, others: frozenset[str]) -> tuple[HeadOptions, dict[str, Any]]:
    """Return the head, and the fields of `DetectOptions` that stand in its description.

    Args:
        given: A name, a path, or a mapping.
        others: The names of those fields.

    Raises:
        UsageError: The description has an unknown key, or a value that it cannot have.
        InputError: The file cannot be read.
    """
    if isinstance(given, HeadOptions):
        return given, {}
    if isinstance(given, str | os.PathLike):
        path = Path(given)
        given = _from_file(path) if path.suffix == ".json" else {"family": str(given)}
    if not isinstance(given, Mapping):
        raise UsageError(
            f"A head must be a name, a FILE.json or a mapping, and not {given!r}, of type "
            f"{type(given).__name__}. Correct it."
        )
    own = {field.name for field in fields(HeadOptions)}
    if unknown := sorted(set(given) - own - others):
        near = difflib.get_close_matches(str(unknown[0]), sorted(own | others), 3)
        hint = f"Did you mean {' or '.join(near)}? " if near else ""
        raise UsageError(
            f"A head has no {unknown[0]!r}. {hint}docs/guides/detector.md lists its keys."
        )
    if "family" not in given:
        raise UsageError('A head needs its "family", such as "yolov3". Add it.')
    mine = {key: value for key, value in given.items() if key in own}
    beside = {key: value for key, value in given.items() if key not in own and value is not None}
    _check_shared(beside)
    return HeadOptions(**mine), beside


def _check_shared(beside: Mapping[str, Any]) -> None:
    for name, value in beside.items():
        choices = _SHARED_CHOICES.get(name)
        if choices is not None and value not in choices:
            raise UsageError(f"The head's {name} must be {' or '.join(choices)}, got {value!r}.")
        kinds, words = _SHARED_KINDS.get(name, ((object,), ""))
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds
                                            and object not in kinds):  # fmt: skip
            raise UsageError(f"The head's {name} must be {words}, got {value!r}. Correct it.")


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return dict(parse_json(read_plain(path, _MAX_BYTES).decode("utf-8-sig").lstrip()))
    except (OSError, UnicodeDecodeError, SchemaError) as error:
        raise InputError(
            f"The head's file {path} cannot be read: "
            f"{getattr(error, 'strerror', None) or error}. "
            'Write {"family": "yolov3", "anchors": [...]}.'
        ) from error
