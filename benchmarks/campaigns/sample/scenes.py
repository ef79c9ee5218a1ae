"""Drawn pictures of several shapes, each with its box: labelled data with nothing to download."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv_export.demo.shapes import draw_colors, outline

Array = NDArray[Any]

LABELS: Final = ("circle", "heart", "square", "star")
_RADII: Final = (0.14, 0.25)  # of a shape, as shares of the picture's height
_GAP: Final = 1.15  # between two shapes, as a factor of the sum of their radii


class Scene(NamedTuple):
    """A picture (H, W, 3) uint8 BGR, boxes (N, 4) xyxy as shares of it, and classes (N,)."""

    picture: Array
    boxes: Array
    classes: Array


def draw_scenes(count: int, size_wh: tuple[int, int], seed: int) -> Iterator[Scene]:
    """Yield `count` scenes; the same seed gives the same ones."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield draw_scene(size_wh, rng)


def draw_scene(size_wh: tuple[int, int], rng: np.random.Generator) -> Scene:
    """Return a picture of one to seven shapes that do not touch."""
    picture = _background(size_wh, rng)
    boxes, classes = [], []
    for middle, radius in _places(size_wh, rng):
        number = int(rng.integers(len(LABELS)))
        corners = _placed(LABELS[number], middle, radius, rng)
        _paint(picture, corners, rng)
        boxes.append([*corners.min(axis=0), *corners.max(axis=0)])
        classes.append(number)
    noise = rng.standard_normal(picture.shape, np.float32) * rng.uniform(0, 6)
    pixels = np.clip(picture + noise, 0, 255).astype(np.uint8)
    return Scene(pixels, np.clip(np.array(boxes) / (size_wh * 2), 0, 1), np.array(classes))


def _places(
    size_wh: tuple[int, int], rng: np.random.Generator
) -> list[tuple[NDArray[np.float64], float]]:
    """Return the middle and the radius in pixels of each shape."""
    places: list[tuple[NDArray[np.float64], float]] = []
    for _ in range(int(rng.integers(3, 24))):
        radius = rng.uniform(*_RADII) * size_wh[1]
        middle = rng.uniform(radius, np.array(size_wh) - radius)
        far = all(np.hypot(*(middle - m)) > _GAP * (radius + r) for m, r in places)
        if far and len(places) < 7:
            places.append((middle, radius))
    return places


def _placed(label: str, middle: Array, radius: float, rng: np.random.Generator) -> Array:
    """Return the corners (N, 2) of a turned shape, in pixels."""
    turned = cv2.getRotationMatrix2D((0, 0), rng.uniform(0, 360), radius)[:, :2]
    return np.asarray(outline(label) @ turned.T + middle)


def _background(size_wh: tuple[int, int], rng: np.random.Generator) -> Array:
    """Return soft clouds of one colour, (H, W, 3) float32."""
    color, _ = draw_colors(rng)
    clouds = rng.uniform(-1, 1, (*rng.integers(2, 7, 2), 1)) * rng.uniform(5, 35, 3)
    return np.asarray(
        cv2.resize((color + clouds).astype(np.float32), size_wh, interpolation=cv2.INTER_CUBIC)
    )


def _paint(picture: Array, corners: Array, rng: np.random.Generator) -> None:
    """Fill the shape with a colour that stands out from what is below it, over a soft shadow."""
    height, width = picture.shape[:2]
    left, top = np.clip(corners.mean(axis=0), 0, (width - 1, height - 1)).astype(int)
    below = picture[top, left]
    color = max((draw_colors(rng)[1] for _ in range(4)), key=lambda c: float(np.ptp(c - below)))
    fixed = np.rint(corners * 256).astype(np.int32)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, 8)
    cover = mask[..., None] / np.float32(255)
    shadow = cv2.GaussianBlur(cover, (0, 0), 0.02 * height)[..., None]
    shade = picture * (1 - 0.35 * shadow)
    picture[:] = shade + (color - shade) * cover
