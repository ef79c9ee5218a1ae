"""Whole numbers: those that follow from shapes alone, and divisors that float32 does not hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .node import Node, RefusedError, is_computed, known
from .small_integers import are_small


def divide(_: Node, x: Any, y: Any) -> None:
    """Leave FloorDiv and FloorMod to the conversion, which divides float32 numbers.

    Seeds of random numbers are divided, too: they are no input's, and what draws is refused.

    Raises:
        RefusedError: The divisor is a whole number that is none.
    """
    value = known(y)
    if value is not None and y.dtype.is_integer and not are_small(y) and is_computed(x):
        raise RefusedError(
            "it divides by a whole number above 2^24, which OpenCV rounds to float32",
            "Divide by a smaller one, or do that part outside of the model.",
        )


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
