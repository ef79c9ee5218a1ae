"""Add up many numbers in parts, and the sums of the parts.

    ReduceSum(x (m, 16000), axes=(1,))  ->  ReduceSum(x (m, 64, 250), axis 2)  ->  ReduceSum(axis 1)

One sum of 16,000 numbers, added one after the other, is off by up to 8,000 units of its last digit.
Exact up to rounding, of which there is less.

Left alone when (1) at most 4096 numbers are added, or (2) their number has no divisor.
"""

from __future__ import annotations

from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    new_constant,
    new_node,
    nodes,
    reshape,
    shape_of,
    substitute,
)
from keras2cv_export.graph.long_sums import long_axes
from keras2cv_export.graph.misses import miss

_LONGEST_PART = 256


def part_long_sums(model: ir.Model) -> int:
    """Rewrite in place; return how many sums and means changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "ReduceMean", "ReduceSum"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    axes, value, output = long_axes(node), node.inputs[0], node.outputs[0]
    shape, target = shape_of(value), shape_of(output)
    if value is None or shape is None or target is None or len(axes) != 1:
        return 0
    if output.dtype != ir.DataType.FLOAT:
        return 0
    before, count, after = prod(shape[: axes[0]]), shape[axes[0]], prod(shape[axes[0] + 1 :])
    part = max(k for k in range(1, _LONGEST_PART + 1) if count % k == 0)
    if part == 1:
        return miss(node, "the number of its numbers has no divisor")
    value = _summed(model, node, value, (before * count // part, part, after))
    value = _summed(model, node, value, (before, count // part, after))
    if node.op_type == "ReduceMean":
        size = new_constant(model, np.full((1,) * 4, count, np.float32), output)
        value = new_node(node, "Div", [value, size], like=output, shape=shape_of(value))
    return substitute(node, reshape(model, node, value, target, like=output))


def _summed(
    model: ir.Model, node: ir.Node, value: ir.Value, blocks: tuple[int, int, int]
) -> ir.Value:
    """Add up the middle one of three blocks of axes, in the form that every OpenCV adds right."""
    before, _, after = blocks
    output = node.outputs[0]
    value = reshape(model, node, value, (*blocks, 1), like=output)
    where = new_constant(model, np.array([1], np.int64), output, "axes")
    shape = (before, 1, after, 1)
    return new_node(node, "ReduceSum", [value, where], {"keepdims": 1}, like=output, shape=shape)
