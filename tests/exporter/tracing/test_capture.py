"""Traced graphs: weights as inputs that share memory, shapes that are known, SavedModels alike."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras2cv.errors import ModelError
from keras2cv_export.model.load import LoadedModel, load_model
from keras2cv_export.tracing.capture import TracedGraph, trace
from support.traced_ops import Array, flat, loaded, random


def computed(traced: TracedGraph, *arrays: Array) -> list[Array]:
    """Run a traced graph with its weights."""
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(traced.graph_def, name="")
        with tf.compat.v1.Session(graph=graph) as session:
            feeds = dict(zip(traced.inputs, arrays, strict=True)) | dict(traced.weights)
            outputs: list[Array] = session.run(list(traced.outputs), feeds)
            return outputs


def assert_traced(model: LoadedModel, limit: float = 2e-6) -> TracedGraph:
    """The graph and the model compute the same, and the graph has no functions or variables."""
    traced = trace(model, unrolled=True)  # TensorFlow runs the carrier of a layer on GPUs alone
    arrays = [np.random.default_rng(k).normal(size=s.shape).astype(s.dtype)
              for k, s in enumerate(model.inputs)]  # fmt: skip
    expected = [np.asarray(t) for _, t in model.call(*[tf.constant(a) for a in arrays])]
    for got, wanted in zip(computed(traced, *arrays), expected, strict=True):
        assert got.shape == wanted.shape
        assert np.abs(got - wanted).max() <= limit * np.abs(wanted).max()
    ops = {node.op for node in traced.graph_def.node}
    assert not ops & {"PartitionedCall", "StatefulPartitionedCall", "ReadVariableOp", "While"}
    return traced


@pytest.fixture(autouse=True)
def _same_weights() -> None:
    keras.utils.set_random_seed(7)


def classifier() -> Any:
    """Build a small convolutional classifier of pictures (9, 11, 3)."""
    x = image = keras.Input((9, 11, 3), name="image")
    x = layers.Conv2D(5, 3, activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(4, name="scores")(x))


# -- weights ----------------------------------------


def test_weights_are_inputs() -> None:
    """Each variable is a placeholder, and the graph holds none of their numbers."""
    model = classifier()
    traced = assert_traced(load_model(model))
    kernel, bias, *_statistics, dense_kernel, dense_bias = (
        math.prod(v.shape) for v in model.weights
    )
    normalization = [5, 5]  # of four vectors: a factor and a term
    assert sorted(w.size for w in traced.weights.values()) == sorted(
        [kernel, bias, *normalization, dense_kernel, dense_bias]
    )
    placeholders = [n for n in traced.graph_def.node if n.op == "Placeholder"]
    assert len(placeholders) == len(traced.inputs) + len(traced.weights)


def test_weights_share_tensorflows_memory() -> None:
    """No copy is made of a kernel: a change to the variable's buffer shows."""
    variable = tf.Variable(random(300, 200))
    traced = trace(loaded(lambda x: tf.matmul(x, variable), random(2, 300)))
    (weight,) = traced.weights.values()
    again = trace(loaded(lambda x: tf.matmul(x, variable), random(2, 300)))
    assert np.shares_memory(weight, next(iter(again.weights.values())))


def test_weights_that_nothing_reads_are_left_out() -> None:
    """A training-only variable is no input of the graph."""
    used, unused = tf.Variable(random(3)), tf.Variable(random(4))

    def function(x: Any) -> Any:
        tf.reduce_sum(unused)
        return x * used

    assert [w.shape for w in flat(function, random(2, 3)).graph.weights.values()] == [(3,)]


def test_captured_constants_are_weights_too() -> None:
    """A large constant from outside is an input, a small one part of the graph."""
    large, small = tf.constant(random(9, 30)), tf.constant([1, 2], tf.int32)
    traced = flat(lambda x: tf.reduce_sum(x + large, small - 1), random(9, 30))
    traced.assert_same()
    assert [w.shape for w in traced.graph.weights.values()] == [(9, 30)]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "bool", "int8", "int64"])
def test_weights_of_every_type(dtype: str) -> None:
    """The values arrive as they are."""
    values = tf.cast(tf.constant(random(70) > 0 if dtype == "bool" else random(70) * 9), dtype)
    traced = trace(loaded(lambda x: x * tf.cast(values, tf.float32), random(70)))
    (weight,) = traced.weights.values()
    np.testing.assert_array_equal(weight.astype("float32"), tf.cast(values, tf.float32))


# -- interface ----------------------------------------


def test_outputs_have_names_of_their_own() -> None:
    """One tensor given twice, and an input given back, are separate outputs."""

    def function(x: Any) -> Any:
        y = tf.sin(x)
        return y, y, x

    traced = flat(function, random(2, 3))
    traced.assert_same()
    assert len(set(traced.graph.outputs)) == 3
    assert [s.name for s in traced.graph.output_specs] == ["y0", "y1", "y2"]


def test_an_input_that_nothing_reads_stays() -> None:
    """The interface is the model's."""
    traced = trace(loaded(lambda _, y: (tf.cos(y),), random(2, 3), random(4)))
    assert len(traced.inputs) == 2
    assert {"keras2cv_input_0", "keras2cv_input_1"} <= {n.name for n in traced.graph_def.node}


def test_shapes_follow_from_the_inputs() -> None:
    """At static sizes, values computed from `tf.shape` are constants."""
    traced = flat(
        lambda x: tf.reshape(x, [tf.shape(x)[0], tf.shape(x)[1] * tf.shape(x)[2]]), random(2, 3, 5)
    )
    traced.assert_same()
    assert traced.graph.output_specs[0].shape == (2, 15)
    assert not {"Shape", "Pack"} & set(traced.ops)


def test_a_shape_that_depends_on_values_is_refused() -> None:
    """The sentence names the output and its shape."""
    with pytest.raises(ModelError, match=r"'y0' has the shape \(None,\)"):
        flat(lambda x: tf.unique(x).y, random(9))


# -- SavedModels ----------------------------------------


class Recurrent(keras.Model):
    """A subclassed model with a recurrent layer and a loop of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.memory, self.scores = layers.GRU(4), layers.Dense(3)

    def call(self, inputs: Any) -> Any:
        """Return (N, 3)."""
        x = self.memory(inputs)
        for _ in range(2):
            x = keras.ops.tanh(x) * 1.5
        return self.scores(x)


def test_an_exported_functional_model(tmp_path: Path) -> None:
    """Variables that nested functions capture are lifted out of them."""
    model = classifier()
    model.export(str(tmp_path / "saved"), verbose=False)
    traced = assert_traced(load_model(tmp_path / "saved"))
    statistics = 2 * 5  # of four vectors, a normalization's arithmetic leaves two
    assert sum(w.size for w in traced.weights.values()) == model.count_params() - statistics


def test_an_exported_subclassed_model(tmp_path: Path) -> None:
    """A loop over time, inside of a function inside of a signature."""
    model = Recurrent()
    model(random(1, 6, 5))
    model.export(str(tmp_path / "saved"), verbose=False)
    assert_traced(load_model(tmp_path / "saved", input_shapes=(2, 6, 5)))


class Module(tf.Module):
    """A model without Keras: two variables, a nested function, a branch and a loop."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel, self.bias = tf.Variable(random(5, 5) * 0.4), tf.Variable(random(5))

    @tf.function
    def step(self, x: Any) -> Any:
        """Return (N, 5)."""
        return tf.tanh(tf.matmul(x, self.kernel) + self.bias)

    @tf.function(input_signature=[tf.TensorSpec((None, 5), tf.float32, name="x")])
    def __call__(self, x: Any) -> Any:
        """Return {"state": (N, 5), "sum": (N,)}."""
        for _ in tf.range(3):
            x = self.step(x)
        total = tf.reduce_sum(x, 1) if tf.shape(x)[0] > 1 else x[:, 0]
        return {"state": x, "sum": total}


def test_a_saved_module(tmp_path: Path) -> None:
    """Written by tf.saved_model.save; the branch on the batch is decided."""
    tf.saved_model.save(Module(), str(tmp_path / "saved"))
    traced = assert_traced(load_model(tmp_path / "saved", batch=2))
    assert sorted(w.shape for w in traced.weights.values()) == [(5,), (5, 5)]
    assert [node.op for node in traced.graph_def.node].count("MatMul") == 3
