"""Drawn shapes: endless labelled images, with nothing to download.

Each image holds one shape of `LABELS` at any place, size, angle and colour, over clouds, patches or
stripes, among stray lines and under noise. The same seed gives the same images.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LABELS: Final = ("circle", "cross", "heart", "square", "star", "triangle")
# Number of corners at equal angles, and their distances from the middle, in turn.
_REGULAR: Final[dict[str, tuple[int, tuple[float, ...]]]] = {
    "circle": (72, (1,)),
    "square": (4, (1,)),
    "star": (10, (1, 0.45)),
    "triangle": (3, (1,)),
}
_CROSS: Final = np.array([(1, 0.32), (0.32, 0.32), (0.32, 1)])  # a quarter of its outline
_RIGHT_ANGLE: Final = np.array([(0, 1), (-1, 0)])
_DISTINCT: Final = 45  # distance of colours in L*a*b*; about 2.3 is just noticeable


def drawings(count: int, side_range: tuple[int, int], seed: int) -> Iterator[tuple[Array, str]]:
    """Yield `count` images, (H, W, 3) uint8 BGR, each with its label; the labels come in turn.

    Width and height are drawn from `side_range`, in pixels, both ends included.
    """
    rng = np.random.default_rng(seed)
    for index in range(count):
        width, height = rng.integers(*side_range, 2, endpoint=True).tolist()
        label = LABELS[index % len(LABELS)]
        yield draw(label, (width, height), rng), label


def draw(label: str, size_wh: tuple[int, int], rng: np.random.Generator) -> Array:
    """Return an image, (H, W, 3) uint8 BGR, of the shape `label`; `rng` makes every choice."""
    back, front = draw_colors(rng)
    image = _texture(back, size_wh, rng).astype(np.uint8)
    for start, end in rng.integers((0, 0), size_wh, (rng.integers(5), 2, 2)).tolist():
        color = rng.integers(0, 256, 3).tolist()
        cv2.line(image, start, end, color, max(1, min(size_wh) // 60), cv2.LINE_AA)
    mask = _mask(label, size_wh, rng)[..., None]
    shadow = cv2.GaussianBlur(mask, (0, 0), 0.04 * min(size_wh))[..., None]
    shaded = image * (1 - 0.35 * shadow)
    mixed = shaded + (_texture(front, size_wh, rng) - shaded) * mask
    noise = rng.standard_normal(image.shape, np.float32) * rng.uniform(0, 12)
    return np.asarray(np.clip(mixed + noise, 0, 255), np.uint8)


def outline(label: str) -> Array:
    """Return the shape as a polygon: (N, 2) corners around the origin, within radius 1."""
    if label == "cross":
        rotations = [np.linalg.matrix_power(_RIGHT_ANGLE, k) for k in range(4)]
        points = np.concatenate([_CROSS @ rotation for rotation in rotations])
    elif label == "heart":  # https://mathworld.wolfram.com/HeartCurve.html, moved to its middle
        t = np.linspace(0, 2 * np.pi, 72, endpoint=False)
        y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
        points = np.stack([16 * np.sin(t) ** 3, -2.5 - y], axis=1)
    else:
        corners, radii = _REGULAR[label]
        angles = np.arange(corners) * (2 * np.pi / corners)
        points = np.stack([np.cos(angles), np.sin(angles)], 1) * np.resize(radii, (corners, 1))
    return np.asarray(points / np.linalg.norm(points, axis=1).max())


def draw_colors(rng: np.random.Generator) -> tuple[Array, Array]:
    """Return a colour for the background and one that stands out from it, (3,) BGR, 0..255."""
    hsv = rng.uniform((0, 0.3, 0.3), (360, 1, 1), (1, 64, 3)).astype(np.float32)
    bgr = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
    lab = cv2.cvtColor(bgr, cv2.COLOR_BGR2Lab)[0]
    distinct = np.argmax(np.linalg.norm(lab - lab[0], axis=1) > _DISTINCT)  # the first that is
    return bgr[0, 0] * 255, bgr[0, distinct] * 255


def _texture(color: Array, size_wh: tuple[int, int], rng: np.random.Generator) -> Array:
    """Return clouds, patches or stripes of colours like `color`, (H, W, 3), 0..255."""
    depth = rng.uniform(-1, 1, (rng.choice((1, 5)), rng.integers(2, 9), 1))
    colors = np.clip(color + depth * rng.uniform(-25, 25, 3), 0, 255)
    interpolation = (cv2.INTER_LINEAR, cv2.INTER_NEAREST)[rng.integers(2)]
    return np.asarray(cv2.resize(colors, size_wh, interpolation=interpolation))


def _mask(label: str, size_wh: tuple[int, int], rng: np.random.Generator) -> Array:
    """Return how much of each pixel the shape covers, (H, W) float32, 0..1."""
    size = np.array(size_wh) * 4  # averaged down: smoother edges than cv2.LINE_AA's
    angle, radius = rng.uniform(0, 360), rng.uniform(0.3, 0.46) * size.min()
    placed = cv2.getRotationMatrix2D((0, 0), angle, radius)
    placed[:, 2] = rng.uniform(radius, size - radius)
    corners = np.rint(cv2.transform(outline(label)[None], placed)).astype(np.int32)
    mask = cv2.fillPoly(np.zeros(size[::-1], np.float32), list(corners), 1)
    return np.asarray(cv2.resize(mask, size_wh, interpolation=cv2.INTER_AREA))
