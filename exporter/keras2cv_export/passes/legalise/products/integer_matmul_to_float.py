"""Multiply matrices of 8-bit integers as the float32 numbers that they are.

    MatMulInteger(a, b, a0, b0)  ->  Cast(MatMul(Cast(a) - a0, Cast(b) - b0), int32)

Keras' int8 quantisation ends in this op. Only OpenCV 5.0 has it, without the zero points. Exact for
sums below 2^24, that is a thousand products of the largest numbers; larger sums are rounded to
float32.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import Array, constant, new_constant, new_node, nodes, substitute

_FLOAT = ir.DataType.FLOAT


def integer_matmul_to_float(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "MatMulInteger"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    left, right = node.inputs[:2]
    if (
        left is None
        or right is None
        or any(zero is not None and constant(zero) is None for zero in node.inputs[2:])
    ):
        return 0
    zeros = [constant(zero) for zero in node.inputs[2:]] + [None, None]
    if zeros[0] is not None and zeros[0].ndim == 1:
        zeros[0] = zeros[0][:, None]  # one for each row
    a, b = _number(model, node, left, zeros[0]), _number(model, node, right, zeros[1])
    output = node.outputs[0]
    product = new_node(node, "MatMul", [a, b], like=output, dtype=_FLOAT)
    whole = new_node(node, "Cast", [product], {"to": output.dtype}, like=output)
    return substitute(node, whole)


def _number(model: ir.Model, node: ir.Node, value: ir.Value, zero: Array | None) -> ir.Value:
    shift = np.zeros((), np.float32) if zero is None else zero.astype(np.float32)
    array = constant(value)
    if array is not None:
        return new_constant(model, array.astype(np.float32) - shift, value)
    number = new_node(node, "Cast", [value], {"to": _FLOAT}, like=value, dtype=_FLOAT)
    if not shift.any():
        return number
    return new_node(node, "Sub", [number, new_constant(model, shift, value)], like=number)
