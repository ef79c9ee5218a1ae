"""Let a convolution or a pooling pad its input itself.

    Conv(Pad(x, p), W, pads=q)   ->  Conv(x, W, pads=p + q)
    MaxPool(Pad(x, p), pads=q)   ->  MaxPool(x, pads=p + q)     x never negative, or p of -inf

A Pad copies the whole tensor, in every engine, and keeps the ops before and after it from being
fused. Keras' MobileNets and EfficientNets pad by hand before each convolution of stride 2.

Exact: the same elements are multiplied. A MaxPool ignores its padding, so that zeros around a
tensor without negative numbers never win.

Left alone when (1) the Pad is not of zeros, or for a MaxPool of -inf, (2) it pads samples or
channels, or crops, (3) a MaxPool has a window of padding alone, or holes. An AveragePool keeps its
Pad: up to 5.0's classic engine, none counts its own padding into the mean. Where an OpenCV reads
past the image then, `pad_before_depthwise` parts them again.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.bounds import least
from keras2cv_export.graph.edit import (
    constant,
    drop,
    integer,
    ints,
    new_node,
    nodes,
    pads_automatically,
    substitute,
)
from keras2cv_export.graph.misses import miss

_WINDOWS = ("Conv", "MaxPool")


def merge_pads(model: ir.Model) -> int:
    """Rewrite in place; return how many Pads were merged, counted once for each reader."""
    return sum(_merge(node) for node in nodes(model, *_WINDOWS))


def _merge(node: ir.Node) -> int:
    source = node.inputs[0]
    pad = source.producer() if source is not None else None
    if pad is None or pad.op_type != "Pad" or len(node.outputs) != 1:
        return 0
    wanted, value = _around(pad), _value(pad)
    if wanted is None or value is None:
        return miss(pad, "it crops, mirrors, or pads other axes than those of the window")
    if pads_automatically(node):
        return miss(pad, "the window behind it pads automatically")
    own = ints(node, "pads", (0,) * len(wanted))
    merged = [a + b for a, b in zip(own, wanted, strict=True)]
    if not _is_exact(node, pad.inputs[0], value, merged):
        return miss(pad, "the window behind it would read other numbers at the border")
    attributes = {**node.attributes, "pads": ir.AttrInt64s("pads", merged)}
    inputs = [pad.inputs[0], *node.inputs[1:]]
    output = node.outputs[0]
    substitute(node, new_node(node, node.op_type, inputs, attributes, like=output))
    drop(pad)
    return 1


def _around(pad: ir.Node) -> list[int] | None:
    """Return begins and ends of the spatial axes; None where others are padded, or cropped."""
    array = constant(pad.inputs[1]) if len(pad.inputs) > 1 else None
    mode = pad.attributes.get("mode")
    axes = len(pad.inputs) > 3 and pad.inputs[3] is not None
    if array is None or axes or (mode is not None and mode.as_string() != "constant"):
        return None
    begins, ends = np.split(array, 2)
    if begins[:2].any() or ends[:2].any() or (array < 0).any() or len(begins) < 3:
        return None
    return [int(n) for n in (*begins[2:], *ends[2:])]


def _value(pad: ir.Node) -> float | None:
    value = pad.inputs[2] if len(pad.inputs) > 2 else None
    if value is None:
        return 0.0
    array = constant(value)
    return None if array is None else float(array.reshape(-1)[0])


def _is_exact(node: ir.Node, source: ir.Value | None, value: float, pads: list[int]) -> bool:
    if node.op_type == "Conv":
        return value == 0
    if integer(node, "ceil_mode", 0) or any(n != 1 for n in ints(node, "dilations")):
        return False
    kernel = ints(node, "kernel_shape")
    some_of_each = all(n < k for n, k in zip(pads, kernel * 2, strict=True))
    ignored = value == -np.inf or (value == 0 and least(source) >= 0)
    return some_of_each and ignored
