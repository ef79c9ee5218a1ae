"""Detectors with undecoded heads, fitted to drawn rectangles, and their own Keras pipelines.

A fixed random net sees the picture; the heads' kernels are the least-squares solution for what each
family's training would make them give. The pipelines are those of the families' repositories, cell
by cell or with TensorFlow, and share no code with the project.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

Array = np.ndarray[Any, Any]

WIDTH, HEIGHT, CLASSES = 96, 64, 3
STRIDES = (8, 16)
GRIDS = {stride: (HEIGHT // stride, WIDTH // stride) for stride in STRIDES}
_COLOURS = ((230, 40, 40), (40, 220, 60), (50, 60, 230))
_SIZES = ((12, 10), (18, 16), (36, 26))  # about: w, h of each class
_STRIDE_OF = (8, 8, 16)
ANCHORS = {8: ((10.0, 9.0), (20.0, 17.0)), 16: ((24.0, 30.0), (37.0, 25.0))}
NMS = 0.45
SCORE = 0.3


@dataclass(frozen=True)
class Drawn:
    """A picture (H, W, 3) uint8 RGB, and its rectangles: class, x0, y0, x1, y1 in pixels."""

    image: Array
    boxes: tuple[tuple[int, tuple[float, float, float, float]], ...]


def draw(count: int, seed: int) -> list[Drawn]:
    """Return pictures with one to three rectangles on soft noise."""
    rng = np.random.default_rng(seed)
    return [_draw(rng) for _ in range(count)]


def _draw(rng: np.random.Generator) -> Drawn:
    image = rng.integers(90, 120, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    boxes: list[tuple[int, tuple[float, float, float, float]]] = []
    for _ in range(int(rng.integers(1, 4))):
        number = int(rng.integers(0, CLASSES))
        w, h = (int(size + rng.integers(-2, 3)) for size in _SIZES[number])
        x, y = int(rng.integers(0, WIDTH - w)), int(rng.integers(0, HEIGHT - h))
        box = (float(x), float(y), float(x + w), float(y + h))
        if all(_apart(box, other) for _, other in boxes):
            image[y : y + h, x : x + w] = _COLOURS[number] + rng.integers(-15, 16, 3)
            boxes.append((number, box))
    return Drawn(image, tuple(boxes))


def _apart(one: Sequence[float], two: Sequence[float]) -> bool:
    return one[2] + 6 < two[0] or two[2] + 6 < one[0] or one[3] + 6 < two[1] or two[3] + 6 < one[1]


@cache
def _features() -> tuple[Any, Any]:
    """Return the fixed net's input, and its features by stride."""
    keras.utils.set_random_seed(11)
    photo = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    y = layers.Conv2D(40, 5, 4, padding="same", activation="relu", bias_initializer="normal")(photo)
    y = layers.Conv2D(72, 3, 2, padding="same", activation="relu", bias_initializer="normal")(y)
    eight = layers.Conv2D(150, 5, padding="same", activation="relu")(y)
    y = layers.Conv2D(96, 3, 2, padding="same", activation="relu")(eight)
    sixteen = layers.Conv2D(150, 3, padding="same", activation="relu")(y)
    return photo, {8: eight, 16: sixteen}


@cache
def _seen() -> dict[int, Array]:
    """Return the features of the training's pictures, (N, h, w, F) and a one, by stride."""
    photo, features = _features()
    model = keras.Model(photo, list(features.values()))
    images = np.stack([one.image for one in _training()]) / np.float32(255)
    found = model.predict(images, verbose=0)
    return {
        stride: np.concatenate([each, np.ones((*each.shape[:3], 1))], axis=-1)
        for stride, each in zip(STRIDES, found, strict=True)
    }


@cache
def _training() -> tuple[Drawn, ...]:
    return tuple(draw(260, 1))


def fitted(stride: int, targets: Array, weights: Array, name: str | None = None) -> Any:
    """Return (N, h, w, K), a 1 x 1 convolution fitted to `targets`; NaN there may be anything."""
    _, features = _features()
    conv = layers.Conv2D(targets.shape[-1], 1, name=name)
    y = conv(features[stride])
    seen = _seen()[stride]
    seen = seen.reshape(-1, seen.shape[-1])
    flat, rows = targets.reshape(len(seen), -1), weights.reshape(-1)
    solution = np.zeros((seen.shape[1], flat.shape[1]))
    for known in np.unique(np.isfinite(flat), axis=1).T:
        columns = (np.isfinite(flat) == known[:, None]).all(axis=0)
        if known.any():  # else an anchor that no rectangle is like
            w = np.sqrt(rows[known])[:, None]
            a, b = seen[known] * w, flat[known][:, columns] * w
            ridge = 2e-4 * len(a) * np.eye(a.shape[1])
            solution[:, columns] = np.linalg.solve(a.T @ a + ridge, a.T @ b)
    conv.set_weights([solution[:-1][None, None], solution[-1]])
    return y


@dataclass(frozen=True)
class Placed:
    """One rectangle in its cell: picture, row, column, anchor, class, and box in pixels."""

    picture: int
    row: int
    column: int
    anchor: int
    number: int
    box: Array  # x0, y0, x1, y1

    @property
    def centre(self) -> Array:
        """Return x, y of the middle."""
        return (self.box[:2] + self.box[2:]) / 2

    @property
    def size(self) -> Array:
        """Return width and height."""
        return self.box[2:] - self.box[:2]


def placed(stride: int) -> list[Placed]:
    """Return the training's rectangles of a stride, each in the cell of its middle."""
    found = []
    for k, one in enumerate(_training()):
        for number, corners in one.boxes:
            if _STRIDE_OF[number] == stride:
                box = np.array(corners)
                column, row = ((box[:2] + box[2:]) / 2 // stride).astype(int)
                sizes = np.array(ANCHORS[stride])
                anchor = int(np.abs(np.log(sizes / (box[2:] - box[:2]))).sum(axis=1).argmin())
                found.append(Placed(k, int(row), int(column), anchor, number, box))
    return found


def targets_of(
    stride: int, anchors: int, width: int, rest: Sequence[int], value: Callable[[Placed], Array],
    low: float = -4.0,
) -> tuple[Array, Array]:  # fmt: skip
    """Return what a head should give, (N, h, w, anchors * width), and a weight for each cell.

    Args:
        stride: Of the grid.
        anchors: Of a cell.
        width: Numbers of an anchor.
        rest: Those that every cell has to give, `low` where there is nothing.
        value: A rectangle -> the numbers of its anchor.
        low: The number of nothing.
    """
    rows, columns = GRIDS[stride]
    count = len(_training())
    table = np.full((count, rows, columns, anchors, width), np.nan)
    table[..., list(rest)] = low
    weights = np.ones((count, rows, columns))
    for one in placed(stride):
        table[one.picture, one.row, one.column, one.anchor % anchors] = value(one)
        weights[one.picture, one.row, one.column] = 14.0
    return table.reshape(count, rows, columns, -1), weights


def one_hot(number: int, high: float = 4.0, low: float = -4.0, classes: int = CLASSES) -> Array:
    """Return logits of a class."""
    return np.where(np.arange(classes) == number, high, low)


@dataclass(frozen=True)
class Found:
    """A pipeline's boxes, best first: corners in pixels of the input, scores, class numbers.

    `rows`: their places among all that the model gives. `points`: (N, K, 2) in pixels of the input.
    """

    boxes: Array
    scores: Array
    classes: Array
    rows: Array | None = None
    points: Array | None = None


def suppressed(boxes: Array, scores: Array, score: float = SCORE, nms: float = NMS) -> Found:
    """Return each box's best class, suppressed per class by TensorFlow, the best of all first."""
    best, classes = scores.max(axis=1), scores.argmax(axis=1)
    kept: list[int] = []
    for number in np.unique(classes):
        [mine] = np.nonzero(classes == number)
        turned = boxes[mine][:, [1, 0, 3, 2]].astype(np.float32)
        picked = tf.image.non_max_suppression(
            turned, best[mine].astype(np.float32), len(mine), nms, score
        )
        kept += mine[picked.numpy()].tolist()
    kept.sort(key=lambda k: -best[k])
    return Found(boxes[kept], best[kept], classes[kept], np.array(kept, int))


def corners(centre: Array, size: Array) -> Array:
    """Return x0, y0, x1, y1."""
    return np.concatenate([centre - size / 2, centre + size / 2], axis=-1)


def cells(stride: int) -> Array:
    """Return x, y of each cell, (h, w, 2)."""
    rows, columns = GRIDS[stride]
    return np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).astype(np.float64)


def sigmoid(x: Array) -> Array:
    """Return TensorFlow's sigmoid."""
    return np.asarray(tf.sigmoid(np.asarray(x, np.float32)), np.float64)


def model_of(outputs: Any) -> keras.Model:
    """Return the model with these outputs."""
    return keras.Model(_features()[0], outputs)


@dataclass(frozen=True)
class HeadCase:
    """A model with an undecoded head.

    Attributes:
        build: Return the model.
        options: `export`'s detect.
        find: Outputs of one picture by name, without the batch -> boxes.
        found: Whether the rectangles must be found; not where the fit is of another kind.
    """

    build: Callable[[], keras.Model]
    options: Mapping[str, Any]
    find: Callable[[Mapping[str, Array]], Found]
    hits: float = field(default=0.8)
