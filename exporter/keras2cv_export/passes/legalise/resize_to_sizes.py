"""Give Resize the output's size rather than a scale.

    Resize(x, scales=(1, 1, 8/7, 9/7))  ->  Resize(x, sizes=(n, c, 8, 9))

8/7 is not a float32, and floor(7 * 8/7) is 7: ONNX's shape inference, onnxruntime and OpenCV then
make an image that is one row short. The size is what TensorFlow was given. Exact.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph import drop, new_constant, new_node, nodes, replace, shape_of


def resize_to_sizes(model: ir.Model) -> int:
    """Rewrite in place; return how many Resizes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Resize"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    output, shape = node.outputs[0], shape_of(node.outputs[0])
    if shape is None or (len(node.inputs) > 3 and node.inputs[3] is not None):
        return 0
    sizes = new_constant(model, np.array(shape, np.int64), output)
    inputs = [node.inputs[0], None, None, sizes]
    replace(output, new_node(node, "Resize", inputs, node.attributes, like=output))
    drop(node)
    return 1
