"""Cut off the fraction before a Cast to integers, which most engines ignore.

    Cast(x, int32)   ->  Cast(Sign(x) Floor(Abs(x)), int32)
    Cast(x, bool)    ->  Not(Equal(x, 0))

The classic engine of 5.0 and every OpenCV before compute everything in float32 and pass a Cast
on as it is, so 2.7 stays 2.7. Left alone: numbers that are whole already, from Floor, Round,
comparisons, ArgMax, other integers, and inputs that are integers in Keras. Exact.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import new_constant, new_node, nodes, substitute
from keras2cv_export.graph.whole_numbers import is_whole


def truncate_casts(model: ir.Model) -> int:
    """Rewrite in place; return how many Casts changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Cast"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    value, output = node.inputs[0], node.outputs[0]
    if value is None or value.dtype is None or output.dtype is None:
        return 0
    if output.dtype == ir.DataType.BOOL and value.dtype != ir.DataType.BOOL:
        return _not_zero(model, node, value)
    if not value.dtype.is_floating_point() or not output.dtype.is_integer() or is_whole(value):
        return 0
    sign = new_node(node, "Sign", [value], like=value)
    size = new_node(node, "Floor", [new_node(node, "Abs", [value], like=value)], like=value)
    whole = new_node(node, "Mul", [sign, size], like=value)
    node.replace_input_with(0, whole)
    return 1


def _not_zero(model: ir.Model, node: ir.Node, value: ir.Value) -> int:
    dtype = value.dtype or ir.DataType.FLOAT
    zero = new_constant(model, np.zeros((), dtype.numpy()), node.outputs[0])
    same = new_node(node, "Equal", [value, zero], like=node.outputs[0])
    return substitute(node, new_node(node, "Not", [same], like=node.outputs[0]))
