"""A traced TensorFlow graph as ONNX: tf2onnx for the ops, our own hands for the weights."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx_ir as ir
from tf2onnx import tfonnx

from .handlers import ONNX, OPSET
from .origin import mark
from .to_graph import TracedGraph
from .to_quiet import tf


def to_onnx(traced: TracedGraph) -> ir.Model:
    """Convert, and attach the weights.

    Inputs and outputs keep the names and the layout (channels last) of `traced`; every weight is
    an initializer that shares TensorFlow's memory; every value has its static shape. Ops that
    tf2onnx does not know stay in the graph under TensorFlow's names: `support.unsupported` lists
    them with their layers.

    tf2onnx's own optimizers are left out: they take longer than all the rest, lose shapes, and
    cannot cancel a Transpose of a weight that is not there yet. The passes do their work.
    """
    with tf.Graph().as_default() as graph, _quiet():
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
    _mark_layers(model, traced)
    return model


def _keep_shapes(model: ir.Model, converted: Any) -> None:
    """Give every value the shape and type that TensorFlow knew; a ModelProto has no room for it."""
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


def _mark_layers(model: ir.Model, traced: TracedGraph) -> None:
    """Say of each value which layer gave it: tf2onnx calls most values as TensorFlow did."""
    values = {value.name: value for node in model.graph for value in node.outputs}
    values |= _gemms(model, traced)
    for key, name in traced.layers.items():
        if name in values:
            mark(_as_tensorflow_has_it(values[name]), key)


def _as_tensorflow_has_it(value: ir.Value) -> ir.Value:
    """Return what the readers of a TensorFlow tensor read.

    What tf2onnx computes channels first keeps the tensor's name, and a Transpose back, named after
    the node, stands before all that read it.
    """
    node, readers = value.producer(), [use.node for use in value.uses()]
    if node is None or len(readers) != 1 or value.is_graph_output():
        return value
    made_for_it = re.fullmatch(rf"{re.escape(str(node.name))}__\d+", str(readers[0].name))
    return _as_tensorflow_has_it(readers[0].outputs[0]) if made_for_it else value


def _gemms(model: ir.Model, traced: TracedGraph) -> dict[str | None, ir.Value]:
    """Return the values that stand for a MatMul and the bias after it, by the sum's name."""
    found: dict[str | None, ir.Value] = {}
    products = {_GEMM.sub("", str(n.name)): n for n in model.graph if _GEMM.search(str(n.name))}
    for node in traced.graph_def.node:
        for source in node.input[:1] if node.op in ("BiasAdd", "Add", "AddV2") else ():
            if source.removesuffix(":0") in products:
                found[f"{node.name}:0"] = products[source.removesuffix(":0")].outputs[0]
    return found


_GEMM = re.compile(r"_Gemm__\d+$")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep tf2onnx's own log out of ours: what it could not convert is reported by `support`."""
    logger: Any = logging.getLogger("tf2onnx")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
