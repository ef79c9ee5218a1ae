"""Arithmetic on weights alone: done before the conversion, with the bits that it gives after."""

from __future__ import annotations

from collections import Counter
from typing import Any

import keras
import numpy as np
import onnx_ir as ir
import pytest
import tensorflow as tf
from keras import layers

from keras2cv_export.convert import convert
from keras2cv_export.model.load import load_model
from keras2cv_export.tracing.capture import trace
from keras2cv_export.tracing.flatten_weights import Weights
from support.traced_ops import loaded, random


def normalized() -> Any:
    """Build convolutions with every normalization, their weights and statistics random."""
    keras.utils.set_random_seed(5)
    x = image = keras.Input((9, 11, 3))
    for _ in range(2):
        x = layers.Conv2D(6, 3, use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.LayerNormalization()(layers.GroupNormalization(3)(x))
    model = keras.Model(image, layers.Dense(4)(layers.Flatten()(x)))
    rng = np.random.default_rng(6)
    for variable in model.weights:
        variable.assign(rng.uniform(0.5, 2, variable.shape))
    return model


def ops_of(model: Any) -> Counter[str]:
    """Count the ops of a traced graph."""
    return Counter(node.op for node in trace(model).graph_def.node)


def test_no_node_computes_with_weights_alone() -> None:
    """A normalization multiplies and adds, and nothing else is left of its statistics."""
    x = image = keras.Input((9, 11, 3))
    x = layers.BatchNormalization()(layers.Conv2D(6, 3, use_bias=False)(x))
    ops = ops_of(load_model(keras.Model(image, x)))
    assert (ops["Mul"], ops["AddV2"]) == (1, 1)
    assert not {"Rsqrt", "Sub", "Reshape"} & ops.keys()


def test_the_bits_are_those_that_the_passes_would_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy computes both times, in the same order."""
    model = normalized()
    early = convert(load_model(model)).model
    monkeypatch.setattr(Weights, "computed", lambda *_: None)
    late = convert(load_model(model)).model
    assert [node.op_type for node in early.graph] == [node.op_type for node in late.graph]
    assert _bits(early) == _bits(late)


def _bits(model: ir.Model) -> Counter[bytes]:
    weights = (value.const_value for value in model.graph.initializers.values())
    return Counter(tensor.tobytes() for tensor in weights if tensor is not None)


def test_a_result_that_several_read_is_one_weight() -> None:
    """It gets its placeholder from the first of them."""
    scale = tf.Variable(random(4) + 2)

    def both(x: Any) -> Any:
        root = tf.math.rsqrt(scale)
        return x * root, x + root

    assert len(trace(loaded(both, random(2, 4))).weights) == 1


def test_large_kernels_are_left_to_the_passes() -> None:
    """Their results would lie in memory beside them until the end of the conversion."""
    kernel = tf.Variable(random(300, 300))
    ops = ops_of(loaded(lambda x: tf.matmul(x, kernel * 0.5), random(2, 300)))
    assert ops["Mul"] == 1


def test_what_divides_by_zero_does_so_without_a_word() -> None:
    """TensorFlow accepts it, too; the comparison reports such a model."""
    scale = tf.Variable(np.zeros(4, np.float32))
    traced = trace(loaded(lambda x: x * tf.math.rsqrt(scale), random(2, 4)))
    (weight,) = traced.weights.values()
    assert np.isinf(weight).all()
