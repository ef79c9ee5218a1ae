"""Rows of zeros with a one: what looks rows of a table up by a product."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import new_constant, new_node, shape_of

_FLOAT = ir.DataType.FLOAT


def as_numbers(node: ir.Node, indices: ir.Value) -> ir.Value:
    """Return the indices as float32."""
    to, shape = {"to": _FLOAT}, shape_of(indices)
    return new_node(node, "Cast", [indices], to, like=node.outputs[0], shape=shape, dtype=_FLOAT)


def one_hot(model: ir.Model, node: ir.Node, column: ir.Value, rows: int) -> ir.Value:
    """Mark each index in a row of zeros: (..., 1) -> (..., rows), float32.

    1 - Sign(Abs(index - (0, .., rows - 1))), which is exact: OpenCV 4.6 has no Equal.

    Args:
        model: the model.
        node: what needs the rows; they are made before it.
        column: whole numbers as float32, with a last axis of 1.
        rows: the number of rows of the table.
    """
    output, shape = node.outputs[0], shape_of(column) or ()
    ramp = new_constant(model, np.arange(rows, dtype=np.float32), output)
    one = new_constant(model, np.ones((), np.float32), output)
    apart = new_node(node, "Sub", [column, ramp], like=output, shape=(*shape[:-1], rows))
    differs = new_node(node, "Sign", [new_node(node, "Abs", [apart], like=apart)], like=apart)
    return new_node(node, "Sub", [one, differs], like=apart)
