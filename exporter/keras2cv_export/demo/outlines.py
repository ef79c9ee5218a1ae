"""The shapes as polygons: (N, 2) points, x right and y down, around the origin, within radius 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_ROUND: Final = 72  # corners of what should look round


def regular(corners: int, radii: tuple[float, ...] = (1.0,)) -> Array:
    """Return a polygon whose corners lie at equal angles, at `radii` in turn."""
    angles = np.arange(corners) * (2 * np.pi / corners)
    radius = np.resize(radii, corners)
    return np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1)


def star(rng: np.random.Generator) -> Array:
    """Return a star of five rays; a pentagram's inner radius is 0.38 of the outer."""
    return regular(10, (1.0, rng.uniform(0.4, 0.5)))


def cross(rng: np.random.Generator) -> Array:
    """Return a cross of four arms."""
    arm = rng.uniform(0.26, 0.36)  # half its width, of its length
    quarter = np.array([(arm, -1), (arm, -arm), (1, -arm)])  # the corners at the upper right
    turn = np.array([(0, 1), (-1, 0)])  # (x, y) @ turn = (-y, x)
    quarters = [quarter @ np.linalg.matrix_power(turn, k) for k in range(4)]
    return _within_unit_circle(np.concatenate(quarters))


def heart() -> Array:
    """Return the parametric curve of https://mathworld.wolfram.com/HeartCurve.html."""
    t = np.linspace(0, 2 * np.pi, _ROUND, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return _within_unit_circle(np.stack([x, -y - 2.5], axis=1))  # y is -17 to 12: -2.5 is midway


def _within_unit_circle(points: Array) -> Array:
    return np.asarray(points / np.linalg.norm(points, axis=1).max())


OUTLINES: Final[Mapping[str, Callable[[np.random.Generator], Array]]] = MappingProxyType(
    {
        "circle": lambda _: regular(_ROUND),
        "cross": cross,
        "heart": lambda _: heart(),
        "square": lambda _: regular(4),
        "star": star,
        "triangle": lambda _: regular(3),
    }
)
