"""From a detector's outputs to boxes in the original image.

For every box the model gives, in this order:

1. Its class is the one that `classes` names, or else the best-scored one but `background`; its
   score that class' score, after `activation`, times the objectness if there is one.
2. Boxes whose score is above the threshold go on. NaN is not above anything.
3. Boxes become corners in pixels of the network's input. Those with a NaN or infinite corner, or
   without an area, are none and go; so do negative class numbers, which pad a fixed-size output.
4. With `nms`, a box goes that overlaps a better one by more than `iou`: as
   `tf.image.non_max_suppression`, strictly more, equal scores in the model's order, and boxes not
   yet clipped. Then the best `max_detections` stay.
5. Corners go to the original image by the exact inverse of the resize, and are clipped to it;
   boxes that lie outside, such as on a letterbox's bars, go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.pixels.geometry import Placement
from keras2cv.tasks.activations import sigmoid, softmax
from keras2cv.tasks.detect.record import DetectRecord, Nms
from keras2cv.tasks.detect.result import Detections
from keras2cv.tasks.task import Task

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Candidates:
    """Boxes on their way: numbers (M, 4) in the model's own format, scores (M,), class ids (M,)."""

    boxes: Array
    scores: Array
    class_ids: Array

    def at(self, index: Array) -> Candidates:
        """Return those of a mask (M,) or of a list of positions, in its order."""
        return Candidates(self.boxes[index], self.scores[index], self.class_ids[index])


def detect(
    task: Task, outputs: Mapping[str, Array], placements: Sequence[Placement]
) -> list[Detections]:
    """Return a result per sample, each with the boxes of its own image."""
    record = task.record_as(DetectRecord)
    arrays = {role: outputs[name] for role, name in record.outputs.items()}
    results = []
    for index, placement in enumerate(placements):
        found = read_candidates(record, {role: array[index] for role, array in arrays.items()})
        keep = found.scores > record.score
        anchors = None if record.anchors is None else record.anchors.table[keep]
        found = found.at(keep)
        corners = to_corners(found.boxes, record, anchors, placement.size_wh)
        kept = Candidates(corners, found.scores, found.class_ids).at(_are_boxes(corners, found))
        results.append(
            _result(best(kept, record.nms, record.max_detections), placement, task.labels)
        )
    return results


def read_candidates(record: DetectRecord, sample: Mapping[str, Array]) -> Candidates:
    """Return every box of a sample (role -> array), with its class and score."""
    if record.raw is not None:
        sample = _columns(record, sample["raw"])
    boxes = sample["boxes"].reshape(-1, 4)
    scores = sample["scores"].reshape(len(boxes), -1).astype(np.float32, copy=False)
    if record.has_class_numbers:
        scores = _activated(scores[:, 0], record.activation)
        class_ids = np.rint(sample["classes"].reshape(-1)).astype(np.int32)
        if record.background is not None:
            scores = np.where(class_ids == record.background, np.float32(0), scores)
    else:
        scores, class_ids = best_class(scores, record.activation, record.background)
    if record.objectness_activation is not None:
        objectness = sample["objectness"].reshape(-1).astype(np.float32, copy=False)
        scores = scores * _activated(objectness, record.objectness_activation)
    return Candidates(boxes, scores, class_ids)


def best_class(
    scores: Array, activation: str, background: int | None
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return the score and number of the best class of each row of (M, C), `background` aside."""
    if activation == "softmax":
        scores = softmax(scores)
    ranked = scores
    if background is not None:
        ranked = scores.copy()
        ranked[:, background] = -np.inf
    class_ids = ranked.argmax(axis=1)  # of a row with NaN: the NaN, so that the row is dropped
    top = ranked[np.arange(len(ranked)), class_ids]
    if activation == "sigmoid":  # it keeps the order, so only the best needs it
        top = sigmoid(top)
    return top.astype(np.float32, copy=False), class_ids.astype(np.int32)


def to_corners(
    boxes: Array, record: DetectRecord, anchors: Array | None, size_wh: tuple[int, int]
) -> NDArray[np.float64]:
    """Return (M, 4) boxes in the model's format as x0, y0, x1, y1 in pixels of its input."""
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


def best(found: Candidates, nms: Nms | None, limit: int | None) -> Candidates:
    """Return the candidates, corners (M, 4), best first: at most `limit` that `nms` leaves."""
    if nms is None:
        order: Array = np.argsort(-found.scores, kind="stable")
    else:
        order = suppress(found, nms)
    return found.at(order[:limit])


def suppress(found: Candidates, nms: Nms) -> NDArray[np.intp]:
    """Return the positions of the boxes that no better one overlaps by more than `nms.iou`.

    `cv2.dnn.NMSBoxes` compares every pair. Where classes are apart, each is moved to a place of its
    own first, as `NMSBoxesBatched` does; but that one is missing before OpenCV 4.7, and lets
    classes meet where boxes have negative corners.
    """
    corners = found.boxes
    if not len(corners):
        return np.zeros(0, np.intp)
    if not nms.across_classes:
        room = float(np.ptp(corners)) + 1
        corners = corners + (found.class_ids * room)[:, None]
    rectangles = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    # Scores below 0 are legal here, and cv2 refuses a threshold below 0: ranks do as well.
    ranks = _ranks(found.scores)
    kept = cv2.dnn.NMSBoxes(rectangles.tolist(), ranks.tolist(), 0.0, nms.iou)
    return np.asarray(kept, np.intp).reshape(-1)


def _activated(values: Array, activation: str) -> Array:
    return sigmoid(values) if activation == "sigmoid" else values


def _columns(record: DetectRecord, raw: Array) -> dict[str, Array]:
    """Return the roles that lie side by side in a single output (..., K)."""
    table = raw.reshape(-1, raw.shape[-1])
    if record.columns == "box+score+class":
        return {"boxes": table[:, :4], "scores": table[:, 4], "classes": table[:, 5]}
    if record.columns == "box+scores":
        return {"boxes": table[:, :4], "scores": table[:, 4:]}
    return {"boxes": table[:, :4], "objectness": table[:, 4], "scores": table[:, 5:]}


def _are_boxes(corners: Array, found: Candidates) -> Array:
    finite = np.isfinite(corners).all(axis=1)
    with np.errstate(invalid="ignore"):
        solid = (corners[:, 2] > corners[:, 0]) & (corners[:, 3] > corners[:, 1])
    return np.asarray(finite & solid & (found.class_ids >= 0))


def _ranks(scores: Array) -> NDArray[np.float32]:
    """Return numbers above 0 in the order of the scores, equal where they are."""
    return (np.unique(scores, return_inverse=True)[1].reshape(-1) + 1).astype(np.float32)


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
