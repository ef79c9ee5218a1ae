"""Write out the LogSoftmax of numbers that may be far apart.

    LogSoftmax(x, axis)  ->  s - Log(ReduceSum(Exp(s), axis)),    s = x - ReduceMax(x, axis)

OpenCV takes the logarithm of a Softmax, in which what is 87.3 below the largest number is 0: minus
infinity in place of a log-probability of -88. This is TensorFlow's own order of operations, so it
is exact up to rounding.

Left alone where the numbers are known to be near each other.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import integer, new_constant, new_node, nodes, shape_of, substitute
from keras2cv_export.graph.spans import span

_NEAR: Final = 80.0  # exp(-87.3) is the smallest normal float32


def sum_log_softmax(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "LogSoftmax"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    value, output = node.inputs[0], node.outputs[0]
    shape = shape_of(value)
    if value is None or shape is None or output.dtype != ir.DataType.FLOAT:
        return 0
    low, high = span(value)
    if high - low < _NEAR:
        return 0
    axis = integer(node, "axis", -1) % len(shape)
    one = [1 if k == axis else n for k, n in enumerate(shape)]
    axes = {"axes": [axis], "keepdims": 1}
    largest = new_node(node, "ReduceMax", [value], axes, like=output, shape=one)
    below = new_node(node, "Sub", [value, largest], like=output)
    powers = new_node(node, "Exp", [below], like=output)
    where = new_constant(model, np.array([axis], np.int64), output)
    total = new_node(node, "ReduceSum", [powers, where], {"keepdims": 1}, like=output, shape=one)
    logarithm = new_node(node, "Log", [total], like=output, shape=one)
    return substitute(node, new_node(node, "Sub", [below, logarithm], like=output))
