"""A GRU whose new state is a sigmoid, as one of tanh: no OpenCV has other functions in a GRU.

With h = (k + 1) / 2, and since sigmoid(a) = (tanh(a / 2) + 1) / 2,

    h' = z h + (1 - z) sigmoid(a)       is      k' = z k + (1 - z) tanh(a / 2)

Products with h are half of those with k, and half of the sums of their weights more. This is exact
up to rounding, and holds for a SimpleRNN as the GRU that it is written as.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras2cv_export.quiet.tensorflow import tf


def of_tanh(weights: Mapping[str, Any]) -> dict[str, Any]:
    """Return the weights of the GRU of k.

    Args:
        weights: W (3 H, F), R (3 H, H), Wb and Rb (3 H) of ONNX's GRU, its gates in the order zrn.
    """
    recurrent = 0.5 * weights["R"]
    made = {
        "W": weights["W"],
        "R": recurrent,
        "Wb": weights["Wb"],
        "Rb": weights["Rb"] + tf.reduce_sum(recurrent, 1),
    }
    return {key: _new_half(value) for key, value in made.items()}


def to_tanh(h: Any) -> Any:
    """Return k of h."""
    return 2.0 * h - 1.0


def to_sigmoid(k: Any) -> Any:
    """Return h of k."""
    return 0.5 * k + 0.5


def _new_half(value: Any) -> Any:
    """Return half of the rows of n, and those of the gates as they are."""
    z, r, n = tf.split(value, 3)
    return tf.concat([z, r, 0.5 * n], 0)
