"""Write a Gather by known indices as Slices and a Concat.

    Gather(x (n, 6), (3, 4, 5, 0))  ->  Concat(x[:, 3:6], x[:, 0:1])

4.6 gathers by a single index only, counted from the front. A product with ones and zeros replaces a
Gather of many runs, where x is surely finite. Exact: both copy.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.bounds import surely_finite
from keras2cv_export.graph.edit import (
    Array,
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

# More Slices than these cost more than the product, which does size x count per row.
_MANY_RUNS = 24
_LARGEST_MATRIX = 2**22


def gather_to_slices(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Gather"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    value, indices, output = node.inputs[0], constant(node.inputs[1]), node.outputs[0]
    shape, target = shape_of(value), shape_of(output)
    if value is None or indices is None or shape is None or target is None:
        return 0
    axis = integer(node, "axis", 0)
    if constant(value) is not None or (indices.ndim == 0 and indices >= 0 and axis >= 0):
        return 0
    axis %= len(shape)
    wanted = indices.reshape(-1) % shape[axis]
    runs = _runs(wanted)
    small = shape[axis] * len(wanted) <= _LARGEST_MATRIX
    if len(runs) > _MANY_RUNS and small and surely_finite(value):
        taken = _by_product(model, node, value, wanted, axis)
    else:
        taken = _by_slices(model, node, value, runs, axis)
    return substitute(node, reshape(model, node, taken, target, like=output))


def _runs(indices: Array) -> list[tuple[int, int]]:
    """Return (first, behind the last) of each run of ascending neighbours."""
    cuts = np.flatnonzero(np.diff(indices) != 1) + 1
    return [(int(r[0]), int(r[-1]) + 1) for r in np.split(indices, cuts)]


def _by_slices(
    model: ir.Model, node: ir.Node, value: ir.Value, runs: list[tuple[int, int]], axis: int
) -> ir.Value:
    parts, shape = [], list(shape_of(value) or ())
    for start, stop in runs:
        bounds = [
            new_constant(model, np.array([n], np.int64), node.outputs[0])
            for n in (start, stop, axis)
        ]
        shape[axis] = stop - start
        parts.append(new_node(node, "Slice", [value, *bounds], like=node.outputs[0], shape=shape))
    if len(parts) == 1:
        return parts[0]
    shape[axis] = sum(stop - start for start, stop in runs)
    return new_node(node, "Concat", parts, {"axis": axis}, like=node.outputs[0], shape=shape)


def _by_product(
    model: ir.Model, node: ir.Node, value: ir.Value, wanted: Array, axis: int
) -> ir.Value:
    shape, output = shape_of(value) or (), node.outputs[0]
    matrix = np.zeros((shape[axis], len(wanted)), np.float32)
    matrix[wanted, np.arange(len(wanted))] = 1
    perm = [a for a in range(len(shape)) if a != axis] + [axis]
    turned = transpose(node, value, perm, like=output)
    wide = [*(shape_of(turned) or ())[:-1], len(wanted)]
    made = new_node(
        node, "MatMul", [turned, new_constant(model, matrix, output)], like=output, shape=wide
    )
    return transpose(node, made, [int(a) for a in np.argsort(perm)], like=output)
