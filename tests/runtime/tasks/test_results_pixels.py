"""Results that answer in pixels: their numbers, their JSON, and their pictures."""

from __future__ import annotations

import json
from typing import Any

import cv2
import numpy as np
import pytest

from keras2cv.errors import UsageError
from keras2cv.pixels.drawing import text
from keras2cv.pixels.drawing.boxes import draw_boxes
from keras2cv.pixels.drawing.colours import colour_of
from keras2cv.pixels.drawing.regions import draw_regions
from keras2cv.pixels.drawing.tags import Tag, _placed, of_box, paper_width
from keras2cv.pixels.geometry import place
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.segment.result import Grid, Segmentation
from support.drawn_image import draw_image

LABELS = ("cat", "猫", "naïve café")


def detections(wh: tuple[int, int] = (300, 200), count: int = 3) -> Detections:
    """Return `count` boxes in an image of that size."""
    boxes = np.array([(0.1, 0.2, 0.5, 0.9), (0, 0, 1, 1), (0.7, 0, 0.9, 0.3)]) * (wh * 2)
    return Detections(
        boxes[:count].astype(np.float32),
        np.array([0.75, 0.5, 0.25], np.float32)[:count],
        np.array([2, 0, 7], np.int32)[:count],
        wh,
        LABELS,
    )


def segmentation(wh: tuple[int, int] = (300, 200)) -> Segmentation:
    """Return three classes in stripes, and a part that was not seen."""
    label_map = np.zeros(wh[::-1], np.int32)
    label_map[:, wh[0] // 3 :] = 2
    label_map[:, wh[0] * 2 // 3 :] = -1
    return Segmentation(label_map, 3, LABELS)


def test_detections_are_walked_best_first() -> None:
    """Each with its label, or its number where the labels end."""
    found = list(detections())
    assert [d.label for d in found] == ["naïve café", "cat", "7"]
    assert [d.score for d in found] == [0.75, 0.5, 0.25]
    assert found[1].box_xyxy == (0, 0, 300, 200)
    assert len(detections(count=0)) == 0
    assert list(detections(count=0)) == []


@pytest.mark.parametrize("result", [detections(), detections(count=0), segmentation()])
def test_the_dict_is_plain_json(result: Any) -> None:
    """It survives JSON unchanged, and keeps the labels' letters."""
    fields = result.to_dict()
    assert json.loads(json.dumps(fields, allow_nan=False)) == fields
    assert fields["image_wh"] == [300, 200]


@pytest.mark.parametrize("result", [detections(), detections(count=0), segmentation()])
def test_a_picture_is_drawn_in_place_only_where_that_is_asked_for(result: Any) -> None:
    """In place, the image itself becomes the very picture that is else a new one."""
    image = draw_image(300, 200)
    before = image.copy()
    picture = result.draw(image)
    assert (image == before).all()
    assert result.draw(image, in_place=True) is image
    assert (image == picture).all()


@pytest.mark.parametrize("number", range(12))
def test_a_tag_reads_on_every_colour(number: int) -> None:
    """Letters differ from their paper as much as WCAG 2 asks of large text, 3 to 1."""

    def luminance(bgr: Any) -> float:
        linear = (np.array(bgr, np.float64) / 255) ** 2.2
        return float(linear @ (0.0722, 0.7152, 0.2126))

    picture = draw_boxes(
        np.full((300, 300, 3), 9, np.uint8), np.array([[40, 90, 260, 280]]), ["#"], [number]
    )
    paper = luminance(colour_of(number))
    tag = picture[70:88, 40:70].reshape(-1, 3)
    ratios = [
        (max(paper, luminance(ink)) + 0.05) / (min(paper, luminance(ink)) + 0.05) for ink in tag
    ]
    assert max(ratios) > 3


def test_the_json_of_a_box() -> None:
    """The keys are those that scripts rely on."""
    [_, second, _] = detections().to_dict()["detections"]
    assert second == {"label": "cat", "class_id": 0, "score": 0.5, "box_xyxy": [0, 0, 300, 200]}


def test_the_json_of_a_mask_has_areas() -> None:
    """Pixels and shares of the whole image, the largest first; the unseen part has no class."""
    fields = segmentation((30, 20)).to_dict()
    assert fields["classes"] == [
        {"label": "cat", "index": 0, "pixels": 200, "share": 1 / 3},
        {"label": "naïve café", "index": 2, "pixels": 200, "share": 1 / 3},
    ]
    assert segmentation((30, 20)).mask(2).sum() == 200


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Detections(
                np.zeros((2, 4), np.float32),
                np.zeros(3, np.float32),
                np.zeros(3, np.int32),
                (9, 9),
            ),
            r"boxes_xyxy must be \(3, 4\) float32, got \(2, 4\)",
        ),
        (
            lambda: Detections(
                np.zeros((2, 4), np.float32),
                np.zeros(2, np.float32),
                np.zeros(2, np.int64),  # type: ignore[arg-type]
                (9, 9),
            ),
            "class_ids must be .* int32, got .* int64",
        ),
        (lambda: Segmentation(np.zeros((2, 3, 1), np.int32)), r"\(H, W\) int32, got \(2, 3, 1\)"),
        (lambda: Segmentation(np.zeros((2, 3), np.int32), 2, LABELS), "2 classes and 3 labels"),
        (lambda: detections().draw(draw_image(301, 200)), "image of 300x200, got one of 301x200"),
        (lambda: segmentation().draw(draw_image(30, 20)), "image of 300x200, got one of 30x20"),
    ],
)
def test_a_result_checks_itself(make: Any, message: str) -> None:
    """An invalid result, or one drawn on another image, is refused."""
    with pytest.raises(UsageError, match=message):
        make()


def test_a_class_that_there_is_not_has_no_probability() -> None:
    """The message lists the classes."""
    grid = Grid(np.full((4, 6, 3), 1 / 3, np.float32), place((30, 20), (6, 4), "stretch"))
    result = Segmentation(np.zeros((20, 30), np.int32), 3, grid=grid)
    assert result.probabilities(2).shape == (20, 30)
    with pytest.raises(UsageError, match=r"no class 3\. Give one from 0 to 2"):
        result.probabilities(3)


@pytest.mark.parametrize("make", [detections, segmentation])
@pytest.mark.parametrize("size_wh", [(3, 2), (9, 31), (224, 160), (1900, 1080), (3000, 4)])
def test_it_draws_on_an_image_of_any_size(make: Any, size_wh: tuple[int, int]) -> None:
    """The picture is new, keeps the aspect ratio, and shows something."""
    image = np.full((size_wh[1], size_wh[0], 3), 90, np.uint8)
    picture = make(size_wh).draw(image)
    assert picture.shape[1] * size_wh[1] == picture.shape[0] * size_wh[0]
    assert not (picture == 90).all()
    assert (image == 90).all()


@pytest.mark.parametrize("truetype", [False, True])
def test_texts_lie_above_their_boxes_and_on_none(
    truetype: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above, or below where the picture ends; boxes at one place have texts beside each other."""
    if truetype and not text.has_truetype():
        pytest.skip("this OpenCV has no TrueType fonts")
    monkeypatch.setattr(text, "has_truetype", lambda: truetype)
    boxes = np.array([[40, 100, 200, 180], [300, 0, 500, 90], [40, 100, 200, 250]], np.float32)
    picture = draw_boxes(
        np.zeros((300, 600, 3), np.uint8), boxes, ["a 0.9", "b 0.8", "c 0.7"], [0, 1, 2]
    )
    pen = text.Pen(0.3)
    above = picture[100 - pen.height - 1 : 99, 40:60]
    assert (above == np.array(colour_of(0))).all(axis=2).mean() > 0.25  # paper, and letters on it
    below = picture[92 : 90 + pen.height, 302:320]
    assert (below == np.array(colour_of(1))).all(axis=2).mean() > 0.25
    under = picture[252 : 250 + pen.height, 42:60]  # the third box' own place is taken
    assert (under == np.array(colour_of(2))).all(axis=2).mean() > 0.25


def test_many_texts_do_not_hide_each_other() -> None:
    """Fifty boxes at random: of each text's paper at least nine tenths are seen."""
    rng = np.random.default_rng(3)
    corners = rng.uniform(0, 0.8, (50, 2)) * (1200, 700)
    boxes = np.hstack([corners, corners + rng.uniform(30, 200, (50, 2))])
    tags = [Tag("person 0.50", colour_of(i), tuple(box)) for i, box in enumerate(boxes.astype(int))]
    pen = text.Pen(0.7)
    sizes = [(paper_width(tag.text, pen), pen.height) for tag in tags]
    whole = np.array([tag.box for tag in tags])
    places = _placed(whole, sizes, (1200, 700), 2, of_box)
    seen = np.full((700, 1200), -1)
    for index in reversed(range(50)):
        (x, y), (w, h) = places[index], sizes[index]
        seen[y : y + h, x : x + w] = index
    shares = [(seen == i).sum() / (w * h) for i, (w, h) in enumerate(sizes)]
    assert min(shares) > 0.9


@pytest.mark.parametrize(
    ("label", "spelled"),
    [
        ("naïve café", "naive cafe"), ("Größe", "Grosse"), ("собака", "sobaka"), ("Щ", "Shch"),
        ("γάτα", "gata"), ("한국", "hangug"), ("ねこ", "neko"), ("猫", "class 3"), ("猫 A", "? A"),
        ("plate 京A", "plate ?A"),
    ],
)  # fmt: skip
def test_a_label_is_spelled_where_its_letters_are_missing(
    label: str, spelled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before OpenCV 5: by sound, or the class' number where most of it cannot be read."""
    monkeypatch.setattr(text, "has_truetype", lambda: False)
    assert text.readable(label, "class 3") == spelled
    assert text.readable(label).isascii()


@pytest.mark.skipif(not text.has_truetype(), reason="OpenCV 5 has TrueType fonts")
def test_truetype_writes_other_scripts() -> None:
    """Chinese, Cyrillic and accents are drawn as they are; what it lacks is spelled or named."""
    for label in ("猫", "собака", "naïve", "日本語"):
        assert text.readable(label, "class 3") == label
    assert text.readable("😀😀", "class 3") == "class 3"
    one, other = (detections().draw(np.zeros((200, 300, 3), np.uint8)) for _ in range(2))
    assert np.array_equal(one, other)


def test_no_boxes_leave_the_picture_as_it_is() -> None:
    """A copy, for there is nothing to draw."""
    image = draw_image(300, 200)
    picture = detections(count=0).draw(image)
    assert np.array_equal(picture, image)
    assert picture is not image


def test_an_edge_is_drawn_on_the_last_pixel_inside() -> None:
    """A box that ends at the image's own edge is seen on all four sides."""
    picture = detections().draw(np.full((200, 300, 3), 90, np.uint8))
    red = np.array(colour_of(0))
    for side in (picture[-1, 150], picture[100, -1], picture[100, 0]):
        assert np.array_equal(side, red)


def test_neighbouring_classes_have_different_colours() -> None:
    """Of 20 classes, no two look the same, and all are equally light and strong in colour."""
    colours = np.array([colour_of(i) for i in range(20)], int)
    lab = cv2.cvtColor(colours[None].astype(np.float32) / 255, cv2.COLOR_BGR2LAB)[0]
    assert np.abs(lab[:, 0] - 72).max() < 1
    assert np.hypot(lab[:, 1], lab[:, 2]).min() > 35
    for i in range(20):
        assert np.abs(colours - colours[i]).sum(axis=1).argsort()[0] == i
        assert np.sort(np.abs(colours - colours[i]).sum(axis=1))[1] > 10


def test_the_background_of_a_binary_mask_stays_clear() -> None:
    """Class 0 stays as in the image; class 1 is half covered."""
    label_map = np.zeros((200, 300), np.int32)
    label_map[:, 150:] = 1
    image = np.full((200, 300, 3), 90, np.uint8)
    picture = Segmentation(label_map, 2, ("none", "road"), threshold=0.5).draw(image)
    assert (picture[190, :150] == 90).all()
    assert (picture[190, 150:] != 90).any(axis=1).all()


def test_classes_beyond_a_byte_are_drawn_too() -> None:
    """Each class in its own colour over half of the image, whatever its number."""
    image = np.random.default_rng(7).integers(0, 256, (170, 180, 3), np.uint8)
    numbers = np.repeat(np.array([-1, 0, 7, 254, 255, 300], np.int32), 30)[None].repeat(170, 0)
    shown = {0: "a", 254: "b", 255: "c", 300: "d"}
    drawn = draw_regions(image, numbers, shown)
    expected = image.copy()
    for number in shown:
        region = numbers == number
        expected[region] = image[region] // 2 + np.array(colour_of(number), np.uint8) // 2
    assert np.array_equal(drawn[120:], expected[120:])  # the names stand above
