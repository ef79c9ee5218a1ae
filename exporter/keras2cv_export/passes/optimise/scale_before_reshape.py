"""Scale and shift a Dense layer's result before it is reshaped.

    Reshape(Gemm(x, W)) + b  ->  Reshape(Gemm(x, W) + b)        the same for Mul and Sub

A Dense layer over several axes is a Reshape to rows, a Gemm and a Reshape back, with its bias, and
a ConvNeXt's scale, behind. Before the Reshape `fold_scale_into_conv` takes both into the weights,
which saves a trip through memory each. Exact: the same arithmetic on the same elements.

Left alone when (1) the Reshape changes the last axis, (2) the constant varies along another one,
(3) the value is read elsewhere too.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph import constant, drop, new_node, nodes, only_reader, shape_of, substitute


def scale_before_reshape(model: ir.Model) -> int:
    """Rewrite in place; return how many Mul, Add and Sub changed places."""
    return sum(_rewrite(node) for node in nodes(model, "Mul", "Add", "Sub"))


def _rewrite(node: ir.Node) -> int:
    output = node.outputs[0]
    for k, value in enumerate(node.inputs):
        moved, vector = value.producer() if value is not None else None, node.inputs[1 - k]
        if moved is None or value is None or moved.op_type != "Reshape" or vector is None:
            continue
        rows, wide = shape_of(moved.inputs[0]), shape_of(value)
        gemm = moved.inputs[0].producer() if moved.inputs[0] is not None else None
        if gemm is None or gemm.op_type != "Gemm" or rows is None or wide is None:
            continue
        array, channels = constant(vector), rows[-1]
        if array is None or array.shape != (channels,) or wide[-1] != channels:
            continue
        if only_reader(value) is not node or shape_of(output) != wide:
            continue
        inputs = [moved.inputs[0], vector] if k == 0 else [vector, moved.inputs[0]]
        scaled = new_node(node, node.op_type, inputs, like=output, shape=rows)
        new = new_node(node, "Reshape", [scaled, moved.inputs[1]], like=output)
        substitute(node, new)
        drop(moved)
        return 1
    return 0
