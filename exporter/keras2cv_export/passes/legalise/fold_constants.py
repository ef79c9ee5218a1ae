"""Compute at export what does not depend on the inputs.

    Transpose(weight) -> weight'        Rsqrt(variance + epsilon) * gamma -> scale

OpenCV wants bare constants where a convolution, a Gemm or a Reshape has its weights and shapes,
and every other pass looks for constants. The conversion attached the weights as initializers
after tf2onnx, so that all of their arithmetic is still there as nodes.
Exact: the same float32 arithmetic, done once.
"""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.passes import common
from onnxscript.optimizer import fold_constants_ir

# No limit: a Dense kernel of a hundred million weights has its transpose folded too.
_LIMIT = 2**40


def fold_constants(model: ir.Model) -> int:
    """Fold in place; return how many nodes went."""
    before = len(model.graph)
    fold_constants_ir(
        model, onnx_shape_inference=True, input_size_limit=_LIMIT, output_size_limit=_LIMIT
    )
    common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    common.RemoveUnusedNodesPass()(model)
    return before - len(model.graph)
