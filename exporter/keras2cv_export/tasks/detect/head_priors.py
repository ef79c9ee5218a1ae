"""The prior boxes of SSD and RetinaNet: a table, or sizes around the middle of each cell."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras2cv.bundle.npz import read_npy
from keras2cv.errors import InputError, UsageError
from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.detect.record import Anchors

from .head_anchors import Sizes
from .head_grids import Grid, Pair

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class PriorGrids:
    """What prior boxes are placed by.

    Attributes:
        levels: Each grid, and the boxes of its cells.
        sizes: Widths and heights of each grid's, where they are given so.
        units: "normalised" or "pixels".
        size_wh: Of the input in pixels.
        listed: Whether the user lists the outputs, so that a table is in their order.
        offset: The place of a cell's boxes within it, in cells; one, or one for each grid.
        even: Whether the cells divide the input, and are not as wide as the stride.
        clip: Whether boxes around cells are cut at the input's edges.
    """

    levels: Sequence[tuple[Grid, int]]
    sizes: Sequence[Sizes] | None
    units: str
    size_wh: Pair | None
    listed: bool
    offset: Any = 0.5
    even: bool = False
    clip: bool = False

    @property
    def count(self) -> int:
        """How many prior boxes there must be."""
        return sum(grid.cells * boxes for grid, boxes in self.levels)


def priors_of(said: Mapping[str, Any], grids: PriorGrids, family: str) -> Anchors:
    """Return the prior boxes as cx, cy, w, h, in the order of the outputs' rows.

    Args:
        said: The head's settings: `anchors`, `anchor_format`, `variances`.
        grids: Where they are.
        family: The head's name, for messages.

    Raises:
        UsageError: There are none, or another number than the outputs have.
        InputError: The file cannot be read.
    """
    table = _around_cells(grids) if grids.sizes else _read_table(said, family)
    if len(table) != grids.count:
        raise UsageError(
            f"There are {len(table)} prior boxes, and the outputs have {grids.count}. Give the "
            "priors of this input size, in the order of the outputs."
        )
    table = table if grids.listed or grids.sizes else _in_order(table, grids)
    numbers = tuple(float(str(value)) for value in np.asarray(table, np.float32).ravel())
    try:
        return Anchors(numbers, tuple(float(v) for v in said["variances"]))
    except (SchemaError, TypeError, ValueError) as error:
        raise UsageError(
            f"The prior boxes do not hold together: {error}. Correct the anchors or the variances."
        ) from error


def _read_table(said: Mapping[str, Any], family: str) -> Array:
    given = said.get("anchors")
    if given is None:
        raise UsageError(
            f"The head {family} needs its prior boxes: --anchors FILE.npy, (M, 4), or in the "
            "head's FILE.json widths and heights for each grid."
        )
    if isinstance(given, str | os.PathLike):
        try:
            given = read_npy(Path(given))
        except InputError as error:
            raise InputError(
                f"The anchors {given} cannot be read ({error}). Give an .npy file of (M, 4)."
            ) from error
    table = _as_table(given, said["anchor_format"])
    if table is None:
        raise UsageError(
            f"Prior boxes must be a table of (M, 4) numbers, got {np.shape(given)}. Correct them."
        )
    return table


def _in_order(table: Array, grids: PriorGrids) -> Array:
    """Return the boxes in the order of the grids, if their centres show another order.

    The outputs of a model that gives a mapping are sorted by name, "p16" before "p8", and its prior
    boxes are mostly made from the finest grid on.
    """
    levels = grids.levels
    by_size = sorted(range(len(levels)), key=lambda k: -levels[k][0].cells)
    for order in (list(range(len(levels))), by_size, by_size[::-1]):
        ends = np.cumsum([levels[k][0].cells * levels[k][1] for k in order])[:-1]
        parts = dict(zip(order, np.split(table, ends), strict=True))
        if all(_are_centred(parts[k], *levels[k], grids) for k in order):
            return np.concatenate([parts[k] for k in range(len(levels))])
    return table


def _are_centred(part: Array, grid: Grid, boxes: int, grids: PriorGrids) -> bool:
    """Whether each box's centre lies in its cell."""
    if grid.stride_wh is None or grids.size_wh is None:
        return False
    step = _cell(grid, grids.units, grids.size_wh)
    y, x = np.divmod(np.repeat(np.arange(grid.cells), boxes), grid.columns)
    off = part[:, :2] / step - np.stack([x, y], axis=1)
    return bool((off > -0.01).all() and (off < 1.01).all())


def is_sizes(given: Any) -> bool:
    """Whether prior boxes are given as widths and heights for each grid, and not as a table."""
    return not isinstance(given, str | os.PathLike) and _as_table(given, "cxcywh") is None


def _as_table(given: Any, anchor_format: str) -> Array | None:
    """Return (M, 4) cx, cy, w, h; None if it is no such table."""
    try:
        table = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        return None
    if table.ndim != 2 or table.shape[1] != 4:
        return None
    if not np.isfinite(table).all():
        raise UsageError("Prior boxes must be finite numbers, and some are not. Correct them.")
    if anchor_format == "cxcywh":
        return table
    low, high = table[:, :2], table[:, 2:]
    if anchor_format == "yxyx":
        low, high = low[:, ::-1], high[:, ::-1]
    return np.concatenate([(low + high) / 2, high - low], axis=1)


def order_of_rows(rows: Sequence[int], counts: Sequence[int]) -> list[int]:
    """Return the order of grids in which tables of so many rows hold them.

    The tables of a model that gives a mapping are sorted by name. Where their rows do not show
    which grid each is of, the grids are in the order in which they are given.
    """
    left, order = list(range(len(counts))), []
    for count in rows:
        found = next((k for k in left if counts[k] == count), None)
        if found is None:
            return list(range(len(counts)))
        left.remove(found)
        order.append(found)
    return order


def _around_cells(grids: PriorGrids) -> Array:
    """Return boxes of the given widths and heights around the point of every cell."""
    found = []
    count = len(grids.levels)
    offsets = grids.offset if isinstance(grids.offset, list | tuple) else [grids.offset] * count
    if len(offsets) != count:
        raise UsageError(
            f"The head's xy_offset has {len(offsets)} numbers, and there are {count} grids. Give "
            "one for each, or one for all."
        )
    for (grid, boxes), sizes, offset in zip(grids.levels, grids.sizes or (), offsets, strict=True):
        y, x = np.divmod(np.arange(grid.cells), grid.columns)
        centre = (np.stack([x, y], axis=1) + offset) * _cell_of(grid, grids)
        rows = np.repeat(centre, boxes, 0), np.tile(sizes, (grid.cells, 1))
        found.append(np.concatenate(rows, axis=1))
    table = np.concatenate(found)
    return _clipped(table, grids) if grids.clip else table


def _clipped(table: Array, grids: PriorGrids) -> Array:
    """Return boxes cut at the edges of the input, as rykov8's PriorBox does."""
    normalised = grids.units == "normalised" or grids.size_wh is None
    sides = np.array((1, 1) if normalised else grids.size_wh, np.float64)
    low = (table[:, :2] - table[:, 2:] / 2).clip(0, sides)
    high = (table[:, :2] + table[:, 2:] / 2).clip(0, sides)
    return np.concatenate([(low + high) / 2, high - low], axis=1)


def _cell_of(grid: Grid, grids: PriorGrids) -> Array:
    if not grids.even or grids.size_wh is None:
        return _cell(grid, grids.units, grids.size_wh)
    sides = (1, 1) if grids.units == "normalised" else grids.size_wh
    return np.array(sides, np.float64) / (grid.columns, grid.rows)


def _cell(grid: Grid, units: str, size_wh: Pair | None) -> Array:
    """Return a cell's width and height in the anchors' unit."""
    if grid.stride_wh is None or size_wh is None:
        raise UsageError(
            f"The outputs have no rows and columns, so prior boxes must be a table of {grid.cells} "
            "x 4 numbers: --anchors FILE.npy."
        )
    size = np.array(size_wh, np.float64) if units == "normalised" else np.ones(2)
    return np.array(grid.stride_wh, np.float64) / size
