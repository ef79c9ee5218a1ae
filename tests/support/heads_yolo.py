"""YOLO's heads: v3, v4, v5, YOLOX and v8, in the layouts that people give them."""

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

_K = 5 + CLASSES


def _logit(share: Array) -> Array:
    share = np.clip(share, 0.03, 0.97)
    return np.log(share / (1 - share))


def _raw(stride: int, scale: float, form: str, name: str | None = None) -> Any:
    """Return (N, h, w, A * (5 + C)) of a YOLO whose centres are scaled, sizes exp or square."""

    def value(one: Placed) -> Array:
        within = one.centre / stride - (one.column, one.row)
        xy = _logit((within + (scale - 1) / 2) / scale)
        ratio = one.size / ANCHORS[stride][one.anchor]
        wh = np.log(ratio) if form == "exp" else _logit(np.sqrt(ratio) / 2)
        return np.concatenate([xy, wh, [4.0], one_hot(one.number)])

    targets, weights = targets_of(stride, 2, _K, [4], value)
    return fitted(stride, targets, weights, name)


def _decode_anchors(
    tables: Mapping[int, Array], scale: Mapping[int, float], form: str
) -> tuple[Array, Array]:
    """Return boxes (M, 4) and scores (M, C) of stride -> (h, w, A, 5 + C)."""
    boxes, scores = [], []
    for stride, t in tables.items():
        s = scale[stride]
        xy = (sigmoid(t[..., :2]) * s - (s - 1) / 2 + cells(stride)[:, :, None]) * stride
        factor = np.exp(t[..., 2:4]) if form == "exp" else (sigmoid(t[..., 2:4]) * 2) ** 2
        box = corners(xy, factor * np.array(ANCHORS[stride]))
        boxes.append(box.reshape(-1, 4))
        scores.append((sigmoid(t[..., 4:5]) * sigmoid(t[..., 5:])).reshape(-1, CLASSES))
    return np.concatenate(boxes), np.concatenate(scores)


def _v3() -> Any:
    """Coarse grid first, (H, W, A * (5 + C)), as keras-yolo3."""
    return model_of([_raw(16, 1.0, "exp", "y16"), _raw(8, 1.0, "exp", "y8")])


def _grid(stride: int) -> tuple[int, int, int, int]:
    return (*GRIDS[stride], 2, _K)


def _find_v3(out: Mapping[str, Array]) -> Found:
    tables = {16: out["y16"].reshape(_grid(16)), 8: out["y8"].reshape(_grid(8))}
    return suppressed(*_decode_anchors(tables, {8: 1.0, 16: 1.0}, "exp"))


_DARKNET = [n for stride in STRIDES for pair in ANCHORS[stride] for n in pair]
V3 = HeadCase(_v3, {"head": {"family": "yolov3", "anchors": _DARKNET}, "nms": 0.45}, _find_v3)


def _v3_five() -> Any:
    """(H, W, A, 5 + C), fine grid first, as a TensorFlow port."""
    return model_of(
        {f"s{stride}": layers.Reshape(_grid(stride))(_raw(stride, 1.0, "exp"))
         for stride in STRIDES}
    )  # fmt: skip


def _find_v3_five(out: Mapping[str, Array]) -> Found:
    tables = {stride: out[f"s{stride}"] for stride in STRIDES}
    return suppressed(*_decode_anchors(tables, {8: 1.0, 16: 1.0}, "exp"))


V3_FIVE = HeadCase(
    _v3_five,
    {
        "head": {
            "family": "yolov3",
            "anchor_units": "normalised",
            "anchors": [
                [[w / WIDTH, h / HEIGHT] for w, h in ANCHORS[stride]] for stride in STRIDES
            ],
        }
    },
    _find_v3_five,
)

_V4_SCALES = {8: 1.2, 16: 1.1}


def _v4() -> Any:
    return model_of({f"s{stride}": _raw(stride, _V4_SCALES[stride], "exp") for stride in STRIDES})


def _find_v4(out: Mapping[str, Array]) -> Found:
    tables = {stride: out[f"s{stride}"].reshape(_grid(stride)) for stride in STRIDES}
    return suppressed(*_decode_anchors(tables, _V4_SCALES, "exp"))


V4 = HeadCase(
    _v4,
    {"head": {"family": "yolov4", "anchors": [list(np.ravel(ANCHORS[s])) for s in STRIDES]}},
    _find_v4,
)


def _v5() -> Any:
    """(A, H, W, 5 + C) as PyTorch's Detect gives them, with the sigmoid in the model."""
    outputs = []
    for stride in STRIDES:
        y = layers.Reshape(_grid(stride))(_raw(stride, 2.0, "square"))
        y = ops.sigmoid(ops.transpose(y, (0, 3, 1, 2, 4)))
        outputs.append(layers.Identity(name=f"p{stride}")(y))
    return model_of(outputs)


def _find_v5(out: Mapping[str, Array]) -> Found:
    boxes, scores = [], []
    for stride in STRIDES:
        for y, sizes in zip(out[f"p{stride}"].astype(np.float64), ANCHORS[stride], strict=True):
            xy = (y[..., :2] * 2 - 0.5 + cells(stride)) * stride
            wh = (y[..., 2:4] * 2) ** 2 * np.array(sizes)
            boxes.append(corners(xy, wh).reshape(-1, 4))
            scores.append((y[..., 4:5] * y[..., 5:]).reshape(-1, CLASSES))
    return suppressed(np.concatenate(boxes), np.concatenate(scores))


V5 = HeadCase(
    _v5,
    {
        "head": {
            "family": "yolov5",
            "anchors": [list(np.ravel(ANCHORS[stride])) for stride in STRIDES],
            "xy_activation": "none",
            "size_activation": "none",
            "activation": "none",
            "objectness_activation": "none",
        }
    },
    _find_v5,
)


def _yolox() -> Any:
    """All grids in one tensor, (M, 5 + C)."""
    rows = []
    for stride in STRIDES:

        def value(one: Placed, stride: int = stride) -> Array:
            xy = one.centre / stride - (one.column, one.row)
            return np.concatenate([xy, np.log(one.size / stride), [4.0], one_hot(one.number)])

        y = fitted(stride, *targets_of(stride, 1, _K, [4], value))
        rows.append(layers.Reshape((-1, _K))(y))
    return model_of(layers.Concatenate(axis=1, name="table")(rows))


def _find_yolox(out: Mapping[str, Array]) -> Found:
    [table] = out.values()
    xy = np.concatenate([cells(stride).reshape(-1, 2) for stride in STRIDES])
    steps = np.concatenate(
        [np.full((GRIDS[stride][0] * GRIDS[stride][1], 1), float(stride)) for stride in STRIDES]
    )
    boxes = corners((table[:, :2] + xy) * steps, np.exp(table[:, 2:4].astype(np.float64)) * steps)
    scores = sigmoid(table[:, 4:5]) * sigmoid(table[:, 5:])
    return suppressed(boxes, scores)


YOLOX = HeadCase(
    _yolox, {"head": {"family": "yolox", "strides": [8, 16]}, "nms": 0.45}, _find_yolox
)

_BINS = 4


def _bins(distance: Array) -> Array:
    """Return logits of bins whose mean is about a distance of 0 to 3."""
    places = np.arange(_BINS)
    return -3.0 * np.abs(places - np.clip(distance, 0, _BINS - 1)[..., None])


def _v8_parts(stride: int) -> tuple[Any, Any]:
    def distances(one: Placed) -> Array:
        point = (np.array([one.column, one.row]) + 0.5) * stride
        edges = np.concatenate([point - one.box[:2], one.box[2:] - point]) / stride
        return _bins(edges).ravel()

    box = fitted(stride, *targets_of(stride, 1, 4 * _BINS, [], distances))
    scores = fitted(
        stride, *targets_of(stride, 1, CLASSES, range(CLASSES), lambda one: one_hot(one.number))
    )
    return box, scores


def _decode_v8(box: Array, points: Array, steps: Array) -> Array:
    shares = tf.nn.softmax(box.reshape(-1, 4, _BINS)).numpy().astype(np.float64)
    edges = (shares * np.arange(_BINS)).sum(axis=-1)
    return np.concatenate([points - edges[:, :2], points + edges[:, 2:]], axis=1) * steps


def _points(stride: int) -> tuple[Array, Array]:
    points = cells(stride).reshape(-1, 2) + 0.5
    return points, np.full((len(points), 1), float(stride))


def _v8() -> Any:
    """A tensor for each grid, (H, W, 4 * bins + C)."""
    outputs = {
        f"p{stride}": layers.Concatenate(name=f"p{stride}")(_v8_parts(stride))
        for stride in STRIDES
    }  # fmt: skip
    return model_of(outputs)


def _find_v8(out: Mapping[str, Array]) -> Found:
    boxes, scores = [], []
    for stride in STRIDES:
        table = out[f"p{stride}"].reshape(-1, 4 * _BINS + CLASSES)
        boxes.append(_decode_v8(table[:, : 4 * _BINS], *_points(stride)))
        scores.append(sigmoid(table[:, 4 * _BINS :]))
    return suppressed(np.concatenate(boxes), np.concatenate(scores), nms=0.7)


V8 = HeadCase(_v8, {"head": {"family": "yolov8", "reg_max": _BINS}}, _find_v8)


def _v8_flat() -> Any:
    """Boxes (M, 4 * bins) and classes (M, C) of all grids, a sigmoid behind them: KerasCV's."""
    parts = [_v8_parts(stride) for stride in STRIDES]
    boxes = [layers.Reshape((-1, 4 * _BINS))(box) for box, _ in parts]
    scores = [layers.Reshape((-1, CLASSES))(each) for _, each in parts]
    return model_of(
        {
            "boxes": layers.Concatenate(axis=1, name="boxes")(boxes),
            "classes": layers.Activation("sigmoid")(layers.Concatenate(axis=1)(scores)),
        }
    )


def _find_v8_flat(out: Mapping[str, Array]) -> Found:
    points, steps = (np.concatenate(each) for each in zip(*map(_points, STRIDES), strict=True))
    return suppressed(
        _decode_v8(out["boxes"], points, steps), out["classes"].astype(np.float64), nms=0.7
    )


V8_FLAT = HeadCase(
    _v8_flat,
    {"head": {"family": "yolov8", "reg_max": _BINS, "strides": [8, 16], "classes": CLASSES}},
    _find_v8_flat,
)


def _v8_turned() -> Any:
    """(4 * bins + C, M): channels first, as PyTorch's exports."""
    tables = [
        layers.Reshape((-1, 4 * _BINS + CLASSES))(layers.Concatenate()(_v8_parts(stride)))
        for stride in STRIDES
    ]
    return model_of(ops.transpose(layers.Concatenate(axis=1)(tables), (0, 2, 1)))


def _find_v8_turned(out: Mapping[str, Array]) -> Found:
    [turned] = out.values()
    ends = [int(np.prod(GRIDS[STRIDES[0]]))]
    parts = np.split(turned.T, ends)
    return _find_v8({f"p{stride}": part for stride, part in zip(STRIDES, parts, strict=True)})


V8_TURNED = HeadCase(
    _v8_turned, {"head": {"family": "yolov8", "reg_max": _BINS, "strides": [8, 16]}},
    _find_v8_turned,
)  # fmt: skip

CASES: Mapping[str, HeadCase] = {
    "yolov3": V3,
    "yolov3, five axes": V3_FIVE,
    "yolov4": V4,
    "yolov5, anchors first": V5,
    "yolox, one table": YOLOX,
    "yolov8": V8,
    "yolov8, two tables": V8_FLAT,
    "yolov8, channels first": V8_TURNED,
}
assert SCORE == 0.3
