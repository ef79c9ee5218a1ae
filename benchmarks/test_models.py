"""cv2.dnn against native TensorFlow, per model and batch: one group, and so one table, each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import keras2cv

Run = Callable[[Any], Any]


def opencv(exported: Any) -> Run:
    """Return `infer` of the bundle."""
    return keras2cv.load(exported.bundle).infer


def tf_function(exported: Any) -> Run:
    """Return the model as a tf.function, compiled, from NumPy to NumPy."""
    import tensorflow as tf

    model = exported.keras_model
    compiled = tf.function(lambda x: model(x, training=False))
    return lambda x: compiled(tf.constant(x)).numpy()


def predict(exported: Any) -> Run:
    """Return `model.predict`."""
    return lambda x: exported.keras_model.predict(x, verbose=0)


@pytest.mark.parametrize("side", [opencv, tf_function, predict], ids=lambda side: side.__name__)
def test_forward(benchmark: Any, exported: Any, side: Callable[[Any], Run]) -> None:
    """The same samples on each side, in Keras' layout; its answer is TensorFlow's."""
    benchmark.group = f"{exported.name}, batch {exported.batch}"
    run = side(exported)
    x = samples(exported)
    found = benchmark.pedantic(run, (x,), warmup_rounds=5, rounds=25)
    wanted = np.asarray(exported.keras_model(x, training=False))
    got = np.asarray(found[0] if side is opencv else found)
    assert np.abs(got - wanted).max() <= 1e-4 * np.abs(wanted).max()


def samples(exported: Any) -> Any:
    """Return (batch, height, width, 3) values as the model's preprocessing gives them."""
    shape = (exported.batch, *exported.keras_model.input_shape[1:])
    pixels = np.random.default_rng(0).uniform(0, 255, shape)
    rules = keras2cv.load(exported.bundle).manifest.preprocessing
    assert rules is not None
    return ((pixels - np.array(rules.mean)) * rules.scale).astype(np.float32)
