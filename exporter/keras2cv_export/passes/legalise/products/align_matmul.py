"""Give MatMul a form that every OpenCV runs: constants on the right, batches equal or absent.

    MatMul(k, x (b, m, n))                  ->  Transpose(MatMul(Transpose(x), k'))
    MatMul(x (b, l, m), y (m, n))           ->  Reshape(MatMul(Reshape(x, (b l, m)), y))
    MatMul(x (m, n), y (b, n, k))           ->  Transpose of the above
    MatMul(x (l, m), k (b, m, n))           ->  Transpose(MatMul(x, k' (m, b n)))
    MatMul(x (a, b, l, m), k (b, m, n))     ->  Concat(MatMul(x[:, 0], k[0]), ...)
    MatMul(x (a, b, l, m), y (a, 1, m, n))  ->  MatMul(x, Expand(y, (a, b, m, n)))

4.6 and 4.8 refuse these forms. Exact: the same products.
"""

from __future__ import annotations

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
    transpose,
)

# The most heads of attention to multiply one by one; each takes three nodes.
_MOST_GROUPS = 256


def align_matmul(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "MatMul"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    left, right = node.inputs
    a, b = shape_of(left), shape_of(right)
    if left is None or right is None or a is None or b is None or min(len(a), len(b)) < 2:
        return 0
    kernel = constant(right)
    if kernel is not None and len(b) > 2:
        return _align_kernel(model, node, kernel, a)
    if constant(left) is not None or (len(a) == 2 and len(b) > 2):
        return _exchange_operands(model, node, left, right)
    if kernel is not None or a[:-2] == b[:-2]:
        return 0
    return _flatten_left(model, node, a, b) if len(b) == 2 else _expand(model, node)


def _align_kernel(model: ir.Model, node: ir.Node, kernel: Array, a: tuple[int, ...]) -> int:
    if prod(kernel.shape[:-2]) == 1 and len(a) >= kernel.ndim:
        flat = kernel.reshape(kernel.shape[-2:])
        node.replace_input_with(1, new_constant(model, flat, node.outputs[0]))
        return 1
    if prod(a[:-2]) == 1:
        return _flatten_kernel(model, node, kernel)
    groups = np.trim_zeros(np.subtract(kernel.shape[:-2], 1), "f") + 1  # without leading 1s
    if a[: len(a) - 2][-len(groups) :] != tuple(groups):
        return _expand(model, node)
    if prod(groups) > _MOST_GROUPS:
        return 0
    return _part_groups(model, node, kernel.reshape(-1, *kernel.shape[-2:]), a)


def _flatten_left(model: ir.Model, node: ir.Node, a: tuple[int, ...], b: tuple[int, ...]) -> int:
    left, output = node.inputs[0], node.outputs[0]
    assert left is not None  # noqa: S101 - it has a shape
    flat = reshape(model, node, left, (prod(a[:-1]), a[-1]), like=output)
    shape = (prod(a[:-1]), b[1])
    made = new_node(node, "MatMul", [flat, node.inputs[1]], like=output, shape=shape)
    return substitute(node, reshape(model, node, made, (*a[:-1], b[1]), like=output))


def _flatten_kernel(model: ir.Model, node: ir.Node, kernel: Array) -> int:
    """Multiply by many matrices side by side: x (m, n), k (b, n, p) as (n, b p)."""
    output, value = node.outputs[0], node.inputs[0]
    a = shape_of(value) or ()
    assert value is not None  # noqa: S101 - it has a shape
    stacked = kernel.reshape(-1, *kernel.shape[-2:])
    many, inner, columns = stacked.shape
    wide = new_constant(model, stacked.transpose(1, 0, 2).reshape(inner, -1), output)
    left = reshape(model, node, value, a[-2:], like=output)
    made = new_node(node, "MatMul", [left, wide], like=output, shape=(a[-2], many * columns))
    made = reshape(model, node, made, (a[-2], many, columns), like=output)
    turned = transpose(node, made, (1, 0, 2), like=output)
    return substitute(node, reshape(model, node, turned, shape_of(output) or (), like=output))


def _part_groups(model: ir.Model, node: ir.Node, kernels: Array, a: tuple[int, ...]) -> int:
    """Multiply x (b g, m, n) by g matrices (n, p), one after the other."""
    output, value, (groups, inner, columns) = node.outputs[0], node.inputs[0], kernels.shape
    assert value is not None  # noqa: S101 - it has a shape
    outer, rows = prod(a[:-2]) // groups, a[-2]
    stacked = reshape(model, node, value, (outer, groups, rows, inner), like=output)
    parts = []
    for k, kernel in enumerate(kernels):
        bounds = [new_constant(model, np.array([n], np.int64), output) for n in (k, k + 1, 1)]
        shape = (outer, 1, rows, inner)
        part = new_node(node, "Slice", [stacked, *bounds], like=output, shape=shape)
        part = reshape(model, node, part, (outer * rows, inner), like=output)
        matrix, flat = new_constant(model, kernel, output), (outer * rows, columns)
        made = new_node(node, "MatMul", [part, matrix], like=output, shape=flat)
        parts.append(reshape(model, node, made, (outer, 1, rows, columns), like=output))
    shape = (outer, groups, rows, columns)
    joined = new_node(node, "Concat", parts, {"axis": 1}, like=output, shape=shape)
    return substitute(node, reshape(model, node, joined, shape_of(output) or (), like=output))


def _exchange_operands(model: ir.Model, node: ir.Node, left: ir.Value, right: ir.Value) -> int:
    """Use L R = (R' L')' to put the operand without a batch on the right."""
    output = node.outputs[0]
    array = constant(left)
    if array is not None:
        kernel = new_constant(model, np.swapaxes(array, -1, -2), output)
    else:
        kernel = _turned(node, left)
    turned, shape = _turned(node, right), list(shape_of(output) or ())
    shape[-2:] = shape[:-3:-1]
    made = new_node(node, "MatMul", [turned, kernel], like=output, shape=shape)
    return substitute(node, _turned(node, made))


def _turned(node: ir.Node, value: ir.Value) -> ir.Value:
    rank = len(shape_of(value) or ())
    perm = [*range(rank - 2), rank - 1, rank - 2]
    return transpose(node, value, perm, like=node.outputs[0])


def _expand(model: ir.Model, node: ir.Node) -> int:
    output, changed = shape_of(node.outputs[0]) or (), 0
    for k, value in enumerate(node.inputs):
        shape = shape_of(value) or ()
        wanted = (*output[:-2], *shape[-2:])
        if value is None or shape == wanted:
            continue
        padded = (1,) * (len(wanted) - len(shape)) + shape
        source = reshape(model, node, value, padded, like=value)
        target = new_constant(model, np.array(wanted, np.int64), value)
        full = new_node(node, "Expand", [source, target], like=value, shape=wanted)
        node.replace_input_with(k, full)
        changed = 1
    return changed
