"""Detectors of drawn ellipses: nets with fixed weights, whose masks, points and angles are right.

An ellipse is red, green or blue, and has a white eye. A window around each cell of a grid measures
the colours' mass, middle and spread: a uniform ellipse extends two standard deviations from its
middle.
"""

from __future__ import annotations

from typing import Any

import cv2
import keras
import numpy as np
from keras import layers, ops

Array = np.ndarray[Any, Any]
WIDTH, HEIGHT, STRIDE, WINDOW = 96, 64, 4, 33
COLUMNS, ROWS = WIDTH // STRIDE, HEIGHT // STRIDE
COUNT = COLUMNS * ROWS
LABELS = ("red", "green", "blue")


def draw_ellipses(width: int, height: int, seed: int) -> Array:
    """Return (H, W, 3) uint8 BGR: two to four ellipses with eyes on black, apart from each other.

    Args:
        width: Of the picture.
        height: Of the picture.
        seed: The same seed draws the same picture.
    """
    random = np.random.default_rng(seed)
    image = np.zeros((height, width, 3), np.uint8)
    places = [(x, y) for x in (0.2, 0.5, 0.8) for y in (0.27, 0.73)]
    for k in random.permutation(len(places))[: random.integers(2, 5)].tolist():
        centre = (int(places[k][0] * width), int(places[k][1] * height))
        axes = (int(width * random.uniform(0.09, 0.12)), int(height * random.uniform(0.07, 0.1)))
        turn = float(random.uniform(-70, 70))
        colour = [0, 0, 0]
        colour[int(random.integers(3))] = 255
        cv2.ellipse(image, centre, axes, turn, 0, 360, colour, cv2.FILLED)
        eye = tuple(c + int(random.integers(-3, 4)) for c in centre)
        cv2.circle(image, eye, max(2, width // 60), (255, 255, 255), cv2.FILLED)
    return image


def _sums(x: Any, kernel: Array, channels: int) -> Any:
    """Return the sum over the window of each cell, weighted by a kernel (h, w)."""
    layer = layers.DepthwiseConv2D(kernel.shape, STRIDE, padding="same", use_bias=False)
    y = layer(x)
    weights = np.repeat(kernel[:, :, None, None], channels, axis=2)
    layer.set_weights([weights.astype(np.float32)])
    return y


def _ramps() -> tuple[Array, Array]:
    """Return x and y from the middle of the window, in tens of pixels."""
    away = (np.arange(WINDOW) - WINDOW // 2) / 10
    x, y = np.meshgrid(away, away)
    return x, y


def measured(photo: Any) -> dict[str, Any]:
    """Return what the windows measure, each (N, rows, columns, channels)."""
    colours = ops.relu(2 * photo - ops.sum(photo, axis=-1, keepdims=True))
    white = ops.relu(ops.sum(photo, axis=-1, keepdims=True) - 2)
    solid = ops.sum(colours, axis=-1, keepdims=True) + white
    x, y = _ramps()
    round_ = (x**2 + y**2 < 1.6**2).astype(float)
    mass = _sums(solid, round_, 1) + 1e-3
    mx, my = _sums(solid, round_ * x, 1) / mass, _sums(solid, round_ * y, 1) / mass
    vxx = ops.relu(_sums(solid, round_ * x * x, 1) / mass - mx * mx) + 1e-4
    vyy = ops.relu(_sums(solid, round_ * y * y, 1) / mass - my * my) + 1e-4
    vxy = _sums(solid, round_ * x * y, 1) / mass - mx * my
    eye = _sums(white, round_, 1) + 1e-3
    ex, ey = _sums(white, round_ * x, 1) / eye, _sums(white, round_ * y, 1) / eye
    core = (x**2 + y**2 < 0.4**2) / (x**2 + y**2 < 0.4**2).sum()
    # The nearer the middle of a mass, the better.
    logits = 12 * _sums(colours, core, 3) - 5 - 3 * (mx * mx + my * my) - 0.02 * mx - 0.03 * my
    middle = (np.arange(COLUMNS) * STRIDE + 2.5, np.arange(ROWS) * STRIDE + 2.5)
    cx, cy = (grid[None, :, :, None].astype(np.float32) for grid in np.meshgrid(*middle))
    return {
        "scores": ops.sigmoid(logits),
        "x": 10 * mx + cx, "y": 10 * my + cy, "eye_x": 10 * ex + cx, "eye_y": 10 * ey + cy,
        "eye": eye, "vxx": 100 * vxx, "vyy": 100 * vyy, "vxy": 100 * vxy, "colours": colours,
    }  # fmt: skip


def rows_of(name: str, *parts: Any) -> Any:
    """Return (N, COUNT, numbers), a row per cell."""
    joined = ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
    return layers.Reshape((COUNT, joined.shape[-1]), name=name)(joined)


def upright(found: dict[str, Any]) -> tuple[Any, ...]:
    """Return cx, cy, w, h in pixels: an ellipse's extent is four standard deviations."""
    sides = (4 * ops.sqrt(found["vxx"]) + 2, 4 * ops.sqrt(found["vyy"]) + 2)
    return found["x"], found["y"], *sides


def turned(found: dict[str, Any]) -> tuple[Any, ...]:
    """Return cx, cy, w, h and the angle in radians, of the axes of each ellipse."""
    half, rest = (found["vxx"] + found["vyy"]) / 2, (found["vxx"] - found["vyy"]) / 2
    root = ops.sqrt(rest * rest + found["vxy"] * found["vxy"])
    angle = ops.arctan(found["vxy"] / (root + rest + 1e-2))  # half of that of (rest, vxy)
    w, h = ops.sqrt(half + root), ops.sqrt(ops.relu(half - root) + 1e-3)
    return found["x"], found["y"], 4 * w + 2, 4 * h + 2, angle


def points(found: dict[str, Any]) -> tuple[Any, ...]:
    """Return x, y and score of the middle and of the eye, in pixels."""
    best = ops.max(found["scores"], axis=-1, keepdims=True)
    seen = ops.sigmoid(found["eye"] - 4)
    return found["x"], found["y"], best, found["eye_x"], found["eye_y"], seen


def coefficients(found: dict[str, Any]) -> Any:
    """Return the weights of five prototypes: of the colours, of nothing, and of ones."""
    total = ops.sum(found["scores"], axis=-1, keepdims=True) + 1e-6
    one = ops.zeros_like(total) + 1.0
    return ops.concatenate([16 * found["scores"] / total, 0 * one, -8 * one], axis=-1)


def prototypes(found: dict[str, Any]) -> Any:
    """Return (N, 32, 48, 5), a quarter of the input's pixels."""
    colours = layers.AveragePooling2D(2)(found["colours"])
    some = ops.sum(colours, axis=-1, keepdims=True)
    y = ops.concatenate([colours, some, 0 * some + 1.0], axis=-1)
    return layers.Activation("linear", name="protos")(y)


def photo() -> Any:
    """Return the input: RGB of 0 to 1, wider than high."""
    return keras.Input((HEIGHT, WIDTH, 3), name="photo")


def mask_detector() -> keras.Model:
    """Boxes, scores, coefficients and prototypes, each an output."""
    image = photo()
    found = measured(image)
    outputs = {
        "boxes": rows_of("boxes", *upright(found)),
        "scores": rows_of("scores", found["scores"]),
        "coefs": rows_of("coefs", coefficients(found)),
        "protos": prototypes(found),
    }
    return keras.Model(image, outputs)


def table_mask_detector() -> keras.Model:
    """YOLOv8-seg's form: a row of box, scores and coefficients, and the prototypes."""
    image = photo()
    found = measured(image)
    table = rows_of("table", *upright(found), found["scores"], coefficients(found))
    return keras.Model(image, {"table": table, "protos": prototypes(found)})


def column_mask_detector() -> keras.Model:
    """The same as Ultralytics exports it: a column for each box, (N, 12, M)."""
    rows = table_mask_detector()
    protos, table = sorted(rows.outputs, key=lambda output: -len(output.shape))
    table = layers.Permute((2, 1), name="columns")(table)
    return keras.Model(rows.inputs[0], {"table": table, "protos": protos})


def point_detector() -> keras.Model:
    """Boxes, scores, and (M, 2, 3) points x, y, score."""
    image = photo()
    found = measured(image)
    flat = rows_of("flat", *points(found))
    outputs = {
        "boxes": rows_of("boxes", *upright(found)),
        "scores": rows_of("scores", found["scores"]),
        "keypoints": layers.Reshape((COUNT, 2, 3), name="keypoints")(flat),
    }
    return keras.Model(image, outputs)


def multipose_detector() -> keras.Model:
    """MoveNet multipose's form, (6, 2 x 3 + 5): y, x, score of points, box y, x, y, x, score."""
    image = photo()
    found = measured(image)
    x, y, best, eye_x, eye_y, seen = points(found)
    cx, cy, w, h = upright(found)
    corners = ((cy - h / 2) / HEIGHT, (cx - w / 2) / WIDTH, (cy + h / 2) / HEIGHT,
               (cx + w / 2) / WIDTH)  # fmt: skip
    eyes = (eye_y / HEIGHT, eye_x / WIDTH, seen)
    table = rows_of("table", y / HEIGHT, x / WIDTH, best, *eyes, *corners, best)
    # The six windows around the places where ellipses are drawn.
    cells = [int(py * ROWS) * COLUMNS + int(px * COLUMNS) for px in (0.2, 0.5, 0.8) for py in
             (0.25, 0.7)]  # fmt: skip
    rows = [table[:, cell : cell + 1] for cell in cells]
    return keras.Model(image, {"people": ops.concatenate(rows, axis=1)})


def rotated_detector() -> keras.Model:
    """Boxes (M, 5) cx, cy, w, h, angle in radians, and scores."""
    image = photo()
    found = measured(image)
    outputs = {
        "boxes": rows_of("boxes", *turned(found)),
        "scores": rows_of("scores", found["scores"]),
    }
    return keras.Model(image, outputs)


def table_rotated_detector() -> keras.Model:
    """YOLOv8-OBB's form: a row of box, scores and angle; here degrees, counterclockwise."""
    image = photo()
    found = measured(image)
    cx, cy, w, h, angle = turned(found)
    degrees = angle * (-180 / np.pi)
    return keras.Model(image, {"table": rows_of("table", cx, cy, w, h, found["scores"], degrees)})


def quarter_detector() -> keras.Model:
    """Mask R-CNN's form: four boxes, their classes and scores, and masks (4, 16, 24, 3)."""
    image = photo()
    colours = ops.relu(2 * image - ops.sum(image, axis=-1, keepdims=True))
    small = layers.AveragePooling2D(2)(colours)  # (32, 48)
    parts = [small[:, y : y + 16, x : x + 24] for y in (0, 16) for x in (0, 24)]
    masks = ops.stack(parts, axis=1)
    shares = ops.stack([ops.mean(part, axis=(1, 2)) for part in parts], axis=1)  # (N, 4, 3)
    best = ops.max(shares, axis=-1)
    corners = [(y, x, y + 0.5, x + 0.5) for y in (0.0, 0.5) for x in (0.0, 0.5)]
    boxes = 0 * ops.expand_dims(best, -1) + np.array(corners, np.float32)
    outputs = {
        "detection_boxes": boxes,
        "detection_classes": ops.cast(ops.argmax(shares, axis=-1), "float32"),
        "detection_scores": ops.minimum(best * 8, 1.0),
        "detection_masks": ops.clip(masks, 0.0, 1.0),
    }
    return keras.Model(image, outputs)
