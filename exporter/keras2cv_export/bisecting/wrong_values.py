"""Recognise known faults in a layer's wrong value, in Keras' layout."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras2cv_export.parity.diagnose import hint
from keras2cv_export.parity.metrics import Paired

from .comparing import Readable

Array = np.ndarray[Any, Any]


def looks_like(root: Readable, got: Array | None, limit: float) -> str:
    """Name the known fault that the value shows: a clause after "it", or ""."""
    if got is None:
        return ""
    if got.size != root.value.size:
        return f"has the shape {got.shape} in OpenCV, where {root.value.shape} is right"
    if not np.isfinite(got).all():
        bad = int(got.size - np.isfinite(got).sum())
        return f"holds NaN or infinity, in {bad} of {got.size} elements"
    pair = Paired.plain(root.expected[None], _in_keras(root, got)[None])
    return hint(pair, limit * pair.scale) or ""


def where_wrong(root: Readable, got: Array | None, limit: float) -> str:
    """Name the wrong elements: single channels if only those are wrong, or how many of all."""
    if got is None or got.size != root.value.size:
        return ""
    keras = _in_keras(root, got)
    allowed = limit * float(np.abs(root.expected).max())
    wrong = ~(np.abs(keras.astype(np.float64) - root.expected) <= allowed)
    channels = _wrong_channels(wrong) if wrong.ndim > 1 else []
    if 0 < len(channels) <= wrong.shape[-1] // 2:
        listed = ", ".join(map(str, channels[:5])) + (", ..." if len(channels) > 5 else "")
        noun = "channel" if len(channels) == 1 else "channels"
        return f"in {noun} {listed} of {wrong.shape[-1]} alone"
    return f"in {int(wrong.sum())} of {wrong.size} elements"


def _wrong_channels(wrong: Array) -> list[int]:
    return [int(k) for k in np.flatnonzero(wrong.reshape(-1, wrong.shape[-1]).any(axis=0))]


def _in_keras(root: Readable, got: Array) -> Array:
    return root.origin.to_keras(got.reshape(root.value.shape))
