"""Enlarge an axis of one pixel by copying the pixel, before the other axis is interpolated.

    Resize(x (n, c, 1, 1), sizes (n, c, 8, 9), linear)  ->  the same, nearest
    Resize(x (n, c, 1, 5), sizes (n, c, 8, 9), linear)
      ->  Resize(Resize(x, (n, c, 8, 5), nearest), (n, c, 8, 9), linear)

The new engine of 5.0 looks for a pixel before the only one, and reads the memory before the tensor
(resize2_layer.cpp: floor(0 - 1e-6)). Image pooling in DeepLab and PSPNet ends in such a Resize.
Exact: between a pixel and itself every interpolation gives the pixel.

Left alone: a Resize of a part of the image, given by the second input (`tf_crop_and_resize`).
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import new_constant, new_node, nodes, shape_of, substitute

_COPYING = {
    "mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric",
}  # fmt: skip


def resize_lines_by_copies(model: ir.Model) -> int:
    """Rewrite in place; return how many Resizes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Resize"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    value, output = node.inputs[0], node.outputs[0]
    source, target = shape_of(value), shape_of(output)
    mode = node.attributes["mode"].as_string() if "mode" in node.attributes else "nearest"
    if value is None or source is None or target is None or len(source) != 4:
        return 0
    if mode != "linear" or 1 not in source[2:] or node.inputs[1] is not None:
        return 0
    # A line that stays one is doubled first, and one of the two is kept.
    sizes = [max(2, t) if s == 1 else s for s, t in zip(source, target, strict=True)]
    sizes[:2] = source[:2]
    value = _resize(model, node, value, sizes, _COPYING)
    wide = [max(t, s) if n == 1 else t for n, s, t in zip(source, sizes, target, strict=True)]
    wide[:2] = target[:2]
    if source[2:] != (1, 1):
        value = _resize(model, node, value, wide, node.attributes)
    return substitute(node, _first(model, node, value, target))


def _resize(
    model: ir.Model, node: ir.Node, value: ir.Value, sizes: list[int], attributes: object
) -> ir.Value:
    output = node.outputs[0]
    target = new_constant(model, np.array(sizes, np.int64), output)
    inputs = [value, None, None, target]
    return new_node(node, "Resize", inputs, attributes, like=output, shape=sizes)  # type: ignore[arg-type]


def _first(model: ir.Model, node: ir.Node, value: ir.Value, target: tuple[int, ...]) -> ir.Value:
    """Keep the first of two equal lines."""
    output = node.outputs[0]
    for axis in (2, 3):
        shape = list(shape_of(value) or ())
        if shape[axis] != target[axis]:
            shape[axis] = 1
            bounds = [new_constant(model, np.array([n], np.int64), output) for n in (0, 1, axis)]
            value = new_node(node, "Slice", [value, *bounds], like=output, shape=shape)
    return value
