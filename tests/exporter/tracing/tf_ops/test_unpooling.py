"""Poolings that tell the places of their largest numbers, and what is put back there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from support.traced_ops import flat, integers, random


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (2, 3)])
def test_places_of_the_largest(size: int, stride: int, padding: str) -> None:
    """Of equal numbers the first one counts; windows may overlap, and reach beyond the edges."""
    image = integers(5, 1, 7, 9, 2).astype(np.float32)
    traced = flat(lambda x: tf.nn.max_pool_with_argmax(x, size, stride, padding), image)
    traced.assert_same(limit=0)
    assert "MaxPoolWithArgmax" not in traced.ops


@pytest.mark.parametrize("with_batch", [False, True])
def test_places_in_a_batch(with_batch: bool) -> None:
    """Places count from the batch's first image, or from each one's own."""
    traced = flat(
        lambda x: tf.nn.max_pool_with_argmax(x, 2, 2, "VALID", include_batch_in_index=with_batch),
        random(3, 4, 6, 2),
    )
    traced.assert_same(limit=0)


def _by_coordinates(argmax: Any, updates: Any, shape: list[int]) -> Any:
    """Scatter as SegNet's layers do: by batch, row, column and channel, from arithmetic."""
    _, _, columns, channels = shape
    places = tf.cast(argmax, tf.int32)
    y, x = places // (columns * channels), places // channels % columns
    channel = tf.ones_like(places) * tf.range(channels)
    at = tf.stack([tf.zeros_like(places), y, x, channel], -1)
    return tf.scatter_nd(tf.reshape(at, [-1, 4]), tf.reshape(updates, [-1]), shape)


def _flattened(argmax: Any, updates: Any, shape: list[int]) -> Any:
    """Scatter into a flat array."""
    places = tf.reshape(tf.cast(argmax, tf.int32), [-1, 1])
    found = tf.scatter_nd(places, tf.reshape(updates, [-1]), [int(np.prod(shape))])
    return tf.reshape(found, shape)


@pytest.mark.parametrize("scatter", [_by_coordinates, _flattened])
@pytest.mark.parametrize(("stride", "padding"), [(2, "SAME"), (2, "VALID"), (3, "VALID")])
def test_numbers_are_put_back(scatter: Any, stride: int, padding: str) -> None:
    """Also where the last window is cut, or pixels are in no window; no product is needed."""

    def unpool(image: Any) -> Any:
        pooled, argmax = tf.nn.max_pool_with_argmax(image, 2, stride, padding)
        return scatter(argmax, pooled * 2.0, image.shape.as_list())

    traced = flat(unpool, random(1, 7, 9, 3))
    traced.assert_same(limit=0)
    assert not {"ScatterNd", "MatMul"} & set(traced.ops)


def test_other_places_are_found_by_a_product() -> None:
    """Places beside the largest, and those of windows that overlap."""

    def shifted(image: Any) -> Any:
        pooled, argmax = tf.nn.max_pool_with_argmax(image, 2, 2, "SAME")
        return _flattened(tf.maximum(argmax - 1, 0), pooled, image.shape.as_list())

    def overlapping(image: Any) -> Any:
        pooled, argmax = tf.nn.max_pool_with_argmax(image, 3, 2, "SAME")
        return _flattened(argmax, pooled, image.shape.as_list())

    for function in (shifted, overlapping):
        traced = flat(function, random(1, 6, 8, 2))
        traced.assert_same()
        assert "ScatterNd" not in traced.ops


@pytest.mark.parametrize("depth", [1, 2])
def test_sums_at_computed_places(depth: int) -> None:
    """Several numbers in one place are added."""
    places, updates = integers(3, 10, depth), random(10, *(() if depth == 2 else (4,)))
    traced = flat(lambda i, u: tf.scatter_nd(i, u, [3, 4]), places, updates)
    traced.assert_same()
    assert "ScatterNd" not in traced.ops


def test_segments_at_computed_places() -> None:
    """Numbers of a segment that is not there are left out."""
    ids = np.array([0, 2, -1, 2, 1, 0], np.int32)
    traced = flat(lambda i, x: tf.math.unsorted_segment_sum(x, i, 4), ids, random(6, 3))
    traced.assert_same()
    mean = flat(lambda i, x: tf.math.unsorted_segment_mean(x, i, 4), ids, random(6, 3))
    mean.assert_same()
    assert not {"UnsortedSegmentSum", "Unique"} & {*traced.ops, *mean.ops}
