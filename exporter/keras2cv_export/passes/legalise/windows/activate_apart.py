"""Keep an activation from a volume's depthwise convolution, which would lose it.

    Sigmoid(Conv(x (n, c, d, h, w), group=c))  ->  Sigmoid(Reshape(Conv(x), its own shape))

The new engine of 5.0 merges an activation into the convolution before it, and its loop for
depthwise convolutions of volumes then applies none but ReLU. A convolution from one channel to one
is depthwise, too: the last layer of a small U-Net. A Reshape to the shape that the value has is
not looked through. Exact.

Left alone: results that no such activation reads.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import integer, new_constant, nodes, shape_of
from keras2cv_export.graph.elementwise import UNARY

_VOLUME = 5
_RIGHT = ("Relu", "LeakyRelu", "Clip", "Cast")
_BEGINNINGS = UNARY.difference(_RIGHT) | {"Mul", "Div", "Pow"}  # Gelu, spelled out, has them


def activate_apart(model: ir.Model) -> int:
    """Rewrite in place; return how many convolutions got a Reshape."""
    return sum(_part(model, node) for node in nodes(model, "Conv"))


def _part(model: ir.Model, node: ir.Node) -> int:
    output, source = node.outputs[0], shape_of(node.inputs[0])
    shape = shape_of(output)
    if source is None or shape is None or len(shape) != _VOLUME:
        return 0
    readers = [use.node for use in output.uses()]
    if integer(node, "group", 1) != source[1] or not any(
        reader.op_type in _BEGINNINGS for reader in readers
    ):
        return 0
    target = new_constant(model, np.array([-1, *shape[1:]], np.int64), output)
    apart = ir.Value(type=output.type, shape=ir.Shape(shape))
    reshape = ir.node("Reshape", [output, target], outputs=[apart], name=f"{node.name}/Reshape")
    node.append(reshape)
    output.replace_all_uses_with(apart)
    reshape.replace_input_with(0, output)
    return 1
