"""From a detector's outputs to boxes in the original image.

For every box the model gives, in this order:

1. Its class is the one that `classes` names, or else the best-scored one but `background`; its
   score that class' score, after `activation`, times the objectness if there is one. With
   `multi_label`, it stands once for every class but `background`; so it does at a heatmap's peaks.
2. Boxes whose score is above the threshold go on, or above their class' own where classes have
   some (`Task.class_scores`). NaN is not above anything.
3. Boxes become corners in pixels of the network's input, by the `head` if the model has left them
   undecoded. Those with a NaN or infinite corner, or
   without an area, are none and go; so do negative class numbers, which pad a fixed-size output.
4. With `nms`, a box goes that overlaps a better one by more than `iou`: as
   `tf.image.non_max_suppression`, strictly more, equal scores in the model's order, and boxes not
   yet clipped. Then the best `max_detections` stay.
5. Corners go to the original image by the exact inverse of the resize, and are clipped to it;
   boxes that lie outside, such as on a letterbox's bars, go.

What belongs to a box goes with it. A box with an angle is turned after step 3, and its overlap is
that of the turned boxes; in the original image its corners are mapped one by one, and the upright
box around them is clipped. Masks are computed for the boxes that are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.geometry import Placement
from keras2cv.tasks.detect.belongings import BoxPointsRecord
from keras2cv.tasks.detect.candidates import Candidates, choose, tables_of_record
from keras2cv.tasks.detect.corners import corners_of, frames_of
from keras2cv.tasks.detect.joints import at_peaks
from keras2cv.tasks.detect.read_belongings import input_points, masks_in, points_in
from keras2cv.tasks.detect.record import DetectRecord
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.detect.rotated import angles_of, around, outlines_of, suppress_rotated
from keras2cv.tasks.detect.suppress import best
from keras2cv.tasks.keypoints_result import Keypoints
from keras2cv.tasks.task import Task

Array = NDArray[Any]


def detect(
    task: Task, outputs: Mapping[str, Array], placements: Sequence[Placement]
) -> list[Detections]:
    """Return a result per sample, each with the boxes of its own image."""
    record = task.record_as(DetectRecord)
    arrays = {role: outputs[name] for role, name in record.outputs.items()}
    limit = partial(_thresholds, task, record)
    results = []
    for index, placement in enumerate(placements):
        sample = {role: array[index] for role, array in arrays.items()}
        tables = tables_of_record(record, sample)
        chosen = choose(record, tables, limit)
        corners = corners_of(record, tables, chosen.rows, placement.size_wh)
        found = Candidates(corners, chosen.scores, chosen.class_ids, chosen.rows)
        kept = found.at(_are_boxes(found))
        best_of = _best(record, kept, tables)
        results.append(_result(task, (sample, tables), *best_of, placement))
    return results


def _best(
    record: DetectRecord, kept: Candidates, tables: Mapping[str, Array]
) -> tuple[Candidates, Array | None]:
    """Return the boxes that stay, best first, and their outlines (N, 4, 2) if they have angles."""
    if record.angles is None:
        return best(kept, record.nms, record.max_detections), None
    angles = tables["angle"][kept.places, 0]
    kept, angles = kept.at(np.isfinite(angles)), angles[np.isfinite(angles)]
    outlines = outlines_of(kept.boxes, angles, record.angles)
    if record.nms is None:
        order: Array = np.argsort(-kept.scores, kind="stable")
    else:
        limit = record.max_detections
        order = suppress_rotated(outlines, kept.scores, kept.class_ids, record.nms, limit)
    order = order[: record.max_detections]
    return kept.at(order), outlines[order]


def _thresholds(task: Task, record: DetectRecord, class_ids: Array) -> Array | float:
    """Return each box's threshold: its class' own, if they have any."""
    if task.class_scores is None:
        return record.score
    # The last is for a class without a label.
    own = np.array([*task.class_scores, record.score], np.float32)
    known = (class_ids >= 0) & (class_ids < len(task.class_scores))
    return np.asarray(own[np.where(known, class_ids, len(own) - 1)])


def _are_boxes(found: Candidates) -> Array:
    corners = found.boxes
    finite = np.isfinite(corners).all(axis=1)
    with np.errstate(invalid="ignore"):
        solid = (corners[:, 2] > corners[:, 0]) & (corners[:, 3] > corners[:, 1])
    return np.asarray(finite & solid & (found.class_ids >= 0))


def _result(
    task: Task,
    numbers: tuple[Mapping[str, Array], Mapping[str, Array]],
    found: Candidates,
    outlines: Array | None,
    placement: Placement,
) -> Detections:
    if outlines is None:
        edges = placement.to_source(found.boxes.reshape(-1, 2, 2)).reshape(-1, 4)
    else:
        outlines = placement.to_source(outlines)
        edges = around(outlines)
    boxes = edges.clip(0, placement.source_wh * 2).astype(np.float32)
    inside = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    found, edges = found.at(inside), edges[inside]
    return Detections(
        np.asarray(boxes[inside], np.float32),
        found.scores.astype(np.float32, copy=False),
        found.class_ids,
        placement.source_wh,
        task.labels,
        **_belongings(task.record_as(DetectRecord), numbers, found, edges, placement),
        **({} if outlines is None else _turned(outlines[inside])),
    )


def _belongings(
    record: DetectRecord,
    numbers: tuple[Mapping[str, Array], Mapping[str, Array]],
    found: Candidates,
    edges: Array,
    placement: Placement,
) -> dict[str, Any]:
    """Return the masks and keypoints of the boxes that are left, corners (N, 4) in the image."""
    sample, tables = numbers
    own: dict[str, Any] = {}
    if record.masks is not None:
        of_each = found.places, found.class_ids, edges
        own["mask_crops"] = masks_in(record.masks, sample, tables, of_each, placement)
    if record.points is not None:
        own["keypoints"] = _keypoints(record, record.points, numbers, found, placement)
    return own


def _keypoints(
    record: DetectRecord,
    points: BoxPointsRecord,
    numbers: tuple[Mapping[str, Array], Mapping[str, Array]],
    found: Candidates,
    placement: Placement,
) -> tuple[Keypoints, ...]:
    """Return the keypoints of the boxes that are left."""
    sample, tables = numbers
    frames = frames_of(record, tables, found.places, placement.size_wh) if points.in_head else None
    points_xy, scores = input_points(points, tables["points"][found.places], frames, placement)
    if points.joints is not None and record.head is not None:
        stride_wh = record.head.levels[0].stride_wh or (1.0, 1.0)
        points_xy = at_peaks(points.joints, sample, points_xy, found.boxes, stride_wh)
    return points_in(points, points_xy, scores, placement)


def _turned(outlines: Array) -> dict[str, Any]:
    angles = angles_of(outlines).astype(np.float32)
    return {"polygons": outlines.astype(np.float32), "angles": angles}
