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
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.geometry import Placement
from keras2cv.tasks.detect.candidates import Candidates, choose, tables_of_record
from keras2cv.tasks.detect.corners import corners_of
from keras2cv.tasks.detect.record import DetectRecord
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.detect.suppress import best
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
        found = Candidates(corners, chosen.scores, chosen.class_ids)
        kept = found.at(_are_boxes(found))
        results.append(
            _result(best(kept, record.nms, record.max_detections), placement, task.labels)
        )
    return results


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


def _result(found: Candidates, placement: Placement, labels: tuple[str, ...] | None) -> Detections:
    boxes = placement.to_source(found.boxes.reshape(-1, 2, 2)).reshape(-1, 4)
    boxes = boxes.clip(0, placement.source_wh * 2).astype(np.float32)
    inside = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    return Detections(
        np.asarray(boxes[inside], np.float32),
        found.scores[inside].astype(np.float32, copy=False),
        found.class_ids[inside],
        placement.source_wh,
        labels,
    )
