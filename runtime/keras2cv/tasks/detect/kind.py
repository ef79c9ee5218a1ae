"""The task's row in the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from keras2cv.tasks.detect.head import Head
from keras2cv.tasks.detect.postprocess import detect
from keras2cv.tasks.detect.record import DetectRecord, Nms
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.kind import Rows, TaskKind


def _rows(result: Detections, _: int) -> Rows:
    """Return each box as its score and its corners, rounded to pixels."""
    if not len(result):
        return [("(nothing)", "")]
    return [
        (
            d.label,
            f"{d.score:.4f}  {' '.join(f'{edge:.0f}' for edge in d.box_xyxy)}{_with(result, k)}",
        )
        for k, d in enumerate(result)
    ]


def _with(result: Detections, k: int) -> str:
    """Return what belongs to a box, in a few words."""
    text = ""
    if result.mask_crops is not None:
        text += f"  mask of {int(result.mask_crops[k].pixels.sum())} pixels"
    if result.keypoints is not None:
        points = result.keypoints[k]
        shown = sum(points.is_shown(number) for number in range(len(points)))
        text += f"  {shown} of {len(points)} points"
    if result.angles is not None:
        text += f"  turned by {result.angles[k]:.0f} degrees"
    return text


def _info_lines(record: DetectRecord) -> Iterator[str]:
    units = "shares of the input" if record.box_units == "normalised" else "pixels of the input"
    offsets = f", offsets from {len(record.anchors.table)} anchors" if record.anchors else ""
    line = "column" if record.columns_axis == "first" else "row"
    columns = f"; each {line} is {record.columns}" if record.columns else ""
    if record.head is not None:
        yield _of_head(record.head)
    yield f"boxes are {record.box_format} in {units}{offsets}{columns}"
    needed = {"scores": record.activation, "objectness": record.objectness_activation or "none"}
    missing = [f"{name} go through {how}" for name, how in needed.items() if how != "none"]
    yield "; ".join([*missing, _kept(record)])
    if record.belongings:
        yield f"each box has {', '.join(_belongings(record))}"


def _belongings(record: DetectRecord) -> Iterator[str]:
    masks, points, angles = record.masks, record.points, record.angles
    if masks is not None:
        of = "of prototypes" if masks.prototypes is not None else "of its own"
        through = f", through {masks.activation}" if masks.activation != "none" else ""
        yield f"a mask {of}{through}, above {masks.threshold:g}"
    if points is not None:
        units = {
            "normalised": "in shares of the input",
            "pixels": "in pixels of the input",
            "cells": "in cells, from a box's own on",
            "anchors": "in sizes of a box's anchor",
        }[points.units]
        joints = ", moved to near peaks of their heatmaps" if points.joints else ""
        yield f"{points.count} points {points.form} {units}{joints}"
    if angles is not None:
        yield f"an angle in {angles.units}, {angles.direction}"


def _of_head(head: Head) -> str:
    """Return a line such as "a head of anchors: grids 13x13 x 3, 26x26 x 3, stride 32, 16"."""
    words = {
        "anchors": "cells and anchors (YOLO)",
        "points": "distances from points (YOLOv8, FCOS)",
        "offsets": "offsets from prior boxes (SSD)",
        "peaks": "peaks of a heatmap (CenterNet)",
        "boxes": "boxes",
    }[head.form]
    grids = [
        f"{level.rows}x{level.columns}{f' x {level.boxes}' if level.boxes > 1 else ''}"
        for level in head.levels
    ]
    outputs = dict.fromkeys(each.output for each in head.outputs)
    return f"{words} of grids {', '.join(grids)}, from {', '.join(outputs)}"


def _kept(record: DetectRecord) -> str:
    kept = f"kept above {record.score:g}"
    if record.multi_label:
        kept += " once for each class"
    if record.background is not None:
        kept += f", class {record.background} is none"
    if record.nms is not None:
        which = "whatever their class" if record.nms.across_classes else "of the same class"
        kept += f", and the best of those {which} that overlap by more than {record.nms.iou:g}"
    if record.max_detections is not None:
        kept += f", at most {record.max_detections}"
    return kept


def _with_score(record: DetectRecord, score: float) -> DetectRecord:
    return replace(record, score=score)


def _with_nms(record: DetectRecord, iou: float) -> DetectRecord:
    across_classes = record.nms.across_classes if record.nms else False
    return replace(record, nms=Nms(iou, across_classes=across_classes))


KIND: Final = TaskKind(
    title="boxes around things",
    result=Detections,
    postprocess=detect,
    rows=_rows,
    reads="task.detect names them",
    record=DetectRecord,
    in_pixels=True,
    info_lines=_info_lines,
    with_score=_with_score,
    with_nms=_with_nms,
    class_scores="one per label",
    thresholds="boxes",
    traits=frozenset({"score", "perclass"}),
)
