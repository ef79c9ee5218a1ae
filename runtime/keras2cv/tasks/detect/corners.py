"""From a model's own box format to corners in pixels of its input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.tasks.detect.head_boxes import boxes_of, point_frames
from keras2cv.tasks.detect.record import DetectRecord

Array = NDArray[Any]


def corners_of(
    record: DetectRecord, tables: Mapping[str, Array], rows: Array, size_wh: tuple[int, int]
) -> NDArray[np.float64]:
    """Return some boxes as (K, 4) x0, y0, x1, y1 in pixels of the model's input.

    Args:
        record: The meaning of the numbers.
        tables: Part -> (M, width), as `candidates.tables_of_record` gives them.
        rows: The rows (K,) of the tables.
        size_wh: Width and height of the input in pixels.
    """
    anchors = record.anchors
    if record.head is None:
        table = None if anchors is None else anchors.table[rows]
        return to_corners(tables["box"][rows], record, table, size_wh)
    priors = _priors_of(record)
    with np.errstate(over="ignore", invalid="ignore"):  # overflowing boxes are dropped later
        boxes = boxes_of(record.head, tables, rows, priors, size_wh)
    return to_corners(boxes, record, None, size_wh)


def _priors_of(record: DetectRecord) -> tuple[Array | None, Array]:
    """Return the record's anchors (M, 4), if it has some, and their variances (4,)."""
    anchors = record.anchors
    variances = np.array((1.0,) * 4 if anchors is None else anchors.variances)
    return None if anchors is None else anchors.table, variances


def frames_of(
    record: DetectRecord, tables: Mapping[str, Array], rows: Array, size_wh: tuple[int, int]
) -> tuple[Array, Array]:
    """Return what a head's points are counted from and multiplied by, (K, 2) each, in pixels.

    Args:
        record: The meaning of the numbers; its points are in cells, or of anchors.
        tables: Part -> (M, width).
        rows: The rows (K,) of the boxes.
        size_wh: Width and height of the input in pixels.
    """
    assert record.head is not None and record.points is not None  # noqa: S101, PT018
    made = point_frames(record.head, record.points, tables, rows, _priors_of(record))
    unit = size_wh if record.box_units == "normalised" else (1.0, 1.0)
    return made[0] * unit, made[1] * unit


def to_corners(
    boxes: Array, record: DetectRecord, anchors: Array | None, size_wh: tuple[int, int]
) -> NDArray[np.float64]:
    """Return boxes as (M, 4) x0, y0, x1, y1 in pixels of the model's input.

    Args:
        boxes: (M, 4) in the model's own format.
        record: The format and units of the boxes.
        anchors: (M, 4) cx, cy, w, h that the boxes are offsets from, if they are offsets.
        size_wh: Width and height of the input in pixels.
    """
    boxes = boxes.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # overflowing boxes are dropped later
        if anchors is not None and record.anchors is not None:
            boxes = apply_offsets(boxes, anchors, np.array(record.anchors.variances))
        a, b, c, d = boxes.T
        corners = {
            "yxyx": (b, a, d, c),
            "xyxy": (a, b, c, d),
            "xywh": (a, b, a + c, b + d),
            "cxcywh": (a - c / 2, b - d / 2, a + c / 2, b + d / 2),
        }[record.box_format]
        result = np.stack(corners, axis=1)
        return result * (size_wh * 2) if record.box_units == "normalised" else result


def apply_offsets(offsets: Array, anchors: Array, variances: Array) -> Array:
    """Return the boxes (M, 4) cx, cy, w, h that are `offsets` away from `anchors`, in their unit.

    This is Faster R-CNN's parametrisation (Ren et al. 2015, eq. 2) with SSD's variances.
    """
    scaled = offsets * variances
    centre = scaled[:, :2] * anchors[:, 2:] + anchors[:, :2]
    return np.concatenate([centre, np.exp(scaled[:, 2:]) * anchors[:, 2:]], axis=1)
