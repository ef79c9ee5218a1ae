"""Give a constant matrix one copy per matrix that it is multiplied with, where it has some.

    MatMul(x (4, 4, 6, 6), k (4, 1, 6, 5))  ->  MatMul(x, k (4, 4, 6, 5))

Every OpenCV multiplies with the wrong one of several constant matrices where those are broadcast,
in silence, both engines of 5.0 too; 4.6 refuses it. Exact. One constant matrix for all is right.
"""

from __future__ import annotations

from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph import constant, new_constant, nodes, shape_of

# Numbers. More would make the file larger than the model.
_LARGEST = 2**25


def match_matmul_batches(model: ir.Model) -> int:
    """Rewrite in place; return how many constants grew."""
    return sum(_match(model, node, k) for node in nodes(model, "MatMul") for k in (0, 1))


def _match(model: ir.Model, node: ir.Node, k: int) -> int:
    kernel, result = constant(node.inputs[k]), shape_of(node.outputs[0])
    if kernel is None or result is None or prod(kernel.shape[:-2]) == 1:
        return 0
    full = (*result[:-2], *kernel.shape[-2:])
    if kernel.shape == full or prod(full) > _LARGEST:
        return 0
    copies = np.broadcast_to(kernel, full).copy()
    node.replace_input_with(k, new_constant(model, copies, node.outputs[0]))
    return 1
