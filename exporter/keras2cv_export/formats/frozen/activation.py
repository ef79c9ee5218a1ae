"""Functions of one number: by TensorFlow's op where the importer has it, or by OpenCV's layer."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant

from .graph import Graph
from .node import Attribute, Unwritable

_FLOAT = np.dtype(np.float32)
_LARGEST = float(np.finfo(np.float32).max)

# ONNX op -> the op in the file.
PLAIN: dict[str, str] = {
    "Abs": "Abs",
    "Acos": "Acos",
    "Acosh": "Acosh",
    "Asin": "Asin",
    "Asinh": "Asinh",
    "Atan": "Atan",
    "Atanh": "Atanh",
    "Ceil": "Ceil",
    "Cos": "Cos",
    "Cosh": "Cosh",
    "Erf": "Erf",
    "Exp": "Exp",
    "Floor": "Floor",
    "HardSwish": "HardSwish",
    "Log": "Log",
    "Mish": "Mish",
    "Reciprocal": "Reciprocal",
    "Relu": "Relu",
    "Round": "Round",
    "Sigmoid": "Sigmoid",
    "Sign": "Sign",
    "Sin": "Sin",
    "Sinh": "Sinh",
    "Softplus": "Softplus",
    "Softsign": "Softsign",
    "Sqrt": "Sqrt",
    "Tan": "Tan",
    "Tanh": "Tanh",
}
# ONNX op -> the op in the file, and its numbers: ONNX's name and default, OpenCV's name.
NUMBERED: dict[str, tuple[str, tuple[tuple[str, float, str], ...]]] = {
    "Celu": ("Celu", (("alpha", 1.0, "alpha"),)),
    "Elu": ("ELU", (("alpha", 1.0, "alpha"),)),
    "HardSigmoid": ("HardSigmoid", (("alpha", 0.2, "alpha"), ("beta", 0.5, "beta"))),
    "LeakyRelu": ("LeakyRelu", (("alpha", 0.01, "alpha"),)),
    "Selu": ("Selu", (("alpha", 1.67326319217681884765625, "alpha"),
                      ("gamma", 1.05070102214813232421875, "gamma"))),
    "Shrink": ("Shrink", (("bias", 0.0, "bias"), ("lambd", 0.5, "lambd"))),
    "ThresholdedRelu": ("ThresholdedRelu", (("alpha", 1.0, "alpha"),)),
}  # fmt: skip


def write_plain(graph: Graph, node: ir.Node) -> None:
    """Write a function without numbers."""
    graph.emit(PLAIN[node.op_type], (graph.read(node.inputs[0]),), node.outputs[0])


def write_numbered(graph: Graph, node: ir.Node) -> None:
    """Write a function with numbers."""
    op, numbers = NUMBERED[node.op_type]
    values: dict[str, Attribute] = {}
    for name, default, given in numbers:
        values[given] = (
            node.attributes[name].as_float() if name in node.attributes else float(default)
        )
    graph.emit(op, (graph.read(node.inputs[0]),), node.outputs[0], **values)


def write_neg(graph: Graph, node: ir.Node) -> None:
    """Write -x."""
    power(graph, graph.read(node.inputs[0]), node.outputs[0], scale=-1.0)


def power(
    graph: Graph,
    source: str,
    output: ir.Value,
    role: str = "",
    *,
    scale: float = 1.0,
    shift: float = 0.0,
    exponent: float = 1.0,
) -> str:
    """Write (scale x + shift) ^ exponent, a layer of OpenCV's; return its name.

    Args:
        graph: The graph that is being written.
        source: Name of the node that gives x.
        output: The ONNX value that the layer makes, or leads to.
        role: The layer's role on the way to `output`; empty for the last one.
        scale: Factor of x.
        shift: Number added to it.
        exponent: Power of the sum.
    """
    return graph.emit("Power", (source,), output, role, scale=scale, shift=shift, power=exponent)


def write_clip(graph: Graph, node: ir.Node) -> None:
    """Write a Clip, with its bounds as inputs or as attributes."""
    low, high = _bound(node, 1, "min", -_LARGEST), _bound(node, 2, "max", _LARGEST)
    source, output = graph.read(node.inputs[0]), node.outputs[0]
    if (low, high) == (0.0, 6.0):
        graph.emit("Relu6", (source,), output, T=_FLOAT)
        return
    bounds = [
        graph.const(np.array([bound], np.float32), output, role)
        for bound, role in ((low, "low"), (high, "high"))
    ]
    graph.emit("ClipByValue", (source, *bounds), output, T=_FLOAT)


def _bound(node: ir.Node, position: int, name: str, default: float) -> float:
    if name in node.attributes:
        return node.attributes[name].as_float()
    if position >= len(node.inputs) or node.inputs[position] is None:
        return default
    array = constant(node.inputs[position])
    if array is None or array.size != 1:
        raise Unwritable("its bounds are computed")
    return float(array.reshape(-1)[0])
