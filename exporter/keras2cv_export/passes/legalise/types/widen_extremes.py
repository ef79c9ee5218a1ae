"""Give Max and Min operands of one shape.

    Max(x (n, c, h, w), y (n, 1, h, 1))  ->  Max(x, Expand(y, (n, c, h, w)))
    Min(x (n, c, h, w), k (c, 1, 1))     ->  Min(x, k copied to (n, c, h, w))

4.7 to 4.10 silently take the wrong elements where an axis between others is broadcast. Exact.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import constant, nodes, shape_of, widen


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
    return 0 if array is not None and array.size == 1 else widen(model, node, k, full)
