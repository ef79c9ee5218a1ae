"""Give a convolution the number of groups that its kernel was made for.

    Conv(x (n, 6, ..), w (out, 2, ..), group=1)  ->  Conv(x, w, group=3)

tf2onnx writes group=1 for every 3-D convolution, and leaves the kernel of a grouped one with
fewer channels than its input has. That is no valid ONNX, and OpenCV 5.0 computes wrong numbers.
Exact: the kernel determines the groups, and ONNX orders them as TensorFlow does.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import integer, nodes, shape_of


def match_conv_groups(model: ir.Model) -> int:
    """Correct in place; return how many convolutions changed."""
    return sum(_correct(node) for node in nodes(model, "Conv"))


def _correct(node: ir.Node) -> int:
    data, kernel = shape_of(node.inputs[0]), shape_of(node.inputs[1])
    if data is None or kernel is None or data[1] % kernel[1]:
        return 0
    groups = data[1] // kernel[1]
    if groups == integer(node, "group", 1) or kernel[0] % groups:
        return 0
    node.attributes["group"] = ir.AttrInt64("group", groups)
    return 1
