"""Whether a score of 0.8 is right in 8 of 10 cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
BINS: Final = 15


@dataclass(frozen=True, eq=False, slots=True)
class Reliability:
    """Of each bin of scores that holds any: how many, their mean score, and the right share."""

    counts: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def ece(self) -> float | None:
        """The expected calibration error (Guo et al., 2017); None without samples."""
        total = self.counts.sum()
        if not total:
            return None
        gaps = np.abs(self.confidence - self.accuracy)
        return float((gaps * self.counts).sum() / total)


def reliability(scores: Array, is_right: Array, bins: int = BINS) -> Reliability:
    """Sort probabilities into `bins` of equal width, (low, high]; 0 is in the first.

    Args:
        scores: (N,) Probabilities of the answers.
        is_right: (N,) Whether each answer is right.
        bins: How many.
    """
    values = np.asarray(scores, np.float64)
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.searchsorted(edges, values, side="left") - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    full = counts > 0
    confidence = np.bincount(place, values, bins)[full] / counts[full]
    accuracy = np.bincount(place, np.asarray(is_right, np.float64), bins)[full] / counts[full]
    return Reliability(counts[full], confidence, accuracy)
