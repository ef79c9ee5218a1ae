"""A small detector in the manner of CenterNet: a score per cell and class, a box per cell.

Objects as Points, https://arxiv.org/abs/1904.07850: the cell that holds an object's middle scores 1
for its class, its neighbours less (a Gaussian), and a focal loss weighs them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from campaigns.sample.scenes import Scene

Array = NDArray[Any]

WIDTH, HEIGHT, STRIDE = 128, 96, 8  # pixels of the input, and of a cell
COLUMNS, ROWS = WIDTH // STRIDE, HEIGHT // STRIDE
_REACH: Final = 2.0  # cells from a cell's middle to a box's middle, at most
_SPREAD: Final = 0.9  # cells, of the Gaussian around an object's middle


def build(classes: int) -> Any:
    """Return an untrained model: (N, 96, 128, 3) RGB 0..1 -> boxes (N, 192, 4), scores (N, 192, C).

    A box is cx, cy, width and height, as shares of the picture.
    """
    from keras2cv_export.quiet.tensorflow import keras

    layers = keras.layers

    def conv(x: Any, filters: int, strides: int = 1) -> Any:
        x = layers.Conv2D(filters, 3, strides, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    image = keras.Input((HEIGHT, WIDTH, 3), name="image")
    x = conv(conv(conv(image, 12, 2), 18, 2), 28, 2)
    for _ in range(3):
        x = layers.Add()([x, conv(x, 28)])
    shares = layers.Conv2D(4, 1, activation="sigmoid")(x)
    scale = np.array([2 * _REACH / COLUMNS, 2 * _REACH / ROWS, 1, 1], np.float32)
    boxes = layers.Reshape((ROWS * COLUMNS, 4))(shares) * scale + cell_corners()
    prior = keras.initializers.Constant(-4)  # almost every cell is empty
    scores = layers.Conv2D(classes, 1, activation="sigmoid", bias_initializer=prior)(x)
    return keras.Model(
        image,
        [
            layers.Identity(name="boxes")(boxes),
            layers.Reshape((ROWS * COLUMNS, classes), name="scores")(scores),
        ],
        name="shape_detector",
    )


def cell_corners() -> Array:
    """Return where each cell's boxes begin, (1, 192, 4): its middle less the reach, and 0, 0."""
    y, x = np.mgrid[:ROWS, :COLUMNS] + 0.5
    corners = np.stack([(x - _REACH) / COLUMNS, (y - _REACH) / ROWS, 0 * x, 0 * y], axis=-1)
    return corners.reshape(1, -1, 4).astype(np.float32)


def targets(scenes: list[Scene], classes: int) -> tuple[Array, Array]:
    """Return what the model should give: boxes (N, 192, 5) with a weight last, and scores."""
    boxes = np.zeros((len(scenes), ROWS, COLUMNS, 5), np.float32)
    scores = np.zeros((len(scenes), ROWS, COLUMNS, classes), np.float32)
    y, x = np.mgrid[:ROWS, :COLUMNS] + 0.5
    for number, scene in enumerate(scenes):
        for box, kind in zip(scene.boxes, scene.classes, strict=True):
            middle, size = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
            dx, dy = x - middle[0] * COLUMNS, y - middle[1] * ROWS
            near = np.exp(-(dx**2 + dy**2) / (2 * _SPREAD**2))
            near[near == near.max()] = 1
            scores[number, :, :, kind] = np.maximum(scores[number, :, :, kind], near)
            boxes[number][near > 0.3] = [*middle, *size, 1]
    cells = ROWS * COLUMNS
    return boxes.reshape(-1, cells, 5), scores.reshape(-1, cells, classes)


def box_loss(true: Any, found: Any) -> Any:
    """Return the mean distance of corners, of the cells near an object."""
    from keras2cv_export.quiet.tensorflow import keras

    ops = keras.ops
    weight = true[..., 4:]
    apart = ops.sum(ops.abs(true[..., :4] - found) * weight)
    return 8 * apart / (ops.sum(weight) + 1)


def focal_loss(true: Any, found: Any) -> Any:
    """Return CenterNet's focal loss: the fewer wrong a cell is, the less it counts."""
    from keras2cv_export.quiet.tensorflow import keras

    ops = keras.ops
    found = ops.clip(found, 1e-5, 1 - 1e-5)
    is_object = ops.cast(true > 0.999, "float32")
    hits = is_object * (1 - found) ** 2 * ops.log(found)
    misses = (1 - is_object) * (1 - true) ** 4 * found**2 * ops.log(1 - found)
    return -ops.sum(hits + misses) / (ops.sum(is_object) + 1)
