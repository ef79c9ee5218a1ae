"""Gradients and textures: fields (H, W) float32 of 0..1, between whose ends two colours are mixed.

They are made over coordinates x (1, W) and y (H, 1) whose unit is the image's shorter side.
"""

from __future__ import annotations

import math
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def any_field(size_wh: tuple[int, int], rng: np.random.Generator) -> Array:
    """Return a field of any kind."""
    kind = _KINDS[rng.integers(len(_KINDS))]
    return kind(*_coordinates(size_wh), rng)


def gradient(size_wh: tuple[int, int], rng: np.random.Generator) -> Array:
    """Return a linear gradient in any direction."""
    return _linear(*_coordinates(size_wh), rng)


def _coordinates(size_wh: tuple[int, int]) -> tuple[Array, Array]:
    width, height = size_wh
    unit = np.float32(min(size_wh))
    x = np.arange(width, dtype=np.float32)[None] / unit
    y = np.arange(height, dtype=np.float32)[:, None] / unit
    return x, y


def _linear(x: Array, y: Array, rng: np.random.Generator) -> Array:
    return _stretched(_along_any_direction(x, y, rng))


def _radial(x: Array, y: Array, rng: np.random.Generator) -> Array:
    at_x, at_y = rng.uniform(0, 1, 2).astype(np.float32)
    return _stretched(np.sqrt((x - at_x) ** 2 + (y - at_y) ** 2))


def _clouds(x: Array, y: Array, rng: np.random.Generator) -> Array:
    coarse = rng.random((int(rng.integers(3, 9)),) * 2, np.float32)
    return _stretched(cv2.resize(coarse, (x.size, y.size), interpolation=cv2.INTER_CUBIC))


def _stripes(x: Array, y: Array, rng: np.random.Generator) -> Array:
    waves = np.sin(_along_any_direction(x, y, rng) * _frequency(2, 7, rng))
    return _clipped(0.5 + 4 * waves)


def _checks(x: Array, y: Array, rng: np.random.Generator) -> Array:
    frequency = _frequency(1.5, 5, rng)
    return _clipped(0.5 + 6 * np.sin(x * frequency) * np.sin(y * frequency))


def _dots(x: Array, y: Array, rng: np.random.Generator) -> Array:
    frequency = _frequency(3, 7, rng)
    return _clipped(4 * (np.cos(x * frequency) + np.cos(y * frequency) - 1))


_KINDS: Final = (_linear, _radial, _clouds, _stripes, _checks, _dots)


def _along_any_direction(x: Array, y: Array, rng: np.random.Generator) -> Array:
    angle = rng.uniform(0, 2 * np.pi)
    return np.asarray(x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle)))


def _frequency(low: float, high: float, rng: np.random.Generator) -> float:
    """Return `low` to `high` periods per shorter side, in radians."""
    return 2 * math.pi * float(rng.uniform(low, high))


def _clipped(values: Array) -> Array:
    return np.clip(values, 0, 1)


def _stretched(values: Array) -> Array:
    low, high = values.min(), values.max()
    return np.asarray((values - low) / (high - low))
