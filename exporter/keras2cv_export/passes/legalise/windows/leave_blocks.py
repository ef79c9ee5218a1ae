"""Leave the layout of blocks in front of a function that has no number at 0.

    Conv -> Log(x) -> Conv     ->  Conv -> Log(1 x) -> Conv      Reciprocal, Acosh, quotients

5.0's new engine keeps eight channels together between convolutions, and fills the last eight with
zeros. Log makes infinities of these zeros, and the next convolution, whose weights are 0 there,
makes no number of each of its outputs: three channels are enough. A product with a constant is not
computed in blocks. Exact.

Left alone where the channels fill whole blocks, and where no convolution follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, new_constant, new_node, nodes, shape_of

_BLOCK: Final = 8
_FUNCTIONS: Final = ("Log", "Reciprocal", "Acosh", "Div")
_CONVOLUTIONS: Final = ("Conv", "ConvTranspose")
_IN_BLOCKS: Final = frozenset(
    (
        "Abs", "Acos", "Acosh", "Add", "Asin", "Asinh", "Atan", "Atanh", "AveragePool",
        "BatchNormalization", "Ceil", "Celu", "Clip", "Concat", "Cos", "Cosh", "Div", "Elu", "Erf",
        "Exp", "Floor", "Gelu", "GlobalAveragePool", "GlobalMaxPool", "HardSigmoid", "HardSwish",
        "Identity", "LeakyRelu", "Log", "Max", "MaxPool", "Min", "Mish", "Mul", "Neg", "PRelu",
        "Pow", "Reciprocal", "Relu", "Resize", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin",
        "Sinh", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Tan", "Tanh", "ThresholdedRelu",
    )
)  # fmt: skip


def leave_blocks(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, *_FUNCTIONS))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    shape = shape_of(node.outputs[0])
    if shape is None or len(shape) < 3 or shape[1] % _BLOCK == 0:
        return 0
    operands = [value for value in node.inputs if value is not None]
    if any(constant(value) is not None or _is_left(value) for value in operands):
        return 0
    if not (_meets_convolution(node, _before) and _meets_convolution(node, _behind)):
        return 0
    for k, value in enumerate(operands):
        one = new_constant(model, np.ones(1, np.float32), node.outputs[0])
        node.replace_input_with(k, new_node(node, "Mul", [value, one], like=value))
    return 1


def _is_left(value: ir.Value) -> bool:
    """Whether a product with a constant makes a value."""
    node = value.producer()
    return (
        node is not None
        and node.op_type == "Mul"
        and any(constant(operand) is not None for operand in node.inputs)
    )


def _before(node: ir.Node) -> Iterable[ir.Node | None]:
    return (value.producer() for value in node.inputs if value is not None)


def _behind(node: ir.Node) -> Iterable[ir.Node | None]:
    return (user for output in node.outputs for user, _ in output.uses())


def _meets_convolution(node: ir.Node, step: Callable[[ir.Node], Iterable[ir.Node | None]]) -> bool:
    """Whether a convolution is met, in one direction, with nothing between that leaves blocks."""
    stack, seen = [node], set()
    while stack:
        for other in step(stack.pop()):
            if other is None or other in seen:
                continue
            if other.op_type in _CONVOLUTIONS:
                return True
            seen.add(other)
            if other.op_type in _IN_BLOCKS:
                stack.append(other)
    return False
