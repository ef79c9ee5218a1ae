"""Write a per-channel Mul and Add as a BatchNormalization, where no layer could absorb them.

    y = x * s;  z = y + t   ->   z = BatchNormalization(x, scale=s, B=t, mean=0, var=1, epsilon=0)

Keras 3 normalises with y * s + t. Before an activation (DenseNet, ResNetV2) there is no layer to
fold that into. In 5.0's new engine a Mul with a constant does not stay in the block layout of
convolutions, so the tensor is reordered, and back, for each; and every engine needs two trips
through memory where a BatchNormalization needs one, and fuses that with the activation or the
convolution beside it. Exact up to float32 rounding.

Shapes: s and t broadcast as (1, C, 1, 1) or are a single number; x is (N, C, H, W).

Left alone when (1) the value does not have the four axes of an image, (2) the constant varies along
another axis than channels, (3) a single number stands alone: it may scale an attention's scores, a
pattern that OpenCV recognises.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    Array,
    constant,
    drop,
    new_constant,
    new_node,
    nodes,
    only_reader,
    shape_of,
    substitute,
)
from keras2cv_export.graph.misses import miss


def scale_to_normalization(model: ir.Model) -> int:
    """Rewrite in place; return how many Mul, Add and Sub went."""
    pairs = sum(_pair(model, node) for node in nodes(model, "Add", "Sub"))
    return pairs + sum(_rewrite(model, node) for node in nodes(model, "Mul"))


def _pair(model: ir.Model, node: ir.Node) -> int:
    scaled, shift = _operands(node)
    first = scaled.producer() if scaled is not None else None
    if first is None or shift is None or first.op_type != "Mul" or scaled is None:
        return 0
    source, scale = _operands(first)
    if source is None or scale is None:
        return 0
    if only_reader(scaled) is not node:
        return miss(node, "the product before it is read elsewhere too")
    _normalize(model, node, source, scale, -shift if node.op_type == "Sub" else shift)
    drop(first)
    return 2


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    source, scale = _operands(node)
    if source is None or scale is None:
        return 0
    if _is_one_number(node):
        return miss(node, "it scales all channels alike, which is as fast as it is")
    return _normalize(model, node, source, scale, np.zeros_like(scale))


def _is_one_number(node: ir.Node) -> bool:
    arrays = [constant(value) for value in node.inputs]
    return any(array is not None and array.size == 1 for array in arrays)


def _normalize(model: ir.Model, node: ir.Node, source: ir.Value, scale: Array, shift: Array) -> int:
    output = node.outputs[0]
    given = (scale, shift, np.zeros_like(scale), np.ones_like(scale))
    inputs = [source, *(new_constant(model, array, output) for array in given)]
    new = new_node(node, "BatchNormalization", inputs, {"epsilon": 0.0}, like=output)
    return substitute(node, new)


def _operands(node: ir.Node) -> tuple[ir.Value | None, Array | None]:
    """Return the computed operand and the constant one, one number per channel, (C,)."""
    left, right = node.inputs
    if (array := constant(right)) is not None:
        return left, _per_channel(array, left, node)
    if node.op_type != "Sub" and (array := constant(left)) is not None:
        return right, _per_channel(array, right, node)
    return None, None


def _per_channel(array: Array, value: ir.Value | None, node: ir.Node) -> Array | None:
    shape = shape_of(value)
    if shape is None or len(shape) != 4 or shape != shape_of(node.outputs[0]):
        return None
    padded = array.reshape((1,) * (4 - array.ndim) + array.shape)
    if array.dtype != np.float32 or padded.shape not in ((1, shape[1], 1, 1), (1, 1, 1, 1)):
        return None
    return np.array(np.broadcast_to(padded.reshape(-1), (shape[1],)))
