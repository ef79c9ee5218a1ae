"""What a strided slice takes of an open axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras2cv_export.tracing.tf_ops.node import Node, RefusedError

from .rows import HINT


def strided_rows(
    node: Node, bounds: Sequence[Any], source: Any, open_axis: int
) -> tuple[int, slice] | None:
    """Return where the open axis is in the result, and what is taken of it; None: one row.

    Args:
        node: A StridedSlice.
        bounds: Its begin, end and strides.
        source: Its tensor.
        open_axis: The open axis of that.

    Raises:
        RefusedError: What is taken counts from the end, or not in steps of one.
    """
    axis = result = 0
    for place, (begin, end, stride) in enumerate(zip(*bounds, strict=True)):
        if _bit(node, "ellipsis_mask", place):
            rest = len(source.shape) - _axes_behind(node, place, len(bounds[0]))
            if axis <= open_axis < rest:
                return result + open_axis - axis, slice(None)
            result, axis = result + rest - axis, rest
        elif _bit(node, "new_axis_mask", place):
            result += 1
        elif axis == open_axis:
            return _taken(node, place, (int(begin), int(end), int(stride)), result)
        else:
            result += not _bit(node, "shrink_axis_mask", place)
            axis += 1
    return result + open_axis - axis, slice(None)


def _taken(
    node: Node, place: int, bounds: tuple[int, int, int], result: int
) -> tuple[int, slice] | None:
    begin, end, stride = bounds
    if _bit(node, "shrink_axis_mask", place):
        if begin < 0:
            raise RefusedError("it counts from the end of a number that depends on values", HINT)
        return None
    first = None if _bit(node, "begin_mask", place) else begin
    last = None if _bit(node, "end_mask", place) else end
    if stride != 1 or min(first or 0, last or 0) < 0:
        raise RefusedError("it counts from the end of a number that depends on values", HINT)
    return result, slice(first, last)


def _axes_behind(node: Node, place: int, count: int) -> int:
    """How many of the source's axes the numbers behind an ellipsis are for."""
    return sum(not _bit(node, "new_axis_mask", k) for k in range(place + 1, count))


def _bit(node: Node, mask: str, place: int) -> bool:
    return bool(int(node.attr(mask, 0)) >> place & 1)
