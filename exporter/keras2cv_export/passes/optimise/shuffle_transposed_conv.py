"""Compute a transposed convolution of stride s as a convolution whose channels are pixels.

    ConvTranspose(x (N, C, h, w), W (C, O, k, l), strides (s, t))
      ->  y (N, O s t, h, w) = Conv(x, W' (O s t, C, k', l'))
      ->  Reshape(Transpose(Reshape(y, (N O, s, t, h, w)), (0, 3, 1, 4, 2)), (N, O, s h, t w))

5.0's new engine computes a transposed convolution pixel by pixel, with a division for each tap: at
5 GFLOP/s where its convolutions reach 100 to 200. The move of pixels costs two changes of layout
and a copy, and all of it together a quarter to a third. Older engines multiply matrices, and need
no help.

Exact: the same products, and zeros. Pixel i s + r of a row is the sum of W[k] x[j] over
k + j s = i s + r + pad, so phase r uses every s-th tap, and x shifted by (r + pad) // s at most: W'
covers the shifts of all phases, with zeros where a phase has none. A stride of 1 leaves the kernel
flipped. An activation that reads the pixels alone is applied before they move, where it is fused.

Left alone when (1) the weights are computed or in groups, or have holes, (2) padding is stated in
another way than by pads, (3) the image is no multiple of the strides, or begins after x does.
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
    reshape,
    shape_of,
    substitute,
    transpose,
)
from keras2cv_export.graph.misses import miss

_ACTIVATIONS = ("Elu", "HardSigmoid", "LeakyRelu", "Relu", "Sigmoid", "Tanh")


def shuffle_transposed_conv(model: ir.Model) -> int:
    """Rewrite in place; return how many transposed convolutions changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "ConvTranspose"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    source, weight = node.inputs[0], constant(node.inputs[1])
    shape, wanted = shape_of(source), shape_of(node.outputs[0])
    if source is None or weight is None or shape is None or wanted is None or len(shape) != 4:
        return 0
    strides, begins = ints(node, "strides", (1, 1)), ints(node, "pads", (0, 0, 0, 0))[:2]
    if not _fits(node, wanted, strides):
        return miss(node, "it has groups or holes, or its result is no multiple of its strides")
    pads = []
    for axis, (stride, begin) in enumerate(zip(strides, begins, strict=True), 2):
        weight, before = _phases(weight, 2 * axis - 2, stride, begin)
        after = wanted[axis] // stride - shape[axis] - before + weight.shape[2 * axis - 1] - 1
        pads.append((before, after))
    if min(after for _, after in pads) < 0:
        return miss(node, "it cuts off more at the end than a convolution leaves")
    _rebuild(model, node, weight, pads)
    return 1


def _fits(node: ir.Node, wanted: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    plain = integer(node, "group", 1) == 1 and "output_shape" not in node.attributes
    holes = any(n != 1 for n in ints(node, "dilations"))
    bias = node.inputs[2] if len(node.inputs) > 2 else None
    whole = not any(n % s for n, s in zip(wanted[2:], strides, strict=True))
    return (
        plain
        and not holes
        and whole
        and not pads_automatically(node)
        and (bias is None or constant(bias) is not None)
    )


def _phases(weight: Array, axis: int, stride: int, pad: int) -> tuple[Array, int]:
    """Part a kernel's axis of k taps in (stride, k'); return it, and the padding in front."""
    taps = weight.shape[axis]
    # (phase r, tap k) -> how far right of pixel i the pixel of x is that the tap multiplies.
    shift = {
        (r, k): (r + pad) // stride - (k - (r + pad) % stride) // stride
        for r in range(stride)
        for k in range((r + pad) % stride, taps, stride)
    }
    first, last = min(0, *shift.values()), max(0, *shift.values())
    parted = np.zeros(
        (*weight.shape[:axis], stride, last - first + 1, *weight.shape[axis + 1 :]), np.float32
    )
    for (r, k), right in shift.items():
        parted[(slice(None),) * axis + (r, right - first)] = weight.take(k, axis)
    return parted, -first


def _rebuild(
    model: ir.Model,
    node: ir.Node,
    weight: Array,
    pads: list[tuple[int, int]],
) -> None:
    """Put Conv, activation and shuffle there; `weight` is (C, O, s, k', t, l')."""
    channels, out, s, height, t, width = weight.shape
    wanted, output = shape_of(node.outputs[0]), node.outputs[0]
    assert wanted is not None  # noqa: S101 - it was looked at
    kernel = weight.transpose(1, 2, 4, 0, 3, 5).reshape(out * s * t, channels, height, width)
    inputs = [node.inputs[0], new_constant(model, kernel, output, "phases")]
    if len(node.inputs) > 2 and node.inputs[2] is not None:
        bias = constant(node.inputs[2])
        assert bias is not None  # noqa: S101 - it was looked at
        inputs.append(new_constant(model, np.repeat(bias, s * t), output, "bias"))
    (top, bottom), (left, right) = pads
    attributes = {"kernel_shape": kernel.shape[2:], "pads": (top, left, bottom, right)}
    small = (wanted[0], out * s * t, wanted[2] // s, wanted[3] // t)
    value = new_node(node, "Conv", inputs, attributes, like=output, shape=small)
    last = only_reader(output)
    if last is not None and last.op_type in _ACTIVATIONS:
        value = new_node(node, last.op_type, [value], last.attributes, like=value)
    else:
        last = node
    if s * t > 1:
        value = reshape(model, node, value, (wanted[0] * out, s, t, *small[2:]), like=output)
        value = transpose(node, value, (0, 3, 1, 4, 2), like=output)
        value = reshape(model, node, value, wanted, like=output)
    if last is node:
        substitute(node, value)
    else:
        substitute(last, value)
        drop(node)
