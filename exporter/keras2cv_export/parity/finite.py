"""NaN and infinity: an error, unless both sides have the same where the model itself overflows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras2cv.net.overflow import overflows_alike

from .known import Known
from .metrics import Array, Paired


@dataclass(frozen=True, eq=False)
class Finite:
    """The values of both sides that can be compared.

    Attributes:
        pair: Both sides; elements that are set aside are not usable, and 0.
        bad: Elements with a NaN or an infinity that is an error.
        problem: What is wrong with them; None if nothing is.
        reasons: Why what is left proves nothing.
    """

    pair: Paired
    bad: Array
    problem: str | None = None
    reasons: tuple[str, ...] = ()


def set_aside(reference: Array, candidate: Array, known: Known) -> Finite:
    """Set elements aside in which both sides are NaN, or overflow alike; all others are errors.

    Without the exact answer there is no telling a model that overflows from one that is broken:
    every NaN and infinity is an error then. In a sample far from what the model was made for,
    OpenCV may give a number where TensorFlow's float32 overflows.
    """
    usual = len(reference) - len(known.stress)
    lost = ~np.isfinite(reference)
    off = lost | ~np.isfinite(candidate)
    alike = np.zeros(off.shape, np.bool_)
    if known.exact is not None and off.any():
        alike = overflows_alike(reference, candidate)
        alike[usual:] |= lost[usual:]
    bad = off & ~alike
    usable = ~off
    pair = Paired(
        np.where(usable, reference, 0.0).astype(np.float64),
        np.where(usable, candidate, 0.0).astype(np.float64),
        usable,
        np.zeros(reference.shape),
    )
    if bad.any():
        counts = int(lost.sum()), int((~np.isfinite(candidate)).sum())
        return Finite(pair, bad, _problem(bad, counts, known))
    never: Array = np.asarray(~usable[:usual].any(axis=0))
    if never.any():
        never &= ~_ruled_out(reference[:usual], candidate[:usual], known)
    return Finite(pair, bad, reasons=_never_seen(never))


def _problem(bad: Array, counts: tuple[int, int], known: Known) -> str:
    first = int(np.argmax(bad.reshape(len(bad), -1).any(axis=1)))
    where = f", for an input that is {known.stress[first]}" if first in known.stress else ""
    return f"NaN or infinity: {counts[0]} in the reference, {counts[1]} in the candidate{where}"


def _ruled_out(reference: Array, candidate: Array, known: Known) -> Array:
    """Find the elements that are the same infinity for every sample, in float64 as well.

    The model says so, as of a class that it rules out; nothing overflows there.
    """
    same: Array = np.asarray((np.isinf(reference) & (reference == candidate)).all(axis=0))
    for sample in range(len(reference) if same.any() else 0):
        exact = known.exact(sample, 0.0) if known.exact is not None else None
        if exact is None or exact.shape != same.shape:
            return np.zeros(same.shape, np.bool_)
        same &= exact == reference[sample]
    return same


def _never_seen(never: Array) -> tuple[str, ...]:
    if not never.any():
        return ()
    return (
        f"{int(never.sum())} of {never.size} elements are NaN or infinite for every sample, on "
        "both sides. Pass samples for which the model gives numbers.",
    )
