"""Reduce without reductions: by pooling, and by products with ones.

    ReduceMean(x (n, c, h, w), axes=(2, 3))  ->  GlobalAveragePool(x)          Max: GlobalMaxPool
    ReduceSum(x (m, n), axes=(1,))           ->  MatMul(x, ones (n, 1))        Mean: with 1 / n
    ReduceSum(x (b, c, h, w), axes=(1,))     ->  Conv(x, ones (1, c, 1, 1))
    ReduceMax(x (b, c, h, w), axes=(1,))     ->  MaxPool of c x 1 over (1, b, c, h w)
    ReduceMin(x)  ->  -ReduceMax(-x)         ReduceL1(x)  ->  ReduceSum(Abs(x))    L2: squares, Sqrt

4.8 splits a reduction among threads at the wrong places (opencv issues 24044 and 24198, mended in
4.9). Tensors of more than a few hundred numbers are silently wrong, MobileNetV2 by half its range.
Exact up to rounding. Products are left to `halve_product`.
"""

from __future__ import annotations

from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    new_constant,
    new_node,
    nodes,
    reduced_axes,
    reshape,
    shape_of,
    substitute,
)

# How each becomes a Sum, Mean or Max: (that op, the op applied before, the op applied after).
_BY: dict[str, tuple[str, str | None, str | None]] = {
    "ReduceSum": ("Sum", None, None),
    "ReduceMean": ("Mean", None, None),
    "ReduceMax": ("Max", None, None),
    "ReduceMin": ("Max", "Neg", "Neg"),
    "ReduceL1": ("Sum", "Abs", None),
    "ReduceL2": ("Sum", "Square", "Sqrt"),
    "ReduceSumSquare": ("Sum", "Square", None),
    "ReduceLogSumExp": ("Sum", "Exp", "Log"),
}
_IMAGE = 4


def reduce_to_pool(model: ir.Model) -> int:
    """Rewrite in place; return how many reductions changed."""
    return sum(_rewrite(model, node) for node in nodes(model, *_BY))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    value, output = node.inputs[0], node.outputs[0]
    shape, target = shape_of(value), shape_of(output)
    if value is None or shape is None or target is None or 0 in shape:
        return 0
    axes = reduced_axes(node, len(shape))
    if axes is None or axes != tuple(range(axes[0], axes[-1] + 1)):
        return 0  # several blocks: `reduce_one_block` comes first
    if output.dtype != ir.DataType.FLOAT:
        return 0
    kind, first, last = _BY[node.op_type]
    reduced = _reduced(model, node, _applied(node, first, value), kind, axes)
    return substitute(
        node, reshape(model, node, _applied(node, last, reduced), target, like=output)
    )


def _applied(node: ir.Node, op: str | None, value: ir.Value) -> ir.Value:
    if op is None:
        return value
    operands = [value, value] if op == "Square" else [value]
    name = "Mul" if op == "Square" else op
    return new_node(node, name, operands, like=node.outputs[0], shape=shape_of(value))


def _reduced(
    model: ir.Model, node: ir.Node, value: ir.Value, kind: str, axes: tuple[int, ...]
) -> ir.Value:
    shape = shape_of(value) or ()
    before, after = prod(shape[: axes[0]]), prod(shape[axes[-1] + 1 :])
    inside = prod(shape[a] for a in axes)
    if kind == "Max":
        return _largest(model, node, value, (before, inside, after))
    if kind == "Mean" and len(shape) == _IMAGE and axes == (2, 3):
        return new_node(
            node, "GlobalAveragePool", [value], like=node.outputs[0], shape=(*shape[:2], 1, 1)
        )
    weight = np.float32(1 / inside if kind == "Mean" else 1)
    if after == 1:
        return _by_product(model, node, value, np.full((inside, 1), weight))
    if len(shape) != _IMAGE or axes != (1,):
        value = reshape(model, node, value, (before, inside, after, 1), like=node.outputs[0])
    return _by_conv(model, node, value, np.full((1, inside, 1, 1), weight))


def _by_product(model: ir.Model, node: ir.Node, value: ir.Value, ones: np.ndarray) -> ir.Value:
    output, rows = node.outputs[0], prod(shape_of(value) or ()) // len(ones)
    flat = reshape(model, node, value, (rows, len(ones)), like=output)
    kernel = new_constant(model, ones, output)
    return new_node(node, "MatMul", [flat, kernel], like=output, shape=(rows, 1))


def _by_conv(model: ir.Model, node: ir.Node, value: ir.Value, ones: np.ndarray) -> ir.Value:
    shape, output = shape_of(value) or (), node.outputs[0]
    kernel = new_constant(model, ones, output)
    return new_node(
        node,
        "Conv",
        [value, kernel],
        {"kernel_shape": [1, 1]},
        like=output,
        shape=(shape[0], 1, *shape[2:]),
    )


def _largest(
    model: ir.Model, node: ir.Node, value: ir.Value, blocks: tuple[int, int, int]
) -> ir.Value:
    before, inside, after = blocks
    output = node.outputs[0]
    image = reshape(model, node, value, (1, before, inside, after), like=output)
    shape = (1, before, 1, after)
    if after == 1:
        return new_node(node, "GlobalMaxPool", [image], like=output, shape=shape)
    window = {"kernel_shape": [inside, 1], "strides": [1, 1]}
    return new_node(node, "MaxPool", [image], window, like=output, shape=shape)
