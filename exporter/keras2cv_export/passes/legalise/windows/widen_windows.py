"""Write a 1-D convolution or pooling that pads its ends unequally as a 2-D one of height 1.

    Conv(x (n, c, w), k (out, c, 3), pads=(2, 0))
      ->  Reshape(Conv(Reshape(x, (n, c, 1, w)), k (out, c, 1, 3), pads=(0, 2, 0, 0)), (n, out, w))

padding="causal" does so, and "same" with an even kernel. The classic engine of 5.0 and every OpenCV
before make a result of another size. Exact: the same products.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    ints,
    new_constant,
    new_node,
    nodes,
    reshape,
    shape_of,
    substitute,
)

# Attributes with one number per axis -> that number for the axis of height 1.
_PER_AXIS = {"kernel_shape": 1, "strides": 1, "dilations": 1}


def widen_windows(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_widen(model, node) for node in nodes(model, "Conv", "MaxPool", "AveragePool"))


def _widen(model: ir.Model, node: ir.Node) -> int:
    value, pads = node.inputs[0], ints(node, "pads")
    shape, result = shape_of(value), shape_of(node.outputs[0])
    if value is None or shape is None or result is None or len(shape) != 3 or len(set(pads)) < 2:
        return 0
    output, kernel = node.outputs[0], constant(node.inputs[1]) if len(node.inputs) > 1 else None
    if node.op_type == "Conv" and kernel is None:
        return 0
    inputs = [reshape(model, node, value, (*shape[:2], 1, shape[2]), like=output), *node.inputs[1:]]
    if kernel is not None:
        inputs[1] = new_constant(model, kernel[:, :, None], output)
    attributes = dict(node.attributes) | {"pads": ir.AttrInt64s("pads", [0, pads[0], 0, pads[1]])}
    for name, flat in _PER_AXIS.items():
        if name in attributes:
            attributes[name] = ir.AttrInt64s(name, [flat, *ints(node, name)])
    tall = (*result[:2], 1, result[2])
    made = new_node(node, node.op_type, inputs, attributes, like=output, shape=tall)
    return substitute(node, reshape(model, node, made, result, like=output))
