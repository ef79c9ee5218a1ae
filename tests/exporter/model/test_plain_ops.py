"""While a model is traced Keras builds plain ops, and afterwards everything is as before."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import keras
import pytest
import tensorflow as tf
from keras import layers, ops

from keras2cv_export.model.plain_ops import plain_ops
from support.traced_ops import flat, random

CORE, NN, NUMPY, RNN = (
    import_module(f"keras.src.backend.tensorflow.{name}") for name in ("core", "nn", "numpy", "rnn")
)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, -1])
@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_extremes_are_one_op(name: str, axis: int | None, keepdims: bool) -> None:
    """No bits are looked at on the way to the largest number's place."""
    traced = flat(lambda x: getattr(ops, name)(x, axis, keepdims), random(3, 4, 5))
    traced.assert_same(limit=0)
    assert "Bitcast" not in traced.ops
    assert traced.ops["ArgMax" if name == "argmax" else "ArgMin"] == 1


def test_signs() -> None:
    """Numbers below zero have a sign bit."""
    traced = flat(ops.signbit, random(3, 4))
    traced.assert_same(limit=0)
    assert "Bitcast" not in traced.ops


@pytest.mark.parametrize("layer", [layers.LSTM, layers.GRU])
def test_recurrent_layers_go_step_by_step(layer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even on a machine with a GPU is cuDNN's op asked for."""
    monkeypatch.setattr(RNN, "cudnn_ok", lambda *_, **__: True)
    model = keras.Sequential([keras.Input((3, 4)), layer(5)])
    with plain_ops():
        function = tf.function(model.call).get_concrete_function(tf.TensorSpec((1, 3, 4)))
    assert not [op for op in function.graph.get_operations() if "Cudnn" in op.type]


def test_adaptive_pooling_to_one() -> None:
    """Keras asks for a window larger than the input, which a graph cannot be built of."""
    layer = layers.AdaptiveAveragePooling2D((1, 3))
    flat(layer, random(1, 5, 7, 2)).assert_same()


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("axis", [1, -2])
@pytest.mark.parametrize("length", [1, 2, 3, 6, 7])
def test_scans(length: int, axis: int, reverse: bool) -> None:
    """Keras itself cannot trace one along an axis that is counted from the end."""

    def decayed(one: Any, two: Any) -> Any:
        return one[0] * two[0], one[1] * two[0] + two[1]

    def scan(x: Any) -> Any:
        return ops.associative_scan(decayed, (x, 1 - x), reverse=reverse, axis=axis)[1]

    flat(scan, random(2, length, 3)).assert_same()


def test_a_scan_of_one_tensor() -> None:
    """The elements need be no tuple."""
    flat(lambda x: ops.associative_scan(ops.add, x, axis=-1), random(2, 5)).assert_same()


ODD = ["my model", "_hidden", "größe", "1: first", "a?b"]


@pytest.mark.parametrize("name", ODD)
def test_names_that_are_no_scopes(name: str) -> None:
    """A layer may be called anything; in the graph its scope is legal."""
    inputs = keras.Input((4,), name=f"in {name}")
    model = keras.Model(inputs, layers.Dense(3, name=name)(inputs), name=f"of {name}")
    flat(lambda x: model(x, training=False), random(2, 4)).assert_same()
    assert model.layers[-1].name == name


def test_everything_is_put_back() -> None:
    """Also when tracing fails."""
    owners = [(NUMPY, "argmax"), (NUMPY, "argmin"), (NUMPY, "signbit"), (RNN, "cudnn_ok"),
              (NN, "compute_adaptive_pooling_window_sizes"),
              (CORE.name_scope, "__init__")]  # fmt: skip

    def fail() -> None:
        with plain_ops():
            now = [getattr(owner, name) for owner, name in owners]
            assert all(new is not old for new, old in zip(now, before, strict=True))
            raise LookupError

    before = [getattr(owner, name) for owner, name in owners]
    with pytest.raises(LookupError):
        fail()
    assert [getattr(owner, name) for owner, name in owners] == before
