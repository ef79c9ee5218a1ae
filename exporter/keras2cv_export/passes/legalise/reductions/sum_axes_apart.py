"""Add up rows, then columns, then channels, and divide once.

    ReduceMean(x (n, h, w, c), axes=(1, 2, 3))
      ->  ReduceSum(ReduceSum(ReduceSum(x, axis 2), axis 1), axis 3) / (h w c)

One sum over a whole picture loses digits: a flat picture's mean is off by 1e-3 of it in 4.6 to 5.0,
and what is left of the picture without its mean is noise. Sums of sums are off by the sum of the
axes' lengths instead of their product, and whole numbers up to 2^24 are added exactly, as in
TensorFlow, which adds pairs of halves.

Left alone when (1) at most 1024 numbers are added, or (2) those of each channel by itself, which
TensorFlow adds one after the other, as OpenCV's poolings do.
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


def sum_axes_apart(model: ir.Model) -> int:
    """Rewrite in place; return how many sums and means changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "ReduceMean", "ReduceSum"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    axes, value, output = long_axes(node), node.inputs[0], node.outputs[0]
    shape, target = shape_of(value), shape_of(output)
    if value is None or shape is None or target is None or len(axes) < 2:
        return 0
    if output.dtype != ir.DataType.FLOAT:
        return 0
    count = prod(shape[a] for a in axes)
    for axis in _order(axes, len(shape)):
        value = _summed(model, node, value, axis)
    if node.op_type == "ReduceMean":
        size = new_constant(model, np.full((1,) * len(shape), count, np.float32), output)
        value = new_node(node, "Div", [value, size], like=output, shape=shape_of(value))
    return substitute(node, reshape(model, node, value, target, like=output))


def _order(axes: tuple[int, ...], rank: int) -> list[int]:
    """Inner axes first, so that whole rows are added; channels, which are last, at the end."""
    return sorted(axes, key=lambda axis: (axis == rank - 1, -axis))


def _summed(model: ir.Model, node: ir.Node, value: ir.Value, axis: int) -> ir.Value:
    output = node.outputs[0]
    shape = [1 if a == axis else size for a, size in enumerate(shape_of(value) or ())]
    where = new_constant(model, np.array([axis], np.int64), output, "axes")
    return new_node(node, "ReduceSum", [value, where], {"keepdims": 1}, like=output, shape=shape)
