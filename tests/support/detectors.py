"""Five detectors as people build them, and their Keras pipelines: plain Python and tf."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from conformance import randomize

Array = np.ndarray[Any, Any]
WIDTH, HEIGHT, STRIDE, CLASSES = 96, 64, 8, 4
COLUMNS, ROWS = WIDTH // STRIDE, HEIGHT // STRIDE
COUNT = COLUMNS * ROWS
VARIANCES = (0.1, 0.1, 0.2, 0.2)
NMS = 0.45


@dataclass(frozen=True)
class Found:
    """The boxes of a pipeline: corners x0, y0, x1, y1 as shares of the input, best first."""

    boxes: Array
    scores: Array
    classes: Array


@dataclass(frozen=True)
class Detector:
    """A model, the options of its export, and its own Keras pipeline after `predict`."""

    build: Callable[[], keras.Model]
    detection: Mapping[str, Any]
    find: Callable[[Mapping[str, Array], float], Found]

    def model(self) -> keras.Model:
        """Return the model with informative weights, the same every time."""
        keras.utils.set_random_seed(5)
        images = np.random.default_rng(5).uniform(0, 1, (6, HEIGHT, WIDTH, 3))
        return randomize(self.build(), 5, [images.astype(np.float32)])


def _grid() -> Array:
    """Return the centre x, y of each cell in pixels, (1, M, 2)."""
    x, y = np.meshgrid(np.arange(COLUMNS) + 0.5, np.arange(ROWS) + 0.5)
    return (np.stack([x, y], -1).reshape(1, -1, 2) * STRIDE).astype(np.float32)


def features() -> tuple[Any, Any]:
    """Return the input, (64, 96, 3), and the features of each of its cells."""
    photo = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    y = layers.Conv2D(8, 5, strides=4, padding="same", activation="relu")(photo)
    y = layers.BatchNormalization()(y)
    return photo, layers.Conv2D(10, 3, strides=2, padding="same", activation="relu")(y)


def head(y: Any, channels: int, name: str | None = None) -> Any:
    """Return (N, M, channels), one vector per cell, around zero."""
    return layers.Reshape((COUNT, channels), name=name)(layers.Conv2D(channels, 1)(y))


def _corners(y: Any) -> Any:
    """Return boxes x0, y0, x1, y1 in pixels: distances of 3 to 23 to all sides of a cell."""
    sides = ops.sigmoid(head(y, 4)) * 20.0 + 3.0
    corners = ops.subtract(_grid(), sides[..., :2]), ops.add(_grid(), sides[..., 2:])
    return ops.concatenate(corners, axis=-1)


def _finished() -> keras.Model:
    """Normalised ymin, xmin, ymax, xmax; one score and one class number for each."""
    photo, y = features()
    corners = _corners(y)
    x0, y0, x1, y1 = (corners[..., k : k + 1] for k in range(4))
    parts = [y0 / HEIGHT, x0 / WIDTH, y1 / HEIGHT, x1 / WIDTH]
    shares = ops.softmax(head(y, CLASSES))
    outputs = {
        "boxes": ops.concatenate(parts, axis=-1),
        "scores": ops.max(shares, axis=-1),
        "classes": ops.argmax(shares, axis=-1),
    }
    return keras.Model(photo, outputs)


def _per_class() -> keras.Model:
    """Corners in pixels, a sigmoid per class."""
    photo, y = features()
    scores = layers.Activation("sigmoid", name="confidence")(head(y, CLASSES))
    return keras.Model(photo, {"bbox": _corners(y), "confidence": scores})


def _objectness() -> keras.Model:
    """Centres and sizes, normalised by a sigmoid; objectness; logits of a softmax."""
    photo, y = features()
    outputs = {
        "box": layers.Activation("sigmoid")(head(y, 4)),
        "object": layers.Activation("sigmoid")(head(y, 1)),
        "class_logits": head(y, CLASSES),
    }
    return keras.Model(photo, outputs)


def anchors() -> Array:
    """Return an anchor per cell, (M, 4) cx, cy, w, h as shares of the input."""
    sizes = np.random.default_rng(8).uniform(0.15, 0.4, (COUNT, 2))
    return np.concatenate([_grid()[0] / (WIDTH, HEIGHT), sizes], axis=1).astype(np.float32)


def _ssd() -> keras.Model:
    """Offsets from anchors, a softmax with the background as class 0."""
    photo, y = features()
    scores = layers.Softmax()(head(y, 1 + CLASSES))
    return keras.Model(photo, {"offsets": head(y, 4), "scores": scores})


def _yolo() -> keras.Model:
    """One tensor: centre and size in pixels, objectness, a sigmoid per class."""
    photo, y = features()
    raw = head(y, 5 + CLASSES)
    centre = (ops.sigmoid(raw[..., :2]) - 0.5) * STRIDE + _grid()
    size = ops.exp(ops.tanh(raw[..., 2:4])) * 20.0
    return keras.Model(photo, ops.concatenate([centre, size, ops.sigmoid(raw[..., 4:])], axis=-1))


def suppressed(boxes: Array, scores: Array, classes: Array, score: float) -> Found:
    """Return each class' boxes after tf.image.non_max_suppression, the best of all first.

    Args:
        boxes: Corners x0, y0, x1, y1, (M, 4).
        scores: (M,).
        classes: Class numbers, (M,).
        score: The least score.
    """
    kept: list[int] = []
    for number in np.unique(classes):
        [mine] = np.nonzero(classes == number)
        flipped = boxes[mine][:, [1, 0, 3, 2]]  # tf's order is y, x
        picked = tf.image.non_max_suppression(flipped, scores[mine], len(mine), NMS, score)
        kept += mine[picked.numpy()].tolist()
    kept.sort(key=lambda k: -scores[k])
    return Found(boxes[kept], scores[kept], classes[kept])


def _as_corners(centred: Array) -> Array:
    half = centred[:, 2:] / 2
    return np.concatenate([centred[:, :2] - half, centred[:, :2] + half], axis=1)


def _find_finished(out: Mapping[str, Array], score: float) -> Found:
    [kept] = np.nonzero(out["scores"][0] > score)
    kept = kept[np.argsort(-out["scores"][0][kept], kind="stable")]
    boxes = out["boxes"][0][kept][:, [1, 0, 3, 2]]
    return Found(boxes, out["scores"][0][kept], out["classes"][0][kept])


def _find_per_class(out: Mapping[str, Array], score: float) -> Found:
    boxes = out["bbox"][0] / (WIDTH, HEIGHT, WIDTH, HEIGHT)
    scores = out["confidence"][0]
    return suppressed(boxes, scores.max(axis=1), scores.argmax(axis=1), score)


def _find_objectness(out: Mapping[str, Array], score: float) -> Found:
    shares = tf.nn.softmax(out["class_logits"][0]).numpy() * out["object"][0]
    boxes = _as_corners(out["box"][0])
    return suppressed(boxes, shares.max(axis=1), shares.argmax(axis=1), score)


def _find_ssd(out: Mapping[str, Array], score: float) -> Found:
    offsets = out["offsets"][0] * np.float32(VARIANCES)
    centre = offsets[:, :2] * anchors()[:, 2:] + anchors()[:, :2]
    boxes = _as_corners(np.concatenate([centre, np.exp(offsets[:, 2:]) * anchors()[:, 2:]], axis=1))
    scores = out["scores"][0][:, 1:]
    return suppressed(boxes, scores.max(axis=1), scores.argmax(axis=1) + 1, score)


def _find_yolo(out: Mapping[str, Array], score: float) -> Found:
    [table] = next(iter(out.values()))
    boxes = _as_corners(table[:, :4]) / (WIDTH, HEIGHT, WIDTH, HEIGHT)
    scores = table[:, 4:5] * table[:, 5:]
    return suppressed(boxes, scores.max(axis=1), scores.argmax(axis=1), score)


DETECTORS: Mapping[str, Detector] = {
    "finished": Detector(
        _finished, {"box_format": "yxyx", "box_units": "normalised"}, _find_finished
    ),
    "per class": Detector(
        _per_class, {"box_format": "xyxy", "box_units": "pixels", "nms": NMS}, _find_per_class
    ),
    "objectness": Detector(
        _objectness, {"box_format": "cxcywh", "activation": "softmax", "nms": NMS}, _find_objectness
    ),
    "ssd": Detector(
        _ssd,
        {
            "boxes": "offsets",
            "box_units": "normalised",
            "anchors": anchors(),
            "variances": VARIANCES,
            "background": 0,
            "nms": NMS,
        },
        _find_ssd,
    ),
    "yolo": Detector(
        _yolo,
        {
            "columns": "box+objectness+scores",
            "box_format": "cxcywh",
            "box_units": "pixels",
            "activation": "none",
            "objectness_activation": "none",
            "nms": NMS,
        },
        _find_yolo,
    ),
}
