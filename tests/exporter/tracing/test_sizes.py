"""A tiny model cannot ask for gigabytes: sizes are known before anything is computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest
import tensorflow as tf

from keras2cv.errors import ModelError
from keras2cv_export.model.load import load_model
from keras2cv_export.targets.importer_support import UnsupportedOpsError
from keras2cv_export.tracing.capture import trace


class _Layer(keras.layers.Layer):
    """A layer that calls a function."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function

    def call(self, x: Any) -> Any:
        """Call it."""
        return self.function(x)


def _trace(function: Callable[[Any], Any]) -> Any:
    x = keras.Input((4,), batch_size=1)
    return trace(load_model(keras.Model(x, _Layer(function)(x))))


def _tiles(x: Any) -> Any:
    ones = tf.ones((1024,))
    for _ in range(3):
        ones = tf.tile(ones, [1024])
    return x + tf.reduce_sum(ones)


SAMPLES: dict[str, Callable[[Any], Any]] = {
    "a constant that repeats one number": lambda x: x + tf.reduce_sum(tf.fill((2**31,), 1.0)),
    "tiles of tiles": _tiles,
    "an outer product of constants": lambda x: (
        x
        + tf.reduce_sum(
            tf.reshape(tf.range(2.0**16), (-1, 1)) * tf.reshape(tf.range(2.0**16), (1, -1))
        )
    ),
    "many constants below the limit": lambda x: (
        x + tf.add_n([tf.reduce_sum(tf.fill((2**23 + k,), 1.0)) for k in range(8)])
    ),
    "a broadcast of the input": lambda x: tf.reduce_sum(tf.broadcast_to(x, (2**27, 4)), 0),
    "a rule that computes": lambda x: tf.cast(
        tf.math.bincount(
            tf.cast(tf.tile(x, (1, 64)), tf.int32), minlength=2**24, maxlength=2**24, axis=-1
        ),
        x.dtype,
    ),
    "a resize": lambda x: tf.image.resize(tf.reshape(x, (1, 2, 2, 1)), (2**15, 2**15)),
    "a pad": lambda x: tf.pad(x, ((0, 0), (2**30, 0))),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_tensors_that_are_too_large_are_refused(name: str) -> None:
    """The error names the shape, and nothing was allocated."""
    with pytest.raises(UnsupportedOpsError) as caught:
        _trace(SAMPLES[name])
    assert any("more than there is room for" in one.why for one in caught.value.found)


def test_an_input_that_is_too_large_is_refused() -> None:
    """Samples of it would be drawn."""
    x = keras.Input((2**15, 2**15), batch_size=1)
    with pytest.raises(ModelError, match=r"has more than 268435456 numbers.*--input-shape"):
        trace(load_model(keras.Model(x, x[:, :1, :1])))


def test_loops_in_loops_are_refused() -> None:
    """Each has few steps."""

    def nested(x: Any, depth: int) -> Any:
        if depth == 0:
            return x + 1.0
        return tf.while_loop(
            lambda k, _: k < 100, lambda k, y: (k + 1, nested(y, depth - 1)), (0, x)
        )[1]

    with pytest.raises(ModelError, match="loops and calls make a graph of more than 2000 nodes"):
        _with_few_nodes(lambda: _trace(lambda x: nested(x, 3)))


def _with_few_nodes(run: Callable[[], Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keras2cv_export.tracing.sizes.MAX_NODES", 2000)
        run()


def test_results_as_large_as_the_weights_are_let_be() -> None:
    """A large kernel may be transposed, scaled and cut."""
    kernel = tf.Variable(tf.zeros((6000, 6000)))

    def scaled(x: Any) -> Any:
        whole = tf.transpose(kernel * 2.0) + tf.ones((6000, 1))
        return tf.reduce_mean(tf.linalg.matmul(tf.pad(x, ((0, 0), (0, 5996))), whole), 1)

    assert _trace(scaled).outputs
