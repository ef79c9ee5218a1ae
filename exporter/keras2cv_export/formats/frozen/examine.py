"""Find the nodes of a graph that cannot be written, with the Keras layers that they came from."""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.targets.importer_support.found import (
    Unsupported,
    UnsupportedOpsError,
    layer_of,
)

from .graph import Graph
from .node import Unwritable
from .write import write_node

HINT = "Export it as ONNX (--format onnx), which OpenCV runs more of."
WHERE = "OpenCV's TensorFlow importer"


def examine_frozen(model: ir.Model) -> list[Unsupported]:
    """Return every node that cannot be written, in graph order."""
    found, graph = [], Graph(model)
    for node in model.graph:
        try:
            write_node(graph, node)
        except Unwritable as reason:
            found.append(Unsupported(node.op_type, layer_of(node.name or ""), str(reason), HINT))
    return found


def require_writable(model: ir.Model) -> None:
    """Raise if any node cannot be written.

    Raises:
        UnsupportedOpsError: Names all such nodes.
    """
    found = examine_frozen(model)
    if found:
        raise UnsupportedOpsError(found, WHERE)
