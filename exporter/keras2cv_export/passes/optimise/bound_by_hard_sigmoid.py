"""Bound activations of convolutions by a HardSigmoid, and move its scale into later weights.

    Conv(Clip(x, 0, h), W)   ->   Conv(HardSigmoid(x, alpha=1 / h, beta=0), h W)

In the new engine of 5.0 a Clip (Keras' ReLU6, so every one in a MobileNet) is not fused with the
convolution before it, as in every older OpenCV, and does not stay in the block layout of
convolutions: the tensor is reordered for it, and back. A HardSigmoid is fused.

Exact up to float32 rounding: min(max(x, 0), h) = h min(max(x / h, 0), 1), and the op that reads it
is linear. Poolings and moves of elements commute with the factor, so it passes them.

Left alone when (1) something that reads the value, past poolings and moves, is neither Conv,
ConvTranspose nor Gemm with constant weights, (2) the lower bound is not 0, (3) the value does not
have the four axes of an image.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, new_constant, new_node, nodes, shape_of, substitute
from keras2cv_export.graph.layer_marks import shrink
from keras2cv_export.graph.misses import miss

_WEIGHTED = ("Conv", "ConvTranspose", "Gemm")
_COMMUTES = frozenset(
    [
        "AveragePool",
        "Flatten",
        "GlobalAveragePool",
        "GlobalMaxPool",
        "Identity",
        "MaxPool",
        "ReduceMax",
        "ReduceMean",
        "Reshape",
        "Squeeze",
        "Transpose",
        "Unsqueeze",
    ]
)


def bound_by_hard_sigmoid(model: ir.Model) -> int:
    """Rewrite in place; return how many Clips went."""
    return sum(_rewrite(model, node) for node in nodes(model, "Clip"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    output, height = node.outputs[0], _height(node)
    if height is None or len(shape_of(output) or ()) != 4:
        return miss(node, "it does not bound an image from 0 to a number")
    values = _scaled_with(output)
    if values is None:
        return miss(node, "something that reads it has no weights that could take a factor")
    attributes = {"alpha": float(np.float32(1 / height)), "beta": 0.0}
    bounded = new_node(node, "HardSigmoid", [node.inputs[0]], attributes, like=output)
    substitute(node, bounded)
    for value in (bounded, *values[1:]):
        shrink(value, height)
        for reader in {use.node for use in value.uses()}:
            if reader.op_type in _WEIGHTED:
                _enlarge(model, reader, height)
    return 1


def _height(clip: ir.Node) -> float | None:
    """Return the upper bound of a Clip from 0."""
    bounds = [constant(value) for value in clip.inputs[1:3]]
    if len(bounds) < 2 or bounds[0] is None or bounds[1] is None or bounds[0].reshape(-1)[0] != 0:
        return None
    high = float(bounds[1].reshape(-1)[0])
    return high if high > 0 else None


def _scaled_with(value: ir.Value) -> list[ir.Value] | None:
    """Return the values that a factor goes through to weights; None if it ends elsewhere."""
    values = [value]
    for one in values:
        if one.is_graph_output():
            return None
        for use in one.uses():
            reader = use.node
            if use.idx != 0 or len(reader.outputs) != 1:
                return None
            if reader.op_type in _COMMUTES:
                values.append(reader.outputs[0])
            elif reader.op_type not in _WEIGHTED or constant(reader.inputs[1]) is None:
                return None
    return values


def _enlarge(model: ir.Model, reader: ir.Node, factor: float) -> None:
    weight = constant(reader.inputs[1])
    assert weight is not None  # noqa: S101 - it was looked at
    larger = np.asarray(weight * np.float32(factor), np.float32)
    reader.replace_input_with(1, new_constant(model, larger, reader.outputs[0]))
