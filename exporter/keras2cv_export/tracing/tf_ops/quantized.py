"""Simulated quantization, as in models trained for integer hardware."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras2cv_export.quiet.tensorflow import tf

from .node import Node


def fake_quant_args(node: Node, x: Any) -> Any:
    """FakeQuantWithMinMaxArgs -> clip, scale, round and scale back."""
    low, high = (tf.constant(node.attr(k, d), tf.float32) for k, d in (("min", -6), ("max", 6)))
    return _fake_quant(node, x, low, high)


def fake_quant_vars(node: Node, x: Any, low: Any, high: Any) -> Any:
    """FakeQuantWithMinMaxVars, also PerChannel -> the same with computed or trained limits."""
    return _fake_quant(node, x, low, high)


def _fake_quant(node: Node, x: Any, low: Any, high: Any) -> Any:
    """Quantize as TensorFlow's kernel does (fake_quant_ops_functor.h: Nudge).

    The limits are moved a little, so that zero is one of the steps. Rounds half up, by a floor.
    """
    least = 1.0 if node.attr("narrow_range", default=False) else 0.0
    most = float(2 ** int(node.attr("num_bits", 8)) - 1)
    step = (high - low) / np.float32(most - least)
    zero = tf.floor(tf.clip_by_value(least - low / step, least, most) + 0.5)
    nudged_low, nudged_high = (least - zero) * step, (most - zero) * step
    clipped = tf.minimum(tf.maximum(x, nudged_low), nudged_high)
    return tf.floor((clipped - nudged_low) / step + 0.5) * step + nudged_low
