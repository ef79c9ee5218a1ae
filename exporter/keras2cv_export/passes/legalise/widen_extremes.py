"""Take the larger or smaller of tensors of one shape.

    Max(x (n, c, h, w), y (n, 1, h, 1))  ->  Max(x, Expand(y, (n, c, h, w)))
    Min(x (n, c, h, w), k (c, 1, 1))     ->  Min(x, k copied to (n, c, h, w))

4.7 to 4.10 take the wrong elements where an axis between others is broadcast, in silence. Exact.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph import constant, new_constant, new_node, nodes, shape_of


def widen_extremes(model: ir.Model) -> int:
    """Rewrite in place; return how many operands changed."""
    return sum(
        _widen(model, node, k)
        for node in nodes(model, "Max", "Min")
        for k in range(len(node.inputs))
    )


def _widen(model: ir.Model, node: ir.Node, k: int) -> int:
    value, full = node.inputs[k], shape_of(node.outputs[0])
    if value is None or full is None or shape_of(value) in (None, full):
        return 0
    array = constant(value)
    if array is not None and array.size == 1:
        return 0
    if array is not None:
        wide = new_constant(model, np.broadcast_to(array, full).copy(), node.outputs[0])
    else:
        target = new_constant(model, np.array(full, np.int64), node.outputs[0])
        wide = new_node(node, "Expand", [value, target], like=value, shape=full)
    node.replace_input_with(k, wide)
    return 1
