"""Concatenate constants along another axis than the second.

    Concat(x (n, c, h, w), k, axis=1)
      ->  Reshape(Concat(Reshape(x, (n, 1, c, h w)), k' (n, 1, k, h w), axis=2), (n, c + k, h, w))

Along axis 1 OpenCV lets the operands write into the result's own memory, and forgets to write
those that are constants: whatever lay there is read (every version, and the classic engine of
5.0). Exact: a Reshape with a 1 before the axis only renames dimensions.
"""

from __future__ import annotations

from math import prod

import onnx_ir as ir

from keras2cv_export.graph import (
    constant,
    integer,
    new_constant,
    new_node,
    nodes,
    reshape,
    shape_of,
    substitute,
)


def concat_off_channels(model: ir.Model) -> int:
    """Rewrite in place; return how many Concats changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Concat"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    output, shape = node.outputs[0], shape_of(node.outputs[0])
    arrays = [constant(value) for value in node.inputs]
    shapes = [shape_of(value) for value in node.inputs]
    if shape is None or integer(node, "axis", 0) % len(shape) != 1:
        return 0
    if all(array is None for array in arrays) or None in shapes:
        return 0
    inputs: list[ir.Value] = []
    for value, array, own in zip(node.inputs, arrays, shapes, strict=True):
        assert own is not None and value is not None  # noqa: PT018, S101 - looked at above
        moved = (own[0], 1, own[1], prod(own[2:]))
        if array is not None:
            inputs.append(new_constant(model, array.reshape(moved), output))
        else:
            inputs.append(reshape(model, node, value, moved, like=output))
    joined_shape = (shape[0], 1, shape[1], prod(shape[2:]))
    joined = new_node(node, "Concat", inputs, {"axis": 2}, like=output, shape=joined_shape)
    return substitute(node, reshape(model, node, joined, shape, like=output))
