"""Move the axes that a Resize scales to the end of four; resize more than two in pairs.

    Resize(x (1, 17, 3, 12), sizes (1, 9, 3, 7))
      ->  Transpose(Resize(Transpose(x, (0, 2, 1, 3)), sizes (1, 3, 9, 7)), (0, 2, 1, 3))
    Resize(x (n, c, 4, 5, 6), sizes (n, c, 8, 10, 12))
      ->  Resize(Resize(x, sizes (n, c, 8, 10, 6)), sizes (n, c, 8, 10, 12))

OpenCV silently scales the third and fourth axis only. Other axes come from channels-first images in
Keras, and from a Transpose that moved past a Resize. Exact.

Left alone: a Resize of a part of the image, given by the second input (`tf_crop_and_resize`).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    new_constant,
    new_node,
    nodes,
    reshape,
    shape_of,
    substitute,
    transpose,
)


def resize_last_axes(model: ir.Model) -> int:
    """Rewrite in place; return how many Resizes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Resize"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    value, output = node.inputs[0], node.outputs[0]
    source, target = shape_of(value), shape_of(output)
    if value is None or source is None or target is None or node.inputs[1] is not None:
        return 0
    rank = len(source)
    scaled = [a for a in range(rank) if source[a] != target[a]]
    if rank == 4 and set(scaled) <= {2, 3}:
        return 0
    if len(scaled) > 2:
        return _two_at_a_time(model, node, scaled)
    kept = [a for a in range(rank) if a not in scaled]
    while len(scaled) < 2:  # one more axis comes along and keeps its size
        scaled.insert(0, kept.pop())
    perm = kept + scaled
    turned = transpose(node, value, perm, like=output)
    flat = (1, prod(source[a] for a in kept), *(source[a] for a in scaled))
    turned = reshape(model, node, turned, flat, like=output)
    sizes = [*flat[:2], *(target[a] for a in scaled)]
    inputs = [turned, None, None, new_constant(model, np.array(sizes, np.int64), output)]
    resized = new_node(node, "Resize", inputs, node.attributes, like=output, shape=sizes)
    resized = reshape(model, node, resized, [target[a] for a in perm], like=output)
    back = [int(a) for a in np.argsort(perm)]
    return substitute(node, transpose(node, resized, back, like=output))


def _two_at_a_time(model: ir.Model, node: ir.Node, scaled: list[int]) -> int:
    """Resize the first two axes, and then the rest: every mode works along each axis alone."""
    output = node.outputs[0]
    source, target = shape_of(node.inputs[0]) or (), shape_of(output) or ()
    between = [target[a] if a in scaled[:2] else n for a, n in enumerate(source)]
    first = _resized(model, node, node.inputs[0], between)
    second = _resized(model, node, first, target)
    substitute(node, second)
    for value in (first, second):
        made = value.producer()
        assert made is not None  # noqa: S101 - it was made above
        _rewrite(model, made)
    return 1


def _resized(
    model: ir.Model, node: ir.Node, value: ir.Value | None, sizes: Sequence[int]
) -> ir.Value:
    target = new_constant(model, np.array(sizes, np.int64), node.outputs[0])
    inputs = [value, None, None, target]
    return new_node(node, "Resize", inputs, node.attributes, like=node.outputs[0], shape=sizes)
