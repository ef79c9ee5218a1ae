"""Channels moved into space, and back."""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import integer

from .graph import Graph, sizes
from .node import Unwritable
from .shape import moved


def write_depth_to_space(graph: Graph, node: ir.Node) -> None:
    """Write a DepthToSpace as two Transposes of few axes: 5.0's new engine has none of six.

        (n, r, r c, h, w)  ->  (n, r c, h, r, w)     every row in the place of r
        (n, r, c h r, w)   ->  (n, c h r, w, r)      every column

    Raises:
        Unwritable: Its order is CRD, which Keras never asks for.
    """
    batch, channels, height, width = sizes(node.inputs[0])
    output, r = node.outputs[0], integer(node, "blocksize", 1)
    word = node.attributes["mode"].as_string() if "mode" in node.attributes else "DCR"
    if word != "DCR":
        raise Unwritable(f"its order is {word}, which Keras never asks for")
    c = channels // (r * r)
    source = graph.read(node.inputs[0])
    rows = graph.reshape(source, (batch, r, r * c * height, width, 1), output, "rows")
    rows = moved(graph, rows, (0, 2, 1, 3, 4), output, "rows/moved")
    columns = graph.reshape(rows, (batch, r, c * height * r * width), output, "columns")
    columns = moved(graph, columns, (0, 2, 1), output, "columns/moved")
    graph.reshape(columns, sizes(output), output)


def write_space_to_depth(graph: Graph, node: ir.Node) -> None:
    """Write a SpaceToDepth by the same Transposes backwards."""
    batch, channels, height, width = sizes(node.inputs[0])
    output, r = node.outputs[0], integer(node, "blocksize", 1)
    h, w = height // r, width // r
    source = graph.read(node.inputs[0])
    columns = graph.reshape(source, (batch, channels * h * r * w, r), output, "columns")
    columns = moved(graph, columns, (0, 2, 1), output, "columns/moved")
    rows = graph.reshape(columns, (batch, r * channels * h, r, w, 1), output, "rows")
    rows = moved(graph, rows, (0, 2, 1, 3, 4), output, "rows/moved")
    graph.reshape(rows, sizes(output), output)
