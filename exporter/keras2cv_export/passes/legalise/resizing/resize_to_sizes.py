"""Give Resize the output's size rather than a scale.

    Resize(x, scales=(1, 1, 8/7, 9/7))  ->  Resize(x, sizes=(n, c, 8, 9))

8/7 is not a float32, and floor(7 * 8/7) is 7: ONNX's shape inference, onnxruntime and OpenCV then
make an image that is one row short. TensorFlow was given the size. Where no shape is known yet, the
scales are first rounded up by two float32 steps: the size inferred from them is right for up to
four million pixels a side. Exact.

    Resize(x, sizes=(-1, -1, 8, 9))  ->  Resize(x, sizes=(n, c, 8, 9))

tf2onnx writes -1 for what stays as it is, and ONNX has no such size.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, new_constant, new_node, nodes, shape_of, substitute

_ROUNDED_UP = "scales_rounded_up"


def resize_to_sizes(model: ir.Model) -> int:
    """Rewrite in place; return how many Resizes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Resize"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    output, shape = node.outputs[0], shape_of(node.outputs[0])
    if len(node.inputs) > 3 and node.inputs[3] is not None:
        given = constant(node.inputs[3])
        if shape is None or given is None or given.min(initial=0) >= 0:
            return 0
    if shape is None:
        return _round_up(model, node)
    sizes = new_constant(model, np.array(shape, np.int64), output)
    cut = "coordinate_transformation_mode" in node.attributes and (
        node.attributes["coordinate_transformation_mode"].as_string() == "tf_crop_and_resize"
    )
    # The second input, a part of the image, has a meaning in that mode alone.
    inputs = [node.inputs[0], node.inputs[1] if cut else None, None, sizes]
    return substitute(node, new_node(node, "Resize", inputs, node.attributes, like=output))


def _round_up(model: ir.Model, node: ir.Node) -> int:
    value = node.inputs[2] if len(node.inputs) > 2 else None
    scales = constant(value)
    if scales is None or value is None or _ROUNDED_UP in str(value.name):
        return 0
    above = scales.astype(np.float32)
    fractional = above != np.round(above)
    for _ in range(2):
        above = np.where(fractional, np.nextafter(above, np.float32(np.inf)), above)
    node.replace_input_with(2, new_constant(model, above, node.outputs[0], _ROUNDED_UP))
    return 1
