"""Inputs that serve training alone."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras2cv_export.model.load import load_model


class Counting(keras.layers.Layer):  # type: ignore[misc]
    """Adds a loss over labels, by a loop whose arrays fit only where their count is open."""

    def call(self, labels: Any, scores: Any) -> Any:
        """Return the scores."""
        count = tf.shape(labels)[1]
        start = tf.cast(tf.fill([1, count], 0), tf.bool)
        ends = tf.fill([tf.shape(labels)[0]], count)
        seen = tf.compat.v1.scan(
            lambda _, end: tf.expand_dims(tf.range(tf.stack([count])[0]), 0) < tf.fill([1, 1], end),
            ends,
            initializer=start,
        )
        self.add_loss(tf.reduce_mean(tf.cast(seen, tf.float32)))
        return scores


def test_labels_of_a_loss_that_loops_over_them_are_dropped() -> None:
    """As of CTC: traced with one label, the loop's arrays would change their shape."""
    image, labels = keras.Input((6, 5), name="image"), keras.Input((None,), name="label")
    scores = keras.layers.Dense(3)(image)
    loaded = load_model(keras.Model([image, labels], Counting()(labels, scores)))
    assert [spec.name for spec in loaded.inputs] == ["image"]
    call = tf.function(loaded.call, autograph=False)
    ((_, output),) = call(tf.constant(np.ones((1, 6, 5), np.float32)))
    assert output.shape == (1, 6, 3)
