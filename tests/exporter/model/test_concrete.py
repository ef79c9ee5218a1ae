"""Models whose layers decide in Python by tensors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras2cv.errors import ModelError
from keras2cv_export import export

SHAPE = (1, 8, 9, 3)


class Deciding(keras.Model):
    """A subclassed model with a `call` of the user's, and a `build` of its own."""

    def __init__(self, decide: Callable[[Any], Any]) -> None:
        """Keep the decision."""
        super().__init__()
        self.decide, self.head = decide, layers.Dense(3)

    def build(self, shape: Any) -> None:
        """Build the head, and say nothing to Keras."""
        self.head.build((None, shape[-1]))

    def call(self, x: Any) -> Any:
        """Decide, then answer."""
        return self.head(tf.reduce_mean(self.decide(x), [1, 2]))


def by_size(x: Any) -> Any:
    """Decide by the height."""
    return x * 2.0 if tf.shape(x)[1] > 4 else x * 3.0


def by_missing_rows(x: Any) -> Any:
    """Pad to a multiple of four, if it is none."""
    missing = (4 - tf.shape(x)[2] % 4) % 4
    return tf.pad(x, [[0, 0], [0, 0], [0, missing], [0, 0]]) if missing > 0 else x


def by_each_row(x: Any) -> Any:
    """Count rows in Python."""
    for row in range(tf.shape(x)[1] // 2):
        x = x + row * x
    return x


def by_scaled_size(x: Any) -> Any:
    """Resize to a size that Keras' ops compute from the shape, as layers of collections do."""
    shape = keras.ops.shape(x)
    size = [keras.ops.cast(shape[axis] * 1.5, "int32") for axis in (1, 2)]
    return keras.ops.image.resize(x, size)


def by_value(x: Any) -> Any:
    """Decide by what the picture shows."""
    return x * 2.0 if tf.reduce_mean(x) > 0 else x


def model(decide: Callable[[Any], Any]) -> keras.Model:
    """Return the model, called once."""
    made = Deciding(decide)
    made(np.zeros(SHAPE, np.float32))
    return made


@pytest.mark.parametrize("decide", [by_size, by_missing_rows, by_each_row, by_scaled_size])
def test_a_decision_by_a_shape_is_taken_once(decide: Callable[[Any], Any], tmp_path: Path) -> None:
    """The file holds the branch that the input's shape takes."""
    report = export(model(decide), tmp_path / "a.cv", task="raw", input_shapes=SHAPE)
    assert report.parity is not None
    assert report.parity.verdict == "pass"


def test_a_decision_by_a_value_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """With the layer, and what it may do instead."""
    with pytest.raises(ModelError, match=r"The layer Deciding decides in Python .* tf\.cond") as it:
        export(model(by_value), tmp_path / "a.cv", task="raw", input_shapes=SHAPE)
    assert "\n" not in str(it.value)
