"""Copy a map to all channels by a convolution with ones, before it multiplies them.

    Mul(x (n, c, h, w), a (n, 1, h, w))  ->  Mul(x, Conv(a, ones (c, 1, 1, 1)))

Spatial attention and gates multiply by one map. The new engine of 5.0 makes a result of one
channel from two operands in its block layout, whatever the channels of either; 4.6 refuses maps
when there are several samples. As a convolution the copy stays in the block layout, and costs as
much as leaving that layout would. Exact: a product with 1.

Left alone: operands that are constants, and single numbers (n, 1, 1, 1).
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, new_constant, new_node, nodes, shape_of

_BINARY = ("Add", "Sub", "Mul", "Div", "Max", "Min", "Pow")


def spread_channels(model: ir.Model) -> int:
    """Rewrite in place; return how many operands were spread."""
    return sum(_spread(model, node) for node in nodes(model, *_BINARY))


def _spread(model: ir.Model, node: ir.Node) -> int:
    full = shape_of(node.outputs[0])
    if full is None or len(full) != 4 or full[1] == 1 or len(node.inputs) != 2:
        return 0
    if any(constant(value) is not None for value in node.inputs):
        return 0
    shapes = [shape_of(value) for value in node.inputs]
    if full not in shapes or (full[0], 1, *full[2:]) not in shapes or max(full[2:]) == 1:
        return 0
    k = 1 - shapes.index(full)
    value = node.inputs[k]
    assert value is not None  # noqa: S101 - it has a shape
    node.replace_input_with(k, _copies(model, node, value, full))
    return 1


def _copies(model: ir.Model, node: ir.Node, value: ir.Value, full: tuple[int, ...]) -> ir.Value:
    ones = new_constant(model, np.ones((full[1], 1, 1, 1), np.float32), value)
    attributes = {"kernel_shape": [1, 1]}
    return new_node(node, "Conv", [value, ones], attributes, like=value, shape=full)
