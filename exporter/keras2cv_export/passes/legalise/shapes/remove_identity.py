"""Remove nodes that pass their input on: Identity, Dropout at inference, Cast to the same type.

    y = Identity(x)    ->  x
    y = Mul(x, 1)      ->  x          as in Keras' silu, which is x sigmoid(1 x); Div the same

An Identity between two layers keeps OpenCV from fusing them. Exact. An Identity stays where the
graph's interface needs it: between an input and an output.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import constant, drop, ints, nodes, replace, shape_of


def remove_identity(model: ir.Model) -> int:
    """Remove in place; return how many nodes went."""
    candidates = nodes(model, "Identity", "Dropout", "Cast", "Transpose", "Reshape", "Expand")
    count = sum(_remove(node, node.inputs[0]) for node in candidates if _is_identity(node))
    return count + sum(_remove(node, _times_one(node)) for node in nodes(model, "Mul", "Div"))


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


def _times_one(node: ir.Node) -> ir.Value | None:
    """Return the operand that is multiplied or divided by ones and keeps its shape; or None."""
    for k in (1,) if node.op_type == "Div" else (0, 1):
        array, source = constant(node.inputs[k]), node.inputs[1 - k]
        kept = shape_of(source) is not None and shape_of(source) == shape_of(node.outputs[0])
        if array is not None and array.size and kept and bool((array == 1).all()):
            return source
    return None


def _remove(node: ir.Node, source: ir.Value | None) -> int:
    output = node.outputs[0]
    if source is None:
        return 0
    must_stay = source.is_graph_input() or source.is_graph_output() or source.is_initializer()
    if output.is_graph_output() and must_stay:
        return 0
    replace(output, source)
    drop(node)
    return 1
