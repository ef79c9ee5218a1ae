"""Other heads: SSD with prior boxes, RetinaNet, FCOS, CenterNet, and boxes that are decoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from keras import layers, ops

from support.heads import (
    ANCHORS,
    CLASSES,
    GRIDS,
    HEIGHT,
    SCORE,
    STRIDES,
    WIDTH,
    Array,
    Found,
    HeadCase,
    Placed,
    cells,
    corners,
    fitted,
    model_of,
    one_hot,
    sigmoid,
    suppressed,
    targets_of,
)

VARIANCES = np.array((0.1, 0.1, 0.2, 0.2))
_SIDES = np.array((WIDTH, HEIGHT) * 2, np.float64)


def priors() -> Array:
    """Return SSD's prior boxes, (M, 4) cx, cy, w, h as shares, grid by grid, row by row."""
    rows = []
    for stride in STRIDES:
        for row in range(GRIDS[stride][0]):
            for column in range(GRIDS[stride][1]):
                for w, h in ANCHORS[stride]:
                    middle = (column + 0.5) * stride, (row + 0.5) * stride
                    rows.append((*middle, w, h))
    return np.array(rows) / _SIDES


def _offsets(one: Placed, stride: int) -> Array:
    middle = (np.array((one.column, one.row)) + 0.5) * stride
    sizes = np.array(ANCHORS[stride][one.anchor])
    return np.concatenate([(one.centre - middle) / sizes, np.log(one.size / sizes)]) / VARIANCES


def ssd_parts(stride: int) -> tuple[Any, Any]:
    """Return (N, h, w, A * 4) and (N, h, w, A * (1 + C)), class 0 the background."""
    loc = fitted(stride, *targets_of(stride, 2, 4, [], lambda one: _offsets(one, stride)))
    rows, columns = GRIDS[stride]
    classes = 1 + CLASSES

    def logits(one: Placed) -> Array:
        return np.concatenate([[-5.0], one_hot(one.number, 5.0, -3.0)])

    targets, weights = targets_of(stride, 2, classes, range(1, classes), logits)
    table = targets.reshape(-1, rows, columns, 2, classes)
    table[..., 0] = np.where(np.isnan(table[..., 0]), 2.0, table[..., 0])
    conf = fitted(stride, table.reshape(targets.shape), weights)
    return loc, conf


def decode_offsets(offsets: Array, boxes: Array) -> Array:
    """Return corners in pixels."""
    scaled = offsets.astype(np.float64) * VARIANCES
    centre = scaled[:, :2] * boxes[:, 2:] + boxes[:, :2]
    return corners(centre, np.exp(scaled[:, 2:]) * boxes[:, 2:]) * _SIDES


def find_ssd_arrays(offsets: Array, shares: Array, boxes: Array) -> Found:
    """Return what SSD's decoding finds."""
    found = suppressed(decode_offsets(offsets, boxes), shares[:, 1:].astype(np.float64))
    return Found(found.boxes, found.scores, found.classes + 1, found.rows)


def _ssd() -> Any:
    """Offsets and logits of each grid, as they leave the convolutions."""
    outputs = {}
    for stride in STRIDES:
        loc, conf = ssd_parts(stride)
        outputs |= {f"loc_{stride}": loc, f"conf_{stride}": conf}
    return model_of(outputs)


def _find_ssd(out: Mapping[str, Array]) -> Found:
    offsets = np.concatenate([out[f"loc_{stride}"].reshape(-1, 4) for stride in STRIDES])
    logits = [out[f"conf_{stride}"].reshape(-1, 1 + CLASSES) for stride in STRIDES]
    return find_ssd_arrays(offsets, tf.nn.softmax(np.concatenate(logits)).numpy(), priors())


SSD = HeadCase(_ssd, {"head": {"family": "ssd", "anchors": priors().tolist()}}, _find_ssd)


def _joined() -> tuple[Any, Any]:
    parts = [ssd_parts(stride) for stride in STRIDES]
    loc = layers.Concatenate(axis=1)([layers.Reshape((-1, 4))(each) for each, _ in parts])
    conf = [layers.Reshape((-1, 1 + CLASSES))(each) for _, each in parts]
    return loc, layers.Softmax()(layers.Concatenate(axis=1)(conf))


def _ssd_keras() -> Any:
    """(M, classes + 4 + 4 + 4): scores, offsets, prior boxes and variances, as ssd_keras."""
    loc, conf = _joined()
    count = len(priors())
    fixed = np.concatenate([priors(), np.tile(VARIANCES, (count, 1))], axis=1)[None]
    zeros = ops.zeros_like(loc[..., :1])
    table = ops.add(ops.repeat(zeros, 8, axis=-1), fixed.astype(np.float32))
    return model_of(ops.concatenate([conf, loc, table], axis=-1))


def _find_ssd_keras(out: Mapping[str, Array]) -> Found:
    [table] = out.values()
    start = 1 + CLASSES
    return find_ssd_arrays(
        table[:, start : start + 4], table[:, :start], table[:, start + 4 : start + 8]
    )


SSD_KERAS = HeadCase(
    _ssd_keras,
    {
        "head": {
            "family": "ssd",
            "columns": "scores+box+anchors+variances",
            "activation": "none",
        }
    },
    _find_ssd_keras,
)


def _retinanet() -> Any:
    """Offsets from sizes around each cell, y first, and a sigmoid for each class."""
    boxes, scores = [], []
    for stride in STRIDES:

        def turned(one: Placed, stride: int = stride) -> Array:
            x, y, w, h = _offsets(one, stride) * VARIANCES
            return np.array((y, x, h, w))

        box = fitted(stride, *targets_of(stride, 2, 4, [], turned), name=f"box_{stride}")
        targets = targets_of(stride, 2, CLASSES, range(CLASSES), lambda one: one_hot(one.number))
        scores.append(fitted(stride, *targets, name=f"class_{stride}"))
        boxes.append(box)
    return model_of([*boxes, *scores])


def _find_retinanet(out: Mapping[str, Array]) -> Found:
    offsets = np.concatenate([out[f"box_{stride}"].reshape(-1, 4) for stride in STRIDES])
    logits = np.concatenate([out[f"class_{stride}"].reshape(-1, CLASSES) for stride in STRIDES])
    boxes = decode_offsets(offsets[:, [1, 0, 3, 2]] / VARIANCES, priors())
    return suppressed(boxes, sigmoid(logits), nms=0.5)


RETINANET = HeadCase(
    _retinanet,
    {"head": {"family": "efficientdet", "anchors": [list(ANCHORS[s]) for s in STRIDES]}},
    _find_retinanet,
)


def _fcos() -> Any:
    """Logarithms of the distances, logits and a centre-ness for each grid."""
    outputs = {}
    for stride in STRIDES:

        def distances(one: Placed, stride: int = stride) -> Array:
            point = (np.array([one.column, one.row]) + 0.5) * stride
            edges = np.concatenate([point - one.box[:2], one.box[2:] - point])
            return np.log(np.maximum(edges, 0.5) / stride)

        outputs[f"reg_{stride}"] = fitted(stride, *targets_of(stride, 1, 4, [], distances))
        outputs[f"cls_{stride}"] = fitted(
            stride, *targets_of(stride, 1, CLASSES, range(CLASSES), lambda one: one_hot(one.number))
        )
        outputs[f"centerness_{stride}"] = fitted(
            stride, *targets_of(stride, 1, 1, [], lambda _: np.array([3.0]))
        )
    return model_of(outputs)


def _find_fcos(out: Mapping[str, Array]) -> Found:
    boxes, scores = [], []
    for stride in STRIDES:
        edges = np.exp(out[f"reg_{stride}"].astype(np.float64)) * stride
        point = (cells(stride) + 0.5) * stride
        box = np.concatenate([point - edges[..., :2], point + edges[..., 2:]], axis=-1)
        boxes.append(box.reshape(-1, 4))
        each = sigmoid(out[f"cls_{stride}"]) * sigmoid(out[f"centerness_{stride}"])
        scores.append(each.reshape(-1, CLASSES))
    return suppressed(np.concatenate(boxes), np.concatenate(scores), nms=0.6)


FCOS = HeadCase(_fcos, {"head": {"family": "fcos"}}, _find_fcos)


def centernet_parts() -> tuple[Any, Any, Any]:
    """Return a heatmap, sizes and offsets of cells of 8 pixels."""
    stride, every = 8, []
    for each in STRIDES:
        every += as_eight(each)
    rows, columns = GRIDS[stride]
    count = targets_of(stride, 1, 1, [], lambda _: np.zeros(1))[0].shape[0]
    heat = np.full((count, rows, columns, CLASSES), -4.0)
    size, offset = (np.full((count, rows, columns, 2), np.nan) for _ in range(2))
    weights = np.ones((count, rows, columns))
    for one in every:
        place = one.picture, one.row, one.column
        heat[place] = one_hot(one.number)
        size[place] = one.size / stride
        offset[place] = one.centre / stride - (one.column, one.row)
        weights[place] = 14.0
    return fitted(8, heat, weights), fitted(8, size, weights), fitted(8, offset, weights)


def as_eight(stride: int) -> list[Placed]:
    """Return a stride's rectangles in cells of 8 pixels."""
    from support.heads import placed

    found = []
    for one in placed(stride):
        column, row = (one.centre // 8).astype(int)
        found.append(Placed(one.picture, int(row), int(column), 0, one.number, one.box))
    return found


def _centernet() -> Any:
    heat, size, offset = centernet_parts()
    return model_of(
        {"hm": layers.Activation("sigmoid", name="hm")(heat), "wh": size, "reg": offset}
    )


def peaks(heat: Array, size: Array, offset: Array, score: float = SCORE) -> Found:
    """Decode as CenterNet's Keras ports: a 3 x 3 max-pooling, and the 100 best."""
    columns, classes = heat.shape[1:]
    pooled = tf.nn.max_pool2d(heat[None].astype(np.float32), 3, 1, "SAME").numpy()[0]
    flat = np.where(pooled == heat, heat, 0.0).ravel()
    best, index = tf.math.top_k(flat.astype(np.float32), 100)
    best, index = best.numpy(), index.numpy()
    index = index[best > score]
    cell, number = index // classes, index % classes
    y, x = cell // columns, cell % columns
    centre = np.stack([x, y], axis=1) + offset[y, x].astype(np.float64)
    boxes = corners(centre, size[y, x].astype(np.float64)) * 8
    solid = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    return Found(boxes[solid], best[best > score][solid], number[solid], cell[solid])


def _find_centernet(out: Mapping[str, Array]) -> Found:
    return peaks(out["hm"], out["wh"], out["reg"])


CENTERNET = HeadCase(_centernet, {"head": "centernet"}, _find_centernet)


def _centernet_one() -> Any:
    """Everything in one tensor: logits of the heatmap, offsets, sizes."""
    heat, size, offset = centernet_parts()
    return model_of(layers.Concatenate(name="table")([heat, offset, size]))


def _find_centernet_one(out: Mapping[str, Array]) -> Found:
    [table] = out.values()
    heat = sigmoid(table[..., :CLASSES]).astype(np.float32)
    return peaks(heat, table[..., CLASSES + 2 :], table[..., CLASSES : CLASSES + 2])


CENTERNET_ONE = HeadCase(
    _centernet_one, {"head": {"family": "centernet", "columns": "scores+offset+size"}},
    _find_centernet_one,
)  # fmt: skip


def _decoded() -> Any:
    """Corners as shares, y first, and probabilities, a tensor for each grid."""
    outputs = {}
    for stride in STRIDES:
        logs = fitted(
            stride, *targets_of(stride, 1, 4, [], lambda one, stride=stride: np.log(  # type: ignore[misc]
                np.abs(one.box - np.tile((np.array([one.column, one.row]) + 0.5) * stride, 2)) / 8
                + 0.05
            ))
        )  # fmt: skip
        point = ((cells(stride) + 0.5) * stride)[None].astype(np.float32)
        edges = ops.exp(logs) * 8.0
        low, high = ops.subtract(point, edges[..., :2]), ops.add(point, edges[..., 2:])
        sides = (low[..., 1:] / HEIGHT, low[..., :1] / WIDTH,
                 high[..., 1:] / HEIGHT, high[..., :1] / WIDTH)  # fmt: skip
        scores = fitted(
            stride, *targets_of(stride, 1, CLASSES, range(CLASSES), lambda one: one_hot(one.number))
        )
        outputs[f"p{stride}"] = ops.concatenate([*sides, ops.sigmoid(scores)], axis=-1)
    return model_of(outputs)


def _find_decoded(out: Mapping[str, Array]) -> Found:
    table = np.concatenate([out[f"p{stride}"].reshape(-1, 4 + CLASSES) for stride in STRIDES])
    boxes = table[:, [1, 0, 3, 2]].astype(np.float64) * _SIDES
    return suppressed(boxes, table[:, 4:].astype(np.float64), nms=0.5)


DECODED = HeadCase(
    _decoded,
    {
        "head": {
            "family": "decoded",
            "columns": "box+scores",
            "classes": CLASSES,
            "box_format": "yxyx",
            "box_units": "normalised",
            "activation": "none",
            "nms": 0.5,
        }
    },
    _find_decoded,
)

CASES: Mapping[str, HeadCase] = {
    "ssd": SSD,
    "ssd, priors in the output": SSD_KERAS,
    "efficientdet, sizes around cells": RETINANET,
    "fcos": FCOS,
    "centernet": CENTERNET,
    "centernet, one tensor": CENTERNET_ONE,
    "decoded, yxyx": DECODED,
}
