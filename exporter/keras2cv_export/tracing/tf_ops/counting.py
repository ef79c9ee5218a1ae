"""Counting, comparing with a list of numbers, and one-hot vectors.

Everything is compared as float32: OpenCV computes in it, and integers are exact up to 2^24. Larger
ones are rounded, which keeps their order, so they compare right with all that are smaller.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .finite import chosen
from .node import MOST_EXACT, Array, Node, known, must_know, require_exact, require_room, static
from .small_integers import require_comparable


def bucketize(node: Node, x: Any) -> Any:
    """Bucketize -> how many boundaries are <= x, as int32 like x."""
    boundaries = np.asarray(node.attr("boundaries", []), np.float32)
    if x.dtype.is_integer and boundaries.size and np.abs(boundaries).max() > MOST_EXACT:
        require_comparable(x)
    below = tf.cast(tf.cast(x, tf.float32)[..., None] >= boundaries, tf.float32)
    return tf.cast(tf.reduce_sum(below, -1), tf.int32)


def lower_bound(node: Node, ordered: Any, x: Any) -> Any:
    """LowerBound of (N, V) in sorted rows (N, S) -> how many of a row are below each number."""
    return _searched(node, ordered, x, tf.less)


def upper_bound(node: Node, ordered: Any, x: Any) -> Any:
    """UpperBound -> how many of a row are not above each number."""
    return _searched(node, ordered, x, tf.less_equal)


def _searched(node: Node, ordered: Any, x: Any, comparison: Any) -> Any:
    require_room(*static(ordered), static(x)[-1])
    require_comparable(ordered, x)
    rows, numbers = (tf.cast(t, tf.float32) for t in (ordered, x))
    before = comparison(rows[:, None, :], numbers[:, :, None])
    count = tf.reduce_sum(tf.cast(before, tf.float32), -1)
    return tf.cast(count, node.attr("out_type", tf.int32))


def in_top_k(_: Node, scores: Any, targets: Any, k: Any) -> Any:
    """InTopKV2 -> whether fewer than k scores are above the one at the target, in each row.

    In a row with infinity, or with what is no number, no target is in the list.
    """
    require_exact(static(scores)[-1], "classes")
    places = np.arange(static(scores)[-1], dtype=np.float32)
    at = tf.cast(tf.equal(tf.cast(targets, tf.float32)[:, None], places), tf.float32)
    most = np.finfo(np.float32).max
    finite = tf.clip_by_value(scores, -most, most)
    own = tf.reduce_sum(at * finite, -1, keepdims=True)
    above = tf.reduce_sum(tf.cast(finite > own, tf.float32), -1)
    there = tf.reduce_sum(at, -1)  # a target beyond the scores is in no list
    there *= tf.reduce_min(tf.cast(tf.equal(scores, finite), tf.float32), -1)
    return there * (float(must_know(k, "k")) - above) > 0.0


def one_hot(node: Node, indices: Any, depth: Any, on: Any, off: Any) -> Any:
    """OneHot -> index == 0, 1, ..., depth - 1, as `on` where equal and `off` elsewhere."""
    rank, axis = len(indices.shape), int(node.attr("axis", -1))
    axis = axis if axis >= 0 else rank
    require_exact(int(must_know(depth, "depth")), "places")
    numbers = np.arange(int(must_know(depth, "depth")), dtype=np.float32)
    places = numbers.reshape([-1 if k == axis else 1 for k in range(rank + 1)])
    hit = tf.equal(tf.expand_dims(tf.cast(indices, tf.float32), axis), places)
    if on.dtype == tf.bool:
        return tf.logical_or(tf.logical_and(hit, on), tf.logical_and(tf.logical_not(hit), off))
    return _between(off, on, hit)


def _between(off: Any, on: Any, hit: Any) -> Any:
    """Return `on` where `hit` holds and `off` elsewhere, by arithmetic where that is exact."""
    numbers, low, high = tf.cast(hit, on.dtype), known(off), known(on)
    if (low, high) == (np.zeros(()), np.ones(())):
        return numbers
    if on.dtype.is_integer or _is_exact(low, high):
        return numbers * (on - off) + off
    return tf.where(hit, on, off)


def _is_exact(off: Array | None, on: Array | None) -> bool:
    """Whether (on - off) + off is `on`, as it is not where one is infinite or far larger."""
    if off is None or on is None or not np.isfinite([off, on]).all():
        return False
    return bool(on - off + off == on)


def dense_bincount(node: Node, x: Any, size: Any, weights: Any) -> Any:
    """DenseBincount of (L,) or (N, L) -> (x == 0, 1, ..., size - 1) summed over L.

    TensorFlow lengthens the result when a number exceeds the given size. A net of fixed shapes
    cannot, so such numbers are not counted.
    """
    count = _least(size)
    require_exact(count, "bins")
    require_room(count, int(x.shape.num_elements() or 1))
    hit = tf.equal(
        tf.cast(x, tf.float32)[..., None], np.arange(count, dtype=np.float32)
    )  # (..., L, size)
    hits = tf.cast(hit, tf.float32)
    if node.attr("binary_output", default=False):
        return tf.cast(tf.reduce_max(hits, -2), weights.dtype)
    if weights.shape.num_elements() != 0:
        hits = chosen(hit, tf.cast(weights, tf.float32)[..., None])
    return tf.cast(tf.reduce_sum(hits, -2), weights.dtype)


def bincount(node: Node, x: Any, size: Any, weights: Any) -> Any:
    """Bincount, the older op of any rank -> DenseBincount of all elements."""
    flat = [tf.reshape(t, [-1]) if len(static(t)) > 1 else t for t in (x, weights)]
    return dense_bincount(node, flat[0], size, flat[1])


def _least(size: Any) -> int:
    """Return the size, or its lower bound where it is computed as max(least, largest number)."""
    least = _bounds(size)[0]
    return least if least > 0 else int(must_know(size, "number of bins"))


def _bounds(size: Any) -> tuple[int, int]:
    """Return the least and the largest value that a count can have."""
    value = known(size)
    if value is not None:
        return int(value), int(value)
    if size.op.type not in ("Maximum", "Minimum"):
        return 0, np.iinfo(np.int32).max
    pick = max if size.op.type == "Maximum" else min
    (low_a, high_a), (low_b, high_b) = (_bounds(side) for side in size.op.inputs)
    return pick(low_a, low_b), pick(high_a, high_b)
