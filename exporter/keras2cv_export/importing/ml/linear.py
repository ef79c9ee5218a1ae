"""Linear models: one product, and what is made of the scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import onnx_ir as ir

from keras2cv_export.graph.edit import integer, shape_of
from keras2cv_export.importing.forms.normalization import NodeWriter
from keras2cv_export.importing.refused_form import RefusedFormError

from .scores import (
    floats,
    label_count,
    matrix,
    put_labels,
    put_scores,
    transformed,
)


def rows_of(node: ir.Node) -> tuple[int, int]:
    """Return how many samples and numbers a node reads.

    Raises:
        RefusedFormError: It reads something else than (samples, numbers).
    """
    shape = shape_of(node.inputs[0])
    if shape is None or len(shape) != 2:
        raise RefusedFormError(
            f"it reads {shape or 'an unknown shape'}, and not (samples, numbers)"
        )
    return shape[0], shape[1]


def as_float(write: NodeWriter) -> ir.Value:
    """Return the node's first input as float32."""
    value = write.node.inputs[0]
    assert value is not None  # noqa: S101 - it has a shape
    if value.dtype in (None, ir.DataType.FLOAT):
        return value
    return write.op("Cast", value, to=int(ir.DataType.FLOAT), shape=shape_of(value))


def _scores(write: NodeWriter, count: int) -> ir.Value:
    rows, features = rows_of(write.node)
    weights = floats(write.node, "coefficients").reshape(count, features)
    bias = floats(write.node, "intercepts")
    kernel = matrix(write, weights.T, "kernel")
    product = write.op("MatMul", as_float(write), kernel, shape=[rows, count])
    if not bias.size:
        return product
    return write.op("Add", product, matrix(write, bias, "bias"), shape=[rows, count])


def _regressor(model: ir.Model, node: ir.Node, _: int) -> None:
    write, count = NodeWriter(model, node), integer(node, "targets", 1)
    scores = _scores(write, count)
    node.outputs[0].type = ir.TensorType(ir.DataType.FLOAT)
    write.put(transformed(write, scores, [rows_of(node)[0], count]))


def _classifier(model: ir.Model, node: ir.Node, _: int) -> None:
    write, (rows, features) = NodeWriter(model, node), rows_of(node)
    count = floats(node, "coefficients").size // features
    if count != label_count(node):
        raise RefusedFormError(f"it has {count} rows of weights for {label_count(node)} classes")
    scores = _scores(write, count)
    put_labels(write, scores, rows)
    put_scores(write, transformed(write, scores, [rows, count]))


OPS: Final[Mapping[str, Callable[[ir.Model, ir.Node, int], None]]] = {
    "LinearClassifier": _classifier,
    "LinearRegressor": _regressor,
}
