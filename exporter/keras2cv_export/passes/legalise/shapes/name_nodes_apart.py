"""Give every node a name of its own.

    Reshape "dense/Reshape", Reshape "dense/Reshape"  ->  "dense/Reshape", "dense/Reshape_2"

ONNX does not ask for it, but every OpenCV but 5.0's new engine calls its layers after the nodes
and refuses a second one of the same name. Exact.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import layer_name


def name_nodes_apart(model: ir.Model) -> int:
    """Rename in place; return how many nodes got another name."""
    taken: set[str] = set()
    return sum(_rename(node, taken) for node in model.graph)


def _rename(node: ir.Node, taken: set[str]) -> int:
    wish = node.name or f"{layer_name(node.outputs[0])}/{node.op_type}"
    name, k = wish, 1
    while name in taken:
        k += 1
        name = f"{wish}_{k}"
    taken.add(name)
    if name == node.name:
        return 0
    node.name = name
    return 1
