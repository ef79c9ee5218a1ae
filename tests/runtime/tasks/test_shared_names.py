"""Results of every task share names: label, score, to_dict, draw, save."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from keras2cv.errors import InputError, UsageError
from keras2cv.pixels.geometry import place
from keras2cv.tasks import TASKS
from keras2cv.tasks.binary.result import BinaryResult
from keras2cv.tasks.classify.result import Classification
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.embed.result import Embedding
from keras2cv.tasks.image.result import ImageResult
from keras2cv.tasks.keypoints.result import Keypoints
from keras2cv.tasks.raw.result import RawOutputs
from keras2cv.tasks.regress.result import Regression
from keras2cv.tasks.result import write_picture
from keras2cv.tasks.segment.result import Grid, Segmentation
from keras2cv.tasks.text.result import TextPath, TextResult
from support.drawn_image import draw_image

WH = (48, 32)
BOXES = np.array([[1, 2, 30, 20], [5, 5, 9, 9]], np.float32)
SHARES = np.stack([np.full(WH[::-1], 0.25), np.full(WH[::-1], 0.75)], axis=-1).astype(np.float32)
RESULTS: dict[str, tuple[Any, str, float | None]] = {
    "classify": (
        Classification(np.array([0.25, 0.75], np.float32), ("cat", "dog")), "dog", 0.75,
    ),
    "binary": (BinaryResult(0.25, ("cat", "dog")), "cat", 0.75),
    "detect": (
        Detections(
            BOXES, np.array([0.5, 0.25], np.float32), np.array([1, 0], np.int32), WH, ("a", "b")
        ),
        "b", 0.5,
    ),
    "segment": (
        Segmentation(
            np.ones(WH[::-1], np.int32), 2, ("sky", "road"), None,
            Grid(SHARES, place(WH, WH, "stretch")),
        ),
        "road", 0.75,
    ),
    "keypoints": (
        Keypoints(
            np.array([[3, 4], [20, 9]], np.float32), np.array([0.25, 0.5], np.float32), WH,
            ("eye", "ear"),
        ),
        "ear", 0.5,
    ),
    "regress": (Regression(np.array([1.5], np.float32), ("age",)), "age 1.5", None),
    "embed": (Embedding(np.ones(8, np.float32)), "8 numbers", None),
    "image": (ImageResult(draw_image(*WH), WH), "48x32", None),
    "text": (TextResult((TextPath("AB12", 0.5),), (), 4), "AB12", 0.5),
    "raw": (RawOutputs({"a": np.ones(3), "b": np.ones(2)}), "a, b", None),
}  # fmt: skip


def test_every_task_is_here() -> None:
    """A new task gets the names, too."""
    assert set(RESULTS) == set(TASKS)


@pytest.mark.parametrize("task", RESULTS)
def test_every_result_has_the_shared_names(task: str, tmp_path: Path) -> None:
    """The label is text, the score a number or None, and the picture is what `draw` draws."""
    result, label, score = RESULTS[task]
    assert (result.label, result.score) == (label, pytest.approx(score))
    json.dumps(result.to_dict(), allow_nan=False)
    image = draw_image(*WH)
    path = result.save(tmp_path / "drawn.png", image)
    np.testing.assert_array_equal(cv2.imread(str(path)), result.draw(image))


def test_a_result_without_anything_has_no_label() -> None:
    """No box, and a mask of an image that the network did not see."""
    none = np.zeros(0, np.float32)
    empty = Detections(none.reshape(0, 4), none, none.astype(np.int32), WH)
    unseen = Segmentation(np.full(WH[::-1], -1, np.int32))
    assert [(one.label, one.score) for one in (empty, unseen)] == [("", None)] * 2


def test_the_label_of_a_mask_is_what_it_is_looking_for() -> None:
    """The background covers most, and is not the answer; without any of class 1 it is."""
    label_map = np.zeros((4, 4), np.int32)
    nothing = Segmentation(label_map.copy(), 2, ("no", "tumour"), 0.5)
    label_map[0, 0] = 1
    assert Segmentation(label_map, 2, ("no", "tumour"), 0.5).label == "tumour"
    assert nothing.label == "no"


def test_the_probability_of_the_best_class_has_its_name() -> None:
    """`result.probability` is there for one class and for several."""
    assert RESULTS["classify"][0].probability == RESULTS["classify"][0].score


def test_save_draws_on_the_image_at_a_path(tmp_path: Path) -> None:
    """A path is read as cv2.imread does, and the image itself is never replaced."""
    result = RESULTS["detect"][0]
    photo = tmp_path / "photo.png"
    assert cv2.imwrite(str(photo), draw_image(*WH))
    before = photo.read_bytes()
    result.save(tmp_path / "drawn.png", photo)
    with pytest.raises(UsageError, match="is the image itself"):
        result.save(photo, photo)
    assert photo.read_bytes() == before
    with pytest.raises(UsageError, match="Choose another suffix"):
        result.save(tmp_path / "drawn.xyz", photo)
    with pytest.raises(UsageError, match="cannot be written"):
        result.save(tmp_path / "nowhere" / "drawn.png", photo)
    with pytest.raises(InputError, match=r"gone\.png cannot be read: No such file"):
        result.save(tmp_path / "drawn.png", tmp_path / "gone.png")


@pytest.mark.parametrize("image", [None, np.zeros(3, np.uint8), np.zeros((0, 0, 3), np.uint8)])
@pytest.mark.parametrize("kind", list(RESULTS))
def test_save_refuses_what_is_no_image(tmp_path: Path, kind: str, image: Any) -> None:
    """As `predict` does."""
    with pytest.raises(InputError):
        RESULTS[kind][0].save(tmp_path / "a.png", image)
    assert not (tmp_path / "a.png").exists()


def test_save_refuses_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    """Such as one with a NUL."""
    for name in ("a\0.png", "\ud800.png"):
        with pytest.raises(UsageError, match="Choose another place"):
            RESULTS["binary"][0].save(tmp_path / name, draw_image(*WH))
        with pytest.raises(UsageError, match="Choose another place"):
            write_picture(tmp_path / name, draw_image(*WH))
