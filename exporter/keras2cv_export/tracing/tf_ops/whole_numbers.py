"""Places and numbers that follow from shapes alone: TensorFlow knows no size of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .node import Node, known


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
