"""Forms of element-wise ops: which operands may be broadcast, and of which type they are."""

from __future__ import annotations

from itertools import pairwise
from math import prod

import onnx_ir as ir

from keras2cv_export.graph.edit import shape_of

from .rule import ANY, Rule, Shape, computed, constant_type, shape_at

SUMS = ("Add", "Sub", "Sum")
PRODUCTS = ("Mul", "Div")
EXTREMES = ("Max", "Min")
COMPARISONS = ("Equal", "Greater", "Less")
BINARY = (
    *SUMS, *PRODUCTS, *EXTREMES, *COMPARISONS, "GreaterOrEqual", "LessOrEqual", "Pow", "Mod",
    "Mean", "And", "Or", "Xor", "Where",
)  # fmt: skip
_LARGEST_RANK = 5  # of 4.6's Eltwise layer


def vector_operand(node: ir.Node) -> bool:
    """An operand is a computed tensor of one axis, which is (n, 1) up to 4.14, or (1, n)."""
    return any(
        computed(node, k) and len(shape) == 1 and shape[0] > 1
        for k, shape in enumerate(_shapes(node) or ())
    )


def spread_operand(node: ir.Node) -> bool:
    """An operand is broadcast otherwise than 4.6 does it: by its Scale layer, and its Power."""
    shapes = _shapes(node)
    if shapes is None or len(shapes) != 2:
        return False
    result = shape_of(node.outputs[0])
    full = next((k for k in (0, 1) if shapes[k] == result and computed(node, k)), None)
    if full is None:
        return True
    small = shapes[1 - full]
    if computed(node, 1 - full):
        return _spread_computed(node.op_type, small, shapes[full], in_order=full == 0)
    if prod(small) == 1:
        return False
    if node.op_type in SUMS:
        axis = len(shapes[full]) - len(small)
        return small != shapes[full] and not _is_block(small, shapes[full], axis)
    return not _is_block(small, shapes[full], 1) or (node.op_type == "Div" and full == 1)


def _spread_computed(op: str, small: Shape, full: Shape, *, in_order: bool) -> bool:
    if small == full:
        return not 2 <= len(full) <= _LARGEST_RANK
    if op in SUMS:
        return not in_order or not _is_block(small, full, 1)
    varied = _varied(small, full)
    inside = [k for k in range(*_ends(varied)) if k not in varied and full[k] != 1]
    return not varied or len(inside) > 1 or (op == "Div" and not in_order)


def _is_block(small: Shape, full: Shape, axis: int) -> bool:
    """Whether `small` has all of `full`'s axes from `axis` up to some other, and 1 elsewhere.

    An axis of 1 in `full` is as good as none.
    """
    padded = (1,) * (len(full) - len(small)) + small
    varied = _varied(small, full)
    if not varied or padded[varied[0] : varied[-1] + 1] != full[varied[0] : varied[-1] + 1]:
        return False
    skipped = full[min(axis, varied[0]) : max(axis, varied[0])]
    return prod(skipped) == 1


def _ends(varied: list[int]) -> tuple[int, int]:
    return (varied[0], varied[-1]) if varied else (0, 0)


def _varied(small: Shape, full: Shape) -> list[int]:
    padded = (1,) * (len(full) - len(small)) + small
    return [k for k, n in enumerate(padded) if n != 1]


def compared_operand(node: ir.Node) -> bool:
    """A comparison broadcasts, or its constant comes first; 4.6 wants equal shapes, or leading."""
    shapes = _shapes(node)
    if shapes is None or len(shapes) != 2:
        return False
    if not computed(node, 0) and node.op_type != "Equal":
        return True
    full, small = shapes if computed(node, 0) else reversed(shapes)
    if full != shape_of(node.outputs[0]) or len(full) < 2:
        return True
    padded = (1,) * (len(full) - len(small)) + small
    run = next((k for k, (a, b) in enumerate(zip(padded, full, strict=True)) if a != b), len(full))
    return any(n != 1 for n in padded[run:]) or run == 0


def chained_operand(node: ir.Node) -> bool:
    """No operand has the result's shape, or the first lacks axes in the middle.

    4.8 and 4.10 then take the first operand's shape for the result's.
    """
    shapes, result = _shapes(node), shape_of(node.outputs[0])
    if shapes is None or result is None or len(shapes) < 2:
        return False
    if result not in shapes:
        return True
    first = (1,) * (len(result) - len(shapes[0])) + shapes[0]
    changes = sum(a != b for a, b in pairwise(n == m for n, m in zip(first, result, strict=True)))
    return changes > 1


def computed_power(node: ir.Node) -> bool:
    """The exponent is computed, or not one number; or the base is a constant."""
    exponent = shape_at(node, 1)
    return not computed(node, 0) or computed(node, 1) or exponent is None or prod(exponent) != 1


def truth_constant(node: ir.Node) -> bool:
    """A constant of truth values among the operands."""
    return any(constant_type(value) == ir.DataType.BOOL for value in node.inputs)


def half_constant(node: ir.Node) -> bool:
    """A constant in half precision among the operands."""
    return any(constant_type(value) == ir.DataType.FLOAT16 for value in node.inputs)


def _shapes(node: ir.Node) -> list[Shape] | None:
    shapes = [shape_at(node, k) for k in range(len(node.inputs))]
    known = [shape for shape in shapes if shape is not None]
    return known if len(known) == len(shapes) and known else None


def _equal_shapes(node: ir.Node) -> bool:
    shapes = _shapes(node)
    if shapes is None:
        return True
    return len(set(shapes)) == 1 and len(shapes[0]) > 1 and computed(node, 0) and computed(node, 1)


RULES = (
    Rule("vector operand", BINARY, vector_operand, "it computes with a tensor of one axis"),
    Rule("spread operand", (*SUMS, *PRODUCTS), spread_operand,
         "it spreads an operand over axes that are no block"),
    Rule("spread extreme", EXTREMES, lambda node: not _equal_shapes(node),
         "it spreads an operand"),
    Rule("compared operand", COMPARISONS, compared_operand, "it compares tensors of two shapes"),
    Rule("chained operand", (*EXTREMES, "Sum"), chained_operand, "it spreads its first operand"),
    Rule("computed power", ("Pow",), computed_power, "its exponent is not one known number"),
    Rule("truth constant", ANY, truth_constant, "it reads a constant of truth values"),
    Rule("half constant", ANY, half_constant, "it reads a constant in float16"),
)  # fmt: skip
