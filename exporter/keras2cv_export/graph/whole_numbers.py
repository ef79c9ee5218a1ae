"""Values that are known to hold whole numbers only, in an engine that computes in float32."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant

_WHOLE = ("Floor", "Ceil", "Round", "Sign", "ArgMax", "ArgMin", "Cast", "Equal", "Greater", "Less",
          "GreaterOrEqual", "LessOrEqual", "And", "Or", "Xor", "Not", "IsNaN", "IsInf", "Shape",
          "NonZero", "OneHot")  # fmt: skip
_WHOLE_IF_OPERANDS_ARE = (
    "Add", "Sub", "Mul", "Max", "Min", "Neg", "Abs", "Relu", "Reshape", "Transpose", "Slice",
    "Concat", "Gather", "Split", "Expand", "Tile", "Clip", "Identity", "ReduceSum", "ReduceMax",
    "ReduceMin", "Where", "Pad",
)  # fmt: skip


def is_whole(value: ir.Value | None, depth: int = 20) -> bool:
    """Whether a float32 value is known to hold whole numbers only."""
    if value is None or depth == 0:
        return value is None
    array, node = constant(value), value.producer()
    if array is not None:
        return bool(np.all(array == np.floor(array)))
    if node is None:
        return bool(value.meta.get("whole"))
    if node.op_type == "Cast":
        source = node.inputs[0]
        source_dtype = source.dtype if source is not None else None
        floating = source_dtype is None or source_dtype.is_floating_point()
        return is_whole(source, depth - 1) if floating else True
    if node.op_type in _WHOLE:
        return True
    return node.op_type in _WHOLE_IF_OPERANDS_ARE and all(
        is_whole(operand, depth - 1)
        for operand in node.inputs
        if operand is None or operand.dtype is None or operand.dtype.is_floating_point()
    )
