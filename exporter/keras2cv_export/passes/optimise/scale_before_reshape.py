"""Scale and shift a Dense layer's result before it is reshaped.

    Reshape(Gemm(x, W)) + b               ->  Reshape(Gemm(x, W) + b)    the same for Mul and Sub
    Reshape(Gemm, (n, t, h, d)) + b (h, d)  ->  Reshape(Gemm + b', ..)     b' (h d,)

A Dense layer over several axes is a Reshape to rows, a Gemm and a Reshape back, with its bias, and
a ConvNeXt's scale, behind. Before the Reshape `fold_scale_into_conv` takes both into the weights,
which saves a trip through memory each. Exact: the same arithmetic on the same elements.

The same holds where the last axis becomes several, as the heads of an attention layer do.

Left alone when (1) the Reshape mixes rows and columns, (2) the constant varies along rows, or is a
single number, (3) the value is read elsewhere too.
"""

from __future__ import annotations

from math import prod

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


def scale_before_reshape(model: ir.Model) -> int:
    """Rewrite in place; return how many Mul, Add and Sub changed places."""
    return sum(_rewrite(model, node) for node in nodes(model, "Mul", "Add", "Sub"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    output = node.outputs[0]
    for k, value in enumerate(node.inputs):
        moved, vector = value.producer() if value is not None else None, node.inputs[1 - k]
        if moved is None or value is None or moved.op_type != "Reshape" or vector is None:
            continue
        rows, wide = shape_of(moved.inputs[0]), shape_of(value)
        gemm = moved.inputs[0].producer() if moved.inputs[0] is not None else None
        if gemm is None or gemm.op_type != "Gemm" or rows is None or wide is None:
            continue
        if shape_of(output) != wide:  # the constant spreads the result over an axis of 1
            continue
        columns = _columns(constant(vector), rows, wide)
        if columns is None:
            continue
        if only_reader(value) is not node:
            return miss(node, "what it scales is read elsewhere too")
        flat = new_constant(model, columns, output)
        inputs = [moved.inputs[0], flat] if k == 0 else [flat, moved.inputs[0]]
        scaled = new_node(node, node.op_type, inputs, like=output, shape=rows)
        new = new_node(node, "Reshape", [scaled, moved.inputs[1]], like=output)
        substitute(node, new)
        drop(moved)
        return 1
    return 0


def _columns(array: Array | None, rows: tuple[int, ...], wide: tuple[int, ...]) -> Array | None:
    """Return a constant beside (*rows, *heads) as one number for each column (heads,), or None."""
    if array is None or array.size == 1 or array.ndim > len(wide):
        return None
    first = next((k for k in range(len(wide)) if prod(wide[:k]) == rows[0]), None)
    if first is None or prod(wide[first:]) != rows[1]:
        return None
    padded = array.reshape((1,) * (len(wide) - array.ndim) + array.shape)
    if any(size != 1 for size in padded.shape[:first]):
        return None
    full = (*padded.shape[:first], *wide[first:])
    return np.broadcast_to(padded, full).reshape(-1)
