"""Softmax and normalisations along an axis."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import integer

from .graph import Graph, sizes, weights
from .node import Unwritable

_FLOAT = np.dtype(np.float32)


def write_softmax(graph: Graph, node: ir.Node) -> None:
    """Write a Softmax along its axis: the importer reads the axis, which TensorFlow's op lacks."""
    axis = integer(node, "axis", -1) % len(sizes(node.inputs[0]))
    graph.emit("Softmax", (graph.read(node.inputs[0]),), node.outputs[0], axis=axis, T=_FLOAT)


def write_log_softmax(graph: Graph, node: ir.Node) -> None:
    """Write a LogSoftmax under another name of OpenCV's layer, which the importer accepts."""
    axis = integer(node, "axis", -1) % len(sizes(node.inputs[0]))
    graph.emit(
        "SoftMax", (graph.read(node.inputs[0]),), node.outputs[0], axis=axis, log_softmax=True
    )


def write_batch_norm(graph: Graph, node: ir.Node) -> None:
    """Write a BatchNormalization with its four constants: scale, offset, mean and variance."""
    output = node.outputs[0]
    epsilon = node.attributes["epsilon"].as_float() if "epsilon" in node.attributes else 1e-5
    stored = [
        graph.const(weights(value, f"its {role}").reshape(-1), output, role)
        for value, role in zip(
            node.inputs[1:], ("scale", "offset", "mean", "variance"), strict=True
        )
    ]
    graph.emit(
        "FusedBatchNormV3",
        (graph.read(node.inputs[0]), *stored),
        output,
        T=_FLOAT,
        U=_FLOAT,
        data_format="NCHW",
        epsilon=epsilon,
        is_training=False,
    )


def write_lrn(graph: Graph, node: ir.Node) -> None:
    """Write a local response normalisation; the importer's alpha is for each of the channels.

    Raises:
        Unwritable: It looks at an even number of channels.
    """
    size = integer(node, "size", 1)
    if size % 2 == 0:
        raise Unwritable("it looks at an even number of channels")
    defaults = {"alpha": 1e-4, "beta": 0.75, "bias": 1.0}
    numbers = {
        name: node.attributes[name].as_float() if name in node.attributes else default
        for name, default in defaults.items()
    }
    graph.emit(
        "LRN",
        (graph.read(node.inputs[0]),),
        node.outputs[0],
        T=_FLOAT,
        depth_radius=size // 2,
        **{**numbers, "alpha": numbers["alpha"] / size},
    )
