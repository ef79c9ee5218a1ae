"""A traced TensorFlow graph as ONNX: tf2onnx for the ops, our own hands for the weights."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx_ir as ir
import tensorflow as tf
from tf2onnx import optimizer, tfonnx

from .handlers import HANDLERS
from .to_graph import TracedGraph

# The newest opset whose node forms OpenCV 4.7 and later import as they are; the passes rewrite
# what older versions need. OpenCV itself ignores the number and looks at the forms.
OPSET = 13


def to_onnx(traced: TracedGraph) -> ir.Model:
    """Convert, and attach the weights.

    Inputs and outputs keep the names and the layout (channels last) of `traced`; every weight is
    an initializer that shares TensorFlow's memory. Ops that tf2onnx does not know stay in the
    graph under TensorFlow's names: `support.unsupported` lists them with their layers.
    """
    with tf.Graph().as_default() as graph, _quiet():
        tf.import_graph_def(traced.graph_def, name="")
        converted = tfonnx.process_tf_graph(
            graph,
            opset=OPSET,
            input_names=[*traced.inputs, *traced.weights],
            output_names=list(traced.outputs),
            custom_op_handlers=dict(HANDLERS),
            continue_on_error=True,
        )
        # catch_errors=True would deep-copy the graph before each of its optimisers.
        proto = optimizer.optimize_graph(converted, catch_errors=False).make_model("keras2cv")
    model: ir.Model = ir.from_proto(proto)
    for value, spec in zip(model.graph.outputs, traced.output_specs, strict=True):
        value.shape = ir.Shape([int(d or 0) for d in spec.shape])  # tf2onnx loses some
    _attach(model, traced)
    return model


def _attach(model: ir.Model, traced: TracedGraph) -> None:
    """Turn the weight inputs into initializers."""
    graph = model.graph
    for value in [v for v in graph.inputs if v.name in traced.weights]:
        array = np.ascontiguousarray(traced.weights[str(value.name)])
        graph.inputs.remove(value)
        value.const_value = ir.tensor(array, name=value.name)
        value.shape = ir.Shape(array.shape)
        graph.register_initializer(value)


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
