"""Scale channels by a depthwise convolution whose weights are the gate.

    Mul(x (1, C, H, W), g (1, C, 1, 1))  ->  Conv(x, Reshape(g, (C, 1, 1, 1)), group=C)

Squeeze-and-excitation ends in such a product. In the block layout of 5.0's new engine a Mul that
broadcasts goes element by element of its eight channels, and takes as long as the convolution
before it; a depthwise convolution runs over whole rows. Exact: one product for each element.

Left alone when (1) there is more than one sample, which would need a gate each, (2) there is one
channel or one pixel, (3) an operand is constant, (4) the product is normalised, or added to a value
that nothing else reads: the classic engine of 4.8 to 5.0 merges such a node into
the convolution before it, and fails if the weights are computed.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    new_node,
    nodes,
    only_reader,
    reshape,
    shape_of,
    substitute,
)
from keras2cv_export.graph.misses import miss


def gate_by_depthwise_conv(model: ir.Model) -> int:
    """Rewrite in place; return how many Muls went."""
    return sum(_rewrite(model, node) for node in nodes(model, "Mul"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    for k in (0, 1):
        value, gate = node.inputs[k], node.inputs[1 - k]
        shape = shape_of(value)
        if value is None or gate is None or shape is None or len(shape) != 4:
            continue
        samples, channels, height, width = shape
        if channels == 1 or height * width == 1 or constant(value) is not None:
            continue
        if shape_of(gate) != (samples, channels, 1, 1) or constant(gate) is not None:
            continue
        if samples != 1:
            return miss(node, "there are several samples, and each has gates of its own")
        if _is_merged(node):
            return miss(node, "the classic engine would merge its reader with it")
        weight = reshape(model, node, gate, (channels, 1, 1, 1), like=node.outputs[0])
        attributes = {"kernel_shape": [1, 1], "group": channels}
        new = new_node(node, "Conv", [value, weight], attributes, like=node.outputs[0])
        return substitute(node, new)
    return 0


def _is_merged(node: ir.Node) -> bool:
    """Whether the classic engine would make one layer of a convolution here and its reader."""
    product = node.outputs[0]
    reader = only_reader(product)
    if reader is None or reader.op_type != "Add":
        return reader is not None and reader.op_type == "BatchNormalization"
    others = [value for value in reader.inputs if value is not None and value is not product]
    return any(shape_of(value) == shape_of(product) and len(value.uses()) == 1 for value in others)
