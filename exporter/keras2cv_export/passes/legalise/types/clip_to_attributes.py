"""Write the bounds of a Clip as attributes.

    Clip(x, lo, hi)  ->  Clip(x, min=lo, max=hi)

4.5 and 4.6 read that form only, which is ONNX's up to opset 10; every newer OpenCV reads it too.
Exact.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import constant, nodes


def clip_to_attributes(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(node) for node in nodes(model, "Clip"))


def _rewrite(node: ir.Node) -> int:
    arrays = [constant(value) for value in node.inputs[1:]]
    if not arrays or any(
        a is None for a, v in zip(arrays, node.inputs[1:], strict=True) if v is not None
    ):
        return 0
    for name, array in zip(("min", "max"), arrays, strict=False):
        if array is not None:
            node.attributes[name] = ir.AttrFloat32(name, float(array.reshape(-1)[0]))
    node.resize_inputs(1)
    return 1
