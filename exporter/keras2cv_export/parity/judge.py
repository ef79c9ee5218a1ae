"""The verdict on one output, over all samples.

The order matters: outputs that cannot be compared fail first, then NaN and infinity, then the
numbers (floats.py). Only outputs that pass are checked for whether they could have failed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .exactness import MOVED
from .floats import explained, judge_floats
from .informative import uninformative_exact
from .known import Behind, Known, verdict_of
from .metrics import Array, Paired, find_worst
from .near_ties import is_near_tie
from .report import Check, OutputParity


def judge_output(
    name: str, references: Sequence[Array], candidates: Sequence[Array], known: Known
) -> OutputParity:
    """Judge one output that both sides have.

    Args:
        name: Keras' name of the output.
        references: TensorFlow's arrays, one per sample.
        candidates: OpenCV's arrays, for the same samples.
        known: Knowledge about the output beyond its numbers.
    """
    problem = _incomparable(references, candidates)
    if problem is not None:
        return OutputParity(name, "fail", (problem,))
    reference, candidate = np.stack(references), np.stack(candidates)
    if reference.dtype.kind in "iub":
        return _judge_integers(name, reference, candidate, known)
    return judge_floats(name, reference, candidate, known)


def _incomparable(references: Sequence[Array], candidates: Sequence[Array]) -> str | None:
    """Explain why two lists of arrays cannot be compared element by element; None if they can."""
    first = references[0]
    if first.dtype.kind not in "fiub":
        return f"values of dtype {first.dtype} cannot be compared; cast both sides to float32"
    for index, (expected, got) in enumerate(zip(references, candidates, strict=True)):
        if got.shape != expected.shape:
            order = ": its axes are in another order" if _same_axes(got, expected) else ""
            return f"the shape of sample {index} is {got.shape}, not {expected.shape}{order}"
        if got.dtype != expected.dtype:
            return f"the dtype of sample {index} is {got.dtype}, not {expected.dtype}"
        if (expected.shape, expected.dtype) != (first.shape, first.dtype):
            return (
                f"the reference changes from {first.dtype} {first.shape} in sample 0 to "
                f"{expected.dtype} {expected.shape} in sample {index}"
            )
        if expected.size == 0:
            return f"sample {index} has no elements: its shape is {expected.shape}"
    return None


def _same_axes(one: Array, two: Array) -> bool:
    return sorted(one.shape) == sorted(two.shape)


def _judge_integers(name: str, reference: Array, candidate: Array, known: Known) -> OutputParity:
    differs = reference != candidate
    near = differs & (
        _near_ties(reference, candidate, known.behind) | _rounded(differs, reference, known)
    )
    share = float((differs & ~near).mean())
    check = Check("differing", known.limits.differing, share, share)
    if not check.passed:
        count = int((differs & ~near).sum())
        pair = Paired.plain(reference, candidate)
        reasons = (
            f"{count} of {differs.size} elements differ",
            *explained(pair, known.limits, "the output"),
        )
    else:
        excused = known.constant or known.behind is not None
        reasons = () if excused else uninformative_exact(reference)
    return OutputParity(
        name,
        verdict_of(check.passed, reasons),
        reasons,
        (check,),
        near_ties=int(near.sum()),
        worst=find_worst(reference, candidate, differs & ~near),
    )


def _near_ties(reference: Array, candidate: Array, behind: Behind | None) -> Array:
    """Find elements whose two classes the reference's own scores hardly separate."""
    if behind is None:
        return np.zeros(reference.shape, dtype=np.bool_)
    classes = behind.scores.shape[-1]
    valid = (candidate >= 0) & (candidate < classes)
    picks = (reference, np.where(valid, candidate, 0))
    first, second = (
        np.take_along_axis(behind.scores, pick[..., None].astype(np.intp), axis=-1)[..., 0]
        for pick in picks
    )
    with np.errstate(invalid="ignore"):  # infinity less infinity: two that overflow are a tie
        gap = np.where(first == second, 0.0, first - second)
    near: Array = valid & is_near_tie(gap, behind.allowed)
    return near


def _rounded(differs: Array, reference: Array, known: Known) -> Array:
    """Find elements of which TensorFlow's own float32 gives another than the exact answer.

    Far from what the model was made for, scores tie: the places of a black picture are all alike.
    Where moving the inputs by a few roundings changes such a sample's choices, they say nothing.
    """
    rounded = np.zeros(reference.shape, np.bool_)
    if known.exact is None:
        return rounded
    for sample in np.flatnonzero(differs.reshape(len(differs), -1).any(axis=1)).tolist():
        exact = known.exact(sample, 0.0)
        if exact is not None and exact.shape == reference[sample].shape:
            rounded[sample] = exact != reference[sample]
            if sample in known.stress:
                moved = known.exact(sample, MOVED)
                rounded[sample] |= moved is not None and bool((moved != exact).any())
    return rounded
