"""Cast integers to floats in one step.

    Cast(Cast(i (int64), int32), float)  ->  Cast(i, float)

Up to 4.14, after the first of two Casts, the result of ArgMax and TopK is read as if it were
float32 already. Exact for numbers that fit the type in between, as TensorFlow's own indices do.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import drop, nodes


def merge_casts(model: ir.Model) -> int:
    """Merge in place; return how many Casts were passed by."""
    return sum(_merge(node) for node in nodes(model, "Cast"))


def _merge(node: ir.Node) -> int:
    between = node.inputs[0]
    first = between.producer() if between is not None else None
    source = first.inputs[0] if first is not None and first.op_type == "Cast" else None
    if first is None or source is None or not _is_integer(source) or not _is_integer(between):
        return 0
    node.replace_input_with(0, source)
    drop(first)
    return 1


def _is_integer(value: ir.Value | None) -> bool:
    return value is not None and value.dtype is not None and value.dtype.is_integer()
