"""Look up rows of a table of each sample by a product with ones and zeros.

    GatherND<batch_dims=1>(x (b, n, w), i (b, k, 1))
      ->  MatMul(1 - Sign(Abs(i (b, k, 1) - (0, .., n - 1))), x)

4.6 has no Gather by computed indices. A gather along an axis, as take_along_axis and deformable
attention write it, has the same indices for all channels: one lookup serves all of these,

    x (h c, n), i (h c, k, 1), the same for each c  ->  MatMul(hot (h, k, n), x (h, n, c))

Exact: sums of one row and zeros. Left alone where the comparisons are too many, or where the table
may hold infinity.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
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
from keras2cv_export.graph.repeats import repeats

_FLOAT = ir.DataType.FLOAT
_LARGEST = 2**20  # comparisons
_SHAPING = ("Reshape", "Squeeze", "Unsqueeze", "Flatten")


@dataclass(frozen=True)
class _Lookup:
    """A table (outer, shared, rows, width), and indices (outer, shared, count) that shared share.

    Attributes:
        indices: The value that holds them, in any shape.
        outer: Tables with indices of their own.
        shared: Tables with the same indices.
        count: Indices per table.
        rows: Rows of a table.
        width: Numbers of a row.
    """

    indices: ir.Value
    outer: int
    shared: int
    count: int
    rows: int
    width: int


def rows_to_matmul(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "GatherND"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    table, indices, output = node.inputs[0], node.inputs[1], node.outputs[0]
    shape, points, target = shape_of(table), shape_of(indices), shape_of(output)
    batch = integer(node, "batch_dims", 0)
    if table is None or indices is None or shape is None or points is None or target is None:
        return 0
    if not batch or points[-1] != 1 or constant(indices) is not None or table.dtype != _FLOAT:
        return 0
    if not surely_finite(table):
        return miss(node, "its table may hold infinity")
    tables, count = prod(shape[:batch]), prod(points[batch:])
    source, shared = _shared(indices, tables, count)
    found = _Lookup(source, tables // shared, shared, count, shape[batch], prod(shape[batch + 1 :]))
    if found.outer * found.count * found.rows > _LARGEST:
        return miss(node, "its table is too large for a product to be worth it")
    taken = _taken(model, node, table, found)
    return substitute(node, reshape(model, node, taken, target, like=output))


def _shared(indices: ir.Value, tables: int, count: int) -> tuple[ir.Value, int]:
    """Return the value that says most about the indices, and how many tables share theirs."""
    best, value = (indices, 1), indices
    while True:
        shape, same = shape_of(value) or (), repeats(value)
        for cut in range(len(shape) + 1):
            if prod(shape[:cut]) == tables and prod(shape[cut:]) == count:
                first = cut
                while first and same[first - 1]:
                    first -= 1
                if prod(shape[first:cut]) > best[1]:
                    best = value, prod(shape[first:cut])
        node = value.producer()
        if node is None or node.op_type not in _SHAPING or node.inputs[0] is None:
            return best
        value = node.inputs[0]


def _taken(model: ir.Model, node: ir.Node, table: ir.Value, found: _Lookup) -> ir.Value:
    """Return (outer, shared, count, width)."""
    output, o, s = node.outputs[0], found.outer, found.shared
    apart = reshape(model, node, table, (o, s, found.rows, found.width), like=output)
    wide = transpose(node, apart, [0, 2, 1, 3], like=output) if s > 1 else apart
    rows = reshape(model, node, wide, (o, found.rows, s * found.width), like=output)
    size = (o, found.count, s * found.width)
    made = new_node(node, "MatMul", [_hot(model, node, found), rows], like=output, shape=size)
    back = reshape(model, node, made, (o, found.count, s, found.width), like=output)
    return transpose(node, back, [0, 2, 1, 3], like=output) if s > 1 else made


def _hot(model: ir.Model, node: ir.Node, found: _Lookup) -> ir.Value:
    """Mark each index in a row of zeros: (outer, count, rows)."""
    number = as_numbers(node, found.indices)
    if found.shared > 1:
        number = _first(model, node, number, found)
    size = (found.outer, found.count, 1)
    column = reshape(model, node, number, size, like=node.outputs[0])
    return one_hot(model, node, column, found.rows)


def _first(model: ir.Model, node: ir.Node, number: ir.Value, found: _Lookup) -> ir.Value:
    """Return the indices of the first of the tables that share them: (outer, 1, count)."""
    output = node.outputs[0]
    every = reshape(model, node, number, (found.outer, found.shared, found.count), like=output)
    bounds = [new_constant(model, np.array([n], np.int64), output) for n in (0, 1, 1)]
    size = (found.outer, 1, found.count)
    return new_node(node, "Slice", [every, *bounds], like=output, shape=size)
