"""TensorArrays at known places leave only their elements in the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from keras2cv.errors import UnsupportedError
from support.traced_ops import flat, random


def written(x: Any) -> Any:
    """Write out of order, and leave a hole, which reads as zeros."""
    array = tf.TensorArray(tf.float32, 4, element_shape=(3,))
    return array.write(2, x[0]).write(0, x[1] * 2).write(3, x[0] + x[1]).stack()


def read(x: Any) -> Any:
    """Read single elements of an unstacked tensor."""
    array = tf.TensorArray(tf.float32, 2).unstack(x)
    return array.read(1) - array.read(0)


def joined(x: Any) -> Any:
    """Join elements along their first axis."""
    array = tf.TensorArray(tf.float32, 2, infer_shape=False)
    return array.write(0, x).write(1, x[:1]).concat()


def gathered(x: Any) -> Any:
    """Take some elements, one of them twice."""
    return tf.TensorArray(tf.float32, 2).unstack(x).gather([1, 0, 1])


def scattered(x: Any) -> Any:
    """Write rows to the places listed."""
    return tf.TensorArray(tf.float32, 2).scatter([1, 0], x).stack()


def grown(x: Any) -> Any:
    """Write behind the end of a list that may grow."""
    array = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=(3,))
    return array.write(0, x[0]).write(1, x[1] * 3).stack() * tf.cast(array.size() + 2, tf.float32)


LISTS: list[Callable[[Any], Any]] = [written, read, joined, gathered, scattered, grown]


@pytest.mark.parametrize("function", LISTS, ids=lambda f: f.__name__)
def test_a_list(function: Callable[[Any], Any]) -> None:
    """The numbers are the same, and no list is left."""
    traced = flat(tf.function(function), random(2, 3))
    traced.assert_same(limit=0)
    assert not [op for op in traced.ops if op.startswith("TensorList")]


def test_a_computed_place_is_refused() -> None:
    """An element chosen by the input cannot be wired."""
    with pytest.raises(UnsupportedError, match="its position in a list depends on the input"):
        flat(
            tf.function(
                lambda x: tf.TensorArray(tf.float32, 2).unstack(x).read(tf.cast(x[0, 0], tf.int32))
            ),
            random(2, 3),
        )
