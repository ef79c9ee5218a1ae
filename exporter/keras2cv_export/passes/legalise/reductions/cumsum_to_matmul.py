"""Add up along an axis by a product with a triangle of ones.

    CumSum(x (.., n), last axis)  ->  MatMul(x, T (n, n)),  T[i, j] = 1 where i <= j

4.6 and 4.8 leave sums unfinished, or crash. Exact up to the order of summation. Where x may be
infinite, 0 times x may be NaN: a short axis is added slice by slice then.

    CumSum(x (.., 3), last axis)  ->  Concat(x0, x0 + x1, x0 + x1 + x2)
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.bounds import surely_finite
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
# Slices of what may be infinite; a longer axis takes the product, as it is finite for most models.
_MOST_SLICES = 64


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
    if shape[axis] <= _MOST_SLICES and not surely_finite(value):
        return _slice_by_slice(model, node, value, axis)
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


def _slice_by_slice(model: ir.Model, node: ir.Node, value: ir.Value, axis: int) -> int:
    output, shape = node.outputs[0], list(shape_of(value) or ())
    count, shape[axis] = shape[axis], 1
    slices = []
    for k in range(count):
        bounds = [new_constant(model, np.array([n], np.int64), output) for n in (k, k + 1, axis)]
        slices.append(new_node(node, "Slice", [value, *bounds], like=output, shape=shape))
    backwards = bool(integer(node, "reverse", 0))
    if backwards:
        slices.reverse()
    sums = slices[:1]
    for one in slices[1:]:
        sums.append(new_node(node, "Add", [sums[-1], one], like=output, shape=shape))
    if integer(node, "exclusive", 0):
        sums = [new_constant(model, np.zeros(shape, np.float32), output), *sums[:-1]]
    ordered = sums[::-1] if backwards else sums
    return substitute(node, new_node(node, "Concat", ordered, {"axis": axis}, like=output))
