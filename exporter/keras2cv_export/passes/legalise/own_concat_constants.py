"""Give each Concat its own copies of the constants that it joins.

    Concat(k, x, k), Concat(k, y)  ->  Concat(k, x, k'), Concat(k'', y)

The classic engine of 5.0 and every OpenCV before make a layer of such a constant under the
constant's name, and refuse a second one. Exact.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph import constant, new_constant, nodes


def own_concat_constants(model: ir.Model) -> int:
    """Copy in place; return how many copies were made."""
    return sum(_copy_shared(model, node) for node in nodes(model, "Concat"))


def _copy_shared(model: ir.Model, node: ir.Node) -> int:
    copied = 0
    for k, value in enumerate(node.inputs):
        array = constant(value)
        if value is not None and array is not None and len(value.uses()) > 1:
            node.replace_input_with(k, new_constant(model, array, node.outputs[0]))
            copied += 1
    return copied
