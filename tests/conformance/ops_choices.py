"""Choices between values, of which the one left out may be infinite; comparisons; the largest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import tensorflow as tf

_SERIES = (7, 5)


def _inverse_sigmoid(x: Any) -> Any:
    """The logit of a share, as detectors with deformable attention take it."""
    share = tf.sigmoid(x)
    return tf.math.log(
        tf.clip_by_value(share, 1e-5, 1.0) / tf.clip_by_value(1.0 - share, 1e-5, 1.0)
    )


def _normalized_log(x: Any) -> Any:
    """Decibels between the quietest and the loudest, 0 in silence."""
    power = 10.0 * tf.math.log(tf.square(x) + 1e-10) / np.log(10.0)
    above = power - tf.reduce_min(power, axis=[1, 2], keepdims=True)
    return tf.math.divide_no_nan(above, tf.reduce_max(above, axis=[1, 2], keepdims=True))


def _sparsemax(x: Any) -> Any:
    """Martins & Astudillo (2016), with a choice for what is no number."""
    largest = tf.math.top_k(x, k=x.shape[-1])[0]
    total = tf.cumsum(largest, axis=-1)
    places = tf.range(1, x.shape[-1] + 1, dtype=x.dtype)
    count = tf.reduce_sum(tf.cast(1.0 + places * largest > total, tf.int32), axis=-1)
    last = tf.gather(total, tf.maximum(count, 1) - 1, batch_dims=len(x.shape) - 1)
    tau = (last - 1.0) / tf.cast(count, x.dtype)
    left_out = tf.logical_or(tf.equal(count, 0), tf.math.is_nan(last))
    shares = tf.maximum(tf.constant(0.0), x - tau[..., tf.newaxis])
    return tf.where(left_out[..., tf.newaxis], tf.zeros_like(x), shares)


def _entropy(x: Any) -> Any:
    share = tf.nn.softmax(60.0 * x)
    return -tf.reduce_sum(tf.where(share > 0, share * tf.math.log(share), 0.0), axis=-1)


def _sums_by_place(x: Any) -> Any:
    """Sum the logarithms of rows whose largest numbers are in the same place."""
    rows = tf.reshape(tf.math.log(tf.nn.relu(x)), [-1, x.shape[-1]])
    places = tf.reshape(tf.argmax(x, -1), [-1])
    return x[:, :5] + tf.exp(tf.math.unsorted_segment_sum(rows, places, 5))


def _counts_of_logs(x: Any) -> Any:
    weights = tf.math.log(tf.nn.relu(x[..., 0]))
    places = tf.argmax(x, -1, tf.int32)
    return tf.exp(tf.math.bincount(places, weights, minlength=5, maxlength=5, axis=-1))


CHOICES: Final[dict[str, tuple[Callable[..., Any], tuple[int, ...]]]] = {
    "where_log": (lambda x: tf.where(x > 0, tf.math.log(x), 0.5), _SERIES),
    "where_not_log": (lambda x: tf.where(tf.logical_not(x > 0), x, tf.math.log(x)), _SERIES),
    "where_two_roots": (lambda x: tf.where(x >= 0, tf.sqrt(x), -tf.sqrt(-x)), _SERIES),
    "where_power": (
        lambda x: tf.where(x > 0.0031308, 1.055 * tf.pow(x, 1 / 2.4) - 0.055, 12.92 * x), _SERIES,
    ),
    "where_exp": (lambda x: tf.where(x < 0, tf.exp(60.0 * x), 1.0 + x), _SERIES),
    "where_inverse": (
        lambda x: tf.where(tf.not_equal(tf.nn.relu(x), 0.0), 1.0 / tf.nn.relu(x), x), _SERIES,
    ),
    "where_row": (lambda x: tf.where(x[..., :1] > 0, tf.math.log(x[..., :1]) + x, x), _SERIES),
    "where_sum_of_logs": (
        lambda x: tf.where(
            tf.reduce_min(x, -1, keepdims=True) > 0.0,
            tf.reduce_sum(tf.math.log(x), axis=-1, keepdims=True),
            x,
        ),
        _SERIES,
    ),
    "where_is_nan": (
        lambda x: tf.where(tf.math.is_nan(tf.math.log(x)), 0.0, tf.math.log(x)), _SERIES,
    ),
    "where_masked_softmax": (
        lambda x: tf.nn.softmax(tf.where(x > 2.0, tf.constant(-np.inf), x)), _SERIES,
    ),
    "where_kept_softmax": (
        lambda x: tf.nn.softmax(tf.where(x < 2.0, x, tf.constant(-np.inf)), axis=1), _SERIES,
    ),
    "where_truth": (
        lambda x: tf.cast(tf.where(x[..., :1] > 0, x > 0.5, x < -0.5), tf.float32), _SERIES,
    ),
    "where_whole_numbers": (
        lambda x: tf.cast(
            tf.where(x > 0, tf.cast(3.0 * x, tf.int32), tf.cast(-x, tf.int32)), tf.float32
        ),
        _SERIES,
    ),
    "where_samples": (
        lambda x: tf.compat.v1.where(x[:, 0, 0] > 0, x, tf.math.log(tf.abs(x) + 0.1)), _SERIES,
    ),
    "join_whole_numbers": (
        lambda x: tf.cast(
            tf.concat([tf.argmax(x, 1), tf.zeros_like(x[:, :2, 0], tf.int64) + 4], 1), tf.float32
        ),
        _SERIES,
    ),
    "join_one_whole_number": (
        lambda x: tf.cast(tf.stack([tf.argmax(x[:, 0], 1), 3 + 0 * tf.argmax(x[:, 1], 1)], 1)
                          * tf.constant([10, 1], tf.int64), tf.float32),
        _SERIES,
    ),
    "pad_whole_numbers": (
        lambda x: tf.cast(
            tf.pad(tf.argmax(x, 1), [[0, 0], [1, 2]], constant_values=7), tf.float32
        ),
        _SERIES,
    ),
    "gather_known_whole_numbers": (
        lambda x: tf.cast(tf.gather(tf.constant([4, 2, 7, 1, 9]), tf.argmax(x, 2)), tf.float32),
        _SERIES,
    ),
    "stack_places_and_gather": (
        lambda x: tf.gather_nd(
            x, tf.stack([0 * tf.argmax(x[..., 0], 1) + 2, tf.argmax(x[:, 2], 1)], 1), batch_dims=1
        ),
        _SERIES,
    ),
    "at_least_of_logs": (
        lambda x: tf.cast(tf.math.log(x) >= 0.3, tf.float32)
        + tf.cast(tf.math.log(x) <= x[..., :1], tf.float32),
        _SERIES,
    ),
    "at_least_and_at_most": (
        lambda x: tf.where(tf.logical_and(x >= 0.3, x[..., :1] <= 1.0), x, -x), _SERIES,
    ),
    "at_least_of_a_logit": (
        lambda x: x * tf.cast(_inverse_sigmoid(x) >= 0.5, tf.float32) + _inverse_sigmoid(x),
        _SERIES,
    ),
    "normalized_log": (_normalized_log, _SERIES),
    "xlogy": (lambda x: tf.math.xlogy(tf.nn.relu(x), tf.nn.relu(x)), _SERIES),
    "entropy": (_entropy, _SERIES),
    "sparsemax_twice": (lambda x: _sparsemax(x * (1.3 - _sparsemax(x))), _SERIES),
    "top_k_of_columns": (
        lambda x: tf.transpose(tf.math.top_k(tf.transpose(x, [0, 2, 1]), k=3)[0], [0, 2, 1]),
        _SERIES,
    ),
    "sums_of_logs_by_place": (_sums_by_place, _SERIES),
    "counts_of_logs": (_counts_of_logs, _SERIES),
    "band_of_logs": (
        lambda x: tf.exp(tf.linalg.band_part(tf.math.log(tf.nn.relu(x)), 1, 0)), _SERIES,
    ),
    "patches_of_logs": (
        lambda x: tf.exp(tf.image.extract_patches(
            tf.math.log(tf.nn.relu(x)), [1, 2, 3, 1], [1, 2, 2, 1], [1, 1, 1, 1], "SAME",
        )),
        (10, 14, 3),
    ),
    "nearest_of_logs": (
        lambda x: tf.exp(tf.raw_ops.ResizeNearestNeighbor(
            images=tf.math.log(tf.nn.relu(x)), size=[7, 20], half_pixel_centers=True,
        )),
        (10, 14, 3),
    ),
    "one_hot_of_far_numbers": (
        lambda x: tf.nn.softmax(tf.one_hot(tf.argmax(x, 2), 5, 0.25, -1e9) + x[:, :1]), _SERIES,
    ),
    "sort_of_quotients": (
        lambda x: tf.sort(tf.math.divide_no_nan(1.0, tf.nn.relu(x)), axis=-1), _SERIES,
    ),
    "argsort_of_columns": (
        lambda x: tf.cast(tf.argsort(x, axis=1, direction="DESCENDING"), tf.float32), _SERIES,
    ),
}  # fmt: skip
"""Name -> function, and the shape of its input without the batch."""
