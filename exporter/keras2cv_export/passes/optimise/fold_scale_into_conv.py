"""Fold a per-channel Mul, Add or Sub after a convolution or Dense layer into its weights.

    y = Conv(x, W, b);  z = y * s      ->  z = Conv(x, W * s, b * s)
    y = Conv(x, W, b);  z = y + t      ->  z = Conv(x, W, b + t)
    y = Conv(x, W, b);  z = y - t      ->  z = Conv(x, W, b - t)

Keras 3 normalises with y * s + t, where s = gamma / sqrt(variance + epsilon), and OpenCV fuses only
an op called BatchNormalization into a convolution, so each normalisation costs two trips through
memory.

Exact up to float32 rounding of the folded weights (measured: 1e-6 of the output's range).

Shapes: W is (out, in / groups, *kernel) for Conv, (in, out / groups, *kernel) for ConvTranspose,
(out, in) for Gemm with transB=1; s and t broadcast as (1, out, 1, ..), or are a single number.

Left alone when (1) the convolution's output is read elsewhere too, (2) the constant varies along
another axis than channels, (3) a ConvTranspose with groups is scaled by channel.
"""

from __future__ import annotations

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
    replace,
    shape_of,
)
from keras2cv_export.graph.misses import miss

_PRODUCERS = ("Conv", "ConvTranspose", "Gemm")


def fold_scale_into_conv(model: ir.Model) -> int:
    """Fold in place; return how many Mul, Add and Sub went."""
    return sum(_fold(model, node) for node in nodes(model, "Mul", "Add", "Sub"))


def _fold(model: ir.Model, node: ir.Node) -> int:
    computed, operand = _split(node)
    producer = computed.producer() if computed is not None else None
    if computed is None or operand is None or producer is None:
        return 0
    if producer.op_type not in _PRODUCERS:
        return 0
    if why := _why_not(node, producer, computed):
        return miss(node, why)
    weight, bias = constant(producer.inputs[1]), _bias(producer)
    vector = _per_channel(operand, shape_of(computed))
    if weight is None or bias is None:
        return miss(node, "the layer before it has weights that are computed")
    if vector is None:
        return miss(node, "its constant varies along another axis than channels")
    _rebuild(model, node, producer, weight, bias, vector)
    return 1


def _why_not(node: ir.Node, producer: ir.Node, computed: ir.Value) -> str:
    if only_reader(computed) is not node:
        return "what the layer before it gives is read elsewhere too"
    if not _is_plain(producer, node):
        return "the layer before it has groups, or its kernel lies the other way round"
    if shape_of(node.outputs[0]) != shape_of(computed):
        return "its constant has more axes or elements than what it is combined with"
    return ""


def _bias(producer: ir.Node) -> Array | None:
    """Return the bias, (out,) or empty where there is none; None if it is no such constant."""
    value = producer.inputs[2] if len(producer.inputs) > 2 else None
    if value is None:
        return np.zeros(0, np.float32)
    array, shape = constant(value), shape_of(producer.outputs[0])
    if array is None or shape is None or (array.size != 1 and array.shape[-1:] != (array.size,)):
        return None  # ONNX lets a Gemm's bias vary by sample
    return np.broadcast_to(array.reshape(-1), (shape[1],))


def _is_plain(producer: ir.Node, node: ir.Node) -> bool:
    """Whether a scale of channels is a scale of the kernel's own axis."""
    if producer.op_type == "ConvTranspose":  # with groups, its channels are spread over two axes
        return node.op_type != "Mul" or integer(producer, "group", 1) == 1
    if producer.op_type == "Conv":
        return True
    factors = (
        producer.attributes[a].as_float() for a in ("alpha", "beta") if a in producer.attributes
    )
    kernel_is_out_in = integer(producer, "transB", 0) == 1 and integer(producer, "transA", 0) == 0
    return kernel_is_out_in and all(factor == 1.0 for factor in factors)


def _split(node: ir.Node) -> tuple[ir.Value | None, Array | None]:
    """Return the computed operand and the constant one; a constant minus a value does not match."""
    left, right = node.inputs
    if (array := constant(right)) is not None:
        return left, array
    if node.op_type != "Sub" and (array := constant(left)) is not None:
        return right, array
    return None, None


def _per_channel(array: Array, shape: tuple[int, ...] | None) -> Array | None:
    """Return the constant as one number per channel (axis 1), or None where it is not."""
    if shape is None or array.ndim > len(shape) or array.dtype != np.float32:
        return None
    padded = array.reshape((1,) * (len(shape) - array.ndim) + array.shape)
    others = [size for axis, size in enumerate(padded.shape) if axis != 1]
    if any(size != 1 for size in others) or padded.shape[1] not in (1, shape[1]):
        return None
    return np.broadcast_to(padded.reshape(-1), (shape[1],))


def _rebuild(
    model: ir.Model, node: ir.Node, producer: ir.Node, weight: Array, bias: Array, vector: Array
) -> None:
    output, scales = node.outputs[0], node.op_type == "Mul"
    inputs = [producer.inputs[0], producer.inputs[1]]
    if scales:
        inputs[1] = new_constant(model, _scaled(weight, vector, producer.op_type), output)
    if bias.size or not scales:
        inputs.append(new_constant(model, _combined(node.op_type, bias, vector), output))
    replace(output, new_node(node, producer.op_type, inputs, producer.attributes, like=output))
    drop(node)
    drop(producer)


def _combined(op: str, bias: Array, vector: Array) -> Array:
    old = bias if bias.size else np.zeros_like(vector)
    new = {"Mul": old * vector, "Add": old + vector, "Sub": old - vector}[op]
    return np.asarray(new, np.float32)


def _scaled(weight: Array, vector: Array, op: str) -> Array:
    axis = 1 if op == "ConvTranspose" else 0
    shape = [1] * weight.ndim
    shape[axis] = -1
    return np.asarray(weight * vector.reshape(shape), np.float32)
