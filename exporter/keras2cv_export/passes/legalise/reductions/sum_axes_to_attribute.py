"""Write the axes of a ReduceSum as an attribute.

    ReduceSum(x, (1,))  ->  ReduceSum(x, axes=(1,))

4.6 asks for it ("please try to re-export the onnx model with opset 11"); every newer OpenCV
reads that form too. Exact.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import constant, nodes


def sum_axes_to_attribute(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(node) for node in nodes(model, "ReduceSum"))


def _rewrite(node: ir.Node) -> int:
    axes = constant(node.inputs[1]) if len(node.inputs) > 1 else None
    if axes is None:
        return 0
    node.attributes["axes"] = ir.AttrInt64s("axes", axes.reshape(-1).tolist())
    node.attributes.pop("noop_with_empty_axes", None)
    node.resize_inputs(1)
    return 1
