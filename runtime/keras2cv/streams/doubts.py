"""Answers that are no numbers: a net that computes NaN or infinity has no result to trust."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

OF_OUTPUT: Final = "the model answers NaN or infinity"
OF_INPUT: Final = "the input holds NaN or infinity"


def of_inputs(arrays: Iterable[Array]) -> str:
    """Return what is wrong with the arrays that a model gets; "" if nothing is."""
    return "" if all(map(_is_finite, arrays)) else OF_INPUT


def of_outputs(runs: Iterable[Mapping[str, Array]], counts: Sequence[int]) -> list[str]:
    """Return what is wrong with each sample's outputs.

    Args:
        runs: The outputs of each run of the net, by name.
        counts: The number of samples in each run.
    """
    found: list[str] = []
    for run, count in zip(runs, counts, strict=True):
        broken = [array for array in run.values() if not _is_finite(array)]
        for index in range(count):
            parts = [array[index] if len(array) == count else array for array in broken]
            found.append("" if all(map(_is_finite, parts)) else OF_OUTPUT)
    return found


def _is_finite(array: Array) -> bool:
    if array.dtype.kind != "f":
        return True
    return bool(np.isfinite(array).all())
