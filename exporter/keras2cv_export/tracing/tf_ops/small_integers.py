"""Whole numbers that are surely float32 numbers too, which OpenCV computes with."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from .node import INPUT, MOST_EXACT, RefusedError, known

_NARROW: Final = ("uint8", "int8", "uint16", "int16")
_PLACES: Final = ("ArgMax", "ArgMin", "Bucketize", "LowerBound", "Shape", "Size", "UpperBound")
_MOVES: Final = (
    "BroadcastTo", "Cast", "ConcatV2", "ExpandDims", "GatherV2", "Identity", "Max", "Min", "Pack",
    "Reshape", "ReverseV2", "Slice", "Split", "Squeeze", "StridedSlice", "Tile", "Transpose",
)  # fmt: skip
_UNKNOWN: Final = (-math.inf, math.inf)


def are_small(tensor: Any) -> bool:
    """Whether a tensor's whole numbers are surely within +-2^24, judging by the ops before it.

    The inputs are: `predict` refuses larger ones.
    """
    low, high = _bounds(tensor)
    return low >= -MOST_EXACT and high <= MOST_EXACT


def _bounds(tensor: Any) -> tuple[float, float]:
    value = known(tensor)
    if value is not None:
        return (float(value.min()), float(value.max())) if value.size else (0.0, 0.0)
    if tensor.dtype == "bool":
        return 0.0, 1.0
    if not tensor.dtype.is_integer:
        return _UNKNOWN
    if tensor.dtype.name in _NARROW:
        limits = np.iinfo(tensor.dtype.as_numpy_dtype)
        return float(limits.min), float(limits.max)
    return _computed(tensor.op)


def _computed(op: Any) -> tuple[float, float]:
    """Return the bounds of what an op computes."""
    if op.name.startswith(INPUT):
        return -float(MOST_EXACT), float(MOST_EXACT)
    if op.type in _PLACES:
        return 0.0, float(MOST_EXACT)
    if op.type in ("Maximum", "Minimum"):
        pick = max if op.type == "Maximum" else min
        lows, highs = zip(*map(_bounds, op.inputs), strict=True)
        return pick(lows), pick(highs)
    if op.type == "FloorMod":
        low, high = _bounds(op.inputs[1])
        return min(low, 0.0), max(high, 0.0)
    if op.type not in _MOVES:
        return _UNKNOWN
    lows, highs = zip(*map(_bounds, op.inputs), strict=True)  # sizes and axes are small, too
    return min(lows), max(highs)


def require_comparable(*sides: Any) -> None:
    """Refuse to compare whole numbers as float32 unless one side is surely within +-2^24.

    One side is enough: rounding keeps the order, and no larger number rounds to a smaller one.

    Raises:
        RefusedError: All sides are whole numbers that may be larger.
    """
    if all(side.dtype.is_integer for side in sides) and not any(map(are_small, sides)):
        raise RefusedError(
            "it compares whole numbers that may be above 2^24, which OpenCV rounds to float32",
            "Bound one side with tf.minimum and tf.maximum.",
        )
