"""Fold a per-channel Mul, Add or Sub after a convolution or Dense layer into its weights.

    y = Conv(x, W, b);  z = y * s      ->  z = Conv(x, W * s, b * s)
    y = Conv(x, W, b);  z = y + t      ->  z = Conv(x, W, b + t)
    y = Conv(x, W, b);  z = y - t      ->  z = Conv(x, W, b - t)

Keras 3 normalises with y * s + t, where s = gamma / sqrt(variance + epsilon), and OpenCV fuses
only an op called BatchNormalization into a convolution, so that every one of these costs two
trips through memory.

Exact up to float32 rounding of the folded weights (measured: 1e-6 of the output's range).

Shapes: W is (out, in / groups, *kernel) for Conv, (in, out / groups, *kernel) for ConvTranspose,
(out, in) for Gemm with transB=1; s and t broadcast as (1, out, 1, ..), or are a single number.

Left alone when (1) the convolution's output is read elsewhere too, (2) the constant varies along
another axis than channels, (3) a ConvTranspose with groups is scaled by channel.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph import (
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

_PRODUCERS = ("Conv", "ConvTranspose", "Gemm")


def fold_scale_into_conv(model: ir.Model) -> int:
    """Fold in place; return how many Mul, Add and Sub went."""
    return sum(_fold(model, node) for node in nodes(model, "Mul", "Add", "Sub"))


def _fold(model: ir.Model, node: ir.Node) -> int:
    computed, operand = _split(node)
    producer = computed.producer() if computed is not None else None
    if (
        computed is None
        or operand is None
        or producer is None
        or producer.op_type not in _PRODUCERS
    ):
        return 0
    weight = constant(producer.inputs[1])
    bias = constant(producer.inputs[2]) if len(producer.inputs) > 2 else None
    vector = _per_channel(operand, shape_of(computed))
    if weight is None or vector is None or only_reader(computed) is not node:
        return 0
    if len(producer.inputs) > 2 and producer.inputs[2] is not None and bias is None:
        return 0
    if (
        node.op_type == "Mul"
        and producer.op_type == "ConvTranspose"
        and integer(producer, "group", 1) != 1
    ):
        return 0
    if shape_of(node.outputs[0]) != shape_of(computed) or (
        producer.op_type == "Gemm" and not _plain(producer)
    ):
        return 0
    _rebuild(model, node, producer, weight, bias, vector)
    return 1


def _plain(gemm: ir.Node) -> bool:
    scaled = any(
        gemm.attributes[a].as_float() != 1.0 for a in ("alpha", "beta") if a in gemm.attributes
    )
    return bool(integer(gemm, "transB", 0)) and not integer(gemm, "transA", 0) and not scaled


def _split(node: ir.Node) -> tuple[ir.Value | None, Array | None]:
    """Return the computed operand and the constant one; a constant minus a value is not ours."""
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
    model: ir.Model,
    node: ir.Node,
    producer: ir.Node,
    weight: Array,
    bias: Array | None,
    vector: Array,
) -> None:
    output = node.outputs[0]
    old_bias = (
        np.zeros_like(vector) if bias is None else np.broadcast_to(bias.reshape(-1), vector.shape)
    )
    inputs = [producer.inputs[0], producer.inputs[1]]
    if node.op_type == "Mul":
        inputs[1] = new_constant(model, _scaled(weight, vector, producer.op_type), output)
    new_bias = {"Mul": old_bias * vector, "Add": old_bias + vector, "Sub": old_bias - vector}[
        node.op_type
    ]
    if bias is not None or node.op_type != "Mul":
        inputs.append(new_constant(model, new_bias.astype(np.float32), output))
    replace(output, new_node(node, producer.op_type, inputs, producer.attributes, like=output))
    drop(node)
    drop(producer)


def _scaled(weight: Array, vector: Array, op: str) -> Array:
    axis = 1 if op == "ConvTranspose" else 0
    shape = [1] * weight.ndim
    shape[axis] = -1
    return np.asarray(weight * vector.reshape(shape), np.float32)
