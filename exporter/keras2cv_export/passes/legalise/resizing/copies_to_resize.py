"""Write Tile and Expand as enlargements to the nearest pixel.

    Tile(x (2, 3, 4), repeats (1, 5, 1))
      ->  Reshape(Resize(Reshape(x, (1, 2, 1, 12)), sizes (1, 2, 5, 12)), (2, 15, 4))

Both copy a block several times, one copy after the other, just as enlarging an image of one row
does. Up to 4.12 Tile writes copies to the wrong places. 4.6 has no Tile and few forms of Expand;
4.8 lacks some. Exact: both copy. Whole numbers of 64 bits are enlarged as float32, for ONNX
Runtime, which cannot do so otherwise; OpenCV's own are exact up to 24 bits, and so are these.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    new_constant,
    new_node,
    nodes,
    reshape,
    shape_of,
    substitute,
)

_COPYING = {
    "mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric",
}  # fmt: skip


def copies_to_resize(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Tile", "Expand"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    value, output = node.inputs[0], node.outputs[0]
    shape, target = shape_of(value), shape_of(output)
    if value is None or shape is None or target is None or constant(value) is not None:
        return 0
    shape = (1,) * (len(target) - len(shape)) + shape
    is_long = value.dtype == ir.DataType.INT64
    value = reshape(model, node, value, shape, like=output)
    value = _cast(node, value, ir.DataType.FLOAT) if is_long else value
    for axis in range(len(target)):
        copies = target[axis] // shape[axis]
        if copies > 1:
            value = _copy(model, node, value, axis, copies)
    return substitute(node, _cast(node, value, ir.DataType.INT64) if is_long else value)


def _cast(node: ir.Node, value: ir.Value, dtype: ir.DataType) -> ir.Value:
    to = {"to": int(dtype)}
    shape = shape_of(value)
    return new_node(node, "Cast", [value], to, like=node.outputs[0], shape=shape, dtype=dtype)


def _copy(model: ir.Model, node: ir.Node, value: ir.Value, axis: int, copies: int) -> ir.Value:
    shape, output = list(shape_of(value) or ()), node.outputs[0]
    flat: Sequence[int] = (1, prod(shape[:axis]), 1, prod(shape[axis:]))
    tall = (*flat[:2], copies, flat[3])
    dtype = value.dtype
    value = reshape(model, node, value, flat, like=output)
    sizes = new_constant(model, np.array(tall, np.int64), output)
    inputs = [value, None, None, sizes]
    value = new_node(node, "Resize", inputs, _COPYING, like=output, shape=tall, dtype=dtype)
    shape[axis] *= copies
    return reshape(model, node, value, shape, like=output)
