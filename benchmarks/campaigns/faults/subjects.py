"""Small models of all tasks, trained on drawn scenes, each with a pipeline of its user's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from . import pipelines as p
from .head_subjects import HEADS
from .input_subjects import INPUTS
from .layer_subjects import LAYERS
from .scenes import HEIGHT, LINE_WH, WIDTH, draw_line
from .subject import LABELS, READ, Array, Subject, body, colours, fit, training

ANCHORS: Final = np.array(
    [[x, y, 0.4, 0.4] for y in (0.3, 0.7) for x in (0.3, 0.7)], np.float32
)  # cx, cy, w, h as shares
VARIANCES: Final = (0.1, 0.1, 0.2, 0.2)


@cache
def classifier(preset: str = "tf", activation: str | None = "softmax") -> Any:
    """Return a classifier of the rectangle's colour."""
    images, found = training(preset)
    x, y = body()
    y = layers.Dense(3, activation=activation, name="colour")(layers.GlobalAveragePooling2D()(y))
    loss = keras.losses.CategoricalCrossentropy(from_logits=activation is None)
    return fit(keras.Model(x, y, name="colours"), images, colours(found), loss)


@cache
def binary(activation: str | None = "sigmoid") -> Any:
    """Return a model of whether the rectangle is red."""
    images, found = training("0-1")
    x, y = body()
    y = layers.Dense(1, activation=activation, name="is_red")(layers.GlobalAveragePooling2D()(y))
    loss = keras.losses.BinaryCrossentropy(from_logits=activation is None)
    wanted = np.array([[scene.colour == 0] for scene in found], np.float32)
    return fit(keras.Model(x, y), images, wanted, loss)


@cache
def regression() -> Any:
    """Return a model of the rectangle's width and height, in shares of 100."""
    images, found = training("caffe")
    x, y = body()
    y = layers.Dense(2, name="size")(layers.Flatten()(layers.LayerNormalization()(y)))
    sizes = np.array([s.box_yxyx[2:] - s.box_yxyx[:2] for s in found], np.float32)[:, ::-1] * 100
    return fit(keras.Model(x, y), images, sizes, "mse")


@cache
def detector() -> Any:
    """Return a detector of one box: corners yxyx as shares, and probabilities of the classes."""
    images, found = training("0-1")
    x, y = body()
    flat = layers.Flatten()(y)
    boxes = layers.Reshape((1, 4), name="boxes")(layers.Dense(4, activation="sigmoid")(flat))
    scores = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(y))
    scores = layers.Reshape((1, 3), name="scores")(scores)
    model = keras.Model(x, [boxes, scores])
    corners = np.array([scene.box_yxyx for scene in found], np.float32)[:, None]
    return fit(model, images, [corners, colours(found)[:, None]],
                ["mae", "categorical_crossentropy"])  # fmt: skip


@cache
def anchored() -> Any:
    """Return a detector of offsets from four anchors, with logits of the classes."""
    images, found = training("0-1")
    x, y = body()
    flat = layers.Flatten()(y)
    offsets = layers.Reshape((4, 4), name="offsets")(layers.Dense(16)(flat))
    hidden = layers.Dense(32, activation="relu")(flat)
    logits = layers.Reshape((4, 3), name="logits")(layers.Dense(12)(hidden))
    model = keras.Model(x, [offsets, logits])
    corners = np.array([scene.box_yxyx for scene in found])
    centres = np.stack([corners[:, 1] + corners[:, 3], corners[:, 0] + corners[:, 2]], 1) / 2
    sizes = np.stack([corners[:, 3] - corners[:, 1], corners[:, 2] - corners[:, 0]], 1)
    shift = (centres[:, None] - ANCHORS[:, :2]) / ANCHORS[:, 2:]
    growth = np.log(sizes[:, None] / ANCHORS[:, 2:])
    wanted = np.concatenate([shift, growth], axis=2) / VARIANCES
    near = np.asarray((np.abs(centres[:, None] - ANCHORS[:, :2]) < 0.28).all(axis=2))
    classes = near[..., None] * colours(found)[:, None]
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    return fit(model, images, [wanted.astype(np.float32), classes.astype(np.float32)],
                ["mae", loss], 14)  # fmt: skip


class Suppression(layers.Layer):  # type: ignore[misc]  # Keras has no types
    """TensorFlow's op, at the end of a model."""

    def call(self, boxes: Any, scores: Any) -> Any:
        """Return boxes, scores, classes and counts."""
        found = tf.image.combined_non_max_suppression(
            boxes[:, :, None], scores, 4, 4, 0.4, 0.3, clip_boxes=True
        )
        return {"found": found[0], "confidence": found[1], "kinds": found[2], "counts": found[3]}


@cache
def suppressed() -> Any:
    """Return the anchored detector with its decoding and suppression inside."""
    inner = anchored()
    offsets, logits = inner.outputs
    scale = np.array(VARIANCES, np.float32)
    wh = layers.Lambda(lambda o: tf.exp(o[..., 2:] * scale[2:]) * ANCHORS[:, 2:])(offsets)
    xy = layers.Lambda(lambda o: o[..., :2] * scale[:2] * ANCHORS[:, 2:] + ANCHORS[:, :2])(offsets)
    corners = layers.Lambda(
        lambda parts: tf.concat(
            [(parts[0] - parts[1] / 2)[..., ::-1], (parts[0] + parts[1] / 2)[..., ::-1]], -1
        )
    )([xy, wh])
    probabilities = layers.Activation("sigmoid")(logits)
    return keras.Model(inner.input, Suppression()(corners, probabilities))


def _masks(found: list[Any]) -> Array:
    masks = np.zeros((len(found), HEIGHT, WIDTH), int)
    for mask, scene in zip(masks, found, strict=True):
        y0, x0, y1, x1 = np.rint(scene.box_yxyx * [HEIGHT, WIDTH, HEIGHT, WIDTH]).astype(int)
        mask[y0:y1, x0:x1] = scene.colour + 1
    return masks


@cache
def segmenter(channels: int = 4) -> Any:
    """Return a model of a class per pixel: background and colours, or one channel of any."""
    images, found = training("tf")
    keras.utils.set_random_seed(4)
    x = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    y = layers.Conv2D(12, 3, padding="same", activation="relu")(x)
    y = layers.Conv2D(12, 3, padding="same", activation="relu")(y)
    masks = _masks(found)
    if channels == 1:
        y = layers.Conv2D(1, 1, activation="sigmoid", name="mask")(y)
        wanted: Array = (masks > 0)[..., None].astype(np.float32)
        return fit(keras.Model(x, y), images, wanted, "binary_crossentropy", 4)
    y = layers.Conv2D(channels, 1, activation="softmax", name="mask")(y)
    return fit(keras.Model(x, y), images, masks, "sparse_categorical_crossentropy", 4)


@cache
def keypoints() -> Any:
    """Return a model of two corners, x and y as shares."""
    images, found = training("0-1")
    x, y = body()
    y = layers.Dense(4, activation="sigmoid", name="points")(layers.Flatten()(y))
    corners = np.array([scene.box_yxyx[[1, 0, 3, 2]] for scene in found], np.float32)
    return fit(keras.Model(x, y), images, corners, "mae")


@cache
def heatmaps() -> Any:
    """Return a model of a map for each of two corners."""
    images, found = training("0-1")
    keras.utils.set_random_seed(6)
    x = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    y = layers.Conv2D(12, 5, strides=2, padding="same", activation="relu")(x)
    y = layers.Conv2D(16, 5, strides=2, padding="same", activation="relu")(y)
    y = layers.Conv2D(16, 5, padding="same", activation="relu")(y)
    y = layers.Conv2D(2, 3, padding="same", activation="sigmoid", name="maps")(y)
    rows, columns = np.mgrid[: HEIGHT // 4, : WIDTH // 4] + 0.5
    maps = np.zeros((len(found), HEIGHT // 4, WIDTH // 4, 2), np.float32)
    for k, scene in enumerate(found):
        y0, x0, y1, x1 = scene.box_yxyx
        for j, (px, py) in enumerate(((x0, y0), (x1, y1))):
            far = (columns - px * WIDTH / 4) ** 2 + (rows - py * HEIGHT / 4) ** 2
            maps[k, ..., j] = np.exp(-far / 2)
    return fit(keras.Model(x, y), images, maps, "binary_crossentropy", 8)


@cache
def reader() -> Any:
    """Return a model that reads a line of coloured blocks, step by step."""
    rng = np.random.default_rng(8)
    lines, steps = zip(*(draw_line(rng) for _ in range(400)), strict=True)
    images = np.concatenate([p.scaled(line, "0-1") for line in lines])
    keras.utils.set_random_seed(9)
    x = keras.Input((LINE_WH[1], LINE_WH[0], 3), name="line")
    y = layers.Conv2D(8, (16, 4), strides=(16, 4), activation="relu")(x)
    y = layers.Reshape((LINE_WH[0] // 4, 8))(y)
    y = layers.Dense(4, activation="softmax", name="steps")(y)
    return fit(keras.Model(x, y), images, np.array(steps), "sparse_categorical_crossentropy", 14)


@cache
def negative() -> Any:
    """Return a model of the picture with its colours inverted, 0..1."""
    images, _ = training("0-1")
    keras.utils.set_random_seed(2)
    x = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    y = layers.Conv2D(8, 1, activation="relu")(x)
    y = layers.Conv2D(3, 1, activation="sigmoid", name="inverted")(y)
    return fit(keras.Model(x, y), images, 1 - images, "mse", 6)


@cache
def embedder() -> Any:
    """Return the vector before a classifier's last layer."""
    images, found = training("torch")
    x, y = body()
    vector = layers.Dense(8, name="vector")(layers.Flatten()(y))
    model = keras.Model(x, layers.Dense(3, activation="softmax")(vector))
    fit(model, images, colours(found), "categorical_crossentropy", 4)
    return keras.Model(x, vector)


@cache
def two_by_two() -> Any:
    """Return a model of two inputs and two outputs of one shape each."""
    keras.utils.set_random_seed(12)
    a, b = keras.Input((6,), name="speed"), keras.Input((6,), name="load")
    hidden = layers.Dense(16, activation="tanh")(layers.Concatenate()([a, b]))
    first = layers.Dense(3, name="wear")(hidden)
    second = layers.Dense(3, name="heat")(layers.Concatenate()([hidden, b]))
    model = keras.Model([a, b], [first, second])
    rng = np.random.default_rng(2)
    left, right = rng.uniform(-1, 1, (2, 800, 6)).astype(np.float32)
    wear, heat = left[:, :3] * right[:, 3:], left[:, 3:] - right[:, :3]
    return fit(model, [left, right], [wear, heat], "mse", 10)


def _boxes(model: Any) -> p.Pipeline:
    def answer(path: str) -> Any:
        image, _ = p.letterboxed(p.read(path))
        corners, scores = (o[0] for o in model.predict(p.scaled(image, "0-1"), verbose=0))
        boxes = p.boxes_in_picture(corners[:, [1, 0, 3, 2]], path, letterbox=True)
        return _kept(boxes, scores)

    return answer


def _kept(boxes: Array, scores: Array, iou: float | None = None) -> list[Any]:
    best, classes = scores.max(axis=1), scores.argmax(axis=1)
    order = list(range(len(boxes)))
    above = [k for k in order if best[k] > p.SCORE]
    if iou is not None:
        above = [above[k] for k in p.suppressed(boxes[above], best[above], iou)]
    return [(LABELS[classes[k]], float(best[k]), boxes[k].tolist()) for k in above]


def _anchored(model: Any) -> p.Pipeline:
    def answer(path: str) -> Any:
        offsets, logits = p.outputs_of(model, path, "0-1")
        scaled = offsets * np.array(VARIANCES)
        centre = scaled[:, :2] * ANCHORS[:, 2:] + ANCHORS[:, :2]
        half = np.exp(scaled[:, 2:]) * ANCHORS[:, 2:] / 2
        corners = np.concatenate([centre - half, centre + half], axis=1)
        boxes = corners * np.tile(p.read(path).shape[1::-1], 2)
        kept = _kept(boxes, p.sigmoid(logits), 0.4)
        limit = np.tile(p.read(path).shape[1::-1], 2)
        return [(name, score, np.clip(box, 0, limit).tolist()) for name, score, box in kept]

    return answer


def _suppressed(model: Any) -> p.Pipeline:
    def answer(path: str) -> Any:
        found = model.predict(p.scaled(p.stretched(p.read(path)), "0-1"), verbose=0)
        boxes = p.boxes_in_picture(found["found"][0][:, [1, 0, 3, 2]], path, letterbox=False)
        scores, kinds = found["confidence"][0], found["kinds"][0]
        return [
            (LABELS[int(kinds[k])], float(scores[k]), boxes[k].tolist())
            for k in range(int(found["counts"][0]))
            if scores[k] > p.SCORE
        ]

    return answer


def _mask(model: Any) -> p.Pipeline:
    def answer(path: str) -> Any:
        grid = p.outputs_of(model, path, "tf")
        size = p.read(path).shape[1::-1]
        large = [
            p.stretched(np.ascontiguousarray(grid[..., c]), size) for c in range(grid.shape[2])
        ]
        if len(large) == 1:
            return (large[0] > p.SCORE).astype(int)
        return np.argmax(large, axis=0)

    return answer


def _points(model: Any) -> p.Pipeline:
    def answer(path: str) -> Any:
        height, width = p.read(path).shape[:2]
        return p.outputs_of(model, path, "0-1").reshape(2, 2) * [width, height]

    return answer


def _peaks(model: Any) -> p.Pipeline:
    def answer(path: str) -> Any:
        maps = p.outputs_of(model, path, "0-1")
        height, width = p.read(path).shape[:2]
        rows, columns = np.divmod(maps.reshape(-1, 2).argmax(axis=0), maps.shape[1])
        xy = np.stack([columns + 0.5, rows + 0.5], axis=1)
        return xy / [maps.shape[1], maps.shape[0]] * [width, height]

    return answer


def _of(preset: str, read: Callable[[Array], Any]) -> Callable[[Any], p.Pipeline]:
    return lambda model: lambda path: read(p.outputs_of(model, path, preset))


def _text(model: Any) -> p.Pipeline:
    return lambda path: p.text_of(p.outputs_of(model, path, "0-1", LINE_WH))


def _named(scores: Array) -> Any:
    return {"label": LABELS[int(scores.argmax())], "scores": scores}


_CLASSES: Final = {"preprocess": "tf", "labels": LABELS}
_YXYX: Final = {"box_format": "yxyx", "box_units": "normalised"}

SUBJECTS: Final[Mapping[str, Subject]] = {
    "classify": Subject(classifier, _CLASSES, _of("tf", _named), READ),
    "logits": Subject(
        lambda: classifier("torch", None),
        {"preprocess": "torch", "task": "classify", "labels": LABELS},
        _of("torch", lambda x: _named(p.softmax(x))),
        READ,
    ),
    "fp16": Subject(classifier, {**_CLASSES, "weights": "fp16"}, _of("tf", _named), READ),
    "int8": Subject(classifier, {**_CLASSES, "weights": "int8"}, _of("tf", _named), READ),
    "frozen": Subject(classifier, {**_CLASSES, "format": "frozen"}, _of("tf", _named), READ),
    "binary": Subject(
        binary, {"preprocess": "0-1", "labels": ("other", "red")}, _of("0-1", lambda x: x), READ
    ),
    "binary logits": Subject(
        lambda: binary(None),
        {"preprocess": "0-1", "task": "binary"},
        _of("0-1", p.sigmoid),
        READ,
    ),
    "regress": Subject(
        regression, {"preprocess": "caffe", "task": "regress"}, _of("caffe", lambda x: x), READ
    ),
    "detect": Subject(
        detector,
        {"preprocess": "0-1", "resize": "letterbox", "labels": LABELS, "detect": _YXYX},
        _boxes,
        MappingProxyType({"reference_resize": "letterbox:cv2:114"}),
    ),
    "anchors": Subject(
        anchored,
        {
            "preprocess": "0-1",
            "labels": LABELS,
            "detect": {
                "boxes": "offsets", "scores": "logits", "box_units": "normalised",
                "activation": "sigmoid", "anchors": ANCHORS, "variances": VARIANCES,
                "nms": 0.4, "nms_across_classes": True,
            },
        },
        _anchored,
        READ,
    ),
    "suppressed": Subject(
        suppressed,
        {
            "preprocess": "0-1",
            "labels": LABELS,
            "detect": {**_YXYX, "boxes": "found", "scores": "confidence", "classes": "kinds"},
        },
        _suppressed,
        READ,
    ),
    "segment": Subject(
        segmenter,
        {"preprocess": "tf", "task": "segment", "labels": ("back", *LABELS)},
        _mask,
        READ,
    ),
    "mask": Subject(
        lambda: segmenter(1), {"preprocess": "tf", "task": "segment"}, _mask, READ
    ),
    "keypoints": Subject(
        keypoints,
        {"preprocess": "0-1", "keypoints": {"form": "xy", "units": "normalised"}},
        _points,
        READ,
    ),
    "heatmaps": Subject(
        heatmaps,
        {"preprocess": "0-1", "keypoints": {"form": "heatmaps", "refine": "none"}},
        _peaks,
        READ,
    ),
    "text": Subject(
        reader, {"preprocess": "0-1", "text": {"charset": "ABC", "blank": "last"}}, _text, READ,
        lines=True,
    ),
    "image": Subject(
        negative,
        {"preprocess": "0-1", "image": {"color": "RGB"}},
        _of("0-1", lambda x: np.rint(x * 255)),
        READ,
    ),
    "embed": Subject(
        embedder, {"preprocess": "torch", "task": "embed"}, _of("torch", lambda x: x), READ
    ),
    "raw": Subject(two_by_two, {"task": "raw"}),
    **HEADS,
    **INPUTS,
    **LAYERS,
}  # fmt: skip


def write_samples(name: str, folder: Path) -> Path:
    """Write arrays like those of training for a subject without pictures."""
    rng = np.random.default_rng(31)
    model = SUBJECTS[name].model()
    arrays = {
        x.name: rng.uniform(-1, 1, (8, *x.shape[1:])).astype(np.float32) for x in model.inputs
    }
    np.savez(folder / "samples.npz", **arrays)  # type: ignore[arg-type]
    return folder / "samples.npz"
