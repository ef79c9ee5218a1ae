"""Turn a Reshape of a Reshape into one.

    Reshape(Reshape(x, a), b)  ->  Reshape(x, b)

Both only rename dimensions, and the second overrides the first. A Reshape is free in itself, but it
stands between layers that OpenCV would fuse. Exact. Left alone when the second shape copies
dimensions of the first (a 0 in it).
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import constant, drop, new_node, nodes, replace
from keras2cv_export.graph.misses import miss


def merge_reshapes(model: ir.Model) -> int:
    """Rewrite in place; return how many Reshapes went."""
    return sum(_merge(node) for node in nodes(model, "Reshape"))


def _merge(node: ir.Node) -> int:
    source, target = node.inputs[0], constant(node.inputs[1])
    first = source.producer() if source is not None else None
    if first is None or first.op_type != "Reshape" or target is None:
        return 0
    if 0 in target:
        return miss(node, "it copies sizes of the Reshape before it")
    output = node.outputs[0]
    replace(output, new_node(node, "Reshape", [first.inputs[0], node.inputs[1]], like=output))
    drop(node)
    drop(first)
    return 1
