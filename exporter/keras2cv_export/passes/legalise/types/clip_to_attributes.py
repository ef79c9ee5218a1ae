"""Write the bounds of a Clip as attributes, or without a Clip.

    Clip(x, lo, hi)  ->  Clip(x, min=lo, max=hi)

4.5 and 4.6 read that form only, and every newer OpenCV reads it too. Only ONNX up to opset 10 has
it. Where another node has no form in those opsets, all Clips of the graph become other ops, which
every opset has and every OpenCV runs:

    Clip(x, 0, hi)   ->  hi HardSigmoid(x, alpha=1/hi, beta=0)
    Clip(x, lo, hi)  ->  Min(Max(x, zero + lo), zero + hi)      zero = Relu(-Relu(x))

`zero` has x's shape, since 4.6 compares tensors of one shape only, and is computed, since 4.6 takes
no constant there. Where x may be infinite it is Shrink<2>(Sign(x)): OpenCV's Relu multiplies by 0,
which makes NaN of minus infinity. The first form is exact up to float32 rounding, the others are
exact.

Left alone when a bound is computed.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.bounds import surely_finite
from keras2cv_export.graph.edit import constant, new_constant, new_node, nodes, substitute
from keras2cv_export.graph.opsets import newest_opset

_OPSET: Final = 10  # the last with those attributes

Bounds = dict[str, float]


def clip_to_attributes(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    found = [(node, bounds) for node in nodes(model, "Clip") if (bounds := _bounds(node))]
    if not found:
        return 0
    clips = {node for node, _ in found}
    others = (node for node in model.graph if node not in clips and not _has_attributes(node))
    rewrite = _to_attributes if newest_opset(others, _OPSET) is not None else _to_other_ops
    for node, bounds in found:
        rewrite(model, node, bounds)
    return len(found)


def _bounds(node: ir.Node) -> Bounds:
    """Return the bounds by name; none where one is computed, or where they are attributes."""
    found = {}
    for name, value in zip(("min", "max"), node.inputs[1:], strict=False):
        array = constant(value)
        if array is None and value is not None:
            return {}
        if array is not None:
            found[name] = float(array.reshape(-1)[0])
    return found


def _has_attributes(node: ir.Node) -> bool:
    return node.op_type == "Clip" and bool(node.attributes)


def _to_attributes(_: ir.Model, node: ir.Node, bounds: Bounds) -> None:
    for name, bound in bounds.items():
        node.attributes[name] = ir.AttrFloat32(name, bound)
    node.resize_inputs(1)


def _to_other_ops(model: ir.Model, node: ir.Node, bounds: Bounds) -> None:
    """Write a Clip by ops that every opset has."""
    x, output = node.inputs[0], node.outputs[0]
    if x is None:
        return
    low, high = bounds.get("min"), bounds.get("max")
    if low == 0 and high is not None and high > 0:
        line = {"alpha": float(np.float32(1) / np.float32(high)), "beta": 0.0}
        gate = new_node(node, "HardSigmoid", [x], line, like=output)
        factor = new_constant(model, np.array(high, np.float32), output)
        substitute(node, new_node(node, "Mul", [gate, factor], like=output))
        return
    zero = _zero(node, x)
    for op, bound in (("Max", low), ("Min", high)):
        if bound is not None:
            number = new_constant(model, np.array(bound, np.float32), output)
            spread = new_node(node, "Add", [zero, number], like=output)
            x = new_node(node, op, [x, spread], like=output)
    substitute(node, x)


def _zero(node: ir.Node, x: ir.Value) -> ir.Value:
    """Return zeros in the shape of a value."""
    output = node.outputs[0]
    if surely_finite(x):
        positive = new_node(node, "Relu", [x], like=output)
        negative = new_node(node, "Neg", [positive], like=output)
        return new_node(node, "Relu", [negative], like=output)
    sign = new_node(node, "Sign", [x], like=output)
    return new_node(node, "Shrink", [sign], {"lambd": 2.0, "bias": 0.0}, like=output)
