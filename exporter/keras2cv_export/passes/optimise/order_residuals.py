"""Compute the convolution of a residual sum after the sum's other operand.

    a = Conv(x), b = MaxPool(y), Add(a, b)  ->  b = MaxPool(y), a = Conv(x), Add(a, b)

A convolution of either engine adds a residual, and applies the activation after the sum, as it
writes its result; but the residual must be there already. Of two operands 5.0's new engine takes
the later one, if a convolution made it and nothing else reads it; the classic one needs the other
operand to lie before the convolution in the file. Exact up to the order of two sums.

Left alone when (1) the later operand can fuse the sum itself, (2) the convolution is read elsewhere
too, (3) the operands have different shapes.
"""

from __future__ import annotations

import onnx_ir as ir

from keras2cv_export.graph.edit import nodes, only_reader, shape_of
from keras2cv_export.graph.misses import miss


def order_residuals(model: ir.Model) -> int:
    """Reorder in place; return how many convolutions moved."""
    places = {node: place for place, node in enumerate(model.graph)}
    return sum(_order(model, node, places) for node in nodes(model, "Add"))


def _order(model: ir.Model, add: ir.Node, places: dict[ir.Node, int]) -> int:
    makers = [value.producer() for value in add.inputs if value is not None]
    shapes = {shape_of(value) for value in (*add.inputs, *add.outputs)}
    if len(makers) != 2 or None in makers or len(shapes) != 1 or makers[0] is makers[1]:
        return 0
    first, last = sorted((node for node in makers if node is not None), key=lambda n: places[n])
    if _takes(last, add):
        return 0
    if not _takes(first, add):
        has_conv = "Conv" in (first.op_type, last.op_type)
        return miss(add, "the convolution that it adds is read elsewhere too") if has_conv else 0
    model.graph.remove(first)
    model.graph.insert_before(add, first)
    return 1


def _takes(node: ir.Node, add: ir.Node) -> bool:
    """Whether a node can fuse the sum."""
    return node.op_type == "Conv" and only_reader(node.outputs[0]) is add
