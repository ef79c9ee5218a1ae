"""Sums and products: a constant becomes a layer's weights, two tensors one layer."""

from __future__ import annotations

from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant

from .activation import power
from .graph import Graph, sizes
from .node import Array, Attribute, Unwritable

Shape = tuple[int, ...]

_FLOAT = np.dtype(np.float32)
_MOST_AXES = 5  # of an Eltwise
# ONNX op -> the op in the file, and its attributes. The importer's own Mul and RealDiv need shapes
# that it cannot infer in every graph; OpenCV's layer does the same without them.
_OF_TWO: dict[str, tuple[str, dict[str, Attribute]]] = {
    "Add": ("AddV2", {"T": _FLOAT}),
    "Sub": ("Sub", {"T": _FLOAT}),
    "Mul": ("Eltwise", {"operation": "prod"}),
    "Div": ("Eltwise", {"operation": "div"}),
    "Max": ("Eltwise", {"operation": "max"}),
    "Min": ("Eltwise", {"operation": "min"}),
}


def write_arithmetic(graph: Graph, node: ir.Node) -> None:
    """Write Add, Sub, Mul, Div, Max or Min of two operands.

    Raises:
        Unwritable: It has more operands, or a constant where the importer takes none.
    """
    if len(node.inputs) != 2:
        raise Unwritable("it has more than two operands")
    left, right = (constant(value) for value in node.inputs)
    if left is None and right is None:
        _of_two(graph, node)
    elif node.op_type in ("Max", "Min"):
        raise Unwritable("one of its operands is a constant")
    elif right is not None:
        _with_constant(graph, node, node.inputs[0], right)
    elif left is not None:
        _from_constant(graph, node, left)


def _of_two(graph: Graph, node: ir.Node) -> None:
    """Write an op of two tensors of one shape, or of one that ends in ones, as (1, m, 1)."""
    output = node.outputs[0]
    op, attributes = _OF_TWO[node.op_type]
    whole, shapes = sizes(output), [sizes(value) for value in node.inputs]
    sources = [graph.read(value) for value in node.inputs]
    if shapes[0] == shapes[1] and 2 <= len(whole) <= _MOST_AXES:
        graph.emit(op, sources, output, **attributes)
        return
    plain = [
        spread(graph, source, shape, whole, output, f"operand{k}")
        for k, (source, shape) in enumerate(zip(sources, shapes, strict=True))
    ]
    split = min(_behind(shape, whole) for _, shape in plain)
    outer, inner = prod(whole[:split]), prod(whole[split:])
    operands = [
        graph.reshape(
            source, (1, outer, inner if shape == whole else 1), output, f"operand{k}/planes"
        )
        for k, (source, shape) in enumerate(plain)
    ]
    planes = graph.emit(op, operands, output, "planes", **attributes)
    graph.reshape(planes, whole, output)


def _behind(shape: Shape, whole: Shape) -> int:
    """Return the first axis from which an operand has only ones; all axes if there is none."""
    ones = (size != all_ for size, all_ in zip(shape, whole, strict=True))
    return next((k for k, repeated in enumerate(ones) if repeated), len(whole))


def spread(
    graph: Graph, source: str, shape: Shape, whole: Shape, output: ir.Value, role: str
) -> tuple[str, Shape]:
    """Repeat an operand along all but its last axes of one; return it, and its shape then.

    OpenCV's Eltwise lets the axes behind the second be 1, and no others. Repeating is resizing an
    image of one row, which every importer does.

        (a, 1, b)  ->  (1, a, 1, b)  ->  (1, a, r, b)  ->  (a, r, b)

    Args:
        graph: The graph that is being written.
        source: Name of the operand's node.
        shape: The operand's shape.
        whole: The shape of the result.
        output: The ONNX value that is computed.
        role: The operand's role on the way to `output`.
    """
    full = (1,) * (len(whole) - len(shape)) + shape
    repeated = [k for k in range(len(whole)) if full[k] != whole[k]]
    while repeated and prod(full[repeated[0] :]) != 1:
        first = last = repeated[0]
        while last + 1 in repeated:
            last += 1
        before, times, behind = prod(full[:first]), prod(whole[first : last + 1]), full[last + 1 :]
        row = (1, before, 1, prod(behind))
        image = graph.reshape(source, row, output, f"{role}/row{first}")
        size = graph.ints((times, prod(behind)), output, f"{role}/times{first}")
        source = graph.emit(
            "ResizeNearestNeighbor", (image, size), output, f"{role}/rows{first}", T=_FLOAT
        )
        full = (*full[:first], *whole[first : last + 1], *behind)
        repeated = [k for k in repeated if k > last]
    return source, full


def _with_constant(graph: Graph, node: ir.Node, value: ir.Value | None, array: Array) -> None:
    """Write x + a, x - a, x * a or x / a."""
    if sizes(value) != sizes(node.outputs[0]):
        raise Unwritable("its constant is larger than the computed operand")
    op = node.op_type
    if op == "Sub":
        op, array = "Add", -array
    elif op == "Div":
        op, array = "Mul", np.float32(1) / array
    scaled(graph, graph.read(value), op, array, node.outputs[0])


def _from_constant(graph: Graph, node: ir.Node, array: Array) -> None:
    """Write a + x, a - x, a * x or a / x."""
    value, output = node.inputs[1], node.outputs[0]
    if node.op_type in ("Add", "Mul"):
        _with_constant(graph, node, value, array)
        return
    if sizes(value) != sizes(output):
        raise Unwritable("its constant is larger than the computed operand")
    source = graph.read(value)
    if node.op_type == "Sub":
        minus = power(graph, source, output, "minus", scale=-1.0)
        scaled(graph, minus, "Add", array, output)
    elif array.size == 1 and float(array.reshape(-1)[0]) == 1.0:
        graph.emit("Reciprocal", (source,), output)
    else:
        inverse = graph.emit("Reciprocal", (source,), output, "inverse")
        scaled(graph, inverse, "Mul", array, output)


def scaled(graph: Graph, source: str, op: str, array: Array, output: ir.Value) -> None:
    """Write x * a or x + a as a layer with weights.

    Args:
        graph: The graph that is being written.
        source: Name of the node that gives x.
        op: "Mul" or "Add".
        array: The numbers a.
        output: The ONNX value that the layer makes.
    """
    if array.size == 1:
        number = float(array.reshape(-1)[0])
        scale, shift = (number, 0.0) if op == "Mul" else (1.0, number)
        power(graph, source, output, scale=scale, shift=shift)
        return
    axis, block = block_of(array, sizes(output))
    stored = graph.const(block.reshape(-1), output, "weights")
    graph.emit("Scale", (source, stored), output, axis=axis, bias_term=op == "Add")


def block_of(array: Array, shape: Shape) -> tuple[int, Array]:
    """Return the first axis of the block that a constant varies along, and its numbers there.

    OpenCV's layer takes numbers for a run of axes; along the other axes they are the same.
    """
    aligned = array.reshape((1,) * (len(shape) - array.ndim) + array.shape)
    varying = [axis for axis, size in enumerate(aligned.shape) if size != 1]
    first, last = varying[0], varying[-1]
    inner = range(first, last + 1)
    full = [shape[axis] if axis in inner else 1 for axis in range(len(shape))]
    return first, np.broadcast_to(aligned, full)
