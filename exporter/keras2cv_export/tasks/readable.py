"""Outputs with infinities in a form that every task can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from keras2cv.net.overflow import OVERFLOWN

Array = np.ndarray[Any, Any]
Outputs = Mapping[str, Array]

AS_THEY_ARE: Final = frozenset({"raw", "regress"})
"""The tasks whose answers are the outputs' own numbers, NaN and infinity too."""


def readable(outputs: Outputs) -> Outputs | None:
    """Return outputs with the largest float32 in place of infinity; None with a NaN in them.

    A class that a model rules out by minus infinity is such an output.
    """
    if any(np.isnan(array).any() for array in outputs.values()):
        return None
    most = float(np.finfo(np.float32).max)
    return {name: np.nan_to_num(a, posinf=most, neginf=-most) for name, a in outputs.items()}


def largest(array: Array) -> float:
    """Return the largest magnitude of the numbers that do not overflow; 0 if there is none."""
    sizes = np.abs(array.astype(np.float64))
    return float(sizes[sizes < OVERFLOWN].max(initial=0.0))
