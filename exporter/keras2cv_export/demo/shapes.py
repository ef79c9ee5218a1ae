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
_REGULAR: Final = {"circle": (72, 1), "square": (4, 1), "star": (10, (1, 0.45)), "triangle": (3, 1)}
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
    smooth = rng.random() < 0.5
    cells = (int(rng.choice((1, 5))), int(rng.integers(2, 9)))
    image = _mixed(back, _field(size_wh, cells, rng, smooth=smooth)).astype(np.uint8)
    for start, end in rng.integers((0, 0), size_wh, (rng.integers(5), 2, 2)).tolist():
        color = rng.integers(0, 256, 3).tolist()
        cv2.line(image, start, end, color, max(1, min(size_wh) // 60), cv2.LINE_AA)
    mask = _mask(label, size_wh, rng)
    shadow = cv2.GaussianBlur(mask, (0, 0), 0.04 * min(size_wh))
    shape = _mixed(front, _field(size_wh, (2, 2), rng, smooth=True))
    shaded = image * (1 - 0.35 * shadow)[..., None]
    noise = rng.standard_normal(image.shape, np.float32) * rng.uniform(0, 12)
    mixed = shaded + (shape - shaded) * mask[..., None] + noise
    return np.asarray(np.clip(mixed, 0, 255), np.uint8)


def outline(label: str) -> Array:
    """Return the shape as a polygon: (N, 2) corners around the origin, within radius 1."""
    if label == "cross":
        turns = [np.linalg.matrix_power(_RIGHT_ANGLE, k) for k in range(4)]
        points = np.concatenate([_CROSS @ turn for turn in turns])
    elif label == "heart":  # https://mathworld.wolfram.com/HeartCurve.html, moved to its middle
        t = np.linspace(0, 2 * np.pi, 72, endpoint=False)
        y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
        points = np.stack([16 * np.sin(t) ** 3, -2.5 - y], axis=1)
    else:
        corners, radii = _REGULAR[label]
        angles = np.arange(corners) * (2 * np.pi / corners)
        points = np.stack([np.cos(angles), np.sin(angles)], 1) * np.resize(radii, (corners, 1))
    return np.asarray(points / np.linalg.norm(points, axis=1).max())


def draw_colors(rng: np.random.Generator) -> Array:
    """Return two colours for the background, and two that stand out: (2, 2, 3) BGR, 0..255."""
    hsv = rng.uniform((0, 0.3, 0.3), (360, 1, 1), (1, 64, 3)).astype(np.float32)
    bgr = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
    lab = cv2.cvtColor(bgr, cv2.COLOR_BGR2Lab)[0]
    distinct = np.argmax(np.linalg.norm(lab - lab[0], axis=1) > _DISTINCT)  # the first that is
    colors = bgr[0, [[0, 0], [distinct, distinct]]]
    colors[:, 1] += rng.uniform(-0.12, 0.12, (2, 3))
    return np.asarray(np.clip(colors, 0, 1) * 255)


def _mask(label: str, size_wh: tuple[int, int], rng: np.random.Generator) -> Array:
    """Return how much of each pixel the shape covers, (H, W) float32, 0..1."""
    size = np.array(size_wh) * 4  # averaged down: smoother edges than cv2.LINE_AA's
    angle, radius = rng.uniform(0, 360), rng.uniform(0.3, 0.46) * size.min()
    placed = cv2.getRotationMatrix2D((0, 0), angle, radius)
    placed[:, 2] = rng.uniform(radius, size - radius)
    corners = np.rint(cv2.transform(outline(label)[None], placed)).astype(np.int32)
    mask = cv2.fillPoly(np.zeros(size[::-1], np.float32), list(corners), 1)
    return np.asarray(cv2.resize(mask, size_wh, interpolation=cv2.INTER_AREA))


def _field(
    size_wh: tuple[int, int], cells: tuple[int, int], rng: np.random.Generator, *, smooth: bool
) -> Array:
    """Return random numbers for rows and columns of cells, spread to (H, W) float32, 0..1."""
    interpolation = cv2.INTER_CUBIC if smooth else cv2.INTER_NEAREST
    field = cv2.resize(rng.random(cells, np.float32), size_wh, interpolation=interpolation)
    return np.asarray((field - field.min()) / np.ptp(field))


def _mixed(colors: Array, field: Array) -> Array:
    """Return (H, W, 3): the first colour where `field` (H, W) is 0, the second where it is 1."""
    return np.asarray(colors[0] + (colors[1] - colors[0]) * field[..., None])
