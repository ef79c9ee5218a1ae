"""Write a layer normalisation as ONNX's single op.

    m = mean(x),  s = gamma / sqrt(mean((x - m)^2) + epsilon),  x s + (beta - m s)
      ->  LayerNormalization(x, gamma, beta)              means over the last axes

Keras writes it as separate ops, in seven trips through memory; OpenCV has had one vectorised layer
for it since 4.8. Exact up to float32 rounding, of which there is less than in the separate ops. The
op needs ONNX's opset 17, which the model then declares; no op of 13 changes its meaning there.

Left alone when (1) the means are over other axes than the last ones, (2) gamma, beta or epsilon
are computed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    Array,
    constant,
    drop_unread,
    integer,
    new_constant,
    new_node,
    nodes,
    reduced_axes,
    shape_of,
    substitute,
)
from keras2cv_export.graph.misses import miss

_OPSET = 17


class _Found(NamedTuple):
    x: ir.Value
    axis: int
    gamma: Array | None
    beta: Array | None
    epsilon: float


def name_layer_normalization(model: ir.Model) -> int:
    """Rewrite in place; return how many normalisations were found."""
    return sum(_rewrite(model, node) for node in nodes(model, "Add"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    found = _match(node.inputs[0], node.inputs[1]) or _match(node.inputs[1], node.inputs[0])
    output = node.outputs[0]
    if found is None:
        return 0
    if shape_of(output) != shape_of(found.x):
        return miss(node, "its scale or shift has more elements than what it normalises")
    sizes = (shape_of(found.x) or ())[found.axis :]
    lead = (1,) * found.axis
    ones, zeros = np.ones((), np.float32), np.zeros((), np.float32)
    terms = (
        ones if found.gamma is None else found.gamma,
        zeros if found.beta is None else found.beta,
    )
    if any(not _fits(array, lead + sizes) for array in terms):
        return miss(node, "its scale or shift varies along other axes than it normalises")
    vectors = [np.broadcast_to(array, lead + sizes).reshape(sizes) for array in terms]
    inputs = [found.x, *(new_constant(model, vector, output) for vector in vectors)]
    attributes = {"axis": found.axis, "epsilon": found.epsilon}
    before = list(node.inputs)
    substitute(node, new_node(node, "LayerNormalization", inputs, attributes, like=output))
    for value in before:
        drop_unread(value)
    model.opset_imports[""] = max(model.opset_imports[""], _OPSET)
    return 1


def _fits(array: Array, shape: tuple[int, ...]) -> bool:
    """Whether a constant varies along the last axes alone."""
    same = array.ndim <= len(shape) and array.dtype == np.float32
    return same and all(a in (1, b) for a, b in zip(array.shape[::-1], shape[::-1], strict=False))


def _match(scaled: ir.Value | None, rest: ir.Value | None) -> _Found | None:
    """Read x s and beta - m s."""
    shift = _inputs(rest, "Mul")
    beta, inner = _term(rest, "Add")
    shift = _inputs(inner, "Mul") if beta is not None else shift
    product = _inputs(scaled, "Mul")
    if shift is None or product is None:
        return None
    for x, scale in (product, product[::-1]):
        mean = next((_only(other, "Neg") for other in shift if other is not scale), None)
        axis = _mean_of_last(mean, x)
        if scale not in shift or mean is None or x is None or axis is None:
            continue
        gamma, inverse = _term(scale, "Mul")
        epsilon = _epsilon(inverse if gamma is not None else scale, x, mean, axis)
        if epsilon is not None:
            return _Found(x, axis, gamma, beta, epsilon)
    return None


def _epsilon(inverse: ir.Value | None, x: ir.Value, mean: ir.Value, axis: int) -> float | None:
    """Return epsilon, where a value is the reciprocal root of variance + epsilon; or None."""
    epsilon, variance = _term(_only(_only(inverse, "Reciprocal"), "Sqrt"), "Add")
    squares = _reduced(variance)
    factors = _inputs(squares, "Mul")
    if epsilon is None or epsilon.size != 1 or factors is None or factors[0] is not factors[1]:
        return None
    if _mean_of_last(variance, squares) != axis or _inputs(factors[0], "Sub") != (x, mean):
        return None
    return float(epsilon.reshape(-1)[0])


def _mean_of_last(mean: ir.Value | None, value: ir.Value | None) -> int | None:
    """Return the first of the last axes that `mean` is the mean of `value` over."""
    node, shape = mean.producer() if mean is not None else None, shape_of(value)
    if node is None or shape is None or _reduced(mean) is not value:
        return None
    axes = reduced_axes(node, len(shape))
    last = axes is not None and axes == tuple(range(axes[0], len(shape)))
    return axes[0] if last and axes and integer(node, "keepdims", 1) else None


def _reduced(value: ir.Value | None) -> ir.Value | None:
    return _only(value, "ReduceMean")


def _only(value: ir.Value | None, op: str) -> ir.Value | None:
    """Return the operand of an op of one operand, if it made the value."""
    node = value.producer() if value is not None else None
    return node.inputs[0] if node is not None and node.op_type == op else None


def _inputs(value: ir.Value | None, op: str) -> tuple[ir.Value | None, ir.Value | None] | None:
    """Return the operands of an op of two, if it made the value."""
    node = value.producer() if value is not None else None
    return (node.inputs[0], node.inputs[1]) if node is not None and node.op_type == op else None


def _term(value: ir.Value | None, op: str) -> tuple[Array | None, ir.Value | None]:
    """Return the constant operand and the computed one of an op of two, if it made the value."""
    left, right = _inputs(value, op) or (None, None)
    array = constant(right)
    return (array, left) if array is not None else (constant(left), right)
