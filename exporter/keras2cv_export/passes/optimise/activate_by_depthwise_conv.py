"""Normalise before a ReLU by a depthwise convolution, which can fuse the ReLU.

    Relu(BatchNormalization(x, g, b, m, v))  ->  Relu(Conv(x, s (C, 1, 1, 1), t, group=C))
    s = g / sqrt(v + epsilon), t = b - m s

The layers of DenseNet and ResNetV2 begin with normalisation and ReLU, and have no convolution
before to fold them into. 5.0's new engine does not fuse the two, and reads and writes the tensor
twice; a convolution fuses the activation. Other engines are faster with the BatchNormalization.
Exact up to float32 rounding; s and t are computed in float64.

Left alone when (1) something else reads the normalised value, (2) statistics are computed, or
taken from the batch, (3) the value does not have the four axes of an image.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    integer,
    new_constant,
    new_node,
    nodes,
    only_reader,
    shape_of,
    substitute,
)
from keras2cv_export.graph.misses import miss

_EPSILON = 1e-5  # ONNX' default


def activate_by_depthwise_conv(model: ir.Model) -> int:
    """Rewrite in place; return how many normalisations went."""
    return sum(_rewrite(model, node) for node in nodes(model, "BatchNormalization"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    output = node.outputs[0]
    shape, reader = shape_of(output), only_reader(output)
    if shape is None or len(shape) != 4:
        return miss(node, "it is of no image")
    if reader is None or reader.op_type != "Relu":
        return miss(node, "it is not read by one ReLU alone")
    arrays = [constant(operand) for operand in node.inputs[1:5]]
    if len(node.outputs) != 1 or integer(node, "training_mode", 0) or len(arrays) != 4:
        return miss(node, "it takes its statistics from the batch")
    known = [array.astype(np.float64) for array in arrays if array is not None]
    if len(known) != 4:
        return miss(node, "its statistics are computed")
    gamma, beta, mean, variance = known
    attribute = node.attributes.get("epsilon")
    epsilon = attribute.as_float() if attribute is not None else _EPSILON
    scale = gamma / np.sqrt(variance + epsilon)
    weight = new_constant(model, scale.astype(np.float32).reshape(-1, 1, 1, 1), output, "scale")
    shift = new_constant(model, (beta - mean * scale).astype(np.float32), output, "shift")
    attributes = {"kernel_shape": (1, 1), "group": shape[1]}
    inputs = [node.inputs[0], weight, shift]
    return substitute(node, new_node(node, "Conv", inputs, attributes, like=output))
