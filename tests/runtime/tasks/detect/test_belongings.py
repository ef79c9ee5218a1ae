"""Masks, keypoints and angles go with their boxes, and fit their outputs."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from keras2cv.evaluation.data.segmentations import decode_runs
from keras2cv.pixels.geometry import place
from keras2cv.pixels.pixelmap import spread_linear, spread_linear_within
from keras2cv.schema.fields import SchemaError, decode, encode
from keras2cv.tasks.detect.belongings import AngleRecord, BoxPointsRecord, MaskRecord
from keras2cv.tasks.detect.columns import places_of
from keras2cv.tasks.detect.instance_masks import MaskCrop, box_masks, whole_edges
from keras2cv.tasks.detect.postprocess import detect
from keras2cv.tasks.detect.record import DetectRecord, Nms
from keras2cv.tasks.task import Task

WH = (40, 20)
PLACE = place(WH, WH, "stretch")
# Two that overlap, the better one last; one apart; one below the score.
BOXES = np.array([[2, 2, 12, 12], [20, 4, 30, 14], [3, 2, 13, 12], [0, 0, 9, 9]], np.float32)
SCORES = np.array([[0.6], [0.7], [0.9], [0.1]], np.float32)
PROTOTYPES = MaskRecord("none", 0.5, "exact", "c", "p")
POINTS = BoxPointsRecord("xys", "pixels", "none", 0.3, 2, "k")


def record(**changes: Any) -> DetectRecord:
    """Return a record of boxes x0, y0, x1, y1 in pixels, with NMS."""
    outputs = {"boxes": "b", "scores": "s", "nms": Nms(0.3, across_classes=False)}
    meaning = {"box_format": "xyxy", "box_units": "pixels", "activation": "none", "score": 0.5}
    return DetectRecord(**{**meaning, **outputs, **changes})


def found(own: DetectRecord, **outputs: Any) -> Any:
    """Return the result of one sample."""
    arrays = {"b": BOXES, "s": SCORES, **outputs}
    batch = {name: np.asarray(array, np.float32)[None] for name, array in arrays.items()}
    return detect(Task("detect", record=own), batch, [PLACE])[0]


def test_the_box_that_stays_keeps_its_own_mask_and_points() -> None:
    """By its place among all boxes of the model, whatever was dropped before it."""
    prototypes = np.zeros((*WH[::-1], 4))
    for k in range(4):
        prototypes[k + 3 : k + 5, :, k] = 1  # two rows of the picture each
    points = np.arange(24).reshape(4, 2, 3)
    result = found(record(masks=PROTOTYPES, points=POINTS), c=np.eye(4), p=prototypes, k=points)
    assert result.scores.tolist() == pytest.approx([0.9, 0.7])
    for mask, number in zip(result.masks, (2, 1), strict=True):
        x0, _, x1, _ = BOXES[number].astype(int)
        expected = np.zeros(WH[::-1], bool)
        expected[number + 3 : number + 5, x0:x1] = True
        assert np.array_equal(mask, expected)
    for own, number in zip(result.keypoints, (2, 1), strict=True):
        assert np.array_equal(own.points_xy, points[number, :, :2])
        assert np.array_equal(own.scores, points[number, :, 2])


def test_a_table_has_the_same_as_outputs_of_their_own() -> None:
    """In whatever order its columns are."""
    random = np.random.default_rng(2)
    prototypes, weights = random.normal(size=(5, 10, 3)), random.normal(size=(4, 3))
    points = random.uniform(0, 20, (4, 2, 3))
    apart = found(record(masks=PROTOTYPES, points=POINTS), c=weights, p=prototypes, k=points)
    table = np.concatenate([points.reshape(4, 6), weights, BOXES, SCORES], axis=1)
    inside = record(
        boxes=None, scores=None, raw="t", columns="points+coefficients+box+scores",
        masks=MaskRecord("none", 0.5, "exact", None, "p"),
        points=BoxPointsRecord("xys", "pixels", "none", 0.3, 2),
    )  # fmt: skip
    together = found(inside, t=table, p=prototypes)
    assert apart.to_dict() == together.to_dict()
    assert inside.count_classes({"raw": (4, 14), "masks.prototypes": (5, 10, 3)}) == 1


@pytest.mark.parametrize("form", ["xy", "yx", "xys", "yxs"])
def test_points_are_read_in_their_order_and_units(form: str) -> None:
    """And mapped to the image; without scores, all of them are shown."""
    wide = np.array([[[0.5, 0.25, -1.0], [0.1, 1.5, 2.0]]] * 4)
    numbers = wide[..., : len(form)]
    activation: Any = "sigmoid" if len(form) == 3 else "none"
    own = BoxPointsRecord(form, "normalised", activation, 0.5, 2, "k", ("a", "b"), (0, 1))  # type: ignore[arg-type]
    placement = place((80, 60), WH, "letterbox")
    batch = {"b": BOXES[None], "s": SCORES[None], "k": numbers[None]}
    result: Any = detect(Task("detect", record=record(points=own)), batch, [placement])[0]
    xy = wide[0, :, :2] if form.startswith("xy") else wide[0, :, 1::-1]
    expected = placement.to_source(xy * WH)
    assert np.allclose(result.keypoints[0].points_xy, expected)
    scores = result.keypoints[0].scores
    if len(form) == 3:
        assert scores == pytest.approx([1 / (1 + np.e), 1 / (1 + np.exp(-2))], abs=1e-6)
        assert [result.keypoints[0].is_shown(k) for k in (0, 1)] == [False, True]
    else:
        assert scores is None


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ("exact", (3, 4, 11, 8)), ("round", (3, 4, 11, 8)),
        ("floor", (2, 3, 10, 7)), ("ceil", (3, 4, 11, 8)),
    ],
)  # fmt: skip
def test_edges_become_whole_numbers(edges: Any, expected: Any) -> None:
    """Near a whole number, rounding does not decide."""
    assert whole_edges(np.array([2.6, 3.7, 10.6, 7.6]), edges) == expected
    assert whole_edges(np.array([2 + 1e-7, 3 - 1e-7, 10.0, 7.0]), edges) == (2, 3, 10, 7)


def test_a_mask_of_a_box_is_resized_as_cv2_resizes_it() -> None:
    """Where its edges are whole; what lies outside of the image is not there."""
    mask = np.random.default_rng(3).uniform(0, 1, (7, 5)).astype(np.float32)
    read = MaskRecord("none", 0.5, "exact", per_box="m")
    box = np.array([[-4.0, 3.0, 16.0, 24.0]])
    (crop,) = box_masks(read, mask[None], np.zeros(1, int), box, WH)
    large = cv2.resize(mask, (20, 21), interpolation=cv2.INTER_LINEAR)
    expected = np.zeros(WH[::-1], bool)
    expected[3:20, :16] = large[:17, 4:] > 0.5
    assert np.array_equal(crop.on_image(WH), expected)


@pytest.mark.parametrize("rule", ["stretch", "letterbox", "center-crop"])
def test_a_part_of_a_grid_is_spread_as_the_whole(rule: str) -> None:
    """With whole cells and without."""
    random = np.random.default_rng(4)
    for source_wh in ((37, 61), (80, 40), (40, 80)):
        grid = random.normal(size=(16, 24)).astype(np.float32)
        placement = place(source_wh, (48, 32), rule)
        whole = spread_linear(grid, placement)
        x0, y0, x1, y1 = placement.visible_xyxy
        part = (x0 + 3, y0 + 2, x1 - 1, y1 - 4)
        found_part = spread_linear_within(grid, placement, part)
        assert np.abs(found_part - whole[2:-4, 3:-1]).max() < 1e-5


def test_run_lengths_are_cocos() -> None:
    """Masks at every edge of the image, with holes, empty, and full."""
    random = np.random.default_rng(5)
    for k in range(60):
        height, width = random.integers(1, 7, 2).tolist()
        left, top = random.integers(0, 8 - width), random.integers(0, 9 - height)
        pixels = random.uniform(size=(height, width)) < (0, 0.5, 1)[k % 3]
        crop = MaskCrop(pixels, int(left), int(top))
        runs = crop.runs((8, 9))
        assert all(count > 0 for count in runs[1:])
        assert np.array_equal(decode_runs({"size": [9, 8], "counts": runs}), crop.on_image((8, 9)))


def test_a_record_is_read_as_it_was_written() -> None:
    """And an old one, without any of it, is still one."""
    own = record(masks=PROTOTYPES, points=POINTS)
    assert decode(DetectRecord, encode(own)) == own
    assert encode(own)["points"]["output"] == "k"
    turned = record(box_format="cxcywh", angles=AngleRecord("degrees", "clockwise"))
    with pytest.raises(SchemaError, match="rotated boxes are cxcywh"):
        record(angles=AngleRecord("degrees", "clockwise"))
    assert turned.box_width == 5
    assert own.outputs["masks.prototypes"] == "p"
    assert "masks" not in encode(record())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"masks": MaskRecord("none", 0.5, "exact", None, "p")}, "need an output with coeffi"),
        ({"points": BoxPointsRecord("xy", "pixels", "none", 0.3, 2)}, "need an output with points"),
        (
            {"boxes": None, "scores": None, "raw": "t", "columns": "box+scores+points"},
            "has points, and points do not read it",
        ),
        (
            {"boxes": None, "scores": None, "raw": "t", "columns": "box+scores+color"},
            "has no part 'color'",
        ),
        ({"boxes": None, "scores": None, "raw": "t", "columns": "box+box+scores"}, "twice"),
        ({"boxes": None, "scores": None, "raw": "t", "columns": "scores+class"}, "have a box"),
        ({"boxes": None, "scores": None, "raw": "t", "columns": "box+class"}, "score or scores"),
        ({"boxes": None, "scores": None, "raw": "t", "columns": "box+scores+class"}, "one score"),
    ],
)
def test_a_record_that_contradicts_itself(changes: dict[str, Any], message: str) -> None:
    """One clause that names the part."""
    with pytest.raises(SchemaError) as caught:
        record(**changes)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("own", "shapes", "message"),
    [
        (PROTOTYPES, {"masks.coefficients": (4, 31), "masks.prototypes": (8, 8, 32)},
         "masks.coefficients: must hold 4 x 32 values, one for each of 4 boxes and 32 prototypes, "
         "got [4, 31]"),
        (PROTOTYPES, {"masks.coefficients": (4, 8), "masks.prototypes": (8, 8)},
         "masks.prototypes: must be (h, w, prototypes), got [8, 8]"),
        (MaskRecord("none", 0.5, "exact", per_box="m"), {"masks.per_box": (5, 28, 28)},
         "masks.per_box: must be (4, h, w) or (4, h, w, classes) for 4 boxes, got [5, 28, 28]"),
        (MaskRecord("none", 0.5, "exact", per_box="m"), {"masks.per_box": (4, 28, 28, 3)},
         "masks.per_box: must have 1 or 2 classes, got 3"),
        (POINTS, {"points.output": (4, 5)},
         "points.output: must hold 4 x 6 values, 2 points xys for each of 4 boxes, got [4, 5]"),
    ],
)  # fmt: skip
def test_outputs_that_do_not_fit_the_boxes(own: Any, shapes: Any, message: str) -> None:
    """Both numbers are named."""
    key = "masks" if isinstance(own, MaskRecord) else "points"
    described = record(**{key: own})
    with pytest.raises(SchemaError) as caught:
        described.count_classes({"boxes": (4, 4), "scores": (4, 2), **shapes})
    assert str(caught.value) == message


def test_the_columns_of_a_row() -> None:
    """Every part has its place; the scores have what the others leave."""
    places = places_of("box+scores+coefficients+angle", (100, 40), {"coefficients": 32})
    assert places["scores"] == slice(4, 7)
    assert places["coefficients"] == slice(7, 39)
    assert places["angle"] == slice(39, 40)
