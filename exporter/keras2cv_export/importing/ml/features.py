"""What is done to numbers before a classical model sees them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import constant, new_constant, new_node, shape_of, substitute
from keras2cv_export.importing.forms.normalization import NodeWriter
from keras2cv_export.importing.refused_form import RefusedFormError

from .linear import as_float, rows_of
from .scores import floats, looked_up, matrix, text


def _scaler(model: ir.Model, node: ir.Node, _: int) -> None:
    write, shape = NodeWriter(model, node), rows_of(node)
    offset, scale = floats(node, "offset"), floats(node, "scale")
    node.outputs[0].type = ir.TensorType(ir.DataType.FLOAT)
    value = as_float(write)
    if offset.size:
        value = write.op("Sub", value, matrix(write, offset, "offset"), shape=shape)
    write.put(write.op("Mul", value, matrix(write, scale, "scale"), shape=shape))


def _normalizer(model: ir.Model, node: ir.Node, _: int) -> None:
    write, (rows, count) = NodeWriter(model, node), rows_of(node)
    kind = text(node, "norm", "MAX")
    value = as_float(write)
    if kind == "MAX":
        length = write.op("ReduceMax", value, shape=[rows, 1], axes=[1], keepdims=1)
    elif kind in ("L1", "L2"):
        length = write.op(f"Reduce{kind}", value, shape=[rows, 1], axes=[1], keepdims=1)
    else:
        raise RefusedFormError(f"it normalises by {kind}")
    if kind != "MAX":  # a row of zeros stays one
        least = write.number(float(np.finfo(np.float32).tiny), "least")
        length = write.op("Max", length, least, shape=[rows, 1])
    node.outputs[0].type = ir.TensorType(ir.DataType.FLOAT)
    write.put(write.op("Div", value, length, shape=[rows, count]))


def _extractor(model: ir.Model, node: ir.Node, _: int) -> None:
    """Take places of the last axis; those may be computed, as the label of the largest score is."""
    shape, places = shape_of(node.inputs[0]), shape_of(node.inputs[1])
    if shape is None or places is None:
        raise RefusedFormError("the size of what it reads depends on values")
    output, count = node.outputs[0], math.prod(places)
    line = new_constant(model, np.array([count], np.int64), output, "line")
    index = new_node(
        node,
        "Reshape",
        [node.inputs[1], line],
        like=output,
        shape=[count],
        dtype=ir.DataType.INT64,
    )
    taken = [*(shape[:-1] or (1,)), count]
    table = constant(node.inputs[0])
    if table is not None and table.size == shape[-1] and constant(node.inputs[1]) is None:
        found = looked_up(NodeWriter(model, node), table.reshape(-1), index, count)
        full = new_constant(model, np.array(taken, np.int64), output, "shape")
        substitute(node, new_node(node, "Reshape", [found, full], like=output, shape=taken))
        return
    full = new_constant(model, np.array(taken, np.int64), output, "shape")
    axis = len(shape) - 1
    found = new_node(
        node,
        "Gather",
        [node.inputs[0], index],
        {"axis": axis},
        like=output,
        shape=[*shape[:-1], count],
    )
    substitute(node, new_node(node, "Reshape", [found, full], like=output, shape=taken))


def _binarizer(model: ir.Model, node: ir.Node, _: int) -> None:
    write, shape = NodeWriter(model, node), rows_of(node)
    attribute = node.attributes.get("threshold")
    limit = write.number(0.0 if attribute is None else attribute.as_float(), "threshold")
    above = new_node(
        node,
        "Greater",
        [as_float(write), limit],
        like=node.outputs[0],
        shape=shape,
        dtype=ir.DataType.BOOL,
    )
    node.outputs[0].type = ir.TensorType(ir.DataType.FLOAT)
    write.put(write.op("Cast", above, to=int(ir.DataType.FLOAT), shape=shape))


def _vectorizer(model: ir.Model, node: ir.Node, _: int) -> None:
    write = NodeWriter(model, node)
    shapes = [shape_of(value) for value in node.inputs]
    if any(shape is None or len(shape) != 2 for shape in shapes):
        raise RefusedFormError("it joins something else than (samples, numbers)")
    rows, columns = (shapes[0] or (0,))[0], sum(shape[1] for shape in shapes if shape)
    parts = [
        value
        if value is None or value.dtype == ir.DataType.FLOAT
        else write.op("Cast", value, to=int(ir.DataType.FLOAT), shape=shape_of(value))
        for value in node.inputs
    ]
    node.outputs[0].type = ir.TensorType(ir.DataType.FLOAT)
    write.put(write.op("Concat", *parts, axis=1, shape=[rows, columns]))


OPS: Final[Mapping[str, Callable[[ir.Model, ir.Node, int], None]]] = {
    "ArrayFeatureExtractor": _extractor,
    "Binarizer": _binarizer,
    "FeatureVectorizer": _vectorizer,
    "Normalizer": _normalizer,
    "Scaler": _scaler,
}
