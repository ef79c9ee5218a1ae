"""Write an Einsum of one or two operands as Transposes, a MatMul and Reshapes.

    Einsum("btd,bsd->bts", q, k)
      ->  MatMul(q (b, t, d), Transpose(k) (b, d, s))
    Einsum("abc,cde->abde", x, w)
      ->  Reshape(MatMul(Reshape(x, (ab, c)), Reshape(w, (c, de))), (a, b, d, e))

4.6 and 4.8 refuse Einsum, 4.10 computes some equations wrongly. Exact: the same sums.

Left alone: a letter twice in one operand (a diagonal).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    new_constant,
    new_node,
    nodes,
    reshape,
    shape_of,
    substitute,
    transpose,
)
from keras2cv_export.graph.misses import miss


def einsum_to_matmul(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Einsum"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    equation = node.attributes["equation"].as_string().replace(" ", "")
    left, arrow, result = equation.partition("->")
    terms, values = left.split(","), [v for v in node.inputs if v is not None]
    shapes = [shape_of(value) for value in values]
    if not arrow or None in shapes or len(terms) > 2 or "." in equation:
        return miss(node, "its equation has three operands, or is not written out")
    if any(len(set(term)) != len(term) for term in [*terms, result]):
        return miss(node, "a letter is twice in one operand")
    size: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        size.update(zip(term, shape or (), strict=True))
    for k, term in enumerate(terms):
        others = result + "".join(terms[:k] + terms[k + 1 :])
        values[k], terms[k] = _sum_out(model, node, values[k], term, others)
    if len(terms) == 1:
        turned = _order(model, node, values[0], terms[0], [result])
        return substitute(
            node, reshape(model, node, turned, [size[c] for c in result], like=node.outputs[0])
        )
    if constant(values[0]) is not None:  # a constant kernel is best on the right
        values, terms = values[::-1], terms[::-1]
    return substitute(node, _product(model, node, values, terms, result, size))


def _product(
    model: ir.Model,
    node: ir.Node,
    values: Sequence[ir.Value],
    terms: Sequence[str],
    result: str,
    size: dict[str, int],
) -> ir.Value:
    a, b = terms
    batch = "".join(c for c in result if c in a and c in b)
    inner = "".join(c for c in a if c in b and c not in result)
    rows = "".join(c for c in result if c in a and c not in b)
    columns = "".join(c for c in result if c in b and c not in a)
    left = _order(model, node, values[0], a, [batch, rows, inner], size)
    right = _order(model, node, values[1], b, [batch, inner, columns], size)
    shape = [prod(size[c] for c in group) for group in (batch, rows, columns)]
    if not batch:
        left = reshape(model, node, left, (shape_of(left) or ())[1:], like=node.outputs[0])
        right = reshape(model, node, right, (shape_of(right) or ())[1:], like=node.outputs[0])
        shape = shape[1:]
    made = new_node(node, "MatMul", [left, right], like=node.outputs[0], shape=shape)
    order = batch + rows + columns
    made = reshape(model, node, made, [size[c] for c in order], like=node.outputs[0])
    return transpose(node, made, [order.index(c) for c in result], like=node.outputs[0])


def _order(
    model: ir.Model,
    node: ir.Node,
    value: ir.Value,
    term: str,
    groups: Sequence[str],
    size: dict[str, int] | None = None,
) -> ir.Value:
    """Order the axes of `term` as in `groups`, and merge each group into one axis."""
    perm = [term.index(c) for c in "".join(groups)]
    turned = transpose(node, value, perm, like=node.outputs[0])
    if size is None:
        return turned
    flat = [prod(size[c] for c in group) for group in groups]
    return reshape(model, node, turned, flat, like=node.outputs[0])


def _sum_out(
    model: ir.Model, node: ir.Node, value: ir.Value, term: str, others: str
) -> tuple[ir.Value, str]:
    """Sum over the letters that nothing else has."""
    axes = [k for k, c in enumerate(term) if c not in others]
    if not axes:
        return value, term
    kept = "".join(c for c in term if c in others)
    shape = [n for k, n in enumerate(shape_of(value) or ()) if k not in axes]
    where = new_constant(model, np.array(axes, np.int64), node.outputs[0])
    summed = new_node(
        node, "ReduceSum", [value, where], {"keepdims": 0}, like=node.outputs[0], shape=shape
    )
    return summed, kept
