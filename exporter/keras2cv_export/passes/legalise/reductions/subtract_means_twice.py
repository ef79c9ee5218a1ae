"""Subtract what the mean has left once more.

    x - m, m = mean(x)  ->  d - mean(d), d = x - m        over a whole picture

The mean of a picture is off by its last digits, and they remain in every pixel. A flat picture less
its mean is 0 in TensorFlow, whose mean is exact to the last digit. Then a division by the picture's
deviation turns 1e-5 into 5e-3: in `tf.image.per_image_standardization` it is at least 1 / sqrt(n).
What the first subtraction leaves is small, and so is the rounding of its mean. The same for all
OpenCVs, whatever they do with a mean.

Left alone when (1) the mean is over few numbers, or over those of each channel by itself, (2) it
is done already.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import new_node, nodes, shape_of
from keras2cv_export.graph.long_sums import long_axes, mean_of, spreads_alike


def subtract_means_twice(model: ir.Model) -> int:
    """Rewrite in place; return how many differences changed."""
    return sum(_rewrite(node) for node in nodes(model, "Sub"))


def _rewrite(node: ir.Node) -> int:
    value, mean, output = node.inputs[0], node.inputs[1], node.outputs[0]
    reduction = _long_mean(node)
    if value is None or mean is None or reduction is None or _is_first(node) or _is_second(node):
        return 0
    shape, axes = shape_of(value) or (), long_axes(reduction)
    if shape_of(output) != shape or not spreads_alike(mean, reduction):
        return 0
    kept = [1 if axis in axes else size for axis, size in enumerate(shape)]
    rest = new_node(node, "Sub", [value, mean], like=output)
    inputs, attributes = [rest, *reduction.inputs[1:]], {**reduction.attributes, "keepdims": 1}
    left = new_node(node, "ReduceMean", inputs, attributes, like=output, shape=kept)
    node.replace_input_with(0, rest)
    node.replace_input_with(1, left)
    return 1


def _long_mean(node: ir.Node) -> ir.Node | None:
    """Return the mean over many numbers, where a Sub subtracts it from what it is the mean of."""
    reduction = mean_of(node.inputs[0], node.inputs[1])
    return reduction if long_axes(reduction) else None


def _is_first(node: ir.Node) -> bool:
    """Whether the mean of what a Sub leaves is subtracted from it."""
    return any(_takes_rest(use.node, node) for use in node.outputs[0].uses())


def _is_second(node: ir.Node) -> bool:
    value = node.inputs[0]
    maker = value.producer() if value is not None else None
    return maker is not None and _takes_rest(node, maker) and _long_mean(maker) is not None


def _takes_rest(node: ir.Node, first: ir.Node) -> bool:
    is_next = node.op_type == first.op_type == "Sub" and node.inputs[0] is first.outputs[0]
    return is_next and _long_mean(node) is not None
