"""Divide integers as floats, and cut off the fraction.

    Div(a, b) of integers  ->  Cast(truncated(Cast(a) / Cast(b)))
    Mod(a, b)              ->  a - b Floor(a / b)          fmod=1: a - b truncated(a / b)

The classic engine of 5.0 and every OpenCV before compute with float32 and keep the fraction; Mod
is refused up to 4.8. Exact up to 2^23.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph import (
    Array,
    constant,
    integer,
    new_constant,
    new_node,
    nodes,
    substitute,
)

_FLOAT = ir.DataType.FLOAT


def divide_integers(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Div", "Mod"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    dtype = node.outputs[0].dtype
    if dtype is None or (node.op_type == "Div" and not dtype.is_integer()):
        return 0
    output = node.outputs[0]
    top, bottom = (_number(model, node, value) for value in node.inputs if value is not None)
    quotient = _op(node, "Div", top, bottom)
    if node.op_type == "Mod" and not integer(node, "fmod", 0):
        quotient = _op(node, "Floor", quotient)
    else:
        size = _op(node, "Floor", _op(node, "Abs", quotient))
        quotient = _op(node, "Mul", _op(node, "Sign", quotient), size)
    if node.op_type == "Mod":
        quotient = _op(node, "Sub", top, _op(node, "Mul", bottom, quotient))
    if dtype != _FLOAT:
        quotient = new_node(node, "Cast", [quotient], {"to": dtype}, like=output)
    return substitute(node, quotient)


def _number(model: ir.Model, node: ir.Node, value: ir.Value) -> ir.Value:
    array: Array | None = constant(value)
    if value.dtype == _FLOAT:
        return value
    if array is not None:
        return new_constant(model, array.astype("float32"), value)
    return new_node(node, "Cast", [value], {"to": _FLOAT}, like=value, dtype=_FLOAT)


def _op(node: ir.Node, op: str, *inputs: ir.Value) -> ir.Value:
    return new_node(node, op, inputs, like=node.outputs[0], dtype=_FLOAT)
