"""Bound the inputs of Tanh and Softplus, whose exponentials overflow in OpenCV.

    Tanh(x)      ->  Tanh(Clip(x, -20, 20))
    Softplus(x)  ->  Max(x, Softplus(Clip(x, max=20)))

5.0 computes a Tanh as (e^2x - 1) / (e^2x + 1), which is NaN from x = 44.4 on; a GELU with tanh
reaches that at 10.2. All versions compute a Softplus as log(1 + e^x), infinite from 88.7 on. Exact:
in float32 the Tanh of 20 is 1, and the Softplus of 20 is 20.

Left alone: x Tanh(Softplus(x)), which every OpenCV runs as one right Mish.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    new_constant,
    new_node,
    nodes,
    only_reader,
    substitute,
)

_ENOUGH = 20.0


def bound_exponents(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    found = sum(_bound_tanh(model, node) for node in nodes(model, "Tanh"))
    return found + sum(_bound_softplus(model, node) for node in nodes(model, "Softplus"))


def _bound_tanh(model: ir.Model, node: ir.Node) -> int:
    value = node.inputs[0]
    if value is None or node.outputs[0].dtype != ir.DataType.FLOAT:
        return 0
    before = value.producer()
    if _is_bounded(before, (1, 2)) or (before is not None and _is_in_mish(before)):
        return 0
    node.replace_input_with(0, _clip(model, node, value, -_ENOUGH))
    return 1


def _bound_softplus(model: ir.Model, node: ir.Node) -> int:
    value, output = node.inputs[0], node.outputs[0]
    if value is None or output.dtype != ir.DataType.FLOAT:
        return 0
    if _is_bounded(value.producer(), (2,)) or _is_in_mish(node):
        return 0
    clipped = _clip(model, node, value, None)
    bounded = new_node(node, "Softplus", [clipped], like=output)
    return substitute(node, new_node(node, "Max", [value, bounded], like=output))


def _clip(model: ir.Model, node: ir.Node, value: ir.Value, low: float | None) -> ir.Value:
    output = node.outputs[0]
    limits = [
        new_constant(model, np.array(bound, np.float32), output) if bound is not None else None
        for bound in (low, _ENOUGH)
    ]
    return new_node(node, "Clip", [value, *limits], like=output)


def _is_bounded(node: ir.Node | None, limits: tuple[int, ...]) -> bool:
    """Whether a node is a Clip with small enough limits; `limits` are their input positions."""
    if node is None or node.op_type != "Clip":
        return False
    found = [constant(node.inputs[k]) if k < len(node.inputs) else None for k in limits]
    return all(array is not None and abs(array).max() <= _ENOUGH for array in found)


def _is_in_mish(softplus: ir.Node) -> bool:
    """Whether a Softplus is read by a Tanh alone, and that by a product with the same value."""
    tanh = only_reader(softplus.outputs[0]) if softplus.op_type == "Softplus" else None
    product = only_reader(tanh.outputs[0]) if tanh is not None and tanh.op_type == "Tanh" else None
    return product is not None and product.op_type == "Mul" and softplus.inputs[0] in product.inputs
