"""Ops that move numbers and compute none."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, integer, ints, permutation

from .graph import Graph, sizes, weights
from .node import Array, Unwritable

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


def write_same(graph: Graph, node: ir.Node) -> None:
    """Write no node where possible: Identity, and Cast of values that are float32 all along.

    Whole numbers and truth values are kept as float32 numbers by now, and an earlier node has
    already
    cut off the digits that a Cast would.
    """
    array = constant(node.inputs[0])
    if array is None:
        graph.alias(node.outputs[0], graph.read(node.inputs[0]))
    else:  # an output that depends on no input, such as anchor boxes
        join(graph, [array], 0, node.outputs[0])


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
