"""The steps of a user's own pipeline: OpenCV, Keras and NumPy, and nothing of keras2cv."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import cv2
import keras
import numpy as np

from .scenes import CHARACTERS, HEIGHT, WIDTH

Array = np.ndarray[Any, Any]
Pipeline = Callable[[str], Any]

SCORE: Final = 0.5
GREY: Final = 114


def read(path: str) -> Array:
    """Return the picture (H, W, 3) uint8 RGB."""
    image = cv2.imread(path)
    assert image is not None  # noqa: S101 - the campaign wrote it
    return np.ascontiguousarray(image[..., ::-1])


def stretched(image: Array, size_wh: tuple[int, int] = (WIDTH, HEIGHT)) -> Array:
    """Resize as the models' training did."""
    return np.asarray(cv2.resize(image, size_wh, interpolation=cv2.INTER_LINEAR))


def letterboxed(image: Array) -> tuple[Array, tuple[int, int, int, int]]:
    """Fit into the input with grey bars; return it, and where the picture lies: x, y, w, h."""
    height, width = image.shape[:2]
    scale = min(WIDTH / width, HEIGHT / height)
    w, h = round(width * scale), round(height * scale)
    x0, y0 = (WIDTH - w) // 2, (HEIGHT - h) // 2
    canvas = np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
    canvas[y0 : y0 + h, x0 : x0 + w] = stretched(image, (w, h))
    return canvas, (x0, y0, w, h)


def scaled(pixels: Array, preset: str) -> Array:
    """Return a batch of one, as the model takes it."""
    values = pixels[None].astype(np.float32)
    if preset == "0-1":
        return np.asarray(values / np.float32(255))
    return np.asarray(keras.applications.imagenet_utils.preprocess_input(values, mode=preset))


def outputs_of(model: Any, path: str, preset: str, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Any:
    """Return the model's outputs for a picture, without the batch."""
    found = model.predict(scaled(stretched(read(path), size), preset), verbose=0)
    return [np.asarray(o)[0] for o in found] if isinstance(found, list) else np.asarray(found)[0]


def softmax(x: Array) -> Array:
    """Return probabilities over the last axis."""
    shifted = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x))."""
    return np.asarray(1 / (1 + np.exp(-x.astype(np.float64))))


def boxes_in_picture(corners_xyxy: Array, path: str, *, letterbox: bool) -> Array:
    """Return boxes (N, 4), shares of the input, as pixels of the picture, cut to it."""
    image = read(path)
    height, width = image.shape[:2]
    boxes = corners_xyxy.reshape(-1, 4).astype(np.float64)
    if letterbox:
        _, (x0, y0, w, h) = letterboxed(image)
        factors = width / w, height / h
        boxes = boxes * [WIDTH, HEIGHT, WIDTH, HEIGHT] - [x0, y0, x0, y0]
        boxes = boxes * [*factors, *factors]
    else:
        boxes = boxes * [width, height, width, height]
    return np.asarray(boxes.clip(0, [width, height, width, height]))


def suppressed(boxes: Array, scores: Array, iou: float) -> list[int]:
    """Return the boxes that no better one overlaps, of any class, best first."""
    kept: list[int] = []
    for k in np.argsort(-scores, kind="stable").tolist():
        if all(_iou(boxes[k], boxes[other]) <= iou for other in kept):
            kept.append(k)
    return kept


def _iou(a: Array, b: Array) -> float:
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    both = float(np.prod(np.clip(high - low, 0, None)))
    return both / float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - both)


def text_of(steps: Array) -> str:
    """Read the best class of each step: repeats are one character, the last class is none."""
    best = steps.argmax(axis=-1).tolist()
    firsts = [c for k, c in enumerate(best) if k == 0 or best[k - 1] != c]
    return "".join(CHARACTERS[c] for c in firsts if c < len(CHARACTERS))
