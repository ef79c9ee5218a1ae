"""Write the reversal of an axis as a Gather with the indices in reverse.

    ReverseSequence(x, lengths all n, time_axis=k)  ->  Gather(x, (n-1, .., 1, 0), axis=k)
    Slice(x, start=-1, end=-inf, step=-1, axis=k)   ->  the same

tf2onnx writes tf.reverse as ReverseSequence, which no OpenCV has; none but 5.0's new engine
reads a Slice with a negative step. Exact: both copy.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    Array,
    constant,
    integer,
    new_constant,
    new_node,
    nodes,
    shape_of,
    substitute,
)


def reverse_to_gather(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    sequences = sum(_sequence(model, node) for node in nodes(model, "ReverseSequence"))
    return sequences + sum(_slice(model, node) for node in nodes(model, "Slice"))


def _sequence(model: ir.Model, node: ir.Node) -> int:
    shape, lengths = shape_of(node.inputs[0]), constant(node.inputs[1])
    axis = integer(node, "time_axis", 0)
    if shape is None or lengths is None or (lengths != shape[axis]).any():
        return 0
    return substitute(node, _gather(model, node, np.arange(shape[axis])[::-1], axis))


def _slice(model: ir.Model, node: ir.Node) -> int:
    shape = shape_of(node.inputs[0])
    bounds = [constant(v) for v in node.inputs[1:]]
    if shape is None or len(bounds) < 4 or any(b is None for b in bounds):
        return 0
    starts, ends, axes, steps = (b.tolist() for b in bounds if b is not None)
    if min(steps) > 0:
        return 0
    value = node.inputs[0]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        value = _gather(model, node, _indices(shape[axis], start, end, step), axis, value)
    assert value is not None  # noqa: S101 - a Slice has an input
    return substitute(node, value)


def _indices(size: int, start: int, end: int, step: int) -> Array:
    if step < 0 and end < -size:  # beyond the first element, which is None in a Python slice
        return np.arange(size)[start::step]
    return np.arange(size)[start:end:step]


def _gather(
    model: ir.Model, node: ir.Node, indices: Array, axis: int, value: ir.Value | None = None
) -> ir.Value:
    value = value or node.inputs[0]
    shape, output = list(shape_of(value) or ()), node.outputs[0]
    shape[axis] = len(indices)
    chosen = new_constant(model, np.ascontiguousarray(indices, np.int64), output)
    return new_node(node, "Gather", [value, chosen], {"axis": axis}, like=output, shape=shape)
