"""A detector whose weights are set by hand, and the picture in which it finds three rectangles.

In each quarter of the image it finds the extent of the strongly red, green or blue pixels. As the
tutorials' detectors do, it returns boxes as shares ymin, xmin, ymax, xmax, scores, and classes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import cv2
import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

WIDTH, HEIGHT = 224, 160  # of the model's input
_TILE_WH: Final = (WIDTH // 2, HEIGHT // 2)

# Class and corners x0, y0, x1, y1 of the drawn rectangles, in pixels of the picture; best first.
BOXES: Final = ((0, (40, 52, 215, 160)), (2, (402, 30, 590, 172)), (1, (360, 238, 505, 390)))
_SHADES: Final = ((230, 25), (175, 50), (170, 55))  # of the class' channel and of the others
PICTURE_WH: Final = (640, 427)


def write_detector(path: Path) -> None:
    """Save the model, from images (160, 224, 3) RGB 0..1 to four boxes, scores and classes.

    It is made of layers alone, since an .h5 file holds nothing else.
    """
    photo = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    # A channel counts where it exceeds the mean of the other two: 9 c - 3 (r + g + b) - 2, 0 to 1.
    purity = _fixed(layers.Conv2D(3, 1), photo, (9 * np.eye(3) - 3)[None, None], -2)
    mask = layers.ReLU(max_value=1.0)(purity)  # (N, 160, 224, 3): red, green, blue
    found = [_of_tile(mask, left, top) for top in (0, 1) for left in (0, 1)]
    boxes, scores, classes = zip(*found, strict=True)
    outputs = [
        layers.Concatenate(axis=1, name="boxes")(boxes),
        layers.Concatenate(axis=1, name="scores")(scores),
        layers.Concatenate(axis=1, name="classes")(classes),
    ]
    keras.Model(photo, outputs, name="rectangles").save(path)


def _of_tile(mask: Any, left: int, top: int) -> tuple[Any, Any, Any]:
    """Return box (N, 1, 4), score (N, 1) and class number (N, 1) of a quarter of the image."""
    width, height = _TILE_WH
    cut = ((top * height, (1 - top) * height), (left * width, (1 - left) * width))
    tile = layers.Cropping2D(cut)(mask)
    y0, y1 = _extent(layers.MaxPooling2D((1, width))(tile), height, top)
    x0, x1 = _extent(layers.MaxPooling2D((height, 1))(tile), width, left)
    box = layers.Reshape((1, 4))(layers.Concatenate()([y0, x0, y1, x1]))
    filled = layers.AveragePooling2D(9, strides=1)(tile)  # speckles are no rectangles
    evidence = layers.GlobalMaxPooling2D()(filled)  # (N, 3)
    score = _fixed(layers.Dense(1), evidence, np.full((3, 1), 0.97), 0)
    clear = layers.ReLU(max_value=1.0)(_fixed(layers.Dense(3), evidence, 20 * np.eye(3), -5))
    return box, score, _fixed(layers.Dense(1), clear, np.arange(3.0)[:, None], 0)


def _extent(profile: Any, size: int, tile: int) -> tuple[Any, Any]:
    """Return where a profile (N, size places, 3) begins and ends, (N, 1), as shares of the image.

    A running sum, cut at 1, is 0 before the first place that counts and 1 from there on: `size`
    less its sum is where it begins. From the other end, the sum itself is where it ends.
    """
    flat = layers.Flatten()(profile)
    running = np.triu(np.ones((size, size))).repeat(3, axis=0)  # of all three classes
    ends = []
    for sums, sign, bias in ((running, -1, size), (running[::-1, ::-1], 1, 0)):
        reached = layers.ReLU(max_value=1.0)(_fixed(layers.Dense(size), flat, sums, 0))
        share = np.full((size, 1), sign / (2 * size))
        ends.append(_fixed(layers.Dense(1), reached, share, (bias + tile * size) / (2 * size)))
    return ends[0], ends[1]


def _fixed(layer: Any, x: Any, kernel: Any, bias: float) -> Any:
    """Apply `layer` with these weights."""
    y = layer(x)
    layer.set_weights([kernel, np.full(kernel.shape[-1], bias)])
    return y


def draw_street() -> NDArray[np.uint8]:
    """Return the picture (427, 640, 3) uint8 BGR: three rectangles before soft grey."""
    rng = np.random.default_rng(3)
    grey = rng.integers(90, 170, (7, 11, 1), np.uint8).repeat(3, axis=2)
    picture = np.array(cv2.resize(grey, PICTURE_WH, interpolation=cv2.INTER_CUBIC), np.uint8)
    for (number, (x0, y0, x1, y1)), (strong, weak) in zip(BOXES, _SHADES, strict=True):
        colour = [weak] * 3
        colour[2 - number] = strong
        picture[y0:y1, x0:x1] = colour
    return picture
