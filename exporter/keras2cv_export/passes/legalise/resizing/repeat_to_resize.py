"""Write the repetition of an axis' elements as an enlargement to the nearest pixel.

    Reshape(Tile(Reshape(x (n, h, w, c), (n, h, 1, w, c)), (1, 1, 2, 1, 1)), (n, 2 h, w, c))
      ->  Resize(x, sizes (n, 2 h, w, c), nearest)

    Resize(Resize(x, rows), columns)  ->  Resize(x, rows and columns)

Keras' UpSampling2D is tf.repeat along rows and then along columns. The Transposes around it can
move past a Resize, and OpenCV keeps its convolutions' layout there. OpenCV computes Tile wrongly up
to 4.12. Exact: both copy.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    constant,
    drop,
    new_constant,
    new_node,
    nodes,
    only_reader,
    shape_of,
    substitute,
)

_COPYING = {
    "mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric",
}  # fmt: skip


def repeat_to_resize(model: ir.Model) -> int:
    """Rewrite in place; return how many repeats and pairs of Resizes were found."""
    found = sum(_recognise(model, node) for node in nodes(model, "Tile"))
    return found + sum(_merge(model, node) for node in nodes(model, "Resize"))


def _recognise(model: ir.Model, node: ir.Node) -> int:
    before, after = _producer(node.inputs[0], "Reshape"), only_reader(node.outputs[0])
    repeats = constant(node.inputs[1])
    if before is None or after is None or after.op_type != "Reshape" or repeats is None:
        return 0
    source, split = shape_of(before.inputs[0]), shape_of(before.outputs[0])
    target, moved = shape_of(after.outputs[0]), np.flatnonzero(repeats != 1)
    if source is None or split is None or target is None or len(moved) != 1:
        return 0
    axis = int(moved[0])  # of the inserted 1, right behind the repeated axis
    if axis == 0 or split[axis] != 1 or split[:axis] + split[axis + 1 :] != source:
        return 0
    wanted = [*source]
    wanted[axis - 1] *= int(repeats[axis])
    if tuple(wanted) != target:
        return 0
    sizes = new_constant(model, np.array(target, np.int64), after.outputs[0])
    inputs = [before.inputs[0], None, None, sizes]
    substitute(after, new_node(after, "Resize", inputs, _COPYING, like=after.outputs[0]))
    drop(node)
    drop(before)
    return 1


def _merge(model: ir.Model, node: ir.Node) -> int:
    first = _producer(node.inputs[0], "Resize")
    if first is None or only_reader(first.outputs[0]) is not node:
        return 0
    shapes = [shape_of(v) for v in (first.inputs[0], first.outputs[0], node.outputs[0])]
    if any(shape is None for shape in shapes) or not (_copies(first) and _copies(node)):
        return 0
    source, between, target = (shape or () for shape in shapes)
    whole = [t % s == 0 and b % s == 0 for s, b, t in zip(source, between, target, strict=True)]
    once = [b in (s, t) for s, b, t in zip(source, between, target, strict=True)]
    if not (all(whole) and all(once)):
        return 0
    sizes = new_constant(model, np.array(target, np.int64), node.outputs[0])
    inputs = [first.inputs[0], None, None, sizes]
    substitute(node, new_node(node, "Resize", inputs, _COPYING, like=node.outputs[0]))
    drop(first)
    return 1


def _copies(node: ir.Node) -> bool:
    return all(
        name in node.attributes and node.attributes[name].as_string() == value
        for name, value in _COPYING.items()
    )


def _producer(value: ir.Value | None, op: str) -> ir.Node | None:
    node = value.producer() if value is not None else None
    return node if node is not None and node.op_type == op else None
