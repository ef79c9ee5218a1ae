"""The prior boxes of SSD and RetinaNet: a table, or sizes around the middle of each cell."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras2cv.bundle.npz import read_npy
from keras2cv.errors import InputError, UsageError
from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.detect.record import Anchors

from .head_anchors import read_sizes
from .head_families import FAMILIES
from .head_grids import Grid, Pair

Array = np.ndarray[Any, Any]


def priors_of(
    said: Mapping[str, Any],
    levels: Sequence[tuple[Grid, int]],
    size_wh: Pair | None,
    family: str,
) -> Anchors:
    """Return the prior boxes as cx, cy, w, h, in the order of the outputs' rows.

    Args:
        said: The head's settings: `anchors`, `anchor_format`, `anchor_units`, `variances`.
        levels: Each grid, and the boxes of its cells.
        size_wh: Of the input in pixels.
        family: The head's name, for messages.

    Raises:
        UsageError: There are none, or another number than the outputs have.
        InputError: The file cannot be read.
    """
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
    count = sum(grid.cells * boxes for grid, boxes in levels)
    table = _as_table(given, said["anchor_format"])
    if table is None:
        table = _around_cells(given, said, levels, size_wh, family)
    if len(table) != count:
        raise UsageError(
            f"There are {len(table)} prior boxes, and the outputs have {count}. Give the priors of "
            "this input size, in the order of the outputs."
        )
    numbers = tuple(float(str(value)) for value in np.asarray(table, np.float32).ravel())
    try:
        return Anchors(numbers, tuple(float(v) for v in said["variances"]))
    except (SchemaError, TypeError, ValueError) as error:
        raise UsageError(
            f"The prior boxes do not hold together: {error}. Correct the anchors or the variances."
        ) from error


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


def _around_cells(
    given: Any,
    said: Mapping[str, Any],
    levels: Sequence[tuple[Grid, int]],
    size_wh: Pair | None,
    family: str,
) -> Array:
    sizes, order = read_sizes(given, FAMILIES[family], family)
    if len(sizes) not in (1, len(levels)) or (order == "shared" and len(levels) > 1):
        raise UsageError(
            f"There are prior boxes for {len(sizes)} grids, and the model has {len(levels)}. Give "
            "a list of widths and heights for each grid, or a table (M, 4)."
        )
    units = said.get("box_units") or said["anchor_units"]
    found = []
    for number, (grid, boxes) in enumerate(levels):
        each = np.array(sizes[number % len(sizes)], np.float64)
        if len(each) != boxes:
            raise UsageError(
                f"There are {len(each)} prior boxes for a cell of the grid {grid}, and the output "
                f"has {boxes}. Correct the anchors, or the classes."
            )
        y, x = np.divmod(np.arange(grid.cells), grid.columns)
        centre = (np.stack([x, y], axis=1) + 0.5) * _cell(grid, units, size_wh)
        rows = np.concatenate([np.repeat(centre, boxes, 0), np.tile(each, (grid.cells, 1))], axis=1)
        found.append(rows)
    return np.concatenate(found)


def _cell(grid: Grid, units: str, size_wh: Pair | None) -> Array:
    """Return a cell's width and height in the anchors' unit."""
    if grid.stride_wh is None or size_wh is None:
        raise UsageError(
            f"The outputs have no rows and columns, so prior boxes must be a table of {grid.cells} "
            "x 4 numbers: --anchors FILE.npy."
        )
    size = np.array(size_wh, np.float64) if units == "normalised" else np.ones(2)
    return np.array(grid.stride_wh, np.float64) / size
