"""The grids of a head's outputs: rows, columns and stride, and the order of an output's axes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, prod
from typing import Any, Final

from keras2cv.errors import UsageError
from keras2cv_export.tasks.outputs import Output

from .head_options import AXES

Pair = tuple[int, int]
_STRIDES: Final = tuple(2**k for k in range(9))


@dataclass(frozen=True)
class Grid:
    """The cells of one level. `stride_wh`: in pixels of the input; None if nothing shows it."""

    rows: int
    columns: int
    stride_wh: tuple[float, float] | None

    @property
    def cells(self) -> int:
        """How many there are."""
        return self.rows * self.columns

    def __str__(self) -> str:
        """Show as `26x26`."""
        return f"{self.rows}x{self.columns}"


def read_strides(given: Any) -> tuple[Pair, ...]:
    """Return strides as (w, h) each.

    Raises:
        UsageError: They are no whole numbers above 0.
    """
    return tuple(_pairs(given, "Strides must be whole numbers above 0"))


def read_grids(given: Any, size_wh: Pair) -> list[Grid]:
    """Return grids of stated rows and columns, which divide the input among them.

    Raises:
        UsageError: They are no whole numbers above 0.
    """
    pairs = _pairs(given, "Grids must be rows and columns above 0")
    width, height = size_wh
    return [Grid(rows, columns, (width / columns, height / rows)) for rows, columns in pairs]


def _pairs(given: Any, rule: str) -> list[Pair]:
    """Return pairs of whole numbers above 0; a number alone is a pair of itself.

    Raises:
        UsageError: They are something else, by a message that begins with the rule.
    """
    rows = given if isinstance(given, list | tuple) else [given]
    pairs = [tuple(row) if isinstance(row, list | tuple) else (row, row) for row in rows]
    if not pairs or not all(
        len(pair) == 2 and all(type(n) is int and n > 0 for n in pair) for pair in pairs
    ):
        raise UsageError(f"{rule}, got {given!r}. Correct them.")
    return [(first, second) for first, second in pairs]


def grids_of_strides(strides: Sequence[Pair], size_wh: Pair) -> list[Grid]:
    """Return the grid of each stride, as convolutions with padding `same` make them."""
    width, height = size_wh
    return [Grid(ceil(height / h), ceil(width / w), (float(w), float(h))) for w, h in strides]


def is_flat(output: Output) -> bool:
    """Whether an output has lost its grid: (M, K) or (M,)."""
    return len(output.shape) < 3


def spatial_grid(
    output: Output, axes: str | None, size_wh: Pair | None, strides: Sequence[Pair] | None
) -> tuple[Grid, str]:
    """Return the grid of an output with rows and columns, and the order of its axes.

    Args:
        output: Of rank 3 or 4.
        axes: Stated by the user, or None.
        size_wh: Of the input in pixels; None if it takes no image.
        strides: Stated by the user, or None.

    Raises:
        UsageError: No stride makes such a grid.
    """
    tried = list(_places(output.shape, axes))
    for find in (_stride, _uneven_stride):  # the likelier first, over all orders
        for rows, columns, order in tried:
            stride = find(rows, columns, size_wh, strides)
            if stride is not None:
                return Grid(rows, columns, stride), order
    raise UsageError(_no_stride(output, tried, size_wh, strides))


def _places(shape: Sequence[int], axes: str | None) -> Iterator[tuple[int, int, str]]:
    """Yield (rows, columns, axes) for each order that a shape of rank 3 or 4 may have."""
    for order in AXES if axes is not None else (AXES[0], AXES[2], AXES[3]):
        if axes not in (None, order):
            continue
        first = {"cells": 0, "anchors": 1, "values": 1}[order.split(",")[0]]
        if order.startswith("anchors,values") or order == "values,anchors,cells":
            yield shape[-2], shape[-1], order
        elif first == 0:
            yield shape[0], shape[1], order
        elif len(shape) == 4:
            yield shape[1], shape[2], order


def _stride(
    rows: int, columns: int, size_wh: Pair | None, strides: Sequence[Pair] | None
) -> tuple[float, float] | None:
    if size_wh is None:
        stated = strides[0] if strides is not None and len(strides) == 1 else None
        return None if stated is None else (float(stated[0]), float(stated[1]))
    width, height = size_wh
    for w, h in strides or [(s, s) for s in _STRIDES]:
        if (ceil(height / h), ceil(width / w)) == (rows, columns):
            return float(w), float(h)
    return None


def _uneven_stride(
    rows: int, columns: int, size_wh: Pair | None, strides: Sequence[Pair] | None
) -> tuple[float, float] | None:
    """Return a stride that is no power of two, or that is another for rows than for columns."""
    if size_wh is None or strides is not None or size_wh[1] % rows or size_wh[0] % columns:
        return None
    return size_wh[0] / columns, size_wh[1] / rows


def _no_stride(
    output: Output,
    tried: Sequence[tuple[int, int, str]],
    size_wh: Pair | None,
    strides: Sequence[Pair] | None,
) -> str:
    rows, columns, _ = tried[0]
    grid = f"The output {output} has a grid of {rows}x{columns}"
    if size_wh is None:
        return f"{grid}, and the model's input is no image. Give --preprocess, or one stride."
    shown = f"an input of {size_wh[1]}x{size_wh[0]} (rows x columns)"
    if strides is None:
        return f"{grid}, and no stride makes that of {shown}. Give the strides, or the axes."
    made = ", ".join(map(str, grids_of_strides(strides, size_wh)))
    words = ", ".join(f"{w}" if w == h else f"{w}x{h}" for w, h in strides)
    return f"{grid}, and the strides {words} make {made} of {shown}. Correct the strides."


def check_flat(output: Output, grids: Sequence[Grid], boxes: Sequence[int]) -> None:
    """Raise unless a flat output has as many boxes as the grids together.

    Raises:
        UsageError: It has more or fewer.
    """
    count = sum(grid.cells * each for grid, each in zip(grids, boxes, strict=True))
    if prod(output.shape) % count:
        shown = " + ".join(f"{g} x {b}" for g, b in zip(grids, boxes, strict=True))
        raise UsageError(
            f"The output {output} must hold {count} boxes, {shown} (rows x columns x anchors), and "
            f"its {prod(output.shape)} numbers cannot. Give the strides of its grids."
        )
