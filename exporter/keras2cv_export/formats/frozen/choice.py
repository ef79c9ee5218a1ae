"""Comparisons, ArgMax and ArgMin."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, integer

from .graph import Graph, sizes
from .node import Unwritable

_MODE = {"Equal": "equal", "Greater": "greater", "Less": "less"}
# Ops that may follow an index: 5.0 makes integers of it, and other layers do not take integers.
_AFTER_INDEX = frozenset(["Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"])


def write_compare(graph: Graph, node: ir.Node) -> None:
    """Write a comparison of two tensors, or of one with a constant of its shape.

    Raises:
        Unwritable: The shapes differ, or the first operand is a constant.
    """
    output = node.outputs[0]
    shapes = {sizes(value) for value in (*node.inputs, output)}
    if len(shapes) > 1 or constant(node.inputs[0]) is not None:
        raise Unwritable("its operands are not of one shape, or the first of them is a constant")
    operands = [
        graph.read(value) if array is None else graph.const(array.astype(np.float32), output, "to")
        for value, array in ((value, constant(value)) for value in node.inputs)
    ]
    graph.emit("Compare", operands, output, mode=_MODE[node.op_type])


def write_arg(graph: Graph, node: ir.Node) -> None:
    """Write ArgMax or ArgMin as OpenCV's layer, which has more attributes than TensorFlow's op.

    Raises:
        Unwritable: More is computed from the index.
    """
    output = node.outputs[0]
    if not _ends(output):
        raise Unwritable("more is computed of the index, which is no float32 from 5.0 on")
    graph.emit(
        "Arg",
        (graph.read(node.inputs[0]),),
        output,
        op="max" if node.op_type == "ArgMax" else "min",
        axis=integer(node, "axis", 0) % len(sizes(node.inputs[0])),
        keepdims=integer(node, "keepdims", 1),
        select_last_index=integer(node, "select_last_index", 0),
    )


def _ends(value: ir.Value) -> bool:
    """Whether a value is only reshaped before it reaches the outputs."""
    readers = [use.node for use in value.uses()]
    return all(reader.op_type in _AFTER_INDEX and _ends(reader.outputs[0]) for reader in readers)
