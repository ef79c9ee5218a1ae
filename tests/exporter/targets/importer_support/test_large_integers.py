"""Whole numbers that float32 does not hold are refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras2cv.errors import UnsupportedError
from keras2cv_export.convert import convert
from support.traced_ops import integers, loaded

X = integers(9, 2, 4)


def _whole(x: Any) -> Any:
    return tf.cast(tf.sigmoid(tf.cast(x, tf.float32)) * 255.0, tf.int32)


TOO_LARGE: dict[str, Callable[[Any], Any]] = {
    "a hash": lambda x: x * 1103515245 + 12345,
    "a large number": lambda x: x + 20_000_001,
    "a remainder by one": lambda x: x % 2147483647,
    "four bytes": lambda x: (_whole(x) * 65536 + 255) * 256 + _whole(x),
    "a square": lambda x: (_whole(x) * 1000) * (_whole(x) * 1000),
}


@pytest.mark.parametrize("function", TOO_LARGE.values(), ids=TOO_LARGE)
def test_large_whole_numbers_are_refused(function: Callable[[Any], Any]) -> None:
    """They came out rounded before, as any other number."""
    with pytest.raises(UnsupportedError, match=r"whole numbers? above 2"):
        convert(loaded(function, X))


FINE: dict[str, Callable[[Any], Any]] = {
    "three bytes": lambda x: (_whole(x) * 256 + _whole(x)) * 256 + _whole(x),
    "a shift": lambda x: _whole(x) * 2**20 // 2**20,
    "an unknown product": lambda x: x * x + 1,
    "a large bound": lambda x: tf.minimum(x, 2**31 - 1) + 1,
    "a large number that is chosen": lambda x: tf.where(x > 3, x, 2**31 - 1),
    "floats": lambda x: tf.cast(x, tf.float32) * 1103515245.0,
}


@pytest.mark.parametrize("function", FINE.values(), ids=FINE)
def test_others_are_exported(function: Callable[[Any], Any]) -> None:
    """What is not known to be large counts as small."""
    assert len(convert(loaded(function, X.astype(np.int32))).model.graph) > 0
