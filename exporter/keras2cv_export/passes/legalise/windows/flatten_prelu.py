"""Give a volume to PRelu as an image.

    PRelu(x (n, c, d, h, w), s (c, 1, 1, 1))  ->  Reshape(PRelu(Reshape(x, (n, c, d * h, w)), s))

The new engine of 5.0 stops at a PRelu of five axes if its input comes from a convolution or a
pooling ("src.dims == 5" in forwardBlock). Exact: each channel has its slope, or all have one.

Left alone: slopes of single voxels.
"""

from __future__ import annotations

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

_VOLUME = 5


def flatten_prelu(model: ir.Model) -> int:
    """Rewrite in place; return how many PRelus changed."""
    return sum(_flatten(model, node) for node in nodes(model, "PRelu"))


def _flatten(model: ir.Model, node: ir.Node) -> int:
    source, output = node.inputs[0], node.outputs[0]
    shape, slope = shape_of(source), constant(node.inputs[1])
    if source is None or shape is None or len(shape) != _VOLUME or slope is None:
        return 0
    if slope.size not in (1, shape[1]) or (slope.ndim > 3 and slope.size != slope.shape[-4]):
        return 0
    image = (*shape[:2], shape[2] * shape[3], shape[4])
    flat = reshape(model, node, source, image, like=output, free=0)
    slopes = new_constant(model, slope.reshape(-1, 1, 1), output, "slopes")
    new = new_node(node, "PRelu", [flat, slopes], like=output, shape=image)
    return substitute(node, reshape(model, node, new, shape, like=output, free=0))
