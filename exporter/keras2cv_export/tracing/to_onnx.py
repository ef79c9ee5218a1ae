"""Convert a traced TensorFlow graph to ONNX: tf2onnx converts the ops, we attach the weights."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx_ir as ir
from tf2onnx import tfonnx
from tf2onnx.graph import Graph

from keras2cv_export.graph.origin import mark
from keras2cv_export.quiet.tensorflow import tf

from .capture import TracedGraph
from .shorten import shortened
from .tf_ops import ONNX, OPSET


def to_onnx(traced: TracedGraph) -> ir.Model:
    """Convert a traced graph, and attach the weights.

    Inputs and outputs keep the names and the layout (channels last) of `traced`; every weight is
    an initializer that shares TensorFlow's memory; every value has its static shape. Ops that
    tf2onnx does not know stay in the graph under TensorFlow's names: `importer_support` lists
    them with their layers.

    tf2onnx's own optimizers are left out: they take longer than all the rest, lose shapes, and
    cannot cancel a Transpose of a weight that is not there yet. The passes do their work.
    """
    with tf.Graph().as_default() as graph, _quiet(), shortened(), _replacements() as replaced:
        tf.import_graph_def(traced.graph_def, name="")
        converted = tfonnx.process_tf_graph(
            graph,
            opset=OPSET,
            input_names=[*traced.inputs, *traced.weights],
            output_names=list(traced.outputs),
            custom_op_handlers=dict(ONNX),
            continue_on_error=True,
        )
        model: ir.Model = ir.from_proto(converted.make_model("keras2cv"))
    _keep_shapes(model, converted)
    for value, spec in zip(model.graph.outputs, traced.output_specs, strict=True):
        value.shape = ir.Shape([int(d or 0) for d in spec.shape])
    _attach(model, traced)
    _mark_layers(model, traced.layers, replaced)
    return model


def _keep_shapes(model: ir.Model, converted: Any) -> None:
    """Give every value the shape and type that TensorFlow knew, which a ModelProto cannot hold."""
    for node in model.graph:
        for value in node.outputs:
            shape = converted.get_shape(value.name)
            if value.shape is None and shape is not None and -1 not in shape:
                value.shape = ir.Shape(shape)
            if value.dtype is None and converted.get_dtype(value.name):
                value.dtype = ir.DataType(converted.get_dtype(value.name))


def _attach(model: ir.Model, traced: TracedGraph) -> None:
    """Turn the weight inputs into initializers."""
    graph = model.graph
    for value in [v for v in graph.inputs if v.name in traced.weights]:
        array = np.ascontiguousarray(traced.weights[str(value.name)])
        graph.inputs.remove(value)
        value.const_value = ir.tensor(array, name=value.name)
        value.shape = ir.Shape(array.shape)
        graph.register_initializer(value)


def _mark_layers(model: ir.Model, layers: Mapping[str, str], replaced: Mapping[str, str]) -> None:
    """Mark each value with the layer that returned it: tf2onnx keeps TensorFlow's names."""
    values = {value.name: value for node in model.graph for value in node.outputs}
    for key, name in layers.items():
        value = values.get(_followed(name, replaced))
        if value is not None:
            mark(value, key)


def _followed(name: str, replaced: Mapping[str, str]) -> str:
    """Return the value that stands for a tensor in the end."""
    seen = {name}
    while (name := replaced.get(name, name)) not in seen:
        seen.add(name)
    return name


@contextmanager
def _replacements() -> Iterator[dict[str, str]]:
    """Record which value tf2onnx gives to a tensor's readers in the tensor's place.

    When tf2onnx computes a tensor in another form, such as channels first, the new value keeps the
    tensor's name, and all readers get a value behind it: that one equals the original tensor.
    """
    found: dict[str, str] = {}
    original = Graph.replace_all_inputs

    def replace_all_inputs(graph: Any, old: str, new: str, ops: Any = None) -> None:
        original(graph, old, new, ops)
        if old != new:
            # Later insertions behind `old` stand between it and the first one.
            found.setdefault(old, new)

    Graph.replace_all_inputs = replace_all_inputs
    try:
        yield found
    finally:
        Graph.replace_all_inputs = original


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence tf2onnx's log: `importer_support` reports the ops that it could not convert."""
    logger: Any = logging.getLogger("tf2onnx")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
