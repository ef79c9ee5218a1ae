"""COCO's segmentations: polygons, and run lengths, packed or not."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.evaluation.labelled import ProblemKind

Array = NDArray[Any]

_SCALE = 5
_FARTHEST: Final = 2**17  # pixels; an outline takes memory for each
_MOST_BITS: Final = 65  # of a run's packed length
_MOST_PIXELS: Final = 2**30  # as many as OpenCV decodes


def check_segmentation(
    found: Any, size_wh: tuple[int, int] | None
) -> tuple[ProblemKind, str] | None:
    """Return what is wrong with a segmentation, as a clause; None if nothing is."""
    if isinstance(found, list) and found:
        text = _polygon_problem(found)
        return None if text is None else ("label unreadable", text)
    return _runs_problem(found, size_wh)


def _runs_problem(found: Any, size_wh: tuple[int, int] | None) -> tuple[ProblemKind, str] | None:
    """Return what is wrong with run lengths, as a clause."""
    if not isinstance(found, dict) or "counts" not in found or "size" not in found:
        return "label unreadable", "has no polygons and no run lengths."
    size_hw = _size_hw(found)
    if size_hw is None:
        return "label unreadable", "has run lengths whose size cannot be read."
    height, width = size_hw
    if size_wh is not None and (width, height) != size_wh:
        text = f"has run lengths of {width}x{height}, and its image has {size_wh[0]}x{size_wh[1]}."
        return "mask of another size", text
    try:
        total = sum(_counts(found["counts"]))
    except (ValueError, TypeError, IndexError, OverflowError):
        return "label unreadable", "has run lengths that cannot be read."
    if total != width * height:
        return "mask of another size", f"has run lengths of {total} pixels, for {width}x{height}."
    return None


def _polygon_problem(parts: list[Any]) -> str | None:
    """Return what is wrong with the corners of polygons, as a clause."""
    if not all(isinstance(p, list) and len(p) >= 6 and len(p) % 2 == 0 for p in parts):
        return "has a polygon of fewer than three points."
    numbers = [finite(number) for part in parts for number in part]
    if any(number is None or abs(number) > _FARTHEST for number in numbers):
        return f"has a polygon whose corners are not all numbers up to {_FARTHEST}."
    return None


def finite(value: Any) -> float | None:
    """Return a number of JSON; None of anything else, and of NaN and infinity."""
    if not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def area_of(found: Any, size_wh: tuple[int, int] | None) -> float | None:
    """Return the area of a segmentation that is right; None of any other."""
    if check_segmentation(found, size_wh) is not None:
        return None
    if isinstance(found, dict):
        return float(sum(_counts(found["counts"])[1::2]))
    return float(sum(_shoelace(_polygon(part)) for part in found))


def paint(canvas: Array, found: Any, number: int) -> None:
    """Set the pixels of a segmentation in `canvas`, (H, W), to `number`."""
    if isinstance(found, dict):
        canvas[decode_runs(found)] = number
        return
    for part in found:
        canvas[fill_polygon(part, (canvas.shape[0], canvas.shape[1]))] = number


def fill_polygon(part: Any, size_hw: tuple[int, int]) -> NDArray[np.bool_]:
    """Return (H, W) bool: the inside of a polygon, pixel for pixel as pycocotools' `rleFrPoly`.

    The outline is drawn five times as large; where it enters a column of pixels, the inside begins
    or ends.
    """
    height, width = size_hw
    u, v = _outline(np.trunc(_SCALE * _polygon(part) + 0.5).astype(np.int64))
    step = np.flatnonzero(np.diff(u)) + 1
    x = (np.where(u[step] < u[step - 1], u[step], u[step] - 1) + 0.5) / _SCALE - 0.5
    y = (np.minimum(v[step], v[step - 1]) + 0.5) / _SCALE - 0.5
    kept = (np.floor(x) == x) & (x >= 0) & (x <= width - 1)
    places = x[kept].astype(np.int64) * height + np.ceil(np.clip(y[kept], 0, height)).astype(int)
    turns = np.bincount(places, minlength=width * height + 1)[: width * height]
    return np.asarray((np.cumsum(turns) % 2 == 1).reshape(width, height).T)


def _outline(corners: Array) -> tuple[Array, Array]:
    """Return x and y of every point on the edges between whole corners (K, 2)."""
    columns, rows = [], []
    for (xs, ys), (xe, ye) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        dx, dy = abs(int(xe - xs)), abs(int(ye - ys))
        flip = (dx >= dy and xs > xe) or (dx < dy and ys > ye)
        (x0, y0), (x1, y1) = ((xe, ye), (xs, ys)) if flip else ((xs, ys), (xe, ye))
        steps = np.arange(max(dx, dy) + 1)
        steps = steps[::-1] if flip else steps
        slope = ((y1 - y0) if dx >= dy else (x1 - x0)) / max(dx, dy, 1)
        along, across = (x0, y0) if dx >= dy else (y0, x0)
        other = np.trunc(across + slope * steps + 0.5).astype(np.int64)
        columns.append(along + steps if dx >= dy else other)
        rows.append(other if dx >= dy else along + steps)
    return np.concatenate(columns), np.concatenate(rows)


def size_of(found: Any) -> tuple[int, int] | None:
    """Return the (height, width) of run lengths; None of polygons, which have none."""
    return _size_hw(found) if isinstance(found, dict) else None


def decode_runs(found: Any) -> NDArray[np.bool_]:
    """Return (H, W) bool of run lengths {"size": [H, W], "counts": ...}, by columns as COCO's."""
    height, width = map(int, found["size"])
    counts = np.array(_counts(found["counts"]), np.int64)
    flat = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return np.asarray(flat.reshape(width, height).T)


def _shoelace(corners: Array) -> float:
    (x, y), (later_x, later_y) = corners.T, np.roll(corners, -1, axis=0).T
    return float(abs((x * later_y - later_x * y).sum()) / 2)


def _size_hw(found: Any) -> tuple[int, int] | None:
    size = found["size"]
    if not isinstance(size, list) or len(size) != 2 or any(finite(side) is None for side in size):
        return None
    height, width = map(int, size)
    return (height, width) if min(size) > 0 and height * width <= _MOST_PIXELS else None


def _polygon(part: Any) -> Array:
    return np.array(part, np.float64).reshape(-1, 2)


def _counts(counts: Any) -> list[int]:
    """Return the run lengths; packed ones are LEB128-like text, each relative to two before."""
    if isinstance(counts, list):
        return _checked([int(count) for count in counts])
    if not isinstance(counts, str | bytes):
        raise TypeError
    data = counts.encode("ascii") if isinstance(counts, str) else counts
    found: list[int] = []
    place = 0
    while place < len(data):
        value = shift = 0
        more = True
        while more:
            code = data[place] - 48
            value |= (code & 0x1F) << shift
            more = bool(code & 0x20)
            place, shift = place + 1, shift + 5
            if shift > _MOST_BITS:
                raise ValueError
            if not more and code & 0x10:
                value -= 1 << shift
        found.append(value + (found[-2] if len(found) > 2 else 0))
    return _checked(found)


def _checked(counts: list[int]) -> list[int]:
    if min(counts, default=0) < 0:
        raise ValueError
    return counts
