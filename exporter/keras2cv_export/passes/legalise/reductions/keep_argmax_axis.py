"""Keep the axis of an ArgMax or ArgMin, and remove it by a Reshape.

    ArgMax(x (n, c), axis=1, keepdims=0)  ->  Reshape(ArgMax(x, axis=1, keepdims=1), (n,))

4.12 and 4.14 write a result of one axis to new memory (`output.convertTo(outputs[0])` in
arg_layer.cpp allocates anew), and read it from the old memory, which holds older numbers. Exact.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import integer, new_node, nodes, reshape, shape_of, substitute


def keep_argmax_axis(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "ArgMax", "ArgMin"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    shape, output = shape_of(node.inputs[0]), node.outputs[0]
    target = shape_of(output)
    if integer(node, "keepdims", 1) or shape is None or target is None:
        return 0
    axis = integer(node, "axis", 0) % len(shape)
    kept = [1 if k == axis else n for k, n in enumerate(shape)]
    attributes = {**node.attributes, "keepdims": 1}
    made = new_node(node, node.op_type, node.inputs, attributes, like=output, shape=kept)
    return substitute(node, reshape(model, node, made, target, like=output))
