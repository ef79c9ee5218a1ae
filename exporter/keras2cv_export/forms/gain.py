"""How much faster another form of a net is, as estimated from its graph.

The forms differ in what two passes do, and in little else: products of tiles, and layer
normalisations as single ops. Both are estimated before any form is made, by rates of one machine.
Measuring instead would take seconds of an export, and give other bundles on a busy machine.
"""

from __future__ import annotations

from math import prod
from typing import Final

import onnx_ir as ir

from keras2cv_export.graph.edit import constant, integer, nodes, reduced_axes, shape_of
from keras2cv_export.passes.optimise.multiply_tiles import plan_of
from keras2cv_export.passes.tiles import SPEEDS, pays, saved_by

_PRODUCTS: Final = ("MatMul", "Gemm")
_FREE: Final = ("Constant", "Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze")
_POINTWISE: Final = 100e9  # operations a second of a 1x1 convolution
_DEPTHWISE: Final = 12e9
_MOVED: Final = 8e9  # bytes a second of what computes element by element, read and written
_MEANS: Final = 3.0  # times as long: ops that read along axes, or move them
_SLOW: Final = ("ReduceMean", "ReduceSum", "Transpose", "Softmax", "Concat", "LSTM", "GRU")
_STEPS: Final = 20  # that constants go through
_NODE_S: Final = 4e-6
_NORMALIZATION_S: Final = 8e-9  # that an element saves
_NORMALIZATION_NODES: Final = 8  # that there are fewer then


def estimated_share(portable: ir.Model, unwritten: ir.Model) -> float:
    """Estimate the time of a form for the newest OpenCV, as a share of the portable one's.

    Args:
        portable: The portable graph.
        unwritten: The graph before any rewrite.
    """
    whole = sum(_of_node(node) for node in portable.graph if not _is_computed_once(node))
    saved = _by_tiles(portable) + _by_normalization(unwritten)
    return 1 - min(saved / whole, 1.0) if whole else 1.0


def _by_tiles(portable: ir.Model) -> float:
    """Return the seconds that convolutions save as products of tiles (`multiply_tiles`)."""
    plans = (plan_of(node) for node in nodes(portable, "Conv"))
    return sum(saved_by(plan) for plan in plans if plan is not None and pays(plan))


def _by_normalization(unwritten: ir.Model) -> float:
    """Return the seconds that `name_layer_normalization` saves; each has two means."""
    means = [node for node in nodes(unwritten, "ReduceMean") if _is_over_last(node)]
    elements = sum(prod(shape_of(node.inputs[0]) or ()) for node in means)
    return (_NORMALIZATION_S * elements + _NORMALIZATION_NODES * _NODE_S * len(means)) / 2


def _is_over_last(node: ir.Node) -> bool:
    rank = len(shape_of(node.inputs[0]) or ())
    axes = reduced_axes(node, rank) if rank > 1 else None
    return axes is not None and axes == (rank - 1,)


def _of_node(node: ir.Node) -> float:
    if node.op_type in _FREE:
        return _NODE_S
    if node.op_type == "Conv":
        return _NODE_S + _of_convolution(node)
    if node.op_type in _PRODUCTS:
        return _NODE_S + _of_product(node)
    times = _MEANS if node.op_type in _SLOW else 1.0
    return _NODE_S + times * _moved(node) / _MOVED


def _of_convolution(node: ir.Node) -> float:
    kernel, output = shape_of(node.inputs[1]) or (), shape_of(node.outputs[0]) or ()
    taps = prod(kernel[2:])
    operations = 2.0 * prod(output) * prod(kernel[1:])
    if integer(node, "group", 1) > 1:
        return operations / _DEPTHWISE
    rate = _POINTWISE if taps == 1 else SPEEDS.direct.get(taps, SPEEDS.direct_otherwise)
    return operations / rate


def _of_product(node: ir.Node) -> float:
    a, output = shape_of(node.inputs[0]) or (1,), shape_of(node.outputs[0]) or ()
    inner = a[0] if node.op_type == "Gemm" and integer(node, "transA", 0) else a[-1]
    return 2.0 * prod(output) * inner / SPEEDS.product + _moved(node) / SPEEDS.read


def _moved(node: ir.Node) -> float:
    values = [value for value in (*node.inputs, *node.outputs) if value is not None]
    return 4.0 * sum(prod(shape_of(value) or ()) for value in values)


def _is_computed_once(node: ir.Node) -> bool:
    """Whether OpenCV computes a node while it loads the net: of constants, directly or in steps."""
    seen = [node]
    for one in seen:
        for value in one.inputs:
            if value is None or constant(value) is not None:
                continue
            producer = value.producer()
            if producer is None:
                return False
            seen.append(producer)
            if len(seen) > _STEPS:
                return False
    return True
