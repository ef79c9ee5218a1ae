"""Detectors: up to, and including, the decoding that people put into the model."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import layers, ops

from .blocks import conv_bn, inverted_residual, residual
from .case import Case
from .sketch import wired

_IMAGE = (24, 32, 3)
_CLASSES = 3


def cases() -> tuple[Case, ...]:
    """All detection patterns."""
    return tuple(
        wired(f"pattern_{name}", wiring, _IMAGE, group="pattern") for name, wiring in _DETECTORS
    )


def _pyramid(x: Any) -> list[Any]:
    second = residual(conv_bn(x, 6, strides=2), 8, 2)
    third = residual(second, 10, 2)
    return [second, third]


def _ssd(x: Any) -> dict[str, Any]:
    boxes, scores = [], []
    for anchors, level in zip((4, 6), _pyramid(x), strict=True):
        box = layers.Conv2D(anchors * 4, 3, padding="same")(level)
        score = layers.Conv2D(anchors * _CLASSES, 3, padding="same")(level)
        boxes.append(layers.Reshape((-1, 4))(box))
        scores.append(layers.Reshape((-1, _CLASSES))(score))
    return {
        "boxes": layers.Concatenate(axis=1)(boxes),
        "scores": layers.Softmax()(layers.Concatenate(axis=1)(scores)),
    }


def _ssd_decoded(x: Any) -> list[Any]:
    """Offsets to corners against anchors held in the graph, both outputs joined."""
    raw = _ssd(x)
    count = raw["boxes"].shape[1]
    anchors = np.random.default_rng(3).uniform(0.1, 0.9, (1, count, 4)).astype("float32")
    centre = raw["boxes"][..., :2] * 0.1 * anchors[..., 2:] + anchors[..., :2]
    size = ops.exp(raw["boxes"][..., 2:] * 0.2) * anchors[..., 2:]
    return [ops.concatenate([centre - size / 2, centre + size / 2], axis=-1), raw["scores"]]


def _mobile_ssd(x: Any) -> list[Any]:
    features = inverted_residual(inverted_residual(conv_bn(x, 6, strides=2), 8, 2), 8)
    box = layers.SeparableConv2D(3 * 4, 3, padding="same")(features)
    score = layers.SeparableConv2D(3 * _CLASSES, 3, padding="same", activation="sigmoid")(features)
    return [layers.Reshape((-1, 4))(box), layers.Reshape((-1, _CLASSES))(score)]


def _retinanet(x: Any) -> list[Any]:
    """One head shared by all levels."""
    tower = layers.Conv2D(7, 3, padding="same", activation="relu")
    classes = layers.Conv2D(2 * _CLASSES, 3, padding="same", activation="sigmoid")
    boxes = layers.Conv2D(2 * 4, 3, padding="same")
    levels = [layers.Conv2D(7, 1)(level) for level in _pyramid(x)]
    scores = [layers.Reshape((-1, _CLASSES))(classes(tower(level))) for level in levels]
    offsets = [layers.Reshape((-1, 4))(boxes(tower(level))) for level in levels]
    return [layers.Concatenate(axis=1)(scores), layers.Concatenate(axis=1)(offsets)]


def _grid_xy(height: int, width: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype("float32")


def _yolo_v3(x: Any) -> list[Any]:
    """Per level (N, H, W, A, 5 + C): sigmoid centres on a grid, exponential sizes, scores."""
    outputs = []
    for stride, level in zip((4, 8), _pyramid(x), strict=True):
        _, height, width, _ = level.shape
        raw = layers.Reshape((height, width, 3, 5 + _CLASSES))(
            layers.Conv2D(3 * (5 + _CLASSES), 1)(level)
        )
        grid = _grid_xy(height, width)[None, :, :, None]
        anchors = np.array([[10, 13], [16, 30], [33, 23]], dtype="float32")
        centre = (ops.sigmoid(raw[..., 0:2]) + grid) * stride
        size = ops.exp(0.3 * raw[..., 2:4]) * anchors
        decoded = ops.concatenate([centre, size, ops.sigmoid(raw[..., 4:])], axis=-1)
        outputs.append(ops.reshape(decoded, (-1, height * width * 3, 5 + _CLASSES)))
    return [ops.concatenate(outputs, axis=1)]


def _split_block(x: Any, filters: int) -> Any:
    """YOLOv8's C2f: half the channels go on, all the halves are joined."""
    h = conv_bn(x, 2 * filters, 1, activation="silu")
    left, right = ops.split(h, 2, axis=-1)
    more = layers.Add()([right, conv_bn(right, filters, activation="silu")])
    return conv_bn(layers.Concatenate()([left, right, more]), filters, 1, activation="silu")


def _pooled_pyramid(x: Any) -> Any:
    """SPPF: max pooling on max pooling, all joined."""
    pools = [x]
    for _ in range(3):
        pools.append(layers.MaxPooling2D(5, strides=1, padding="same")(pools[-1]))
    return conv_bn(layers.Concatenate()(pools), 8, 1, activation="silu")


def _yolo_v8(x: Any) -> dict[str, Any]:
    """Boxes as expected distances over bins (distribution focal loss), then corners."""
    bins = 5
    level = _pooled_pyramid(_split_block(conv_bn(x, 6, strides=4, activation="silu"), 8))
    _, height, width, _ = level.shape
    raw = layers.Reshape((height * width, 4, bins))(layers.Conv2D(4 * bins, 1)(level))
    distance = ops.sum(ops.softmax(raw, axis=-1) * ops.arange(bins, dtype="float32"), axis=-1)
    points = _grid_xy(height, width).reshape(1, -1, 2) + 0.5
    corners = [ops.subtract(points, distance[..., :2]), ops.add(points, distance[..., 2:])]
    scores = layers.Reshape((height * width, _CLASSES))(layers.Conv2D(_CLASSES, 1)(level))
    return {"boxes": 4.0 * ops.concatenate(corners, axis=-1), "scores": ops.sigmoid(scores)}


def _yolo_focus(x: Any) -> Any:
    """YOLOv5's stem: every second pixel, four ways, joined as channels."""
    parts = [x[:, ::2, ::2], x[:, 1::2, ::2], x[:, ::2, 1::2], x[:, 1::2, 1::2]]
    return layers.Conv2D(3 * 7, 1)(conv_bn(layers.Concatenate()(parts), 8, activation="silu"))


def _centernet(x: Any) -> list[Any]:
    """Peaks of a heatmap: kept where a 3x3 maximum equals the value."""
    h = conv_bn(layers.Conv2DTranspose(8, 4, 2, padding="same")(conv_bn(x, 8, strides=4)), 8)
    heat = layers.Conv2D(_CLASSES, 1, activation="sigmoid")(h)
    peak = ops.equal(layers.MaxPooling2D(3, strides=1, padding="same")(heat), heat)
    return [heat * ops.cast(peak, "float32"), layers.Conv2D(2, 1)(h), layers.Conv2D(2, 1)(h)]


def _box_regressor(x: Any) -> list[Any]:
    h = layers.Flatten()(conv_bn(conv_bn(x, 6, strides=4), 8, strides=2))
    h = layers.Dense(12, activation="relu")(h)
    return [
        layers.Dense(4, activation="sigmoid", name="box")(h),
        layers.Dense(3, activation="softmax")(h),
    ]


def _best_boxes(x: Any) -> list[Any]:
    """The detector keeps its own five best: top-k on scores, then the boxes they belong to."""
    raw = _ssd(x)
    best = ops.max(raw["scores"][..., 1:], axis=-1)
    scores, indices = ops.top_k(best, 5)
    boxes = ops.take_along_axis(raw["boxes"], ops.expand_dims(indices, -1), axis=1)
    return [boxes, scores]


_DETECTORS = (
    ("ssd", _ssd),
    ("ssd_decoded", _ssd_decoded),
    ("ssd_mobile", _mobile_ssd),
    ("retinanet", _retinanet),
    ("yolo_v3_decoded", _yolo_v3),
    ("yolo_v8_decoded", _yolo_v8),
    ("yolo_focus_stem", _yolo_focus),
    ("centernet_peaks", _centernet),
    ("box_regressor", _box_regressor),
    ("detector_with_top_k", _best_boxes),
)
