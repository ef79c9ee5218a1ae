"""Counting, buckets and one-hot vectors, by comparing with constants."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras2cv.errors import UnsupportedError
from support.traced_ops import flat, integers, random


def test_buckets() -> None:
    """A number on a boundary belongs to the bucket above it."""
    x = np.array([[-3.0, -1.0, -0.5], [0.0, 1.25, 9.0]], np.float32)
    bounds = [-1.0, 0.0, 1.25, 4.0]
    traced = flat(lambda a: tf.raw_ops.Bucketize(input=a, boundaries=bounds), x)
    traced.assert_same(limit=0)
    assert traced.outputs[0].tolist() == [[0, 1, 1], [2, 3, 4]]
    assert "Bucketize" not in traced.ops


def test_buckets_of_integers() -> None:
    """Integers are compared with the boundaries as numbers."""
    traced = flat(lambda a: tf.raw_ops.Bucketize(input=a, boundaries=[2.5, 5.0]), integers(9, 3, 7))
    traced.assert_same(limit=0)


@pytest.mark.parametrize("axis", [-1, 0, 1, 2])
@pytest.mark.parametrize(("on", "off"), [(1.0, 0.0), (2.5, -1.5)])
def test_one_hot(axis: int, on: float, off: float) -> None:
    """Indices beyond the depth, and negative ones, are nowhere."""
    x = np.array([[0, 4, -1], [9, 2, 1]], np.int64)
    traced = flat(lambda i: tf.one_hot(i, 5, on, off, axis), x)
    traced.assert_same(limit=0)
    assert "OneHot" not in traced.ops


def test_one_hot_truths() -> None:
    """Truth values are chosen by logic, not by arithmetic."""
    traced = flat(lambda i: tf.one_hot(i, 4, on_value=False, off_value=True), integers(4, 2, 3))
    traced.assert_same(limit=0)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("shape", [(11,), (3, 7)])
def test_bin_counts(shape: tuple[int, ...], binary: bool) -> None:
    """How often each number occurs in a vector, or in each row; or whether it does."""
    axis = None if len(shape) == 1 else -1
    traced = flat(
        lambda x: tf.math.bincount(
            x, minlength=6, maxlength=6, axis=axis, dtype=tf.float32, binary_output=binary
        ),
        integers(9, *shape),
    )
    traced.assert_same(limit=0)
    assert not {"Bincount", "DenseBincount"} & set(traced.ops)


def test_weighted_bin_counts() -> None:
    """Weights are summed instead of ones."""
    count: Any = lambda x, w: tf.math.bincount(x, w, minlength=5, maxlength=5, axis=-1)  # noqa: E731
    traced = flat(count, integers(5, 3, 8), random(3, 8))
    traced.assert_same()


def test_a_count_without_a_size_is_refused() -> None:
    """A result as long as the largest number occurring has no static shape."""
    with pytest.raises(UnsupportedError, match="number of bins depends on the input"):
        flat(lambda x: tf.math.bincount(x, axis=-1, dtype=tf.float32), integers(5, 3, 8))


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
def test_keras_category_encoding(mode: str) -> None:
    """Keras' layer over it has a static shape in every mode."""
    layer = keras.layers.CategoryEncoding(num_tokens=7, output_mode=mode)
    shape = (4, 1) if mode == "one_hot" else (4, 3)
    traced = flat(layer, integers(7, *shape))
    traced.assert_same(limit=0)


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
@pytest.mark.parametrize("side", ["left", "right"])
def test_places_in_sorted_rows(side: str, dtype: Any) -> None:
    """A number that a row has goes before or behind it."""
    rows = np.array([[-1.0, 0.0, 2.5], [0.5, 0.5, 1.0]], np.float32)
    numbers = np.array([[-2.0, 0.0, 1.0, 9.0], [0.5, 0.4, 1.0, 0.6]], np.float32)
    traced = flat(lambda r, x: tf.searchsorted(r, x, side, dtype) + 1, rows, numbers)
    traced.assert_same(limit=0)
    assert not {"LowerBound", "UpperBound"} & set(traced.ops)


@pytest.mark.parametrize("k", [1, 2])
def test_whether_a_target_is_among_the_largest(k: int) -> None:
    """Equal scores share a rank, and a target beyond the scores is in no list."""
    scores = np.array([[0.5, 2.0, 2.0], [1.0, 0.0, 3.0], [1.0, 2.0, 3.0]], np.float32)
    targets = np.array([1, 0, 3], np.int32)
    traced = flat(lambda t, s: tf.math.in_top_k(t, s, k), targets, scores)
    traced.assert_same(limit=0)
    assert "InTopKV2" not in traced.ops


def test_no_target_is_among_the_largest_of_what_is_infinite() -> None:
    """As where scores are masked by minus infinity; TensorFlow says no of the whole row."""
    low = -np.inf
    rows = [[0.5, 2.0, low], [low, low, 3.0], [1.0, np.nan, 3.0], [1.0, 2.0, 3.0]]
    targets = np.array([1, 0, 2, 1], np.int32)
    traced = flat(lambda t, s: tf.math.in_top_k(t, s, 2), targets, np.array(rows, np.float32))
    traced.assert_same(limit=0)
    assert traced.outputs[0].tolist() == [False, False, False, True]
