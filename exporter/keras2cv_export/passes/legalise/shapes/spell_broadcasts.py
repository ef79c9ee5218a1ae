"""Bring the operands of arithmetic into the shapes that OpenCV 4.6 broadcasts right.

    Mul(x (1, t, d), k (d,))            ->  Reshape(Mul(Reshape(x, (t, d)), k), (1, t, d))
    Add(x (n, c, h, w), k (h, w))       ->  Reshape(Add(Reshape(x, (n c, h w)), k (h w,)), ..)
    Add(x (n, c, h, w), t (n, c, 1, 1)) ->  Reshape(Add(Reshape(x, (1, n c, h w)), (1, n c, 1)), ..)
    Mul(a (1, t, 1), k (d,))            ->  Reshape(MatMul(Reshape(a, (t, 1)), k (1, d)), ..)
    Div(k, x), Div(a, x)                ->  Mul(Reciprocal(x), k), where k or a is the smaller
    Sub(a, x)                           ->  Add(Neg(x), a), the same
    Max(x, k), Min(x, k)                ->  k + Relu(x - k), k - Relu(k - x)

4.6 knows two forms: equal shapes, and a block of neighbouring axes that is the same for all
others (its Scale layer). In a product it always takes that block for the channels, and in a
quotient it takes the divisor for the dividend: x (5, 5, 5, 5) times k (5,) is silently wrong. It
merges a constant right after a convolution into the bias, which has a number for each channel. An
operand that no Reshape can fit is expanded to the full shape. Exact, but for Max and Min, which
round as float32 does.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    Array,
    constant,
    new_constant,
    new_node,
    nodes,
    reshape,
    shape_of,
    substitute,
)

Shape = tuple[int, ...]

_LARGEST_RANK = 5
_BIASED = ("Conv", "ConvTranspose", "BatchNormalization")


@dataclass(frozen=True)
class _Block:
    """The axes of the result along which the smaller operand varies, neighbours of each other."""

    before: int
    size: int
    after: int
    whole: bool  # the operand has all of them

    @classmethod
    def of(cls, small: Shape, full: Shape) -> _Block:
        padded = (1,) * (len(full) - len(small)) + small
        varied = [axis for axis, n in enumerate(padded) if n != 1]
        first, last = varied[0], varied[-1] + 1
        return cls(
            prod(full[:first]),
            prod(full[first:last]),
            prod(full[last:]),
            padded[first:last] == full[first:last],
        )


def spell_broadcasts(model: ir.Model) -> int:
    """Rewrite in place; return how many ops changed."""
    return sum(
        _rewrite(model, node) for node in nodes(model, "Add", "Sub", "Mul", "Div", "Max", "Min")
    )


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    full = shape_of(node.outputs[0])
    shapes = [shape_of(value) for value in node.inputs]
    if full is None or None in shapes or len(shapes) != 2 or 0 in full:
        return 0
    if node.outputs[0].dtype != ir.DataType.FLOAT:
        return 0
    constants = [k for k in (0, 1) if constant(node.inputs[k]) is not None]
    if len(constants) == 2:
        return 0
    if constants:
        return _with_constant(model, node, full, constants[0])
    return _computed(model, node, full)


def _with_constant(model: ir.Model, node: ir.Node, full: Shape, k: int) -> int:
    value, array = node.inputs[1 - k], constant(node.inputs[k])
    assert value is not None and array is not None  # noqa: PT018, S101 - the caller looked
    shape = shape_of(value) or ()
    if node.op_type in ("Max", "Min"):
        return _extreme(model, node, value, array) if array.size > 1 else 0
    if prod(shape) != prod(full):
        return _outer(model, node, value, array, full) or _expand(model, node, 1 - k, full)
    if node.op_type == "Div" and k == 0:
        return _inverted(node, value, node.inputs[k])
    if array.size == 1:
        return 0
    if _is_read(node, array.shape, full) and not _is_taken_for_bias(value, array.shape, full):
        return 0
    return _by_block(model, node, k, array, _Block.of(array.shape, full), full)


def _is_read(node: ir.Node, shape: Shape, full: Shape) -> bool:
    """Whether 4.6 finds the block by itself: from its rank in sums, at axis 1 in products."""
    if len(full) > _LARGEST_RANK:
        return False
    block = _Block.of(shape, full)
    additive = node.op_type in ("Add", "Sub")
    if (additive and shape == full) or shape[0] == 1 or not block.whole:
        return additive and shape == full
    if additive:
        return prod(shape) == prod(full[len(full) - len(shape) :][: _length(shape)])
    return len(full) > 1 and block.before == full[0]


def _is_taken_for_bias(value: ir.Value, shape: Shape, full: Shape) -> bool:
    """Whether 4.6 merges a constant into the convolution before, which has one for each channel."""
    maker, block = value.producer(), _Block.of(shape, full)
    if maker is None or maker.op_type not in _BIASED:
        return False
    return (block.before, block.size) != full[:2]


def _length(stripped: Shape) -> int:
    return max(axis for axis, n in enumerate(stripped) if n != 1) + 1


def _by_block(
    model: ir.Model, node: ir.Node, k: int, array: Array, block: _Block, full: Shape
) -> int:
    """Make the block the second of two or three axes."""
    value, output = node.inputs[1 - k], node.outputs[0]
    assert value is not None  # noqa: S101 - the caller looked
    padded = array.reshape((1,) * (len(full) - array.ndim) + array.shape)
    varied = [axis for axis, n in enumerate(padded.shape) if n != 1]
    target = [n if varied[0] <= axis <= varied[-1] else 1 for axis, n in enumerate(full)]
    spread = np.broadcast_to(padded, target).reshape((block.size, 1) if block.after > 1 else (-1,))
    flat = (
        (block.before, block.size, block.after) if block.after > 1 else (block.before, block.size)
    )
    operands = [reshape(model, node, value, flat, like=output)]
    operands.insert(k, new_constant(model, spread, output))
    made = new_node(node, node.op_type, operands, like=output, shape=flat)
    return substitute(node, reshape(model, node, made, full, like=output))


def _outer(model: ir.Model, node: ir.Node, value: ir.Value, array: Array, full: Shape) -> int:
    """Multiply a value that varies along the first axes by one that varies along the last."""
    shape, output = shape_of(value) or (), node.outputs[0]
    if node.op_type != "Mul" or prod(shape) * array.size != prod(full):
        return 0
    padded = (1,) * (len(full) - len(shape)) + shape
    rows = [axis for axis, n in enumerate(padded) if n != 1]
    columns = [len(full) - array.ndim + axis for axis, n in enumerate(array.shape) if n != 1]
    if not rows or not columns or rows[-1] > columns[0]:
        return 0
    column = reshape(model, node, value, (prod(shape), 1), like=output)
    row = new_constant(model, array.reshape(1, -1), output)
    flat = (prod(shape), array.size)
    made = new_node(node, "MatMul", [column, row], like=output, shape=flat)
    return substitute(node, reshape(model, node, made, full, like=output))


def _computed(model: ir.Model, node: ir.Node, full: Shape) -> int:
    left, right = node.inputs
    assert left is not None and right is not None  # noqa: PT018, S101 - the caller looked
    totals = [prod(shape_of(value) or ()) for value in (left, right)]
    if totals == [prod(full)] * 2:
        return _flattened(model, node, full)
    if prod(full) not in totals:
        return _expand(model, node, 0, full)
    k = 1 - totals.index(prod(full))
    if node.op_type in ("Max", "Min") or totals[k] == 1:
        return _expand(model, node, k, full)
    if k == 0 and node.op_type in ("Div", "Sub"):
        return _turned(node, left, right)
    return _by_computed_block(model, node, k, full)


def _turned(node: ir.Node, small: ir.Value, big: ir.Value) -> int:
    """Bring the larger operand to the front: a / x = (1 / x) a, a - x = (-x) + a."""
    if node.op_type == "Div":
        return _inverted(node, big, small)
    negative = new_node(node, "Neg", [big], like=big)
    return substitute(node, new_node(node, "Add", [negative, small], like=node.outputs[0]))


def _by_computed_block(model: ir.Model, node: ir.Node, k: int, full: Shape) -> int:
    big, small, output = node.inputs[1 - k], node.inputs[k], node.outputs[0]
    assert big is not None and small is not None  # noqa: PT018, S101 - the caller looked
    block = _Block.of(shape_of(small) or (), full)
    if not block.whole:
        return _expand(model, node, k, full)
    read = node.op_type in ("Mul", "Div") or (k == 1 and len(full) > 1 and block.before == full[0])
    if read and len(full) <= _LARGEST_RANK:
        return 0
    flat = (block.before, block.size, block.after)
    wide = reshape(model, node, big, flat, like=output)
    thin = reshape(model, node, small, (1, block.size, 1), like=output)
    made = new_node(node, node.op_type, [wide, thin], like=output, shape=flat)
    return substitute(node, reshape(model, node, made, full, like=output))


def _flattened(model: ir.Model, node: ir.Node, full: Shape) -> int:
    """Reshape operands of equal shape to one row, where 4.6 has no loop for their rank."""
    if 2 <= len(full) <= _LARGEST_RANK:
        return 0
    row, output = (1, prod(full)), node.outputs[0]
    rows = [reshape(model, node, v, row, like=output) for v in node.inputs if v is not None]
    made = new_node(node, node.op_type, rows, like=output, shape=row)
    return substitute(node, reshape(model, node, made, full, like=output))


def _expand(model: ir.Model, node: ir.Node, k: int, full: Shape) -> int:
    value = node.inputs[k]
    assert value is not None  # noqa: S101 - it has a shape
    target = new_constant(model, np.array(full, np.int64), value)
    node.replace_input_with(k, new_node(node, "Expand", [value, target], like=value, shape=full))
    return 1


def _inverted(node: ir.Node, divisor: ir.Value, dividend: ir.Value | None) -> int:
    inverse = new_node(node, "Reciprocal", [divisor], like=divisor)
    return substitute(node, new_node(node, "Mul", [inverse, dividend], like=node.outputs[0]))


def _extreme(model: ir.Model, node: ir.Node, value: ir.Value, array: Array) -> int:
    """max(x, k) = k + relu(x - k); min(x, k) = k - relu(k - x)."""
    output, limit = node.outputs[0], new_constant(model, array, node.outputs[0])
    again = new_constant(model, array, output)
    order = [value, limit] if node.op_type == "Max" else [limit, value]
    beyond = new_node(node, "Relu", [new_node(node, "Sub", order, like=output)], like=output)
    if node.op_type == "Max":
        return substitute(node, new_node(node, "Add", [beyond, again], like=output))
    return substitute(node, new_node(node, "Sub", [again, beyond], like=output))
