"""Bound what a choice may leave out, where nothing else keeps it finite.

    Where(p, a, f)     ->  Where(p, a, Clip<-3.4e38, 3.4e38>(Shrink<0, 0>(f)))
    Where(p, -inf, b)  ->  Where(p, 0, b) + p (-3e38) + p (-2e38)

4.6 has no Where: a choice is a sum of products there (`bools_to_floats`), and 0 times infinity is
no number. Shrink makes 0 of what is no number, by comparing: Clip, Max and Relu do that in some
engines only, and in some places. Exact but for what is chosen and was computed as infinity, which
becomes 3.4e38; as no number, which becomes 0; or as -0, which becomes 0 (its inverse and `atan2`
differ). A known infinity is chosen exactly: the sum of both numbers overflows.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.bounds import FINITE, GUARDED, surely_finite
from keras2cv_export.graph.edit import (
    Array,
    constant,
    new_constant,
    new_node,
    nodes,
    replace,
    shape_of,
)
from keras2cv_export.graph.misses import miss

_FLOAT, _BOOL = ir.DataType.FLOAT, ir.DataType.BOOL
_LARGEST = np.finfo(np.float32).max
_HALVES = (3e38, 2e38)  # whose sum is infinite in float32


def bound_choices(model: ir.Model) -> int:
    """Rewrite in place; return how many choices changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Where"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    condition, *branches = node.inputs
    if node.meta.get(GUARDED) or condition is None or node.outputs[0].dtype != _FLOAT:
        return 0
    if constant(condition) is not None or all(surely_finite(branch) for branch in branches):
        return 0
    known = [array for branch in branches if (array := constant(branch)) is not None]
    if any(np.isnan(array).any() for array in known):
        return miss(node, "it chooses what is no number")
    for k, branch in enumerate(branches, 1):
        if branch is None or surely_finite(branch):
            continue
        array = constant(branch)
        if array is not None:
            _add_infinity(model, node, k, array)
        else:
            node.replace_input_with(k, _bounded(model, node, branch))
    node.meta[GUARDED] = True
    return 1


def _bounded(model: ir.Model, node: ir.Node, value: ir.Value) -> ir.Value:
    bounds = [new_constant(model, np.array(n, np.float32), value) for n in (-_LARGEST, _LARGEST)]
    number = new_node(node, "Shrink", [value], {"lambd": 0.0, "bias": 0.0}, like=value)
    number = new_node(node, "Clip", [number, *bounds], like=value)
    number.meta[FINITE] = True
    return number


def _add_infinity(model: ir.Model, node: ir.Node, k: int, array: Array) -> None:
    """Choose 0 in place of infinity, and add that where it is chosen."""
    condition, output = node.inputs[0], node.outputs[0]
    assert condition is not None  # noqa: S101 - the caller looked
    finite = np.where(np.isinf(array), 0, array).astype(np.float32)
    node.replace_input_with(k, new_constant(model, finite, output))
    chosen = condition
    if k == 2:
        chosen = new_node(node, "Not", [condition], like=condition)
    number = new_node(node, "Cast", [chosen], {"to": _FLOAT}, like=condition, dtype=_FLOAT)
    total = ir.Value(type=output.type, shape=output.shape)
    sign = np.where(np.isinf(array), np.sign(array), 0).astype(np.float32)
    shape = np.broadcast_shapes(sign.shape, shape_of(condition) or ())
    first, second = (
        new_node(
            node, "Mul", [number, new_constant(model, sign * np.float32(half), output)],
            like=output, shape=shape,
        )
        for half in _HALVES
    )  # fmt: skip
    both = new_node(node, "Add", [first, second], like=first)
    replace(output, total)
    node.append(ir.node("Add", [output, both], outputs=[total], name=f"{node.name}/Add"))
