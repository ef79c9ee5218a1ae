"""Simulated quantization rounds to the same steps."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from support.traced_ops import flat

X = np.linspace(-7.5, 8.5, 333, dtype=np.float32).reshape(111, 3)


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize(("low", "high", "bits"), [(-6, 6, 8), (0, 6, 8), (-1.3, 2.7, 4)])
def test_fixed_limits(low: float, high: float, bits: int, narrow: bool) -> None:
    """Zero is a step, and numbers beyond the limits stop at them."""
    traced = flat(
        lambda x: tf.quantization.fake_quant_with_min_max_args(x, low, high, bits, narrow), X
    )
    traced.assert_same(limit=1e-6)
    assert "FakeQuantWithMinMaxArgs" not in traced.ops


def test_limits_of_each_channel() -> None:
    """Trained limits may differ by channel."""
    low, high = np.array([-1, -2.2, -0.4], np.float32), np.array([3, 1.1, 0.7], np.float32)
    traced = flat(
        lambda x: tf.quantization.fake_quant_with_min_max_vars_per_channel(x, low, high), X
    )
    traced.assert_same(limit=1e-6)
    assert "FakeQuantWithMinMaxVarsPerChannel" not in traced.ops
