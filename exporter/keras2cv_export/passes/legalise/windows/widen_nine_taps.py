"""Give a convolution of nine taps in a row a tenth, of zeros.

    Conv(x, W (O, C, 1, 9), pads (0, 4, 0, 4))  ->  Conv(x, W' (O, C, 1, 10), pads (0, 4, 0, 5))

5.0's new engine takes every kernel of nine taps for a 3x3 one, and reads pixels beside and below:
conv2_kernels.simd.hpp checks `ksize == 9` and the strides, and never the kernel's shape. The
results are wrong; along lines they are read from behind the image, up to 1e36. Exact: a product
with zero.

Left alone when (1) the kernel is 3x3, or in volumes, (2) there is one group for each channel, which
has kernels of its own, or a dilation, (3) weights are computed, or padding is not stated.
"""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    integer,
    ints,
    new_constant,
    new_node,
    nodes,
    pads_automatically,
    substitute,
)

_TAPS = 9


def widen_nine_taps(model: ir.Model) -> int:
    """Rewrite in place; return how many convolutions got a tap."""
    return sum(_widen(model, node) for node in nodes(model, "Conv"))


def _widen(model: ir.Model, node: ir.Node) -> int:
    weight = constant(node.inputs[1])
    if weight is None or weight.ndim not in (3, 4) or pads_automatically(node):
        return 0
    kernel = weight.shape[2:]
    if (
        math.prod(kernel) != _TAPS
        or kernel == (3, 3)
        or any(n != 1 for n in ints(node, "dilations"))
    ):
        return 0
    if weight.shape[1] == 1 and integer(node, "group", 1) == weight.shape[0]:
        return 0
    axis, rank, output = kernel.index(_TAPS), len(kernel), node.outputs[0]
    zeros = [(0, int(k == axis + 2)) for k in range(weight.ndim)]
    wide = np.pad(weight, zeros)
    pads = list(ints(node, "pads", (0,) * 2 * rank))
    pads[rank + axis] += 1
    attributes = {
        **node.attributes,
        "kernel_shape": ir.AttrInt64s("kernel_shape", wide.shape[2:]),
        "pads": ir.AttrInt64s("pads", pads),
    }
    inputs = [node.inputs[0], new_constant(model, wide, output), *node.inputs[2:]]
    return substitute(node, new_node(node, "Conv", inputs, attributes, like=output))
