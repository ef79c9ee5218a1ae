"""Put a Reshape between a product of two computed matrices and an op that would merge with it.

    Relu(MatMul(a, b))  ->  Relu(Reshape(MatMul(a, b), its own shape))

4.6 and 4.8 merge an activation, and 4.6 a sum or product with a number, into the layer before,
and lose it where that layer's matrix is not a constant. Exact; a Reshape moves nothing.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, new_constant, nodes, only_reader, shape_of

_NEVER_MERGED = ("Softmax", "LogSoftmax", "Reshape", "Transpose", "MatMul", "Gemm", "Concat",
                 "Slice", "Split", "Gather", "Resize", "Pad")  # fmt: skip


def part_matmul(model: ir.Model) -> int:
    """Insert in place; return how many Reshapes."""
    return sum(_part(model, node) for node in nodes(model, "MatMul"))


def _part(model: ir.Model, node: ir.Node) -> int:
    output = node.outputs[0]
    shape, reader = shape_of(output), only_reader(output)
    if shape is None or any(constant(value) is not None for value in node.inputs):
        return 0
    if reader is None or reader.op_type in _NEVER_MERGED:
        return 0
    target = new_constant(model, np.array(shape, np.int64), output)
    parted = ir.Value(type=output.type, shape=ir.Shape(shape))
    reshape = ir.node("Reshape", [output, target], outputs=[parted], name=f"{node.name}/Reshape")
    node.append(reshape)
    output.replace_all_uses_with(parted)
    reshape.replace_input_with(0, output)
    return 1
