"""The whole graph, node by node."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from .graph import Graph, sizes
from .node import FrozenNode, Unwritable
from .writers import WRITERS


def write_nodes(model: ir.Model) -> list[FrozenNode]:
    """Return the nodes of a graph that `require_writable` accepts.

    Raises:
        Unwritable: A node has no right form.
    """
    graph = Graph(model)
    for value in model.graph.inputs:
        write_input(graph, value)
    for node in model.graph:
        write_node(graph, node)
    graph.finish()
    return graph.nodes


def write_input(graph: Graph, value: ir.Value) -> None:
    """Write an input, marked so that the importer does not reorder its shape."""
    shape = sizes(value)
    graph.emit(
        "Placeholder", (), value, dtype=np.dtype(np.float32), shape=shape, data_format="NCHW"
    )


def write_node(graph: Graph, node: ir.Node) -> None:
    """Write one node.

    Raises:
        Unwritable: There is no right form for it.
    """
    if node.op_type == "Constant":
        return
    writer = WRITERS.get(node.op_type)
    if writer is None:
        raise Unwritable("the importer has no op for it")
    writer(graph, node)
