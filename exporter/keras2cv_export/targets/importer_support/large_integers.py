"""Arithmetic on whole numbers that are surely above 2^24, which OpenCV's float32 rounds.

Bounds that are not known count as small: the inputs are, and few models multiply indices. A hash,
or three bytes and more in one number, has a large constant or a known large result.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, nodes
from keras2cv_export.graph.spans import span

from .found import Unsupported, UnsupportedOpsError, layer_of

_LARGEST: Final = 2.0**24
_SLACK: Final = 1.001  # bounds are widened by what floats round: three bytes are below 2^24
_SUMS: Final = ("Add", "Sub", "Mod")
_ARITHMETIC: Final = (*_SUMS, "Mul", "MatMul", "ReduceSum", "CumSum")


def refuse_large_integers(model: ir.Model) -> None:
    """Refuse a graph that computes with whole numbers which float32 does not hold.

    Raises:
        UnsupportedOpsError: There are such nodes.
    """
    found = [
        Unsupported(
            node.op_type,
            layer_of(node.name or ""),
            "it computes with whole numbers above 2^24, which OpenCV rounds to float32",
            "Keep them smaller, or do that part outside of the model.",
        )
        for node in nodes(model, *_ARITHMETIC)
        if _is_too_large(node)
    ]
    if found:
        raise UnsupportedOpsError(found)


def _is_too_large(node: ir.Node) -> bool:
    output = node.outputs[0]
    if output.dtype is None or not output.dtype.is_integer():
        return False
    known = [array for value in node.inputs[:2] if (array := constant(value)) is not None]
    if len(known) == len(node.inputs):  # it is folded
        return False
    if node.op_type in _SUMS and any(
        np.abs(array.astype(float)).max() > _LARGEST for array in known if array.size
    ):
        return True
    if any(
        (array.astype(np.float32).astype(float) != array.astype(float)).any() for array in known
    ):
        return True
    if node.op_type == "Mul" and any(_are_powers_of_two(array) for array in known):
        return False
    low, high = span(output)
    size = max(-low, high)
    return bool(np.isfinite(size) and size > _LARGEST * _SLACK)


def _are_powers_of_two(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> bool:
    """Whether a product with them is exact in float32."""
    mantissas, _ = np.frexp(array.astype(float))
    return bool(np.isin(np.abs(mantissas), (0.0, 0.5)).all())
