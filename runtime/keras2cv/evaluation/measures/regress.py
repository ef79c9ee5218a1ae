"""Numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from keras2cv.evaluation.labelled import BadTruthError
from keras2cv.evaluation.measures.measure import Curve, Measure, Numbers, thinned
from keras2cv.evaluation.metrics.numbers import r2_score
from keras2cv.evaluation.outcome import Outcome
from keras2cv.evaluation.rows import Rows

Array = NDArray[Any]


class RegressMeasure(Measure):
    """MAE, RMSE and R2, of all numbers and of each."""

    better: ClassVar[Mapping[str, bool]] = MappingProxyType(
        {"mae": False, "rmse": False, "r2": True, "max_error": False}
    )
    primary = "mae"

    def __init__(self, width: int, labels: Sequence[str] | None) -> None:
        """Begin, with the number of values of a sample, and their labels."""
        super().__init__()
        self._width = width
        self._labels = tuple(labels) if labels is not None else tuple(map(str, range(width)))
        self._rows = Rows(2 * width)

    def outcome(self, name: str, truth: Any, result: Any, image: Array | None) -> Outcome:  # noqa: ARG002
        """Keep both sides' numbers.

        Args:
            name: The sample's.
            truth: As the data has it.
            result: The answer.
            image: The picture; None for arrays.

        Raises:
            BadTruthError: the truth has another number of values.
        """
        true = np.asarray(truth, np.float64).reshape(-1)
        if len(true) != self._width:
            text = f"{name} is labelled with {len(true)} numbers, and the model has {self._width}."
            raise BadTruthError("label unreadable", text)
        answer = np.asarray(result.values, np.float64).reshape(-1)
        error = float(np.abs(true - answer).mean())
        data = {"truth": true, "answer": answer}
        return Outcome(name, _shown(true), _shown(answer), error, None, data)

    def add(self, outcome: Outcome) -> None:
        """Add a sample."""
        true, answer = outcome.data["truth"], outcome.data["answer"]
        self._rows.append(np.concatenate([true, answer]))
        self._terms.append(np.array([np.abs(true - answer).mean(), 1.0]))

    def gap(self, one: Outcome, other: Outcome) -> float:
        """Return the largest difference of the numbers."""
        return float(np.abs(one.data["answer"] - other.data["answer"]).max())

    def numbers(self) -> Numbers:
        """Return everything."""
        rows = self._rows.array()
        true, answer = rows[:, : self._width], rows[:, self._width :]
        per_value = {
            label: _errors(true[:, k : k + 1], answer[:, k : k + 1])
            for k, label in enumerate(self._labels)
        }
        metrics = _errors(true, answer)
        if self._width > 1 and len(rows):  # as scikit-learn: each number's own, and their mean
            metrics["rmse"] = float(np.mean([one["rmse"] for one in per_value.values()]))
        step = max(1, len(rows) // 2000)
        x, y = thinned(true[::step].reshape(-1), answer[::step].reshape(-1), 2000)
        return Numbers(
            metrics,
            per_value if self._width > 1 else {},
            curves=(Curve("scatter", "true", "answered", x, y),),
        )


def _errors(true: Array, answer: Array) -> dict[str, float | None]:
    if not len(true):
        return {"mae": None, "rmse": None, "r2": None, "max_error": None}
    gaps = np.abs(true - answer)
    return {
        "mae": float(gaps.mean()),
        "rmse": float(np.sqrt((gaps**2).mean())),
        "r2": r2_score(true, answer),
        "max_error": float(gaps.max()),
    }


def _shown(values: Array) -> str:
    shown = ", ".join(f"{value:.4g}" for value in values[:6])
    return f"{shown}, ..." if len(values) > 6 else shown
