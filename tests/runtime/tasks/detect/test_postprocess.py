"""From a detector's outputs to boxes in the original image, against plain Python written apart."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from keras2cv.bundle.manifest import Task
from keras2cv.pixels.geometry import Placement, place
from keras2cv.tasks.activations import sigmoid, softmax
from keras2cv.tasks.detect.postprocess import detect
from keras2cv.tasks.detect.record import Anchors, DetectRecord, Nms
from keras2cv.tasks.detect.result import Detections

INPUT_WH = (96, 64)
SOURCE_WH = (331, 187)
STRETCH = place(SOURCE_WH, INPUT_WH, "stretch")
SAME = place(INPUT_WH, INPUT_WH, "stretch")
PIXELS = DetectRecord("xyxy", "pixels", "none", 0.5, boxes="b", scores="s", classes="c")
EACH = DetectRecord("xyxy", "pixels", "none", 0.5, boxes="b", scores="s")


def run(record: DetectRecord, placement: Placement = SAME, **outputs: Any) -> Detections:
    """Return the boxes of one sample; outputs are without the batch dimension."""
    task = Task("detect", record=record)
    batch = {name: np.asarray(value, np.float32)[None] for name, value in outputs.items()}
    return detect(task, batch, [placement])[0]


def iou(a: Any, b: Any) -> float:
    """Return the overlap of two boxes x0, y0, x1, y1 as a share of their union."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    both = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return float(common / (both - common))


def greedy(boxes: Any, scores: Any, classes: Any, limit: float) -> list[int]:
    """Return the boxes that plain non-maximum suppression keeps, per class, best first."""
    kept: list[int] = []
    for i in sorted(range(len(scores)), key=lambda i: -scores[i]):
        same = [k for k in kept if classes[k] == classes[i]]
        if all(iou(boxes[i], boxes[k]) <= limit for k in same):
            kept.append(i)
    return kept


def random_boxes(count: int, seed: int) -> tuple[Any, Any, Any]:
    """Return many overlapping boxes xyxy within the input, their scores and three classes."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform((15, 12), (80, 50), (count, 2))
    halves = rng.uniform(4, 11, (count, 2))
    boxes = np.concatenate([centres - halves, centres + halves], axis=1).astype(np.float32)
    return boxes, rng.uniform(0, 1, count).astype(np.float32), rng.integers(0, 3, count)


@pytest.mark.parametrize(
    ("box_format", "numbers"),
    [
        ("xyxy", (10, 20, 40, 50)),
        ("yxyx", (20, 10, 50, 40)),
        ("xywh", (10, 20, 30, 30)),
        ("cxcywh", (25, 35, 30, 30)),
    ],
)
@pytest.mark.parametrize("units", ["pixels", "normalised"])
def test_every_format_names_the_same_box(box_format: Any, numbers: Any, units: Any) -> None:
    """Left 10, top 20, right 40, bottom 50 of the input, in every format."""
    record = replace(PIXELS, box_format=box_format, box_units=units)
    values = np.array(numbers, np.float64)
    if units == "normalised":
        is_y = [letter in "yh" for letter in box_format.replace("c", "")]
        values /= np.where(is_y, INPUT_WH[1], INPUT_WH[0])
    result = run(record, STRETCH, b=[values], s=[0.75], c=[2])
    scale = np.array(SOURCE_WH * 2) / (INPUT_WH * 2)
    assert np.abs(result.boxes_xyxy - [10, 20, 40, 50] * scale).max() < 1e-4
    assert result.scores.tolist() == [0.75]
    assert result.class_ids.tolist() == [2]
    assert result.image_wh == SOURCE_WH


@pytest.mark.parametrize("rule", ["stretch", "letterbox", "center-crop"])
@pytest.mark.parametrize("source_wh", [(331, 187), (187, 331), (50, 40), (4000, 31)])
def test_a_box_returns_to_where_it_was(rule: str, source_wh: Any) -> None:
    """A box of the source, placed in the input as the resize does it, comes back to itself."""
    placement = place(source_wh, INPUT_WH, rule)
    x0, y0, x1, y1 = placement.visible_xyxy
    wanted = np.array([x0 + 0.2 * (x1 - x0), y0 + 0.3 * (y1 - y0), x1 - 0.125 * (x1 - x0), y1])
    in_input = wanted.reshape(2, 2) * placement.scale_xy + placement.offset_xy
    result = run(PIXELS, placement, b=[in_input.ravel()], s=[1], c=[0])
    assert np.abs(result.boxes_xyxy[0] - wanted).max() < 1e-3


def test_boxes_are_clipped_and_those_on_the_bars_dropped() -> None:
    """A letterbox of a wide image has bars above and below: nothing can be found there."""
    placement = place((300, 100), (96, 64), "letterbox")  # the image fills rows 16 to 48
    boxes = [(-30, 0, 48, 32), (10, 2, 30, 15), (10, 49, 30, 60), (0, 40, 200, 90)]
    result = run(PIXELS, placement, b=boxes, s=[0.9, 0.8, 0.7, 0.6], c=[0, 0, 0, 0])
    assert np.abs(result.boxes_xyxy - [(0, 0, 150, 50), (0, 75, 300, 100)]).max() < 1e-4


@pytest.mark.parametrize("limit", [0.0, 0.3, 0.5, 0.7])
@pytest.mark.parametrize("seed", [1, 2])
def test_suppression_is_the_textbooks(limit: float, seed: int) -> None:
    """Per class, greedy from the best; a box of another class suppresses nothing."""
    boxes, scores, classes = random_boxes(300, seed)
    record = replace(PIXELS, score=0.2, nms=Nms(limit, across_classes=False))
    result = run(record, b=boxes, s=scores, c=classes)
    good = np.flatnonzero(scores > 0.2)
    kept = [good[i] for i in greedy(boxes[good], scores[good], classes[good], limit)]
    assert 3 <= len(kept) < len(good)
    assert np.array_equal(result.boxes_xyxy, boxes[kept])
    assert result.class_ids.tolist() == classes[kept].tolist()


def test_suppression_across_classes() -> None:
    """With `across_classes`, a class suppresses every other."""
    boxes, scores, classes = random_boxes(300, 3)
    record = replace(PIXELS, score=0.2, nms=Nms(0.3, across_classes=True))
    result = run(record, b=boxes, s=scores, c=classes)
    good = np.flatnonzero(scores > 0.2)
    kept = [good[i] for i in greedy(boxes[good], scores[good], classes[good] * 0, 0.3)]
    assert np.array_equal(result.boxes_xyxy, boxes[kept])


def test_classes_stay_apart_at_negative_corners() -> None:
    """Boxes far outside the input do not meet those of another class."""
    boxes = [(-900, -900, 40, 40), (-900, -900, 40, 40)]
    record = replace(PIXELS, nms=Nms(0.1, across_classes=False))
    assert len(run(record, b=boxes, s=[0.9, 0.8], c=[0, 1])) == 2
    assert len(run(record, b=boxes, s=[0.9, 0.8], c=[1, 1])) == 1


def test_a_box_at_the_limit_stays() -> None:
    """Suppression and the score threshold are both strict, as tf.image.non_max_suppression's."""
    boxes = [(0, 0, 30, 10), (10, 0, 40, 10)]  # 200 of 400: an overlap of exactly one half
    at = replace(PIXELS, nms=Nms(0.5, across_classes=False))
    below = replace(PIXELS, nms=Nms(0.4999, across_classes=False))
    assert len(run(at, b=boxes, s=[0.9, 0.8], c=[1, 1])) == 2
    assert len(run(below, b=boxes, s=[0.9, 0.8], c=[1, 1])) == 1
    assert len(run(PIXELS, b=boxes, s=[0.5, 0.50001], c=[1, 1])) == 1


def test_the_best_come_first_and_equals_in_the_models_order() -> None:
    """With suppression or without, and no more than asked for."""
    boxes = [(i * 10, 0, i * 10 + 8, 8) for i in range(5)]
    scores = [0.6, 0.9, 0.75, 0.9, 0.7]
    for nms in (None, Nms(0.5, across_classes=False)):
        record = replace(PIXELS, nms=nms, max_detections=4)
        result = run(record, b=boxes, s=scores, c=[0] * 5)
        assert (result.boxes_xyxy[:, 0] / 10).round().tolist() == [1, 3, 2, 4]


def test_the_best_class_is_taken_where_each_has_a_score() -> None:
    """M boxes of C scores become M candidates, the background never one of them."""
    scores = [[0.9, 0.6, 0.7], [0.95, 0.02, 0.03], [0.1, 0.8, 0.1]]
    boxes = [(0, 0, 8, 8), (10, 0, 18, 8), (20, 0, 28, 8)]
    result = run(replace(EACH, background=0), b=boxes, s=scores)
    assert result.class_ids.tolist() == [1, 2]
    assert result.scores.tolist() == pytest.approx([0.8, 0.7])
    assert run(EACH, b=boxes, s=scores).class_ids.tolist() == [0, 0, 1]


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
@pytest.mark.parametrize("with_objectness", [False, True])
def test_logits_become_probabilities(activation: Any, with_objectness: bool) -> None:
    """Score = activation(logit of the class) x sigmoid(objectness), as YOLO multiplies them."""
    rng = np.random.default_rng(4)
    logits, objectness = rng.normal(0, 3, (6, 5)), rng.normal(2, 1, 6)
    boxes = [(i * 10, 0, i * 10 + 8, 8) for i in range(6)]
    record = replace(EACH, activation=activation, score=0.0)
    if with_objectness:
        record = replace(record, objectness="o", objectness_activation="sigmoid")
    result = run(record, b=boxes, s=logits, o=objectness)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = (shares if activation == "softmax" else 1 / (1 + np.exp(-logits))).max(axis=1)
    expected *= 1 / (1 + np.exp(-objectness)) if with_objectness else 1
    assert np.abs(result.scores - np.sort(expected)[::-1]).max() < 1e-6
    assert result.class_ids.tolist() == logits.argmax(axis=1)[np.argsort(-expected)].tolist()


@pytest.mark.parametrize(
    ("columns", "row", "score", "class_id"),
    [
        ("box+objectness+scores", (1, 2, 9, 8, 0.75, 0.5, 0.8), 0.6, 1),
        ("box+scores", (1, 2, 9, 8, 0.75, 0.5, 0.8), 0.8, 2),
        ("box+score+class", (1, 2, 9, 8, 0.75, 4), 0.75, 4),
    ],
)
def test_a_single_table_is_read_by_its_columns(
    columns: Any, row: Any, score: float, class_id: int
) -> None:
    """YOLO's one tensor, and the table of finished detections."""
    activation = "none" if columns.startswith("box+objectness") else None
    record = DetectRecord(
        "xyxy", "pixels", "none", 0.5,
        raw="r", columns=columns, objectness_activation=activation,  # type: ignore[arg-type]
    )  # fmt: skip
    result = run(record, r=[row, [0.0] * len(row)])
    assert result.boxes_xyxy.tolist() == [[1, 2, 9, 8]]
    assert result.scores.tolist() == pytest.approx([score])
    assert result.class_ids.tolist() == [class_id]


def test_offsets_are_added_to_their_anchors() -> None:
    """Also when boxes between have been dropped: each offset keeps its own anchor."""
    anchors = Anchors((20.0, 20.0, 10.0, 8.0, 50.0, 30.0, 20.0, 16.0), (0.1, 0.1, 0.2, 0.2))
    record = replace(PIXELS, box_format="cxcywh", anchors=anchors)
    offsets = [(9, 9, 9, 9), (1, -2, np.log(2) / 0.2, 0)]
    result = run(record, b=offsets, s=[0.1, 0.9], c=[0, 0])
    # centre 50 + 0.1 * 20 and 30 - 0.2 * 16; size 20 * 2 and 16
    assert np.abs(result.boxes_xyxy - (32, 18.8, 72, 34.8)).max() < 1e-4


@pytest.mark.parametrize("nms", [None, Nms(0.5, across_classes=False)])
def test_what_is_no_box_is_dropped(nms: Nms | None) -> None:
    """NaN, infinite, empty and inverted boxes, NaN scores, and the -1 of padding."""
    nan, inf = float("nan"), float("inf")
    good = (1, 2, 9, 8)
    boxes = [(nan, 0, 5, 5), (0, 0, inf, 5), (3, 3, 3, 9), (9, 8, 1, 2), good, good, good]
    scores, classes = [0.9, 0.9, 0.9, 0.9, nan, 0.9, 0.6], [0, 0, 0, 0, 0, -1, 2]
    result = run(replace(PIXELS, nms=nms), b=boxes, s=scores, c=classes)
    assert result.boxes_xyxy.tolist() == [list(good)]
    assert result.class_ids.tolist() == [2]


def test_an_overflowing_size_is_no_box() -> None:
    """Exp of a wild offset is infinite in no answer."""
    anchors = Anchors((20.0, 20.0, 10.0, 8.0), (1.0, 1.0, 1.0, 1.0))
    record = replace(PIXELS, box_format="cxcywh", anchors=anchors)
    assert len(run(record, b=[(0, 0, 3e38, 0)], s=[0.9], c=[0])) == 0


def test_a_row_with_a_nan_score_is_dropped() -> None:
    """A class that is not a number makes its box one that cannot be ranked."""
    scores = [[0.9, float("nan")], [0.6, 0.7]]
    assert run(EACH, b=[(0, 0, 8, 8)] * 2, s=scores).class_ids.tolist() == [1]


def test_nothing_found_is_a_result() -> None:
    """Every box below the threshold: an empty result of the right shapes."""
    record = replace(PIXELS, nms=Nms(0.5, across_classes=False))
    result = run(record, b=np.zeros((7, 4)), s=np.zeros(7), c=np.zeros(7))
    assert len(result) == 0
    assert result.boxes_xyxy.shape == (0, 4)


@pytest.mark.parametrize("rule", ["stretch", "letterbox", "center-crop"])
def test_an_image_of_one_pixel_has_boxes(rule: str) -> None:
    """All of the input is that pixel."""
    result = run(PIXELS, place((1, 1), INPUT_WH, rule), b=[(-9, -9, 99, 99)], s=[0.9], c=[0])
    assert result.boxes_xyxy.tolist() == [[0, 0, 1, 1]]


def test_boxes_may_lie_in_any_arrangement() -> None:
    """A grid (h, w, anchors, 4) is its boxes in C order, as its scores are; (4,) is one box."""
    boxes = np.arange(2 * 3 * 2 * 4).reshape(2, 3, 2, 4) * [0, 0, 1, 1] + [0, 0, 1, 2]
    scores = np.linspace(0.6, 0.9, 12).reshape(2, 3, 2)
    result = run(PIXELS, b=boxes, s=scores, c=scores * 0)
    assert np.array_equal(result.boxes_xyxy, boxes.reshape(12, 4)[::-1])
    assert len(run(PIXELS, b=[1, 2, 3, 4], s=[0.9], c=[0])) == 1


def test_each_sample_has_its_own_boxes_and_image() -> None:
    """A batch of two images of different sizes."""
    task = Task("detect", labels=("cat", "dog"), record=PIXELS)
    outputs: Any = {
        "b": np.array([[(0, 0, 48, 32)], [(48, 32, 96, 64)]], np.float32),
        "s": np.array([[0.9], [0.8]], np.float32),
        "c": np.array([[0], [1]], np.int64),
    }
    placements = [place(size, INPUT_WH, "stretch") for size in ((96, 128), (480, 320))]
    first, second = detect(task, outputs, placements)
    assert [d.label for d in itertools.chain(first, second)] == ["cat", "dog"]
    assert np.abs(first.boxes_xyxy - (0, 0, 48, 64)).max() < 1e-4
    assert np.abs(second.boxes_xyxy - (240, 160, 480, 320)).max() < 1e-4


def test_activations_survive_extreme_logits() -> None:
    """Nothing overflows."""
    logits = np.array([[3e38, 0, -3e38], [-3e38, -3e38, -3e38]], np.float32)
    assert np.allclose(softmax(logits), np.array([[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]]))
    assert sigmoid(np.array([3e38, -3e38, 0], np.float32)).tolist() == [1, 0, 0.5]
