"""A contact sheet: each image with its prediction below, framed green if right and red if wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.geometry import fit

Array = NDArray[Any]
Color = tuple[int, int, int]

# BGR
_PAPER: Color = (250, 249, 248)
_MAT: Color = (228, 225, 222)
_INK: Color = (48, 38, 32)
_FAINT: Color = (140, 128, 118)
_RIGHT: Color = (84, 160, 40)
_WRONG: Color = (48, 40, 210)

# Pixels.
_PICTURE = 168
_FRAME = 4
_CAPTION = 34
_GAP = 18
_MARGIN = 36
_HEADER = 100

_LARGE, _MIDDLE, _SMALL = 12.0, 7.9, 7.0  # mean width of a letter, which is what has to fit
_SPECIMEN = "circle, heart, square"
_OVERSAMPLING = 4  # text is drawn this many times larger and averaged down


@dataclass(frozen=True)
class Entry:
    """An image (H, W, 3) uint8 BGR, what was predicted, its score (0..1), and the truth."""

    image_bgr: Array
    predicted: str
    score: float
    truth: str

    def __post_init__(self) -> None:
        if not 0 <= self.score <= 1:
            raise ValueError(
                f"A score is a probability; got {self.score}. Sheets show classifications."
            )

    @property
    def right(self) -> bool:
        """Whether the prediction is true."""
        return self.predicted == self.truth


def contact_sheet(
    entries: Sequence[Entry], *, title: str, subtitle: str, columns: int = 8
) -> Array:
    """Lay out `entries` in rows of `columns`; return the sheet, (H, W, 3) uint8 BGR.

    The texts must be ASCII, which is what every OpenCV can draw.
    """
    if not entries:
        raise ValueError("A contact sheet needs images; got none.")
    rows = -(-len(entries) // columns)
    cell = _PICTURE + 2 * _FRAME
    width = 2 * _MARGIN + columns * (cell + _GAP) - _GAP
    height = _HEADER + rows * (cell + _CAPTION + _GAP) - _GAP + _MARGIN
    canvas = np.full((height, width, 3), _PAPER, np.uint8)
    _write(canvas, title, (_MARGIN, 24), _LARGE, _INK, weight=2)
    _write(canvas, subtitle, (_MARGIN, 62), _SMALL, _FAINT)
    for index, entry in enumerate(entries):
        row, column = divmod(index, columns)
        corner = (_MARGIN + column * (cell + _GAP), _HEADER + row * (cell + _CAPTION + _GAP))
        _draw_entry(canvas, entry, corner)
    return canvas


def _draw_entry(canvas: Array, entry: Entry, corner_xy: tuple[int, int]) -> None:
    x, y = corner_xy
    cell = _PICTURE + 2 * _FRAME
    picture, _ = fit(entry.image_bgr, (_PICTURE, _PICTURE), "letterbox", "area", _MAT)
    color = _RIGHT if entry.right else _WRONG
    canvas[y : y + cell, x : x + cell] = color
    canvas[y + _FRAME : y + _FRAME + _PICTURE, x + _FRAME : x + _FRAME + _PICTURE] = picture
    score = _rendered(f"{100 * entry.score:.1f} %", _SMALL)
    _paste(canvas, score, (x + cell - score.shape[1], y + cell + 9), _FAINT)
    caption = entry.predicted if entry.right else f"{entry.predicted}, is {entry.truth}"
    room = cell - score.shape[1] - _GAP // 2
    ink = _INK if entry.right else _WRONG
    _write(canvas, caption, (x, y + cell + 8), _MIDDLE, ink, weight=2, max_width=room)


def _write(
    canvas: Array,
    text: str,
    corner_xy: tuple[int, int],
    letter_width: float,
    color: Color,
    *,
    weight: int = 1,
    max_width: int | None = None,
) -> None:
    """Write `text` with its top left corner at `corner_xy`, narrowed to `max_width` pixels."""
    room = canvas.shape[1] - corner_xy[0] - _MARGIN if max_width is None else max_width
    _paste(canvas, _rendered(text, letter_width, weight, room), corner_xy, color)


def _paste(canvas: Array, coverage: Array, corner_xy: tuple[int, int], color: Color) -> None:
    x, y = corner_xy
    part = canvas[y : y + coverage.shape[0], x : x + coverage.shape[1]]
    part[:] = np.rint(part + (np.array(color) - part.astype(np.float32)) * coverage[..., None])


def _rendered(
    text: str, letter_width: float, weight: int = 1, max_width: int | None = None
) -> Array:
    """Return how much of each pixel the text covers: (H, W) float32, 0..1.

    OpenCV 5 draws other letters than OpenCV 4 for the same font: width decides the size.
    """
    font = cv2.FONT_HERSHEY_SIMPLEX
    (specimen_width, _), _ = cv2.getTextSize(_SPECIMEN, font, 1, 1)
    scale = letter_width * _OVERSAMPLING / (specimen_width / len(_SPECIMEN))
    thickness = max(1, round(letter_width * weight * _OVERSAMPLING / 12))
    (width, ascent), descent = cv2.getTextSize(text, font, scale, thickness)
    large = np.zeros((ascent + descent + thickness, width + thickness), np.uint8)
    cv2.putText(large, text, (0, ascent), font, scale, 255, thickness, cv2.LINE_AA)
    small_height, small_width = (-(-side // _OVERSAMPLING) for side in large.shape)
    small_wh = (min(small_width, max_width or small_width), small_height)
    small: Array = cv2.resize(large, small_wh, interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255
