"""A head's description beside the outputs' shapes: what is recognised, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras2cv.errors import InputError, UsageError
from keras2cv.tasks.detect.head import Head
from keras2cv_export.tasks.detect.options import DetectOptions
from support.head_descriptions import described, noted

COCO = [10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326]
THREE = {"a": (13, 13, 255), "b": (26, 26, 255), "c": (52, 52, 255)}


def head_of(*args: Any, **options: Any) -> Head:
    """Return the record's head."""
    head = described(*args, **options).head
    assert head is not None
    return head


BY_GRID = [COCO[12:], COCO[6:12], COCO[:6]]


@pytest.mark.parametrize(
    "anchors",
    ["coco", COCO, np.reshape(COCO, (9, 2)), BY_GRID, np.reshape(BY_GRID, (3, 3, 2))],
    ids=["published", "numbers", "pairs", "lists", "array"],
)
def test_anchors_go_to_their_grids(anchors: Any) -> None:
    """The published ones and one list by stride, a list for each grid in the outputs' order."""
    head = head_of(THREE, {"family": "yolov3", "anchors": anchors})
    assert [level.stride_wh for level in head.levels] == [(32, 32), (16, 16), (8, 8)]
    assert head.levels[0].anchors == tuple(map(float, COCO[12:]))
    assert head.levels[2].anchors == tuple(map(float, COCO[:6]))


def test_lists_of_anchors_are_in_the_order_that_the_user_lists() -> None:
    """That of named outputs, or of strides; else the smallest are of the finest grid."""
    fine, coarse = (5.0, 6.0), (30.0, 40.0)
    shapes = {"p16": (26, 26, 8), "p8": (52, 52, 8)}
    for anchors in ([[fine], [coarse]], [[coarse], [fine]]):
        head = head_of(shapes, {"family": "yolov3", "anchors": anchors})
        assert [level.anchors for level in head.levels] == [coarse, fine]
    turned = {"family": "yolov3", "anchors": [[coarse], [fine]]}
    assert head_of(shapes, {**turned, "strides": [8, 16]}).levels[0].anchors == fine
    named = head_of(shapes, {**turned, "raw": ["p8", "p16"]})
    assert [each.output for each in named.outputs] == ["p8", "p16"]
    assert named.levels[0].anchors == coarse


def test_prior_boxes_find_their_grids() -> None:
    """A table from the finest grid on, for outputs that are sorted by name."""
    shapes = {"c16": (4, 6, 5), "c8": (8, 12, 5), "l16": (4, 6, 4), "l8": (8, 12, 4)}
    rows = [
        ((x + 0.5) / columns, (y + 0.5) / lines, 1 / columns, 1 / lines)
        for lines, columns in ((8, 12), (4, 6)) for y in range(lines) for x in range(columns)
    ]  # fmt: skip
    named = {"boxes": ["l16", "l8"], "scores": ["c16", "c8"], "family": "ssd"}
    for order in (rows, rows[96:] + rows[:96]):
        head = {"family": "ssd", "anchors": order, "classes": 5}
        record = described(shapes, {**head, "classes": 5}, size_wh=(96, 64))
        assert record.anchors is not None
        assert np.allclose(record.anchors.table, rows[96:] + rows[:96])
    record = described(shapes, {**named, "anchors": rows}, size_wh=(96, 64))
    assert record.anchors is not None
    assert np.allclose(record.anchors.table, rows)


def test_the_order_of_a_table_is_said_where_its_shape_leaves_it_open() -> None:
    """Cells before anchors, or the other way round: both have as many rows."""
    columns = {"family": "yolov5", "columns": "box+objectness+scores", "anchors": COCO}
    assert " in the order anchors,cells,values;" in noted(
        {"y": (10647, 85)}, {**columns, "axes": "anchors,cells,values"}
    )
    assert " in the order cells,anchors,values;" in noted({"y": (10647, 85)}, columns)
    assert "in the order" not in noted(THREE, {"family": "yolov3", "anchors": COCO})


@pytest.mark.parametrize("suffix", [".txt", ".npy"])
def test_anchors_may_be_in_a_file(suffix: str, tmp_path: Path) -> None:
    """As darknet's yolo_anchors.txt, or an array."""
    path = tmp_path / f"anchors{suffix}"
    if suffix == ".npy":
        np.save(path, np.array(COCO, np.float32).reshape(9, 2))
    else:
        path.write_text(",  ".join(f"{w},{h}" for w, h in np.reshape(COCO, (9, 2))))
    head = head_of(THREE, "yolov3", anchors=path)
    assert head.levels[2].anchors == tuple(map(float, COCO[:6]))


def test_a_head_may_be_in_a_file(tmp_path: Path) -> None:
    """With every option of a detector; the same option beside it comes first."""
    path = tmp_path / "head.json"
    path.write_text(json.dumps({"family": "yolov3", "anchors": COCO, "nms": 0.6, "score": 0.2}))
    record = described(THREE, str(path), nms=0.3)
    assert record.nms is not None
    assert (record.nms.iou, record.score) == (0.3, 0.2)
    beside = DetectOptions(head=str(path), score=0.0, anchors=np.reshape(COCO, (9, 2)))
    assert beside.score == 0.0
    assert np.shape(beside.anchors) == (9, 2)
    with pytest.raises(InputError, match=r"other\.json cannot be read"):
        DetectOptions(head=str(tmp_path / "other.json"))


SHAPES = {
    "rows, columns, anchors x numbers": {"a": (13, 13, 255), "b": (26, 26, 255)},
    "rows, columns, anchors, numbers": {"a": (13, 13, 3, 85), "b": (26, 26, 3, 85)},
    "anchors, rows, columns, numbers": {"a": (3, 13, 13, 85), "b": (3, 26, 26, 85)},
    "channels first": {"a": (255, 13, 13), "b": (255, 26, 26)},
    "cells x anchors, numbers": {"a": (507, 85), "b": (2028, 85)},
    "cells, anchors, numbers": {"a": (169, 3, 85), "b": (676, 3, 85)},
}


@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES)
def test_layouts_show_themselves(shapes: Any) -> None:
    """The same grids and boxes, in every order of the axes."""
    head = {"family": "yolov5", "anchors": COCO[:12], "strides": [16, 32]}
    found = head_of(shapes, head)
    assert [(v.rows, v.columns, v.boxes) for v in found.levels] == [(13, 13, 3), (26, 26, 3)]
    assert [v.anchors for v in found.levels] == [
        tuple(map(float, COCO[6:12])), tuple(map(float, COCO[:6]))
    ]  # fmt: skip


def test_scales_of_yolov4_follow_the_strides() -> None:
    """1.05 at 32 and 1.1 at 16, centred."""
    head = head_of(
        {"a": (13, 13, 24), "b": (26, 26, 24)}, {"family": "yolov4", "anchors": COCO[:12]}
    )
    assert [level.xy_scale for level in head.levels] == [1.05, 1.1]
    assert [level.xy_offset for level in head.levels] == pytest.approx([-0.025, -0.05])


def test_outputs_of_parts_are_told_by_channels_and_names() -> None:
    """Boxes, scores and centre-ness of each grid; a sigmoid of the graph is not done again."""
    shapes = {"x8": (52, 52, 64), "s8": (52, 52, 80, "sigmoid"),
              "x16": (26, 26, 64), "s16": (26, 26, 80, "sigmoid")}  # fmt: skip
    record = described(shapes, "yolov8")
    assert record.activation == "none"
    assert list(record.outputs.values()) == ["x8", "x16", "s8", "s16"]
    named = {"boxes": ["q", "r"], "scores": ["s", "t"]}
    twins = {name: (52, 52, 64) if name in "qs" else (26, 26, 64) for name in "qrst"}
    record = described(twins, {"family": "yolov8", **named})
    assert list(record.outputs.values()) == ["q", "r", "s", "t"]


PRIORS = [[0.5, 0.5, 0.1, 0.1]] * 8

REFUSED: dict[str, tuple[dict[str, Any], Any, str]] = {
    "no anchors": (THREE, "yolov3", "yolov3 needs its anchors"),
    "8 anchors": (THREE, {"family": "yolov3", "anchors": COCO[:16]}, "8 anchors, which 3 grids"),
    "6 anchors": (THREE, {"family": "yolov3", "anchors": COCO[:12]},
                  r"must hold 13 x 13 x 2 = 338 boxes, got .*43095 numbers"),
    "17 numbers": (THREE, {"family": "yolov3", "anchors": COCO[:17]}, "17 numbers"),
    "anchors of 2 grids": (THREE, {"family": "yolov3", "anchors": [COCO[:6], COCO[6:12]]},
                           "anchors for 2 grids, and the model has 3"),
    "anchors below 0": (THREE, {"family": "yolov3", "anchors": [-1] * 18}, "above 0, got -1"),
    "strides": (THREE, {"family": "yolov3", "anchors": COCO, "strides": [4, 8, 16]},
                "grid of 13x13, and the strides 4, 8, 16 make 104x104, 52x52, 26x26"),
    "strides of a table": ({"y": (3549, 144)}, {"family": "yolov8", "strides": [8, 16]},
                           r"make 3380 boxes .*has 3549"),
    "classes": (THREE, {"family": "yolov3", "anchors": COCO, "classes": 20},
                "20 classes, and its outputs have 80"),
    "reg_max": ({"box": (52, 52, 60), "cls": (52, 52, 80)}, "yolov8",
                "take 64 numbers .*box has 60"),
    "reg_max of one tensor": ({"y": (52, 52, 144)}, {"family": "yolov8", "reg_max": 40},
                              "more than 160 numbers per box .*got 144"),
    "grid": ({"y": (10, 13, 255)}, {"family": "yolov3", "anchors": COCO[:6]},
             "grid of 10x13, and no stride makes that of an input of 416x416"),
    "priors": ({"loc": (9, 4), "conf": (9, 21)}, {"family": "ssd", "anchors": PRIORS},
               "8 prior boxes, and the outputs have 9"),
    "no priors": ({"loc": (9, 4), "conf": (9, 21)}, "ssd", "ssd needs its prior boxes"),
    "variances": ({"loc": (8, 4), "conf": (8, 21)},
                  {"family": "ssd", "anchors": PRIORS, "variances": [1, 2]}, "must be 4 above 0"),
    "background": ({"loc": (8, 4), "conf": (8, 21)},
                   {"family": "ssd", "anchors": PRIORS, "background": 21}, "below 21, got 21"),
    "boxes and scores": ({"loc": (8, 4), "conf": (9, 21)},
                         {"family": "ssd", "anchors": PRIORS}, "not one for each grid"),
    "window": ({"hm": (104, 104, 80), "wh": (104, 104, 2)},
               {"family": "centernet", "window": 4}, "must be odd, 1 to 101, got 4"),
    "no names": (dict.fromkeys("abc", (104, 104, 2)), "centernet", "do not show which"),
    "scales": (THREE, {"family": "yolov3", "anchors": COCO, "xy_scale": [1.0, 2.0]},
               "2 numbers, and there are 3 grids"),
    "no columns": ({"y": (100, 84)}, {"family": "decoded"}, 'Give "columns"'),
    "columns": (THREE, {"family": "yolov3", "anchors": COCO, "columns": "box+class"}, "no 'class'"),
    "another output": ({**THREE, "z": (128,)}, {"family": "yolov3", "anchors": COCO},
                       "not one for each grid of a head"),
    "no such output": (THREE, {"family": "yolov3", "anchors": COCO, "raw": ["z"]}, "no output 'z'"),
    "family": (THREE, "yolov99", "There is no head 'yolov99'"),
    "key": (THREE, {"family": "yolov3", "anchor": COCO}, "no 'anchor'. Did you mean anchors"),
    "no family": (THREE, {"anchors": COCO}, 'needs its "family"'),
    "type": (THREE, 3, "and not 3, of type int"),
    "choice": (THREE, {"family": "yolov3", "anchors": COCO, "size_form": "cube"}, "got 'cube'"),
    "nms": (THREE, {"family": "yolov3", "anchors": COCO, "nms": 45}, "must be 0 to 1, got 45"),
    "score": (THREE, {"family": "yolov3", "anchors": COCO, "score": "x"}, "got 'x'"),
    "activation": (THREE, {"family": "yolov3", "anchors": COCO, "activation": "relu"}, "'relu'"),
}  # fmt: skip


@pytest.mark.parametrize(("shapes", "head", "sentence"), REFUSED.values(), ids=REFUSED)
def test_contradictions_are_one_sentence_with_both_numbers(
    shapes: Any, head: Any, sentence: str
) -> None:
    """A usage error, for which the command line ends with 2."""
    with pytest.raises(UsageError, match=sentence) as caught:
        described(shapes, head)
    assert caught.value.exit_code == 2
    assert len(str(caught.value)) < 700


def test_labels_are_as_many_as_classes() -> None:
    """Both numbers are said."""
    with pytest.raises(UsageError, match="2 labels, and the detector scores 80 classes"):
        described(THREE, {"family": "yolov3", "anchors": COCO}, labels=("a", "b"))


def test_prior_boxes_may_be_corners() -> None:
    """Corners, x or y first, become centres and sizes."""
    shapes = {"loc": (2, 4), "conf": (2, 21)}
    corners = [[0.1, 0.2, 0.5, 0.4], [0.0, 0.0, 1.0, 0.5]]
    turned = [[row[k] for k in (1, 0, 3, 2)] for row in corners]
    expected = [0.3, 0.3, 0.4, 0.2, 0.5, 0.25, 1.0, 0.5]
    for order, table in (("xyxy", corners), ("yxyx", turned)):
        head = {"family": "ssd", "anchors": table, "anchor_format": order}
        record = described(shapes, head)
        assert record.anchors is not None
        assert record.anchors.boxes == pytest.approx(expected)
