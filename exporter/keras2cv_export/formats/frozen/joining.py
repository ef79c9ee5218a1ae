"""Concat and padding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, integer, ints

from .graph import Graph, sizes, weights
from .node import Array, Unwritable

_FLOAT = np.dtype(np.float32)


def write_concat(graph: Graph, node: ir.Node) -> None:
    """Write a Concat, also of constants."""
    output = node.outputs[0]
    axis = integer(node, "axis", 0) % len(sizes(output))
    arrays = [(value, constant(value)) for value in node.inputs]
    join(graph, [graph.read(v) if a is None else a for v, a in arrays], axis, output)


def join(
    graph: Graph, parts: Sequence[str | Array], axis: int, output: ir.Value, role: str = ""
) -> str:
    """Write a Concat; its constants become layers, which the importer does for this op alone.

    Args:
        graph: The graph that is being written.
        parts: Names of nodes, or constants.
        axis: The axis along which they are joined.
        output: The ONNX value that is made, or led to.
        role: The node's role on the way; empty for the last one.
    """
    prefix, names = f"{role}/" if role else "", []
    for k, part in enumerate(parts):
        if isinstance(part, str):
            names.append(part)
        else:  # the importer takes four axes for channels last
            stored = part.transpose(0, 2, 3, 1) if part.ndim == 4 else part
            names.append(graph.const(stored.astype(np.float32), output, f"{prefix}part{k}"))
    where = graph.const(np.array(axis, np.int32), output, f"{prefix}axis")
    # Without data_format, five axes next to a convolution count as channels last.
    return graph.emit(
        "ConcatV2",
        (*names, where),
        output,
        role,
        N=len(names),
        T=_FLOAT,
        data_format="NCHW",
    )


def write_pad(graph: Graph, node: ir.Node) -> None:
    """Write padding with one number: a Pad of zeros, or for another number a Concat with it.

    Raises:
        Unwritable: It is of another kind, or takes away numbers.
    """
    mode = node.attributes["mode"].as_string() if "mode" in node.attributes else "constant"
    if mode != "constant":
        raise Unwritable(f"padding of the kind {mode!r} is computed wrongly")
    output, rank = node.outputs[0], len(sizes(node.inputs[0]))
    pads, value = _pads(node), _fill(node)
    pairs = np.array([pads[:rank], pads[rank:]], np.int32).T
    if (pairs < 0).any():
        raise Unwritable("it takes away instead of adding")
    if value:
        _surround(graph, node, pairs, value)
        return
    if rank == 4:  # the importer reorders four pairs to channels first
        pairs = pairs[[0, 2, 3, 1]]
    stored = graph.const(pairs, output, "pads")
    graph.emit("Pad", (graph.read(node.inputs[0]), stored), output, T=_FLOAT)


def _surround(graph: Graph, node: ir.Node, pairs: Array, value: float) -> None:
    """Put blocks of a number before and behind, axis by axis: the importer's Pad adds zeros."""
    output, shape = node.outputs[0], list(sizes(node.inputs[0]))
    source = graph.read(node.inputs[0])
    axes = [axis for axis, pair in enumerate(pairs) if pair.any()]
    for axis in axes:
        before, behind = (
            np.full([*shape[:axis], count, *shape[axis + 1 :]], value, np.float32)
            for count in pairs[axis].tolist()
        )
        parts = [part for part in (before, source, behind) if isinstance(part, str) or part.size]
        role = "" if axis == axes[-1] else f"around{axis}"
        source = join(graph, parts, axis, output, role)
        shape[axis] += int(pairs[axis].sum())


def _pads(node: ir.Node) -> tuple[int, ...]:
    if "pads" in node.attributes:
        return ints(node, "pads")
    return tuple(weights(node.inputs[1], "its padding").reshape(-1).tolist())


def _fill(node: ir.Node) -> float:
    if "value" in node.attributes:
        return node.attributes["value"].as_float()
    if len(node.inputs) < 3 or node.inputs[2] is None:
        return 0.0
    return float(weights(node.inputs[2], "its value").reshape(-1)[0])
