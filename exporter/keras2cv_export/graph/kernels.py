"""The kernels of convolutions and products, which may be stored in fewer bytes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import onnx_ir as ir

from .edit import Array, new_constant, shape_of


def exact_constant(model: ir.Model, array: Array, near: ir.Value, role: str) -> ir.Value:
    """Add an initializer that is not a weight: it stays exact when kernels are stored smaller.

    Args:
        model: The model.
        array: Its numbers.
        near: The value that it is made for.
        role: Its role, the last part of its name.
    """
    value = new_constant(model, array, near, role)
    value.meta[_EXACT] = True
    return value


# The number of each op's input that is its kernel; either input of a MatMul can be one.
_KERNELS = {"Conv": (1,), "ConvTranspose": (1,), "Gemm": (1,), "MatMul": (0, 1)}


_EXACT = "keras2cv.exact"


_LARGE = 1024  # numbers; storing smaller kernels in fewer bytes saves less than a node costs


def large_kernels(model: ir.Model) -> list[ir.Value]:
    """List the float32 initializers that only serve as kernels of convolutions and products."""
    return [value for value in model.graph.initializers.values() if _is_large_kernel(value)]


def _is_large_kernel(value: ir.Value) -> bool:
    shape = shape_of(value)
    return (
        value.dtype == ir.DataType.FLOAT
        and shape is not None
        and math.prod(shape) >= _LARGE
        and not value.meta.get(_EXACT)
        and not value.is_graph_output()
        and all(_reads_kernel(use.node, use.idx) for use in value.uses())
    )


def _reads_kernel(node: ir.Node, number: int) -> bool:
    """Whether an input is a kernel of that node, directly, or through a Reshape or Transpose."""
    if node.op_type in ("Reshape", "Transpose") and number == 0:
        return all(_reads_kernel(use.node, use.idx) for use in node.outputs[0].uses())
    return number in _KERNELS.get(node.op_type, ())


def decoded(
    model: ir.Model,
    kernel: ir.Value,
    op: str,
    inputs: Sequence[ir.Value],
    attributes: Mapping[str, Any],
) -> None:
    """Replace an initializer by a node that computes it from smaller ones, under the same name.

    Args:
        model: The model.
        kernel: The initializer.
        op: The node's op type.
        inputs: The values that the node reads.
        attributes: The node's attributes.
    """
    output = ir.Value(type=kernel.type, shape=kernel.shape)
    node = ir.node(op, inputs, attributes, outputs=[output], name=f"{kernel.name}/{op}")
    kernel.replace_all_uses_with(output)
    model.graph.initializers.pop(str(kernel.name))
    output.name = kernel.name
    model.graph.insert_before(model.graph[0], node)
