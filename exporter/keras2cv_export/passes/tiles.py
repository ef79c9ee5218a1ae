"""How a convolution is cut in tiles along both axes of its image, and how long that takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from keras2cv_export.graph.edit import Array

from .winograd import bands, short

TILES = {1: 1, 3: 4, 5: 4, 7: 2}  # taps -> outputs of a tile

_GAIN = 0.9


class Speeds(NamedTuple):
    """How fast OpenCV computes on one machine; only the ratios between the speeds matter.

    Attributes:
        measured_on: The machine, the OpenCV and the tool.
        direct: Taps of a convolution -> its operations a second.
        direct_otherwise: The same, of other numbers of taps.
        band: Operations a second of products with the sparse matrices of tiles.
        product: Operations a second of the product of tiles and kernels.
        read: Bytes a second.
        line_s: Seconds to move a line of a tile.
        layers_s: Seconds for the layers themselves.
    """

    measured_on: str
    direct: Mapping[int, float]
    direct_otherwise: float
    band: float
    product: float
    read: float
    line_s: float
    layers_s: float


# The only place of such speeds. They decide which convolutions `multiply_tiles` rewrites.
SPEEDS: Final = Speeds(
    measured_on="two cores of an Intel Xeon with AVX-512, OpenCV 5.0.0, DNN_PROFILE_DETAILED",
    direct={9: 130e9, 25: 65e9},
    direct_otherwise=95e9,
    band=140e9,
    product=165e9,
    read=20e9,
    line_s=9e-9,
    layers_s=5e-5,
)


class Axis(NamedTuple):
    """How one axis of the image is cut into tiles and put together again.

    Attributes:
        taps: Of the kernel; with one, each pixel is a tile.
        size: Of the image.
        begin: Zeros before it.
        end: Zeros behind it.
    """

    taps: int
    size: int
    begin: int
    end: int

    @property
    def found(self) -> int:
        """Size of the result."""
        return self.size + self.begin + self.end - self.taps + 1

    @property
    def points(self) -> int:
        """Values per tile."""
        return TILES[self.taps] + self.taps - 1

    @property
    def tiles(self) -> int:
        """Number of tiles."""
        return -(-self.found // TILES[self.taps])

    @property
    def values(self) -> int:
        """Values of all tiles."""
        return self.points * self.tiles

    def matrix(self) -> Array:
        """Return the matrix from kernel taps to a tile's values, (points, taps)."""
        return np.ones((1, 1)) if self.taps == 1 else short(TILES[self.taps], self.taps).taps

    def bands(self) -> tuple[Array | None, Array | None]:
        """Return the matrices into tiles, (values, size), and out, (found, values); or None."""
        if self.taps == 1:
            return None, None
        into, out = bands(TILES[self.taps], self.taps, self.size, self.begin, self.end)
        return into.reshape(self.values, self.size), out.reshape(self.found, self.values)


class Plan(NamedTuple):
    """A convolution of `channels` to `kernels`, of `samples`, along two axes."""

    samples: int
    channels: int
    kernels: int
    rows: Axis
    columns: Axis

    @property
    def folded(self) -> int:
        """Numbers that OpenCV makes of the kernel while it loads the net, and keeps."""
        taps, points = self.rows.taps * self.columns.taps, self.rows.points * self.columns.points
        return self.channels * self.kernels * 2 * (taps + points)


def pays(plan: Plan) -> bool:
    """Whether tiles take at least a tenth less time, as estimated from 50 measured layers."""
    return _seconds(plan) < _GAIN * _direct_seconds(plan)


def saved_by(plan: Plan) -> float:
    """Estimate how many seconds the tiles save."""
    return _direct_seconds(plan) - _seconds(plan)


def _direct_seconds(plan: Plan) -> float:
    taps = plan.rows.taps * plan.columns.taps
    pixels = plan.samples * plan.rows.found * plan.columns.found
    products = 2 * plan.channels * plan.kernels * taps * pixels
    return products / SPEEDS.direct.get(taps, SPEEDS.direct_otherwise)


def _seconds(plan: Plan) -> float:
    """Estimate how long the tiles take."""
    n, c, k, rows, columns = plan
    points, tiles = rows.points * columns.points, n * rows.tiles * columns.tiles
    banded = 0
    if rows.taps > 1:
        banded += rows.values * (c * rows.size * columns.size + k * rows.found * columns.values)
    if columns.taps > 1:
        banded += columns.values * (c * rows.values * columns.size + k * rows.found * columns.found)
    values = (c + k) * points * tiles  # that are moved, line by line
    line = columns.tiles * (rows.tiles if columns.taps == 1 else 1)
    layout = c * rows.size * columns.size + k * rows.found * columns.found
    return (
        2 * n * banded / SPEEDS.band
        + 2 * points * c * k * tiles / SPEEDS.product
        + (4 * points * c * k + 4 * n * layout) / SPEEDS.read
        + values * (4 / SPEEDS.read + SPEEDS.line_s / line)
        + SPEEDS.layers_s
    )
