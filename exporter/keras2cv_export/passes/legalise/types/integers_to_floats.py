"""Compute with integers as floats, and cut off the fraction of a quotient.

    Add(a, b) of integers  ->  Cast(Add(Cast(a), Cast(b)))
    Div(a, b)              ->  Cast(truncated(Cast(a) / Cast(b)))
    Mod(a, b)              ->  a - b Floor(a / b)          fmod=1: a - b truncated(a / b)

The classic engine of 5.0 and every OpenCV before compute with float32, keep the fraction of a
quotient, and read a constant integer as if its bits were a float's. Mod is refused up to 4.8.
Exact up to 2^23.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    integer,
    new_constant,
    new_node,
    nodes,
    shape_of,
    substitute,
)

_FLOAT = ir.DataType.FLOAT
_OPS = ("Add", "Sub", "Mul", "Div", "Mod", "Max", "Min", "Abs", "Neg", "Sign", "ReduceSum",
        "ReduceMax", "ReduceMin", "ReduceProd")  # fmt: skip


def integers_to_floats(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, *_OPS))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    output = node.outputs[0]
    dtype = output.dtype
    if dtype is None or not (dtype.is_integer() or node.op_type == "Mod"):
        return 0
    axes = node.inputs[1:] if node.op_type.startswith("Reduce") else []
    values = [v for v in node.inputs[: len(node.inputs) - len(axes)] if v is not None]
    operands = [_number(model, node, value) for value in values]
    if node.op_type in ("Div", "Mod"):
        result = _divided(node, *operands)
    else:
        result = new_node(
            node, node.op_type, [*operands, *axes], node.attributes, like=output, dtype=_FLOAT
        )
    if dtype != _FLOAT:
        result = new_node(node, "Cast", [result], {"to": dtype}, like=output)
    return substitute(node, result)


def _divided(node: ir.Node, top: ir.Value, bottom: ir.Value) -> ir.Value:
    quotient = _op(node, "Div", top, bottom)
    if node.op_type == "Mod" and not integer(node, "fmod", 0):
        whole = _op(node, "Floor", quotient)
    else:
        size = _op(node, "Floor", _op(node, "Abs", quotient))
        whole = _op(node, "Mul", _op(node, "Sign", quotient), size)
    if node.op_type == "Div":
        return whole
    return _op(node, "Sub", top, _op(node, "Mul", bottom, whole))


def _number(model: ir.Model, node: ir.Node, value: ir.Value) -> ir.Value:
    array = constant(value)
    if value.dtype == _FLOAT:
        return value
    if array is not None:
        return new_constant(model, array.astype("float32"), value)
    shape = shape_of(value)
    return new_node(node, "Cast", [value], {"to": _FLOAT}, like=value, shape=shape, dtype=_FLOAT)


def _op(node: ir.Node, op: str, *inputs: ir.Value) -> ir.Value:
    return new_node(node, op, inputs, like=node.outputs[0], dtype=_FLOAT)
