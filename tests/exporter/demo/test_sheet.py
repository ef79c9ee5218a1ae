"""The contact sheet: every image, framed by whether its prediction is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from keras2cv.tasks.classify.result import Classification
from keras2cv_export.demo.sheet import contact_sheet

Array = NDArray[Any]
BLUE, GREEN, RED = (255, 0, 0), (84, 160, 40), (48, 40, 210)


@pytest.fixture
def sheet(tmp_path: Path) -> Any:
    """Return a function that lays out blue images, each predicted to be a star."""

    def of(*truths: str, size_wh: tuple[int, int] = (70, 50)) -> Array:
        image = np.full((size_wh[1], size_wh[0], 3), BLUE, np.uint8)
        paths = {tmp_path / f"{k}.png": truth for k, truth in enumerate(truths)}
        for path in paths:
            cv2.imwrite(str(path), image)
        return contact_sheet(paths, [star()] * len(paths))

    return of


def star() -> Classification:
    """The prediction."""
    return Classification(np.array([0.125, 0.875], np.float32), ("heart", "star"))


def pixels(image: Array, color: tuple[int, int, int]) -> Array:
    """Return where the image has exactly this colour, (H, W) bool."""
    return np.asarray((image == color).all(axis=2))


def test_right_is_framed_green_and_wrong_red(sheet: Any) -> None:
    """The frame shows it at a glance."""
    right, wrong = sheet("star"), sheet("heart")
    assert pixels(right, GREEN).sum() > 1000
    assert not pixels(right, RED).any()
    assert pixels(wrong, RED).sum() > 1000
    assert not pixels(wrong, GREEN).any()


def test_a_wrong_prediction_shows_without_colour_too(sheet: Any) -> None:
    """The caption names the truth, for people who cannot distinguish red from green."""
    right, wrong, other = ((sheet(t)[-50:] != (250, 249, 248)).any(2) for t in ("star", "a", "bc"))
    assert (right != wrong).any()
    assert (wrong != other).any()


def test_images_are_letterboxed_not_stretched(sheet: Any) -> None:
    """A tall image stays tall, whole, in its cell."""
    rows, columns = np.nonzero(pixels(sheet("star", size_wh=(40, 80)), BLUE))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert height / width == pytest.approx(2, rel=0.02)
    assert height == 168


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (8, 1), (9, 2), (17, 3)])
def test_every_image_is_on_the_sheet(sheet: Any, count: int, rows: int) -> None:
    """Rows are added as needed; the last may be short."""
    image = sheet(*["star"] * count)
    assert pixels(image, BLUE).sum() == count * 168 * 120
    assert image.shape[0] - sheet("star").shape[0] == (rows - 1) * 216


def test_every_image_has_its_prediction(tmp_path: Path) -> None:
    """A sheet that leaves one out would not be one."""
    with pytest.raises(ValueError, match="shorter"):
        contact_sheet({tmp_path / "a.png": "star"}, [])
