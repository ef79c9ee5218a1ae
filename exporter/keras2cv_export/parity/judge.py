"""The verdict on one output, over all samples.

The order matters: outputs that cannot be compared fail first, then NaN and infinity, then the
numbers. Only outputs that pass are checked for whether they could have failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .diagnose import hint
from .informative import uninformative, uninformative_exact
from .metrics import Array, Paired, find_worst, mean_error, measure, ratio
from .report import Check, OutputParity, Verdict
from .scores import (
    Ranking,
    compare_ranking,
    log_odds,
    not_probabilities,
)
from .tolerance import Limits

_TOP_K = 5


@dataclass(frozen=True)
class Behind:
    """The reference's scores of which an integer output is the argmax.

    Attributes:
        scores: (samples, *output shape, classes), float64.
        allowed: Absolute error that these scores may have.
    """

    scores: Array
    allowed: float


@dataclass(frozen=True)
class Known:
    """Knowledge about an output beyond its numbers; see `parity.compare`."""

    limits: Limits
    score: str | None = None
    behind: Behind | None = None
    constant: bool = False


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
        return _judge_exact(name, reference, candidate, known)
    lost = int((~np.isfinite(reference)).sum()), int((~np.isfinite(candidate)).sum())
    if any(lost):
        return _not_finite(name, reference, candidate, lost)
    return _judge_float(name, Paired.plain(reference, candidate), known)


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


def _not_finite(
    name: str, reference: Array, candidate: Array, lost: tuple[int, int]
) -> OutputParity:
    bad = ~(np.isfinite(reference) & np.isfinite(candidate))
    return OutputParity(
        name,
        "fail",
        (f"NaN or infinity: {lost[0]} in the reference, {lost[1]} in the candidate",),
        worst=find_worst(reference, candidate, bad),
        nonfinite_reference=lost[0],
        nonfinite_candidate=lost[1],
    )


def _judge_exact(name: str, reference: Array, candidate: Array, known: Known) -> OutputParity:
    differs = reference != candidate
    near = differs & _near_ties(reference, candidate, known.behind)
    share = float((differs & ~near).mean())
    check = Check("differing", known.limits.differing, share, share)
    if not check.passed:
        count = int((differs & ~near).sum())
        pair = Paired.plain(reference, candidate)
        reasons = (
            f"{count} of {differs.size} elements differ",
            *_explained(pair, known.limits, "the output"),
        )
    else:
        excused = known.constant or known.behind is not None
        reasons = () if excused else uninformative_exact(reference)
    return OutputParity(
        name,
        _verdict(check.passed, reasons),
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
    near: Array = valid & (np.abs(first - second) <= 2.0 * behind.allowed)
    return near


def _judge_float(name: str, pair: Paired, known: Known) -> OutputParity:
    limits = known.limits
    odds, impossible = _odds(pair, known)
    checks = _checks(pair, limits, "")
    if odds is not None and odds.count:
        checks += _checks(odds, limits, "log-odds ")
    failed = [check for check in checks if not check.passed]
    if failed or impossible:
        reasons = impossible + _failures(pair, odds, failed, limits)
    else:
        reasons = () if known.constant else uninformative(pair, odds, limits)
    return OutputParity(
        name,
        _verdict(not failed and not impossible, reasons),
        reasons,
        checks,
        measure(pair),
        *_rankings(pair, known),
        worst=find_worst(pair.reference, pair.candidate, pair.errors()),
    )


def _checks(pair: Paired, limits: Limits, space: str) -> tuple[Check, ...]:
    errors = pair.errors()
    limit = limits.mean_abs_over(pair.count)
    largest, mean = ratio(float(errors.max()), pair), ratio(mean_error(pair, errors), pair)
    # A limit of 0 asks for equality, and no other number replaces it.
    needed = mean * limits.max_abs / limit if limit > 0.0 else largest
    return (
        Check(f"{space}max_abs/max_ref", limits.max_abs, largest, largest),
        Check(f"{space}mean_abs/max_ref", limit, mean, needed),
    )


def _failures(
    pair: Paired, odds: Paired | None, failed: list[Check], limits: Limits
) -> tuple[str, ...]:
    numbers = tuple(f"{c.metric} is {c.measured:.1e}, above {c.limit:.1e}" for c in failed)
    explained = _explained(pair, limits, "the output")
    if odds is not None and not explained:
        explained = _explained(odds, limits, "in log-odds the output")
    return numbers + explained


def _explained(pair: Paired, limits: Limits, subject: str) -> tuple[str, ...]:
    clause = hint(pair, limits.max_abs * pair.scale)
    return () if clause is None else (f"{subject} {clause}",)


def _odds(pair: Paired, known: Known) -> tuple[Paired | None, tuple[str, ...]]:
    """Return an output's log-odds if it is declared as probabilities, or why it cannot hold any."""
    if known.score not in ("softmax", "sigmoid"):
        return None, ()
    impossible = not_probabilities(pair.reference, known.score)
    if impossible is not None:
        return None, (impossible,)
    odds = log_odds(pair.reference, pair.candidate, known.score, known.limits)
    return Paired(odds.reference, odds.candidate, odds.usable, odds.resolution), ()


def _rankings(pair: Paired, known: Known) -> tuple[Ranking | None, Ranking | None]:
    classes = pair.reference.shape[-1] if pair.reference.ndim > 1 else 0
    if known.score not in ("softmax", "logits") or classes < 2:
        return None, None
    allowed = known.limits.max_abs * pair.scale
    top1 = compare_ranking(pair.reference, pair.candidate, 1, allowed)
    if classes <= _TOP_K:
        return top1, None
    return top1, compare_ranking(pair.reference, pair.candidate, _TOP_K, allowed)


def _verdict(passed: bool, reasons: tuple[str, ...]) -> Verdict:
    if not passed:
        return "fail"
    return "inconclusive" if reasons else "pass"
