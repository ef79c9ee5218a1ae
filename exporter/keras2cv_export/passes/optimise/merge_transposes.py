"""Turn a Transpose of a Transpose into one, and one that moves only size-1 axes into a Reshape.

    Transpose(Transpose(x, p), q)        ->  Transpose(x, [p[i] for i in q])
    Transpose(x (1, C, 1, 1), NHWC)      ->  Reshape(x, (1, 1, 1, C))

A Transpose copies the tensor through memory in every engine; a Reshape is free. Exact.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    drop,
    new_constant,
    new_node,
    nodes,
    permutation,
    replace,
    shape_of,
)


def merge_transposes(model: ir.Model) -> int:
    """Rewrite in place; return how many Transposes changed."""
    return sum(_merge(node) or _to_reshape(model, node) for node in nodes(model, "Transpose"))


def _merge(node: ir.Node) -> int:
    source = node.inputs[0]
    first = source.producer() if source is not None else None
    if first is None or first.op_type != "Transpose":
        return 0
    inner, outer = permutation(first), permutation(node)
    output = node.outputs[0]
    combined = [inner[i] for i in outer]
    replace(output, new_node(node, "Transpose", [first.inputs[0]], {"perm": combined}, like=output))
    drop(node)
    drop(first)
    return 1


def _to_reshape(model: ir.Model, node: ir.Node) -> int:
    shape, output = shape_of(node.inputs[0]), node.outputs[0]
    if shape is None:
        return 0
    moved = [axis for axis in permutation(node) if shape[axis] != 1]
    if moved != sorted(moved):
        return 0
    target = new_constant(model, np.array([shape[a] for a in permutation(node)], np.int64), output)
    replace(output, new_node(node, "Reshape", [node.inputs[0], target], like=output))
    drop(node)
    return 1
