"""The traits of a detector that decide what of its programs is written."""

from __future__ import annotations

from typing import Final

from keras2cv.bundle.manifest import Manifest
from keras2cv.tasks.detect.columns import parts_of
from keras2cv.tasks.detect.record import DetectRecord

PLAIN_COLUMNS: Final = ("box+objectness+scores", "box+scores", "box+score+class")


def detector_traits(manifest: Manifest) -> frozenset[str]:
    """Return the traits of a detector: nothing for other tasks.

    head        boxes are made of undecoded numbers, of one of these forms:
    cells         cells of grids, with anchors (YOLO v2 to v7)
    distances     distances from points (YOLOv8, FCOS)
    priors        offsets from prior boxes (SSD)
    peaks         peaks of a heatmap (CenterNet)
    ready         boxes already,
    readycells    in cells of their grids
    offsets     boxes are offsets from anchors, without a head
    several     a box is found once for each of its classes
    columns     the columns of a table have an order that is not one of `PLAIN_COLUMNS`
    masks       each box has a mask:
    weighted      the weighted sum of prototypes
    boxmask       one of its own
    cutgrid       prototypes are cut before they are enlarged
    boxpoints   each box has keypoints,
    framed        counted from a head's cell or prior box
    joints        of which those near a peak of their heatmap are moved there
    rotated     each box has an angle
    """
    record = manifest.task.record
    if not isinstance(record, DetectRecord):
        return frozenset()
    form = record.head.form if record.head is not None else None
    masks = record.masks
    found = {
        "head": form is not None,
        "cells": form == "anchors",
        "distances": form == "points",
        "priors": form == "offsets",
        "peaks": form == "peaks",
        "ready": form == "boxes",
        "readycells": record.head is not None and record.head.in_cells,
        "offsets": form is None and record.anchors is not None,
        "several": bool(record.multi_label),
        "columns": has_other_columns(record),
        "masks": masks is not None,
        "weighted": masks is not None and masks.prototypes is not None,
        "boxmask": masks is not None and masks.per_box is not None,
        "cutgrid": masks is not None and masks.cut == "prototypes",
        "boxpoints": record.points is not None,
        "framed": record.points is not None and record.points.in_head,
        "joints": record.points is not None and record.points.joints is not None,
        "rotated": record.angles is not None,
    }
    return frozenset(name for name, is_so in found.items() if is_so)


def has_other_columns(record: DetectRecord) -> bool:
    """Return whether a table has columns that not every language reads."""
    is_plain = not parts_of(record.columns) or record.columns in PLAIN_COLUMNS
    return not is_plain or record.columns_axis is not None
