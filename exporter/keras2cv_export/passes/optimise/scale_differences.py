"""Scale what is left without the mean, instead of both.

    x s + (b - m s), m = mean(x)  ->  (x - m) s + b           over a whole picture

Keras' normalisations scale the picture and its mean each by itself, and subtract then: two large
numbers of which each is rounded. The difference is computed for the variance anyway, so that this
saves a multiplication, too. Exact up to rounding, of which there is less.

Left alone when the mean is over few numbers: `name_layer_normalization` makes one op of that.
"""

from __future__ import annotations

from typing import NamedTuple

import onnx_ir as ir

from keras2cv_export.graph.edit import drop_unread, new_node, nodes, shape_of, substitute
from keras2cv_export.graph.long_sums import mean_of, spreads_alike, summed_axes

Term = tuple[int, ir.Value]  # its sign, and what is added or subtracted


class _Found(NamedTuple):
    x: ir.Value
    mean: ir.Value
    scale: ir.Value
    shift: Term | None


def scale_differences(model: ir.Model) -> int:
    """Rewrite in place; return how many sums changed."""
    return sum(_rewrite(node) for node in nodes(model, "Add", "Sub"))


def _rewrite(node: ir.Node) -> int:
    left, right, output = node.inputs[0], node.inputs[1], node.outputs[0]
    found = _match(left, _terms(right, 1 if node.op_type == "Add" else -1))
    if found is None and node.op_type == "Add":
        found = _match(right, _terms(left, 1))
    if found is None or shape_of(found.x) != shape_of(output):
        return 0
    rest = new_node(node, "Sub", [found.x, found.mean], like=output)
    value = new_node(node, "Mul", [rest, found.scale], like=output)
    if found.shift is not None:
        sign, shift = found.shift
        value = new_node(node, "Add" if sign > 0 else "Sub", [value, shift], like=output)
    substitute(node, value)
    for before in (left, right):
        drop_unread(before)
    return 1


def _match(scaled: ir.Value | None, terms: list[Term]) -> _Found | None:
    """Find -m s among the terms beside x s."""
    for x, scale in _orders(scaled):
        for k, (sign, term) in enumerate(terms):
            rest = terms[:k] + terms[k + 1 :]
            mean = _scaled_mean(sign, term, x, scale)
            if mean is not None and len(rest) < 2:
                return _Found(x, mean, scale, rest[0] if rest else None)
    return None


def _scaled_mean(sign: int, term: ir.Value, x: ir.Value, scale: ir.Value) -> ir.Value | None:
    """Return m, where a term with its sign is -m s."""
    for factor, other in _orders(term):
        maker = factor.producer()
        is_negative = maker is not None and maker.op_type == "Neg"
        mean = maker.inputs[0] if maker is not None and is_negative else factor
        reduction = mean_of(x, mean)
        if other is not scale or mean is None or reduction is None:
            continue
        if (sign < 0) != is_negative and summed_axes(reduction) and spreads_alike(mean, reduction):
            return mean
    return None


def _orders(product: ir.Value | None) -> list[tuple[ir.Value, ir.Value]]:
    """Return the factors of a product, in both orders."""
    node = product.producer() if product is not None else None
    if node is None or node.op_type != "Mul" or None in node.inputs:
        return []
    left, right = node.inputs[0], node.inputs[1]
    assert left is not None and right is not None  # noqa: S101, PT018 - looked at above
    return [(left, right), (right, left)]


def _terms(value: ir.Value | None, sign: int) -> list[Term]:
    """Take a sum, a difference or a negative apart, once each."""
    node = value.producer() if value is not None else None
    if value is None:
        return []
    if node is None or node.op_type not in ("Add", "Sub", "Neg"):
        return [(sign, value)]
    signs = {"Add": (sign, sign), "Sub": (sign, -sign), "Neg": (-sign,)}[node.op_type]
    return [(s, v) for s, v in zip(signs, node.inputs, strict=True) if v is not None]
