"""From heatmaps or coordinates to points of the original image.

A heatmap's point is the centre of its highest cell (the first of equals), and with "quarter" a
quarter of a cell from there towards the higher neighbour on each axis, as is usual for nets trained
on Gaussians (Newell et al., Stacked Hourglass Networks, 2016; SimpleBaselines' get_final_preds).
The map and the input share their corners: the centre of cell j lies at (j + 0.5) / cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.geometry import Placement
from keras2cv.tasks.activations import sigmoid
from keras2cv.tasks.keypoints.record import KeypointsRecord
from keras2cv.tasks.keypoints.result import Keypoints
from keras2cv.tasks.task import Task

Array = NDArray[Any]


def keypoints(
    task: Task, outputs: Mapping[str, Array], placements: Sequence[Placement]
) -> list[Keypoints]:
    """Return a result per sample, in pixels of its own image."""
    record = task.record_as(KeypointsRecord)
    read = heatmap_points if record.form == "heatmaps" else listed_points
    pairs = zip(outputs[record.output], placements, strict=True)
    return [_result(task, record, *read(sample, record), placement) for sample, placement in pairs]


def heatmap_points(maps: Array, record: KeypointsRecord) -> tuple[Array, Array]:
    """Return K points (K, 2) as shares of the input's width and height, and K scores.

    Args:
        maps: (h, w, K).
        record: How they are read.
    """
    height, width, count = maps.shape
    flat = maps.reshape(-1, count)
    best = np.where(np.isnan(flat), -np.inf, flat).argmax(axis=0)
    rows, columns = np.divmod(best, width)
    cells_xy = np.stack([columns, rows], axis=1) + 0.5
    if record.refine == "quarter":
        cells_xy += 0.25 * _towards_higher(maps, rows, columns)
    return cells_xy / (width, height), flat[best, np.arange(count)]


def _towards_higher(maps: Array, rows: Array, columns: Array) -> Array:
    """Return (K, 2) of -1, 0, 1: on which side of the highest cell its map is higher, x and y.

    At the edge of the map, where a cell has one neighbour only, there is nothing to compare.
    """
    height, width, count = maps.shape
    each = np.arange(count)
    inner_x, inner_y = (columns > 0) & (columns < width - 1), (rows > 0) & (rows < height - 1)
    left, right = (columns - 1).clip(0), (columns + 1).clip(max=width - 1)
    above, below = (rows - 1).clip(0), (rows + 1).clip(max=height - 1)
    along_x = np.sign(maps[rows, right, each] - maps[rows, left, each]) * inner_x
    along_y = np.sign(maps[below, columns, each] - maps[above, columns, each]) * inner_y
    return np.asarray(np.nan_to_num(np.stack([along_x, along_y], axis=1)))


def listed_points(numbers: Array, record: KeypointsRecord) -> tuple[Array, Array | None]:
    """Return K points (K, 2) x, y in their own units, and K scores if the model gives any."""
    table = numbers.reshape(-1, len(record.form)).astype(np.float64)
    points_xy = table[:, :2] if record.form.startswith("xy") else table[:, 1::-1]
    return points_xy, table[:, 2] if record.has_scores else None


def _result(
    task: Task,
    record: KeypointsRecord,
    points_xy: Array,
    scores: Array | None,
    placement: Placement,
) -> Keypoints:
    if record.units != "pixels":
        points_xy = points_xy * placement.size_wh
    if scores is not None:
        scores = scores.astype(np.float32)
        scores = sigmoid(scores) if record.activation == "sigmoid" else scores
    skeleton = record.skeleton or ()
    return Keypoints(
        placement.to_source(points_xy).astype(np.float32),
        scores,
        placement.source_wh,
        task.labels,
        record.score,
        tuple(zip(skeleton[::2], skeleton[1::2], strict=True)),
    )
