"""Compute a convolution as matrix products of its tiles, by Winograd's short convolutions.

    Conv(x (N, C, h, w), W (K, C, 3, 3))
      ->  V (36, C, N tiles)  from  B_h x B_w        bands of B, for all tiles of a line at once
          U (36, K, C)        from  W G              when the net is loaded, by OpenCV
          Conv = A_h (U V) A_w + bias                bands of A

5.0's new engine has no short convolutions (the classic one has): it takes all 9 products of a tap,
of which F(4x4, 3x3) leaves 2.25. To gather tiles costs more than that saves, unless whole lines go
through one product with a band matrix, for which the engine has its fastest code. See `winograd`
for the matrices; kernels of 1, 3, 5 and 7 taps along an axis have tiles of 1, 4, 4 and 2.

The same numbers up to float32 rounding, of which there is more: 1e-5 of the largest output, as the
classic engine's own. The file holds the kernel as it was. Other engines run the form at a half to a
tenth of their speed, so it is only for files made for the new engine.

Left alone when (1) the kernel is computed, has groups, strides or holes, or padding is stated in
another way than by pads, (2) it would take longer: few channels, whose tiles take longer to make
than to multiply; large images, whose bands are mostly zeros; few tiles, for which the kernels, four
times as large, have to be read, (3) `MAX_FOLDED` is used up: those that save most come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Final

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    Array,
    constant,
    integer,
    ints,
    new_constant,
    new_node,
    nodes,
    pads_automatically,
    reshape,
    shape_of,
    substitute,
    transpose,
)
from keras2cv_export.graph.kernels import exact_constant
from keras2cv_export.graph.misses import miss
from keras2cv_export.passes.tiles import TILES, Axis, Plan, pays, saved_by

# Numbers of kernels that OpenCV makes while it loads the net, and keeps: three quarters of those
# that the runtime lets a net have at a time (`MAX_LIVE` of keras2cv.bundle.netfile.following).
MAX_FOLDED: Final = 9 * 2**24
_FOLDED: Final = "keras2cv.folded"  # of a kernel: how many numbers earlier rounds took of these


def multiply_tiles(model: ir.Model) -> int:
    """Rewrite in place; return how many convolutions changed."""
    plans = [(node, plan) for node in nodes(model, "Conv") if (plan := plan_of(node)) is not None]
    plans.sort(key=lambda pair: saved_by(pair[1]), reverse=True)
    return sum(_rewrite(model, node, plan) for node, plan in plans)


def _rewrite(model: ir.Model, node: ir.Node, plan: Plan) -> int:
    source, kernel, bias = node.inputs[0], node.inputs[1], _bias(node)
    if source is None or kernel is None:
        return 0
    if bias is None:
        return miss(node, "its bias is computed")
    if not pays(plan):
        return miss(node, "by the measured rates it is faster as it is")
    if not kernel.meta.get(_FOLDED) and _folded(model) + plan.folded > MAX_FOLDED:
        return miss(node, "the kernels that OpenCV makes of other convolutions take the memory")
    kernel.meta[_FOLDED] = plan.folded
    output, points = node.outputs[0], plan.rows.points * plan.columns.points
    tiles = _tiles(model, node, plan, source)
    shape = (points, plan.kernels, plan.samples * plan.rows.tiles * plan.columns.tiles)
    inputs = [_kernel(model, node, plan), tiles]
    image = _image(model, node, plan, new_node(node, "MatMul", inputs, like=output, shape=shape))
    if bias.size:
        inputs = [image, new_constant(model, bias.reshape(1, -1, 1, 1), output, "bias")]
        image = new_node(node, "Add", inputs, like=output)
    return substitute(node, image)


def _folded(model: ir.Model) -> int:
    """Return how many numbers OpenCV makes of kernels; layers that share one share these."""
    return sum(value.meta.get(_FOLDED, 0) for value in model.graph.initializers.values())


def _bias(node: ir.Node) -> Array | None:
    """Return the bias (out,), empty without one; None if it is computed."""
    none = len(node.inputs) < 3 or node.inputs[2] is None
    return np.zeros(0, np.float32) if none else constant(node.inputs[2])


def plan_of(node: ir.Node) -> Plan | None:
    """Return the plan of a convolution's tiles; None where there is none."""
    shape, kernel = shape_of(node.inputs[0]), constant(node.inputs[1])
    if shape is None or kernel is None or len(shape) != 4 or kernel.dtype != np.float32:
        return None
    even = all(set(ints(node, name, (1, 1))) == {1} for name in ("strides", "dilations"))
    taps, pads = kernel.shape[2:], ints(node, "pads", (0, 0, 0, 0))
    if (
        not even
        or integer(node, "group", 1) != 1
        or pads_automatically(node)
        or set(taps) - set(TILES)
        or prod(taps) == 1
    ):
        return None
    rows, columns = (Axis(taps[k], shape[2 + k], pads[k], pads[2 + k]) for k in (0, 1))
    return Plan(shape[0], shape[1], len(kernel), rows, columns)


def _tiles(model: ir.Model, node: ir.Node, plan: Plan, value: ir.Value) -> ir.Value:
    """Return V, (points, C, N tiles)."""
    n, c, rows, columns = plan.samples, plan.channels, plan.rows, plan.columns
    value = _along_rows(model, node, value, n * c, rows.bands()[0], columns.size)
    value = _along_columns(model, node, value, n * c * rows.values, columns.bands()[0])
    six = (n, c, rows.points, rows.tiles, columns.points, columns.tiles)
    value = _move(model, node, value, six, _order(plan), 0)
    tiles = n * rows.tiles * columns.tiles
    return reshape(
        model, node, value, (rows.points * columns.points, c, tiles), like=node.outputs[0], free=2
    )


def _kernel(model: ir.Model, node: ir.Node, plan: Plan) -> ir.Value:
    """Return U, (points, K, C), which OpenCV computes while it loads the net."""
    value, output, pairs = node.inputs[1], node.outputs[0], plan.kernels * plan.channels
    assert value is not None  # noqa: S101 - it was looked at
    both = np.kron(plan.rows.matrix(), plan.columns.matrix()).astype(np.float32)
    value = reshape(model, node, value, (pairs, both.shape[1]), like=output)
    # Before it grows: whatever is made of a constant stays in memory.
    value = transpose(node, value, (1, 0), like=output)
    matrix = exact_constant(model, both, output, "taps")
    value = new_node(node, "MatMul", [matrix, value], like=output, shape=(len(both), pairs))
    return reshape(model, node, value, (len(both), plan.kernels, plan.channels), like=output)


def _image(model: ir.Model, node: ir.Node, plan: Plan, value: ir.Value) -> ir.Value:
    """Return the result, (N, K, rows, columns), of products (points, K, N tiles)."""
    n, k, rows, columns = plan.samples, plan.kernels, plan.rows, plan.columns
    six = (n, k, rows.points, rows.tiles, columns.points, columns.tiles)
    order = _order(plan)
    sizes, back = [six[axis] for axis in order], [order.index(axis) for axis in range(6)]
    value = _move(model, node, value, sizes, back, order.index(0))
    value = _along_rows(model, node, value, n * k, rows.bands()[1], columns.values)
    value = _along_columns(model, node, value, n * k * rows.found, columns.bands()[1])
    return reshape(
        model, node, value, (n, k, rows.found, columns.found), like=node.outputs[0], free=0
    )


def _along_rows(
    model: ir.Model,
    node: ir.Node,
    value: ir.Value,
    planes: int,
    band: Array | None,
    columns: int,
) -> ir.Value:
    """Multiply each plane's rows by a band; return (planes, its rows, columns)."""
    if band is None:
        return value
    value = reshape(
        model, node, value, (planes, band.shape[1], columns), like=node.outputs[0], free=0
    )
    inputs = [exact_constant(model, band[None], node.outputs[0], "rows"), value]
    shape = (planes, len(band), columns)
    return new_node(node, "MatMul", inputs, like=node.outputs[0], shape=shape)


def _along_columns(
    model: ir.Model, node: ir.Node, value: ir.Value, rows: int, band: Array | None
) -> ir.Value:
    """Multiply each row's columns by a band; return (rows, its columns)."""
    if band is None:
        return value
    value = reshape(model, node, value, (rows, band.shape[1]), like=node.outputs[0], free=0)
    inputs = [value, exact_constant(model, band.T, node.outputs[0], "columns")]
    return new_node(node, "MatMul", inputs, like=node.outputs[0], shape=(rows, len(band)))


def _order(plan: Plan) -> tuple[int, ...]:
    """Return the order of a product's axes: both points, channels, and its columns.

    Samples stand where most other axes stay adjacent.
    """
    return (2, 4, 1, 0, 3, 5) if plan.columns.taps == 1 else (2, 4, 1, 3, 0, 5)


def _move(
    model: ir.Model,
    node: ir.Node,
    value: ir.Value,
    sizes: Sequence[int],
    perm: Sequence[int],
    samples: int,
) -> ir.Value:
    """Transpose a tensor of those sizes, with axes that stay side by side as one.

    OpenCV copies line by line, and each axis less saves a tenth. The axis of the samples stays by
    itself, so that it may grow.
    """
    there = [a for a in range(len(sizes)) if sizes[a] > 1 or a == samples]
    runs: list[list[int]] = []
    for axis in (a for a in perm if a in there):
        before = there[there.index(axis) - 1] if axis != there[0] else None
        if runs and runs[-1][-1] == before and samples not in (before, axis):
            runs[-1].append(axis)
        else:
            runs.append([axis])
    order = sorted(runs)
    shape = tuple(prod(sizes[a] for a in run) for run in order)
    value = reshape(model, node, value, shape, like=node.outputs[0], free=order.index([samples]))
    return transpose(node, value, [order.index(run) for run in runs], like=node.outputs[0])
