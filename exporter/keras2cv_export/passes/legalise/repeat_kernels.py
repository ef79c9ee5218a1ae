"""Repeat a constant that is multiplied with more batches than it has.

    MatMul(x (a, b, l, m), k (b, m, n))     ->  MatMul(x, k (a, b, m, n))
    MatMul(x (a, b, l, m), k (a, 1, m, n))  ->  MatMul(x, k (a, b, m, n))

Every OpenCV up to 5.0, both engines, takes the matrices of such a constant in the wrong order, in
silence. Constants on the left, and what is computed, are broadcast rightly. Exact.
"""

from __future__ import annotations

from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph import constant, new_constant, nodes, shape_of


def repeat_kernels(model: ir.Model) -> int:
    """Rewrite in place; return how many constants were repeated."""
    return sum(_rewrite(model, node) for node in nodes(model, "MatMul"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    kernel, output = constant(node.inputs[1]), node.outputs[0]
    shape = shape_of(output)
    if kernel is None or shape is None or prod(kernel.shape[:-2]) == 1:
        return 0
    wanted = (*shape[:-2], *kernel.shape[-2:])
    if kernel.shape == wanted:
        return 0
    whole = np.broadcast_to(kernel, wanted)
    node.replace_input_with(1, new_constant(model, whole, output))
    return 1
