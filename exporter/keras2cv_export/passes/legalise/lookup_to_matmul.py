"""Look rows of a small constant table up by a product with ones and zeros.

    Gather(table (v, d), i (n, t))
      ->  MatMul(1 - Sign(Abs(i (n t, 1) - (0, .., v - 1))), table)

4.6 has no Gather by computed indices, which is what an Embedding is. Exact: sums of one row and
zeros. Left alone where the table is large: 4.6 cannot run those, and newer ones look up faster.
"""

from __future__ import annotations

from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph import (
    constant,
    integer,
    new_constant,
    new_node,
    nodes,
    reshape,
    shape_of,
    substitute,
)

_FLOAT = ir.DataType.FLOAT
# Rows times look-ups. A million of them are compared in half a millisecond.
_LARGEST = 2**20


def lookup_to_matmul(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Gather"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    table, indices, output = constant(node.inputs[0]), node.inputs[1], node.outputs[0]
    shape, target = shape_of(indices), shape_of(output)
    if table is None or indices is None or shape is None or target is None:
        return 0
    if constant(indices) is not None or integer(node, "axis", 0) or table.dtype != np.float32:
        return 0
    rows, count = table.shape[0], prod(shape)
    if rows * count > _LARGEST:
        return 0
    column = new_node(
        node, "Cast", [indices], {"to": _FLOAT}, like=output, shape=shape, dtype=_FLOAT
    )
    column = reshape(model, node, column, (count, 1), like=output)
    ramp = new_constant(model, np.arange(rows, dtype=np.float32), output)
    one = new_constant(model, np.ones((), np.float32), output)
    apart = new_node(node, "Sub", [column, ramp], like=output, shape=(count, rows))
    apart = new_node(node, "Sign", [new_node(node, "Abs", [apart], like=apart)], like=apart)
    hot = new_node(node, "Sub", [one, apart], like=apart)
    flat = new_constant(model, table.reshape(rows, -1), output)
    taken = new_node(node, "MatMul", [hot, flat], like=output, shape=(count, table.size // rows))
    return substitute(node, reshape(model, node, taken, target, like=output))
