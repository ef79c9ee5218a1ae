"""Write a maximum or minimum with a number as a Clip, and two Clips in a row as one.

    Max(x, -0.3)                   ->  Clip(x, min=-0.3)          Max(x, 0)  ->  Relu(x)
    Clip(Clip(x, min=-1), max=2)   ->  Clip(x, min=-1, max=2)

4.6 compares tensors of one shape only. In the new engine of 5.0 a Clip stays in the block layout
of convolutions and is fused with them, which Max and Min are not. Exact.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    drop,
    new_constant,
    new_node,
    nodes,
    only_reader,
    reshape,
    shape_of,
    substitute,
)

Bounds = tuple[float, float]


def bounds_to_clip(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    found = sum(_rewrite(model, node) for node in nodes(model, "Max", "Min"))
    return found + sum(_merge(model, node) for node in nodes(model, "Clip"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    output = node.outputs[0]
    if len(node.inputs) != 2 or output.dtype != ir.DataType.FLOAT:
        return 0
    for k in (0, 1):
        array, value = constant(node.inputs[k]), node.inputs[1 - k]
        if array is None or array.size != 1 or value is None or constant(value) is not None:
            continue
        bound, shape = float(array.reshape(-1)[0]), shape_of(output)
        if shape is None or shape_of(value) is None:
            return 0
        value = reshape(model, node, value, shape, like=output)  # the number may have more axes
        bounds = (bound, np.inf) if node.op_type == "Max" else (-np.inf, bound)
        return substitute(node, _clip(model, node, value, bounds))
    return 0


def _clip(model: ir.Model, node: ir.Node, value: ir.Value, bounds: Bounds) -> ir.Value:
    output = node.outputs[0]
    if bounds == (0, np.inf):
        return new_node(node, "Relu", [value], like=output)
    limits = [
        new_constant(model, np.array(b, np.float32), output) if np.isfinite(b) else None
        for b in bounds
    ]
    return new_node(node, "Clip", [value, *limits], like=output)


def _merge(model: ir.Model, node: ir.Node) -> int:
    value = node.inputs[0]
    first = value.producer() if value is not None else None
    if first is None or first.op_type not in ("Clip", "Relu") or value is None:
        return 0
    inner, outer = _bounds(first), _bounds(node)
    source = first.inputs[0]
    if inner is None or outer is None or source is None or only_reader(value) is not node:
        return 0
    low, high = (float(np.clip(b, *outer)) for b in inner)
    substitute(node, _clip(model, node, source, (low, high)))
    drop(first)
    return 1


def _bounds(node: ir.Node) -> Bounds | None:
    if node.op_type == "Relu":
        return 0.0, np.inf
    found = [-np.inf, np.inf]
    for k, value in enumerate(node.inputs[1:3]):
        if value is None:
            continue
        array = constant(value)
        if array is None:
            return None
        found[k] = float(array.reshape(-1)[0])
    return found[0], found[1]
