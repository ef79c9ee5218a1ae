"""Keypoints and masks of heads: where they are found, in which units, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from keras2cv.errors import UsageError
from support.head_descriptions import described

POSE = {
    "hm": (104, 104, 1, "sigmoid"), "wh": (104, 104, 2), "reg": (104, 104, 2),
    "hps": (104, 104, 34), "hm_hp": (104, 104, 17), "hp_offset": (104, 104, 2),
}  # fmt: skip
PLAIN = {name: POSE[name] for name in ("hm", "wh", "reg", "hps")}
THREE = {f"p{s}": (416 // s, 416 // s, 3 * (5 + 80 + 51)) for s in (8, 16, 32)}


def test_outputs_of_centernet_are_found_by_their_names() -> None:
    """Points, joints' heatmaps and their places, without a word of the user's."""
    record = described(POSE, "centernet")
    points = record.points
    assert points is not None
    assert points.joints is not None
    assert (points.form, points.units, points.count) == ("xy", "cells", 17)
    assert (points.joints.heat, points.joints.shift) == ("hm_hp", "hp_offset")
    assert (points.joints.activation, points.joints.score, points.joints.reach) == (
        "sigmoid", 0.1, 0.3
    )  # fmt: skip
    assert record.head is not None
    assert record.head.point_numbers == 34
    other = described(PLAIN, "centernet").points
    assert other is not None
    assert other.joints is None


def test_points_among_the_columns_are_as_many_as_are_left() -> None:
    """Known by their count, or by the number of classes; each family has its units."""
    columns = "box+objectness+scores+points"
    for family, units, scale, offset in (
        ("yolov7", "cells", 2.0, -0.5), ("yolov5", "anchors", None, None),
    ):  # fmt: skip
        for known in ({"point_count": 17}, {"classes": 80}):
            head = {"family": family, "anchors": "coco", "columns": columns,
                    "point_format": "xys", "point_activation": "sigmoid", **known}  # fmt: skip
            points = described(THREE, head).points
            assert points is not None
            assert (points.count, points.units) == (17, units)
            assert (points.scale, points.offset) == (scale, offset)


def test_coefficients_are_as_many_as_prototypes() -> None:
    """YOLOv8-seg: one tensor, and prototypes beside it."""
    shapes = {"y": (4 * 16 + 80 + 32, 3549), "proto": (104, 104, 32)}
    head = {"family": "yolov8", "columns": "box+scores+coefficients", "prototypes": "proto"}
    record = described(shapes, head)
    assert record.masks is not None
    assert record.masks.coefficients is None
    assert record.head is not None
    assert record.head.mask_numbers == 32


def test_a_head_s_points_may_be_in_an_output_for_each_grid() -> None:
    """Named in the order of the grids, or as one table for all."""
    boxes = {f"b{s}": (416 // s, 416 // s, 64) for s in (8, 16, 32)}
    scores = {f"c{s}": (416 // s, 416 // s, 1) for s in (8, 16, 32)}
    marks = {f"k{s}": (416 // s, 416 // s, 51) for s in (8, 16, 32)}
    usual = {"family": "yolov8", "point_format": "xys", "boxes": list(boxes),
             "scores": list(scores)}  # fmt: skip
    for outputs, names in (
        (marks, list(marks)),
        ({"k": (3549, 51)}, "k"),
        ({"k": (51, 3549)}, "k"),
    ):
        record = described({**boxes, **scores, **outputs}, {**usual, "points": names})
        assert record.points is not None
        assert (record.points.count, record.points.scale) == (17, 2.0)


REFUSED: dict[str, tuple[Any, Any, str]] = {
    "points": ({**POSE, "hps": (104, 104, 33)}, "centernet", "has 2 numbers, and a box has 33"),
    "point count": (POSE, {"family": "centernet", "point_count": 16}, "16 points .*a box has 17"),
    "joints": ({**POSE, "hm_hp": (104, 104, 16)}, "centernet",
               r"must be \(h, w, 17\) of 10816 cells, got \[104, 104, 16\]\..*\"joint_heatmaps\""),
    "places": ({**POSE, "hp_offset": (52, 52, 2)}, "centernet", r"10816 cells, got \[52, 52, 2\]"),
    "scores of points": (POSE, {"family": "centernet", "point_format": "xys"},
                         "has 3 numbers, and a box has 34"),
    "where points begin": (
        THREE, {"family": "yolov7", "anchors": "coco", "columns": "box+objectness+scores+points",
                "point_format": "xys"}, "Give --point-count, or the number of classes"),
    "prototypes": ({"y": (176, 3549)}, {"family": "yolov8", "columns": "box+scores+coefficients"},
                   "no output is named that has their prototypes"),
    "coefficients": (
        {"y": (144, 3549), "m": (3549, 30), "proto": (104, 104, 32)},
        {"family": "yolov8", "mask_coefficients": "m", "prototypes": "proto"},
        r"must have 30 prototypes, one for each coefficient, got 32\..* with --prototypes,"),
    "units": (PLAIN, {"family": "centernet", "point_units": "anchors"},
              "the head's form peaks has no anchors"),
    "scale of pixels": (POSE, {"family": "centernet", "point_units": "pixels", "point_scale": 2,
                               "joint_heatmaps": None}, "point_scale is of points in cells"),
    "no points": ({"hm": (104, 104, 3), "wh": (104, 104, 2)},
                  {"family": "centernet", "point_scale": 2.0}, "is of keypoints, and no output"),
    "format": ({"loc": (9, 4), "conf": (9, 2), "marks": (9, 10)},
               {"family": "ssd", "anchors": [[0.5, 0.5, 0.1, 0.1]] * 9, "points": "marks"},
               "point-format"),
    "openpose": (POSE, "openpose", "joins points of people by the fields between them"),
    "higherhrnet": (POSE, {"family": "higherhrnet"}, "by tags"),
}  # fmt: skip


@pytest.mark.parametrize(("shapes", "head", "sentence"), REFUSED.values(), ids=REFUSED)
def test_contradictions_are_one_sentence(shapes: Any, head: Any, sentence: str) -> None:
    """With both numbers, where there are two."""
    with pytest.raises(UsageError, match=sentence) as caught:
        described(shapes, head)
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize("shapes", [
    {"y": (3549, 7)}, {"y": (7, 3549)}, {"y": (3549 * 3, 7)},
    {f"p{s}": (416 // s, 416 // s, 7) for s in (8, 16, 32)},
    {f"p{s}": ((416 // s) ** 2, 7) for s in (8, 16, 32)},
], ids=["rows", "columns", "three a cell", "grids", "tables"])  # fmt: skip
def test_boxes_may_be_in_cells_of_their_grids(shapes: Any) -> None:
    """Centres and sizes that the model has left in units of strides, with objectness or without."""
    head = {"family": "decoded", "columns": "box+scores", "classes": 3, "box_format": "cxcywh",
            "box_units": "cells", "activation": "none"}  # fmt: skip
    record = described(shapes, head)
    assert record.head is not None
    assert (record.box_units, record.head.in_cells) == ("pixels", True)
    assert {level.stride_wh for level in record.head.levels} == {(8, 8), (16, 16), (32, 32)}
    assert record.objectness_activation is None


def test_cells_that_make_no_such_boxes_are_refused() -> None:
    """With both numbers; and of heads that decode cells themselves."""
    head = {"family": "decoded", "columns": "box+scores", "box_format": "cxcywh",
            "box_units": "cells", "activation": "none", "strides": [8, 16]}  # fmt: skip
    with pytest.raises(UsageError, match=r"52x52 \+ 26x26 cells, and the outputs have 3549 boxes"):
        described({"y": (3549, 7)}, head)
    with pytest.raises(UsageError, match="makes pixels of its cells itself"):
        described({"y": (3549, 144)}, {"family": "yolov8", "box_units": "cells"})
