"""Sums of products with zeros and ones, of numbers that may be infinite: 0 times infinity is NaN.

A rule that picks numbers by such products is fast and runs everywhere. Where the numbers are surely
finite it does so; elsewhere what is infinite, or no number, is kept apart from the products.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .node import is_computed, known

_LARGEST: Final = float(np.finfo(np.float32).max)

# Ops that can give infinity or NaN for finite numbers of ordinary size.
_RISKY: Final = (
    "Acos", "Acosh", "Asin", "Atanh", "Cosh", "Cumprod", "Digamma", "Div", "Erfinv", "Exp", "Expm1",
    "Inv", "Lgamma", "Log", "Log1p", "Ndtri", "Pow", "Prod", "RealDiv", "Reciprocal", "Rsqrt",
    "Sinh", "Sqrt", "Tan", "Xdivy", "Xlog1py", "Xlogy",
)  # fmt: skip
_NOT_NEGATIVE: Final = (
    "Abs", "Relu", "Relu6", "Sigmoid", "Softmax", "Softplus", "Square", "SquaredDifference",
)  # fmt: skip
_KEEP_SIGNS: Final = (
    "ExpandDims", "Identity", "Max", "Mean", "Min", "Reshape", "Squeeze", "Sum", "Transpose",
)  # fmt: skip


def surely_finite(tensor: Any) -> bool:
    """Whether finite inputs and weights surely make a tensor finite, judging by the ops before it.

    The same question about an ONNX graph is `graph.bounds.surely_finite`, which knows more bounds.
    """
    rest, seen = [tensor], set()
    while rest:
        one = rest.pop()
        if one.op.name in seen or not one.dtype.is_floating:
            continue
        seen.add(one.op.name)
        value = known(one) if one.op.type == "Const" else None
        if value is not None and not np.isfinite(value).all():
            return False
        if one.op.type in _RISKY and not _is_safe(one.op) and is_computed(one):
            return False
        rest.extend(one.op.inputs)
    return True


def _is_safe(op: Any) -> bool:
    """Whether a function is only taken of numbers for which it is finite."""
    if op.type in ("RealDiv", "Div"):
        divisor = known(op.inputs[1])
        return bool(divisor.all()) if divisor is not None else _is_above_zero(op.inputs[1])
    if op.type in ("Log", "Rsqrt", "Reciprocal", "Inv"):
        return _is_above_zero(op.inputs[0])
    return op.type == "Sqrt" and _is_not_negative(op.inputs[0])


def _is_above_zero(tensor: Any) -> bool:
    value, op = known(tensor), tensor.op
    if value is not None:
        return bool((value > 0).all())
    if op.type == "Maximum":
        return any(_is_above_zero(operand) for operand in op.inputs)
    if op.type in ("Add", "AddV2"):
        a, b = op.inputs
        return any(_is_not_negative(x) and _is_above_zero(y) for x, y in ((a, b), (b, a)))
    return op.type in _KEEP_SIGNS and op.type != "Sum" and _is_above_zero(op.inputs[0])


def _is_not_negative(tensor: Any) -> bool:
    value, op = known(tensor), tensor.op
    if value is not None:
        return bool((value >= 0).all())
    if op.type == "Mul" and op.inputs[0] is op.inputs[1]:
        return True
    if op.type in _KEEP_SIGNS:
        return _is_not_negative(op.inputs[0])
    return op.type in _NOT_NEGATIVE or _is_above_zero(tensor)


def chosen(truth: Any, x: Any) -> Any:
    """Return x where a truth value holds, and 0 elsewhere, whatever x is there."""
    if surely_finite(x):
        return x * tf.cast(truth, x.dtype)
    return tf.where(truth, x, tf.zeros([], x.dtype))


def weighted(weigh: Callable[[Any], Any], x: Any) -> Any:
    """Return sums of products with weights of 0 and more, of which 0 leaves a number out.

    Args:
        weigh: Takes float32 numbers of x's shape to the sums.
        x: The numbers, float32.
    """
    if surely_finite(x):
        return weigh(x)
    no_number = tf.cast(tf.math.is_nan(x), tf.float32)  # as if of both signs: their sum is NaN
    above = tf.cast(x > _LARGEST, tf.float32) + no_number
    below = tf.cast(x < -_LARGEST, tf.float32) + no_number
    total = weigh(tf.where(above + below > 0.0, 0.0, x))
    for infinity, marks in ((np.inf, above), (-np.inf, below)):
        total += tf.where(weigh(marks) > 0.0, np.float32(infinity), 0.0)
    return total
