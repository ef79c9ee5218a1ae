"""Gather from the flattened tensor where an index has several coordinates.

    GatherND(x (4, 5, 6), i (7, 2))      ->  Gather(Reshape(x, (20, 6)), i . (5, 1))
    GatherElements(x (4, 5), i (4, 3), axis=1)
      ->  Gather(Reshape(x, (20,)), i + (0, 5, 10, 15))

GatherND is refused by the classic engine of 5.0 and every OpenCV before, GatherElements up to
4.8. Exact: whole numbers below 2^24 in float32; a tensor with more places is left alone. Indices
that the net computes count from the front, as TensorFlow's do.
"""

from __future__ import annotations

from math import prod

import numpy as np
import onnx_ir as ir

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
)
from keras2cv_export.graph.misses import miss

_FLOAT, _INT = ir.DataType.FLOAT, ir.DataType.INT64
_MOST = 2**24  # places that float32 tells apart
_TOO_MANY = "its tensor has more places than float32 can tell apart"


def gather_flat(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    points = sum(_gather_nd(model, node) for node in nodes(model, "GatherND"))
    return points + sum(_gather_elements(model, node) for node in nodes(model, "GatherElements"))


def _gather_nd(model: ir.Model, node: ir.Node) -> int:
    data, indices = node.inputs
    shape, points, output = shape_of(data), shape_of(indices), node.outputs[0]
    result, batch = shape_of(output), integer(node, "batch_dims", 0)
    if data is None or indices is None or shape is None or points is None or result is None:
        return 0
    depth = points[-1]
    axes = shape[batch : batch + depth]
    weights = np.array([prod(axes[k + 1 :]) for k in range(depth)], np.float32)
    inner = prod(axes)
    if prod(shape[:batch]) * inner > _MOST:
        return miss(node, _TOO_MANY)
    starts = (np.arange(prod(shape[:batch])) * inner).reshape(
        *shape[:batch], *[1] * (len(points) - 1 - batch)
    )
    flat = _dot(model, node, indices, weights, starts.astype(np.float32), axes)
    rest = shape[batch + depth :]
    table = reshape(model, node, data, (prod(shape[:batch]) * inner, prod(rest)), like=output)
    return substitute(node, _gather(model, node, table, flat, result))


def _gather_elements(model: ir.Model, node: ir.Node) -> int:
    data, indices = node.inputs
    shape, wanted, output = shape_of(data), shape_of(indices), node.outputs[0]
    if data is None or indices is None or shape is None or wanted is None:
        return 0
    if prod(shape) > _MOST:
        return miss(node, _TOO_MANY)
    axis = integer(node, "axis", 0) % len(shape)
    strides = [prod(shape[k + 1 :]) for k in range(len(shape))]
    grid = np.indices(wanted)
    starts = sum(grid[k] * strides[k] for k in range(len(shape)) if k != axis) + np.zeros(wanted)
    column = _reshaped(model, node, indices, (*wanted, 1))
    weights = np.array([strides[axis]], np.float32)
    flat = _dot(
        model, node, column, weights, np.asarray(starts, np.float32), shape[axis : axis + 1]
    )
    table = reshape(model, node, data, (prod(shape), 1), like=output)
    return substitute(node, _gather(model, node, table, flat, wanted))


def _dot(
    model: ir.Model,
    node: ir.Node,
    indices: ir.Value,
    weights: Array,
    starts: Array,
    sizes: tuple[int, ...],
) -> ir.Value:
    """Return the sum over the last axis of indices times weights, plus starts, as int64."""
    array, output = constant(indices), node.outputs[0]
    if array is not None:
        flat = (array % sizes * weights).sum(-1) + starts  # -1 is the last
        return new_constant(model, flat.astype(np.int64), output)
    shape = shape_of(indices) or ()
    number = new_node(
        node, "Cast", [indices], {"to": _FLOAT}, like=output, shape=shape, dtype=_FLOAT
    )
    parts = new_node(node, "Mul", [number, new_constant(model, weights, output)], like=number)
    last = new_constant(model, np.array([len(shape) - 1], np.int64), output)
    kept = (*shape[:-1], 1)
    total = new_node(node, "ReduceSum", [parts, last], {"keepdims": 1}, like=number, shape=kept)
    total = reshape(model, node, total, shape[:-1], like=number)
    total = new_node(node, "Add", [total, new_constant(model, starts, output)], like=total)
    return new_node(node, "Cast", [total], {"to": _INT}, like=total, dtype=_INT)


def _gather(
    model: ir.Model, node: ir.Node, table: ir.Value, flat: ir.Value, result: tuple[int, ...]
) -> ir.Value:
    rows, output = shape_of(flat) or (), node.outputs[0]
    row = (shape_of(table) or ())[1:]
    # A computed list of one axis gets one more in some versions, and a later pass may drop the
    # Reshape that undoes it.
    counts = (prod(rows),) if constant(flat) is not None else (1, prod(rows))
    line = _reshaped(model, node, flat, counts)
    taken = new_node(node, "Gather", [table, line], {"axis": 0}, like=output, shape=(*counts, *row))
    return reshape(model, node, taken, result, like=output)


def _reshaped(model: ir.Model, node: ir.Node, value: ir.Value, shape: tuple[int, ...]) -> ir.Value:
    """Reshape; a constant at once, as OpenCV wants those bare."""
    array, output = constant(value), node.outputs[0]
    if array is not None:
        return new_constant(model, array.reshape(shape), output)
    return reshape(model, node, value, shape, like=output)
