"""The agreement of two results of one picture; `comparison` merges many of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from keras2cv.tasks.result import Result

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class PictureAgreement:
    """How far one picture's results agree; `merge` makes an `Agreement` of many.

    Attributes:
        same: Whether it is the same answer.
        numbers: As in `Agreement`, of this picture.
        pixels: For segmentation: class -> (pixels that both sides gave it, pixels that either did).
    """

    same: bool
    numbers: Mapping[str, float]
    pixels: Mapping[str, tuple[int, int]] = field(default_factory=lambda: MappingProxyType({}))


def same_numbers(reference: Result, candidate: Result, allowed: float) -> PictureAgreement:
    """Compare values: they are the same within the allowed error."""
    pairs = zip(_arrays(reference), _arrays(candidate), strict=True)
    gap = max((_gap(one, two) for one, two in pairs), default=0.0)
    return PictureAgreement(gap <= allowed, {"largest_difference_of_range": gap})


def _arrays(result: Result) -> list[Array]:
    """Return the numbers of any result, in an order of its own."""
    values = getattr(result, "values", None)
    if isinstance(values, np.ndarray):
        return [values]
    arrays = getattr(result, "arrays", None)
    if isinstance(arrays, Mapping):
        return [np.asarray(array) for array in arrays.values()]
    return [np.array(list(_numbers(result.to_dict())), np.float64)]


def _numbers(value: object) -> Iterator[float]:
    if isinstance(value, Mapping):
        for key in value:
            yield from _numbers(value[key])
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _numbers(item)
    elif isinstance(value, int | float):
        yield float(value)


def _gap(reference: Array, candidate: Array) -> float:
    if reference.shape != candidate.shape:
        return 1.0
    one, two = reference.astype(np.float64), candidate.astype(np.float64)
    scale = float(np.abs(one).max(initial=0.0))
    return float(np.abs(one - two).max(initial=0.0)) / (scale or 1.0)
