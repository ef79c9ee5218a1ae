"""Resize by two matrix products where OpenCV's own Resize refuses, or takes other pixels.

    Resize(x (n, c, h, w), sizes (n, c, H, W))  ->  (x R' (w, W)) transposed, times C' (h, H), back

R (W, w) and C (H, h) hold the weights that ONNX defines: four per row for cubic, of Keys' cubic
convolution with the node's coefficient, distances rounded as TensorFlow does. For nearest each row
holds a single 1, so a Gather replaces the products.

Cubic is refused by the classic engine of 5.0 and by every OpenCV before. Nearest is right
everywhere with floor of asymmetric coordinates, to which whole enlargements are equal. With other
roundings, all engines but 5.0's new one take the wrong neighbours. Exact up to float32 rounding.

Left alone: a Resize of a part of the image, given by the second input (`tf_crop_and_resize`).
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    Array,
    new_constant,
    new_node,
    nodes,
    shape_of,
    substitute,
    transpose,
)
from keras2cv_export.graph.misses import miss


def resize_to_matmul(model: ir.Model) -> int:
    """Rewrite in place; return how many Resizes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "Resize"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    source, target = shape_of(node.inputs[0]), shape_of(node.outputs[0])
    mode = _text(node, "mode", "nearest")
    if source is None or target is None or len(source) != 4 or source[:2] != target[:2]:
        return 0
    if node.inputs[1] is not None:
        return miss(node, "it takes a part of its image")
    if mode == "cubic":
        return _by_matmul(model, node, source, target)
    return _by_gather(model, node, source, target) if mode == "nearest" else 0


def _text(node: ir.Node, name: str, default: str) -> str:
    return node.attributes[name].as_string() if name in node.attributes else default


def _number(node: ir.Node, name: str, default: float) -> float:
    return node.attributes[name].as_float() if name in node.attributes else default


def coordinates(node: ir.Node, size: int, out: int) -> Array:
    """Return where each of `out` pixels lies among `size`, as a float64 index."""
    k, how = np.arange(out), _text(node, "coordinate_transformation_mode", "half_pixel")
    if how == "align_corners":
        return k * (size - 1) / (out - 1) if out > 1 else k * 0.0
    if how == "asymmetric":
        return k * size / out
    if how == "tf_half_pixel_for_nn":
        return (k + 0.5) * size / out
    if how == "pytorch_half_pixel" and out == 1:
        return k * 0.0
    return (k + 0.5) * size / out - 0.5


def _by_gather(
    model: ir.Model, node: ir.Node, source: tuple[int, ...], target: tuple[int, ...]
) -> int:
    wanted = [nearest(node, source[a], target[a]) for a in (2, 3)]
    plain = [np.arange(target[a]) * source[a] // target[a] for a in (2, 3)]
    if _text(node, "coordinate_transformation_mode", "half_pixel") == "asymmetric" and (
        _text(node, "nearest_mode", "round_prefer_floor") == "floor"
    ):
        return 0
    output = node.outputs[0]
    if all(np.array_equal(w, p) for w, p in zip(wanted, plain, strict=True)):
        attributes = {
            "mode": "nearest", "nearest_mode": "floor",
            "coordinate_transformation_mode": "asymmetric",
        }  # fmt: skip
        return substitute(node, new_node(node, "Resize", node.inputs, attributes, like=output))
    value, shape = node.inputs[0], list(source)
    for axis, indices in zip((2, 3), wanted, strict=True):
        if not np.array_equal(indices, np.arange(shape[axis])):
            shape[axis] = len(indices)
            chosen = new_constant(model, indices.astype(np.int64), output)
            value = new_node(
                node, "Gather", [value, chosen], {"axis": axis}, like=output, shape=shape
            )
    assert value is not None  # noqa: S101 - a Resize has an input
    return substitute(node, value)


def nearest(node: ir.Node, size: int, out: int) -> Array:
    """Return the index of the pixel that each of `out` takes."""
    at = np.round(coordinates(node, size, out), 9)  # 2.9999999999 is a whole number here
    rounded = {
        "floor": np.floor(at),
        "ceil": np.ceil(at),
        "round_prefer_floor": np.ceil(at - 0.5),
        "round_prefer_ceil": np.floor(at + 0.5),
    }[_text(node, "nearest_mode", "round_prefer_floor")]
    return np.asarray(np.clip(rounded, 0, size - 1), np.int64)


def _by_matmul(
    model: ir.Model, node: ir.Node, source: tuple[int, ...], target: tuple[int, ...]
) -> int:
    value, output = node.inputs[0], node.outputs[0]
    assert value is not None  # noqa: S101 - a Resize has an input
    for axis in (3, 2):  # the width as it lies, then the height turned to the end
        weights = new_constant(model, cubic(node, source[axis], target[axis]).T, output)
        value = value if axis == 3 else transpose(node, value, (0, 1, 3, 2), like=output)
        shape = [*(shape_of(value) or ())[:3], target[axis]]
        value = new_node(node, "MatMul", [value, weights], like=output, shape=shape)
    return substitute(node, transpose(node, value, (0, 1, 3, 2), like=output))


def cubic(node: ir.Node, size: int, out: int) -> Array:
    """Return the weights (out, size) of cubic convolution (Keys 1981), pixels beyond repeated.

    Distances are rounded to 1/1024, as in the table that TensorFlow looks the weights up in.
    """
    a = _number(node, "cubic_coeff_a", -0.75)
    exact = coordinates(node, size, out)
    first = np.floor(exact).astype(int) - 1
    at = np.floor(exact) + np.rint((exact - np.floor(exact)) * 1024) / 1024
    weights = np.zeros((out, size))
    for tap in range(4):
        taps = first + tap
        distance = np.abs(at - taps)
        near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
        far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
        share = np.where(distance <= 1, near, np.where(distance < 2, far, 0))
        if (
            node.attributes["exclude_outside"].as_int()
            if "exclude_outside" in node.attributes
            else 0
        ):
            share = share * ((taps >= 0) & (taps < size))
        np.add.at(weights, (np.arange(out), np.clip(taps, 0, size - 1)), share)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)
