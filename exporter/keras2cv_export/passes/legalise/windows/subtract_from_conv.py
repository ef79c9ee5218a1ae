"""Subtract the negative where OpenCV would take a sum for a residual connection or a bias.

    Add(Conv(x) (n, c, h, w), t (n, c, 1, 1))      ->  Sub(Conv(x), Neg(t))
    Add(MatMul(x, w) (n, n), k (n, 1) constant)    ->  Sub(MatMul(x, w), -k)
    Add(Conv(x) (n, c, d, h, w), t of that shape)  ->  Sub(Conv(x), Neg(t))

The new engine of 5.0 merges the sum into the convolution, and finds only at run time that the
shapes differ ("residual added after convolution must have the same shape"). Diffusion models add
their time embedding that way. It silently takes a constant column after a product for a bias, which
is a row. The classic engine, and 4.7 to 4.14, merge the sum into a convolution over volumes too,
and then stop ("Conv3D does not support .."). None does so for Sub. Exact.
"""

from __future__ import annotations

from math import prod

import onnx_ir as ir

from keras2cv_export.graph.edit import (
    Array,
    constant,
    new_constant,
    new_node,
    nodes,
    shape_of,
    substitute,
)

_VOLUME = 5


def subtract_from_conv(model: ir.Model) -> int:
    """Rewrite in place; return how many Adds changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Add"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    left, right = node.inputs
    shapes = shape_of(left), shape_of(right)
    if left is None or right is None or None in shapes:
        return 0
    if shapes[0] == shapes[1] and len(shapes[0] or ()) != _VOLUME:
        return 0
    column = constant(right)
    if column is not None and _is_column(left, column):
        negative = new_constant(model, -column, node.outputs[0])
        return substitute(node, new_node(node, "Sub", [left, negative], like=node.outputs[0]))
    if not (_is_made_by(left, "Conv") or _is_made_by(right, "Conv")):
        return 0
    if shapes[0] != shapes[1] and (column is not None or constant(left) is not None):
        return 0
    if prod(shapes[0] or ()) < prod(shapes[1] or ()) or constant(left) is not None:
        left, right = right, left
    negative = new_node(node, "Neg", [right], like=right)
    return substitute(node, new_node(node, "Sub", [left, negative], like=node.outputs[0]))


def _is_column(left: ir.Value, column: Array) -> bool:
    """Whether a constant has the size of a bias of a product, but not its shape."""
    shape = shape_of(left) or (0,)
    return (
        _is_made_by(left, "MatMul", "Gemm")
        and column.size == shape[-1] > 1
        and column.shape[-1] != shape[-1]
    )


def _is_made_by(value: ir.Value, *ops: str) -> bool:
    producer = value.producer()
    return producer is not None and producer.op_type in ops
