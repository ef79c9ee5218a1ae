"""The reference equals Keras' predictions, layer modes and names included."""

from __future__ import annotations

import logging
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras2cv.errors import ModelError
from keras2cv_export.model.load import load_model
from keras2cv_export.model.reference import reference
from keras2cv_export.model.refused_sample import SampleRefusedError
from support.traced_ops import loaded, random


def test_it_is_what_keras_predicts() -> None:
    """By output name; dropout and batch statistics as at inference."""
    inputs = keras.Input((7, 5), name="steps")
    x = layers.BatchNormalization(name="norm")(layers.Dropout(0.5)(inputs))
    model = keras.Model(inputs, [layers.LSTM(3, name="state")(x), x])
    model.get_layer("norm").set_weights([abs(random(5, seed=k)) for k in range(4)])
    sample = random(2, 7, 5)
    answer = reference(load_model(model))({"steps": sample})
    expected = model.predict(sample, verbose=0)
    assert list(answer) == ["state", "norm"]
    for got, wanted in zip(answer.values(), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


def test_python_branches_over_tensors() -> None:
    """A call() with an `if` over a tensor is compiled by AutoGraph, as Keras does."""

    def function(x: Any) -> Any:
        if tf.reduce_sum(x) > 0:
            return x * 2
        return x - 1

    run = reference(loaded(function, random(2, 3)))
    up = abs(random(2, 3))
    np.testing.assert_array_equal(run({"x0": up})["y0"], up * 2)
    np.testing.assert_array_equal(run({"x0": -up})["y0"], -up - 1)


def test_other_batches() -> None:
    """A sample of another batch size than the export's is answered as well."""
    run = reference(loaded(lambda x: tf.reduce_sum(x, 1), random(1, 4)))
    for batch in (1, 3, 1):
        sample = random(batch, 4)
        np.testing.assert_allclose(run({"x0": sample})["y0"], sample.sum(1), rtol=1e-5)


def test_names_that_are_no_scopes() -> None:
    """A space in a model's name is no reason to fail."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="a b")], name="my model")
    sample = random(2, 4)
    (got,) = (
        reference(load_model(model))({"keras_tensor": sample}).values()
        if False
        else (reference(load_model(model))({load_model(model).inputs[0].name: sample}).values())
    )
    np.testing.assert_allclose(got, model(sample), rtol=1e-5, atol=1e-6)


def test_no_warning_of_tracing_again(caplog: pytest.LogCaptureFixture) -> None:
    """Ten models after each other are ten functions, not one that is traced too often."""
    with caplog.at_level(logging.WARNING, logger="tensorflow"):
        for k in range(10):
            x = random(1, k + 2)
            reference(loaded(lambda v: v + 1, x))({"x0": x})
    assert "retracing" not in caplog.text


def test_a_layer_that_takes_terabytes_is_refused_before_it_is_computed() -> None:
    """The layer is named; nothing is allocated."""
    x = keras.Input((64, 48, 3), name="x")
    grown = keras.layers.UpSampling2D(20_000, name="grow")(x)
    model = keras.Model(x, keras.layers.GlobalAveragePooling2D()(grown))
    runner = reference(load_model(model))
    with pytest.raises(ModelError, match=r"The layer .*grow.* makes \d{13} numbers, and OpenCV"):
        runner({"x": np.zeros((1, 64, 48, 3), np.float32)})


def test_a_layer_that_refuses_a_sample_is_one_sentence() -> None:
    """CategoryEncoding asserts that its input is a class number."""

    def function(x: Any) -> Any:
        tf.debugging.assert_less(x, 5.0, "Only five classes.")
        return x + 1

    run = reference(loaded(function, random(2, 3)))
    assert run({"x0": random(2, 3)})["y0"].shape == (2, 3)
    with pytest.raises(SampleRefusedError, match=r"a sample: .*Only five.*with --samples\.") as got:
        run({"x0": random(2, 3) + 9})
    assert "\n" not in str(got.value)
