"""Which output holds which parts of a head, on which grid, in which order of axes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from keras2cv.errors import UsageError
from keras2cv.tasks.detect.head import Part
from keras2cv_export.tasks.outputs import Output, listed

from .head_description import HeadDescription
from .head_grid_levels import GridLevel, flat_levels, spatial_levels
from .head_grids import spatial_grid
from .head_options import TURNED
from .head_roles import Source, parts_of, roles_in


@dataclass(frozen=True)
class PlacedOutput:
    """An output, its parts, the order of its axes, and its grid's number; None: of all grids."""

    output: Output
    parts: tuple[Part, ...]
    axes: str
    level: int | None


def guessed_sources(description: HeadDescription, outputs: Sequence[Output]) -> list[Source]:
    """Return the outputs by their parts, where nobody names them.

    Raises:
        UsageError: Nothing shows which output is what.
    """
    groups: dict[Any, list[Output]] = defaultdict(list)
    for output in outputs:
        groups[_key(description, output)].append(output)
    if all(len(group) == 1 for group in groups.values()):
        if "columns" not in description.said:
            raise UsageError(
                f"The head {description.head.family} does not say what a row of "
                f'{listed(outputs)} holds. Give "columns", such as '
                '"box+objectness+scores" or "box+scores".'
            )
        _check_alike(outputs)
        return [Source(parts_of(description.said["columns"]), tuple(outputs))]
    by_part: dict[Part, list[Output]] = defaultdict(list)
    for number, (key, group) in enumerate(groups.items()):
        found = roles_in(group, _channels(group, key), description.form,
                         _box_channels(description, key, number, len(groups)))  # fmt: skip
        for part, output in found.items():
            by_part[part].append(output)
    return [Source((part,), tuple(found)) for part, found in by_part.items()]


def _check_alike(outputs: Sequence[Output]) -> None:
    """Raise unless all outputs may be the same for different grids.

    Raises:
        UsageError: They have other axes, or are tables of other widths.
    """
    ranks = {len(output.shape) for output in outputs}
    widths = [{output.shape[axis] for output in outputs} for axis in (0, -1)]
    is_table = ranks == {2} and min(map(len, widths)) > 1
    if len(ranks) > 1 or ranks == {1} or is_table:
        raise UsageError(
            f"The outputs are not one for each grid of a head: {listed(outputs)}. Name those that "
            'belong to it, "raw", or "boxes" and "scores", in the head\'s FILE.json.'
        )


def _key(description: HeadDescription, output: Output) -> tuple[Any, ...]:
    """Return what the outputs of one grid have in common."""
    if len(output.shape) >= 3:
        grid, _ = spatial_grid(
            output, description.head.axes, description.size_wh, description.strides
        )
        return ("grid", grid.rows, grid.columns)
    size = output.shape[-1] if description.head.axes in TURNED else None
    return ("flat", output.shape[0] if size is None else size)


def _channels(group: Sequence[Output], key: tuple[Any, ...]) -> list[int]:
    cells = prod(key[1:])
    return [output.size // cells for output in group]


def _box_channels(
    description: HeadDescription, key: tuple[Any, ...], number: int, count: int
) -> int | None:
    """Return how many numbers the boxes of a cell take; None if that is open."""
    if description.form in ("offsets", "boxes"):
        return None if key[0] == "grid" else 4
    if description.form != "anchors" or key[0] == "flat":
        return description.box_width
    sizes = description.sizes
    each = sizes[number % len(sizes)]
    is_shared = description.order == "shared" and len(each) > 1
    return (len(each) // count if is_shared else len(each)) * description.box_width


def layout_of(
    description: HeadDescription, sources: Sequence[Source]
) -> tuple[list[GridLevel], list[PlacedOutput]]:
    """Return the grids, and every output with its place among them."""
    first = next(source for source in sources if "box" in source.parts)
    if all(len(output.shape) < 3 for output in first.outputs):
        levels = flat_levels(description, first)
    else:
        levels = spatial_levels(description, first)
    placed = [
        _placed(description, source, output, number, levels)
        for source in sources
        for number, output in enumerate(source.outputs)
    ]
    return levels, placed


def _placed(
    description: HeadDescription, source: Source, output: Output, number: int,
    levels: Sequence[GridLevel],
) -> PlacedOutput:  # fmt: skip
    if len(source.outputs) not in (1, len(levels)):
        raise UsageError(
            f"The head has {len(levels)} grids, and {len(source.outputs)} outputs for "
            f"{'+'.join(source.parts)}: {listed(source.outputs)}. Name one for each grid, or one "
            "for all."
        )
    of_all = len(source.outputs) == 1 and len(levels) > 1
    if len(output.shape) < 3:
        count = sum(v.grid.cells * v.boxes for v in (levels if of_all else [levels[number]]))
        axes = description.head.axes or _flat_axes(output, count, [v.boxes for v in levels])
        _check_turned(output, axes, count)
        return PlacedOutput(output, source.parts, axes, None if of_all else number)
    grid, axes = spatial_grid(
        output, description.head.axes, description.size_wh, description.strides
    )
    wanted = levels[number].grid
    if (grid.rows, grid.columns) != (wanted.rows, wanted.columns):
        raise UsageError(
            f"The output {output} has a grid of {grid}, and the boxes of the same place have "
            f"{wanted}. Name the outputs of each part in the same order."
        )
    return PlacedOutput(output, source.parts, axes, number)


def _flat_axes(output: Output, count: int, boxes: Sequence[int]) -> str:
    """Return the order of (M, K) or (K, M)."""
    is_turned = len(output.shape) == 2 and output.shape[0] != count == output.shape[1]
    if not is_turned:
        return "cells,anchors,values"
    return "anchors,values,cells" if set(boxes) == {1} else "values,cells,anchors"


def _check_turned(output: Output, axes: str, count: int) -> None:
    """Raise unless a table of a row for each box, or of a column, has such axes.

    Raises:
        UsageError: The stated axes are those of the other.
    """
    if len(output.shape) != 2 or output.shape[0] == output.shape[1]:
        return
    is_turned, rows = output.shape[1] == count, output.shape[0] == count
    if (is_turned and axes.endswith("values")) or (rows and axes.startswith("values")):
        wanted = "begin with values" if is_turned else "end in values"
        raise UsageError(
            f"The output {output} has {count} {'columns' if is_turned else 'rows'}, one for each "
            f'box, and "axes" is {axes!r}. Give axes that {wanted}.'
        )
