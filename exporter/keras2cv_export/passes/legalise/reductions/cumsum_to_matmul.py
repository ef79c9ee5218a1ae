"""Add up along an axis by a product with a triangle of ones.

    CumSum(x (.., n), last axis)  ->  MatMul(x, T (n, n)),  T[i, j] = 1 where i <= j

4.6 and 4.8 leave sums unfinished, or crash. Exact up to the order of summation.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    integer,
    new_constant,
    new_node,
    nodes,
    shape_of,
    substitute,
    transpose,
)

# Beyond this length the square matrix costs more than it is worth.
_LONGEST = 2048


def cumsum_to_matmul(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "CumSum"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    value, where = node.inputs[0], constant(node.inputs[1])
    shape, output = shape_of(value), node.outputs[0]
    if value is None or where is None or shape is None or len(shape) < 2:
        return 0
    rank, axis = len(shape), int(where.reshape(-1)[0]) % len(shape)
    if shape[axis] > _LONGEST:
        return 0
    triangle = np.triu(
        np.ones((shape[axis], shape[axis]), np.float32), integer(node, "exclusive", 0)
    )
    if integer(node, "reverse", 0):
        triangle = triangle.T
    perm = [a for a in range(rank) if a != axis] + [axis]
    turned = transpose(node, value, perm, like=output)
    matrix = new_constant(model, triangle, output)
    summed = new_node(node, "MatMul", [turned, matrix], like=turned)
    back = [int(a) for a in np.argsort(perm)]
    return substitute(node, transpose(node, summed, back, like=output))
