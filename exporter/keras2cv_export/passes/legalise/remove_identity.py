"""Remove nodes that pass their input on: Identity, Dropout at inference, Cast to the same type.

    y = Identity(x)  ->  x

An Identity between two layers hides the fusion of one into the other from OpenCV. Exact.
An Identity stays where the graph's interface needs it: between an input and an output.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph import drop, ints, nodes, replace, shape_of


def remove_identity(model: ir.Model) -> int:
    """Remove in place; return how many nodes went."""
    candidates = nodes(model, "Identity", "Dropout", "Cast", "Transpose", "Reshape", "Expand")
    return sum(_remove(node) for node in candidates if _is_identity(node))


def _is_identity(node: ir.Node) -> bool:
    source, output = node.inputs[0], node.outputs[0]
    if source is None:
        return False
    if node.op_type in ("Identity", "Dropout"):
        return True
    if node.op_type == "Cast":
        return source.dtype is not None and source.dtype == output.dtype
    if node.op_type == "Transpose":
        perm = ints(node, "perm")
        return bool(perm) and perm == tuple(range(len(perm)))
    # A Reshape or Expand that keeps the shape keeps everything.
    return shape_of(source) is not None and shape_of(source) == shape_of(output)


def _remove(node: ir.Node) -> int:
    source, output = node.inputs[0], node.outputs[0]
    assert source is not None  # noqa: S101 - _is_identity looked
    must_stay = source.is_graph_input() or source.is_graph_output() or source.is_initializer()
    if output.is_graph_output() and must_stay:
        return 0
    replace(output, source)
    drop(node)
    return 1
