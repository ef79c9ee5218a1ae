"""Part "at least" and "at most" where infinity may be compared.

    GreaterOrEqual(a, b)  ->  Or(Greater(a, b), Equal(a, b))
    LessOrEqual(a, b)     ->  Or(Less(a, b), Equal(a, b))

4.6 has neither. Exact, for what is no number, too. Comparisons of finite numbers are computed as
numbers in one step (`bools_to_floats`).
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.bounds import surely_finite
from keras2cv_export.graph.edit import new_node, nodes, substitute

_STRICT = {"GreaterOrEqual": "Greater", "LessOrEqual": "Less"}


def part_comparisons(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(node) for node in nodes(model, *_STRICT))


def _rewrite(node: ir.Node) -> int:
    if all(surely_finite(operand) for operand in node.inputs):
        return 0
    output = node.outputs[0]
    parts = [
        new_node(node, op, node.inputs, like=output) for op in (_STRICT[node.op_type], "Equal")
    ]
    return substitute(node, new_node(node, "Or", parts, like=output))
