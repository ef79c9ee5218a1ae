"""Knowledge of a value: whether it is finite, and its least element."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from .edit import constant
from .spans import Span, span

# A value's `meta` has it where the pass that made the value knows that it is finite.
FINITE = "finite"
# A Where's `meta` has it where what the Where leaves out is finite.
GUARDED = "guarded"
_LARGEST_EXPONENT = 88.0  # exp(88) is a float32

# Ops that can give infinity or NaN for finite numbers.
_RISKY = frozenset(
    [
        "Acos",
        "Acosh",
        "Asin",
        "Atanh",
        "Cosh",
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
        if array is not None or node is None or one.meta.get(FINITE):
            continue
        if is_risky(node):
            return False
        rest.extend(node.inputs)
    return True


def is_risky(node: ir.Node) -> bool:
    """Whether an op may give infinity or NaN for the finite numbers that it gets."""
    return node.op_type in _RISKY and not _is_safe(node)


def _is_safe(node: ir.Node) -> bool:
    """Whether a function is only taken of numbers for which it is finite."""
    if node.op_type in ("Div", "Mod"):
        divisor = constant(node.inputs[1])
        return bool(divisor.all()) if divisor is not None else _has_no_zero(span(node.inputs[1]))
    if node.op_type == "Pow":
        return _is_safe_power(node)
    rule = _SAFE.get(node.op_type)
    return rule is not None and rule(span(node.inputs[0]))


def _is_safe_power(node: ir.Node) -> bool:
    exponent = constant(node.inputs[1])
    if exponent is None:
        return False
    if np.isin(exponent, (0, 1, 2, 3, 4)).all():
        return True
    low, high = span(node.inputs[0])
    least, most = float(exponent.min(initial=0.0)), float(exponent.max(initial=0.0))
    if low < 0 or (low == 0 and least < 0):
        return False
    is_small = most <= 1 or np.log(max(high, 1.0)) * most < _LARGEST_EXPONENT
    return bool(is_small and (least >= -1 or np.log(min(low, 1.0)) * least < _LARGEST_EXPONENT))


def _has_no_zero(bounds: Span) -> bool:
    return bounds[0] > 0 or bounds[1] < 0


_SAFE: dict[str, Callable[[Span], bool]] = {
    "Sqrt": lambda bounds: bounds[0] >= 0,
    **dict.fromkeys(("Log", "ReduceLogSum"), lambda bounds: bounds[0] > 0),
    "Reciprocal": _has_no_zero,
    "Exp": lambda bounds: bounds[1] < _LARGEST_EXPONENT,
    **dict.fromkeys(("Acos", "Asin"), lambda bounds: bounds[0] >= -1 and bounds[1] <= 1),
    "Atanh": lambda bounds: bounds[0] > -1 and bounds[1] < 1,
    "Acosh": lambda bounds: bounds[0] >= 1,
    **dict.fromkeys(
        ("Cosh", "Sinh"),
        lambda bounds: max(-bounds[0], bounds[1]) < _LARGEST_EXPONENT,
    ),
}


def least(value: ir.Value | None) -> float:
    """Return a lower bound of a value's elements; -inf if unknown."""
    return span(value)[0]
