"""Crop the end of a transposed convolution by a Slice, not by uneven pads.

    ConvTranspose(x, pads=(0, 0, 1, 1))  ->  Slice(ConvTranspose(x), 0 to n - 1)

Keras' padding="same" with an odd kernel and stride 2 needs it. 4.6 to 4.14 refuse pads of unequal
size. Exact: the same result, copied once more.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import ints, new_constant, new_node, nodes, shape_of, substitute
from keras2cv_export.graph.misses import miss


def crop_transposed_conv(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_crop(model, node) for node in nodes(model, "ConvTranspose"))


def _crop(model: ir.Model, node: ir.Node) -> int:
    pads, shape, output = ints(node, "pads"), shape_of(node.outputs[0]), node.outputs[0]
    if shape is None or not pads:
        return 0
    rank = len(shape) - 2
    begins, ends = pads[:rank], pads[rank:]
    cut = [max(0, e - b) for b, e in zip(begins, ends, strict=True)]
    if not any(cut):
        return miss(node, "it cuts off more in front") if begins != ends else 0
    kept = [e - c for e, c in zip(ends, cut, strict=True)]
    full = [*shape[:2], *(n + c for n, c in zip(shape[2:], cut, strict=True))]
    attributes = dict(node.attributes) | {"pads": ir.AttrInt64s("pads", [*begins, *kept])}
    whole = new_node(node, "ConvTranspose", node.inputs, attributes, like=output, shape=full)
    axes = [a for a in range(rank) if cut[a]]
    bounds = ([0] * len(axes), [shape[2 + a] for a in axes], [2 + a for a in axes])
    inputs = [whole, *(new_constant(model, np.array(b, np.int64), output) for b in bounds)]
    return substitute(node, new_node(node, "Slice", inputs, like=output))
