"""Write the bounds of a Clip as inputs.

    Clip(x, min=lo, max=hi)  ->  Clip(x, lo, hi)

The opposite of `clip_to_attributes`, for a graph that 4.6 does not run anyway, since its weights
are stored in a form of later opsets. Exact.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import new_constant, nodes


def clip_to_inputs(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Clip"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    bounds = [node.attributes.pop(name, None) for name in ("min", "max")]
    if bounds == [None, None]:
        return 0
    for k, bound in enumerate(bounds, start=1):
        if bound is None:
            continue
        node.resize_inputs(max(k + 1, len(node.inputs)))
        array = np.array(bound.as_float(), np.float32)
        node.replace_input_with(k, new_constant(model, array, node.outputs[0]))
    return 1
