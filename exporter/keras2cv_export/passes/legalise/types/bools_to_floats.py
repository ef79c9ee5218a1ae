"""Compute truth values as the numbers 0 and 1.

    a > b     ->  Sign(Relu(a - b))              a >= b  ->  1 - Sign(Relu(b - a))
    a == b    ->  1 - Sign(Abs(a - b))           not p   ->  1 - p
    p and q   ->  p q                            p or q  ->  Sign(p + q)
    p xor q   ->  Abs(p - q)                     Cast(p, float)  ->  p
    Where(p, a, b)  ->  p a + (1 - p) b          where what is left out is surely finite

4.6 compares tensors of one shape alone and has no Where and no Not; up to 4.14 And, Or and Xor
are missing and a constant of truth values is refused. Exact: each is 0 or 1, 0 times a finite
number is 0, and subtracting unequal floats never gives 0; but a -0 that is chosen becomes 0, and
its inverse plus infinity. A Where that guards against infinity or NaN (around Log, Sqrt, Div, ...)
stays, with its condition as a comparison: 0 times NaN is NaN.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.bounds import GUARDED, surely_finite
from keras2cv_export.graph.edit import constant, new_constant, new_node, replace, shape_of
from keras2cv_export.graph.misses import miss

_FLOAT, _BOOL = ir.DataType.FLOAT, ir.DataType.BOOL
_COMPARISONS = ("Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Equal")
_MOVES = ("Reshape", "Transpose", "Slice", "Concat", "Gather", "Expand", "Tile", "Identity",
          "Squeeze", "Unsqueeze")  # fmt: skip


def bools_to_floats(model: ir.Model) -> int:
    """Rewrite in place; return how many readers of truth values changed."""
    return _Rewriter(model).run()


def _has_rule(value: ir.Value) -> bool:
    """Whether a truth value can be computed as a number, all the way up."""
    node = value.producer()
    if constant(value) is not None:
        return True
    if node is None or node.op_type not in (*_COMPARISONS, *_MOVES, *_LOGIC, "Split"):
        return False
    return all(_has_rule(v) for v in node.inputs if v is not None and v.dtype == _BOOL)


def _stays(node: ir.Node | None) -> bool:
    """Whether a comparison may meet infinity or NaN, whose differences do not order them."""
    return (
        node is not None
        and node.op_type in _COMPARISONS
        and not all(surely_finite(operand) for operand in node.inputs)
    )


class _Rewriter:
    def __init__(self, model: ir.Model) -> None:
        self.model = model
        self.numbers: dict[ir.Value, ir.Value] = {}  # a truth value -> the same as 0 and 1

    def run(self) -> int:
        changed = 0
        for node in list(self.model.graph):
            if node.op_type == "Cast":
                changed += self._cast(node)
            elif node.op_type == "Where":
                changed += self._where(node)
        return changed

    def _cast(self, node: ir.Node) -> int:
        source, output = node.inputs[0], node.outputs[0]
        if source is None or source.dtype != _BOOL or output.dtype == _BOOL:
            return 0
        if _stays(source.producer()):
            return miss(node, "what is compared may be infinite")
        number = self._number(source)
        if number is None:
            return miss(node, "its truth values come from an op that has none as numbers")
        if output.dtype != _FLOAT:
            number = new_node(node, "Cast", [number], {"to": output.dtype}, like=output)
        replace(output, number)
        self._remove(node)
        return 1

    def _where(self, node: ir.Node) -> int:
        condition, yes, no = node.inputs
        output = node.outputs[0]
        if condition is None or yes is None or no is None or output.dtype == _BOOL:
            return 0
        if not (node.meta.get(GUARDED) or (surely_finite(yes) and surely_finite(no))):
            return self._condition_as_comparison(node, condition)
        number = self._number(condition)
        if number is None:
            return 0
        at = node
        other = self._op(at, "Sub", [self._scalar(1, output), number])
        chosen = self._op(at, "Mul", [number, self._float(at, yes)])
        left = self._op(at, "Mul", [other, self._float(at, no)])
        total = self._op(at, "Add", [chosen, left])
        if output.dtype != _FLOAT:
            total = new_node(at, "Cast", [total], {"to": output.dtype}, like=output)
        replace(output, total)
        self._remove(node)
        return 1

    def _condition_as_comparison(self, node: ir.Node, condition: ir.Value) -> int:
        producer = condition.producer()
        if producer is not None and producer.op_type in _COMPARISONS:
            return 0
        number = self._number(condition)
        if number is None or constant(number) is not None:
            return 0
        half = self._scalar(0.5, condition)
        same = new_node(node, "Greater", [number, half], like=condition, dtype=_BOOL)
        node.replace_input_with(0, same)
        return 1

    def _number(self, value: ir.Value) -> ir.Value | None:
        """Return a truth value as 0 and 1; None if it comes from an op without a rule."""
        return self._build(value) if _has_rule(value) else None

    def _build(self, value: ir.Value) -> ir.Value:
        if value not in self.numbers:
            array, node = constant(value), value.producer()
            if array is not None:
                self.numbers[value] = new_constant(self.model, array.astype(np.float32), value)
            elif node is not None and node.op_type == "Split":
                self.numbers.update(zip(node.outputs, self._split(node), strict=True))
            elif node is not None:
                self.numbers[value] = self._translate(node, value)
        return self.numbers[value]

    def _translate(self, node: ir.Node, value: ir.Value) -> ir.Value:
        operands = [v for v in node.inputs if v is not None]
        if _stays(node):
            return self._as_it_is(node)
        if node.op_type in _COMPARISONS:
            left, right = (self._float(node, v) for v in operands)
            return self._compare(node, left, right)
        if node.op_type in _MOVES:
            moved = [self._build(v) if v.dtype == _BOOL else v for v in operands]
            return new_node(node, node.op_type, moved, node.attributes, like=value, dtype=_FLOAT)
        return _LOGIC[node.op_type](self, node, [self._build(v) for v in operands])

    def _as_it_is(self, node: ir.Node) -> ir.Value:
        output = node.outputs[0]
        number = ir.Value(type=ir.TensorType(_FLOAT), shape=output.shape)
        cast = ir.node("Cast", [output], {"to": _FLOAT}, outputs=[number], name=f"{node.name}/Cast")
        node.append(cast)
        return number

    def _compare(self, node: ir.Node, left: ir.Value, right: ir.Value) -> ir.Value:
        op, output = node.op_type, node.outputs[0]
        if op in ("Less", "GreaterOrEqual"):
            left, right = right, left
        apart = self._op(node, "Sub", [left, right])
        size = self._op(node, "Abs" if op == "Equal" else "Relu", [apart])
        sign = self._op(node, "Sign", [size])
        if op in ("Greater", "Less"):
            return sign
        return self._op(node, "Sub", [self._scalar(1, output), sign])

    def _split(self, node: ir.Node) -> list[ir.Value]:
        inputs = [self._build(v) if v is not None and v.dtype == _BOOL else v for v in node.inputs]
        outputs = [ir.Value(type=ir.TensorType(_FLOAT), shape=o.shape) for o in node.outputs]
        node.prepend(ir.node("Split", inputs, node.attributes, outputs=outputs, name=node.name))
        return outputs

    def _float(self, node: ir.Node, value: ir.Value) -> ir.Value:
        if value.dtype == _FLOAT:
            return value
        if value.dtype == _BOOL:
            return self._build(value)
        array = constant(value)
        if array is not None:
            return new_constant(self.model, array.astype(np.float32), value)
        return new_node(node, "Cast", [value], {"to": _FLOAT}, like=value, dtype=_FLOAT)

    def _op(self, node: ir.Node, op: str, inputs: list[ir.Value]) -> ir.Value:
        shapes = [shape_of(value) or () for value in inputs]
        shape = np.broadcast_shapes(*shapes)
        return new_node(node, op, inputs, like=node.outputs[0], shape=shape, dtype=_FLOAT)

    def _scalar(self, number: float, near: ir.Value) -> ir.Value:
        return new_constant(self.model, np.array(number, np.float32), near)

    def _remove(self, node: ir.Node) -> None:
        """Remove a node, and the truth values before it that nothing reads any more."""
        if any(o.uses() or o.is_graph_output() for o in node.outputs) or node.graph is None:
            return
        before = [v.producer() for v in node.inputs if v is not None and v.dtype == _BOOL]
        node.graph.remove(node, safe=True)
        for producer in before:
            if producer is not None:
                self._remove(producer)


def _not(rewriter: _Rewriter, node: ir.Node, operands: list[ir.Value]) -> ir.Value:
    return rewriter._op(node, "Sub", [rewriter._scalar(1, node.outputs[0]), operands[0]])


def _and(rewriter: _Rewriter, node: ir.Node, operands: list[ir.Value]) -> ir.Value:
    return rewriter._op(node, "Mul", operands)


def _or(rewriter: _Rewriter, node: ir.Node, operands: list[ir.Value]) -> ir.Value:
    return rewriter._op(node, "Sign", [rewriter._op(node, "Add", operands)])


def _xor(rewriter: _Rewriter, node: ir.Node, operands: list[ir.Value]) -> ir.Value:
    return rewriter._op(node, "Abs", [rewriter._op(node, "Sub", operands)])


def _choice(rewriter: _Rewriter, node: ir.Node, operands: list[ir.Value]) -> ir.Value:
    condition, yes, no = operands
    other = _not(rewriter, node, [condition])
    chosen = [rewriter._op(node, "Mul", pair) for pair in ([condition, yes], [other, no])]
    return rewriter._op(node, "Add", chosen)


_LOGIC: dict[str, Callable[[_Rewriter, ir.Node, list[ir.Value]], ir.Value]] = {
    "Not": _not, "And": _and, "Or": _or, "Xor": _xor, "Where": _choice,
}  # fmt: skip
