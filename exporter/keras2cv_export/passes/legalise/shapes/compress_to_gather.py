"""Write a Compress by a known condition as a Gather.

    Compress(x, (1, 0, 1, 1), axis=2)  ->  Gather(x, (0, 2, 3), axis=2)

tf2onnx mirrors an image that way (Pad, then the doubled rows taken out). No OpenCV has Compress;
5.0's new engine crashes. Exact: both copy.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    integer,
    new_constant,
    new_node,
    nodes,
    shape_of,
    substitute,
)


def compress_to_gather(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Compress"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    condition, shape = constant(node.inputs[1]), shape_of(node.inputs[0])
    if condition is None or shape is None or "axis" not in node.attributes:
        return 0
    axis, kept = integer(node, "axis", 0), np.flatnonzero(condition).astype(np.int64)
    output = node.outputs[0]
    inputs = [node.inputs[0], new_constant(model, kept, output)]
    full = [*shape]
    full[axis] = len(kept)
    return substitute(
        node, new_node(node, "Gather", inputs, {"axis": axis}, like=output, shape=full)
    )
