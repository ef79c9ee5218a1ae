"""Drop the pixels that a strided 1x1 convolution skips in a pooling before it.

    Conv(x, W (O, C, 1, 1), strides=s)  ->  Conv(AveragePool(x, kernel 1, strides=s), W)

5.0's new engine has kernels for 1x1 convolutions that run at the machine's peak, with stride 1
only; its strided ones reach half of that. A ResNet's block has two such convolutions of one value,
which share the pixels. Exact: the mean of one number is the number.

Left alone when the convolution is a depthwise one, which is no faster without a stride.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import (
    integer,
    ints,
    new_node,
    nodes,
    pads_automatically,
    shape_of,
    substitute,
)
from keras2cv_export.graph.misses import miss

Key = tuple[ir.Value, tuple[int, ...]]


def subsample_once(model: ir.Model) -> int:
    """Rewrite in place; return how many convolutions changed."""
    made: dict[Key, ir.Value] = {}
    return sum(_rewrite(node, made) for node in nodes(model, "Conv"))


def _rewrite(node: ir.Node, made: dict[Key, ir.Value]) -> int:
    source, strides, kernel = node.inputs[0], ints(node, "strides"), shape_of(node.inputs[1])
    shape, output = shape_of(source), node.outputs[0]
    wanted = shape_of(output)
    if source is None or shape is None or kernel is None or wanted is None or len(shape) != 4:
        return 0
    if kernel[2:] != (1, 1) or all(s == 1 for s in strides) or any(ints(node, "pads")):
        return 0
    if pads_automatically(node) or integer(node, "group", 1) != 1:
        return miss(node, "it has groups, or pads automatically")
    pixels = made.get((source, strides))
    if pixels is None:
        attributes = {"kernel_shape": [1, 1], "strides": strides}
        reduced = (*shape[:2], *wanted[2:])
        pixels = new_node(node, "AveragePool", [source], attributes, like=source, shape=reduced)
        made[source, strides] = pixels
    rest = {**node.attributes, "strides": ir.AttrInt64s("strides", [1, 1])}
    return substitute(node, new_node(node, "Conv", [pixels, *node.inputs[1:]], rest, like=output))
