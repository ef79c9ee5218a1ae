"""Recognise known faults in a failing output: hints for the report, never a reason to pass.

Each hint is one known fault, undone on the candidate or done to the reference. When that explains
the candidate to within the allowed error, the report names the fault, and the output still fails: a
permutation that makes numbers agree would approve wrong layouts (it has, in other tools).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations

import numpy as np

from .metrics import Array, Paired

Hint = Callable[[Array, Array, float], str | None]
"""(reference, candidate, allowed absolute error) -> a clause after "the output ...", or None."""

_MIN_ELEMENTS = 4  # with fewer, a factor and an offset always fit
_HALF_PRECISION_MIN_ELEMENTS = 8  # fewer values may well be short by chance


def hint(pair: Paired, allowed: float) -> str | None:
    """Name the fault that explains a failing output, the most specific first; None if none does."""
    if pair.reference.size < _MIN_ELEMENTS or pair.count < pair.reference.size:
        return None
    # A fault that leaves more than a quarter of the error explains nothing.
    allowed = min(allowed, float(pair.errors().max()) / 4.0)
    clauses = (find(pair.reference, pair.candidate, allowed) for find in HINTS)
    return next((clause for clause in clauses if clause is not None), None)


def same_values(reference: Array, candidate: Array, allowed: float) -> bool:
    """Whether two arrays of one shape agree to within `allowed`, absolutely."""
    return bool(np.abs(candidate - reference).max() <= allowed)


def is_constant(reference: Array, candidate: Array, allowed: float) -> str | None:
    """Recognise one value everywhere; the output failed because the reference has more."""
    del reference, allowed
    value = candidate.flat[0]
    return f"is {value:.6g} everywhere" if (candidate == value).all() else None


def repeats_an_answer(reference: Array, candidate: Array, allowed: float) -> str | None:
    """Recognise one answer to several inputs that have different answers."""
    for where, expected, got in _row_sets(reference, candidate):
        first: dict[bytes, int] = {}
        for index, row in enumerate(got):
            earlier = first.setdefault(row.tobytes(), index)
            if not same_values(expected[earlier], expected[index], allowed):
                return (
                    f"is identical for {where} {earlier} and {index} where the reference differs: "
                    "a stale buffer, or an input that is not read"
                )
    return None


def lags_behind(reference: Array, candidate: Array, allowed: float) -> str | None:
    """Recognise answers that arrive one call late, or one too early."""
    if len(reference) < 3:
        return None
    if same_values(reference[:-1], candidate[1:], allowed):
        return "is the answer to the previous sample"
    if same_values(reference[1:], candidate[:-1], allowed):
        return "is the answer to the next sample"
    return None


def is_scaled(reference: Array, candidate: Array, allowed: float) -> str | None:
    """Recognise one common factor, by least squares."""
    scale = float(np.abs(reference).max())
    if scale == 0.0:
        return None
    unit = reference / scale  # its square neither overflows nor vanishes
    factor = float((unit * candidate).sum() / (unit * unit).sum()) / scale
    if factor != 0.0 and same_values(reference * factor, candidate, allowed * abs(factor)):
        return f"is {factor:.6g} times the reference, throughout"
    return None


def is_offset(reference: Array, candidate: Array, allowed: float) -> str | None:
    """Recognise one common offset; a channel's bias would not be common to all."""
    offset = float((candidate - reference).mean())
    if same_values(reference + offset, candidate, allowed):
        return f"is the reference plus {offset:.6g}, throughout"
    return None


def is_flipped(reference: Array, candidate: Array, allowed: float) -> str | None:
    """Recognise one reversed axis; the last axis holds Keras' channels."""
    for axis in reversed(range(2, reference.ndim)):
        if same_values(np.flip(reference, axis), candidate, allowed):
            return f"is the reference reversed along axis {axis - 1}"
    return None


def is_transposed(reference: Array, candidate: Array, allowed: float) -> str | None:
    """Recognise the values of another order of axes in the right shape."""
    axes = tuple(range(2, reference.ndim))
    for order in permutations(axes):
        moved = reference.transpose(0, 1, *order).reshape(reference.shape)
        if order != axes and same_values(moved, candidate, allowed):
            return f"holds the reference transposed by {tuple(a - 1 for a in (1, *order))}"
    return None


def is_half_precision(reference: Array, candidate: Array, allowed: float) -> str | None:
    """Recognise values that carry no more than half precision's 11 bits."""
    del allowed  # a property of the candidate's digits alone
    largest = max(np.abs(reference).max(), np.abs(candidate).max())
    if candidate.size < _HALF_PRECISION_MIN_ELEMENTS or largest > np.finfo(np.float16).max:
        return None
    short = np.array_equal(candidate, candidate.astype(np.float16).astype(candidate.dtype))
    precise = not np.array_equal(reference, reference.astype(np.float32).astype(np.float16))
    return "has the digits of float16 only" if short and precise else None


HINTS: tuple[Hint, ...] = (
    is_constant,
    lags_behind,
    repeats_an_answer,
    is_scaled,
    is_offset,
    is_flipped,
    is_transposed,
    is_half_precision,
)


def _row_sets(reference: Array, candidate: Array) -> Iterator[tuple[str, Array, Array]]:
    """Yield the answers to different inputs: the samples, then the rows of each batch."""
    yield "samples", reference, candidate
    if reference.ndim > 1 and reference.shape[1] > 1:
        for sample in range(len(reference)):
            yield f"rows of sample {sample},", reference[sample], candidate[sample]
