"""Write a Pad that repeats or mirrors the border as Gathers.

    Pad(x (n, 3, c), (1, 2) along axis 1, reflect)  ->  Gather(x, (1, 0, 1, 2, 1, 0), axis=1)
    Pad(x (n, 3, c), (1, 2) along axis 1, edge)     ->  Gather(x, (0, 0, 1, 2, 2, 2), axis=1)

The classic engine of 5.0 and every OpenCV before mirror rows and columns of a 4-D tensor only, and
repeat no border. Exact: both copy.

Left alone: constant padding, and mirrored rows and columns.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    Array,
    constant,
    new_constant,
    new_node,
    nodes,
    shape_of,
    substitute,
)

_ROWS_AND_COLUMNS = {2, 3}


def pad_to_gather(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Pad"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    mode = node.attributes["mode"].as_string() if "mode" in node.attributes else "constant"
    value, shape, pads = node.inputs[0], shape_of(node.inputs[0]), constant(node.inputs[1])
    if mode not in _INDEX or value is None or shape is None or pads is None or pads.min() < 0:
        return 0
    begins, ends = pads.reshape(2, -1).tolist()
    padded = {axis for axis, pair in enumerate(zip(begins, ends, strict=True)) if any(pair)}
    if mode == "reflect" and len(shape) == 4 and padded <= _ROWS_AND_COLUMNS:
        return 0
    for axis in sorted(padded):
        places = np.arange(-begins[axis], shape[axis] + ends[axis])
        value = _gather(model, node, value, axis, _INDEX[mode](places, shape[axis]))
    return substitute(node, value)


def _mirrored(places: Array, size: int) -> Array:
    period = max(2 * (size - 1), 1)
    return np.asarray((size - 1) - np.abs(places % period - (size - 1)))


def _nearest(places: Array, size: int) -> Array:
    return np.asarray(np.clip(places, 0, size - 1))


_INDEX = {"reflect": _mirrored, "edge": _nearest}


def _gather(model: ir.Model, node: ir.Node, value: ir.Value, axis: int, indices: Array) -> ir.Value:
    shape, output = list(shape_of(value) or ()), node.outputs[0]
    shape[axis] = len(indices)
    chosen = new_constant(model, indices.astype(np.int64), output)
    return new_node(node, "Gather", [value, chosen], {"axis": axis}, like=output, shape=shape)
