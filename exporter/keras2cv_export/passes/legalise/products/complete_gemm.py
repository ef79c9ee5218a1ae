"""Give a Gemm that adds nothing zeros to add, beside a Clip.

    Gemm(a, b)  ->  Gemm(a, b, zeros)

The third operand may be left out since opset 11. The bounds of a Clip are attributes, the only form
that 4.6 reads, up to opset 10. Exact.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import new_constant, nodes, shape_of


def complete_gemm(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    if not nodes(model, "Clip"):
        return 0
    return sum(_rewrite(model, node) for node in nodes(model, "Gemm"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    shape = shape_of(node.outputs[0])
    if shape is None or any(value is not None for value in node.inputs[2:]):
        return 0
    node.resize_inputs(3)
    zeros = np.zeros(shape[-1], np.float32)
    node.replace_input_with(2, new_constant(model, zeros, node.outputs[0]))
    return 1
