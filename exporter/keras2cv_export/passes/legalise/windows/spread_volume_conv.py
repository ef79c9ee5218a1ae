"""Write a 3-D transposed convolution as a convolution of the volume with zeros between.

    ConvTranspose(x (n, c, d, h, w), k (c, out, kd, kh, kw), strides s, pads p)
      ->  Conv(x with s - 1 zeros after each element, k turned around, pads k - 1 - p)

4.6 to 4.14 have no 3-D transposed convolution on the CPU. Exact: the same products, beside zeros.

Zeros after each element of an axis are a Pad: (.., n, rest) as (n, rest), rest widened to
s rest. The zeros behind the last element serve as padding at the end.
"""

from __future__ import annotations

from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    Array,
    constant,
    integer,
    ints,
    new_constant,
    new_node,
    nodes,
    reshape,
    shape_of,
    substitute,
)
from keras2cv_export.graph.misses import miss


def spread_volume_conv(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "ConvTranspose"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    value, kernel, output = node.inputs[0], constant(node.inputs[1]), node.outputs[0]
    shape, target = shape_of(value), shape_of(output)
    if value is None or kernel is None or shape is None or target is None or len(shape) != 5:
        return 0
    strides, pads = ints(node, "strides", (1, 1, 1)), ints(node, "pads", (0,) * 6)
    extra = ints(node, "output_padding", (0, 0, 0))
    if set(ints(node, "dilations", (1,))) != {1} or any(p < 0 for p in pads):
        return miss(node, "it has holes, or negative padding")
    size = kernel.shape[2:]
    begins = [size[k] - 1 - pads[k] for k in range(3)]
    # The zeros behind the last element are part of the padding at the end.
    ends = [size[k] - 1 - pads[3 + k] + extra[k] - (strides[k] - 1) for k in range(3)]
    for k, stride in enumerate(strides):
        value = _with_zeros(model, node, value, 2 + k, stride)
    value, ends = _cropped(model, node, value, begins, ends)
    turned = _turned(kernel, integer(node, "group", 1))
    attributes = {
        "kernel_shape": size,
        "strides": (1, 1, 1),
        "pads": [max(0, p) for p in begins] + ends,
        "group": integer(node, "group", 1),
    }
    inputs = [value, new_constant(model, turned, output), *node.inputs[2:]]
    return substitute(node, new_node(node, "Conv", inputs, attributes, like=output))


def _with_zeros(
    model: ir.Model, node: ir.Node, value: ir.Value, axis: int, stride: int
) -> ir.Value:
    if stride == 1:
        return value
    shape, output = list(shape_of(value) or ()), node.outputs[0]
    rows, inner = prod(shape[: axis + 1]), prod(shape[axis + 1 :])
    value = reshape(model, node, value, (rows, inner), like=output)
    pads = new_constant(model, np.array([0, 0, 0, inner * (stride - 1)], np.int64), output)
    wide = (rows, inner * stride)
    value = new_node(node, "Pad", [value, pads], {"mode": "constant"}, like=output, shape=wide)
    shape[axis] *= stride
    return reshape(model, node, value, shape, like=output)


def _cropped(
    model: ir.Model, node: ir.Node, value: ir.Value, begins: list[int], ends: list[int]
) -> tuple[ir.Value, list[int]]:
    """Crop by the amount of negative padding."""
    shape, output = list(shape_of(value) or ()), node.outputs[0]
    for k in range(3):
        start, stop = max(0, -begins[k]), shape[2 + k] - max(0, -ends[k])
        if (start, stop) != (0, shape[2 + k]):
            shape[2 + k] = stop - start
            bounds = [
                new_constant(model, np.array([n], np.int64), output) for n in (start, stop, 2 + k)
            ]
            value = new_node(node, "Slice", [value, *bounds], like=output, shape=shape)
    return value, [max(0, p) for p in ends]


def _turned(kernel: Array, group: int) -> Array:
    """(in, out / group, ..) of a transposed convolution -> (out, in / group, ..) of a plain one."""
    flipped = kernel[:, :, ::-1, ::-1, ::-1]
    parts = np.split(flipped, group)
    return np.ascontiguousarray(np.concatenate([p.swapaxes(0, 1) for p in parts]))
