"""Replace IsNaN and IsInf by their known result, or else by a comparison.

    IsNaN(x), IsInf(x)  ->  False, where x is surely finite
    IsNaN(x)            ->  Not(Equal(x, x))
    IsInf(x)            ->  Greater(Abs(x), 3.4e38)

4.6 to 4.14 have neither. TensorFlow's log-sum-exp tests whether a maximum is finite; it is, if the
inputs are. Exact for finite inputs.

Left alone: an IsInf that tests for one sign only.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.bounds import surely_finite
from keras2cv_export.graph.edit import integer, new_constant, new_node, nodes, shape_of, substitute
from keras2cv_export.graph.misses import miss

_BOOL = ir.DataType.BOOL


def decide_finite(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "IsNaN", "IsInf"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    value, output = node.inputs[0], node.outputs[0]
    shape = shape_of(value)
    signs = {integer(node, name, 1) for name in ("detect_negative", "detect_positive")}
    if value is None or shape is None:
        return 0
    if signs != {1}:
        return miss(node, "it asks for infinity of one sign")
    if surely_finite(value):
        return substitute(node, new_constant(model, np.zeros(shape, bool), output))
    if node.op_type == "IsNaN":
        same = new_node(node, "Equal", [value, value], like=output, dtype=_BOOL)
        return substitute(node, new_node(node, "Not", [same], like=output, dtype=_BOOL))
    size = new_node(node, "Abs", [value], like=value)
    largest = new_constant(model, np.array(np.finfo(np.float32).max), output)
    return substitute(node, new_node(node, "Greater", [size, largest], like=output, dtype=_BOOL))
