"""The five shapes of tests/detectors.py, and a model that ends in TensorFlow's own suppression."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from support.detectors import COUNT, DETECTORS, HEIGHT, WIDTH, Detector, features, head

from .subject import Answer, Array, Subject, stretched
from .subject import clipped as within

SCORE = 0.2
_ABOUT = {
    "finished": "boxes, scores, classes",
    "per class": "pixels, a sigmoid per class, NMS cut off",
    "objectness": "objectness and class logits, NMS cut off",
    "ssd": "SSD's offsets from anchors",
    "yolo": "YOLO's single tensor",
}


def subjects() -> Iterator[Subject]:
    """Yield the detectors."""
    for name, detector in DETECTORS.items():
        settings = {"detect": {**detector.detection, "score": SCORE}}
        yield _subject(name, _ABOUT[name], detector.model, settings, partial(_found, detector))
    settings = {"detect": {"box_format": "yxyx", "box_units": "normalised", "score": SCORE}}
    about = "ends in combined_non_max_suppression"
    yield _subject("own nms", about, _selecting, settings, _selected)


def _subject(name: str, about: str, build: Any, settings: Any, answer: Any) -> Subject:
    common = {"task": "detect", "preprocess": "0-1", "interpolation": "tf-bilinear"}
    return Subject(name, about, build, {**common, **settings}, answer)


def _found(detector: Detector, model: keras.Model, image: Array) -> Answer:
    out = model(stretched(image, (WIDTH, HEIGHT)), training=False)
    named = out if isinstance(out, dict) else {"table": out}
    found = detector.find({name: np.array(value) for name, value in named.items()}, SCORE)
    boxes = found.boxes * ((image.shape[1], image.shape[0]) * 2)
    return within(boxes, found.scores, found.classes, image)


@keras.saving.register_keras_serializable(package="tasks")
class Select(keras.layers.Layer):
    """The best boxes of all classes, as most detectors in TensorFlow end."""

    def call(self, boxes: Any, scores: Any) -> Any:
        """Return corners y, x, y, x as shares, scores and class numbers, filled up with zeros."""
        best = tf.image.combined_non_max_suppression(
            boxes[:, :, None], scores, 20, 30, iou_threshold=0.45, score_threshold=0.2
        )
        classes = tf.cast(best.nmsed_classes, tf.int32)
        return {"boxes": best.nmsed_boxes, "scores": best.nmsed_scores, "classes": classes}


def _selecting() -> keras.Model:
    def build() -> keras.Model:
        photo, y = features()
        sides = keras.ops.sigmoid(head(y, 4)) * 0.3 + 0.02
        grid = np.random.default_rng(4).uniform(0.1, 0.9, (1, COUNT, 2)).astype(np.float32)
        corners = keras.ops.subtract(grid, sides[..., :2]), keras.ops.add(grid, sides[..., 2:])
        scores = keras.layers.Activation("sigmoid")(head(y, 4))
        return keras.Model(photo, Select()(keras.ops.concatenate(corners, -1), scores))

    return Detector(build, {}, lambda *_: None).model()  # type: ignore[arg-type, return-value]


def _selected(model: keras.Model, image: Array) -> Answer:
    out = model(stretched(image, (WIDTH, HEIGHT)), training=False)
    boxes, scores, classes = (np.array(out[key])[0] for key in ("boxes", "scores", "classes"))
    kept = scores > SCORE
    corners = boxes[kept][:, [1, 0, 3, 2]] * ((image.shape[1], image.shape[0]) * 2)
    return within(corners, scores[kept], classes[kept], image)
