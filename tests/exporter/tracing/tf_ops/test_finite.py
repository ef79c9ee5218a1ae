"""What is infinite, or no number, stays where TensorFlow has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras2cv_export.tracing.tf_ops.finite import surely_finite
from support.traced_ops import Array, flat, integers, random

LOW, NOTHING = 0.0, -1.0  # whose logarithms are -inf and NaN


def series(*shape: int) -> Array:
    """Return numbers above 0, but for one whose logarithm is -inf and one that has none."""
    x = np.abs(random(*shape))
    x.reshape(-1)[[0, -4]] = LOW, NOTHING
    return x


def _at_places(i: Any, x: Any) -> Any:
    return tf.scatter_nd(i, tf.math.log(x), [6, 4])


def _segments(i: Any, x: Any) -> Any:
    return tf.math.unsorted_segment_sum(tf.math.log(x), i[:, 0], 6)


def _unpooled(x: Any) -> Any:
    image = tf.math.log(x)
    pooled, argmax = tf.nn.max_pool_with_argmax(image, 2, 2, "SAME")
    places = tf.reshape(tf.cast(argmax, tf.int32), [-1, 1])
    return tf.scatter_nd(places, tf.reshape(tf.math.log(pooled), [-1]), [x.shape.num_elements()])


def _counted(i: Any, x: Any) -> Any:
    return tf.math.bincount(i, tf.math.log(x), minlength=5, maxlength=5, axis=-1)


def _cropped(x: Any) -> Any:
    boxes = [[0.0, 0.0, 0.3, 0.3], [0.5, 0.5, 2.0, 2.0], [0.1, 0.9, 1.0, 1.0]]
    image = tf.math.log(x)
    return tf.image.crop_and_resize(image, boxes, [0, 0, 0], [2, 3], "nearest", 0.5)


def _moved(x: Any) -> Any:
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.math.log(x), transforms=[[1.0, 0, 3, 0, 1, -2, 0, 0]], output_shape=[6, 5],
        fill_value=0.5, interpolation="NEAREST", fill_mode="CONSTANT",
    )  # fmt: skip


def _resized(x: Any) -> Any:
    return tf.compat.v1.image.resize_nearest_neighbor(tf.math.log(x), [4, 7])


def _patches(x: Any) -> Any:
    return tf.image.extract_patches(
        tf.math.log(x), [1, 2, 3, 1], [1, 2, 1, 1], [1, 1, 1, 1], "SAME"
    )


IMAGE = (1, 6, 5, 2)
SELECTIONS: dict[str, tuple[Callable[..., Any], tuple[Array, ...]]] = {
    "sums at places": (_at_places, (integers(6, 9, 1), series(9, 4))),
    "sums of segments": (_segments, (integers(6, 9, 1), series(9, 4))),
    "an unpooling": (_unpooled, (series(*IMAGE),)),
    "weighted counts": (_counted, (integers(5, 3, 7), series(3, 7))),
    "a band of a matrix": (
        lambda x: tf.linalg.band_part(tf.math.log(x), 1, 0), (series(2, 4, 5),),
    ),
    "the nearest of a part": (_cropped, (series(*IMAGE),)),
    "the nearest elsewhere": (_moved, (series(*IMAGE),)),
    "the nearest in another size": (_resized, (series(*IMAGE),)),
    "patches": (_patches, (series(*IMAGE),)),
    "one-hot rows": (
        lambda i: tf.nn.softmax(tf.one_hot(i, 4, 0.25, -np.inf)), (integers(4, 2, 3),),
    ),
    "one-hot rows of far numbers": (lambda i: tf.one_hot(i, 4, 0.1, -1e9), (integers(4, 2, 3),)),
}  # fmt: skip


@pytest.mark.parametrize(("function", "arrays"), SELECTIONS.values(), ids=SELECTIONS)
def test_infinity_stays_in_its_place(function: Any, arrays: tuple[Array, ...]) -> None:
    """A product with 0 would spread it."""
    traced = flat(function, *arrays)
    for got, wanted in zip(traced.outputs, traced.expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5)


def test_infinities_of_one_place_are_added() -> None:
    """Both signs together are no number, one of them stays what it is."""
    places = np.array([[0], [1], [1], [2], [2], [3]], np.int32)
    x = np.array([0, 0, 0, 1e-30, 0, 1], np.float32)
    sign = np.array([1, 1, -1, 1, 1, 1], np.float32)
    traced = flat(lambda i, v, s: tf.scatter_nd(i, tf.math.log(v) * s, [5]), places, x, sign)
    np.testing.assert_array_equal(traced.outputs[0], traced.expected[0])
    assert np.isnan(traced.outputs[0][1])
    assert traced.outputs[0].tolist()[2:] == [-np.inf, 0, 0]


FINITE: dict[str, tuple[Callable[[Any], Any], bool]] = {
    "an activation": (tf.nn.softmax, True),
    "a logarithm": (tf.math.log, False),
    "a quotient": (lambda x: 1.0 / x, False),
    "a quotient by a number": (lambda x: x / 3.0, True),
    "an infinite number": (lambda x: x - np.inf, False),
    "a length": (lambda x: tf.nn.l2_normalize(x, -1), True),
    "a deviation": (lambda x: x * tf.math.rsqrt(tf.math.reduce_variance(x) + 1e-3), True),
    "an unbounded root": (tf.sqrt, False),
    "whole numbers": (lambda x: tf.cast(tf.math.log(x), tf.int32), True),
}  # fmt: skip


@pytest.mark.parametrize(("function", "finite"), FINITE.values(), ids=FINITE)
def test_what_is_surely_finite(function: Callable[[Any], Any], finite: bool) -> None:
    """Judged by the ops before it, as far as they are known."""
    with tf.Graph().as_default():
        x = tf.compat.v1.placeholder(tf.float32, [2, 3], name="keras2cv_input")
        assert surely_finite(function(x)) == finite
