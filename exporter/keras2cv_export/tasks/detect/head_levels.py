"""The manifest's levels of a head: grids with strides, anchors and places of cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras2cv.errors import UsageError
from keras2cv.tasks.detect.head import HeadLevel, Part

from .head_description import HeadDescription, unit_of
from .head_grid_levels import GridLevel, shared_sizes
from .head_grids import Pair


def head_levels(
    description: HeadDescription, levels: Sequence[GridLevel], parts: set[Part]
) -> tuple[HeadLevel, ...]:
    """Return the levels of a head as the manifest has them.

    Raises:
        UsageError: Strides cannot be seen, or numbers are not one for each grid.
    """
    said, form = description.said, description.form
    shared = shared_sizes(description, [v.grid for v in levels]) if form == "anchors" else None
    found = []
    for number, level in enumerate(levels):
        places: dict[str, Any] = {}
        if description.in_cells or form in ("anchors", "points", "peaks"):
            stride = level.grid.stride_wh
            if stride is None:
                raise UsageError(
                    "The strides of the head's grids cannot be seen, since the model's input is no "
                    'image. Give --preprocess, or "strides".'
                )
            places["stride_wh"] = stride
            if not description.in_cells:
                places |= _cell_places(description, number, len(levels), stride, parts)
        if shared is not None:
            unit = unit_of(said["anchor_units"], level.grid, description.size_wh)
            places["anchors"] = tuple(
                float(n * u) for pair in shared[number] for n, u in zip(pair, unit, strict=True)
            )
        found.append(HeadLevel(level.grid.rows, level.grid.columns, level.boxes, **places))
    return tuple(found)


def _cell_places(
    description: HeadDescription, number: int, count: int, stride: Pair | Any, parts: set[Part]
) -> dict[str, float]:
    said, form = description.said, description.form
    if form == "anchors":
        by_stride = description.family.xy_scales
        scale = (
            float(by_stride.get(round(stride[0]), min(by_stride.values())))
            if by_stride and "xy_scale" not in description.stated
            else _one_of(said["xy_scale"], number, count, "xy_scale")
        )
        offset = said.get("xy_offset", (1 - scale) / 2)
        return {"xy_scale": scale, "xy_offset": _one_of(offset, number, count, "xy_offset")}
    # Without an offset map, CenterNet's boxes are centred at a cell's middle (ctdet_decode).
    usual = said.get("xy_offset", 0.0 if "offset" in parts else 0.5)
    return {"xy_offset": _one_of(usual, number, count, "xy_offset")}


def _one_of(given: Any, number: int, count: int, name: str) -> float:
    """Return a number that is one for all grids, or one for each."""
    rows = list(given) if isinstance(given, list | tuple) else [given] * count
    if len(rows) != count:
        raise UsageError(
            f"The head's {name} has {len(rows)} numbers, and there are {count} grids. Give one for "
            "each, or one for all."
        )
    if isinstance(rows[number], bool) or not isinstance(rows[number], int | float):
        raise UsageError(f"The head's {name} must be a number, got {rows[number]!r}. Correct it.")
    return float(rows[number])
