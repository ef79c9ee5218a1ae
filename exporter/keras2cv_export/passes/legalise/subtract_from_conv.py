"""Subtract the negative where a sum would be taken for a residual connection.

    Add(Conv(x) (n, c, h, w), t (n, c, 1, 1))  ->  Sub(Conv(x), Neg(t))

The new engine of 5.0 lets a convolution add the other operand as it goes, and only when it runs
finds that the shapes differ ("residual added after convolution must have the same shape").
Diffusion models add their time embedding that way. It does not do so for Sub. Exact.
"""

from __future__ import annotations

from math import prod

import onnx_ir as ir

from keras2cv_export.graph import constant, new_node, nodes, shape_of, substitute


def subtract_from_conv(model: ir.Model) -> int:
    """Rewrite in place; return how many Adds changed."""
    return sum(_rewrite(node) for node in nodes(model, "Add"))


def _rewrite(node: ir.Node) -> int:
    left, right = node.inputs
    shapes = shape_of(left), shape_of(right)
    if left is None or right is None or None in shapes or shapes[0] == shapes[1]:
        return 0
    if not (_is_conv(left) or _is_conv(right)):
        return 0
    if constant(left) is not None or constant(right) is not None:
        return 0
    if prod(shapes[0] or ()) < prod(shapes[1] or ()):
        left, right = right, left
    negative = new_node(node, "Neg", [right], like=right)
    return substitute(node, new_node(node, "Sub", [left, negative], like=node.outputs[0]))


def _is_conv(value: ir.Value) -> bool:
    producer = value.producer()
    return producer is not None and producer.op_type == "Conv"
