"""Whole numbers above 2^24, of which float32 does not hold all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras2cv.errors import UnsupportedError
from keras2cv_export.tracing.tf_ops import scattering
from keras2cv_export.tracing.tf_ops.node import RefusedError
from keras2cv_export.tracing.tf_ops.small_integers import are_small
from support.traced_ops import flat, integers

LARGE = 2**24

SMALL: dict[str, tuple[Callable[[Any], Any], bool]] = {
    "an input": (lambda x: x, True),
    "a sum": (lambda x: x + 1, False),
    "bounded": (lambda x: tf.clip_by_value(x * x, 0, 1000), True),
    "bounded on one side": (lambda x: tf.minimum(x * x, 1000), False),
    "a remainder": (lambda x: x * x % 255, True),
    "a byte": (lambda x: tf.cast(tf.cast(x, tf.uint8), tf.int32), True),
    "a place": (lambda x: tf.argmax(x * x, -1), True),
    "of floats": (lambda x: tf.cast(tf.cast(x, tf.float32) * 1e3, tf.int32), False),
    "joined": (lambda x: tf.concat([x, [[LARGE + 1, 0, 0]]], 0), False),
    "moved": (lambda x: tf.transpose(tf.reshape(x, [3, 2]))[:1], True),
    "a known number": (lambda x: tf.constant(LARGE + 1), False),  # noqa: ARG005
}


@pytest.mark.parametrize(("function", "small"), SMALL.values(), ids=SMALL)
def test_what_is_surely_small(function: Callable[[Any], Any], small: bool) -> None:
    """Judged by the ops before it; `predict` refuses large inputs."""
    with tf.Graph().as_default():
        x = tf.compat.v1.placeholder(tf.int32, [2, 3], name="keras2cv_input")
        assert are_small(function(x)) == small


def test_one_small_side_is_enough_to_compare() -> None:
    """A number above 2^24 is rounded, and stays above all that are below."""
    rows = np.array([[-5, 0, LARGE - 1, LARGE]], np.int32)
    x = np.array([[0, LARGE - 1, LARGE, 3]], np.int32)
    traced = flat(lambda v: tf.searchsorted(tf.constant(rows), v * v), x[:, [0, 3]])
    traced.assert_same(limit=0)


def test_large_numbers_on_both_sides_are_refused() -> None:
    """They were rounded, and equal ones found where none are."""
    x = integers(9, 2, 4)
    with pytest.raises(UnsupportedError, match=r"LowerBound .*whole numbers that may be above 2"):
        flat(lambda r, v: tf.searchsorted(tf.sort(r * r), v * v), x, x)
    with pytest.raises(UnsupportedError, match="whole numbers that may be above 2"):
        flat(lambda v: tf.raw_ops.Bucketize(input=v * v, boundaries=[1.0, 2.0**25]), x)


BITS: dict[str, Callable[[Any], Any]] = {
    "the lowest 31": lambda x: tf.bitwise.bitwise_and(x, 2**31 - 1),
    "of a product": lambda x: tf.bitwise.bitwise_and(x * x, 255),
    "a high one": lambda x: tf.bitwise.bitwise_xor(x, 2**30),
}


@pytest.mark.parametrize("function", BITS.values(), ids=BITS)
def test_bits_of_large_numbers_are_refused(function: Callable[[Any], Any]) -> None:
    """Float32 has 24 of them."""
    with pytest.raises(UnsupportedError, match="it works on bits"):
        flat(function, integers(9, 2, 4))


def test_a_shift_by_more_bits_is_left_to_the_importer() -> None:
    """Which refuses it: a quotient by 2^31 has no divisor in int32."""
    assert flat(lambda x: tf.bitwise.right_shift(x, 31), integers(9, 2, 4)).ops["RightShift"] == 1


def test_more_places_than_float32_tells_apart_are_refused() -> None:
    """A number is put into the place of its neighbour there."""
    with tf.Graph().as_default():
        x = tf.compat.v1.placeholder(tf.int32, [3, 1])
        with pytest.raises(RefusedError, match="16,777,217 places"):
            scattering.scatter_nd(None, x, tf.ones([3]), tf.constant([LARGE + 1]))  # type: ignore[arg-type]
