"""Random graphs of a few nodes: shapes, broadcasts and orders of operands that nobody thought of.

    model = random_graph(seed=7, size=4)

The same seed gives the same graph. No number is near a jump of a drawn op: divisors stay away from
0, powers are taken of positive numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TypeVar

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference

from support.small_graphs import OPSET, Array

_T = TypeVar("_T")
Shape = tuple[int, ...]
_LARGEST = 5000  # elements of a value


class _DrawnOtherwise(Exception):  # noqa: N818 - no error: another op is drawn
    """The drawn op does not fit the value."""


def random_graph(seed: int, size: int) -> onnx.ModelProto:
    """Draw a graph of float32 inputs, `size` ops and the nodes that prepare their operands."""
    drawn = _Drawn(np.random.default_rng((41, seed)))
    while len(drawn.results) < size:
        drawn.add_op()
    return drawn.model()


class _Drawn:
    """A graph that grows."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.results: list[tuple[str, Shape]] = []
        self.start = self.input(self.shape())

    def add_op(self) -> None:
        """Add one op that reads a value, often the last; if that fails, change nothing."""
        lists = (self.nodes, self.constants, self.inputs, self.results)
        lengths = [len(items) for items in lists]
        value = self.start if not self.results or self.chance(0.1) else self.some(self.results[-3:])
        try:
            self.some(_OPS)(self, *value)
        except _DrawnOtherwise:
            for items, length in zip(lists, lengths, strict=True):
                del items[length:]

    def model(self) -> onnx.ModelProto:
        """Return the graph; unread values are its outputs."""
        read = {name for node in self.nodes for name in node.input}
        outputs = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in self.results
            if name not in read
        ]
        inputs = [value for value in self.inputs if value.name in read]
        graph = helper.make_graph(self.nodes, "random", inputs, outputs, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = 8
        return shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)

    def some(self, items: list[_T]) -> _T:
        return items[self.rng.integers(len(items))]

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def number(self, first: int, last: int) -> int:
        return int(self.rng.integers(first, last + 1))

    def shape(self) -> Shape:
        return tuple(self.number(1, 6) for _ in range(self.number(2, 5)))

    def broadcast_to(self, shape: Shape) -> Shape:
        """Return a shape that `shape` takes in by broadcasting."""
        small = [n if self.chance(0.5) else 1 for n in shape]
        return tuple(small[self.number(0, len(small) - 1) if self.chance(0.4) else 0 :])

    def floats(self, *shape: int) -> Array:
        size = self.rng.uniform(0.4, 1.6, shape)
        return np.asarray(size * self.rng.choice([-1, 1], shape), np.float32)

    def input(self, shape: Shape) -> tuple[str, Shape]:
        name = f"x{len(self.inputs)}"
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name, shape

    def constant(self, array: Array) -> str:
        name = f"k{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def step(self, op: str, inputs: list[str], **attributes: object) -> str:
        """Add a node that prepares an operand, and return its output."""
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], f"{name}/{op}", **attributes))
        return name

    def result(self, op: str, inputs: list[str], shape: Shape, **attributes: object) -> None:
        """Add a node whose output is a value of the graph."""
        if not shape or len(shape) > 5 or not 0 < prod(shape) <= _LARGEST:
            raise _DrawnOtherwise
        self.results.append((self.step(op, inputs, **attributes), tuple(shape)))


def _arithmetic(drawn: _Drawn, name: str, shape: Shape) -> None:
    op, small = drawn.some(["Add", "Sub", "Mul", "Div", "Max", "Min"]), drawn.broadcast_to(shape)
    if drawn.chance(0.5) or len(small) < 2:
        other = drawn.constant(drawn.floats(*small))
    else:
        other, _ = drawn.input(small)
        other = drawn.step("Exp", [other])
    operands = [other, name] if drawn.chance(0.4) else [name, other]
    if op == "Div" and operands[1] == name:
        operands[1] = drawn.step("Exp", [name])
    drawn.result(op, operands, shape)


def _one_operand(drawn: _Drawn, name: str, shape: Shape) -> None:
    op = drawn.some(["Relu", "Sigmoid", "Tanh", "Abs", "Neg", "Elu", "Softplus", "Erf"])
    drawn.result(op, [name], shape)


def _clip(drawn: _Drawn, name: str, shape: Shape) -> None:
    low, high = (drawn.constant(np.array(bound, np.float32)) for bound in (-0.4, 0.7))
    drawn.result("Clip", [name, drawn.some([low, ""]), high], shape)


def _power(drawn: _Drawn, name: str, shape: Shape) -> None:
    exponent = drawn.constant(np.array(drawn.some([2.0, 3.0, 0.5, -1.0, 1.7]), np.float32))
    drawn.result("Pow", [drawn.step("Sigmoid", [name]), exponent], shape)


def _transpose(drawn: _Drawn, name: str, shape: Shape) -> None:
    order = [int(axis) for axis in drawn.rng.permutation(len(shape))]
    drawn.result("Transpose", [name], tuple(shape[axis] for axis in order), perm=order)


def _reshape(drawn: _Drawn, name: str, shape: Shape) -> None:
    sizes, rest = [1] * drawn.number(2, 5), prod(shape)
    for factor in (2, 3, 5):
        while rest % factor == 0:
            sizes[drawn.number(0, len(sizes) - 1)] *= factor
            rest //= factor
    drawn.result("Reshape", [name, drawn.integers(*sizes)], tuple(sizes))


def _concat(drawn: _Drawn, name: str, shape: Shape) -> None:
    axis = drawn.number(0, len(shape) - 1)
    other = (*shape[:axis], drawn.number(1, 4), *shape[axis + 1 :])
    made = drawn.constant(drawn.floats(*other)) if drawn.chance(0.5) else drawn.input(other)[0]
    parts = [made, name] if drawn.chance(0.5) else [name, made]
    full = (*shape[:axis], shape[axis] + other[axis], *shape[axis + 1 :])
    drawn.result("Concat", parts, full, axis=axis)


def _slice(drawn: _Drawn, name: str, shape: Shape) -> None:
    axis = drawn.number(0, len(shape) - 1)
    start, step = drawn.number(0, shape[axis] - 1), drawn.some([1, 2])
    count = len(range(start, shape[axis], step))
    bounds = [start, 2**31 - 1, axis - len(shape), step]
    operands = [name, *(drawn.integers(n) for n in bounds)]
    drawn.result("Slice", operands, (*shape[:axis], count, *shape[axis + 1 :]))


def _pad(drawn: _Drawn, name: str, shape: Shape) -> None:
    axis, mode = drawn.number(0, len(shape) - 1), drawn.some(["constant", "reflect", "edge"])
    if shape[axis] < 3:
        raise _DrawnOtherwise
    pads = [0] * 2 * len(shape)
    pads[axis], pads[len(shape) + axis] = drawn.number(1, 2), drawn.number(0, 2)
    full = tuple(n + pads[k] + pads[len(shape) + k] for k, n in enumerate(shape))
    drawn.result("Pad", [name, drawn.integers(*pads)], full, mode=mode)


def _reduce(drawn: _Drawn, name: str, shape: Shape) -> None:
    op = drawn.some(["ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceLogSumExp"])
    axes = sorted(int(a) for a in drawn.rng.permutation(len(shape))[: drawn.number(1, len(shape))])
    kept = drawn.number(0, 1)
    left = tuple(1 if a in axes else n for a, n in enumerate(shape) if kept or a not in axes)
    drawn.result(op, [name], left, axes=axes, keepdims=kept)


def _product(drawn: _Drawn, name: str, shape: Shape) -> None:
    columns = drawn.number(1, 5)
    batch = () if drawn.chance(0.5) else drawn.broadcast_to(shape[:-2]) if shape[:-2] else ()
    kernel = drawn.floats(*batch, shape[-1], columns)
    drawn.result("MatMul", [name, drawn.constant(kernel)], (*shape[:-1], columns))


def _softmax(drawn: _Drawn, name: str, shape: Shape) -> None:
    drawn.result("Softmax", [name], shape, axis=drawn.number(-len(shape), len(shape) - 1))


def _resize(drawn: _Drawn, name: str, shape: Shape) -> None:
    if len(shape) != 4:
        raise _DrawnOtherwise
    target = (*shape[:2], shape[2] * drawn.number(1, 3), shape[3] * drawn.number(1, 3))
    nearest = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    linear = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    how = {"mode": "nearest", **nearest} if drawn.chance(0.5) else linear
    drawn.result("Resize", [name, "", "", drawn.integers(*target)], target, **how)


def _gather(drawn: _Drawn, name: str, shape: Shape) -> None:
    axis = drawn.number(0, len(shape) - 1)
    places = drawn.rng.integers(-shape[axis], shape[axis], drawn.number(1, 4))
    full = (*shape[:axis], len(places), *shape[axis + 1 :])
    drawn.result("Gather", [name, drawn.constant(places)], full, axis=axis)


def _choice(drawn: _Drawn, name: str, shape: Shape) -> None:
    op, limit = drawn.some(["Greater", "LessOrEqual"]), drawn.floats(*drawn.broadcast_to(shape))
    truth = drawn.step(op, [name, drawn.constant(limit)])
    other = drawn.constant(drawn.floats(*drawn.broadcast_to(shape)))
    drawn.result("Where", [truth, drawn.step("Tanh", [name]), other], shape)


def _convolution(drawn: _Drawn, name: str, shape: Shape) -> None:
    if len(shape) < 3:
        raise _DrawnOtherwise
    kernel, stride = [min(2, n) for n in shape[2:]], drawn.number(1, 2)
    after = [(n - k) // stride + 1 for n, k in zip(shape[2:], kernel, strict=True)]
    out = drawn.number(1, 4)
    operands = [name, drawn.constant(drawn.floats(out, shape[1], *kernel))]
    if drawn.chance(0.5):
        operands.append(drawn.constant(drawn.floats(out)))
    strides = [stride] * len(kernel)
    full = (shape[0], out, *after)
    drawn.result("Conv", operands, full, kernel_shape=kernel, strides=strides)


_OPS: list[Callable[[_Drawn, str, Shape], None]] = [
    _arithmetic, _arithmetic, _arithmetic, _one_operand, _clip, _power, _transpose, _transpose,
    _reshape, _concat, _slice, _pad, _reduce, _product, _softmax, _resize, _gather, _choice,
    _convolution, _convolution,
]  # fmt: skip
