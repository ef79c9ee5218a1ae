"""Compare tensors of one shape.

    Greater(x (n, c, h, w), 2)  ->  Greater(x, twos (n, c, h, w))
    Less(x (n, c), y (n, 1))    ->  Less(x, Expand(y, (n, c)))

4.6 has no other comparisons. Exact.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph import constant, new_constant, new_node, nodes, shape_of

_COMPARISONS = ("Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Equal")


def compare_alike(model: ir.Model) -> int:
    """Rewrite in place; return how many operands changed."""
    return sum(_widen(model, node, k) for node in nodes(model, *_COMPARISONS) for k in (0, 1))


def _widen(model: ir.Model, node: ir.Node, k: int) -> int:
    value, full = node.inputs[k], shape_of(node.outputs[0])
    if value is None or full is None or shape_of(value) in (None, full):
        return 0
    array = constant(value)
    if array is not None:
        wide = new_constant(model, np.broadcast_to(array, full).copy(), node.outputs[0])
    else:
        target = new_constant(model, np.array(full, np.int64), node.outputs[0])
        wide = new_node(node, "Expand", [value, target], like=value, shape=full)
    node.replace_input_with(k, wide)
    return 1
