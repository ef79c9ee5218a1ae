"""Keep what a choice leaves out finite, by the numbers that functions are taken of.

    Where(p, a, Div(x, d))  ->  Where(p, a, Div(x, Where(p, 1, d)))
    Where(p, Log(x), b)     ->  Where(p, Log(Where(p, x, 1)), b)

4.6 has no Where: a choice is a sum of products there (`bools_to_floats`), and 0 times infinity is
no number. Exact: where p chooses the function, its argument is what it was. The guard is set at
roots, quotients, powers and so on that are reached through ops on single elements, and through
reshapes; a choice with another kind of infinity is left to `bound_choices`.

A quotient that is left out where its divisor is 0 is finite in all; this is noted for later passes.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import NamedTuple

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.bounds import FINITE, GUARDED, is_risky, surely_finite
from keras2cv_export.graph.edit import (
    constant,
    drop_unread,
    new_constant,
    new_node,
    nodes,
    reshape,
    shape_of,
)
from keras2cv_export.graph.elementwise import BROADCASTING, UNARY
from keras2cv_export.graph.misses import miss

Shape = tuple[int, ...]
_BOOL = ir.DataType.BOOL
_SHAPING = ("Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity")
# Function -> the operand to guard, and a number for which the function is finite.
_HARMLESS: dict[str, tuple[int, float]] = {
    **dict.fromkeys(("Div", "Mod"), (1, 1.0)),
    **dict.fromkeys(("Log", "Reciprocal", "Sqrt", "Pow", "Acosh"), (0, 1.0)),
    **dict.fromkeys(("Exp", "Acos", "Asin", "Atanh", "Cosh", "Sinh", "Tan"), (0, 0.0)),
}


class _Condition(NamedTuple):
    """Where a value counts: where `value` is `wanted`."""

    value: ir.Value
    wanted: bool


def guard_choices(model: ir.Model) -> int:
    """Rewrite in place; return how many choices changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Where"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    condition, *branches = node.inputs
    if node.meta.get(GUARDED) or condition is None or node.outputs[0].dtype == _BOOL:
        return 0
    if constant(condition) is not None or all(surely_finite(branch) for branch in branches):
        return 0
    size = shape_of(condition)
    if size is None or not all(_can_be_guarded(branch, size) for branch in branches):
        return miss(node, "what it leaves out may be infinite for another reason than its place")
    for k, branch in enumerate(branches, 1):
        guard = _Guard(model, node)
        node.replace_input_with(k, guard.finite(branch, _Condition(condition, wanted=k == 1)))
        drop_unread(branch)
    node.meta[GUARDED] = True
    return 1


def _can_be_guarded(value: ir.Value | None, size: Shape) -> bool:
    """Whether `_Guard` has a rule for a value, all the way up; `size` is the condition's shape."""
    if value is None or surely_finite(value):
        return True
    node, shape = value.producer(), shape_of(value)
    if node is None or shape is None or not _covers(size, shape):
        return False
    if node.op_type in _SHAPING:
        given = shape_of(node.inputs[0])
        fits = given is not None and prod(size) in (1, prod(shape))
        return fits and _can_be_guarded(node.inputs[0], _reshaped(size, given or ()))
    if node.op_type not in UNARY | BROADCASTING or node.op_type == "Where":
        return False
    known = node.op_type in _HARMLESS or not is_risky(node)
    return known and all(_can_be_guarded(operand, size) for operand in node.inputs)


def _covers(size: Shape, shape: Shape) -> bool:
    """Whether a condition of a shape says of each element of another whether it counts."""
    try:
        return np.broadcast_shapes(size, shape) == shape
    except ValueError:
        return False


def _reshaped(size: Shape, shape: Shape) -> Shape:
    return shape if prod(size) == prod(shape) else (1,) * len(shape)


class _Guard:
    """Makes values that are finite where a choice leaves them out."""

    def __init__(self, model: ir.Model, node: ir.Node) -> None:
        self.model, self.node = model, node
        self.made: dict[ir.Value, ir.Value] = {}

    def finite(self, value: ir.Value | None, where: _Condition) -> ir.Value | None:
        """Return the value, computed in such a way."""
        if value is None or surely_finite(value):
            return value
        if value not in self.made:
            node = value.producer()
            assert node is not None  # noqa: S101 - a value that can be guarded has one
            self.made[value] = self._computed(node, value, where)
        return self.made[value]

    def _computed(self, node: ir.Node, value: ir.Value, where: _Condition) -> ir.Value:
        if node.op_type in _SHAPING:
            target = _reshaped(shape_of(where.value) or (), shape_of(node.inputs[0]) or ())
            moved = reshape(self.model, self.node, where.value, target, like=where.value)
            first = self.finite(node.inputs[0], _Condition(moved, where.wanted))
            operands = [first, *node.inputs[1:]]
        else:
            operands = [self.finite(operand, where) for operand in node.inputs]
        known = is_risky(node) and self._guard(node, operands, where)
        made = new_node(self.node, node.op_type, operands, node.attributes, like=value)
        if known and all(surely_finite(operand) for operand in node.inputs):
            made.meta[FINITE] = True
        return made

    def _guard(self, node: ir.Node, operands: list[ir.Value | None], where: _Condition) -> bool:
        """Guard a function's operand; return whether the choice itself keeps it finite."""
        place, harmless = _HARMLESS[node.op_type]
        operand = operands[place]
        assert operand is not None  # noqa: S101 - all of these functions have it
        kind = (operand.dtype or ir.DataType.FLOAT).numpy()
        number = new_constant(self.model, np.array(harmless, kind), node.outputs[0])
        pair = (operand, number) if where.wanted else (number, operand)
        full = np.broadcast_shapes(shape_of(operand) or (), shape_of(where.value) or ())
        operands[place] = new_node(
            self.node, "Where", [where.value, *pair], like=node.outputs[0], shape=full
        )
        return _implies(where, node.op_type, node.inputs[place])


def _implies(where: _Condition, op: str, operand: ir.Value | None) -> bool:
    """Whether the condition holds only where a function of the operand is finite."""
    test = _FINITE_FOR.get(op)
    source, size = _source(operand), shape_of(operand)
    if test is None or source is None or size is None:
        return False
    tested = shape_of(where.value) or ()
    if prod(size) != prod(tested) or prod(np.broadcast_shapes(size, tested)) != prod(size):
        return False
    return any(left is source and test(word, bound) for word, left, bound in _facts(where))


_FINITE_FOR: dict[str, Callable[[str, float], bool]] = {
    **dict.fromkeys(
        ("Div", "Reciprocal", "Mod"),
        lambda word, bound: (
            (word == "!=" and bound == 0)
            or (word == ">" and bound >= 0)
            or (word == "<" and bound <= 0)
            or (word == ">=" and bound > 0)
            or (word == "<=" and bound < 0)
        ),
    ),
    "Log": lambda word, bound: (word == ">" and bound >= 0) or (word == ">=" and bound > 0),
    "Sqrt": lambda word, bound: word in (">", ">=") and bound >= 0,
}
_WORDS = {"Greater": ">", "Less": "<", "GreaterOrEqual": ">=", "LessOrEqual": "<="}
_OPPOSITE = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}
_MIRRORED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "!=": "!="}
_Fact = tuple[str, ir.Value | None, float]


def _facts(where: _Condition) -> list[_Fact]:
    """List what is known where a condition holds: (">", x, 0.0) for x > 0."""
    value = _source(where.value)
    node = value.producer() if value is not None else None
    if node is None:
        return []
    if node.op_type == "Not" and node.inputs[0] is not None:
        return _facts(_Condition(node.inputs[0], wanted=not where.wanted))
    if node.op_type == ("And" if where.wanted else "Or"):
        return [
            fact
            for operand in node.inputs
            if operand is not None
            and prod(shape_of(operand) or ()) == prod(shape_of(node.outputs[0]) or ())
            for fact in _facts(_Condition(operand, where.wanted))
        ]
    word = _WORDS.get(node.op_type)
    if node.op_type == "Equal" and not where.wanted:
        word = "!="
    elif word is not None and not where.wanted:
        word = _OPPOSITE[word]
    return _compared(node, word) if word is not None else []


def _compared(node: ir.Node, word: str) -> list[_Fact]:
    for k in (0, 1):
        array, value = constant(node.inputs[1 - k]), node.inputs[k]
        same = prod(shape_of(value) or ()) == prod(shape_of(node.outputs[0]) or ())
        if array is not None and array.size == 1 and same:
            bound = float(array.reshape(-1)[0])
            return [(word if k == 0 else _MIRRORED[word], _source(value), bound)]
    return []


def _source(value: ir.Value | None) -> ir.Value | None:
    """Return the value that has the same elements in the same order, before any reshape."""
    node = value.producer() if value is not None else None
    while node is not None and (node.op_type in _SHAPING or _widens(node)):
        value = node.inputs[0]
        node = value.producer() if value is not None else None
    return value


def _widens(node: ir.Node) -> bool:
    """Whether a Cast makes floats of whole numbers, which compare and divide as before."""
    given, made = node.inputs[0], node.outputs[0].dtype
    whole = given is not None and given.dtype is not None and given.dtype.is_integer()
    return node.op_type == "Cast" and whole and made is not None and made.is_floating_point()
