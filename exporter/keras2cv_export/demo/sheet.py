"""A contact sheet: each image with its prediction below, framed green if right and red if wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.geometry import fit
from keras2cv.pixels.image_file import read_image
from keras2cv.tasks.classify.result import Classification

Array = NDArray[Any]

_PICTURE, _FRAME, _GAP, _CAPTION, _COLUMNS = 168, 4, 9, 40, 8  # pixels, and pictures in a row
_PAPER, _MAT, _INK = (250, 249, 248), (228, 225, 222), (48, 38, 32)  # BGR
_RIGHT, _WRONG = (84, 160, 40), (48, 40, 210)


def contact_sheet(truths: Mapping[Path, str], results: Sequence[Classification]) -> Array:
    """Return (H, W, 3) uint8 BGR of the images in files; `truths` are their labels."""
    cells = [
        _cell(read_image(path), result, truth)
        for (path, truth), result in zip(truths.items(), results, strict=True)
    ]
    cells += [np.full_like(cells[0], _PAPER)] * (-len(cells) % _COLUMNS)
    rows = [np.hstack(cells[k : k + _COLUMNS]) for k in range(0, len(cells), _COLUMNS)]
    return _bordered(np.vstack(rows), (2 * _GAP, _GAP), _PAPER)


def _cell(image: Array, result: Classification, truth: str) -> Array:
    right = result.label == truth
    text = f"{result.label}  {result.score:.1%}" if right else f"{result.label}, is {truth}"
    picture, _ = fit(image, (_PICTURE, _PICTURE), "letterbox", "area", _MAT)
    framed = _bordered(picture, (_FRAME, _FRAME), _RIGHT if right else _WRONG)
    cell = _bordered(framed, (_CAPTION, _GAP), _PAPER)[_CAPTION:]
    place = (_GAP, cell.shape[0] - _CAPTION // 2)
    ink = _INK if right else _WRONG
    cv2.putText(cell, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, ink, 1, cv2.LINE_AA)
    return cell


def _bordered(image: Array, size_yx: tuple[int, int], color: tuple[int, int, int]) -> Array:
    (y, x), kind = size_yx, cv2.BORDER_CONSTANT
    return cv2.copyMakeBorder(image, y, y, x, x, kind, value=color)
