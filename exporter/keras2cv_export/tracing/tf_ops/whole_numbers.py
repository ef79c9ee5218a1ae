"""Whole numbers: quotients that round down, and places that follow from shapes alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .node import Node, known


def floor_div(_: Node, x: Any, y: Any) -> Any | None:
    """FloorDiv of integers -> the floor of a quotient of floats; tf2onnx rounds towards zero."""
    if not x.dtype.is_integer or _are_known(x, y):
        return None
    return tf.cast(_floor_of_quotient(x, y), x.dtype)


def floor_mod(_: Node, x: Any, y: Any) -> Any | None:
    """FloorMod of integers -> x - y floor(x / y), of floats."""
    if not x.dtype.is_integer or _are_known(x, y):
        return None
    whole = _floor_of_quotient(x, y)
    return tf.cast(tf.cast(x, tf.float32) - tf.cast(y, tf.float32) * whole, x.dtype)


def where(_: Node, condition: Any) -> Any | None:
    """Where of a known condition -> the places at which it holds, int64 (places, axes)."""
    value = known(condition)
    return None if value is None else tf.constant(np.argwhere(value), tf.int64)


def unique(node: Node, x: Any, axis: Any = None) -> list[Any] | None:
    """Unique of known numbers -> each once, in the order of its first place, and where it is."""
    value = known(x)
    whole = (
        axis is None or axis.shape.num_elements() == 0 or (value is not None and value.ndim == 1)
    )
    if value is None or not whole:
        return None
    _, first, inverse = np.unique(value, return_index=True, return_inverse=True)
    order = np.argsort(first)
    index = tf.as_dtype(node.attr("out_idx", tf.int32.as_datatype_enum))
    return [
        tf.constant(value.reshape(-1)[first[order]], x.dtype),
        tf.constant(np.argsort(order)[inverse.reshape(-1)], index),
    ]


def _are_known(x: Any, y: Any) -> bool:
    """Whether it is arithmetic on shapes, which TensorFlow computes itself."""
    return known(x) is not None and known(y) is not None


def _floor_of_quotient(x: Any, y: Any) -> Any:
    return tf.floor(tf.cast(x, tf.float32) / tf.cast(y, tf.float32))
