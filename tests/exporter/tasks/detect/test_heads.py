"""Undecoded heads, described by their family: boxes as the model's own pipeline finds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from keras2cv.pixels.geometry import place
from keras2cv.tasks.detect.postprocess import detect
from keras2cv.tasks.detect.record import DetectRecord
from keras2cv.tasks.task import Task
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.tasks.detect.describe import describe
from keras2cv_export.tasks.detect.options import DetectOptions
from keras2cv_export.tasks.outputs import Output
from keras2cv_export.tasks.presets import Geometry, preprocessing
from support import heads_yolo
from support.head_answers import CASES, SAME, assert_same, iou, outputs_of
from support.heads import HEIGHT, SCORE, WIDTH, HeadCase, draw

DRAWN = draw(8, 77)
_ENDS = {"hm": "sigmoid", "classes": "sigmoid"}  # as the converted graph shows them


def task_of(case: HeadCase, outputs: dict[str, Any], **more: Any) -> Task:
    """Return the task that the description makes of these outputs."""
    rules = preprocessing(
        "0-1", TensorSpec("photo", (1, HEIGHT, WIDTH, 3), "float32"), Geometry(), "preset 0-1"
    )
    shown = [
        Output(name, array.shape[1:], "float32", _ENDS.get(name, "linear"))
        for name, array in outputs.items()
    ]
    options = DetectOptions(**{**case.options, "score": SCORE, **more})
    return describe(options, shown, None, rules)[0]


@pytest.mark.parametrize("name", CASES)
def test_the_boxes_are_those_of_the_family_s_own_pipeline(name: str) -> None:
    """Of a batch of drawn pictures, most of whose rectangles are found."""
    case = CASES[name]
    model = case.build()
    images = np.stack([one.image for one in DRAWN]) / np.float32(255)
    outputs = outputs_of(model, images)
    task = task_of(case, outputs)
    results = detect(task, outputs, [SAME] * len(DRAWN))
    hits = 0
    for k, one in enumerate(DRAWN):
        found = case.find({each: array[k] for each, array in outputs.items()})
        assert_same(results[k], found)
        first = 1 if task.record_as(DetectRecord).background == 0 else 0
        for number, box in one.boxes:
            mine = results[k].boxes_xyxy[results[k].class_ids == number + first]
            hits += bool((iou(mine, np.array([box] * len(mine)).reshape(-1, 4)) > 0.5).any())
    assert hits >= 0.6 * sum(len(one.boxes) for one in DRAWN)


def test_a_letterbox_is_inverted_and_nothing_is_nothing() -> None:
    """The same boxes in a picture of another shape; an empty result above every score."""
    case = heads_yolo.YOLOX
    outputs = outputs_of(case.build(), DRAWN[0].image[None] / np.float32(255))
    placement = place((331, 187), (WIDTH, HEIGHT), "letterbox")
    [result] = detect(task_of(case, outputs), outputs, [placement])
    found = case.find({name: array[0] for name, array in outputs.items()})
    inside = placement.to_source(found.boxes.reshape(-1, 2, 2)).reshape(-1, 4)
    assert (inside[:, 1] < 187).all()
    assert assert_same(result, found, placement) >= 1
    [empty] = detect(task_of(case, outputs, score=0.9999), outputs, [placement])
    assert len(empty) == 0
    assert empty.draw(np.zeros((187, 331, 3), np.uint8)).shape == (187, 331, 3)


@pytest.mark.parametrize("name", ["yolov3", "ssd", "centernet, one tensor", "yolov8"])
def test_equal_numbers_and_numbers_that_are_none(name: str) -> None:
    """All zeros and all NaN: the boxes of the model's own pipeline, and none."""
    case = CASES[name]
    shapes = outputs_of(case.build(), np.zeros((1, HEIGHT, WIDTH, 3), np.float32))
    zeros = {each: np.zeros_like(array) for each, array in shapes.items()}
    task = task_of(case, zeros, score=0.2)
    [result] = detect(task, zeros, [SAME])
    if name == "centernet, one tensor":  # no box has a size
        assert len(result) == 0
    else:
        assert len(result) > 3
        assert len(set(result.scores.tolist())) == 1
    nothing = {each: np.full_like(array, np.nan) for each, array in shapes.items()}
    assert len(detect(task, nothing, [SAME])[0]) == 0
    wild = {each: np.full_like(array, 1e30) for each, array in shapes.items()}
    assert np.isfinite(detect(task, wild, [SAME])[0].boxes_xyxy).all()


def test_a_box_may_have_several_classes() -> None:
    """With multi_label, as TensorFlow's combined suppression and darknet: one box, two answers."""
    options = {"head": {"family": "yolov8", "reg_max": 1, "multi_label": True, "strides": [32]}}
    row = np.zeros((1, 6, 4 + 3), np.float32)
    row[..., :4] = 0.4
    row[..., 4:] = -9
    row[0, 2, 4:] = (3.0, -9.0, 1.0)
    task = task_of(HeadCase(lambda: None, options, lambda _: None), {"y": row})  # type: ignore[arg-type, return-value]
    [result] = detect(task, {"y": row}, [SAME])
    assert result.class_ids.tolist() == [0, 2]
    assert np.allclose(result.boxes_xyxy[0], result.boxes_xyxy[1])
    assert np.allclose(result.scores, 1 / (1 + np.exp([-3.0, -1.0])))


@pytest.mark.parametrize(("across", "count"), [(False, 2), (True, 1)])
def test_classes_are_suppressed_apart_or_together(across: bool, count: int) -> None:
    """Two boxes at the same place, of two classes."""
    head = {"family": "decoded", "box_format": "xyxy", "box_units": "pixels", "nms": 0.5}
    options = {"head": {**head, "columns": "scores+box", "activation": "none"},
               "nms_across_classes": across}  # fmt: skip
    rows = np.array([[[0.9, 0.1, 5, 5, 25, 25], [0.2, 0.8, 5, 5, 25, 26]]], np.float32)
    task = task_of(HeadCase(lambda: None, options, lambda _: None), {"y": rows})  # type: ignore[arg-type, return-value]
    [result] = detect(task, {"y": rows}, [SAME])
    assert len(result) == count
