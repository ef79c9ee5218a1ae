"""Look rows of a small table up by a product with ones and zeros.

    Gather(table (v, d), i (n, t))
      ->  MatMul(1 - Sign(Abs(i (n t, 1) - (0, .., v - 1))), table)

4.6 has no Gather by computed indices, which an Embedding needs. Exact: sums of one row and zeros.
For another axis, the table is transposed first. Left alone where the table is large, because newer
versions look up faster and 4.6 cannot run it; or where it may hold infinity or NaN.
"""

from __future__ import annotations

from math import prod

import onnx_ir as ir

from keras2cv_export.graph.bounds import surely_finite
from keras2cv_export.graph.edit import (
    constant,
    integer,
    new_constant,
    new_node,
    nodes,
    reshape,
    shape_of,
    substitute,
    transpose,
)
from keras2cv_export.graph.misses import miss
from keras2cv_export.graph.one_hot import as_numbers, one_hot

_FLOAT = ir.DataType.FLOAT
# Rows times look-ups. A million of them are compared in half a millisecond.
_LARGEST = 2**20


def lookup_to_matmul(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Gather"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    table, indices, output = node.inputs[0], node.inputs[1], node.outputs[0]
    shape, wanted, target = shape_of(table), shape_of(indices), shape_of(output)
    if table is None or indices is None or shape is None or wanted is None or target is None:
        return 0
    if constant(indices) is not None or table.dtype != _FLOAT:
        return 0
    if not surely_finite(table):
        return miss(node, "its table may hold infinity")
    axis = integer(node, "axis", 0) % len(shape)
    count, rows = prod(wanted), shape[axis]
    if rows * count > _LARGEST:
        return miss(node, "its table is too large for a product to be worth it")
    rest = [a for a in range(len(shape)) if a != axis]
    flat = _rows(model, node, table, [axis, *rest])
    width = prod(shape) // rows
    column = reshape(model, node, as_numbers(node, indices), (count, 1), like=output)
    hot = one_hot(model, node, column, rows)
    taken = new_node(node, "MatMul", [hot, flat], like=output, shape=(count, width))
    if axis:  # the looked-up axis is now in front
        apart = reshape(model, node, taken, (count, *(shape[a] for a in rest)), like=output)
        back = [*range(1, axis + 1), 0, *range(axis + 1, len(shape))]
        taken = transpose(node, apart, back, like=output)
    return substitute(node, reshape(model, node, taken, target, like=output))


def _rows(model: ir.Model, node: ir.Node, table: ir.Value, order: list[int]) -> ir.Value:
    """Return the table as one row per index."""
    array, shape = constant(table), shape_of(table) or ()
    rows = (shape[order[0]], prod(shape) // shape[order[0]])
    if array is not None:
        return new_constant(model, array.transpose(order).reshape(rows), node.outputs[0])
    turned = transpose(node, table, order, like=node.outputs[0])
    return reshape(model, node, turned, rows, like=node.outputs[0])
