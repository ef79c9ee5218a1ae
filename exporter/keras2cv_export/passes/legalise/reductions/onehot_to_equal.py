"""Write OneHot as a comparison with 0, 1, 2, ..

    OneHot(i (n, t), depth, (off, on))  ->  Equal(i (n, t, 1), (0, .., depth - 1)) (on - off) + off
                                       or   Where(Equal(..), on, off)

The second where the first is not exact: one of them is infinite, or far larger than the other.
The classic engine of 5.0 and every OpenCV before has no OneHot. Exact: an index beyond the depth
gives zeros in both, as in TensorFlow; ONNX's reading of a negative index, from the end, does not
occur in converted graphs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    integer,
    new_constant,
    new_node,
    nodes,
    reshape,
    shape_of,
    substitute,
)


def onehot_to_equal(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "OneHot"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    indices, depth, values = node.inputs[0], constant(node.inputs[1]), constant(node.inputs[2])
    shape, output = shape_of(indices), node.outputs[0]
    if indices is None or depth is None or values is None or shape is None:
        return 0
    axis, size = integer(node, "axis", -1) % (len(shape) + 1), int(depth.reshape(-1)[0])
    wide = (*shape[:axis], 1, *shape[axis:])
    full = (*shape[:axis], size, *shape[axis:])
    column = new_node(node, "Cast", [indices], {"to": 1}, like=output, shape=shape)
    column = reshape(model, node, column, wide, like=output)
    ramp = np.arange(size, dtype=np.float32).reshape(-1, *[1] * (len(shape) - axis))
    numbers = new_constant(model, ramp, output)
    same = new_node(
        node, "Equal", [column, numbers], like=output, shape=full, dtype=ir.DataType.BOOL
    )
    off, on = values
    if not _is_exact(off, on):
        pair = [new_constant(model, np.array(v, values.dtype), output) for v in (on, off)]
        return substitute(node, new_node(node, "Where", [same, *pair], like=output, shape=full))
    hot = new_node(node, "Cast", [same], {"to": output.dtype or 1}, like=output, shape=full)
    if (off, on) != (0, 1):
        scale, shift = (
            new_constant(model, np.array(v, values.dtype), output) for v in (on - off, off)
        )
        hot = new_node(node, "Mul", [hot, scale], like=output, shape=full)
        hot = new_node(node, "Add", [hot, shift], like=output, shape=full)
    return substitute(node, hot)


def _is_exact(off: Any, on: Any) -> bool:
    """Whether (on - off) + off is `on`, in their own type."""
    return bool(np.isfinite([off, on]).all()) and bool(on - off + off == on)
