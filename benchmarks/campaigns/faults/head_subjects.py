"""Detectors whose outputs are decoded, and what belongs to their boxes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import cv2
import keras
import numpy as np
from keras import layers, ops

from . import pipelines as p
from .scenes import HEIGHT, WIDTH, Scene
from .subject import LABELS, READ, Array, Subject, body, colours, fit, training

STRIDE: Final = 8
ROWS, COLUMNS = HEIGHT // STRIDE, WIDTH // STRIDE
SIZES: Final = ((18.0, 14.0), (27.0, 20.0))  # w, h of the grid's anchors, in pixels
BINS: Final = 4
SCORE: Final = 0.3
NMS: Final = 0.45
_CORNERS: Final = [HEIGHT, WIDTH, HEIGHT, WIDTH]
_SIDES: Final = np.array([WIDTH, HEIGHT, WIDTH, HEIGHT], np.float32)


def _known(wanted: Any, given: Any) -> Any:
    """Return the squared error, NaN being anything; what is above 0 is rare, and counts more."""
    unknown = ops.isnan(wanted)
    error = ops.where(unknown, 0.0, ops.where(unknown, given, wanted) - given)
    return ops.mean(ops.square(error) * ops.where(wanted > 0, 4.0, 1.0))


def _features() -> tuple[Any, Any]:
    x, y = body()
    return x, layers.Conv2D(40, 5, padding="same", activation="relu")(y)


def _cells() -> Array:
    """Return x, y of the middle of each cell in pixels, (rows, columns, 2)."""
    steps = np.meshgrid(np.arange(COLUMNS) + 0.5, np.arange(ROWS) + 0.5)
    return np.stack(steps, axis=-1) * STRIDE


def _box(scene: Scene) -> Array:
    """Return x0, y0, x1, y1 in pixels."""
    return (scene.box_yxyx * _CORNERS)[[1, 0, 3, 2]]


def _near(box: Array) -> Array:
    """Return which cells lie around the middle of a box, (rows, columns) bool."""
    return np.asarray((np.abs(_cells() - (box[:2] + box[2:]) / 2) < STRIDE).all(axis=-1))


def _targets(scenes: list[Scene], width: int, values: Callable[[Scene], Array]) -> Array:
    """Return what each cell should give: numbers near a box, then -4 or 4 of three classes."""
    found = np.full((len(scenes), ROWS, COLUMNS, width + 3), np.nan, np.float32)
    found[..., width:] = -4
    for table, scene in zip(found, scenes, strict=True):
        near = _near(_box(scene))
        table[..., :width][near] = values(scene)[near]
        table[near, width + scene.colour] = 4
    return found


def _logit(share: Array) -> Array:
    inside = np.clip(share, 0.03, 0.97)
    return np.asarray(np.log(inside / (1 - inside)))


def _grid_values(scene: Scene) -> Array:
    """Return x, y, w, h and objectness of two anchors as YOLOv5 has them, then no classes."""
    box = _box(scene)
    away = ((box[:2] + box[2:]) / 2 - _cells()) / STRIDE + 0.5
    values = np.full((ROWS, COLUMNS, len(SIZES), 5), np.nan)
    size = box[2:] - box[:2]
    best = int(np.abs(np.log(np.array(SIZES) / size)).sum(axis=1).argmin())
    for k, anchor in enumerate(SIZES):
        values[:, :, k, 4] = 4.0 if k == best else -4.0
        if k == best:
            values[:, :, k, :2] = _logit((away + 0.5) / 2)
            values[:, :, k, 2:4] = _logit(np.sqrt(size / anchor) / 2)
    return values


@cache
def grid() -> Any:
    """Return a YOLOv5: two anchors of each cell, (rows, columns, 2 * (5 + 3))."""
    images, found = training("0-1")
    wanted = np.full((len(found), ROWS, COLUMNS, len(SIZES), 8), np.nan, np.float32)
    wanted[..., 4:] = -4
    for table, scene in zip(wanted, found, strict=True):
        near, values = _near(_box(scene)), _grid_values(scene)
        table[near, :, :5] = values[near]
        table[near, :, 5 + scene.colour] = 4
    x, y = _features()
    model = keras.Model(x, layers.Conv2D(len(SIZES) * 8, 1, name="grid")(y))
    return fit(model, images, wanted.reshape(len(found), ROWS, COLUMNS, -1), _known, 14)


def _bins(scene: Scene) -> Array:
    """Return logits of bins whose mean is about the distance to each edge, in cells."""
    box, cells = _box(scene), _cells()
    edges = np.concatenate([cells - box[:2], box[2:] - cells], axis=-1) / STRIDE
    away = np.abs(np.arange(BINS) - np.clip(edges, 0, BINS - 1)[..., None])
    return -3.0 * away.reshape(ROWS, COLUMNS, -1)


@cache
def distances() -> Any:
    """Return a YOLOv8: distances in bins and classes of each cell."""
    images, found = training("0-1")
    x, y = _features()
    model = keras.Model(x, layers.Conv2D(4 * BINS + 3, 1, name="table")(y))
    return fit(model, images, _targets(found, 4 * BINS, _bins), _known, 14)


@cache
def peaks() -> Any:
    """Return a CenterNet: a heatmap of each class, sizes and offsets in cells."""
    images, found = training("0-1")
    heat = np.zeros((len(found), ROWS, COLUMNS, 3), np.float32)
    numbers = np.full((len(found), ROWS, COLUMNS, 4), np.nan, np.float32)
    corner = _cells() - STRIDE / 2
    for k, scene in enumerate(found):
        box = _box(scene)
        middle = (box[:2] + box[2:]) / 2
        near = _near(box)
        heat[k, ..., scene.colour] = np.exp(-(((_cells() - middle) / STRIDE) ** 2).sum(axis=-1))
        numbers[k, near, :2] = (box[2:] - box[:2]) / STRIDE
        numbers[k, near, 2:] = ((middle - corner) / STRIDE)[near]
    x, y = _features()
    sizes = layers.Conv2D(2, 1, name="size")(y)
    offsets = layers.Conv2D(2, 1, name="offset")(y)
    maps = layers.Conv2D(3, 1, activation="sigmoid", name="heat")(y)
    model = keras.Model(x, [maps, sizes, offsets])
    return fit(model, images, [heat, numbers[..., :2], numbers[..., 2:]],
               ["binary_crossentropy", _known, _known], 14)  # fmt: skip


def _one_box() -> tuple[Any, Any, Any, Any]:
    """Return an input, the last features, and one box as shares cx, cy, w, h with its scores."""
    x, y = body()
    flat = layers.Flatten()(y)
    box = layers.Dense(4, activation="sigmoid")(layers.Dense(32, activation="relu")(flat))
    scores = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(y))
    return x, y, box, layers.Reshape((1, 3), name="scores")(scores)


def _middles(found: list[Scene]) -> Array:
    """Return cx, cy, w, h as shares, (N, 1, 4)."""
    boxes = np.stack([_box(scene) for scene in found]) / _SIDES
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], axis=1)[
        :, None
    ].astype(np.float32)


@cache
def masked() -> Any:
    """Return a detector of one box whose mask is a weighted sum of four prototypes."""
    images, found = training("0-1")
    x, y, box, scores = _one_box()
    boxes = layers.Reshape((1, 4), name="boxes")(box)
    weights = layers.Dense(4)(layers.GlobalAveragePooling2D()(y))
    weights = layers.Reshape((1, 4), name="weights")(weights)
    fine = layers.Conv2D(12, 3, strides=2, padding="same", activation="relu")(x)
    fine = layers.Conv2D(12, 3, padding="same", activation="relu")(fine)
    protos = layers.Conv2D(4, 1, name="prototypes")(fine)
    whole = ops.sigmoid(ops.sum(protos * ops.expand_dims(weights, 1), axis=-1))
    masks = np.zeros((len(found), HEIGHT // 2, WIDTH // 2), np.float32)
    for mask, scene in zip(masks, found, strict=True):
        x0, y0, x1, y1 = np.rint(_box(scene) / 2).astype(int)
        mask[y0:y1, x0:x1] = 1
    trained = keras.Model(x, [boxes, scores, whole])
    fit(trained, images, [_middles(found), colours(found)[:, None], masks],
        ["mae", "categorical_crossentropy", "binary_crossentropy"])  # fmt: skip
    return keras.Model(x, [boxes, scores, weights, protos])


@cache
def pointed() -> Any:
    """Return a detector of one box with its left top and right bottom corner, and their scores."""
    images, found = training("0-1")
    x, y, box, scores = _one_box()
    boxes = layers.Reshape((1, 4), name="boxes")(box)
    rows = layers.Dense(6, activation="sigmoid")(layers.Flatten()(y))
    rows = layers.Reshape((1, 2, 3), name="corners")(rows)
    corners = np.stack([(_box(s) / _SIDES).reshape(2, 2) for s in found])
    seen = np.where(colours(found)[:, :1, None] > 0, [[[0.9], [0.2]]], [[[0.4], [0.8]]])
    wanted = np.concatenate([corners, seen], axis=-1)[:, None].astype(np.float32)
    model = keras.Model(x, [boxes, scores, rows])
    return fit(model, images, [_middles(found), colours(found)[:, None], wanted],
               ["mae", "categorical_crossentropy", "mae"])  # fmt: skip


@cache
def turned() -> Any:
    """Return a detector of one box in pixels with an angle in radians."""
    images, found = training("0-1")
    x, y, box, scores = _one_box()
    angle = layers.Dense(1)(layers.GlobalAveragePooling2D()(y))
    pixels = layers.Rescaling(_SIDES.tolist())(box)
    boxes = layers.Reshape((1, 5), name="boxes")(layers.Concatenate()([pixels, angle]))
    turns = np.array([[[0.3, 0.6, 0.9][scene.colour]] for scene in found], np.float32)
    wanted = np.concatenate([_middles(found)[:, 0] * _SIDES, turns], axis=1)[:, None]
    model = keras.Model(x, [boxes, scores])
    return fit(model, images, [wanted, colours(found)[:, None]],
               ["mae", "categorical_crossentropy"])  # fmt: skip


# -- pipelines


def _in_picture(boxes_xyxy: Array, scores: Array, path: str, nms: float) -> list[Any]:
    """Return the boxes of each class that are above the threshold, those of the input scaled."""
    height, width = p.read(path).shape[:2]
    best, classes = scores.max(axis=1), scores.argmax(axis=1)
    kept: list[int] = []
    for number in range(3):
        mine = [k for k in range(len(best)) if classes[k] == number and best[k] > SCORE]
        kept += [mine[k] for k in p.suppressed(boxes_xyxy[mine], best[mine], nms)]
    factor = np.tile([width / WIDTH, height / HEIGHT], 2)
    limit = np.tile([width, height], 2)
    return [
        (LABELS[classes[k]], float(best[k]), np.clip(boxes_xyxy[k] * factor, 0, limit).tolist())
        for k in sorted(kept, key=lambda k: -best[k])
    ]


def _grid_boxes(model: Any) -> p.Pipeline:
    def answer(path: str) -> Any:
        rows = p.outputs_of(model, path, "0-1").reshape(ROWS, COLUMNS, len(SIZES), 8)
        corner = (_cells() - STRIDE / 2)[:, :, None]
        centre = (p.sigmoid(rows[..., :2]) * 2 - 0.5) * STRIDE + corner
        half = (p.sigmoid(rows[..., 2:4]) * 2) ** 2 * np.array(SIZES) / 2
        boxes = np.concatenate([centre - half, centre + half], axis=-1).reshape(-1, 4)
        scores = p.sigmoid(rows[..., 4:5]) * p.sigmoid(rows[..., 5:])
        return _in_picture(boxes, scores.reshape(-1, 3), path, NMS)

    return answer


def _distance_boxes(model: Any) -> p.Pipeline:
    def answer(path: str) -> Any:
        rows = p.outputs_of(model, path, "0-1").reshape(-1, 4 * BINS + 3)
        shares = p.softmax(rows[:, : 4 * BINS].reshape(-1, 4, BINS).astype(np.float64))
        edges = (shares * np.arange(BINS)).sum(axis=-1) * STRIDE
        middle = _cells().reshape(-1, 2)
        boxes = np.concatenate([middle - edges[:, :2], middle + edges[:, 2:]], axis=1)
        return _in_picture(boxes, p.sigmoid(rows[:, 4 * BINS :]), path, NMS)

    return answer


def _peak_boxes(model: Any) -> p.Pipeline:
    def answer(path: str) -> Any:
        heat, size, offset = p.outputs_of(model, path, "0-1")
        around = cv2.dilate(heat, np.ones((3, 3), np.uint8))
        kept = np.where(heat == around, heat, 0).reshape(-1, 3)
        centre = (_cells() - STRIDE / 2 + offset * STRIDE).reshape(-1, 2)
        half = size.reshape(-1, 2) * STRIDE / 2
        boxes = np.concatenate([centre - half, centre + half], axis=1)
        rows, classes = np.nonzero(kept > SCORE)
        each = np.zeros((len(rows), 3))
        each[np.arange(len(rows)), classes] = kept[rows, classes]
        return _in_picture(boxes[rows], each, path, 1.0)

    return answer


def _own_box(outputs: Any, path: str) -> tuple[str, float, Array]:
    """Return the label, the score and the corners of a model of one box, cx, cy, w, h."""
    box, scores = outputs[0].reshape(-1), outputs[1].reshape(-1)
    height, width = p.read(path).shape[:2]
    corners = np.concatenate([box[:2] - box[2:4] / 2, box[:2] + box[2:4] / 2])
    limit = [width, height, width, height]
    return LABELS[scores.argmax()], float(scores.max()), np.clip(corners * limit, 0, limit)


def _masks(model: Any) -> p.Pipeline:
    def answer(path: str) -> Any:
        outputs = p.outputs_of(model, path, "0-1")
        label, score, corners = _own_box(outputs, path)
        height, width = p.read(path).shape[:2]
        small = p.sigmoid(np.asarray(outputs[3] @ outputs[2].reshape(4)))
        large = p.stretched(small.astype(np.float32), (width, height)) > 0.5
        x, y = np.arange(width) + 0.5, np.arange(height)[:, None] + 0.5
        x0, y0, x1, y1 = corners
        mask = large & (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
        return [{"label": label, "score": score, "box_xyxy": corners.tolist(), "mask": mask}]

    return answer


def _box_points(model: Any) -> p.Pipeline:
    def answer(path: str) -> Any:
        outputs = p.outputs_of(model, path, "0-1")
        label, score, corners = _own_box(outputs, path)
        height, width = p.read(path).shape[:2]
        points = outputs[2].reshape(2, 3) * [width, height, 1]
        found = {"label": label, "score": score, "box_xyxy": corners.tolist()}
        return [{**found, "keypoints": points.tolist()}]

    return answer


def _rotated(model: Any) -> p.Pipeline:
    def answer(path: str) -> Any:
        outputs = p.outputs_of(model, path, "0-1")
        cx, cy, w, h, angle = outputs[0].reshape(5).tolist()
        height, width = p.read(path).shape[:2]
        corners = cv2.boxPoints(((cx, cy), (w, h), np.degrees(angle)))
        polygon = corners * [width / WIDTH, height / HEIGHT]
        box = np.concatenate([polygon.min(axis=0), polygon.max(axis=0)])
        box = np.clip(box, 0, [width, height, width, height])
        scores = outputs[1].reshape(-1)
        return [{
            "label": LABELS[scores.argmax()], "score": float(scores.max()),
            "box_xyxy": box.tolist(), "polygon_xy": polygon.tolist(),
        }]  # fmt: skip

    return answer


def _detector(
    model: Callable[[], Any], answer: Callable[[Any], p.Pipeline], detect: Mapping[str, Any]
) -> Subject:
    settings = {"preprocess": "0-1", "labels": LABELS, "detect": {"score": SCORE, **detect}}
    return Subject(model, settings, answer, READ)


_SHARES: Final = {"box_format": "cxcywh", "box_units": "normalised"}

HEADS: Final[Mapping[str, Subject]] = {
    "grid": _detector(
        grid,
        _grid_boxes,
        {"head": {"family": "yolov5", "anchors": [list(np.ravel(SIZES))]}, "nms": NMS},
    ),
    "distances": _detector(
        distances, _distance_boxes, {"head": {"family": "yolov8", "reg_max": BINS}, "nms": NMS}
    ),
    "peaks": _detector(
        peaks,
        _peak_boxes,
        {"head": {"family": "centernet", "scores": "heat", "boxes": "size", "offset": "offset"}},
    ),
    "masks of boxes": _detector(
        masked, _masks, {**_SHARES, "prototypes": "prototypes", "mask_coefficients": "weights"}
    ),
    "points of boxes": _detector(
        pointed,
        _box_points,
        {**_SHARES, "points": "corners", "point_format": "xys", "point_labels": ("low", "high"),
         "skeleton": ((0, 1),)},
    ),
    "rotated boxes": _detector(
        turned,
        _rotated,
        {"box_units": "pixels", "angle_units": "radians", "box_format": "cxcywh"},
    ),
}  # fmt: skip
