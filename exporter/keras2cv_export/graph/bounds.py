"""Knowledge of a value's range: a lower bound, and whether it is finite."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from .edit import constant

# Ops that can give infinity or NaN for finite numbers.
_RISKY = frozenset(
    [
        "Acos",
        "Acosh",
        "Asin",
        "Atanh",
        "Cosh",
        "CumSum",
        "Div",
        "Exp",
        "GRU",
        "LSTM",
        "Log",
        "Mod",
        "Pow",
        "Reciprocal",
        "ReduceLogSum",
        "ReduceLogSumExp",
        "ReduceProd",
        "Sinh",
        "Sqrt",
        "Tan",
    ]
)


# Ops that are never negative, and ops whose result is never less than their first input's minimum.
_NOT_NEGATIVE = frozenset(
    ["Abs", "Exp", "ReduceL1", "ReduceL2", "ReduceSumSquare", "Relu", "Sigmoid", "Softmax"]
)


_KEEPS_LEAST = frozenset(
    [
        "Expand",
        "GlobalAveragePool",
        "Identity",
        "ReduceMax",
        "ReduceMean",
        "ReduceMin",
        "Reshape",
        "Slice",
        "Squeeze",
        "Transpose",
        "Unsqueeze",
    ]
)


def surely_finite(value: ir.Value | None) -> bool:
    """Whether finite inputs surely make a value finite, judging by the ops before it."""
    rest, seen = [value], set[ir.Value]()
    while rest:
        one = rest.pop()
        if one is None or one in seen:
            continue
        seen.add(one)
        array, node = constant(one), one.producer()
        if array is not None and not np.isfinite(array).all():
            return False
        if array is not None or node is None:
            continue
        if node.op_type in _RISKY and not _is_safe(node):
            return False
        rest.extend(node.inputs)
    return True


def _is_safe(node: ir.Node) -> bool:
    """Whether a root, quotient or power is only taken of numbers that it is defined for."""
    if node.op_type == "Sqrt":
        return least(node.inputs[0]) >= 0
    if node.op_type in ("Reciprocal", "Log"):
        return least(node.inputs[0]) > 0
    if node.op_type == "Div":
        divisor = constant(node.inputs[1])
        return bool(divisor.all()) if divisor is not None else least(node.inputs[1]) > 0
    exponent = constant(node.inputs[1]) if node.op_type == "Pow" else None
    return exponent is not None and bool(np.isin(exponent, (0, 1, 2, 3, 4)).all())


def least(value: ir.Value | None, depth: int = 8) -> float:
    """Return a lower bound of a value's elements, from `depth` ops back; -inf if unknown."""
    array, node = constant(value), value.producer() if value is not None else None
    if array is not None:
        return float(array.astype(np.float64).min(initial=np.inf))
    if node is None or depth == 0:
        return -np.inf
    is_square = node.op_type == "Mul" and node.inputs[0] is node.inputs[1]
    if is_square or node.op_type in _NOT_NEGATIVE:
        return 0.0
    if node.op_type not in _LEAST:
        return -np.inf
    return _LEAST[node.op_type]([least(operand, depth - 1) for operand in node.inputs])


_LEAST: dict[str, Callable[[list[float]], float]] = {
    "Add": sum,
    "Max": max,
    "Sqrt": lambda bounds: max(bounds[0], 0.0) ** 0.5,
    **{op: lambda bounds: bounds[0] for op in _KEEPS_LEAST},
}
