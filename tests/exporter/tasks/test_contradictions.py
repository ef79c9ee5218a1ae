"""What a task says of its outputs is held against the numbers that the model gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from keras2cv.schema.tensors import OutputTensor
from keras2cv.tasks.detect.belongings import AngleRecord, BoxPointsRecord, MaskRecord
from keras2cv.tasks.detect.record import DetectRecord
from keras2cv.tasks.image.record import ImageRecord
from keras2cv.tasks.keypoints.record import KeypointsRecord
from keras2cv.tasks.segment.record import SegmentRecord
from keras2cv.tasks.task import Task
from keras2cv.tasks.text.record import TextRecord
from keras2cv_export.tasks.contradictions import contradictions, places_out_of_unit

RNG = np.random.default_rng(4)


def output(name: str, *shape: int) -> OutputTensor:
    """Return an output of a batch of one."""
    whole = (1, *shape)
    return OutputTensor(name, name, whole, whole, "same", "float32", batched=True)


def softmax(*shape: int) -> Any:
    """Return probabilities that add up to 1."""
    values = np.exp(RNG.normal(size=shape) * 3)
    return values / values.sum(axis=-1, keepdims=True)


def logits(*shape: int) -> Any:
    """Return numbers on both sides of 0."""
    return RNG.normal(size=shape) * 4


def found(task: Task, values: Any, activation: str = "linear", *, trained: bool = True) -> str:
    """Return the contradictions of a task that reads the output "y", of four samples."""
    samples = [{"y": one[None]} for one in values]
    given = contradictions(
        task, [output("y", *values.shape[1:])], samples, {"y": activation}, like_training=trained
    )
    return " ".join(given)


CLASSES = [
    ("softmax", softmax(4, 5), "softmax", ""),
    ("softmax", softmax(4, 5), "linear", ""),
    ("sigmoid", 1 / (1 + np.exp(-logits(4, 5))), "sigmoid", ""),
    ("logits", logits(4, 5), "linear", ""),
    ("linear", logits(4, 5), "linear", ""),
    ("logits", softmax(4, 5), "softmax", "the model ends in a softmax"),
    ("logits", softmax(4, 5), "linear", "probabilities that add up to 1"),
    ("logits", RNG.uniform(0, 1, (8, 5)), "linear", "all 40 numbers"),
    ("softmax", logits(4, 5), "linear", "says probabilities, and the model gives"),
    ("softmax", RNG.uniform(0, 1, (4, 5)), "sigmoid", "the model's scores add up to"),
    ("sigmoid", logits(4, 5), "linear", "says probabilities"),
]


@pytest.mark.parametrize(("said", "values", "activation", "words"), CLASSES)
def test_scores_of_classes(said: Any, values: Any, activation: str, words: str) -> None:
    """Logits behind an activation, and probabilities that are none."""
    text = found(Task("classify", "y", said), values, activation)
    assert (words in text) if words else not text


@pytest.mark.parametrize("right", [True, False])
def test_masks_texts_points_and_boxes(right: bool) -> None:
    """Each says in words of its own what its scores are."""
    grid, steps = softmax(3, 4, 6, 5), softmax(3, 9, 3)
    said: Any = "softmax" if right else "logits"
    mask = Task("segment", record=SegmentRecord("y", said))
    assert bool(found(mask, grid)) is not right
    text = Task("text", record=TextRecord("y", "last", said, ("a", "b"), 2, "greedy"))
    assert bool(found(text, steps)) is not right
    points = np.concatenate([logits(3, 20, 2), RNG.uniform(0, 1, (3, 20, 1))], axis=2)
    activation: Any = "none" if right else "sigmoid"
    keypoints = KeypointsRecord("y", "xys", "pixels", activation, "none", 0.3)
    assert bool(found(Task("keypoints", record=keypoints), points)) is not right
    rows = np.concatenate([logits(3, 20, 4), RNG.uniform(0, 1, (3, 20, 2))], axis=2)
    table = DetectRecord("xyxy", "pixels", activation, 0.5, raw="y", columns="box+scores")
    assert bool(found(Task("detect", record=table), rows)) is not right
    assert not found(Task("detect", record=table), rows, trained=False)


def kept(record: DetectRecord, boxes: Any, scores: Any) -> str:
    """Return what cannot be true of the places of boxes."""
    outputs = [output("b", *boxes.shape[1:]), output("s", *scores.shape[1:])]
    samples = [{"b": b[None], "s": s[None]} for b, s in zip(boxes, scores, strict=True)]
    return " ".join(places_out_of_unit(Task("detect", record=record), outputs, samples))


BOXES = np.array([[[0.1, 0.2, 0.5, 0.9], [0.3, 0.1, 0.6, 0.4]]] * 2)


@pytest.mark.parametrize(
    ("order", "units", "factor", "words"),
    [
        ("xyxy", "normalised", 1, ""),
        ("xyxy", "pixels", 100, ""),
        ("cxcywh", "normalised", 1, ""),
        ("xyxy", "normalised", 100, "shares of the picture, and the model gives"),
        ("xyxy", "pixels", 1, "says pixels, and the model gives nothing beyond 0.9"),
        ("xyxy", "normalised", -1, "most boxes end before they begin"),
        ("xywh", "normalised", -1, "boxes have sizes below 0"),
    ],
)
def test_units_and_order_of_boxes(order: Any, units: Any, factor: float, words: str) -> None:
    """Judged by the boxes that are kept."""
    record = DetectRecord(order, units, "none", 0.5, boxes="b", scores="s")
    text = kept(record, BOXES * factor, np.full((2, 2, 1), 0.9))
    assert (words in text) if words else not text
    assert not kept(record, BOXES * factor, np.zeros((2, 2, 1)))


def test_points_and_images() -> None:
    """Units of points, and the range of an image."""
    for units, factor, is_right in (("pixels", 50, True), ("normalised", 1, True),
                                    ("pixels", 1, False), ("normalised", 50, False)):  # fmt: skip
        record = KeypointsRecord("y", "xy", units, "none", "none", 0.3)  # type: ignore[arg-type]
        samples = [{"y": RNG.uniform(0.1, 1, (1, 3, 2)) * factor}]
        text = places_out_of_unit(Task("keypoints", record=record), [output("y", 3, 2)], samples)
        assert bool(text) is not is_right
    for low, high, is_right in ((0, 1, True), (-1, 1, True), (0, 255, False)):
        task = Task("image", record=ImageRecord("y", "RGB", low, high))
        samples = [{"y": RNG.uniform(0, 1, (1, 4, 5, 3))}]
        text = places_out_of_unit(task, [output("y", 4, 5, 3)], samples)
        assert bool(text) is not is_right
    task = Task("image", record=ImageRecord("y", "RGB", 0, 1))
    samples = [{"y": RNG.uniform(0, 255, (1, 4, 5, 3))}]
    assert places_out_of_unit(task, [output("y", 4, 5, 3)], samples)


def placed(task: Task, **values: Any) -> str:
    """Return what cannot be true of places, of outputs by their names and one sample."""
    tensors = [output(name, *np.shape(value)) for name, value in values.items()]
    sample = {name: np.asarray(value, np.float64)[None] for name, value in values.items()}
    return " ".join(places_out_of_unit(task, tensors, [sample]))


@pytest.mark.parametrize(
    ("own", "value", "words"),
    [
        (BoxPointsRecord("xy", "pixels", "none", 0.3, 2, "k"), RNG.uniform(0, 90, (3, 2, 2)), ""),
        (BoxPointsRecord("xy", "pixels", "none", 0.3, 2, "k"), RNG.uniform(0, 1, (3, 2, 2)),
         "detect.points.units says pixels, and the model gives nothing beyond"),
        (BoxPointsRecord("yxs", "normalised", "none", 0.3, 2, "k"), np.full((3, 2, 3), 40.0),
         "detect.points.units says shares"),
        (AngleRecord("radians", "clockwise", "k"), np.array([1.0, -0.5, 3]), ""),
        (AngleRecord("degrees", "clockwise", "k"), np.array([45.0, -70, 3]), ""),
        (AngleRecord("radians", "clockwise", "k"), np.array([45.0, -70, 3]),
         "detect.angles.units says radians, and the model gives 70."),
        (MaskRecord("none", 0.5, "exact", per_box="k"), RNG.uniform(0, 1, (3, 4, 4)), ""),
        (MaskRecord("sigmoid", 0.5, "exact", per_box="k"), logits(3, 4, 4), ""),
        (MaskRecord("sigmoid", 0.5, "exact", per_box="k"), RNG.uniform(0, 1, (3, 4, 4)),
         "detect.masks.activation says that a sigmoid is still to come"),
    ],
)  # fmt: skip
def test_what_belongs_to_boxes(own: Any, value: Any, words: str) -> None:
    """Units of points and angles, and masks that are probabilities already."""
    key = {"BoxPointsRecord": "points", "AngleRecord": "angles"}.get(type(own).__name__, "masks")
    record = DetectRecord("cxcywh", "pixels", "none", 0.5, boxes="b", scores="s", **{key: own})
    task = Task("detect", record=record)
    boxes = np.array([[20.0, 20, 9, 9], [40, 40, 9, 9], [60, 20, 9, 9]])
    given = placed(task, b=boxes, s=np.full((3, 1), 0.9), k=value)
    assert words in given
    assert bool(words) == bool(given)
