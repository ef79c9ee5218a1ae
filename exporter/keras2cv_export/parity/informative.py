"""Decide whether outputs carry enough information for their agreement to prove anything.

A wrong net passes unseen when its right answers are all alike. The faults that hide this way put
one right answer in place of another: the answer to another sample (a stale buffer, an ignored
input), or another element of the same sample (a transposed, permuted or exchanged output). Such a
fault moves an element by as much as the reference itself varies: between samples, or within one.
Where that is under `_STANDS_OUT` times the allowed error, the verdict is inconclusive. Ten leaves
room for a fault that is a tenth as bad, and stays under the level that noise-like outputs reach
even at the float16 limit: 10 x 2e-2 = 0.2 of max |reference|, where four random normal answers
differ by 0.6.
"""

from __future__ import annotations

import numpy as np

from .metrics import Array, Paired
from .tolerance import Limits

MIN_SAMPLES = 3  # with two, an output that alternates cannot be told from one that answers

_STANDS_OUT = 10.0
_BOUND = 1e-6  # a probability computed in float32 that is nearer than this to 0 or 1 is at its end
_ADVICE = "Pass samples that the model answers differently"


def uninformative(pair: Paired, odds: Paired | None, limits: Limits) -> tuple[str, ...]:
    """List the reasons why a floating-point output proves nothing; empty if it does.

    Args:
        pair: Both sides, unchanged.
        odds: The same as log-odds, where the output is known to hold probabilities: flat or
            saturated probabilities are judged there.
        limits: The allowed errors of the output.

    Returns:
        Sentences, each with advice.
    """
    if odds is not None and _answering_samples(odds) < 2:
        return (_saturated(len(odds.usable) - _answering_samples(odds), len(odds.usable)),)
    if odds is None and _near_binary(pair.reference):
        return (_saturated(len(pair.reference), len(pair.reference)),)
    space = pair if odds is None else odds
    needed = _STANDS_OUT * (limits.max_abs * space.scale + space.mean_resolution())
    reasons = []
    if not space.response() > needed:
        reasons.append(
            f"the reference moves by {space.response():.1e} between samples, too little against "
            f"an allowed error of {needed / _STANDS_OUT:.1e}. {_ADVICE}."
        )
    if space.reference[0].size > 1 and not space.spread() > needed:
        reasons.append(
            f"its elements differ by {space.spread():.1e} within a sample, too little against an "
            f"allowed error of {needed / _STANDS_OUT:.1e}. Pass samples that are less uniform."
        )
    return tuple(reasons)


def uninformative_exact(reference: Array) -> tuple[str, ...]:
    """Do the same for an integer or boolean output, (samples, *output shape)."""
    if (reference == reference[:1]).all():
        value = f" {reference.flat[0]}" if (reference == reference.flat[0]).all() else ""
        return (f"the reference gives the same answer{value} to every sample. {_ADVICE}.",)
    return ()


def _answering_samples(odds: Paired) -> int:
    return int(odds.usable.reshape(len(odds.usable), -1).any(axis=1).sum())


def _near_binary(values: Array) -> bool:
    """Whether values end within rounding of 0 and 1, though not on them as a mask's do.

    Where none is near 1, they are small, and the errors are measured by a scale as small.
    """
    if np.abs(values).max() <= 0.5:
        return False
    at_bound = np.minimum(np.abs(values), np.abs(values - 1.0)) <= _BOUND
    return bool(at_bound.all() and not np.isin(values, (0.0, 1.0)).all())


def _saturated(saturated: int, samples: int) -> str:
    return (
        f"its probabilities are saturated, 0 or 1 to within rounding, for {saturated} of {samples} "
        f"samples. {_ADVICE}, or a model that gives logits."
    )
