"""Put a Reshape between a normalisation and an op that would merge with it.

    BatchNormalization(MatMul(x, k))  ->  BatchNormalization(Reshape(MatMul(x, k), its own shape))

4.6 and 4.8 merge the normalisation into a product of matrices, and 4.6 into a sum or product of two
tensors of less than four axes. They then silently take the wrong axis for the channels. Exact; a
Reshape moves nothing.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import new_constant, new_node, nodes, shape_of

_PRODUCTS = ("MatMul", "Gemm")
_PAIRS = ("Add", "Sub", "Mul", "Div", "Max", "Min")
_IMAGE = 4


def part_normalization(model: ir.Model) -> int:
    """Insert in place; return how many Reshapes."""
    return sum(_part(model, node) for node in nodes(model, "BatchNormalization"))


def _part(model: ir.Model, node: ir.Node) -> int:
    value, shape = node.inputs[0], shape_of(node.inputs[0])
    maker = value.producer() if value is not None else None
    if value is None or shape is None or maker is None:
        return 0
    merges = _PRODUCTS if len(shape) >= _IMAGE else (*_PRODUCTS, *_PAIRS)
    if maker.op_type not in merges:
        return 0
    target = new_constant(model, np.array(shape, np.int64), value)
    node.replace_input_with(0, new_node(node, "Reshape", [value, target], like=value))
    return 1
