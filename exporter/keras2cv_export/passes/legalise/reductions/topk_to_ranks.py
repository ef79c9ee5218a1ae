"""Find the k largest by counting, for each number, how many come before it.

    rank_i = how many x_j > x_i, or x_j = x_i with j < i
    values = (rank == 0 .. k - 1) x        indices = (rank == 0 .. k - 1) (0 .. n - 1)

OpenCV has TopK from 4.11 on, and for k < n; 4.13 mended k = n. Exact, ties in ONNX's order. It
takes n^2 comparisons, and is left alone where those would take longer than the rest of a net.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.bounds import surely_finite
from keras2cv_export.graph.edit import (
    constant,
    drop,
    integer,
    new_constant,
    new_node,
    nodes,
    replace,
    reshape,
    shape_of,
    transpose,
)
from keras2cv_export.graph.misses import miss

_FLOAT = ir.DataType.FLOAT
# The most comparisons. Four million take about 20 ms.
MAX_COMPARED = 2**22


def topk_to_ranks(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "TopK"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    value, k = node.inputs[0], constant(node.inputs[1])
    shape = shape_of(value)
    if value is None or k is None or shape is None or value.dtype != _FLOAT:
        return 0
    axis = integer(node, "axis", -1) % len(shape)
    count = shape[axis]
    rows = int(np.prod(shape)) // max(count, 1)
    if rows * count**2 > MAX_COMPARED:
        return miss(node, "comparing all of its numbers would take longer than the rest of a net")
    if not surely_finite(value):
        return miss(node, "its numbers may be infinite")
    order = [a for a in range(len(shape)) if a != axis] + [axis]
    flat = reshape(
        model, node, transpose(node, value, order, like=value), (rows, count), like=value
    )
    hot = _hot(model, node, _ranks(model, node, flat), int(k.reshape(-1)[0]))
    column = reshape(model, node, flat, (rows, count, 1), like=value)
    places = new_constant(model, np.arange(count, dtype=np.float32).reshape(count, 1), value)
    for output, operand in zip(node.outputs, (column, places), strict=True):
        _take(model, node, output, hot, operand, order)
    drop(node)
    return 1


def _op(node: ir.Node, op: str, inputs: list[ir.Value], shape: tuple[int, ...]) -> ir.Value:
    return new_node(node, op, inputs, like=node.outputs[0], shape=shape, dtype=_FLOAT)


def _ranks(model: ir.Model, node: ir.Node, flat: ir.Value) -> ir.Value:
    """Count the numbers before each number in each row: (rows, n) -> (rows, 1, n)."""
    rows, count = shape_of(flat) or ()
    cube, value = (rows, count, count), node.outputs[0]
    own = reshape(model, node, flat, (rows, count, 1), like=value)
    other = reshape(model, node, flat, (rows, 1, count), like=value)
    pair = [other, own] if integer(node, "largest", 1) else [own, other]
    sign = _op(node, "Sign", [_op(node, "Sub", pair, cube)], cube)
    earlier = np.tril(np.ones((count, count), np.float32), -1) - np.float32(0.5)
    settled = _op(node, "Add", [sign, new_constant(model, earlier, value)], cube)
    before = _op(node, "Relu", [_op(node, "Sign", [settled], cube)], cube)
    ranks = new_node(
        node, "ReduceSum", [before, new_constant(model, np.array([2], np.int64), value)],
        {"keepdims": 1}, like=value, shape=(rows, count, 1), dtype=_FLOAT,
    )  # fmt: skip
    return reshape(model, node, ranks, (rows, 1, count), like=value)


def _hot(model: ir.Model, node: ir.Node, ranks: ir.Value, k: int) -> ir.Value:
    """Mark which number has each of the first k ranks: (rows, 1, n) -> (rows, k, n) of 0 and 1."""
    rows, _, count = shape_of(ranks) or ()
    shape, value = (rows, k, count), node.outputs[0]
    wanted = new_constant(model, np.arange(k, dtype=np.float32).reshape(k, 1), value)
    apart = _op(node, "Abs", [_op(node, "Sub", [ranks, wanted], shape)], shape)
    one = new_constant(model, np.ones((), np.float32), value)
    return _op(node, "Sub", [one, _op(node, "Sign", [apart], shape)], shape)


def _take(
    model: ir.Model,
    node: ir.Node,
    output: ir.Value,
    hot: ir.Value,
    operand: ir.Value,
    order: list[int],
) -> None:
    """Replace an output by the marked numbers."""
    if not output.uses() and not output.is_graph_output():
        return
    shape = shape_of(output) or ()
    rows, k, _ = shape_of(hot) or ()
    taken = _op(node, "MatMul", [hot, operand], (rows, k, 1))
    turned = reshape(model, node, taken, [shape[a] for a in order], like=output)
    result = transpose(node, turned, [int(a) for a in np.argsort(order)], like=output)
    if output.dtype != _FLOAT:
        result = new_node(node, "Cast", [result], {"to": output.dtype}, like=output)
    replace(output, result)
