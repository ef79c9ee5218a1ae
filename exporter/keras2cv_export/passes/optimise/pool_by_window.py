"""Pool a whole image with a window as large as it is.

    GlobalAveragePool(x (N, C, H, W)), ReduceMean over H and W  ->  AveragePool(x, kernel (H, W))
    GlobalMaxPool(x (N, C, H, W)), ReduceMax over H and W       ->  MaxPool(x, kernel (H, W))

5.0's new engine has a pooling for the block layout of its convolutions, but uses the older one for
global pooling: the image is reordered for it first, which takes three to eight times as long as the
pooling. Squeeze-and-excitation pools in every block. On other engines both take equally long. Exact
up to the order of the sum.

Left alone when the value does not have the four axes of an image.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import new_node, nodes, reduced_axes, reshape, shape_of, substitute

_WINDOW = {
    "GlobalAveragePool": "AveragePool",
    "GlobalMaxPool": "MaxPool",
    "ReduceMax": "MaxPool",
    "ReduceMean": "AveragePool",
}


def pool_by_window(model: ir.Model) -> int:
    """Rewrite in place; return how many poolings changed."""
    return sum(_rewrite(model, node) for node in nodes(model, *_WINDOW))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    shape, wanted = shape_of(node.inputs[0]), shape_of(node.outputs[0])
    if shape is None or wanted is None or len(shape) != 4 or reduced_axes(node, 4) != (2, 3):
        return 0
    output, attributes = node.outputs[0], {"kernel_shape": shape[2:]}
    op, small = _WINDOW[node.op_type], (*shape[:2], 1, 1)
    pooled = new_node(node, op, node.inputs[:1], attributes, like=output, shape=small)
    return substitute(node, reshape(model, node, pooled, wanted, like=output))
