"""Draw one input that excites a net: structured, asymmetric, and unlike the next one.

Ones, zeros and white noise hide faults: a flipped, transposed or channel-swapped picture of noise
looks like any other to a net. A drawn input differs along every axis and between channels
(slow waves, one frequency and phase per channel), has edges where it is a picture (a disc, a
turned box, a stripe), has texture, and its mean brightness moves from sample to sample.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
ValueRange = tuple[Any, Any]
"""Lowest and highest value, both included: numbers, or arrays of the shape of one sample."""

_WAVES = 3
_TEXTURE = 0.15  # of the full range
_FEW = 3
_PAINT = 0.8  # how far a shape covers the colours below it


def draw(
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    value_range: ValueRange,
    level: float,
    seed: int,
    *,
    smooth: bool = False,
) -> Array:
    """Draw one array without its batch dimension.

    Args:
        shape: Any rank; (H, W, 1, 3 or 4) is a picture, else the last axis holds the channels.
        dtype: Floating, integer or boolean.
        value_range: Lowest and highest value, both included.
        level: Brightness, 0..1; for a single value, where in the range it lies.
        seed: Everything random comes from it.
        smooth: Leave out edges and texture, for a net that is chaotic on them.

    Returns:
        An array of `shape` and `dtype`.
    """
    unit = _unit_values(shape, level, np.random.default_rng(seed), smooth=smooth)
    low, high = value_range
    if dtype.kind == "b":
        return unit > 0.5
    if dtype.kind in "iu":
        steps = np.minimum(np.floor(unit * (high - low + 1.0)), high - low)
        return np.asarray(low + steps).astype(dtype)
    return np.asarray(low + unit * (high - low)).astype(dtype)


def _unit_values(
    shape: tuple[int, ...], level: float, rng: np.random.Generator, *, smooth: bool
) -> Array:
    """Draw values in 0..1 that reach both ends; of a few values, one is the level."""
    if int(np.prod(shape)) <= _FEW:
        return _few_values(shape, level, rng)
    field = rng.random(shape) if len(shape) == 1 else _waves(shape, rng)
    if not smooth:
        if len(shape) == 3 and shape[2] in (1, 3, 4):
            field = _paint_shapes(field, rng)
        field = field + _TEXTURE * rng.random(shape)
    low, high = field.min(), field.max()
    unit: Array = ((field - low) / (high - low)) ** _gamma(level)
    return unit


def _few_values(shape: tuple[int, ...], level: float, rng: np.random.Generator) -> Array:
    """Draw values that lie anywhere: two that reached both ends would always be the same two."""
    values = rng.random(shape)
    values.flat[rng.integers(values.size)] = level
    return values


def _gamma(level: float) -> float:
    """Return the exponent, 2 (dark) .. 1/2 (bright), that keeps 0 and 1 where they are."""
    return float(2.0 ** (1.0 - 2.0 * level))


def _waves(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Sum slow plane waves (*axes, C), of other directions and phases in every channel."""
    axes, channels = shape[:-1], shape[-1]
    field = np.zeros(shape)
    for _ in range(_WAVES):
        phase = np.broadcast_to(rng.random(channels), shape).copy()
        for axis, size in enumerate(axes):
            along = (np.arange(size) + 0.5) / size
            cycles = rng.uniform(0.2, 1.8, channels) * rng.choice((-1.0, 1.0), channels)
            steps = along[:, None] * cycles  # (size, C)
            phase += steps.reshape((1,) * axis + (size,) + (1,) * (len(axes) - axis - 1) + (-1,))
        field += np.sin(2.0 * np.pi * phase)
    return (field / _WAVES + 1.0) / 2.0


def _paint_shapes(picture: Array, rng: np.random.Generator) -> Array:
    """Paint a disc, a turned box and a stripe over an (H, W, C) picture, each in its own colour."""
    height, width, channels = picture.shape
    y = (np.arange(height)[:, None] + 0.5) / height
    x = (np.arange(width)[None, :] + 0.5) / width
    for inside in (_disc, _box, _stripe):
        mask = inside(x - rng.uniform(0.2, 0.8), y - rng.uniform(0.2, 0.8), rng)[..., None]
        colour = rng.random(channels)
        picture = np.where(mask, (1.0 - _PAINT) * picture + _PAINT * colour, picture)
    return picture


def _disc(x: Array, y: Array, rng: np.random.Generator) -> Array:
    inside: Array = x**2 + y**2 < rng.uniform(0.1, 0.25) ** 2
    return inside


def _box(x: Array, y: Array, rng: np.random.Generator) -> Array:
    u, v = _turned(x, y, rng)
    inside: Array = (np.abs(u) < rng.uniform(0.1, 0.2)) & (np.abs(v) < rng.uniform(0.15, 0.3))
    return inside


def _stripe(x: Array, y: Array, rng: np.random.Generator) -> Array:
    u, _ = _turned(x, y, rng)
    inside: Array = np.abs(u) < rng.uniform(0.03, 0.08)
    return inside


def _turned(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    angle = rng.uniform(0.2, 1.3)  # never along an axis
    cos, sin = np.cos(angle), np.sin(angle)
    return cos * x + sin * y, cos * y - sin * x
