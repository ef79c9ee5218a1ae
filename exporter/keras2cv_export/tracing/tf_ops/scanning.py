"""Running products and sums along an axis, step by step."""

from __future__ import annotations

from typing import Any

from keras2cv_export.quiet.tensorflow import tf

from .node import Node, must_know, static


def cumprod(node: Node, x: Any, axis: Any) -> Any:
    """Cumprod -> the products of the first 1, 2, ... slices, joined; the same roundings.

    `exclusive` leaves each slice's own factor out, `reverse` starts at the end.
    """
    along = int(must_know(axis, "axis")) % len(x.shape)
    slices = tf.split(x, static(x)[along], axis=along)
    if node.attr("reverse", default=False):
        slices.reverse()
    running = [tf.ones_like(slices[0]) if node.attr("exclusive", default=False) else slices.pop(0)]
    for k in range(static(x)[along] - 1):
        running.append(running[-1] * slices[k])
    if node.attr("reverse", default=False):
        running.reverse()
    return tf.concat(running, along)
