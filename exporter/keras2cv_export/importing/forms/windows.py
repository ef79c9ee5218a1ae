"""Convolutions and pools: padding as numbers, sizes rounded down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, integer, ints, new_constant, shape_of
from keras2cv_export.importing.refused_form import RefusedFormError

from .normalization import NodeWriter


def _pool(model: ir.Model, node: ir.Node, _: int) -> None:
    if len(node.outputs) > 1 and (node.outputs[1].uses() or node.outputs[1].is_graph_output()):
        raise RefusedFormError("its places of the maxima are read")
    node.attributes.pop("storage_order", None)
    if len(node.outputs) > 1:
        node.resize_outputs(1)
    if integer(node, "ceil_mode", 0):
        _round_down(node)
    node.attributes.pop("ceil_mode", None)
    if node.attributes.get("auto_pad") is not None:
        _state_pads(node)
    if len(shape_of(node.inputs[0]) or ()) == 3:
        _as_picture(model, node)


def _as_picture(model: ir.Model, node: ir.Node) -> None:
    """Pool a line as a picture of one row, as tf2onnx writes it: OpenCV 4.6 pools no lines."""
    before, after = shape_of(node.inputs[0]), shape_of(node.outputs[0])
    if before is None or after is None:
        raise RefusedFormError("its size depends on values")
    write = NodeWriter(model, node)
    tall, flat = (*before[:2], 1, before[2]), (*after[:2], 1, after[2])
    attributes = {name: attribute.value for name, attribute in node.attributes.items()}
    for name, filler in (("kernel_shape", 1), ("strides", 1), ("dilations", 1)):
        if name in attributes:
            attributes[name] = [filler, *attributes[name]]
    if "pads" in attributes:
        first, last = attributes["pads"]
        attributes["pads"] = [0, first, 0, last]
    picture = write.op("Reshape", node.inputs[0], write.whole(tall), shape=tall)
    pooled = write.op(node.op_type, picture, shape=flat, **attributes)
    write.put(write.op("Reshape", pooled, write.whole(after), shape=after))


def _global_pool(model: ir.Model, node: ir.Node, _: int) -> None:
    """Pool a whole line as a picture of one row."""
    if len(shape_of(node.inputs[0]) or ()) == 3:
        _as_picture(model, node)


def _slopes(model: ir.Model, node: ir.Node, _: int) -> None:
    """PRelu: a slope for each channel has the channels as its first axis."""
    shape, slopes = shape_of(node.inputs[0]), constant(node.inputs[1])
    if shape is None or slopes is None or len(shape) < 3 or slopes.size not in (1, shape[1]):
        return
    along = (shape[1],) + (1,) * (len(shape) - 2)
    full = np.broadcast_to(slopes.reshape(-1), (shape[1],)).reshape(along)
    node.replace_input_with(1, new_constant(model, full.copy(), node.outputs[0], "slopes"))


def _round_down(node: ir.Node) -> None:
    """Pad the end, so that the size rounded down is the one that was rounded up."""
    before, after = shape_of(node.inputs[0]), shape_of(node.outputs[0])
    kernel = ints(node, "kernel_shape")
    if before is None or after is None:
        raise RefusedFormError("its size depends on values")
    count = len(kernel)
    strides, dilations = ints(node, "strides", [1] * count), ints(node, "dilations", [1] * count)
    pads = list(ints(node, "pads", [0] * 2 * count))
    more = []
    for k in range(count):
        window = (kernel[k] - 1) * dilations[k] + 1
        needed = (after[k + 2] - 1) * strides[k] + window
        more.append(max(0, needed - before[k + 2] - pads[k] - pads[k + count]))
    if any(more) and node.op_type == "AveragePool" and integer(node, "count_include_pad", 0):
        raise RefusedFormError("it rounds its size up and counts the border")
    ends = [pads[count + k] + more[k] for k in range(count)]
    node.attributes["pads"] = ir.AttrInt64s("pads", pads[:count] + ends)


def _average(model: ir.Model, node: ir.Node, opset: int) -> None:
    if max(ints(node, "dilations"), default=1) > 1:
        raise RefusedFormError("its window has gaps")
    node.attributes.pop("dilations", None)
    _pool(model, node, opset)


def _conv(_: ir.Model, node: ir.Node, __: int) -> None:
    """State the kernel's size, which is that of the weights."""
    shape = shape_of(node.inputs[1])
    if "kernel_shape" not in node.attributes and shape is not None:
        node.attributes["kernel_shape"] = ir.AttrInt64s("kernel_shape", shape[2:])
    if node.attributes.get("auto_pad") is not None:
        _state_pads(node)


def _state_pads(node: ir.Node) -> None:
    """Write automatic padding as numbers."""
    mode = node.attributes.pop("auto_pad").as_string()
    kernel = ints(node, "kernel_shape")
    before, after = shape_of(node.inputs[0]), shape_of(node.outputs[0])
    if mode in ("", "NOTSET"):
        return
    if mode == "VALID" or before is None or after is None:
        node.attributes["pads"] = ir.AttrInt64s("pads", [0] * 2 * len(kernel))
        return
    if node.op_type == "ConvTranspose":
        node.attributes["auto_pad"] = ir.AttrString("auto_pad", mode)
        return
    strides = np.array(ints(node, "strides", [1] * len(kernel)))
    window = (np.array(kernel) - 1) * np.array(ints(node, "dilations", [1] * len(kernel))) + 1
    total = np.maximum((np.array(after[2:]) - 1) * strides + window - np.array(before[2:]), 0)
    less, more = total // 2, total - total // 2
    first, last = (less, more) if mode == "SAME_UPPER" else (more, less)
    pads = [*map(int, first), *map(int, last)]
    node.attributes["pads"] = ir.AttrInt64s("pads", pads)


FORMS: Final[Mapping[str, Callable[[ir.Model, ir.Node, int], None]]] = {
    "AveragePool": _average,
    "Conv": _conv,
    "ConvTranspose": _conv,
    "GlobalAveragePool": _global_pool,
    "GlobalMaxPool": _global_pool,
    "MaxPool": _pool,
    "PRelu": _slopes,
}
