"""Resizing of images."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from .graph import Graph, sizes
from .node import Unwritable


def write_resize(graph: Graph, node: ir.Node) -> None:
    """Write a Resize of the last two of four axes to a known size.

    Raises:
        Unwritable: The importer resizes no such axes, or not in this way.
    """
    before, after = sizes(node.inputs[0]), sizes(node.outputs[0])
    mode = _word(node, "mode", "nearest")
    place = _word(node, "coordinate_transformation_mode", "half_pixel")
    if len(before) != 4 or before[:2] != after[:2]:
        raise Unwritable("it resizes other axes than those of an image")
    if mode == "nearest" and (place, _word(node, "nearest_mode", "")) != ("asymmetric", "floor"):
        raise Unwritable("the importer takes the nearest pixel in one way only")
    if mode not in ("nearest", "linear"):
        raise Unwritable(f"the importer does not know the interpolation {mode!r}")
    if place not in ("asymmetric", "half_pixel", "align_corners"):
        raise Unwritable(f"the importer does not place pixels by the rule {place!r}")
    output = node.outputs[0]
    graph.emit(
        "ResizeNearestNeighbor" if mode == "nearest" else "ResizeBilinear",
        (graph.read(node.inputs[0]), graph.ints(after[2:], output, "size")),
        output,
        T=np.dtype(np.float32),
        align_corners=place == "align_corners",
        half_pixel_centers=place == "half_pixel",
    )


def _word(node: ir.Node, name: str, default: str) -> str:
    return node.attributes[name].as_string() if name in node.attributes else default
