"""Give a GRU an output for its last state, and an LSTM one before that of its last cell state.

    Y = GRU(x, W, R, B, , h)                ->  Y, Y_h = GRU(x, W, R, B, , h)
    Y, , Y_c = LSTM(x, W, R, B)             ->  Y, Y_h, Y_c = LSTM(x, W, R, B)

5.0's new engine gives the last state in the place of all of them where a GRU has one output, and
counts the outputs of an LSTM that leaves one out wrongly. Nothing reads the new output, and the
numbers stay the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from keras2cv_export.graph.edit import nodes, shape_of


def name_last_states(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_complete(model, node) for node in nodes(model, "GRU", "LSTM"))


def _complete(model: ir.Model, node: ir.Node) -> int:
    wanted = 2 if node.op_type == "GRU" else len(node.outputs)
    missing = [k for k in range(wanted) if k >= len(node.outputs) or node.outputs[k].name == ""]
    if not missing:
        return 0
    outputs = [_unread(node, k) if k in missing else _moved(node.outputs[k]) for k in range(wanted)]
    made = ir.node(
        node.op_type, node.inputs, dict(node.attributes), outputs=outputs, name=node.name
    )
    node.prepend(made)
    _replace(model, node, outputs)
    return 1


def _unread(node: ir.Node, k: int) -> ir.Value:
    """Return an output for all states, (T, directions, N, H), or a last one; the graph names it."""
    shape = shape_of(node.outputs[0]) or ()
    own = shape if k == 0 else shape[1:]
    return ir.Value(name=None, type=node.outputs[0].type, shape=ir.Shape(own))


def _moved(old: ir.Value) -> ir.Value:
    name, old.name = old.name, None
    return ir.Value(name=name, type=old.type, shape=old.shape)


def _replace(model: ir.Model, node: ir.Node, outputs: Sequence[ir.Value]) -> None:
    for old, new in zip(node.outputs, outputs, strict=False):
        old.replace_all_uses_with(new, replace_graph_outputs=True)
    model.graph.remove(node, safe=True)
