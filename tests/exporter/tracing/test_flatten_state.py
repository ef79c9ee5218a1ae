"""Variables become their values, tables comparisons with their keys."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras2cv.errors import UnsupportedError
from support.traced_ops import flat, integers, random


def table(keys: Any, values: Any, default: Any = -1) -> Any:
    """Return a static table."""
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), default)


def test_rows_of_a_variable() -> None:
    """Gathering from a variable gathers from the weight."""
    embeddings = tf.Variable(random(7, 3))
    traced = flat(lambda i: tf.gather(embeddings, i) * 2, integers(7, 2, 4))
    traced.assert_same(limit=0)
    assert [w.shape for w in traced.graph.weights.values()] == [(7, 3)]


def test_places_in_a_variable() -> None:
    """Gathering single numbers from a variable, too."""
    grid = tf.Variable(random(3, 5))
    flat(lambda i: tf.gather_nd(grid, i), integers(3, 4, 2)).assert_same(limit=0)


def test_the_shape_of_a_variable() -> None:
    """It is a constant."""
    weight = tf.Variable(random(3, 5))
    function: Any = lambda x: x * tf.cast(tf.shape(weight)[1], tf.float32)  # noqa: E731
    flat(function, random(2)).assert_same(limit=0)


def test_a_written_variable_is_read_as_it_was() -> None:
    """Counting calls, as random generators do, is no part of the graph."""
    counter = tf.Variable(3.0)

    def function(x: Any) -> Any:
        counter.assign_add(1.0)
        return x * 2

    traced = flat(function, random(2, 3))
    traced.assert_same(limit=0)
    assert not [op for op in traced.ops if op.startswith("Assign")]


def test_a_kernel_that_a_layer_masks_at_each_call_is_masked() -> None:
    """PixelCNN's layer assigns its masked kernel before it convolves."""
    kernel, mask = tf.Variable(random(5, 4)), np.tri(5, 4, dtype=np.float32)

    def masked(x: Any) -> Any:
        kernel.assign(kernel * mask)
        return x @ kernel

    first, before = random(3, 5), np.array(kernel)
    traced = flat(masked, first)
    kernel.assign(before)
    np.testing.assert_allclose(traced.outputs[0], first @ (before * mask), rtol=1e-5, atol=1e-6)


def test_a_table_of_numbers() -> None:
    """Numbers that are not in the table give the default."""
    words = table(tf.constant([5, 900, -3], tf.int64), tf.constant([10, 20, 30], tf.int64))
    x = np.array([[5, 6], [-3, 900]], np.int64)
    traced = flat(words.lookup, x)
    traced.assert_same(limit=0)
    assert traced.outputs[0].tolist() == [[10, -1], [30, 20]]
    assert "LookupTableFindV2" not in traced.ops


@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count"])
def test_keras_integer_lookup(mode: str) -> None:
    """Keras' layer over it, in all its output modes."""
    layer = keras.layers.IntegerLookup(vocabulary=[3, 14, 159, 26], output_mode=mode)
    x = np.array([[14, 3, 7], [26, 14, 14]], np.int64)
    flat(layer, x[:, :1] if mode == "one_hot" else x).assert_same(limit=0)


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        (tf.constant(["cat", "dog"]), "text"),
        (tf.range(5000, dtype=tf.int64), "a lookup table of 5000 numbers"),
        (tf.constant([1, 2**25], tf.int64), "too many or too large to compare with"),
    ],
)
def test_other_tables_are_refused(keys: Any, why: str) -> None:
    """Words, many numbers, and numbers that are no exact float32."""
    words = table(keys, tf.range(len(keys), dtype=tf.int64))

    def function(x: Any) -> Any:
        wanted = tf.strings.as_string(x) if keys.dtype == tf.string else x
        return words.lookup(wanted)

    with pytest.raises(UnsupportedError, match=why):
        flat(function, integers(9, 3, dtype="int64"))
