"""Class scores: probabilities turned back into log-odds, and the ranking of classes compared.

Softmax and sigmoid squash: a logit of 1 that is wrong by 4e-4 (scale 0.00392 for 1/255) moves its
sigmoid by 8e-5, under the float32 limit of 1e-4, and a 1000-class softmax over small logits is
1/1000 whatever goes wrong. The logarithm undoes that. Nothing is lost on the way: float32 holds
small probabilities as precisely, relatively, as large ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from .near_ties import is_near_tie
from .tolerance import Limits

Array = NDArray[Any]
ScoreKind = Literal["softmax", "sigmoid", "logits", "linear"]  # as in a bundle's manifest
SCORE_KINDS: tuple[str, ...] = get_args(ScoreKind)

_ROUNDINGS = 16.0  # exp, sum and division round about 4 times each, to within 2 units, on two sides
_LEAST_DIGITS = 64.0  # a sigmoid nearer to 1 than 64 roundoffs gives its log-odds to +-0.25 only
_SUM_SLACK = 1e-2  # rows of a half-precision softmax sum to 1 within a few 2**-11


@dataclass(frozen=True)
class LogOdds:
    """Probabilities of both sides as log-odds, float64, all of the shape of the probabilities.

    Attributes:
        reference: TensorFlow's.
        candidate: OpenCV's.
        usable: False where the reference is too near 0 or 1 for its log-odds to be known.
        resolution: Difference in log-odds that rounding the probabilities alone may cause.
    """

    reference: Array
    candidate: Array
    usable: Array
    resolution: Array


def log_odds(reference: Array, candidate: Array, kind: str, limits: Limits) -> LogOdds:
    """Turn probabilities (..., C) back into logits.

    Softmax: log p minus its mean over the usable classes of the row, which is the logits but for
    the constant that softmax ignores. Sigmoid: log p - log(1 - p), the logit itself. The rounding
    of p, `_ROUNDINGS` units relative to p, becomes that many units of log p, and 1 / (1 - p) times
    as much of the logit.

    Args:
        reference: TensorFlow's probabilities.
        candidate: OpenCV's.
        kind: "softmax" or "sigmoid".
        limits: Hold the roundoff, and the smallest probability that is precise enough.
    """
    roundoff = _ROUNDINGS * limits.roundoff
    if kind == "softmax":
        usable = reference >= limits.smallest
        resolution = np.full(reference.shape, roundoff)
        sides = [_centred_log(side, usable) for side in (reference, candidate)]
        usable = usable & (usable.sum(axis=-1, keepdims=True) > 1)
    else:
        rest = np.maximum(1.0 - reference, limits.roundoff)
        usable = (reference >= limits.smallest) & (rest >= _LEAST_DIGITS * limits.roundoff)
        resolution = roundoff / rest
        sides = [_logit(side, limits.roundoff) for side in (reference, candidate)]
    return LogOdds(sides[0], sides[1], usable, resolution)


def not_probabilities(reference: Array, kind: str) -> str | None:
    """Explain why (..., C) cannot be the output of a softmax or sigmoid; None if it can."""
    if reference.min() < 0.0 or reference.max() > 1.0 + _SUM_SLACK:
        return f"it is declared as a {kind}, yet the reference leaves 0..1"
    if kind == "softmax" and np.abs(reference.sum(axis=-1) - 1.0).max() > _SUM_SLACK:
        return "it is declared as a softmax, yet the reference does not sum to 1 over the last axis"
    return None


@dataclass(frozen=True)
class Ranking:
    """How often both sides rank the same `k` classes first, over all rows.

    Attributes:
        agreement: Share of rows that do, 0..1.
        near_ties: Rows that do not, but whose classes the reference itself hardly separates.
        flips: Rows that do not, and that no allowed error explains.
    """

    agreement: float
    near_ties: int
    flips: int


def compare_ranking(reference: Array, candidate: Array, k: int, allowed: float) -> Ranking:
    """Compare the sets of the `k` highest of (..., C) scores.

    `lack` is how much lower the reference scores the worst class that the candidate picked than the
    worst one it picked itself. Two errors of `allowed`, in opposite directions, explain a lack of
    twice that: a near-tie.

    Args:
        reference: TensorFlow's scores.
        candidate: OpenCV's.
        k: How many classes are compared.
        allowed: Error that a score may have.
    """
    picked = np.argpartition(-candidate, k - 1, axis=-1)[..., :k]
    threshold = -np.partition(-reference, k - 1, axis=-1)[..., k - 1]
    lack = threshold - np.take_along_axis(reference, picked, axis=-1).min(axis=-1)
    return Ranking(
        agreement=float((lack <= 0.0).mean()),
        near_ties=int(((lack > 0.0) & is_near_tie(lack, allowed)).sum()),
        flips=int(((lack > 0.0) & ~is_near_tie(lack, allowed)).sum()),
    )


def _centred_log(probabilities: Array, usable: Array) -> Array:
    floor = np.finfo(np.float32).smallest_subnormal
    logs = np.log(np.maximum(probabilities, float(floor)))
    count = np.maximum(usable.sum(axis=-1, keepdims=True), 1)
    centred: Array = logs - np.where(usable, logs, 0.0).sum(axis=-1, keepdims=True) / count
    return centred


def _logit(probabilities: Array, roundoff: float) -> Array:
    floor = float(np.finfo(np.float32).smallest_subnormal)
    clipped = np.clip(probabilities, floor, 1.0 - roundoff / 2)
    logit: Array = np.log(clipped) - np.log1p(-clipped)
    return logit
