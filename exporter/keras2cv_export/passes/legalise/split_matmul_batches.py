"""Multiply by several constant matrices one after the other.

    MatMul(x (2, l, m), k (2, m, n))  ->  Concat(MatMul(x[0], k[0]), MatMul(x[1], k[1]))

4.6 multiplies by one constant matrix only. Exact: the same products.
"""

from __future__ import annotations

from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph import (
    Array,
    constant,
    new_constant,
    new_node,
    nodes,
    reshape,
    shape_of,
    substitute,
)

# Products. Beyond these a net is slower than it is worth.
_MOST = 256


def split_matmul_batches(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "MatMul"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    value, kernel, output = node.inputs[0], constant(node.inputs[1]), node.outputs[0]
    shape, target = shape_of(value), shape_of(output)
    if value is None or kernel is None or shape is None or target is None:
        return 0
    count = prod(kernel.shape[:-2])
    if not 1 < count <= _MOST or shape[:-2] != kernel.shape[:-2]:
        return 0
    stack = reshape(model, node, value, (count, *shape[-2:]), like=output)
    matrices = kernel.reshape(count, *kernel.shape[-2:])
    parts = [_product(model, node, stack, i, matrix) for i, matrix in enumerate(matrices)]
    joined = (count, *target[-2:])
    made = new_node(node, "Concat", parts, {"axis": 0}, like=output, shape=joined)
    return substitute(node, reshape(model, node, made, target, like=output))


def _product(model: ir.Model, node: ir.Node, stack: ir.Value, i: int, matrix: Array) -> ir.Value:
    output = node.outputs[0]
    _, rows, inner = shape_of(stack) or ()
    bounds = [new_constant(model, np.array([n], np.int64), output) for n in (i, i + 1, 0)]
    part = new_node(node, "Slice", [stack, *bounds], like=output, shape=(1, rows, inner))
    flat = reshape(model, node, part, (rows, inner), like=output)
    right = new_constant(model, matrix, output)
    made = new_node(node, "MatMul", [flat, right], like=output, shape=(rows, matrix.shape[1]))
    return reshape(model, node, made, (1, rows, matrix.shape[1]), like=output)
