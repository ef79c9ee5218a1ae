"""The results of `predict`: their numbers, JSON and pictures."""

import json
from typing import Any

import cv2
import numpy as np
import pytest

from keras2cv.errors import InputError, UsageError
from keras2cv.pixels.drawing.captions import caption
from keras2cv.pixels.drawing.text import ascii_text
from keras2cv.tasks.binary.result import BinaryResult
from keras2cv.tasks.classify.result import Classification
from keras2cv.tasks.raw.result import RawOutputs
from keras2cv.tasks.regress.result import Regression
from keras2cv.tasks.result import Result
from support.drawn_image import draw_image

LABELS = ("cat", "猫", "naïve café")
SCORES = np.array([0.25, 0.125, 0.625], np.float32)
RESULTS: list[Result] = [
    Classification(SCORES, LABELS),
    Classification(SCORES),
    BinaryResult(0.25, ("fine", "défaut")),
    Regression(np.array([1.5, -2.25, 1e9], np.float32), LABELS),
    Regression(np.array(3.5, np.float32)),
    RawOutputs({"Ausgänge": np.array([[1.5, 2.5]], np.float32), "mask": np.array([True, False])}),
]


def test_a_classification_ranks_its_classes() -> None:
    """The best comes first, with its label, number and score."""
    result = Classification(SCORES, LABELS)
    assert (result.label, result.index, result.score) == ("naïve café", 2, 0.625)
    assert result.top(2) == [("naïve café", 2, 0.625), ("cat", 0, 0.25)]
    assert len(result.top(99)) == 3


def test_equal_scores_rank_by_number() -> None:
    """A tie is broken the same way everywhere, argmax included."""
    result = Classification(np.array([0.1, 0.4, 0.4, 0.1], np.float32))
    assert [scored.index for scored in result.top(4)] == [1, 2, 0, 3]
    assert (result.index, result.label) == (1, "1")


def test_a_binary_result_answers_at_its_threshold() -> None:
    """Reaching the threshold is yes, and the score is that of the answer given."""
    assert BinaryResult(0.5).label == "yes"
    assert BinaryResult(0.25, ("fine", "broken")).label == "fine"
    assert BinaryResult(0.25).score == 0.75
    assert BinaryResult(0.25, threshold=0.2).positive


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Classification(np.zeros((2, 3), np.float32)), r"\(C,\) float32, got \(2, 3\)"),
        (lambda: Classification(np.zeros(0, np.float32)), r"got \(0,\) float32"),
        (
            lambda: Classification(np.zeros(3)),  # type: ignore[arg-type]
            "got .* float64",
        ),
        (lambda: Classification(SCORES, ("a", "b")), "3 scores and 2 labels"),
        (lambda: Classification(SCORES).top(0), "at least 1, got 0"),
        (lambda: BinaryResult(1.5), "must be 0 to 1, got 1.5"),
        (lambda: BinaryResult(float("nan")), "must be 0 to 1, got nan"),
    ],
)
def test_a_result_checks_itself(make: Any, message: str) -> None:
    """An invalid result cannot be constructed."""
    with pytest.raises(UsageError, match=message):
        make()


@pytest.mark.parametrize("result", RESULTS)
def test_every_result_is_plain_json(result: Result) -> None:
    """The dict survives JSON unchanged, and keeps the labels' letters."""
    fields = result.to_dict()
    assert json.loads(json.dumps(fields, allow_nan=False)) == fields


def test_the_json_of_a_classification() -> None:
    """The keys are those that scripts rely on."""
    fields = Classification(SCORES, LABELS).to_dict()
    assert list(fields) == ["task", "label", "index", "score", "top", "scores"]
    assert fields["top"][1] == {"label": "cat", "index": 0, "score": 0.25}


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("size_wh", [(1, 1), (9, 31), (224, 160), (1900, 1080), (3000, 2)])
def test_every_result_draws_on_an_image_of_any_size(
    result: Result, size_wh: tuple[int, int]
) -> None:
    """The picture is new, keeps the aspect ratio, and shows something."""
    image = np.full((size_wh[1], size_wh[0], 3), 90, np.uint8)
    picture = result.draw(image)
    height, width = picture.shape[:2]
    assert width * size_wh[1] == height * size_wh[0]
    assert picture.shape[2] == 3
    assert not (picture == 90).all()
    assert (image == 90).all()


@pytest.mark.parametrize("kind", ["gray", "BGRA", "16 bits"])
def test_every_kind_of_image_can_be_drawn_on(kind: str) -> None:
    """Draw accepts every image that predict accepts."""
    image: Any = draw_image(300, 200)
    converted = {
        "gray": cv2.cvtColor(image, cv2.COLOR_BGR2GRAY),
        "BGRA": cv2.cvtColor(image, cv2.COLOR_BGR2BGRA),
        "16 bits": image.astype(np.uint16) * 257,
    }
    assert RESULTS[0].draw(converted[kind]).shape == (200, 300, 3)
    with pytest.raises(InputError):
        RESULTS[0].draw(image.astype(np.float32))


@pytest.mark.parametrize("background", [0, 128, 255])
def test_text_contrasts_with_any_background(background: int) -> None:
    """The text lies on its own paper: both very dark and very bright pixels are in the box."""
    image = np.full((200, 300, 3), background, np.uint8)
    box = caption(image, ["gpqy"])[:20, :20]
    assert int(box.max()) - int(box.min()) > 150


@pytest.mark.parametrize("result", RESULTS)
def test_a_picture_is_drawn_in_place_only_where_that_is_asked_for(result: Result) -> None:
    """In place, the image itself becomes the very picture that is else a new one."""
    image = draw_image(300, 200)
    before = image.copy()
    picture = result.draw(image)
    assert picture is not image
    assert (image == before).all()
    assert result.draw(image, in_place=True) is image
    assert (image == picture).all()


def test_what_cannot_be_drawn_on_in_place_is_copied() -> None:
    """Small, read-only, gray and strided images stay as they are, and the picture is the same."""
    strided = draw_image(300, 200)[:, ::-1]
    frozen = draw_image(300, 200)
    frozen.flags.writeable = False
    for image in (draw_image(40, 32), strided, frozen, draw_image(300, 200)[..., 0].copy()):
        before = image.copy()
        picture = RESULTS[0].draw(image, in_place=True)
        assert (image == before).all()
        assert (picture == RESULTS[0].draw(image)).all()


def test_a_small_picture_is_enlarged_and_a_large_one_is_not() -> None:
    """Below 160 pixels no text can be read: pixels are repeated, never blended."""
    small = draw_image(40, 32)
    assert caption(small, ["x"]).shape == (160, 200, 3)
    assert (caption(small, ["x"])[-1, -1] == small[-1, -1]).all()
    assert caption(draw_image(300, 200), ["x"]).shape == (200, 300, 3)


def test_what_does_not_fit_is_cut_with_dots() -> None:
    """A long label changes its own line, and stays inside the picture."""
    picture = caption(np.zeros((160, 160, 3), np.uint8), ["long " * 5000])
    assert picture.shape == (160, 160, 3)


@pytest.mark.parametrize(
    ("text", "drawn"),
    [("plain", "plain"), ("naïve café", "naive cafe"), ("猫", "?"), ("½ Straße", "1/2 Strasse")],
)
def test_letters_that_cv2_cannot_draw_are_replaced(text: str, drawn: str) -> None:
    """Accents are dropped, some are spelled, and other letters become question marks."""
    assert ascii_text(text) == drawn
