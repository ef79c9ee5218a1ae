"""Running products."""

from __future__ import annotations

import pytest
import tensorflow as tf

from support.traced_ops import flat, random


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("axis", [0, -1])
def test_running_products(axis: int, reverse: bool, exclusive: bool) -> None:
    """The same products, in TensorFlow's order, to the last bit."""
    traced = flat(
        lambda x: tf.math.cumprod(x, axis, exclusive=exclusive, reverse=reverse), random(4, 3, 5)
    )
    traced.assert_same(limit=0)
    assert "Cumprod" not in traced.ops


def test_a_single_slice() -> None:
    """An axis of one has nothing to multiply."""
    flat(lambda x: tf.math.cumprod(x, 1), random(4, 1)).assert_same(limit=0)
