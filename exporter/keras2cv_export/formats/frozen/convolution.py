"""Convolutions: OpenCV's importer makes one layer of a node with its bias, padding and dilation.

    Conv (n, c, h, w), kernel (o, i, kh, kw)  ->  [Pad | SpaceToBatchND] Conv2D [BatchToSpaceND]
                                                  BiasAdd, kernel (kh, kw, i, o)

The importer does not read `dilations`, but takes them from a SpaceToBatchND. It makes equal padding
on both sides part of the layer, from a Pad before it; other padding stays a layer of its own.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import integer

from .graph import Graph, sizes, weights
from .node import Array, Attribute, Unwritable
from .window import Window, window_of

_FIRST: dict[str, Attribute] = {"T": np.dtype(np.float32), "data_format": "NCHW"}
# Volumes: data_format only gives the order of the strides; the data is channels first.
_LAST: dict[str, Attribute] = {"T": np.dtype(np.float32), "data_format": "NDHWC"}


def write_conv(graph: Graph, node: ir.Node) -> None:
    """Write a convolution of a line, an image or a volume.

    Raises:
        Unwritable: It has another number of axes, or a computed kernel.
    """
    kernel = weights(node.inputs[1], "its kernel")
    window = window_of(node, kernel.shape[2:])
    source, output = graph.read(node.inputs[0]), node.outputs[0]
    bias = _bias(node, kernel.shape[0])
    if kernel.ndim == 5:
        _write_volume(graph, source, kernel, bias, window, output)
    elif kernel.ndim == 4:
        _write_image(graph, source, kernel, bias, window, output)
    elif kernel.ndim == 3:
        batch, channels, length = sizes(node.inputs[0])
        image = graph.reshape(source, (batch, channels, 1, length), output, "image")
        flat = kernel[:, :, None]
        made = _write_image(graph, image, flat, bias, window.of_image(), output, "conv")
        graph.reshape(made, sizes(output), output)
    else:
        raise Unwritable(f"a convolution over {kernel.ndim - 2} axes is none of OpenCV's")


def _bias(node: ir.Node, count: int) -> Array:
    if len(node.inputs) < 3 or node.inputs[2] is None:
        return np.zeros(count, np.float32)
    return weights(node.inputs[2], "its bias").reshape(-1)


def _write_image(
    graph: Graph,
    source: str,
    kernel: Array,
    bias: Array,
    window: Window,
    output: ir.Value,
    role: str = "",
) -> str:
    """Write a 2-D convolution; return its layer's name, which is that of the Conv2D."""
    dilated = set(window.dilations) != {1}
    if dilated:
        source, window = _spread(graph, source, window, output)
    elif window.padding == "EXPLICIT":
        source = pad_image(graph, source, window, output)
        window = window.unpadded()
    stored = graph.const(kernel.transpose(2, 3, 1, 0), output, "kernel")
    made = graph.emit(
        "Conv2D",
        (source, stored),
        output,
        role,
        strides=[1, 1, *window.strides],
        padding="VALID" if dilated else window.padding,
        **_FIRST,
    )
    _add_bias(graph, made, bias, output, _FIRST)
    return made


def _add_bias(
    graph: Graph, made: str, bias: Array, output: ir.Value, attributes: dict[str, Attribute]
) -> None:
    """Add the bias, which the importer puts into the layer before; that layer keeps its name."""
    if bias.any():
        graph.emit(
            "BiasAdd", (made, graph.const(bias, output, "bias")), output, "biased", **attributes
        )


def pad_image(graph: Graph, source: str, window: Window, output: ir.Value) -> str:
    """Write a Pad, whose numbers the importer reads in the order of channels last.

    Args:
        graph: The graph that is being written.
        source: Name of the node to pad.
        window: The window whose padding is written.
        output: The ONNX value that is computed.
    """
    (top, left), (bottom, right) = window.before, window.after
    pads = np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
    return graph.emit(
        "Pad", (source, graph.const(pads, output, "pads")), output, "pad", T=_FIRST["T"]
    )


def _spread(graph: Graph, source: str, window: Window, output: ir.Value) -> tuple[str, Window]:
    """Write a SpaceToBatchND, from which the importer reads dilations and equal padding."""
    if not window.is_even:
        source = pad_image(graph, source, window, output)
        window = window.unpadded()
    pads = np.array(list(zip(window.before, window.after, strict=True)), np.int32)
    blocks = graph.ints(window.dilations, output, "dilations")
    crops = graph.const(pads, output, "crops")
    made = graph.emit("SpaceToBatchND", (source, blocks, crops), output, "spread", T=_FIRST["T"])
    return made, window


def _write_volume(
    graph: Graph, source: str, kernel: Array, bias: Array, window: Window, output: ir.Value
) -> None:
    kernel, window = spread_kernel(kernel, window)
    if window.padding == "EXPLICIT":
        pairs = zip((0, 0, *window.before), (0, 0, *window.after), strict=True)
        pads = graph.const(np.array(list(pairs), np.int32), output, "pads")
        source = graph.emit("Pad", (source, pads), output, "pad", T=_LAST["T"])
        window = window.unpadded()
    stored = graph.const(kernel.transpose(2, 3, 4, 1, 0), output, "kernel")
    made = graph.emit(
        "Conv3D",
        (source, stored),
        output,
        strides=[1, *window.strides, 1],
        padding=window.padding,
        **_LAST,
    )
    _add_bias(graph, made, bias, output, _LAST)


def spread_kernel(kernel: Array, window: Window) -> tuple[Array, Window]:
    """Put zeros between the numbers of a kernel; a volume has no other form for dilations."""
    wide = tuple((k - 1) * d + 1 for k, d in zip(window.kernel, window.dilations, strict=True))
    if wide == window.kernel:
        return kernel, window
    spread = np.zeros((*kernel.shape[:2], *wide), kernel.dtype)
    places = (slice(None), slice(None), *(slice(None, None, d) for d in window.dilations))
    spread[places] = kernel
    return spread, replace(window, kernel=wide, dilations=(1,) * len(wide))


def write_conv_transpose(graph: Graph, node: ir.Node) -> None:
    """Write a transposed convolution of an image, whole, and a Slice of it where it is cropped.

        ConvTranspose, kernel (i, o, kh, kw)  ->  Conv2DBackpropInput, kernel (kh, kw, o, i)

    Raises:
        Unwritable: It is of no image, or has groups.
    """
    kernel = weights(node.inputs[1], "its kernel")
    if kernel.ndim != 4:
        raise Unwritable("the importer knows transposed convolutions of images only")
    if integer(node, "group", 1) != 1:
        raise Unwritable("the importer reads no groups of a transposed convolution")
    window, output = window_of(node, kernel.shape[2:]), node.outputs[0]
    kernel, window = spread_kernel(kernel, window)
    shape = sizes(output)
    whole = (*shape[:2], *map(sum, zip(shape[2:], window.before, window.after, strict=True)))
    stored = graph.const(kernel.transpose(2, 3, 1, 0), output, "kernel")
    made = graph.emit(
        "Conv2DBackpropInput",
        (graph.ints(whole, output, "target"), stored, graph.read(node.inputs[0])),
        output,
        "whole" if window.is_padded else "",
        strides=[1, 1, *window.strides],
        padding="VALID",
        **_FIRST,
    )
    _add_bias(graph, made, _bias(node, kernel.shape[1]), output, _FIRST)
    if window.is_padded:
        first = graph.ints((0, 0, *window.before), output, "begin")
        extent = graph.ints(shape, output, "size")
        graph.emit("Slice", (made, first, extent), output, T=_FIRST["T"])
