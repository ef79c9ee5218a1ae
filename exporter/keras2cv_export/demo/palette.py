"""Colours that go together, and one pair that stands out from the other."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# CIE76 distance between a shape's colour and what lies behind it; about 2.3 is just noticeable
# (https://en.wikipedia.org/wiki/Color_difference#CIE76).
_DISTINCT: Final = 45.0
_CANDIDATES: Final = 64


def draw_palette(rng: np.random.Generator) -> tuple[Array, Array]:
    """Return two related colours for the background and two for the shape, (2, 3) float32 BGR."""
    back = _related(_bgr(_hsv(1, (0, 0.75), (0.25, 1), rng))[0], rng, spread=40)
    candidates = _bgr(_hsv(_CANDIDATES, (0.4, 1), (0.3, 1), rng))
    distances = np.linalg.norm(_lab(candidates)[:, None] - _lab(back)[None], axis=2).min(axis=1)
    distinct = np.flatnonzero(distances > _DISTINCT)
    chosen = distinct[0] if len(distinct) else distances.argmax()
    return back, _related(candidates[chosen], rng, spread=22)


def _hsv(
    count: int,
    saturations: tuple[float, float],
    values: tuple[float, float],
    rng: np.random.Generator,
) -> Array:
    """Return colours of any hue, (count, 3): hue 0..360, saturation and value 0..1."""
    low, high = (0, saturations[0], values[0]), (360, saturations[1], values[1])
    return rng.uniform(low, high, (count, 3)).astype(np.float32)


def _related(color: Array, rng: np.random.Generator, spread: float) -> Array:
    """Return the colour (3,) and a neighbour of it, (2, 3) float32 BGR."""
    neighbour = np.clip(color + rng.uniform(-spread, spread, 3), 0, 255)
    return np.stack([color, neighbour]).astype(np.float32)


def _bgr(colors_hsv: Array) -> Array:
    """Return (N, 3) float32 BGR, 0..255."""
    return np.asarray(cv2.cvtColor(colors_hsv[None], cv2.COLOR_HSV2BGR)[0] * 255)


def _lab(colors_bgr: Array) -> Array:
    """Return (N, 3) float32 CIE L*a*b*."""
    return np.asarray(cv2.cvtColor(colors_bgr[None] / np.float32(255), cv2.COLOR_BGR2Lab)[0])
