"""Answers in plain forms are compared with results as their users would."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from keras2cv.schema.vocabulary import TASK_NAMES
from keras2cv.tasks.binary.result import BinaryResult
from keras2cv.tasks.classify.result import Classification
from keras2cv.tasks.detect.record import DetectRecord, Nms
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.embed.result import Embedding
from keras2cv.tasks.image.result import ImageResult
from keras2cv.tasks.keypoints.result import Keypoints
from keras2cv.tasks.raw.result import RawOutputs
from keras2cv.tasks.regress.result import Regression
from keras2cv.tasks.segment.result import Segmentation
from keras2cv.tasks.task import Task
from keras2cv.tasks.text.result import TextPath, TextResult
from keras2cv_export.tasks.answer_match import AnswerFormError, AnswerLimits, AnswerMatch, match
from keras2cv_export.tasks.plain import plain

LIMITS = AnswerLimits()
BOXES = np.array([[10, 20, 60, 90], [100, 20, 160, 50]], np.float32)
MASK = np.zeros((40, 50), np.int32)
MASK[5:25, 10:40] = 1
PIXELS = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3) * 4
RESULTS: dict[str, Any] = {
    "classify": Classification(np.array([0.1, 0.7, 0.2], np.float32), ("cat", "dog", "owl")),
    "binary": BinaryResult(0.8, ("no", "yes")),
    "detect": Detections(
        BOXES,
        np.array([0.9, 0.6], np.float32),
        np.array([1, 0], np.int32),
        (200, 100),
        ("a", "b"),
    ),
    "segment": Segmentation(MASK, 2, ("back", "thing")),
    "keypoints": Keypoints(
        np.array([[3, 4], [50, 60]], np.float32), np.array([0.9, 0.4], np.float32), (100, 80)
    ),
    "text": TextResult((TextPath("AB12", 0.9),), (), 8),
    "image": ImageResult(PIXELS, (5, 4)),
    "embed": Embedding(np.array([3, 4, 0], np.float32)),
    "regress": Regression(np.array([2.0, -7.0], np.float32)),
    "raw": RawOutputs({"a": np.arange(3.0), "b": np.ones((2, 2))}),
}

SAME_ANSWERS: list[tuple[str, Any]] = [
    ("classify", "dog"),
    ("classify", 1),
    ("classify", ("dog", 0.701)),
    ("classify", ["dog", 0.7]),
    ("classify", [0.1, 0.7, 0.2]),
    ("classify", {"label": "dog", "index": 1, "score": 0.7}),
    ("binary", "yes"),
    ("binary", True),
    ("binary", 0.8),
    ("binary", ("yes", 0.8)),
    ("binary", {"probability": 0.8}),
    ("detect", [("b", 0.9, (10, 20, 60, 90)), ("a", 0.6, (100, 20, 160, 50))]),
    ("detect", [(0, 0.6, 100, 20, 160, 50), (1, 0.9, 10, 20, 60, 90)]),
    ("detect", {"boxes": BOXES, "scores": [0.9, 0.6], "classes": [1, 0]}),
    ("segment", MASK),
    ("segment", MASK[..., None]),
    ("segment", {"label_map": MASK.tolist()}),
    ("keypoints", [[3, 4], [50, 60]]),
    ("keypoints", [[3, 4, 0.9], [50, 60, 0.4]]),
    ("text", "AB12"),
    ("text", ["AB12", 0.9]),
    ("image", PIXELS[..., ::-1]),
    ("embed", [3, 4, 0]),
    ("regress", [2, -7]),
    ("regress", {"values": [2, -7]}),
    ("raw", {"a": [0, 1, 2], "b": np.ones((1, 2, 2))}),
]

OTHER_ANSWERS: list[tuple[str, Any, str]] = [
    ("classify", "cat", "the class is 'cat' in the reference and 'dog' in the bundle"),
    ("classify", ("dog", 0.8), "the scores differ by 0.1"),
    ("classify", [0.2, 0.6, 0.2], "the scores differ by 0.1"),
    ("binary", "no", "the answer is 'no'"),
    ("binary", 0.9, "the probability of yes differs by 0.1"),
    ("detect", [("b", 0.9, (10, 20, 60, 90))], "1 boxes are found that are not there"),
    ("detect", [("a", 0.9, (10, 20, 60, 90)), ("a", 0.6, (100, 20, 160, 50))], "'a' at (10,"),
    ("detect", [(1, 0.9, (20, 10, 90, 60)), (0, 0.6, (20, 100, 50, 160))], "2 of 2 boxes"),
    ("detect", [(1, 0.8, (10, 20, 60, 90)), (0, 0.6, (100, 20, 160, 50))], "'b' differs by 0.1"),
    ("detect", [], "2 boxes are found"),
    ("segment", 1 - MASK, "100.0% of the pixels"),
    ("keypoints", [[4, 3], [60, 50]], "point 1 is 10.0 pixels off"),
    ("text", "AB13", "the text is 'AB13', and the bundle reads 'AB12'"),
    ("text", ("AB12", 0.5), "probability differs by 0.4"),
    ("image", PIXELS, "the pixels differ by"),
    ("embed", [4, 3, 0], "cosine is 0.96"),
    ("embed", [6, 8, 0], "are 10 and 5 long"),
    ("regress", [2, -8], "number 1 is -8, and the bundle's is -7"),
    ("raw", {"a": [0, 1, 3], "b": np.ones((2, 2))}, "a differs by 0.33"),
]

UNREADABLE: list[tuple[str, Any, str]] = [
    ("classify", {"klass": 1}, "has the key 'klass'"),
    ("classify", {"task": "detect"}, "is of the task 'detect'"),
    ("classify", object(), "of type object; it may be a label"),
    ("classify", [0.5, 0.5], "has 2 scores, and the bundle has 3"),
    ("classify", {"score": 0.5}, "names no class"),
    ("classify", [0.5, "x", 0.1], "has [0.5, 'x', 0.1] for scores, and needs numbers"),
    ("binary", "maybe", "has the label 'maybe'"),
    ("detect", "cat", "it may be a list of"),
    ("detect", {"boxes": BOXES, "scores": [1]}, "has no classes"),
    ("detect", {"boxes": BOXES, "scores": [1], "classes": [1, 1]}, "2 boxes, 1 scores"),
    ("detect", [(1, 0.5, (1, 2, 3))], "has a box of 3 numbers"),
    ("detect", [{"score": 0.5, "box_xyxy": [1, 2, 3, 4]}], "without class, score or corners"),
    ("segment", MASK[:20], "the picture is 40 high and 50 wide"),
    ("segment", "nothing.npy", "cannot be read"),
    ("keypoints", [[1, 2]], "the bundle has 2"),
    ("text", 7, "it may be a text"),
    ("image", np.zeros((2, 2, 3)), "is an image of the shape"),
    ("embed", [1, 2], "has 2 numbers, and the bundle's vector 3"),
    ("regress", [float("nan"), 1], "has NaN in values"),
    ("classify", [[1, 2], [3]], "has [[1, 2], [3]] for scores, and needs numbers"),
    ("classify", ("dog", float("nan")), "has NaN or infinity in a score"),
    ("classify", {"label": [1.5]}, "has the class [1.5], which is no name and no number"),
    ("binary", {"label": np.zeros(2)}, "has the label array"),
    ("detect", {"boxes": [1, 2, 3], "scores": [1], "classes": [1]}, "has 3 numbers for its boxes"),
    ("detect", {"boxes": BOXES, "scores": [1], "classes": 1}, "has classes that are no list"),
    ("keypoints", {"points": [{"xy": 5}, {"xy": [1, 2]}]}, "has [[np.float64(5.0)]"),
    ("embed", [3, 4, 1j], "and needs numbers"),
    ("regress", [10**400, 1], "and needs numbers"),
    ("raw", {"a": [0, 1, 2]}, "has the outputs a, and the bundle's are a, b"),
    ("raw", [1], "must be a dict of a, b"),
]


@pytest.mark.parametrize("name", TASK_NAMES)
def test_every_task_agrees_with_itself_in_plain_forms(name: str) -> None:
    """What the runtime answers is a legal answer of a user's pipeline."""
    assert match(name, plain(RESULTS[name]), RESULTS[name], LIMITS) == AnswerMatch()


@pytest.mark.parametrize("name", sorted(set(TASK_NAMES) - {"segment", "image"}))
def test_to_dict_is_an_answer(name: str) -> None:
    """So that the JSON of `run` is one; a mask and an image are files there."""
    assert match(name, RESULTS[name].to_dict(), RESULTS[name], LIMITS) == AnswerMatch()


@pytest.mark.parametrize(("name", "given"), SAME_ANSWERS)
def test_the_same_answer_in_other_forms_is_the_same(name: str, given: Any) -> None:
    """Names or numbers, with scores or without."""
    assert match(name, given, RESULTS[name], LIMITS) == AnswerMatch()


@pytest.mark.parametrize(("name", "given", "words"), OTHER_ANSWERS)
def test_another_answer_differs(name: str, given: Any, words: str) -> None:
    """And the difference is shown."""
    found = match(name, given, RESULTS[name], LIMITS)
    assert words in found.difference
    assert found.changed


@pytest.mark.parametrize(("name", "given", "words"), UNREADABLE)
def test_an_answer_of_no_known_form_is_refused(name: str, given: Any, words: str) -> None:
    """It is never taken for another answer."""
    with pytest.raises(AnswerFormError) as caught:
        match(name, given, RESULTS[name], LIMITS)
    assert words in str(caught.value)


# What a user's function may return by mistake, at any place of an answer.
ODD: list[Any] = [
    None, True, 7, -1, 10**400, 1e300, float("nan"), float("inf"), 1j, "", "dog", "x\0y", b"dog",
    "a" * 5000, [], (), {}, [[]], [None], [[1, 2], [3]], ["a"], [{"a": 1}], {"task": None},
    np.array([]), np.zeros((2, 2, 2)), np.array("x"), np.array([None, 1]), np.array([1 + 2j, 0]),
    object(), object, len, slice(1), ..., np.zeros(3, [("a", "f4")]), {"label": [1]},
    {"boxes": [[0, 0, 1]], "scores": [1], "classes": [1]}, {"detections": 5}, {"points": 5},
    {"points": [{"xy": 5}]}, {"text": None}, {"outputs": None},
]  # fmt: skip


def with_odd(given: Any, odd: Any) -> Iterator[Any]:
    """Yield an answer with `odd` in the place of each of its parts, one at a time."""
    yield odd
    if isinstance(given, dict):
        yield from ({**given, key: v} for key in given for v in with_odd(given[key], odd))
    elif isinstance(given, list | tuple) and len(given) < 10:
        for place, part in enumerate(given):
            for value in with_odd(part, odd):
                yield type(given)([*given[:place], value, *given[place + 1 :]])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("name", "given"), SAME_ANSWERS)
def test_any_answer_is_compared_or_refused(name: str, given: Any) -> None:
    """In one clause of a readable length, and never with an error of ours or a warning."""
    for odd in ODD:
        for answer in with_odd(given, odd):
            try:
                clause = match(name, answer, RESULTS[name], LIMITS).difference
            except AnswerFormError as error:
                clause = str(error)
            assert len(clause) < 600


def test_a_vector_of_huge_numbers_differs() -> None:
    """Though the squares of its numbers are infinite."""
    assert match("embed", [3, 4, 1e300], RESULTS["embed"], LIMITS).changed


def test_infinities_in_the_same_places_are_the_same() -> None:
    """Numbers that overflow on both sides say nothing; an infinity beside a number is another."""
    ours = np.array([2.0, np.inf, np.nan])
    arrays = {"raw": RawOutputs({"a": ours}), "regress": Regression(ours)}
    for name, result in arrays.items():
        assert match(name, ours, result, LIMITS) == AnswerMatch()
        assert match(name, [2, 3.3e38, np.nan], result, LIMITS) == AnswerMatch()
        for other in ([3, np.inf, np.nan], [2, 5, np.nan], [2, -np.inf, np.nan], [2, np.inf, 1]):
            assert match(name, other, result, LIMITS).changed, (name, other)


def test_near_ties_are_no_changes() -> None:
    """A class that scores as much, a yes near the threshold, a box near the least score."""
    equal = Classification(np.array([0.4, 0.405, 0.195], np.float32), ("cat", "dog", "owl"))
    assert match("classify", "cat", equal, LIMITS).near_tie
    assert match("binary", "no", BinaryResult(0.505), LIMITS).near_tie
    record = DetectRecord("xyxy", "pixels", "none", 0.595, boxes="b", scores="s")
    limits = replace(LIMITS, task=Task("detect", record=record))
    assert match("detect", [(1, 0.9, (10, 20, 60, 90))], RESULTS["detect"], limits).near_tie
    strict = replace(LIMITS, task=Task("detect", record=replace(record, score=0.3)))
    assert match("detect", [(1, 0.9, (10, 20, 60, 90))], RESULTS["detect"], strict).changed


def test_a_box_that_overlaps_as_much_as_allowed_is_a_near_tie() -> None:
    """Suppression decides about it by rounding; a box that overlaps less is none."""
    two = np.array([[0, 0, 100, 100], [0, 0, 100, 50]], np.float32)
    found = Detections(two, np.array([0.9, 0.8], np.float32), np.zeros(2, np.int32), (200, 200))
    given = [(0, 0.9, (0, 0, 100, 100))]
    for iou, is_tie in ((0.502, True), (0.7, False)):
        record = DetectRecord(
            "xyxy", "pixels", "none", 0.1, boxes="b", scores="s", nms=Nms(iou, across_classes=False)
        )
        limits = replace(LIMITS, task=Task("detect", record=record))
        assert match("detect", given, found, limits).near_tie == is_tie


def test_only_a_full_side_has_no_place_for_a_box() -> None:
    """Of two kept boxes, the worse is a near-tie with another; beside none, it is a change."""
    boxes = np.array([[0, 0, 20, 20], [50, 50, 90, 90]], np.float32)
    found = Detections(boxes, np.array([0.9, 0.8], np.float32), np.zeros(2, np.int32), (200, 200))
    record = DetectRecord("xyxy", "pixels", "none", 0.1, boxes="b", scores="s", max_detections=2)
    limits = replace(LIMITS, task=Task("detect", record=record))
    other = [(0, 0.9, (0, 0, 20, 20)), (0, 0.805, (120, 120, 150, 150))]
    assert match("detect", other, found, limits).near_tie
    assert match("detect", other[:1], found, limits).changed
    assert match("detect", [], found, limits).changed


def test_a_pipeline_may_round_its_boxes() -> None:
    """Whole numbers may be a pixel off, others may not."""
    small = Detections(
        np.array([[1.4, 2.4, 9.6, 7.7]], np.float32), np.ones(1, np.float32), np.zeros(1, np.int32),
        (20, 20),
    )  # fmt: skip
    assert not match("detect", [(0, 1.0, (1, 2, 10, 8))], small, LIMITS).difference
    assert match("detect", [(0, 1.0, (1.01, 2.01, 10.1, 8.1))], small, LIMITS).changed


def test_masks_and_images_may_be_files(tmp_path: Path) -> None:
    """In .npy or PNG, colours as RGB."""
    np.save(tmp_path / "mask.npy", MASK)
    cv2.imwrite(str(tmp_path / "mask.png"), MASK.astype(np.uint8))
    cv2.imwrite(str(tmp_path / "image.png"), PIXELS)
    for name in ("mask.npy", "mask.png"):
        assert not match("segment", str(tmp_path / name), RESULTS["segment"], LIMITS).difference
    assert not match("image", str(tmp_path / "image.png"), RESULTS["image"], LIMITS).difference


def test_a_small_class_counts_as_much_as_a_large_one() -> None:
    """A lost class of half a percent is a difference, though 99 % of the pixels are the same."""
    mask = np.zeros((200, 200), np.int32)
    mask[:12, :12] = 3
    lost = Segmentation(np.zeros_like(mask), 4)
    assert "class '3' overlaps by 0.0%" in match("segment", mask, lost, LIMITS).difference


def test_a_palette_mask_is_its_indices(tmp_path: Path) -> None:
    """As Pascal VOC's masks are; the palette's colours are for people."""
    indexed = Image.frombytes("P", (50, 40), MASK.astype(np.uint8).tobytes())
    indexed.putpalette([0, 0, 0, 128, 0, 0])
    indexed.save(tmp_path / "m.png")
    given = str(tmp_path / "m.png")
    assert match("segment", given, RESULTS["segment"], LIMITS) == AnswerMatch()
