"""Reduce one run of neighbouring axes at a time, in a shape that every OpenCV reduces right.

    ReduceMean(x (2, 3, 4, 5, 6), axes=(1, 2, 3))
      ->  Reshape(x, (2, 60, 6, 1))  ->  ReduceMean(axes=(1,), keepdims=1)  ->  Reshape
    ReduceMean(x (2, 3, 4, 5), axes=(1, 3))
      ->  ReduceMean over axis 3, then over axis 1

Three axes or more at once are computed wrongly by the classic engine of 5.0 and by 4.7 to 4.14
(0.03 to 10 of the range), over axes 1 to 3 of a 5-D tensor by the new one too; all axes at once
crash them; 4.6 wants 4-D tensors, or 2-D ones. GlobalAveragePool of a 5-D tensor is refused by
all. Right everywhere but in 4.8, which has `reduce_to_pool`: axes (2, 3) or one axis after the
first of a 4-D tensor, and axis 1 of a 2-D one; those stay as they are.

Exact up to rounding: the mean of means of equally many numbers is the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    integer,
    new_constant,
    new_node,
    nodes,
    reduced_axes,
    reshape,
    shape_of,
    substitute,
)

# Op -> the op for the blocks after the first. A sum of squares is squared once, then summed.
_THEN = {
    "ReduceMean": "ReduceMean", "ReduceSum": "ReduceSum", "ReduceMax": "ReduceMax",
    "ReduceMin": "ReduceMin", "ReduceProd": "ReduceProd", "ReduceL1": "ReduceL1",
    "ReduceL2": "ReduceL2", "ReduceLogSumExp": "ReduceLogSumExp",
    "ReduceSumSquare": "ReduceSum", "GlobalAveragePool": "ReduceMean",
    "GlobalMaxPool": "ReduceMax",
}  # fmt: skip


def reduce_one_block(model: ir.Model) -> int:
    """Rewrite in place; return how many reductions changed."""
    return sum(_rewrite(model, node) for node in nodes(model, *_THEN))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    value, output = node.inputs[0], node.outputs[0]
    shape = shape_of(value)
    axes = reduced_axes(node, len(shape)) if shape is not None else None
    target = shape_of(output)
    if value is None or shape is None or axes is None or target is None or _is_right(node, axes):
        return 0
    op = node.op_type if node.op_type.startswith("Reduce") else _THEN[node.op_type]
    for block in reversed(blocks(axes)):
        value = _reduce_block(model, node, value, op, block)
        op = _THEN[op]
    return substitute(node, reshape(model, node, value, target, like=output))


def _is_right(node: ir.Node, axes: tuple[int, ...]) -> bool:
    """Whether every OpenCV computes this form right."""
    rank = len(shape_of(node.inputs[0]) or ())
    if rank == 4:
        return axes == (2, 3) or (len(axes) == 1 and axes[0] > 0)
    return rank == 2 and axes == (1,) and bool(integer(node, "keepdims", 1))


def blocks(axes: Sequence[int]) -> list[list[int]]:
    """Group neighbouring axes: (0, 2, 3) -> [[0], [2, 3]]."""
    groups: list[list[int]] = []
    for axis in axes:
        if groups and groups[-1][-1] == axis - 1:
            groups[-1].append(axis)
        else:
            groups.append([axis])
    return groups


def _reduce_block(
    model: ir.Model, node: ir.Node, value: ir.Value, op: str, block: Sequence[int]
) -> ir.Value:
    """Reduce `block`; its axes stay, with size 1."""
    shape, output = shape_of(value) or (), node.outputs[0]
    before, inside = prod(shape[: block[0]]), prod(shape[a] for a in block)
    after = prod(shape[block[-1] + 1 :])
    folded = (before, inside) if after == 1 else (before, inside, after, 1)
    kept = [1 if axis in block else size for axis, size in enumerate(shape)]
    value = reshape(model, node, value, folded, like=output)
    reduced = np.array(folded)
    reduced[1] = 1
    inputs, attributes = [value], {"keepdims": 1, "axes": [1]}
    if op == "ReduceSum":  # the one that has its axes as an input at opset 13
        inputs.append(new_constant(model, np.array([1], np.int64), output))
        del attributes["axes"]
    value = new_node(node, op, inputs, attributes, like=output, shape=reduced.tolist())
    return reshape(model, node, value, kept, like=output)
