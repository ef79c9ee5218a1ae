"""Flatten a channels-first tensor without a Transpose, and reorder the kernels that read it.

    Gemm(Reshape(Transpose(x, NHWC), (n, h w c)), W)  ->  Gemm(Reshape(x, (n, c h w)), W')

Keras flattens channels last, so a Transpose is left between the last convolution and the first
Dense layer, and cannot be pushed further. The columns of W (out, in) are put in the new order of
the numbers instead: W'[:, p] = W[:, order[p]].

Activations and per-element constants may lie in between, also several Dense layers, and a Concat
of several such vectors. Exact up to the order in which a product sums.

Left alone when (1) the Transpose moves axes that become the rows, (2) anything else reads the
vector, or it is an output of the graph.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    Array,
    constant,
    drop,
    integer,
    new_constant,
    new_node,
    nodes,
    only_reader,
    permutation,
    shape_of,
    substitute,
)
from keras2cv_export.graph.elementwise import BROADCASTING, UNARY
from keras2cv_export.graph.layer_marks import forget, rearrange
from keras2cv_export.graph.misses import miss


@dataclass
class _Plan:
    """The changes that let a vector lie in another order, if every reader agrees.

    Attributes:
        orders: For each value (n, k) that changes: which old element each new one is, (k,).
        constants: (node, input, function that makes the array to replace the constant).
    """

    orders: dict[ir.Value, Array]
    constants: list[tuple[ir.Node, int, Callable[[], Array]]] = field(default_factory=list)


def flatten_channels_first(model: ir.Model) -> int:
    """Rewrite in place; return how many Transposes went."""
    return sum(_rewrite(model, node) for node in nodes(model, "Transpose"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    flat = only_reader(node.outputs[0])
    wide, rows = shape_of(node.outputs[0]), shape_of(flat.outputs[0]) if flat is not None else None
    if flat is None or flat.op_type != "Reshape" or wide is None or rows is None or len(rows) != 2:
        return 0
    kept = _kept_axes(permutation(node), wide, rows[0])
    if kept is None:
        return miss(node, "it moves what becomes the rows")
    if permutation(node) == tuple(range(len(wide))):
        return 0
    plan = _Plan({flat.outputs[0]: _order(permutation(node), wide, kept)})
    if not all(_agrees(plan, reader) for reader in model.graph):
        return miss(node, "something reads the vector that has no weights to reorder")
    if any(value.is_graph_output() for value in plan.orders):
        return miss(node, "the vector is an output of the net")
    _carry_out(model, plan, node, flat)
    return 1


def _kept_axes(perm: tuple[int, ...], wide: tuple[int, ...], rows: int) -> int | None:
    """Return how many axes, that stay where they are, become the rows; None if none do."""
    counts = [k for k in range(len(wide)) if prod(wide[:k]) == rows]
    return next((k for k in counts if perm[:k] == tuple(range(k))), None)


def _order(perm: tuple[int, ...], wide: tuple[int, ...], kept: int) -> Array:
    """Return which element of the old vector lies at each place of the new one."""
    old = np.arange(prod(wide[kept:])).reshape(wide[kept:])
    back = np.argsort([axis - kept for axis in perm[kept:]])
    new: Array = old.transpose(back).reshape(-1)
    return new


def _agrees(plan: _Plan, node: ir.Node) -> bool:
    """Whether a node can take its inputs in the new order; note the changes in the plan."""
    orders = [plan.orders.get(value) if value is not None else None for value in node.inputs]
    if all(order is None for order in orders):
        return True
    if node.domain in ("", "ai.onnx") and node.op_type in UNARY | BROADCASTING:
        return _agrees_elementwise(plan, node, orders)
    if node.op_type == "Gemm":
        return _agrees_gemm(plan, node, orders)
    return node.op_type == "Concat" and _agrees_concat(plan, node, orders)


def _agrees_elementwise(plan: _Plan, node: ir.Node, orders: list[Array | None]) -> bool:
    first, *rest = [order for order in orders if order is not None]
    if any(order is not first for order in rest):
        return False
    plan.orders[node.outputs[0]] = first
    if node.op_type in UNARY:
        return orders[0] is first  # a Clip's bounds are numbers
    others = [k for k, order in enumerate(orders) if order is None]
    return all(_agrees_constant(plan, node, k, first) for k in others)


def _agrees_constant(plan: _Plan, node: ir.Node, k: int, order: Array) -> bool:
    array = constant(node.inputs[k])
    if array is None or array.ndim > 2 or len(node.inputs) > 2:
        return False
    if shape_of(node.outputs[0]) != shape_of(node.inputs[1 - k]):
        return False  # the constant broadcasts it up
    if array.ndim and array.shape[-1] != 1:
        plan.constants.append((node, k, lambda: array[..., order]))
    return True


def _agrees_gemm(plan: _Plan, node: ir.Node, orders: list[Array | None]) -> bool:
    kernel, order = constant(node.inputs[1]), orders[0]
    plain = integer(node, "transB", 0) == 1 and integer(node, "transA", 0) == 0
    if kernel is None or order is None or not plain or any(o is not None for o in orders[1:]):
        return False
    plan.constants.append((node, 1, lambda: kernel.take(order, axis=1)))
    return True


def _agrees_concat(plan: _Plan, node: ir.Node, orders: list[Array | None]) -> bool:
    sizes = [(shape_of(value) or (0, 0))[-1] for value in node.inputs]
    if integer(node, "axis", 1) % 2 != 1 or 0 in sizes:
        return False
    starts = np.cumsum([0, *sizes[:-1]])
    parts = [
        start + (np.arange(size) if order is None else order)
        for start, size, order in zip(starts, sizes, orders, strict=True)
    ]
    plan.orders[node.outputs[0]] = np.concatenate(parts)
    return True


def _carry_out(model: ir.Model, plan: _Plan, node: ir.Node, flat: ir.Node) -> None:
    source, output, order = node.inputs[0], flat.outputs[0], plan.orders.pop(flat.outputs[0])
    wide, target = shape_of(source) or (), np.array(shape_of(output), np.int64)
    for reader, k, made in plan.constants:
        reader.replace_input_with(k, new_constant(model, made(), reader.outputs[0]))
    inputs = [source, new_constant(model, target, output)]
    new = new_node(flat, "Reshape", inputs, like=output)
    substitute(flat, new)
    rearrange(new, wide, permutation(node))
    for value, other in plan.orders.items():
        if other is order:
            rearrange(value, wide, permutation(node))
        else:
            forget(value)
    drop(node)
