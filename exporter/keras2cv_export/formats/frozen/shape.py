"""Ops that move numbers and compute none."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, permutation

from .graph import Graph, sizes
from .joining import join

_FLOAT = np.dtype(np.float32)


def write_reshape(graph: Graph, node: ir.Node) -> None:
    """Write Reshape, Flatten, Squeeze or Unsqueeze as a Reshape to the known result's shape."""
    graph.reshape(graph.read(node.inputs[0]), sizes(node.outputs[0]), node.outputs[0])


def write_transpose(graph: Graph, node: ir.Node) -> None:
    """Write a Transpose of as few axes as it really moves, and never of four.

    The importer takes four axes for an image, and drops the Transpose.
    """
    source, output = graph.read(node.inputs[0]), node.outputs[0]
    shape, perm = plain_transpose(sizes(node.inputs[0]), permutation(node))
    if perm == tuple(range(len(perm))):
        graph.reshape(source, sizes(output), output)
        return
    if len(perm) == 4:
        shape, perm = (*shape, 1), (*perm, 4)
    if shape != sizes(node.inputs[0]):
        source = graph.reshape(source, shape, output, "parts")
    order = graph.ints(perm, output, "order")
    made = tuple(shape[a] for a in perm)
    if made == sizes(output):
        graph.emit("Transpose", (source, order), output, T=_FLOAT)
        return
    inner = graph.emit("Transpose", (source, order), output, "moved", T=_FLOAT)
    if made == (*sizes(output), 1):
        graph.squeeze(inner, output)
    else:
        graph.reshape(inner, sizes(output), output)


def plain_transpose(
    shape: Sequence[int], perm: Sequence[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the shape and order of the same move, without axes of 1, neighbours as one axis."""
    kept = [a for a in perm if shape[a] != 1]
    blocks: list[list[int]] = []
    for axis in kept:
        follows = bool(blocks) and all(
            shape[between] == 1 for between in range(blocks[-1][-1] + 1, axis)
        )
        if follows and axis > blocks[-1][-1]:
            blocks[-1].append(axis)
        else:
            blocks.append([axis])
    order = sorted(blocks)
    merged = tuple(prod(shape[a] for a in block) for block in order)
    return merged, tuple(order.index(block) for block in blocks)


def write_same(graph: Graph, node: ir.Node) -> None:
    """Write no node where possible: Identity, and Cast of values that are float32 all along.

    Whole numbers and truth values are kept as float32 numbers by now, and an earlier node has
    already cut off the digits that a Cast would.
    """
    array = constant(node.inputs[0])
    if array is None:
        graph.alias(node.outputs[0], graph.read(node.inputs[0]))
    else:  # an output that depends on no input, such as anchor boxes
        join(graph, [array], 0, node.outputs[0])


def moved(graph: Graph, source: str, order: Sequence[int], output: ir.Value, role: str) -> str:
    """Write a Transpose of any number of axes but four.

    Args:
        graph: The graph that is being written.
        source: Name of the node to transpose.
        order: The order of the axes.
        output: The ONNX value that is led to.
        role: The node's role on the way to it.
    """
    stored = graph.ints(order, output, f"{role}/order")
    return graph.emit("Transpose", (source, stored), output, role, T=_FLOAT)
