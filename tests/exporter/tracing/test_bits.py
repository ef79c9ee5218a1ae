"""Bits by arithmetic, for all numbers of a byte."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras2cv_export.tracing.tf_ops import bits

BYTES = {
    np.int8: np.arange(-128, 128, dtype=np.int8),
    np.uint8: np.arange(256, dtype=np.uint8),
}


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize("mask", [1, 15, 127])
def test_and(dtype: Any, mask: int) -> None:
    """With the lowest bits, on either side."""
    x, y = tf.constant(BYTES[dtype]), tf.constant(mask, dtype)
    expected = tf.bitwise.bitwise_and(x, y)
    for pair in ((x, y), (y, x)):
        found = bits.bitwise_and(None, *pair)  # type: ignore[arg-type]
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == dtype


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize("mask", [1, 8, 64])
def test_xor(dtype: Any, mask: int) -> None:
    """With one bit."""
    x, y = tf.constant(BYTES[dtype]), tf.constant(mask, dtype)
    found = bits.bitwise_xor(None, x, y)  # type: ignore[arg-type]
    np.testing.assert_array_equal(found, tf.bitwise.bitwise_xor(x, y))


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize("count", [1, 4, 6])
def test_right_shift(dtype: Any, count: int) -> None:
    """The sign stays."""
    x, y = tf.constant(BYTES[dtype]), tf.constant(count, dtype)
    found = bits.right_shift(None, x, y)  # type: ignore[arg-type]
    np.testing.assert_array_equal(found, tf.bitwise.right_shift(x, y))


def test_other_masks_are_left_alone() -> None:
    """They are refused by the op's name afterwards."""
    x = tf.constant(BYTES[np.uint8])
    assert bits.bitwise_and(None, x, tf.constant(5, tf.uint8)) is None  # type: ignore[arg-type]
    assert bits.bitwise_xor(None, x, tf.constant(6, tf.uint8)) is None  # type: ignore[arg-type]
