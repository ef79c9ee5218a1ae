"""Pad before a depthwise convolution that would read past its image.

    Conv(x, W (c, 1, 3, 3), group=c, pads=p)  ->  Conv(Pad(x, p), W, group=c)

OpenCV from 4.7 on, up to 5.0's classic engine, has a loop of its own for depthwise 3x3 kernels
(depthWiseBlockConv2D in conv_depthwise.cpp), which knows of one row of padding on either side and
one column at the left. Where more of the kernel hangs over, it reads the memory beside the image:
the last rows are garbage, up to 1e31, or the first column comes from the wrong pixels. Exact: the
same products, with the zeros written out.

Left alone where that loop is right, or is not used: (1) other kernels, (2) more than one row or
column of padding in front, (3) a horizontal stride above 2, or one of 2 with holes, (4) a last row
of windows of which one kernel row at most hangs over. With holes of d - 1 pixels, column d of
padding is the first that the loop finds, so one column is too few for it.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    integer,
    ints,
    new_constant,
    new_node,
    nodes,
    shape_of,
    substitute,
)

_KERNEL = (3, 3)


def pad_before_depthwise(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_part(model, node) for node in nodes(model, "Conv") if _is_read_past(node))


def _part(model: ir.Model, node: ir.Node) -> int:
    source, output, pads = node.inputs[0], node.outputs[0], ints(node, "pads")
    batch, channels, height, width = shape_of(source) or ()
    wide = (batch, channels, height + pads[0] + pads[2], width + pads[1] + pads[3])
    around = np.array([0, 0, *pads[:2], 0, 0, *pads[2:]], np.int64)
    inputs = [source, new_constant(model, around, output, "pads")]
    padded = new_node(node, "Pad", inputs, {"mode": "constant"}, like=output, shape=wide)
    attributes = {**node.attributes, "pads": ir.AttrInt64s("pads", [0, 0, 0, 0])}
    rest = [padded, *node.inputs[1:]]
    return substitute(node, new_node(node, "Conv", rest, attributes, like=output))


def _is_read_past(conv: ir.Node) -> bool:
    """Whether that loop is used, and gets a row or column wrong."""
    source, kernel, result = map(shape_of, (*conv.inputs[:2], conv.outputs[0]))
    if source is None or kernel is None or result is None or kernel[1:] != (1, *_KERNEL):
        return False
    pads, strides = ints(conv, "pads", (0,) * 4), ints(conv, "strides", (1, 1))
    holes = ints(conv, "dilations", (1, 1))
    taken = kernel[0] == integer(conv, "group", 1) > 1 and max(pads[:2]) <= 1
    if not taken or ((strides[1], holes[1]) != (2, 1) and strides[1] != 1):
        return False
    first = [row * strides[0] - pads[0] for row in range(result[2])]
    return _has_wrong_column(pads[1], holes[1], source[3]) or any(
        _is_wrong_row(row, holes[0], source[2]) for row in first
    )


def _has_wrong_column(pad: int, step: int, width: int) -> bool:
    """Whether the first column is wrong, by pixels 0 and `step` taken for the second and third."""
    return pad > 0 and (step > 1 or width < 2)


def _is_wrong_row(row: int, step: int, height: int) -> bool:
    """Whether a row is wrong: the loop skips one kernel row, the first above or the last below."""
    return row + (2 if row < 0 else 1) * step >= height
