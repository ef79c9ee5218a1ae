"""A head's outputs as tables: a row per box, in the order of levels, rows, columns and anchors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.tasks.detect.head import Head, HeadLevel, HeadOutput, role_of

Array = NDArray[Any]


def tables_of(head: Head, sample: Mapping[str, Array]) -> dict[str, Array]:
    """Return part -> (M, width) of a sample: role -> array."""
    by_level: dict[str, dict[int, Array]] = {}
    for index, output in enumerate(head.outputs):
        first = 0 if output.level is None else output.level
        blocks = _blocks(output, head.levels_of(output), sample[role_of(index)])
        for number, block in enumerate(blocks, first):
            for part, columns in _columns_of(head, output, block.shape[1]).items():
                by_level.setdefault(part, {})[number] = block[:, columns]
    return {
        part: np.concatenate([found[k] for k in sorted(found)]) if len(found) > 1 else found[0]
        for part, found in by_level.items()
    }


def _columns_of(head: Head, output: HeadOutput, width: int) -> dict[str, slice]:
    """Return the columns of each part; the scores have those that the others leave."""
    known = {part: head.width_of(part) for part in output.parts}
    rest = width - sum(count for count in known.values() if count is not None)
    found, start = {}, 0
    for part, count in known.items():
        end = start + (rest if count is None else count)
        found[str(part)] = slice(start, end)
        start = end
    return found


def _blocks(output: HeadOutput, levels: tuple[HeadLevel, ...], array: Array) -> list[Array]:
    """Return (boxes, numbers) of each level."""
    count = sum(level.count for level in levels)
    width = array.size // count
    if len(levels) == 1:
        return [_block(output.axes, levels[0], array.reshape(-1), width)]
    if output.axes == "anchors,values,cells" or output.axes.startswith("values"):
        array = array.reshape(width, count).T  # where it lies between, one box per cell (`Head`)
    ends = np.cumsum([level.count for level in levels])[:-1]
    parts = np.split(array.reshape(count, width), ends)
    if output.axes not in ("anchors,cells,values", "values,anchors,cells"):
        return parts
    return [
        _block("anchors,cells,values", level, part.reshape(-1), width)
        for level, part in zip(levels, parts, strict=True)
    ]


def _block(axes: str, level: HeadLevel, flat: Array, width: int) -> Array:
    sizes = {"cells": level.rows * level.columns, "anchors": level.boxes, "values": width}
    names = axes.split(",")
    order = [names.index(name) for name in ("cells", "anchors", "values")]
    grid = flat.reshape([sizes[name] for name in names]).transpose(order)
    return np.asarray(grid.reshape(-1, width))
