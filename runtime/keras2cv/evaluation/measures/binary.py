"""Yes or no."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from keras2cv.evaluation.measures.classify import curves_of
from keras2cv.evaluation.measures.measure import Curve, Measure, Numbers, thinned
from keras2cv.evaluation.metrics.calibration import reliability
from keras2cv.evaluation.metrics.classes import class_rates, confusion_matrix
from keras2cv.evaluation.metrics.ranking import Counts, average_precision, count_above, roc_auc
from keras2cv.evaluation.outcome import Outcome
from keras2cv.evaluation.rows import Rows
from keras2cv.tasks.binary.result import BinaryResult

Array = NDArray[Any]


class BinaryMeasure(Measure):
    """Accuracy, precision, recall and F1 of yes, areas below curves, calibration."""

    better: ClassVar[Mapping[str, bool]] = MappingProxyType(
        {
            "accuracy": True, "precision": True, "recall": True, "f1": True,
            "auc": True, "average_precision": True, "ece": False,
        }
    )  # fmt: skip
    primary = "accuracy"

    def __init__(self, labels: Sequence[str], numbers: Sequence[int]) -> None:
        """Begin, with the labels (no, yes), and the number of each class of the data."""
        super().__init__()
        self._labels, self._numbers = tuple(labels), tuple(numbers)
        self._rows = Rows(3)  # truth, answer, probability of yes

    def outcome(self, name: str, truth: Any, result: Any, image: Array | None) -> Outcome:  # noqa: ARG002
        """Keep the true class, the answer and the probability of yes.

        Args:
            name: The sample's.
            truth: As the data has it.
            result: The answer.
            image: The picture; None for arrays.
        """
        assert isinstance(result, BinaryResult)  # noqa: S101 - the task's
        number = self._numbers[int(truth)]
        is_right = result.positive == bool(number)
        data = {
            "truth": number,
            "answer": int(result.positive),
            "probability": result.probability,
        }
        error = 0.0 if is_right else max(abs(number - result.probability), 1e-12)
        words = f"{result.label} {result.score:.3f}"
        return Outcome(name, self._labels[number], words, error, is_right, data)

    def add(self, outcome: Outcome) -> None:
        """Add a sample."""
        data = outcome.data
        self._rows.append(np.array([data["truth"], data["answer"], data["probability"]]))
        self._terms.append(np.array([bool(outcome.is_right), 1.0]))

    def gap(self, one: Outcome, other: Outcome) -> float:
        """Return the difference of the probabilities; one more where the answers differ."""
        differs = float(one.data["answer"] != other.data["answer"])
        return differs + abs(float(one.data["probability"]) - float(other.data["probability"]))

    def numbers(self) -> Numbers:
        """Return everything."""
        truth, answer, probability = self._columns()
        matrix = confusion_matrix(truth, answer, 2)
        rates = class_rates(matrix)
        (_, counts), *_ = self.counts()
        right = truth == answer
        reliable = reliability(np.where(answer == 1, probability, 1 - probability), right)
        metrics = {
            "accuracy": float(right.mean()) if len(right) else None,
            "precision": float(rates.precision[1]),
            "recall": float(rates.recall[1]),
            "f1": float(rates.f1[1]),
            "auc": roc_auc(counts),
            "average_precision": average_precision(counts),
            "ece": reliable.ece,
        }
        per_class = {
            label: {
                "support": float(rates.support[k]),
                "precision": float(rates.precision[k]),
                "recall": float(rates.recall[k]),
                "f1": float(rates.f1[k]),
            }
            for k, label in enumerate(self._labels)
        }
        x, y = thinned(reliable.confidence, reliable.accuracy)
        curve = Curve("reliability", "score", "share that is right", x, y)
        curves = (*curves_of(self._labels[1], counts), curve)
        return Numbers(metrics, per_class, matrix, self._labels, curves)

    def label_of(self, number: int) -> str:
        """Return the label of a class."""
        return self._labels[number]

    def counts(self) -> Iterator[tuple[int, Counts]]:
        """Yield (1, counts at every threshold of the probability of yes)."""
        truth, _, probability = self._columns()
        yield 1, count_above(probability, truth == 1)

    def _columns(self) -> tuple[Array, Array, Array]:
        rows = self._rows.array()
        return rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64), rows[:, 2]
