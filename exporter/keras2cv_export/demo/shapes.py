"""Drawn shapes: endless labelled images, with nothing to download.

Each image holds one shape of `LABELS`, filled or hollow, at any place, size, angle and colour, over
a gradient or a texture, among distractor lines and under noise. The same seed gives the same image.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from .fields import any_field, gradient
from .outlines import OUTLINES
from .palette import draw_palette

Array = NDArray[Any]

LABELS: Final = tuple(OUTLINES)

# Masks are drawn this many times larger and averaged down: smoother edges than cv2.LINE_AA's.
_SUBPIXELS: Final = 4
_HOLLOW: Final = 0.62  # the hole's size, of the shape's


@dataclass(frozen=True, eq=False)
class Drawing:
    """An image, (H, W, 3) uint8 BGR, and the name of the shape in it."""

    image_bgr: Array
    label: str

    def __post_init__(self) -> None:
        image = self.image_bgr
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(
                f"A drawing must be (H, W, 3) uint8, got {image.shape} {image.dtype}. Use `draw`."
            )
        if self.label not in LABELS:
            raise ValueError(f"A label must be one of {', '.join(LABELS)}, got {self.label!r}.")


def drawings(count: int, side_range: tuple[int, int], seed: int) -> Iterator[Drawing]:
    """Yield `count` drawings, the labels in turn.

    Width and height are drawn from `side_range`, in pixels, both ends included, so that neither
    exceeds 4/3 of the other.
    """
    rng = np.random.default_rng(seed)
    shortest, longest = side_range
    for index in range(count):
        width = int(rng.integers(shortest, longest + 1))
        low, high = max(shortest, -(-3 * width // 4)), min(longest, 4 * width // 3)
        height = int(rng.integers(low, high + 1))
        yield draw(LABELS[index % len(LABELS)], (width, height), rng)


def draw(label: str, size_wh: tuple[int, int], rng: np.random.Generator) -> Drawing:
    """Draw one image of the shape `label`; `rng` makes every choice."""
    back_colors, shape_colors = draw_palette(rng)
    image = _blended(back_colors, any_field(size_wh, rng))
    _scatter_lines(image, int(rng.integers(0, 4)), rng)
    outline = _placed(OUTLINES[label](rng), size_wh, rng)
    coverage = _coverage(outline, size_wh, hollow=rng.random() < 0.2)
    image = _shaded(image, coverage, rng)
    image = _covered(image, _blended(shape_colors, gradient(size_wh, rng)), coverage)
    _scatter_lines(image, int(rng.integers(0, 2)), rng)
    return Drawing(_noisy(image, rng), label)


def _placed(outline: Array, size_wh: tuple[int, int], rng: np.random.Generator) -> Array:
    """Turn, size and move an outline so that it lies inside the image: (N, 2) pixels."""
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
    radius = rng.uniform(0.3, 0.46) * min(size_wh)
    center = rng.uniform(radius, np.array(size_wh) - radius)
    return np.asarray(outline @ turn * radius + center)


def _coverage(outline: Array, size_wh: tuple[int, int], *, hollow: bool) -> Array:
    """Return how much of each pixel the shape covers, (H, W, 1) float32, 0..1."""
    width, height = size_wh
    mask = np.zeros((height * _SUBPIXELS, width * _SUBPIXELS), np.uint8)
    cv2.fillPoly(mask, [_subpixels(outline)], 255)
    if hollow:
        middle = outline.mean(axis=0)
        cv2.fillPoly(mask, [_subpixels(middle + _HOLLOW * (outline - middle))], 0)
    covered = cv2.resize(mask, size_wh, interpolation=cv2.INTER_AREA)[..., None]
    return np.asarray(covered / np.float32(255))


def _subpixels(points: Array) -> Array:
    return np.asarray(np.rint(points * _SUBPIXELS), np.int32)


def _blended(colors: Array, field: Array) -> Array:
    """Return (H, W, 3) uint8: the first colour where `field` (H, W) is 0, the second where 1."""
    return np.asarray(colors[0] + (colors[1] - colors[0]) * field[..., None], np.uint8)


def _covered(under: Array, over: Array, coverage: Array) -> Array:
    return np.asarray(under + (over.astype(np.float32) - under) * coverage + 0.5, np.uint8)


def _shaded(image: Array, coverage: Array, rng: np.random.Generator) -> Array:
    """Let the shape throw a soft shadow on what lies behind it."""
    unit = min(image.shape[:2])
    move = np.eye(2, 3)
    move[:, 2] = rng.uniform(-unit / 24, unit / 24, 2)
    blur = cv2.GaussianBlur(coverage, (0, 0), 0.025 * unit)
    shadow = cv2.warpAffine(blur, move, image.shape[1::-1])[..., None]
    return np.asarray(image * (1 - np.float32(rng.uniform(0.1, 0.5)) * shadow), np.uint8)


def _scatter_lines(image: Array, count: int, rng: np.random.Generator) -> None:
    """Draw straight lines of any colour and length, in place."""
    height, width = image.shape[:2]
    for _ in range(count):
        start, end = rng.integers((0, 0), (width, height), (2, 2)).tolist()
        color = rng.integers(0, 256, 3).tolist()
        thickness = max(1, round(rng.uniform(0.008, 0.025) * min(width, height)))
        cv2.line(image, start, end, color, thickness, cv2.LINE_AA)


def _noisy(image: Array, rng: np.random.Generator) -> Array:
    noise = rng.standard_normal(image.shape, np.float32) * np.float32(rng.uniform(0, 12))
    return np.asarray(np.clip(image + noise, 0, 255), np.uint8)
