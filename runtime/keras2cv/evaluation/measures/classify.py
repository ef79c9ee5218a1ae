"""One of many classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.evaluation.measures.measure import Curve, Measure, Numbers, thinned
from keras2cv.evaluation.metrics.calibration import reliability
from keras2cv.evaluation.metrics.classes import class_rates, confusion_matrix, in_top
from keras2cv.evaluation.metrics.ranking import Counts, average_precision, count_above, roc_auc
from keras2cv.evaluation.outcome import Outcome
from keras2cv.evaluation.rows import Rows
from keras2cv.tasks.classify.result import Classification

Array = NDArray[Any]

_BLOCK: Final = 32  # columns of scores that are in memory at a time
_MOST_CURVES: Final = 12


class ClassifyMeasure(Measure):
    """Accuracy, top-5, what the confusion matrix tells, areas below curves, calibration."""

    better: ClassVar[Mapping[str, bool]] = MappingProxyType(
        {
            "accuracy": True, "top5": True, "precision": True, "recall": True, "f1": True,
            "auc": True, "average_precision": True, "ece": False,
        }
    )  # fmt: skip
    primary = "accuracy"

    def __init__(
        self,
        labels: Sequence[str],
        numbers: Sequence[int],
        scores: str | None,
        thresholds: Sequence[float] | None = None,
    ) -> None:
        """Begin.

        Args:
            labels: The model's classes.
            numbers: Of each class of the data, the model's.
            scores: The kind of scores, as in the manifest.
            thresholds: Of each class; an answer that is not above its own is unknown.
        """
        super().__init__()
        self._labels, self._numbers = tuple(labels), tuple(numbers)
        self._are_probabilities = scores in ("softmax", "logits", "sigmoid")
        self._truths: list[int] = []
        self._thresholds = thresholds
        self.unknown = 0  # answers that are not above their class' threshold
        self._scores = Rows(len(labels), np.float32)

    def outcome(self, name: str, truth: Any, result: Any, image: Array | None) -> Outcome:  # noqa: ARG002
        """Keep the true class and every score.

        Args:
            name: The sample's.
            truth: As the data has it.
            result: The answer.
            image: The picture; None for arrays.
        """
        assert isinstance(result, Classification)  # noqa: S101 - the task's
        number = self._numbers[int(truth)]
        own = float(result.scores[number])
        is_right = result.index == number
        error = 0.0 if is_right else max(result.score - own, 1e-12)
        data = {"truth": number, "scores": result.scores}
        words = f"{self._labels[result.index]} {result.score:.3f}"
        return Outcome(name, self._labels[number], words, error, is_right, data)

    def add(self, outcome: Outcome) -> None:
        """Add a sample.

        Raises:
            ValueError: it is no sample of these classes.
        """
        truth = int(outcome.data["truth"])
        if not 0 <= truth < len(self._labels):
            raise ValueError(f"there is no class {truth}")
        self._truths.append(truth)
        if self._thresholds is not None:
            best = int(np.argmax(outcome.data["scores"]))
            self.unknown += not outcome.data["scores"][best] > self._thresholds[best]
        self._scores.append(outcome.data["scores"])
        self._terms.append(np.array([bool(outcome.is_right), 1.0]))

    def gap(self, one: Outcome, other: Outcome) -> float:
        """Return the largest difference of a score; one more where another class is best."""
        scores = [outcome.data["scores"] for outcome in (one, other)]
        differs = float(scores[0].argmax() != scores[1].argmax())
        return differs + float(np.abs(scores[0] - scores[1]).max())

    def numbers(self) -> Numbers:
        """Return everything."""
        truths, scores = np.array(self._truths, np.int64), self._scores.array()
        answers, best, in_five = self._answers(truths, scores)
        matrix = confusion_matrix(truths, answers, len(self._labels))
        rates = class_rates(matrix)
        counts = dict(self.counts())
        aucs = {number: roc_auc(one) for number, one in counts.items()}
        precisions = {number: average_precision(one) for number, one in counts.items()}
        metrics: dict[str, float | None] = {
            "accuracy": _mean(answers == truths),
            "precision": rates.mean(rates.precision),
            "recall": rates.mean(rates.recall),
            "f1": rates.mean(rates.f1),
            "auc": _mean([auc for auc in aucs.values() if auc is not None]),
            "average_precision": _mean([ap for ap in precisions.values() if ap is not None]),
        }
        if len(self._labels) > 5:
            metrics["top5"] = _mean(in_five)
        curves = list(_curves(counts, self._labels))
        if self._are_probabilities:
            reliable = reliability(best, answers == truths)
            metrics["ece"] = reliable.ece
            x, y = thinned(reliable.confidence, reliable.accuracy)
            curves.append(Curve("reliability", "score", "share that is right", x, y))
        per_class = {
            label: {
                "support": float(rates.support[k]),
                "precision": float(rates.precision[k]),
                "recall": float(rates.recall[k]),
                "f1": float(rates.f1[k]),
                "auc": aucs.get(k),
                "average_precision": precisions.get(k),
            }
            for k, label in enumerate(_apart(self._labels))
            if rates.present[k]
        }
        return Numbers(metrics, per_class, matrix, self._labels, tuple(curves))

    def label_of(self, number: int) -> str:
        """Return the label of a class."""
        return self._labels[number]

    def counts(self) -> Iterator[tuple[int, Counts]]:
        """Yield (class, counts at every threshold of its score) of the classes that are true."""
        truths, scores = np.array(self._truths, np.int64), self._scores.array()
        there = set(self._truths)
        for start in range(0, scores.shape[1], _BLOCK):
            chosen = [k for k in range(start, min(start + _BLOCK, scores.shape[1])) if k in there]
            if chosen:
                block = np.array(scores[:, start : start + _BLOCK])
                for number in chosen:
                    yield number, count_above(block[:, number - start], truths == number)

    def _answers(self, truths: Array, scores: Array) -> tuple[Array, Array, Array]:
        """Return the best class and its score, and whether the true one is among five."""
        found: list[tuple[Array, ...]] = []
        for start in range(0, len(scores), 4096):
            part = np.array(scores[start : start + 4096])
            answer = part.argmax(axis=1)
            best = np.take_along_axis(part, answer[:, None], axis=1)[:, 0]
            found.append((answer, best, in_top(part, truths[start : start + 4096], 5)))
        if not found:
            return np.zeros(0, np.int64), np.zeros(0), np.zeros(0, bool)
        answers, best, in_five = (np.concatenate(column) for column in zip(*found, strict=True))
        return answers, best, in_five


def _curves(counts: Mapping[int, Counts], labels: Sequence[str]) -> Iterator[Curve]:
    """Yield precision over recall, and F1 over the threshold, of the most frequent classes."""
    often = sorted(counts, key=lambda number: -counts[number].positives)[:_MOST_CURVES]
    for number in sorted(often):
        yield from curves_of(labels[number], counts[number])


def curves_of(label: str, counts: Counts) -> Iterator[Curve]:
    """Yield the two curves of one class."""
    x, y = thinned(counts.recall, counts.precision)
    yield Curve(f"PR {label}", "recall", "precision", x, y)
    x, y = thinned(counts.thresholds, counts.f1)
    yield Curve(f"F1 {label}", "threshold", "F1", x, y)


def _mean(values: Any) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _apart(labels: Sequence[str]) -> list[str]:
    """Return labels of which each is there once, by their number where two are the same."""
    return [
        label if labels.index(label) == k else f"{label} ({k})" for k, label in enumerate(labels)
    ]
