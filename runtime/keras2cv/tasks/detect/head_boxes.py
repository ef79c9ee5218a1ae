"""From a head's numbers to boxes: those of the rows that are asked for, in float64.

anchors (Redmon & Farhadi 2018, YOLOv3, and 2017, YOLO9000)
    centre = (activated(xy) * xy_scale + xy_offset + cell) * stride
    size   = exp(wh) * anchor, or (2 * activated(wh)) ** 2 * anchor (YOLOv5), or wh * anchor
points (Tian et al. 2019, FCOS; Li et al. 2020, distribution focal loss)
    distance = activated(number), or the mean of 0 to bins - 1 under a softmax of `bins` numbers
    edges    = (cell + xy_offset) * stride -+ distance * stride
peaks (Zhou et al. 2019, CenterNet)
    centre = (cell + xy_offset + offset) * stride, size = wh * its unit
offsets from prior boxes (Liu et al. 2016, SSD; Ren et al. 2015, eq. 2)
    centres: centre = offset * variance * prior_wh + prior_centre
             size = exp(offset * variance) * prior_wh
    corners: corner = offset * variance * prior_wh + prior_corner
keypoints
    in cells     point = (cell + offset) * stride + number * scale * stride (CenterNet; YOLOv8-pose)
    of anchors   point = (cell + offset) * stride + number * scale * anchor (yolov5-face), or
                 prior_centre + number * scale * variance * prior_wh (RetinaFace)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.tasks.activations import softmax
from keras2cv.tasks.detect.belongings import BoxPointsRecord
from keras2cv.tasks.detect.head import BELONGING, Head

Array = NDArray[Any]
_PAIRS_TURNED = (1, 0, 3, 2)


@dataclass(frozen=True, eq=False)
class Cells:
    """Of each of some boxes: its cell's x, y, stride, scale and offset, and its anchor's w, h."""

    xy: Array  # (K, 2)
    stride_wh: Array  # (K, 2)
    scale: Array  # (K, 1)
    offset: Array  # (K, 1)
    anchors_wh: Array  # (K, 2)


def cells_of(head: Head, rows: Array) -> Cells:
    """Return the places of the rows of a head's tables."""
    starts = np.cumsum([0, *(level.count for level in head.levels)])
    levels = np.searchsorted(starts, rows, "right") - 1
    boxes, columns = (
        np.array([getattr(level, name) for level in head.levels])[levels]
        for name in ("boxes", "columns")
    )
    cell, anchor = np.divmod(rows - starts[levels], boxes)
    xy = np.stack([cell % columns, cell // columns], axis=1).astype(np.float64)
    strides = np.array([level.stride_wh or (1, 1) for level in head.levels], np.float64)
    first = np.cumsum([0, *(level.boxes for level in head.levels)])[levels]
    flat = [n for level in head.levels for n in level.anchors or (1.0,) * (2 * level.boxes)]
    anchors = np.array(flat, np.float64).reshape(-1, 2)
    scale, offset = (
        np.array([[getattr(level, name) or 0.0] for level in head.levels])[levels]
        for name in ("xy_scale", "xy_offset")
    )
    return Cells(xy, strides[levels], scale, offset, anchors[first + anchor])


def boxes_of(
    head: Head,
    tables: Mapping[str, Array],
    rows: Array,
    priors: tuple[Array | None, Array],
    size_wh: tuple[int, int],
) -> NDArray[np.float64]:
    """Return the boxes of some rows: points as x0, y0, x1, y1, all others as the record says.

    Args:
        head: The head.
        tables: Part -> (M, width), as `tables_of` gives them.
        rows: The rows (K,) to decode.
        priors: The anchors (M, 4) that the record has, and their variances (4,).
        size_wh: Width and height of the input in pixels.
    """
    parts = {part: table[rows].astype(np.float64) for part, table in tables.items()
             if part not in ("scores", "objectness", *BELONGING)}  # fmt: skip
    box = parts["box"]
    if head.pair_order == "y first" and head.form != "points":
        parts = {part: table[:, _PAIRS_TURNED[: table.shape[1]]] for part, table in parts.items()}
        box = parts["box"]
    if head.form == "boxes":
        return box * np.tile(cells_of(head, rows).stride_wh, 2) if head.in_cells else box
    if head.form == "offsets":
        return _from_priors(head, parts, rows, priors)
    cells = cells_of(head, rows)
    if head.form == "points":
        return _from_distances(head, box, cells)
    if head.form == "anchors":
        return _from_anchors(head, box, cells)
    return _from_peaks(head, parts, cells, size_wh)


def _from_anchors(head: Head, box: Array, cells: Cells) -> Array:
    xy, size = box[:, :2], box[:, 2:]
    xy = sigmoid64(xy) if head.xy_activation == "sigmoid" else xy
    size = sigmoid64(size) if head.size_activation == "sigmoid" else size
    centre = (xy * cells.scale + cells.offset + cells.xy) * cells.stride_wh
    factors = {"exp": np.exp, "square": lambda x: (2 * x) ** 2, "linear": lambda x: x}
    return np.concatenate([centre, factors[str(head.size_form)](size) * cells.anchors_wh], axis=1)  # type: ignore[operator]


def _from_distances(head: Head, box: Array, cells: Cells) -> Array:
    bins = head.bins or 1
    if bins > 1:
        shares = softmax(box.reshape(-1, bins)).astype(np.float64)
        box = (shares @ np.arange(bins, dtype=np.float64)).reshape(-1, 4)
    if head.pair_order == "y first":
        box = box[:, _PAIRS_TURNED]
    activate = {"none": lambda x: x, "exp": np.exp, "relu": lambda x: np.maximum(x, 0)}
    box = activate[str(head.distance_activation)](box) * np.tile(cells.stride_wh, 2)  # type: ignore[operator]
    points = (cells.xy + cells.offset) * cells.stride_wh
    return np.concatenate([points - box[:, :2], points + box[:, 2:]], axis=1)


def _from_peaks(
    head: Head, parts: Mapping[str, Array], cells: Cells, size_wh: tuple[int, int]
) -> Array:
    offset = cells.offset + parts.get("offset", np.zeros(2))
    units = {"cells": cells.stride_wh, "pixels": 1.0, "normalised": np.array(size_wh, np.float64)}
    size = parts["box"] * units[str(head.size_units)]
    return np.concatenate([(cells.xy + offset) * cells.stride_wh, size], axis=1)


def _from_priors(
    head: Head, parts: Mapping[str, Array], rows: Array, priors: tuple[Array | None, Array]
) -> Array:
    centre, size, variances = _priors(head, parts, rows, priors)
    scaled = parts["box"] * variances
    if head.offset_form == "centres":
        return np.concatenate([scaled[:, :2] * size + centre, np.exp(scaled[:, 2:]) * size], axis=1)
    low = scaled[:, :2] * size + centre - size / 2
    high = scaled[:, 2:] * size + centre + size / 2
    return np.concatenate([(low + high) / 2, high - low], axis=1)


def _priors(
    head: Head, parts: Mapping[str, Array], rows: Array, priors: tuple[Array | None, Array]
) -> tuple[Array, Array, Array]:
    """Return the centres and sizes of prior boxes, (K, 2) each, and their variances."""
    known, variances = priors
    table = parts["anchors"] if known is None else known[rows]
    if head.anchor_format == "xyxy":
        table = np.concatenate(
            [(table[:, :2] + table[:, 2:]) / 2, table[:, 2:] - table[:, :2]], axis=1
        )
    return table[:, :2], table[:, 2:], parts.get("variances", variances)


def point_frames(
    head: Head,
    record: BoxPointsRecord,
    tables: Mapping[str, Array],
    rows: Array,
    priors: tuple[Array | None, Array],
) -> tuple[Array, Array]:
    """Return what points are counted from, and by which x and y are multiplied, (K, 2) each.

    They are in pixels of the input, of a head of prior boxes in the boxes' unit.

    Args:
        head: The head.
        record: Of the points, whose units are cells or anchors.
        tables: Part -> (M, width), as `tables_of` gives them.
        rows: The rows (K,) of the boxes.
        priors: The anchors (M, 4) that the record has, and their variances (4,).
    """
    scale, offset = 1.0 if record.scale is None else record.scale, record.offset or 0.0
    if head.form == "offsets":
        names = ("anchors", "variances")
        parts = {name: tables[name][rows].astype(np.float64) for name in names if name in tables}
        if head.pair_order == "y first":
            parts = {name: table[:, _PAIRS_TURNED] for name, table in parts.items()}
        centre, size, variances = _priors(head, parts, rows, priors)
        return centre, size * variances[..., :2] * scale
    cells = cells_of(head, rows)
    size = cells.anchors_wh if record.units == "anchors" else cells.stride_wh
    return (cells.xy + offset) * cells.stride_wh, size * scale


def sigmoid64(x: Array) -> NDArray[np.float64]:
    """Return 1 / (1 + exp(-x)) in float64."""
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1, small) / (1 + small), np.float64)
