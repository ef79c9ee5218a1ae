"""Heads whose boxes have keypoints: two opposite corners and the middle of each rectangle.

CenterNet's pose nets, whose joints also have heatmaps; YOLOv8-pose, all in one tensor; RetinaFace.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from keras import layers

from support.heads import (
    CLASSES,
    GRIDS,
    STRIDES,
    Array,
    Found,
    HeadCase,
    Placed,
    cells,
    fitted,
    model_of,
    one_hot,
    sigmoid,
    suppressed,
    targets_of,
)
from support.heads_other import (
    VARIANCES,
    as_eight,
    centernet_parts,
    find_ssd_arrays,
    peaks,
    priors,
    ssd_parts,
)

POINTS = 3
_SIDES = np.array((96.0, 64.0))


def corners_of(box: Array) -> Array:
    """Return x, y of two corners and the middle, (3, 2), of x0, y0, x1, y1."""
    return np.stack([box[:2], box[2:], (box[:2] + box[2:]) / 2])


def _centernet_pose() -> Any:
    """Boxes, points from their cells on, a heatmap for each point, and places in its cells."""
    stride = 8
    every = [one for each in STRIDES for one in as_eight(each)]
    rows, columns = GRIDS[stride]
    count = targets_of(stride, 1, 1, [], lambda _: np.zeros(1))[0].shape[0]
    points = np.full((count, rows, columns, POINTS, 2), np.nan)
    joints = np.full((count, rows, columns, POINTS), -4.0)
    shifts = np.full((count, rows, columns, 2), np.nan)
    weights, ones = np.ones((count, rows, columns)), np.ones((count, rows, columns))
    for one in every:
        places = corners_of(one.box) / stride
        points[one.picture, one.row, one.column] = places - (one.column, one.row)
        weights[one.picture, one.row, one.column] = 14.0
        for k, (x, y) in enumerate(places):
            column, row = min(int(x), columns - 1), min(int(y), rows - 1)
            joints[one.picture, row, column, k] = 4.0
            shifts[one.picture, row, column] = x - column, y - row
            ones[one.picture, row, column] = 14.0
    flat = points.reshape(count, rows, columns, -1)
    heat, size, offset = centernet_parts()
    return model_of(
        {
            "hm": layers.Activation("sigmoid", name="hm")(heat), "wh": size, "reg": offset,
            "hps": fitted(8, flat, weights), "hm_hp": fitted(8, joints, ones),
            "hp_offset": fitted(8, shifts, ones),
        }
    )  # fmt: skip


def pose_points(out: Mapping[str, Array], found: Found) -> Array:
    """Return the points in pixels, after CenterNet's multi_pose_decode, joint by joint."""
    columns = GRIDS[8][1]
    assert found.rows is not None
    heat = sigmoid(out["hm_hp"]).astype(np.float32)
    pooled = tf.nn.max_pool2d(heat[None], 3, 1, "SAME").numpy()[0]
    heat = np.where(pooled == heat, heat, 0)
    result = []
    for box, row in zip(found.boxes / 8, found.rows, strict=True):
        y, x = divmod(int(row), columns)
        places = out["hps"][y, x].astype(np.float64).reshape(-1, 2)
        places += np.array((x, y))
        for k, place in enumerate(places):
            best, index = tf.math.top_k(heat[..., k].ravel(), min(100, heat[..., k].size))
            gaps, known = [], []
            for score, cell in zip(best.numpy(), index.numpy(), strict=True):
                if score > 0.1:
                    j, i = divmod(int(cell), columns)
                    peak = np.array((i, j)) + out["hp_offset"][j, i].astype(np.float64)
                    known.append(peak)
                    gaps.append(float(np.sqrt(((place - peak) ** 2).sum())))
            if not gaps:
                continue
            near = int(np.argmin(gaps))
            x_in, y_in = known[near]
            inside = box[0] <= x_in <= box[2] and box[1] <= y_in <= box[3]
            if inside and gaps[near] <= max(box[2] - box[0], box[3] - box[1]) * 0.3:
                places[k] = known[near]
        result.append(places * 8)
    return np.array(result).reshape(-1, POINTS, 2)


def _find_pose(out: Mapping[str, Array]) -> Found:
    found = peaks(out["hm"], out["wh"], out["reg"])
    return dataclasses.replace(found, points=pose_points(out, found))


CENTERNET_POSE = HeadCase(_centernet_pose, {"head": "centernet"}, _find_pose)
_BINS = 6
_WIDTH = 4 * _BINS + CLASSES + 3 * POINTS


def _yolov8_pose() -> Any:
    """Bins, logits, and x, y, score of each point: (numbers, cells), as a port of Pose has them."""
    rows = []
    for stride in STRIDES:

        def value(one: Placed, stride: int = stride) -> Array:
            point = (np.array([one.column, one.row]) + 0.5) * stride
            edges = np.concatenate([point - one.box[:2], one.box[2:] - point]) / stride
            bins = -3.0 * (np.arange(_BINS) - np.clip(edges, 0, _BINS - 1)[:, None]) ** 2
            places = (corners_of(one.box) / stride - (one.column, one.row)) / 2
            marks = np.concatenate([places, np.full((POINTS, 1), 2.0)], axis=1)
            return np.concatenate([bins.ravel(), one_hot(one.number), marks.ravel()])

        scores = range(4 * _BINS, 4 * _BINS + CLASSES)
        y = fitted(stride, *targets_of(stride, 1, _WIDTH, scores, value))
        rows.append(layers.Reshape((-1, _WIDTH))(y))
    return model_of(layers.Permute((2, 1), name="table")(layers.Concatenate(axis=1)(rows)))


def _find_yolov8_pose(out: Mapping[str, Array]) -> Found:
    [table] = out.values()
    table = table.T
    boxes, starts, steps = [], [], []
    for stride in STRIDES:
        own = cells(stride).reshape(-1, 2)
        starts.append(own)
        steps.append(np.full(len(own), float(stride)))
    cell, step = np.concatenate(starts), np.concatenate(steps)[:, None]
    shares = tf.nn.softmax(table[:, : 4 * _BINS].reshape(-1, 4, _BINS), axis=-1).numpy()
    edges = (shares.astype(np.float64) * np.arange(_BINS)).sum(axis=-1)
    boxes = np.concatenate([cell + 0.5 - edges[:, :2], cell + 0.5 + edges[:, 2:]], axis=1) * step
    scores = sigmoid(table[:, 4 * _BINS : 4 * _BINS + CLASSES])
    found = suppressed(boxes, scores, nms=0.7)
    marks = table[:, 4 * _BINS + CLASSES :].reshape(-1, POINTS, 3).astype(np.float64)
    # Ultralytics: (x * 2 + (anchor - 0.5)) * stride, the anchor at the middle of its cell
    points = (marks[..., :2] * 2 + cell[:, None]) * step[:, None]
    return dataclasses.replace(found, points=points[found.rows])


YOLOV8_POSE = HeadCase(
    _yolov8_pose,
    {
        "head": {
            "family": "yolov8", "strides": list(STRIDES), "reg_max": _BINS,
            "columns": "box+scores+points", "point_format": "xys", "point_activation": "sigmoid",
            "point_count": POINTS,
        }
    },
    _find_yolov8_pose,
)  # fmt: skip


def _retinaface() -> Any:
    """SSD's offsets and classes, and landmarks as offsets from prior boxes."""
    loc, conf, marks = [], [], []
    for stride in STRIDES:
        box, logits = ssd_parts(stride)

        def value(one: Placed, stride: int = stride) -> Array:
            from support.heads import ANCHORS

            middle = (np.array((one.column, one.row)) + 0.5) * stride
            sizes = np.array(ANCHORS[stride][one.anchor])
            return ((corners_of(one.box) - middle) / sizes / VARIANCES[:2]).ravel()

        points = fitted(stride, *targets_of(stride, 2, 2 * POINTS, [], value))
        loc.append(layers.Reshape((-1, 4))(box))
        conf.append(layers.Reshape((-1, 1 + CLASSES))(logits))
        marks.append(layers.Reshape((-1, 2 * POINTS))(points))
    return model_of(
        {
            "bbox": layers.Concatenate(axis=1)(loc),
            "classifications": layers.Softmax()(layers.Concatenate(axis=1)(conf)),
            "landmarks": layers.Concatenate(axis=1)(marks),
        }
    )


def _find_retinaface(out: Mapping[str, Array]) -> Found:
    found = find_ssd_arrays(out["bbox"], out["classifications"], priors())
    marks = out["landmarks"].reshape(-1, POINTS, 2).astype(np.float64)
    boxes = priors()[:, None]
    points = (boxes[..., :2] + marks * VARIANCES[0] * boxes[..., 2:]) * _SIDES
    return dataclasses.replace(found, points=points[found.rows])


RETINAFACE = HeadCase(
    _retinaface,
    {
        "head": {
            "family": "ssd", "anchors": priors().tolist(), "points": "landmarks",
            "point_format": "xy", "activation": "none",
        }
    },
    _find_retinaface,
)  # fmt: skip

CASES: Mapping[str, HeadCase] = {
    "centernet with joints": CENTERNET_POSE,
    "yolov8-pose": YOLOV8_POSE,
    "retinaface": RETINAFACE,
}
