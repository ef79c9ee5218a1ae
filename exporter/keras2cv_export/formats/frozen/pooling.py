"""Pooling: TensorFlow's ops where a word names the padding, OpenCV's layer where numbers do."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import integer, ints

from .graph import Graph, sizes
from .node import Unwritable
from .window import Window, window_of

_KIND = {"MaxPool": "max", "AveragePool": "ave", "GlobalMaxPool": "max", "GlobalAveragePool": "ave"}
_OP = {"max": "MaxPool", "ave": "AvgPool"}


def write_pool(graph: Graph, node: ir.Node) -> None:
    """Write MaxPool or AveragePool of an image or a volume.

    Raises:
        Unwritable: It is dilated, or averages its border too.
    """
    window = window_of(node, ints(node, "kernel_shape"))
    kind, output = _KIND[node.op_type], node.outputs[0]
    if set(window.dilations) != {1}:
        raise Unwritable("OpenCV knows no dilated pooling")
    if kind == "ave" and window.is_padded and integer(node, "count_include_pad", 0):
        raise Unwritable("an average that counts its border is none of the importer's")
    source = graph.read(node.inputs[0])
    if len(window.kernel) == 1:
        batch, channels, length = sizes(node.inputs[0])
        image = graph.reshape(source, (batch, channels, 1, length), output, "image")
        made = _pool(graph, image, kind, window.of_image(), output, "pool")
        graph.reshape(made, sizes(output), output)
    else:
        _pool(graph, source, kind, window, output)


def _pool(
    graph: Graph, source: str, kind: str, window: Window, output: ir.Value, role: str = ""
) -> str:
    volume = len(window.kernel) == 3
    if window.padding == "EXPLICIT":
        return _by_numbers(graph, source, kind, window, output, role)
    return graph.emit(
        _OP[kind] + "3D" * volume,
        (source,),
        output,
        role,
        T=np.dtype(np.float32),
        data_format="NDHWC" if volume else "NCHW",
        padding=window.padding,
        ksize=_in_order(window.kernel),
        strides=_in_order(window.strides),
    )


def _in_order(numbers: tuple[int, ...]) -> list[int]:
    """Return numbers in the order of data_format."""
    return [1, *numbers, 1] if len(numbers) == 3 else [1, 1, *numbers]


def _by_numbers(
    graph: Graph, source: str, kind: str, window: Window, output: ir.Value, role: str
) -> str:
    """Write OpenCV's own layer, which takes the padding of each side of an image."""
    if len(window.kernel) != 2:
        raise Unwritable("the importer knows no padding of a volume but `same`")
    (top, left), (bottom, right) = window.before, window.after
    return graph.emit(
        "Pooling",
        (source,),
        output,
        role,
        pool=kind,
        kernel_h=window.kernel[0],
        kernel_w=window.kernel[1],
        stride_h=window.strides[0],
        stride_w=window.strides[1],
        pad_t=top,
        pad_l=left,
        pad_b=bottom,
        pad_r=right,
        ceil_mode=False,
        ave_pool_padded_area=False,
    )


def write_global_pool(graph: Graph, node: ir.Node) -> None:
    """Write the mean or the maximum over all axes behind the channels."""
    batch, channels, *extent = sizes(node.inputs[0])
    source, output = graph.read(node.inputs[0]), node.outputs[0]
    if len(extent) != 2:
        source = graph.reshape(source, (batch, channels, 1, int(np.prod(extent))), output, "image")
    role = "" if len(extent) == 2 else "pool"
    made = graph.emit(
        "Pooling", (source,), output, role, pool=_KIND[node.op_type], global_pooling=True
    )
    if role:
        graph.reshape(made, sizes(output), output)
