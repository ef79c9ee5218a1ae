"""Multiply patches by their kernel as rows, where a convolution's windows lie side by side.

    Conv(x (n, c, h k, w k), W (o, c, k, k), strides k)
      ->  rows (n h w, c k k) = Reshape(Transpose(Reshape(Transpose(Reshape(x)))))
          Transpose(Reshape(Gemm(rows, W (o, c k k)), (n, h, w, o)), NCHW)

A vision transformer cuts its image like that, and a ConvNeXt halves it. No window overlaps another,
so the convolution is one product, for which both engines of 5.0 have far better code: patches of
16x16 take 2 ms in place of 50. Exact: the same products. The Transposes have four axes, as those of
five are slow on the classic engine.

Left alone when (1) windows overlap, are padded or dilated, or do not cover the image, (2) there are
groups, (3) a window has fewer than 512 numbers, so that gathering the rows costs more, (4) it is a
1x1 convolution, at which the engines are fast.
"""

from __future__ import annotations

from math import prod

import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    integer,
    ints,
    new_constant,
    new_node,
    nodes,
    pads_automatically,
    reshape,
    shape_of,
    substitute,
    transpose,
)
from keras2cv_export.graph.misses import miss

_LEAST = 512


def multiply_patches(model: ir.Model) -> int:
    """Rewrite in place; return how many convolutions changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Conv"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    kernel, sizes = constant(node.inputs[1]), _sizes(node)
    if kernel is None or sizes is None:
        return 0
    if prod(kernel.shape[1:]) < _LEAST:
        return miss(node, "its windows hold too few numbers for a product to be faster")
    output, (n, c, h, w) = node.outputs[0], sizes
    rows = _rows(model, node, (n, c, h, w), (kernel.shape[2], kernel.shape[3]))
    weight = new_constant(model, kernel.reshape(len(kernel), -1), output)
    shape = (n * h * w, len(kernel))
    inputs = [rows, weight, *node.inputs[2:]]
    product = new_node(node, "Gemm", inputs, {"transB": 1}, like=output, shape=shape)
    image = reshape(model, node, product, (n, h, w, len(kernel)), like=output)
    return substitute(node, transpose(node, image, (0, 3, 1, 2), like=output))


def _sizes(node: ir.Node) -> tuple[int, int, int, int] | None:
    """Return samples, channels, and rows and columns of adjacent windows; or None."""
    shape, kernel = shape_of(node.inputs[0]), shape_of(node.inputs[1])
    if shape is None or kernel is None or len(shape) != 4 or node.outputs[0].dtype is None:
        return None
    window, strides = kernel[2:], ints(node, "strides", (1, 1))
    plain = not any(ints(node, "pads")) and set(ints(node, "dilations", (1, 1))) == {1}
    if (
        window != strides
        or prod(window) == 1
        or not plain
        or pads_automatically(node)
        or integer(node, "group", 1) != 1
    ):
        return None
    (h, below), (w, beside) = (divmod(shape[k + 2], window[k]) for k in (0, 1))
    return None if below or beside or 1 in (h, w) else (shape[0], shape[1], h, w)


def _rows(
    model: ir.Model, node: ir.Node, sizes: tuple[int, int, int, int], window: tuple[int, int]
) -> ir.Value:
    """Gather the windows as (n h w, c kh kw)."""
    (n, c, h, w), (high, wide), output = sizes, window, node.outputs[0]
    value = node.inputs[0]
    assert value is not None  # noqa: S101 - it has a shape
    parts = reshape(model, node, value, (n * c * h, high, w, wide), like=output)
    whole = transpose(node, parts, (0, 2, 1, 3), like=output)
    planes = reshape(model, node, whole, (n, c, h * w, high * wide), like=output)
    patches = transpose(node, planes, (0, 2, 1, 3), like=output)
    return reshape(model, node, patches, (n * h * w, c * high * wide), like=output)
