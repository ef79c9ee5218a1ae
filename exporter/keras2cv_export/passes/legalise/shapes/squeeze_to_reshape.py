"""Write Squeeze and Unsqueeze as Reshape to the shape that is known.

    Squeeze(x, axes), Unsqueeze(x, axes)  ->  Reshape(x, shape)

OpenCV 4.5 and 4.6 accept the axes as an attribute only (opset 12 and before), 4.13 keeps the
dimensions when axes are left out, and 5.0 and 4.7 to 4.12 want either form. All of them read
Reshape with a constant shape. Exact: both only rename dimensions.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import drop, new_constant, new_node, nodes, replace, shape_of


def squeeze_to_reshape(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Squeeze", "Unsqueeze", "Flatten"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    output = node.outputs[0]
    shape = shape_of(output)
    if shape is None:
        return 0
    target = new_constant(model, np.array(shape, np.int64), output)
    replace(output, new_node(node, "Reshape", [node.inputs[0], target], like=output))
    drop(node)
    return 1
