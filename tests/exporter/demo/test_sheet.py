"""The contact sheet: every image, framed by whether its prediction is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from keras2cv_export.demo.sheet import Entry, contact_sheet

Array = NDArray[Any]
GREEN, RED = (84, 160, 40), (48, 40, 210)


def entry(
    predicted: str = "star", truth: str = "star", size_wh: tuple[int, int] = (70, 50)
) -> Entry:
    """One blue image."""
    image = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    image[..., 0] = 255
    return Entry(image, predicted, 0.875, truth)


def sheet(*entries: Entry, columns: int = 3, title: str = "Title") -> Array:
    """Lay them out."""
    return contact_sheet(entries, title=title, subtitle="Subtitle", columns=columns)


def pixels(image: Array, color: tuple[int, int, int]) -> Array:
    """Return where the image has exactly this colour, (H, W) bool."""
    return np.asarray((image == color).all(axis=2))


def test_right_is_framed_green_and_wrong_red() -> None:
    """The frame says it at a glance."""
    right, wrong = sheet(entry()), sheet(entry(truth="heart"))
    assert pixels(right, GREEN).sum() > 1000
    assert not pixels(right, RED).any()
    assert pixels(wrong, RED).sum() > 1000
    assert not pixels(wrong, GREEN).any()


def test_a_wrong_prediction_is_told_without_colour_too() -> None:
    """The caption names the truth, for those who do not tell red from green."""

    def inked(image: Array) -> Any:
        return (image[-80:] != image[0, 0]).any(axis=2).sum()

    assert inked(sheet(entry(truth="heart"))) > inked(sheet(entry())) + 200


def test_images_are_letterboxed_not_stretched() -> None:
    """A tall image stays tall, whole, in its cell."""
    rows, columns = np.nonzero(pixels(sheet(entry(size_wh=(40, 80))), (255, 0, 0)))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert height / width == pytest.approx(2, rel=0.02)
    assert height == 168


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (3, 1), (4, 2), (7, 3)])
def test_every_image_is_on_the_sheet(count: int, rows: int) -> None:
    """Rows are added as needed; the last may be short."""
    image = sheet(*[entry() for _ in range(count)])
    assert pixels(image, (255, 0, 0)).sum() == count * 168 * 120
    assert image.shape[0] - sheet(entry()).shape[0] == (rows - 1) * 228


def test_long_texts_stay_within_their_place() -> None:
    """A long label is narrowed to its cell, a long title to the sheet, in every OpenCV's font."""
    long = entry("an uncommonly long prediction", "and a truth that is no shorter")
    image = sheet(long, entry(), columns=2, title="A title that is " + "very " * 30 + "long")
    right_of_first = image[-60:, 36 + 176 : 36 + 176 + 18]
    assert (right_of_first == image[0, 0]).all()
    assert (image[:, -1] == image[0, 0]).all()


def test_an_empty_sheet_and_a_score_that_is_none_are_refused() -> None:
    """Nothing to show, or logits for probabilities, is a mistake, not a blank."""
    with pytest.raises(ValueError, match="needs images; got none"):
        sheet()
    with pytest.raises(ValueError, match=r"got 7\.5"):
        Entry(np.zeros((5, 4, 3), np.uint8), "star", 7.5, "star")
