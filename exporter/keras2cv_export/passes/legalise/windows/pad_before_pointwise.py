"""Pad before a convolution of one pixel that would read past its image.

    Conv(x, W (out, c, 1, 1), pads=p)  ->  Conv(Pad(x, p), W)

The new engine of 5.0 has a loop of its own for kernels of one pixel without stride, which takes the
result to be as large as the image: with padding the result is garbage, up to 1e38. The classic
engine, and 4.7 to 4.14, get volumes that are padded on one side wrong. Exact: the border is the
bias, as before.

Left alone: strides, with which that loop is not used, and lines, which become images.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import ints, new_constant, new_node, nodes, shape_of, substitute

_LINE = 3


def pad_before_pointwise(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_part(model, node) for node in nodes(model, "Conv"))


def _part(model: ir.Model, node: ir.Node) -> int:
    source, output, pads = node.inputs[0], node.outputs[0], ints(node, "pads")
    shape, kernel = shape_of(source), shape_of(node.inputs[1])
    if shape is None or kernel is None or len(shape) <= _LINE:
        return 0
    if set(kernel[2:]) != {1} or not any(pads) or set(ints(node, "strides", (1,))) != {1}:
        return 0
    axes = len(pads) // 2
    begins, ends = pads[:axes], pads[axes:]
    wide = (*shape[:2], *(a + b + c for a, b, c in zip(begins, shape[2:], ends, strict=True)))
    around = np.array([0, 0, *begins, 0, 0, *ends], np.int64)
    inputs = [source, new_constant(model, around, output, "pads")]
    padded = new_node(node, "Pad", inputs, {"mode": "constant"}, like=output, shape=wide)
    attributes = {**node.attributes, "pads": ir.AttrInt64s("pads", [0] * len(pads))}
    rest = [padded, *node.inputs[1:]]
    return substitute(node, new_node(node, "Conv", rest, attributes, like=output))
