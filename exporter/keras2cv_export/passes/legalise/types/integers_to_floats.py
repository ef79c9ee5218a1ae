"""Compute with integers as floats, and cut off the fraction of a quotient.

    Add(a, b) of integers  ->  Cast(Add(Cast(a), Cast(b)))
    Div(a, b)              ->  Cast(truncated(Cast(a) / Cast(b)))
    Mod(a, b)              ->  a - b Floor(a / b)          fmod=1: a - b truncated(a / b)
    ReduceMean(a)          ->  Cast(truncated(ReduceSum(Cast(a)) / n))
    Concat(a, constant)    ->  Cast(Concat(Cast(a), constant'))      so for Pad
    Gather(a, indices)     ->  Cast(Gather(Cast(a), indices))        where those are computed

The classic engine of 5.0 and every OpenCV before compute with float32, keep the fraction of a
quotient, and read a constant integer as if its bits were a float's. Mod is refused up to 4.8. The
new engine refuses int32 in many ops ("input is 4 (CV_32SC1), in getTypes"). Exact up to 2^23.
"""

from __future__ import annotations

from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    integer,
    new_constant,
    new_node,
    nodes,
    reduced_axes,
    shape_of,
    substitute,
)

_FLOAT = ir.DataType.FLOAT
_ALL_INPUTS = ("Add", "Sub", "Mul", "Div", "Mod", "Max", "Min", "Abs", "Neg", "Sign", "Relu",
               "Clip", "MatMul")  # fmt: skip
# The other inputs are shapes and axes.
_FIRST_INPUT = ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "CumSum", "Tile",
                "Expand", "Resize")  # fmt: skip
# Others move integers as well as floats, as long as none is known.
_LOOKUPS = ("Gather", "GatherND", "GatherElements")
_MOVES = ("Concat", "Pad", *_LOOKUPS)
_OPS = (*_ALL_INPUTS, *_FIRST_INPUT, *_MOVES)


def integers_to_floats(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, *_OPS))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    output = node.outputs[0]
    dtype = output.dtype
    if dtype is None or not (dtype.is_integer() or node.op_type == "Mod"):
        return 0
    if node.op_type in _MOVES and not _knows(node):
        return 0
    result = _result(model, node)
    if result is None:
        return 0
    if dtype != _FLOAT:
        result = new_node(node, "Cast", [result], {"to": dtype}, like=output)
    return substitute(node, result)


def _knows(node: ir.Node) -> bool:
    """Whether an op moves a known integer, or looks one up."""
    if node.op_type in _LOOKUPS:
        return constant(node.inputs[1]) is None
    numbers = node.inputs[2:3] if node.op_type == "Pad" else node.inputs
    return any(constant(value) is not None for value in numbers)


def _result(model: ir.Model, node: ir.Node) -> ir.Value | None:
    """Return the result as floats; None where that cannot be told."""
    output = node.outputs[0]
    if any(value is not None and value.dtype is None for value in node.inputs):
        return None
    count = 1 if node.op_type in (*_FIRST_INPUT, "Pad", *_LOOKUPS) else len(node.inputs)
    operands = [v if v is None else _number(model, node, v) for v in node.inputs[:count]]
    if node.op_type in ("Div", "Mod"):
        top, bottom = operands
        assert top is not None and bottom is not None  # noqa: S101, PT018 - they have two
        return _divided(node, top, bottom)
    if node.op_type == "ReduceMean":
        return _mean(model, node, operands[0])
    rest = list(node.inputs[count:])
    if node.op_type == "Pad" and len(rest) > 1 and rest[1] is not None:
        rest[1] = _number(model, node, rest[1])
    inputs = [*operands, *rest]
    return new_node(node, node.op_type, inputs, node.attributes, like=output, dtype=_FLOAT)


def _mean(model: ir.Model, node: ir.Node, value: ir.Value | None) -> ir.Value | None:
    """Divide the sum, which is exact, so that a whole mean is not cut off below."""
    shape, output = shape_of(value), node.outputs[0]
    axes = reduced_axes(node, len(shape)) if shape is not None else None
    if value is None or shape is None or axes is None:
        return None
    where = new_constant(model, np.array(axes, np.int64), output, "axes")
    kept = {"keepdims": integer(node, "keepdims", 1)}
    total = new_node(node, "ReduceSum", [value, where], kept, like=output, dtype=_FLOAT)
    count = np.array(prod(shape[axis] for axis in axes), np.float32)
    return _truncated(node, _op(node, "Div", total, new_constant(model, count, output)))


def _divided(node: ir.Node, top: ir.Value, bottom: ir.Value) -> ir.Value:
    quotient = _op(node, "Div", top, bottom)
    if node.op_type == "Mod" and not integer(node, "fmod", 0):
        whole = _op(node, "Floor", quotient)
    else:
        whole = _truncated(node, quotient)
    if node.op_type == "Div":
        return whole
    return _op(node, "Sub", top, _op(node, "Mul", bottom, whole))


def _truncated(node: ir.Node, value: ir.Value) -> ir.Value:
    size = _op(node, "Floor", _op(node, "Abs", value))
    return _op(node, "Mul", _op(node, "Sign", value), size)


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
