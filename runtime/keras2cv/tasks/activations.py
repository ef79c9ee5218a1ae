"""Softmax and sigmoid in float32, as Keras computes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def softmax(logits: Array) -> NDArray[np.float32]:
    """Return exp(x) / sum(exp(x)) of each row of (M, C), float32 as Keras computes it.

    A row with NaN or infinity becomes NaN, which no threshold lets through.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), np.float32)


def sigmoid(logits: Array) -> NDArray[np.float32]:
    """Return 1 / (1 + exp(-x)), through the exponential that does not overflow."""
    small = np.exp(-np.abs(logits))
    return np.asarray(np.where(logits >= 0, 1, small) / (1 + small), np.float32)
