"""Compute at export what does not depend on the inputs.

    Transpose(weight) -> weight'        Rsqrt(variance + epsilon) * gamma -> scale

OpenCV wants bare constants where a convolution, a Gemm or a Reshape has its weights and shapes,
and every other pass looks for constants. The conversion attached the weights as initializers
after tf2onnx, so that all of their arithmetic is still there as nodes. A constant that is split,
as the kernels of recurrent layers are, stops the classic engine of 5.0 and every OpenCV before.
Exact: the same float32 arithmetic, done once.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from onnx_ir.passes import common
from onnxscript.optimizer import fold_constants_ir

from keras2cv_export.graph import constant, integer, new_constant, nodes, replace, shape_of

# No limit: a Dense kernel of a hundred million weights has its transpose folded too.
_LIMIT = 2**40


def fold_constants(model: ir.Model) -> int:
    """Fold in place; return how many nodes went."""
    before = len(model.graph)
    fold_constants_ir(
        model, onnx_shape_inference=True, input_size_limit=_LIMIT, output_size_limit=_LIMIT
    )
    for node in nodes(model, "Split"):  # what onnxscript leaves, since it has several outputs
        _fold_split(model, node)
    common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    common.RemoveUnusedNodesPass()(model)
    return before - len(model.graph)


def _fold_split(model: ir.Model, node: ir.Node) -> None:
    array, axis = constant(node.inputs[0]), integer(node, "axis", 0)
    shapes = [shape_of(output) for output in node.outputs]
    if array is None or any(shape is None for shape in shapes):
        return
    ends = np.cumsum([shape[axis] for shape in shapes if shape is not None])
    for part, output in zip(np.split(array, ends[:-1], axis), node.outputs, strict=True):
        replace(output, new_constant(model, part, output))
