"""Give comparisons operands of one shape.

    Greater(x (n, c, h, w), 2)  ->  Greater(x, twos (n, c, h, w))
    Less(x (n, c), y (n, 1))    ->  Less(x, Expand(y, (n, c)))

4.6 has no other comparisons. Exact.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import nodes, shape_of, widen

_COMPARISONS = ("Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Equal")


def compare_alike(model: ir.Model) -> int:
    """Rewrite in place; return how many operands changed."""
    return sum(_widen(model, node, k) for node in nodes(model, *_COMPARISONS) for k in (0, 1))


def _widen(model: ir.Model, node: ir.Node, k: int) -> int:
    value, full = node.inputs[k], shape_of(node.outputs[0])
    if value is None or full is None or shape_of(value) in (None, full):
        return 0
    return widen(model, node, k, full)
