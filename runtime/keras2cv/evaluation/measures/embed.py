"""Whether two pictures show the same, by the distance of their vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.evaluation.labelled import Pair
from keras2cv.evaluation.measures.classify import curves_of
from keras2cv.evaluation.measures.measure import Measure, Numbers
from keras2cv.evaluation.metrics.ranking import (
    average_precision,
    count_above,
    equal_error_rate,
    roc_auc,
)
from keras2cv.evaluation.outcome import Outcome
from keras2cv.evaluation.rows import Rows
from keras2cv.tasks.embed.result import Embedding

Array = NDArray[Any]
FOLDS: Final = 10
_BLOCK: Final = 4096


class EmbedMeasure(Measure):
    """Verification by the cosine similarity: accuracy at the best threshold, and unseen, AUC, EER.

    `accuracy` is that of the threshold that is best on all pairs, `accuracy_10_fold` that of
    thresholds chosen on nine tenths and tried on the last, as for LFW.
    """

    better: ClassVar[Mapping[str, bool]] = MappingProxyType(
        {
            "accuracy": True, "accuracy_10_fold": True, "auc": True, "average_precision": True,
            "eer": False, "threshold": True,
        }
    )  # fmt: skip
    primary = "accuracy"

    def __init__(self, width: int, pairs: Sequence[Pair]) -> None:
        """Begin, with the length of a vector."""
        super().__init__()
        self._pairs = tuple(pairs)
        self._places: dict[str, int] = {}
        self._vectors = Rows(width, np.float32)

    @property
    def count(self) -> int:
        """How many pictures were added."""
        return len(self._vectors)

    def outcome(self, name: str, truth: Any, result: Any, image: Array | None) -> Outcome:  # noqa: ARG002
        """Keep the vector.

        Args:
            name: The sample's.
            truth: As the data has it.
            result: The answer.
            image: The picture; None for arrays.
        """
        assert isinstance(result, Embedding)  # noqa: S101 - the task's
        return Outcome(name, "", f"length {result.norm:.3g}", 0.0, None, {"vector": result.vector})

    def add(self, outcome: Outcome) -> None:
        """Add a picture."""
        self._places[outcome.name] = len(self._vectors)
        self._vectors.append(outcome.data["vector"])

    def gap(self, one: Outcome, other: Outcome) -> float:
        """Return the cosine distance of the two vectors."""
        pair = [Embedding(np.asarray(o.data["vector"], np.float32)) for o in (one, other)]
        return pair[0].cosine_distance(pair[1])

    def numbers(self) -> Numbers:
        """Return everything."""
        similarity, same, _ = self._judged()
        if not len(same):
            return Numbers(dict.fromkeys(self.better))
        counts = count_above(similarity, same)
        threshold, accuracy = best_threshold(similarity, same)
        metrics = {
            "accuracy": accuracy,
            "accuracy_10_fold": _by_folds(similarity, same),
            "auc": roc_auc(counts),
            "average_precision": average_precision(counts),
            "eer": equal_error_rate(counts),
            "threshold": threshold,
        }
        return Numbers(metrics, curves=tuple(curves_of("same", counts)))

    def wrong_pairs(self) -> list[tuple[Pair, float, float]]:
        """Return wrongly judged pairs, the worst first, with similarity and threshold."""
        similarity, same, pairs = self._judged()
        threshold, _ = best_threshold(similarity, same)
        wrong = np.flatnonzero((similarity >= threshold) != same)
        order = wrong[np.argsort(-np.abs(similarity[wrong] - threshold), kind="stable")]
        return [(pairs[k], float(similarity[k]), threshold) for k in order.tolist()]

    def terms(self) -> Array:
        """Return of each pair whether it is judged right at the best threshold, and 1."""
        similarity, same, _ = self._judged()
        if not len(same):
            return np.zeros((0, 2))
        threshold, _ = best_threshold(similarity, same)
        right = (similarity >= threshold) == same
        return np.stack([right, np.ones(len(right))], axis=1).astype(np.float64)

    def _judged(self) -> tuple[Array, Array, list[Pair]]:
        """Return (P,) cosine similarities, whether each pair is the same, and those pairs."""
        pairs = [p for p in self._pairs if p.one in self._places and p.other in self._places]
        vectors = self._vectors.array()
        found = [np.zeros(0)]
        for start in range(0, len(pairs), _BLOCK):
            part = pairs[start : start + _BLOCK]
            one = vectors[[self._places[p.one] for p in part]].astype(np.float64)
            other = vectors[[self._places[p.other] for p in part]].astype(np.float64)
            lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
            products = (one * other).sum(axis=1)
            found.append(np.where(lengths > 0, products / np.where(lengths > 0, lengths, 1), -1.0))
        return np.concatenate(found), np.array([p.is_same for p in pairs], bool), pairs


def best_threshold(similarity: Array, same: Array) -> tuple[float, float]:
    """Return the threshold with the most right pairs (similar enough: the same), and their share.

    It lies halfway to the next lower similarity, so that it holds for more than these pairs.
    """
    if not len(same):
        return 0.0, 0.0
    counts = count_above(similarity, same)
    right = counts.true_positives + counts.negatives - counts.false_positives
    best = int(right.argmax())
    if right[best] < counts.negatives:  # better to call none the same
        return float(counts.thresholds[0]) + 1e-6, counts.negatives / len(same)
    lower = counts.thresholds[min(best + 1, len(right) - 1)]
    return float((counts.thresholds[best] + lower) / 2), float(right[best] / len(same))


def _by_folds(similarity: Array, same: Array) -> float | None:
    if len(same) < 2 * FOLDS:
        return None
    order = np.random.default_rng(0).permutation(len(same))
    right = 0
    for fold in range(FOLDS):
        held = order[fold::FOLDS]
        rest = np.setdiff1d(order, held)
        threshold, _ = best_threshold(similarity[rest], same[rest])
        right += int(((similarity[held] >= threshold) == same[held]).sum())
    return right / len(same)
