"""tf2onnx with its idle rounds left out: fewer of them, and the same graph."""

from __future__ import annotations

import contextlib
from functools import cache
from typing import Any

import keras
import pytest
import tensorflow as tf
import tf2onnx.utils
from keras import layers
from tf2onnx import tfonnx
from tf2onnx.graph import Graph

from keras2cv_export.model.load import load_model
from keras2cv_export.tracing import to_onnx as conversion
from keras2cv_export.tracing.capture import TracedGraph, trace
from keras2cv_export.tracing.shorten import shortened


@cache
def recurrent() -> TracedGraph:
    """Trace convolutions, an unrolled LSTM in both directions and attention."""
    keras.utils.set_random_seed(4)
    x = image = keras.Input((4, 6, 3))
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, dilation_rate=2, padding="same")(x))
    x = layers.TimeDistributed(layers.Flatten())(x)
    x = layers.Bidirectional(layers.LSTM(5, return_sequences=True))(x)
    x = layers.MultiHeadAttention(2, 3)(x, x)
    return trace(load_model(keras.Model(image, layers.GRU(3)(x))))


def message(traced: TracedGraph, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Convert, names numbered from one: they are from where the conversion before ended."""
    made: list[Any] = []
    make_model = Graph.make_model

    def kept(graph: Any, *args: Any) -> Any:
        made.append(make_model(graph, *args))
        return made[-1]

    monkeypatch.setattr(tf2onnx.utils, "INTERNAL_NAME", 1)
    monkeypatch.setattr(Graph, "make_model", kept)
    conversion.to_onnx(traced)
    return made[-1]


def test_the_graph_is_the_one_that_all_rounds_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte by byte, with unrolled loops and attention, which need many rewrites."""
    traced = recurrent()
    short = message(traced, monkeypatch)
    with monkeypatch.context() as whole:
        whole.setattr(conversion, "shortened", contextlib.nullcontext)
        long = message(traced, monkeypatch)
    assert short.SerializeToString(deterministic=True) == long.SerializeToString(deterministic=True)


def test_nodes_are_indexed_after_a_change_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of tf2onnx's rewriters find nothing in a graph without loops."""
    done: list[Any] = []
    traced, original = recurrent(), Graph.reset_nodes
    monkeypatch.setattr(Graph, "reset_nodes", lambda g, ops: (done.append(g), original(g, ops)))
    conversion.to_onnx(traced)
    few = len(done)
    monkeypatch.setattr(conversion, "shortened", contextlib.nullcontext)
    conversion.to_onnx(traced)
    assert 0 < few < (len(done) - few) / 2


def test_everything_is_put_back() -> None:
    """Another user of tf2onnx finds it as it was."""
    before = Graph.reset_nodes, tfonnx.resolve_functions
    with pytest.raises(KeyError), shortened():
        raise KeyError(Graph.reset_nodes is before[0])
    assert (Graph.reset_nodes, tfonnx.resolve_functions) == before


def test_a_traced_graph_has_no_functions() -> None:
    """So looking for functions has no effect."""
    traced = recurrent()
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(traced.graph_def, name="")
    assert not graph._functions
