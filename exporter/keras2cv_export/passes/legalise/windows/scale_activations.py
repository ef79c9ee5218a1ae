"""Normalise by a Mul and an Add where OpenCV would fold it into the wrong side of an activation.

    BatchNormalization(f(Conv(x)), g, b, m, v)  ->  Add(Mul(f(Conv(x)), s (C, 1, ..)), t (C, 1, ..))
    s = g / sqrt(v + epsilon), t = b - m s

The new engine of 5.0 merges an activation into the convolution before it, and then a normalisation
too, which it applies first: Sigmoid, Tanh, Elu, HardSigmoid, HardSwish, Mish, Swish and Gelu, in
one node or spelled out. The answer is silently wrong. ReLU, its leaky and bounded forms, and ops
that are no activations there, are right. No engine is slower with the two nodes by more than noise,
and 4.6 is faster. Exact up to float32 rounding; s and t are computed in float64.

Left alone when (1) something else reads the activation, since it is not merged then, (2) no
convolution is behind it, (3) statistics are computed, or taken from the batch.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    Array,
    constant,
    integer,
    new_constant,
    new_node,
    nodes,
    only_reader,
    shape_of,
    substitute,
)
from keras2cv_export.graph.elementwise import BROADCASTING, UNARY

_EPSILON = 1e-5  # ONNX' default
_RIGHT = ("Relu", "LeakyRelu", "Clip", "ThresholdedRelu", "Cast")
_ENDS = UNARY.difference(_RIGHT) | {"Mul", "Div"}  # an activation that is spelled out ends so
_LONGEST = 10  # nodes of a spelled activation: Gelu by tanh has nine


def scale_activations(model: ir.Model) -> int:
    """Rewrite in place; return how many normalisations went."""
    return sum(_rewrite(model, node) for node in nodes(model, "BatchNormalization"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    source, output = node.inputs[0], node.outputs[0]
    shape = shape_of(source)
    if source is None or shape is None or not _is_activated_conv(source):
        return 0
    factors = _factors(node)
    if factors is None:
        return 0
    size = (1, shape[1], *(1,) * (len(shape) - 2))
    scale, shift = (new_constant(model, one.reshape(size), output) for one in factors)
    scaled = new_node(node, "Mul", [source, scale], like=output)
    return substitute(node, new_node(node, "Add", [scaled, shift], like=output))


def _is_activated_conv(value: ir.Value) -> bool:
    last = value.producer()
    if last is None or last.op_type not in _ENDS or only_reader(value) is None:
        return False
    waiting, seen = [last], {last}
    while waiting and len(seen) <= _LONGEST:
        for one in waiting.pop().inputs:
            producer = one.producer() if one is not None else None
            if producer is None or producer in seen:
                continue
            if producer.op_type == "Conv":
                return True
            if producer.op_type in UNARY | BROADCASTING:
                seen.add(producer)
                waiting.append(producer)
    return False


def _factors(node: ir.Node) -> tuple[Array, Array] | None:
    """Return scale and shift of each channel; None where they are computed."""
    arrays = [constant(operand) for operand in node.inputs[1:5]]
    known = [array.astype(np.float64) for array in arrays if array is not None]
    if len(known) != 4 or len(node.outputs) != 1 or integer(node, "training_mode", 0):
        return None
    gamma, beta, mean, variance = known
    attribute = node.attributes.get("epsilon")
    epsilon = attribute.as_float() if attribute is not None else _EPSILON
    scale = gamma / np.sqrt(variance + epsilon)
    return scale.astype(np.float32), (beta - mean * scale).astype(np.float32)
