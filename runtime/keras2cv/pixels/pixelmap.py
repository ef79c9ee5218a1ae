"""Map a grid over the network's input, such as a mask's, to the pixels of the original image.

The grid may be coarser or finer than the input: its cell (0, 0) and the input share a corner. Only
the part that the original fills is used, so that nothing of a letterbox's bars bleeds in. The part
that a crop cut off is filled with a value that marks it as unseen.

Sampling is at pixel centres, as tf.image.resize does it: bilinear without antialiasing, and nearest
with the cell in which the centre lies (cv2's INTER_NEAREST_EXACT).
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.geometry import Box, Placement

Array = NDArray[Any]

_WHOLE: Final = 1e-6  # cells; nearer to a whole number than that is one


def spread_linear(grid: Array, placement: Placement) -> NDArray[np.float32]:
    """Return a grid (h, w) of numbers, bilinear over the visible part: `placement.visible_xyxy`.

    Returns:
        (H, W) float32, a value per pixel of that part of the original image.
    """
    grid = np.ascontiguousarray(grid, np.float32)
    (left, right), (top, bottom) = _extent(grid, placement)
    x0, y0, x1, y1 = placement.visible_xyxy
    if all(abs(edge - round(edge)) < _WHOLE for edge in (left, right, top, bottom)):
        part = grid[round(top) : round(bottom), round(left) : round(right)]
        resized = cv2.resize(part, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
        return np.asarray(resized, np.float32)
    rows = _blend(grid, top, bottom, y1 - y0)  # (H, w)
    return np.ascontiguousarray(_blend(rows.T, left, right, x1 - x0).T)


def spread_linear_within(grid: Array, placement: Placement, part: Box) -> NDArray[np.float32]:
    """Return `spread_linear` of a part of the original image alone, by less memory and time.

    Args:
        grid: (h, w).
        placement: Where the original image lies in the network's input.
        part: x0, y0, x1, y1 in whole pixels of the original, inside of `visible_xyxy`.

    Returns:
        (y1 - y0, x1 - x0) float32.
    """
    extents = _extent(grid, placement)
    is_whole = all(abs(edge - round(edge)) < _WHOLE for extent in extents for edge in extent)
    visible = placement.visible_xyxy
    places = []
    for axis, (start, stop) in enumerate(extents):
        first, last = visible[axis], visible[axis + 2]
        centres = _centres(start, stop, last - first)[part[axis] - first : part[axis + 2] - first]
        cells = (round(start), round(stop)) if is_whole else (0, grid.shape[1 - axis])
        places.append((centres - 0.5).clip(cells[0], cells[1] - 1))
    return _blend_both(grid, *places)


def stretch_linear(grid: Array, box: Array, part: Box) -> NDArray[np.float32]:
    """Return a grid (h, w) that covers `box`, bilinear at the pixels of `part`.

    Args:
        grid: (h, w); its outermost cells are continued.
        box: x0, y0, x1, y1 in pixels of the image; its sizes are above 0.
        part: x0, y0, x1, y1 in whole pixels of the image.

    Returns:
        (y1 - y0, x1 - x0) float32.
    """
    places = []
    for axis in (0, 1):
        pixels = np.arange(part[axis], part[axis + 2], dtype=np.float64) + 0.5
        cells = grid.shape[1 - axis]
        size = max(float(box[axis + 2] - box[axis]), _WHOLE)
        # In float32, as TensorFlow, so that a pixel that is at the threshold is there in both.
        away = (pixels - float(box[axis])).astype(np.float32)
        at = away * (np.float32(cells) / np.float32(size)) - np.float32(0.5)
        places.append(at.clip(0, cells - 1).astype(np.float64))
    return _blend_both(grid, *places)


def spread_nearest(grid: Array, placement: Placement) -> Array:
    """Return a grid (h, w) of anything, over the visible part, each pixel by its nearest cell."""
    (left, right), (top, bottom) = _extent(grid, placement)
    x0, y0, x1, y1 = placement.visible_xyxy
    rows = _cells(top, bottom, y1 - y0).clip(0, grid.shape[0] - 1)
    columns = _cells(left, right, x1 - x0).clip(0, grid.shape[1] - 1)
    return np.asarray(grid[rows[:, None], columns])


def on_canvas(visible: Array, placement: Placement, unseen: Any) -> Array:
    """Return the visible part (H, W, ...) in an array of the original's size, `unseen` around."""
    x0, y0, x1, y1 = placement.visible_xyxy
    width, height = placement.source_wh
    if visible.shape[:2] == (height, width):
        return visible
    canvas = np.full((height, width, *visible.shape[2:]), unseen, visible.dtype)
    canvas[y0:y1, x0:x1] = visible
    return canvas


def _extent(grid: Array, placement: Placement) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return (left, right), (top, bottom) of the original's content, in cells of the grid."""
    x0, y0, x1, y1 = placement.filled_xyxy
    per_x = grid.shape[1] / placement.size_wh[0]
    per_y = grid.shape[0] / placement.size_wh[1]
    return (x0 * per_x, x1 * per_x), (y0 * per_y, y1 * per_y)


def _centres(start: float, stop: float, count: int) -> NDArray[np.float64]:
    """Return where the centres of `count` pixels lie that fill `start` to `stop`, in cells."""
    return start + (np.arange(count, dtype=np.float64) + 0.5) * ((stop - start) / count)


def _cells(start: float, stop: float, count: int) -> NDArray[np.int64]:
    """Return in which cells the same centres lie, found in float32.

    As TensorFlow finds them: a centre may lie on the edge of two cells, and rounding decides.
    """
    halves = np.arange(count, dtype=np.float32) + np.float32(0.5)
    at = np.float32(start) + halves * np.float32((stop - start) / count)
    return np.asarray(np.floor(at), np.int64)


def _blend(grid: Array, start: float, stop: float, count: int) -> NDArray[np.float32]:
    """Return `grid` (h, w) with its rows interpolated to `count`, the outermost continued."""
    return _blend_at(grid, (_centres(start, stop, count) - 0.5).clip(0, len(grid) - 1))


def _blend_both(
    grid: Array, columns: NDArray[np.float64], rows: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return `grid` at places of both axes, along rows first: as tf.image.resize, also at ties."""
    along = _blend_at(grid.T, columns).T
    return np.ascontiguousarray(_blend_at(along, rows))


def _blend_at(grid: Array, at: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return `grid` (h, w) with a row at each place of `at`, in rows from 0 to h - 1."""
    low = at.astype(int)
    high = np.minimum(low + 1, len(grid) - 1)
    share = (at - low).astype(np.float32)[:, None]
    return np.asarray(grid[low] + (grid[high] - grid[low]) * share, np.float32)
