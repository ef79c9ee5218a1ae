"""Repeat the constant matrices of a product until it has one for each result.

    MatMul(x (4, 4, 6, 6), k (4, 1, 6, 5))  ->  MatMul(x, k (4, 4, 6, 5))
    MatMul(x (2, 7, 1, 1, 4), k (7, 3, 4, 6))
      ->  MatMul(Expand(x, (2, 7, 3, 1, 4)), k (2, 7, 3, 4, 6))

Where several constant matrices are broadcast, every OpenCV, both engines of 5.0 too, silently
multiplies by the wrong ones; 4.6 refuses the node. Exact. A single constant matrix is computed
right.
"""

from __future__ import annotations

from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, new_constant, new_node, nodes, reshape, shape_of

# Limit in numbers: more would make the file larger than the model. It does not hold for a constant
# on the right, which would be multiplied by the wrong matrices otherwise.
_LARGEST = 2**25


def match_matmul_batches(model: ir.Model) -> int:
    """Rewrite in place; return how many operands grew."""
    found = [node for node in nodes(model, "MatMul") if any(map(_are_several, node.inputs))]
    return sum(_match(model, node, k) for node in found for k in (0, 1))


def _are_several(value: ir.Value | None) -> bool:
    kernel = constant(value)
    return kernel is not None and prod(kernel.shape[:-2]) > 1


def _match(model: ir.Model, node: ir.Node, k: int) -> int:
    value, output = node.inputs[k], node.outputs[0]
    shape, result = shape_of(value), shape_of(output)
    if value is None or shape is None or result is None or len(shape) < 2:
        return 0
    full = (*result[:-2], *shape[-2:])
    kernel = constant(value)
    on_the_right = k == 1 and kernel is not None
    if shape == full or (prod(full) > _LARGEST and not on_the_right):
        return 0
    if kernel is not None:
        grown = new_constant(model, np.broadcast_to(kernel, full).copy(), output)
    else:
        padded = reshape(model, node, value, (1,) * (len(full) - len(shape)) + shape, like=value)
        target = new_constant(model, np.array(full, np.int64), output)
        grown = new_node(node, "Expand", [padded, target], like=value, shape=full)
    node.replace_input_with(k, grown)
    return 1
