"""Concatenate an input and constants behind a Reshape, where OpenCV would forget the constants.

    Concat(x (1, c, h, w), k, axis=1)
      ->  Reshape(Concat(Reshape(x, (1, 1, c, h w)), k' (1, 1, k, h w), axis=2), (1, c + k, h, w))

Where every axis before is 1, the result is one piece, and OpenCV lets the operands write into it.
If one of them is an input of the net, OpenCV never writes the constants, and old memory is read in
their place (every version, and the classic engine of 5.0). The result of a Reshape is copied.
Exact: a Reshape only renames dimensions.
"""

from __future__ import annotations

from math import prod

import onnx_ir as ir

from keras2cv_export.graph.edit import (
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
    shapes = [shape_of(value) for value in node.inputs]
    if shape is None or None in shapes:
        return 0
    axis = integer(node, "axis", 0) % len(shape)
    if prod(shape[:axis]) != 1 or not _forgets(node):
        return 0
    inner = prod(shape[axis + 1 :])
    ones = _axes_before(node, axis, inner)
    inputs: list[ir.Value] = []
    for value, own in zip(node.inputs, shapes, strict=True):
        assert own is not None and value is not None  # noqa: PT018, S101 - looked at above
        array, moved = constant(value), (*ones, own[axis], inner)
        if array is not None:
            inputs.append(new_constant(model, array.reshape(moved), output))
        else:
            inputs.append(reshape(model, node, value, moved, like=output))
    wide, where = (*ones, shape[axis], inner), len(ones)
    joined = new_node(node, "Concat", inputs, {"axis": where}, like=output, shape=wide)
    return substitute(node, reshape(model, node, joined, shape, like=output))


def _axes_before(node: ir.Node, axis: int, inner: int) -> tuple[int, ...]:
    """Return the axes of 1 that leave a Reshape in front of every computed operand.

    A Reshape to the shape that a value has, or had before another Reshape, would be removed.
    """
    lying = set()
    for value in node.inputs:
        if value is not None and constant(value) is None:
            maker = value.producer()
            copied = maker is not None and maker.op_type == "Reshape"
            source = maker.inputs[0] if copied and maker is not None else value
            size = (shape_of(value) or ())[axis]
            lying |= {n for n in (1, 2, 3) if shape_of(source) == (*[1] * n, size, inner)}
    return next(((1,) * n for n in (2, 1, 3) if n not in lying), (1, 1, 1, 1))


def _forgets(node: ir.Node) -> bool:
    """Whether constants are joined with an input of the net that no Reshape copies."""
    computed = [v for v in node.inputs if v is not None and constant(v) is None]
    makers = [v.producer() for v in computed]
    return len(computed) < len(node.inputs) and any(
        maker is None or maker.op_type != "Reshape" for maker in makers
    )
