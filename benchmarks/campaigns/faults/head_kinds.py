"""Faults in how a detector's outputs are decoded, and in what belongs to its boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .fault import Fault

_HEAD: Final = "task.detect.head"
_LEVEL: Final = "task.detect.head.levels.0"


def _turned_pairs(old: list[Any]) -> list[Any]:
    return [old[k + 1 - 2 * (k % 2)] for k in range(len(old))]


_TABLE: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "grid": {
        "anchors in another order": {f"{_LEVEL}.anchors": lambda old: old[2:] + old[:2]},
        "anchors' widths for heights": {f"{_LEVEL}.anchors": _turned_pairs},
        "anchors 5 % larger": {f"{_LEVEL}.anchors": lambda old: [x * 1.05 for x in old]},
        "a stride of 16": {f"{_LEVEL}.stride_wh": [16.0, 16.0]},
        "a stride of another side": {f"{_LEVEL}.stride_wh": [8.0, 16.0]},
        "centres not scaled": {f"{_LEVEL}.xy_scale": 1.0},
        "centres not moved": {f"{_LEVEL}.xy_offset": 0.0},
        "no sigmoid of centres": {f"{_HEAD}.xy_activation": "none"},
        "no sigmoid of sizes": {f"{_HEAD}.size_activation": "none"},
        "sizes as exp": {f"{_HEAD}.size_form": "exp"},
        "sizes as they are": {f"{_HEAD}.size_form": "linear"},
        "y before x": {f"{_HEAD}.pair_order": "y first"},
        "values before anchors": {f"{_HEAD}.outputs.0.axes": "cells,values,anchors"},
        "anchors before cells": {f"{_HEAD}.outputs.0.axes": "anchors,cells,values"},
        "objectness behind the scores": {
            f"{_HEAD}.outputs.0.parts": ["box", "scores", "objectness"]
        },
        "rows for columns": {f"{_LEVEL}.rows": 8, f"{_LEVEL}.columns": 6},
        "objectness as it is": {"task.detect.objectness_activation": "none"},
        "a softmax over the classes": {"task.detect.activation": "softmax"},
        "no suppression": {"task.detect.nms": None},
        "suppression from 0.9 on": {"task.detect.nms.iou": 0.9},
        "suppression from 0.05 on": {"task.detect.nms.iou": 0.05},
        "several classes of a box": {"task.detect.multi_label": True},
        "threshold 0.9": {"task.detect.score": 0.9},
        "threshold 0.02": {"task.detect.score": 0.02},
        "one box at the most": {"task.detect.max_detections": 1},
        "a background class": {"task.detect.background": 0},
    },
    "distances": {
        "distances without bins": {f"{_HEAD}.bins": 1},
        "exp of a distance": {f"{_HEAD}.distance_activation": "exp"},
        "top before left": {f"{_HEAD}.pair_order": "y first"},
        "points at corners": {f"{_LEVEL}.xy_offset": 0.0},
        "a stride of 4": {f"{_LEVEL}.stride_wh": [4.0, 4.0]},
        "scores before distances": {f"{_HEAD}.outputs.0.parts": ["scores", "box"]},
        "no sigmoid": {"task.detect.activation": "none"},
    },
    "peaks": {
        "every cell a peak": {f"{_HEAD}.window": 1},
        "peaks in 5 cells": {f"{_HEAD}.window": 5},
        "sizes as pixels": {f"{_HEAD}.size_units": "pixels"},
        "sizes as shares": {f"{_HEAD}.size_units": "normalised"},
        "centres at the middle": {f"{_LEVEL}.xy_offset": 0.5},
        "sizes and offsets exchanged": {
            f"{_HEAD}.outputs": lambda old: _exchanged_outputs(old, "size", "offset")
        },
        "y before x": {f"{_HEAD}.pair_order": "y first"},
        "sigmoid after sigmoid": {"task.detect.activation": "sigmoid"},
    },
    "masks of boxes": {
        "no sigmoid": {"task.detect.masks.activation": "none"},
        "threshold 0.98": {"task.detect.masks.threshold": 0.98},
        "threshold 0": {"task.detect.masks.threshold": 0.0},
        "cut among prototypes": {"task.detect.masks.cut": "prototypes"},
        "whole edges": {"task.detect.masks.edges": "ceil"},
        "xyxy for the middle and sizes": {"task.detect.box_format": "xyxy"},
    },
    "points of boxes": {
        "y before x": {"task.detect.points.form": "yxs"},
        "shares read as pixels": {"task.detect.points.units": "pixels"},
        "sigmoid after sigmoid": {"task.detect.points.activation": "sigmoid"},
        "points' names exchanged": {"task.detect.points.labels": ["high", "low"]},
        "points drawn from 0.95 on": {"task.detect.points.score": 0.95},
    },
    "rotated boxes": {
        "radians read as degrees": {"task.detect.angles.units": "degrees"},
        "counterclockwise": {"task.detect.angles.direction": "counterclockwise"},
    },
}  # fmt: skip


def _exchanged_outputs(old: list[Any], one: str, two: str) -> list[Any]:
    names = {one: two, two: one}
    return [{**o, "output": names.get(o["output"], o["output"])} for o in old]


_GROUPS: Final = {"points' names exchanged": "names of points"}

HEAD_FAULTS: Final = [
    Fault(subject, _GROUPS.get(what, "postprocessing"), what, changes)
    for subject, table in _TABLE.items()
    for what, changes in table.items()
]
