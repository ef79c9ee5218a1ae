"""Multiply a tensor by a constant matrix row by row, as a Dense layer.

    MatMul(x (b, t, in), W (in, out))  ->  Reshape(Gemm(Reshape(x, (b t, in)), W', transB=1))

The projections of an attention layer are products of tensors, with their biases behind a Reshape.
As a Gemm of rows each includes its bias, and 4.x and the classic engine of 5.0 compute it two to
four times as fast: only there do they pack the matrix. The new engine makes a Gemm of either.
Exact: the same products.

Left alone: matrices that are computed, or several.
"""

from __future__ import annotations

from math import prod

import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    new_constant,
    new_node,
    nodes,
    reshape,
    shape_of,
    substitute,
)
from keras2cv_export.graph.misses import miss


def multiply_rows(model: ir.Model) -> int:
    """Rewrite in place; return how many products changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "MatMul"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    value, kernel, output = node.inputs[0], constant(node.inputs[1]), node.outputs[0]
    shape, target = shape_of(value), shape_of(output)
    if value is None or shape is None or target is None or kernel is None or 0 in target:
        return 0
    if kernel.ndim != 2:
        return miss(node, "its constant has batches")
    if len(shape) <= 2 or output.dtype != ir.DataType.FLOAT:
        return 0
    rows = reshape(model, node, value, (prod(shape[:-1]), shape[-1]), like=output)
    inputs = [rows, new_constant(model, kernel.T, output)]
    flat = (prod(shape[:-1]), target[-1])
    product = new_node(node, "Gemm", inputs, {"transB": 1}, like=output, shape=flat)
    return substitute(node, reshape(model, node, product, target, like=output))
