"""Slices, and the gathers and splits that are slices too."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import integer

from .graph import Graph, sizes, weights
from .node import Unwritable

_FLOAT = np.dtype(np.float32)


def write_slice(graph: Graph, node: ir.Node) -> None:
    """Write a Slice; a pooling of single numbers behind it takes the steps.

    Raises:
        Unwritable: It goes backwards.
    """
    shape, output = sizes(node.inputs[0]), node.outputs[0]
    starts, axes, steps = (_list(node, k) for k in (1, 3, 4))
    axes = list(range(len(starts))) if not axes else [axis % len(shape) for axis in axes]
    pace = dict(zip(axes, steps or [1] * len(axes), strict=True))
    if any(step < 1 for step in pace.values()):
        raise Unwritable("it goes backwards")
    begins, extent = [0] * len(shape), list(sizes(output))
    for axis, start in zip(axes, starts, strict=True):
        begins[axis] = min(max(start + shape[axis] if start < 0 else start, 0), shape[axis])
        extent[axis] = (extent[axis] - 1) * pace[axis] + 1
    striding = [axis for axis in axes if pace[axis] > 1]
    source = graph.read(node.inputs[0])
    made = cut(graph, source, begins, extent, output, "cut" if striding else "")
    for axis in striding:
        last = axis == striding[-1]
        made = _stride(graph, made, extent, axis, pace[axis], output, "" if last else f"at{axis}")
        extent[axis] = sizes(output)[axis]


def _list(node: ir.Node, position: int) -> list[int]:
    if position >= len(node.inputs) or node.inputs[position] is None:
        return []
    return list(weights(node.inputs[position], "where it begins or ends").reshape(-1).tolist())


def cut(
    graph: Graph,
    source: str,
    begins: Sequence[int],
    extent: Sequence[int],
    output: ir.Value,
    role: str = "",
) -> str:
    """Write a Slice of `extent` elements along each axis, starting at `begins`.

    Args:
        graph: The graph that is being written.
        source: Name of the node to slice.
        begins: The first element along each axis.
        extent: The number of elements along each axis.
        output: The ONNX value that is made, or led to.
        role: The node's role on the way; empty for the last one.
    """
    prefix = f"{role}/" if role else ""
    first = graph.ints(begins, output, f"{prefix}begin")
    size = graph.ints(extent, output, f"{prefix}size")
    return graph.emit("Slice", (source, first, size), output, role, T=_FLOAT)


def _stride(
    graph: Graph,
    source: str,
    shape: Sequence[int],
    axis: int,
    step: int,
    output: ir.Value,
    role: str,
) -> str:
    """Take every `step`-th element along an axis; the importers before 4.14 slice one by one."""
    before, behind = prod(shape[:axis]), prod(shape[axis + 1 :])
    image = graph.reshape(source, (1, before, shape[axis], behind), output, f"lines{axis}")
    taken = graph.emit(
        "MaxPool",
        (image,),
        output,
        f"every{axis}",
        T=_FLOAT,
        data_format="NCHW",
        padding="VALID",
        ksize=[1, 1, 1, 1],
        strides=[1, 1, step, 1],
    )
    after = [*shape]
    after[axis] = (shape[axis] - 1) // step + 1
    return graph.reshape(taken, after, output, role)


def write_gather(graph: Graph, node: ir.Node) -> None:
    """Write a Gather of one constant index as a Slice.

    Raises:
        Unwritable: It takes several numbers.
    """
    shape, output = sizes(node.inputs[0]), node.outputs[0]
    indices = weights(node.inputs[1], "which numbers it takes")
    if indices.size != 1:
        raise Unwritable("it takes several numbers, in any order")
    axis = integer(node, "axis", 0) % len(shape)
    begins, extent = [0] * len(shape), list(shape)
    begins[axis], extent[axis] = int(indices.reshape(-1)[0]) % shape[axis], 1
    if tuple(extent) == sizes(output):
        cut(graph, graph.read(node.inputs[0]), begins, extent, output)
        return
    taken = cut(graph, graph.read(node.inputs[0]), begins, extent, output, "taken")
    graph.reshape(taken, sizes(output), output)


def write_split(graph: Graph, node: ir.Node) -> None:
    """Write a Slice for each part."""
    shape = sizes(node.inputs[0])
    axis = integer(node, "axis", 0) % len(shape)
    source, begins = graph.read(node.inputs[0]), [0] * len(shape)
    for part in node.outputs:
        cut(graph, source, begins, sizes(part), part)
        begins[axis] += sizes(part)[axis]
