"""Write out the axis of a Softmax, which ONNX allows to be missing.

    Softmax(x)  ->  Softmax(x, axis=rank - 1)

Since opset 13 a missing axis means the last one. OpenCV up to 4.8 takes axis 1, as opset 12 did,
so a softmax over the last axis of anything but (n, classes) is silently wrong there. A negative
axis is counted from the front, for the same readers. Exact.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import integer, nodes, shape_of


def state_softmax_axis(model: ir.Model) -> int:
    """Write in place; return how many nodes got an axis."""
    return sum(_state(node) for node in nodes(model, "Softmax", "LogSoftmax", "Hardmax"))


def _state(node: ir.Node) -> int:
    shape = shape_of(node.inputs[0])
    axis = integer(node, "axis", -1)
    if shape is None or ("axis" in node.attributes and axis >= 0):
        return 0
    node.attributes["axis"] = ir.AttrInt64("axis", axis % len(shape))
    return 1
