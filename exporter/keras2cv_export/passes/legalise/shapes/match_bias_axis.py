"""Turn a bias to the second axis where it fits no other.

    Add(x (n, 5, 17), b (5,))  ->  Add(x, Reshape(b, (5, 1)))

Keras adds a vector with TensorFlow's BiasAdd, along the second axis if its size matches that axis
and not the last. tf2onnx writes an Add that broadcasts from the right, which is no valid ONNX.
Exact: no other reading of the shapes makes sense.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import nodes, reshape, shape_of


def match_bias_axis(model: ir.Model) -> int:
    """Correct in place; return how many Adds changed."""
    return sum(_correct(model, node) for node in nodes(model, "Add"))


def _correct(model: ir.Model, node: ir.Node) -> int:
    data, bias = shape_of(node.inputs[0]), shape_of(node.inputs[1])
    if data is None or bias is None or len(data) < 3 or len(bias) != 1:
        return 0
    value, size = node.inputs[1], bias[0]
    if value is None or size in (1, data[-1]) or data[-1] == 1 or size != data[1]:
        return 0
    tall = (size, *[1] * (len(data) - 2))
    node.replace_input_with(1, reshape(model, node, value, tall, like=node.outputs[0]))
    node.outputs[0].shape = ir.Shape(data)
    return 1
