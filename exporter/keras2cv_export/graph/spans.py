"""The least and the largest that a value's elements can be, by interval arithmetic.

    span(Clip<0.01, 1>(x))                ->  (0.01, 1)
    span(Div(Sigmoid(x), Clip<0.01, 1>))  ->  (0, 100)

Each op's own rounding is allowed for. What is not known is (-inf, inf).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np
import onnx_ir as ir

from .edit import constant, integer, ints, reduced_axes, shape_of

Span = tuple[float, float]

EVERYTHING: Span = (-np.inf, np.inf)
_FARTHEST = 40  # ops back
# Of a computed bound: float32 rounds by 6e-8, functions by little more.
_ROUNDING = 1e-5
_UNIT = 2.0**-23  # by which each addition rounds at the most
# Type -> by how much it rounds, what rounds to 0, and what is infinite in it.
_NARROW = {
    ir.DataType.FLOAT16: (2.0**-11, 2.0**-25, 65504.0),
    ir.DataType.BFLOAT16: (2.0**-8, 1e-38, 3.38e38),
}
_SMALLEST, _LARGEST = 1e-37, 3.4e38
_ONE = 1.0 + _ROUNDING


def span(value: ir.Value | None) -> Span:
    """Return bounds of a value's elements, as its engine computes them from finite inputs."""
    return _Spans().of(value, _FARTHEST)


class _Spans:
    """Bounds of values, each found once."""

    def __init__(self) -> None:
        self.found: dict[ir.Value, Span] = {}

    def of(self, value: ir.Value | None, depth: int) -> Span:
        if value is None or depth == 0:
            return EVERYTHING
        if value not in self.found:
            self.found[value] = EVERYTHING
            self.found[value] = self._of(value, depth)
        return self.found[value]

    def _of(self, value: ir.Value, depth: int) -> Span:
        array, node = constant(value), value.producer()
        if array is not None:
            return _of_numbers(array)
        if value.dtype in _NARROW_INTEGERS:
            limits = np.iinfo(value.dtype.numpy())
            return float(limits.min), float(limits.max)
        if node is None:
            return EVERYTHING
        if value.dtype == ir.DataType.BOOL or node.op_type in _WITHIN:
            return _WITHIN.get(node.op_type, (0.0, 1.0))
        rule = _RULES.get(node.op_type)
        if rule is None or (node.op_type in _FIRST_ONLY and value is not node.outputs[0]):
            return EVERYTHING
        return rule(node, [self.of(operand, depth - 1) for operand in node.inputs])


_WITHIN: dict[str, Span] = {
    **dict.fromkeys(("Sigmoid", "HardSigmoid", "Hardmax"), (0.0, 1.0)),
    "Softmax": (0.0, _ONE),  # some engines multiply by the inverse of the sum
    **dict.fromkeys(("Softsign", "Sign"), (-1.0, 1.0)),
    **dict.fromkeys(("Tanh", "Erf", "Sin", "Cos"), (-_ONE, _ONE)),
    **dict.fromkeys(("ReduceL1", "ReduceL2", "ReduceSumSquare", "ArgMax", "ArgMin"), (0.0, np.inf)),
    "Atan": (-1.571, 1.571),
}
_NARROW_INTEGERS = (
    ir.DataType.UINT8, ir.DataType.INT8, ir.DataType.UINT16, ir.DataType.INT16,
)  # fmt: skip
_FIRST_ONLY = ("TopK", "MaxPool")  # their other outputs are places


def _of_numbers(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Span:
    if not array.size or array.dtype.kind not in "fiub" or np.isnan(array).any():
        return EVERYTHING
    return float(array.min()), float(array.max())


def _rounded(low: float, high: float) -> Span:
    """Return computed bounds, each a little further out; the sign is kept."""
    if np.isnan(low) or np.isnan(high):
        return EVERYTHING
    low -= abs(low) * _ROUNDING if np.isfinite(low) else 0.0
    high += abs(high) * _ROUNDING if np.isfinite(high) else 0.0
    if 0 < low < _SMALLEST:
        low = 0.0
    if -_SMALLEST < high < 0:
        high = 0.0
    return (-np.inf if low < -_LARGEST else low), (np.inf if high > _LARGEST else high)


def _corners(compute: Callable[[float, float], float], left: Span, right: Span) -> Span:
    """Return the bounds of a product or a quotient: those of the corners."""
    with np.errstate(all="ignore"):
        found = [float(compute(np.float64(a), np.float64(b))) for a in left for b in right]
    return _rounded(
        min(0.0 if np.isnan(f) else f for f in found), max(0.0 if np.isnan(f) else f for f in found)
    )


def _sum(_: ir.Node, operands: Sequence[Span]) -> Span:
    return _rounded(sum(low for low, _ in operands), sum(high for _, high in operands))


def _difference(node: ir.Node, operands: Sequence[Span]) -> Span:
    (low, high), (least, most) = operands
    low, high = _rounded(low - most, high - least)
    extreme = _own_extreme(node)
    return (max(low, 0.0) if extreme == "ReduceMin" else low), (
        min(high, 0.0) if extreme == "ReduceMax" else high
    )


def _own_extreme(node: ir.Node) -> str | None:
    """Return which extreme of its own elements is subtracted from a value, if one is."""
    value, right = node.inputs
    shape = shape_of(value)
    aligned = right
    while aligned is not None and (maker := aligned.producer()) is not None:
        if maker.op_type in ("ReduceMax", "ReduceMin"):
            break
        if maker.op_type not in ("Reshape", "Squeeze", "Unsqueeze", "Identity"):
            return None
        aligned = maker.inputs[0]
    if aligned is None or maker is None or shape is None or maker.inputs[0] is not value:
        return None
    axes = reduced_axes(maker, len(shape)) or ()
    kept = tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    placed = shape_of(right) == kept or len(axes) == len(shape)
    return maker.op_type if placed and axes else None


def _product(node: ir.Node, operands: Sequence[Span]) -> Span:
    low, high = _corners(np.multiply, operands[0], operands[1])
    is_square = node.inputs[0] is node.inputs[1]
    return (max(low, 0.0) if is_square else low), high


def _quotient(node: ir.Node, operands: Sequence[Span]) -> Span:
    left, right = operands
    if right[0] <= 0 <= right[1]:
        return EVERYTHING
    low, high = _corners(np.divide, left, right)
    dtype = node.outputs[0].dtype
    is_whole = dtype is not None and dtype.is_integer()
    return (float(np.trunc(low)), float(np.trunc(high))) if is_whole else (low, high)


def _inverse(node: ir.Node, operands: Sequence[Span]) -> Span:
    return _quotient(node, [(1.0, 1.0), operands[0]])


def _negative(_: ir.Node, operands: Sequence[Span]) -> Span:
    return -operands[0][1], -operands[0][0]


def _size(_: ir.Node, operands: Sequence[Span]) -> Span:
    low, high = operands[0]
    return max(low, -high, 0.0), max(-low, high)


def _largest(_: ir.Node, operands: Sequence[Span]) -> Span:
    return max(low for low, _ in operands), max(high for _, high in operands)


def _smallest(_: ir.Node, operands: Sequence[Span]) -> Span:
    return min(low for low, _ in operands), min(high for _, high in operands)


def _clipped(node: ir.Node, operands: Sequence[Span]) -> Span:
    low, high = operands[0]
    bounds = [operands[k] if k < len(operands) and node.inputs[k] else None for k in (1, 2)]
    for k, name in enumerate(("min", "max")):
        attribute = node.attributes.get(name)
        if attribute is not None:
            bounds[k] = (attribute.as_float(),) * 2
    least, most = bounds
    if least is not None:
        low, high = max(low, least[0]), max(high, least[1])
    if most is not None:
        low, high = min(low, most[0]), min(high, most[1])
    return low, high


def _any(_: ir.Node, operands: Sequence[Span]) -> Span:
    return min(low for low, _ in operands), max(high for _, high in operands)


def _chosen(_: ir.Node, operands: Sequence[Span]) -> Span:
    return _any(_, operands[1:])


def _scattered(node: ir.Node, operands: Sequence[Span]) -> Span:
    how = node.attributes.get("reduction")
    if how is not None and how.as_string() in ("add", "mul"):
        return EVERYTHING
    return _any(node, [operands[0], operands[2]])


def _padded(node: ir.Node, operands: Sequence[Span]) -> Span:
    mode = node.attributes.get("mode")
    if mode is not None and mode.as_string() != "constant":
        return operands[0]
    given = len(operands) > 2 and node.inputs[2] is not None
    return _any(node, [operands[0], operands[2] if given else (0.0, 0.0)])


def _first(_: ir.Node, operands: Sequence[Span]) -> Span:
    return operands[0]


def _average(node: ir.Node, operands: Sequence[Span]) -> Span:
    count = _averaged(node)
    return EVERYTHING if count is None else _rounded(*_added(operands[0], count))


def _averaged(node: ir.Node) -> int | None:
    """Return of how many numbers a node takes each mean; None if that is not known."""
    if node.op_type == "AveragePool":
        return prod(ints(node, "kernel_shape"))
    shape = shape_of(node.inputs[0])
    if shape is None or node.op_type == "GlobalAveragePool":
        return None if shape is None else prod(shape[2:])
    axes = reduced_axes(node, len(shape))
    return prod(shape if axes is None else (shape[a] for a in axes))


def _pooled(node: ir.Node, operands: Sequence[Span]) -> Span:
    """Return the bounds of an average, for which a border may count as zeros."""
    return (
        _any(node, [_average(node, operands), (0.0, 0.0)])
        if _has_border(node)
        else _average(node, operands)
    )


def _has_border(node: ir.Node) -> bool:
    return any(ints(node, "pads")) and bool(integer(node, "count_include_pad", 0))


def _total(node: ir.Node, operands: Sequence[Span]) -> Span:
    """Return the bounds of a sum of as many numbers as are reduced."""
    shape, (low, high) = shape_of(node.inputs[0]), operands[0]
    axes = reduced_axes(node, len(shape)) if shape is not None else None
    if shape is None or axes is None:
        return (0.0 if low >= 0 else -np.inf), (0.0 if high <= 0 else np.inf)
    count = prod(shape[a] for a in axes)
    low, high = _added(operands[0], count)
    return _rounded(low * count if low else 0.0, high * count if high else 0.0)


def _added(operand: Span, count: int) -> Span:
    """Return the bounds of numbers whose mean is taken by adding one after the other.

    Each of the sums is rounded: a million times 1 may be 3 % off, and 2^24 times 1 is the most that
    float32 reaches. A sum of numbers of one sign is no smaller than one of them.
    """
    low, high = operand
    error = count * _UNIT

    def below(bound: float) -> float:
        rounded = bound - abs(bound) * error
        return rounded if bound <= 0 else max(rounded, bound / max(count, 1))

    return (below(low) if low else 0.0), (-below(-high) if high else 0.0)


def _matrix_product(_: ir.Node, operands: Sequence[Span]) -> Span:
    alike = all(low >= 0 for low, _ in operands)
    return (0.0, np.inf) if alike else EVERYTHING


def _power(node: ir.Node, operands: Sequence[Span]) -> Span:
    array, base = constant(node.inputs[1]), operands[0]
    if array is None or array.size != 1:
        return EVERYTHING
    exponent = float(array.reshape(-1)[0])
    if exponent in (2.0, 4.0):
        base = _size(node, [base])
    elif exponent <= 0 or base[0] < 0:
        return EVERYTHING
    with np.errstate(all="ignore"):
        low, high = (float(np.float64(bound) ** exponent) for bound in base)
    return _rounded(low, high)


def _cast(node: ir.Node, operands: Sequence[Span]) -> Span:
    low, high = operands[0]
    to = ir.DataType(integer(node, "to", 1))
    if to in _NARROW:
        return _narrowed(low, *_NARROW[to]), -_narrowed(-high, *_NARROW[to])
    if to.is_floating_point():
        return low, high
    return float(np.trunc(low)), float(np.trunc(high))


def _narrowed(low: float, rounding: float, smallest: float, largest: float) -> float:
    """Return a lower bound in a narrower type."""
    bound = low - abs(low) * rounding if np.isfinite(low) else low
    if bound < -largest:
        return -np.inf
    return 0.0 if 0 < bound <= smallest else bound


def _rising(function: Callable[[float], float]) -> Callable[[ir.Node, Sequence[Span]], Span]:
    """Return the rule of a function that never falls."""

    def rule(_: ir.Node, operands: Sequence[Span]) -> Span:
        with np.errstate(all="ignore"):
            low, high = (float(function(np.float64(bound))) for bound in operands[0])
        return _rounded(low, high)

    return rule


_RULES: dict[str, Callable[[ir.Node, Sequence[Span]], Span]] = {
    "Add": _sum, "Sum": _sum, "Sub": _difference, "Mul": _product, "Div": _quotient,
    "Reciprocal": _inverse, "Neg": _negative, "Abs": _size, "Max": _largest, "Min": _smallest,
    "Clip": _clipped, "Where": _chosen, "Concat": _any, "Pad": _padded, "Pow": _power,
    "Cast": _cast, "ReduceSum": _total, "AveragePool": _pooled, "ReduceMean": _average,
    "GlobalAveragePool": _average, "Mean": _any, "MatMul": _matrix_product,
    "ScatterND": _scattered, "ScatterElements": _scattered,
    "Relu": _rising(lambda x: max(x, 0.0)),
    "Sqrt": _rising(lambda x: np.sqrt(max(x, 0.0))),
    "Exp": _rising(np.exp),
    "Log": _rising(lambda x: np.log(max(x, 0.0))),
    "Softplus": _rising(lambda x: np.logaddexp(0.0, x) if x > -10 else 0.0),  # engines say log 1
    "Floor": _rising(np.floor), "Ceil": _rising(np.ceil), "Round": _rising(np.rint),
    **dict.fromkeys(
        ("DepthToSpace", "Expand", "Flatten", "Gather", "GatherElements", "GatherND",
         "GlobalMaxPool", "Identity", "MaxPool", "ReduceMax", "ReduceMin", "Reshape", "Slice",
         "SpaceToDepth", "Split", "Squeeze", "Tile", "TopK", "Transpose", "Unsqueeze"),
        _first,
    ),
}  # fmt: skip
