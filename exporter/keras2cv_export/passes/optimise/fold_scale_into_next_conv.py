"""Fold a per-channel Mul or Add before a convolution into its weights.

    Conv(x * s, W, b)        ->  Conv(x, W s, b)
    Conv(x + t, W, b)        ->  Conv(x, W, b + sum of W t)      nothing padded
    Conv(x * s + t, W, b)    ->  Conv(x + t / s, W s, b)         padded

Models that rescale pixels themselves begin like that. A factor keeps the padding's zeros and a term
does not: where there is padding the term stays, and the factor moves past it.

Exact up to float32 rounding of the folded weights. Shapes: W is (out, in / groups, *kernel); s and
t broadcast as (1, in, 1, ..), or are a single number.

Left alone when (1) the value is read elsewhere too, (2) the constant varies along another axis
than channels, (3) a factor is zero, where a term would go past it, (4) it is the factor 1/2 that
ends a GELU, without which OpenCV does not recognise the GELU.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    Array,
    constant,
    drop,
    integer,
    ints,
    new_constant,
    new_node,
    nodes,
    only_reader,
    pads_automatically,
    shape_of,
    substitute,
)
from keras2cv_export.graph.misses import miss


def fold_scale_into_next_conv(model: ir.Model) -> int:
    """Fold in place; return how many Mul and Add went."""
    return sum(_fold(model, node) for node in nodes(model, "Conv"))


def _fold(model: ir.Model, conv: ir.Node) -> int:
    value = conv.inputs[0]
    node = value.producer() if value is not None else None
    weight, bias = constant(conv.inputs[1]), _bias(conv)
    if node is None or value is None or weight is None or bias is None:
        return 0
    source, vector = _operands(node)
    if source is None or vector is None:
        return 0
    if why := _why_not(value, conv, source):
        return miss(node, why)
    if node.op_type == "Mul":
        return _replace(model, conv, source, weight * _spread(vector, conv, weight), bias, node)
    if not any(ints(conv, "pads")) and not pads_automatically(conv):
        term = (weight * _spread(vector, conv, weight)).reshape(len(weight), -1).sum(1)
        return _replace(model, conv, source, weight, bias + term, node)
    return _fold_past(model, conv, node, source, vector, weight, bias)


def _why_not(value: ir.Value, conv: ir.Node, source: ir.Value) -> str:
    if only_reader(value) is not conv:
        return "its result is read by other nodes than the convolution too"
    return "it ends a GELU, which OpenCV knows by that number" if _ends_gelu(source) else ""


def _fold_past(
    model: ir.Model,
    conv: ir.Node,
    add: ir.Node,
    scaled: ir.Value,
    shift: Array,
    weight: Array,
    bias: Array,
) -> int:
    """Move a factor past the term that has to stay."""
    mul = scaled.producer()
    if mul is None or mul.op_type != "Mul" or only_reader(scaled) is not add:
        return miss(add, "the convolution behind it pads with zeros, which a term is not")
    source, scale = _operands(mul)
    if source is None or scale is None or not scale.all():
        return miss(add, "the factor before it is zero, or varies along another axis than channels")
    output = add.outputs[0]
    moved = new_constant(model, (shift / scale).reshape(-1, *[1] * (weight.ndim - 2)), output)
    shifted = new_node(add, "Add", [source, moved], like=output)
    larger = weight * _spread(scale, conv, weight)
    done = _replace(model, conv, shifted, larger, bias, add)
    drop(mul)
    return done


def _ends_gelu(value: ir.Value) -> bool:
    """Whether a value is x (1 + erf(..)) or x (1 + tanh(..))."""
    product = value.producer()
    factors = product.inputs if product is not None and product.op_type == "Mul" else ()
    sums = [one.producer() for one in factors if one is not None]
    terms = [
        term for one in sums if one is not None and one.op_type == "Add" for term in one.inputs
    ]
    makers = [term.producer() for term in terms if term is not None]
    return any(one is not None and one.op_type in ("Erf", "Tanh") for one in makers)


def _replace(
    model: ir.Model, conv: ir.Node, source: ir.Value, weight: Array, bias: Array, gone: ir.Node
) -> int:
    output = conv.outputs[0]
    arrays = [weight, *([bias] if len(conv.inputs) > 2 or bias.any() else [])]
    inputs = [source, *(new_constant(model, a.astype(np.float32), output) for a in arrays)]
    substitute(conv, new_node(conv, "Conv", inputs, conv.attributes, like=output))
    drop(gone)
    return 1


def _bias(conv: ir.Node) -> Array | None:
    value = conv.inputs[2] if len(conv.inputs) > 2 else None
    if value is None:
        return np.zeros(shape_of(conv.inputs[1])[0], np.float32)  # type: ignore[index]
    return constant(value)


def _spread(vector: Array, conv: ir.Node, weight: Array) -> Array:
    """Return numbers per input channel, (in,), as they lie beside the weights, (out, in / g, 1)."""
    groups = integer(conv, "group", 1)
    rows: Array = np.repeat(vector.reshape(groups, -1), len(weight) // groups, axis=0)
    spread: Array = rows.reshape(*weight.shape[:2], *[1] * (weight.ndim - 2))
    return spread


def _operands(node: ir.Node) -> tuple[ir.Value | None, Array | None]:
    """Return the computed operand and the constant one, one number per channel, (in,)."""
    if node.op_type not in ("Mul", "Add"):
        return None, None
    for k in (0, 1):
        array, value = constant(node.inputs[k]), node.inputs[1 - k]
        shape = shape_of(value)
        if array is None or shape is None or shape != shape_of(node.outputs[0]):
            continue
        padded = array.reshape((1,) * (len(shape) - array.ndim) + array.shape)
        wide = (1, shape[1], *[1] * (len(shape) - 2))
        if array.dtype == np.float32 and padded.shape in (wide, (1,) * len(shape)):
            return value, np.broadcast_to(padded.reshape(-1), (shape[1],))
    return None, None
