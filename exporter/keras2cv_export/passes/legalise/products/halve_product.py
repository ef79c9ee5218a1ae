"""Multiply many numbers by multiplying the first half by the second, again and again.

    ReduceProd(x (m, 5, n), axes=(1,))  ->  a = x[:, :2] x[:, 2:4];  a[:, :1] a[:, 1:] x[:, 4:]

4.8 splits a reduction among threads at the wrong places (see `reduce_to_pool`). Exact up to
rounding: the same factors in another order.
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


def halve_product(model: ir.Model) -> int:
    """Rewrite in place; return how many reductions changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "ReduceProd"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    value, output = node.inputs[0], node.outputs[0]
    shape, target = shape_of(value), shape_of(output)
    if value is None or shape is None or target is None or 0 in shape:
        return 0
    axes = reduced_axes(node, len(shape))
    if axes is None or axes != tuple(range(axes[0], axes[-1] + 1)):
        return 0
    blocks = (
        prod(shape[: axes[0]]), prod(shape[a] for a in axes), prod(shape[axes[-1] + 1 :])
    )  # fmt: skip
    product = _product(model, node, reshape(model, node, value, blocks, like=output))
    return substitute(node, reshape(model, node, product, target, like=output))


def _product(model: ir.Model, node: ir.Node, value: ir.Value) -> ir.Value:
    count, rest = (shape_of(value) or ())[1], []
    while count > 1:
        half = count // 2
        if count % 2:
            rest.append(_part(model, node, value, count - 1, count))
        pair = [_part(model, node, value, k * half, (k + 1) * half) for k in (0, 1)]
        value = new_node(node, "Mul", pair, like=node.outputs[0], shape=shape_of(pair[0]))
        count = half
    for factor in rest:
        value = new_node(node, "Mul", [value, factor], like=node.outputs[0], shape=shape_of(factor))
    return value


def _part(model: ir.Model, node: ir.Node, value: ir.Value, start: int, stop: int) -> ir.Value:
    before, _, after = shape_of(value) or ()
    output = node.outputs[0]
    bounds = [new_constant(model, np.array([n], np.int64), output) for n in (start, stop, 1)]
    shape = (before, stop - start, after)
    return new_node(node, "Slice", [value, *bounds], like=output, shape=shape)
