"""Leave the strides of a volume's pointwise convolution out where they are 1.

    Conv(x (n, c, d, h, w), W (out, c, 1, 1, 1), strides=[1, 1, 1])  ->  Conv(x, W)

The new engine of 5.0 gives such convolutions to a product of matrices where they have much to
multiply, and takes a volume for an image there: beyond the first image the result is garbage, as in
3-D forms of DenseNet and SegFormer. It looks for strides that are written down. Exact: 1 is ONNX'
default, and as fast elsewhere.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import ints, nodes, shape_of

_VOLUME = 5


def omit_volume_strides(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_omit(node) for node in nodes(model, "Conv"))


def _omit(node: ir.Node) -> int:
    kernel = shape_of(node.inputs[1])
    if kernel is None or len(kernel) != _VOLUME or set(kernel[2:]) != {1}:
        return 0
    if set(ints(node, "strides")) != {1}:
        return 0
    node.attributes.pop("strides")
    return 1
