"""Lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from keras2cv.evaluation.measures.measure import Measure, Numbers
from keras2cv.evaluation.metrics.texts import edit_distance
from keras2cv.evaluation.outcome import Outcome
from keras2cv.evaluation.rows import Rows
from keras2cv.tasks.text.result import TextResult

Array = NDArray[Any]


class TextMeasure(Measure):
    """Character and word error rates, and the share of lines that are read without an error."""

    better: ClassVar[Mapping[str, bool]] = MappingProxyType(
        {"cer": False, "wer": False, "exact": True}
    )
    primary = "cer"

    def __init__(self) -> None:
        """Begin."""
        super().__init__()
        self._rows = Rows(5)  # edits, characters, edits of words, words, exact

    def outcome(self, name: str, truth: Any, result: Any, image: Array | None) -> Outcome:  # noqa: ARG002
        """Keep the distances.

        Args:
            name: The sample's.
            truth: As the data has it.
            result: The answer.
            image: The picture; None for arrays.
        """
        assert isinstance(result, TextResult)  # noqa: S101 - the task's
        true, text = str(truth), result.text
        edits = edit_distance(true, text)
        words, found = true.split(), text.split()
        row = np.array(
            [edits, len(true), edit_distance(words, found), len(words), true == text], np.float64
        )
        error = edits / max(len(true), 1)
        return Outcome(name, true, text, error, true == text, {"row": row})

    def add(self, outcome: Outcome) -> None:
        """Add a line."""
        row = np.asarray(outcome.data["row"], np.float64)
        self._rows.append(row)
        self._terms.append(row[:2])

    def numbers(self) -> Numbers:
        """Return everything: the errors of all lines by the length of all texts."""
        rows = self._rows.array()
        sums = rows.sum(axis=0)
        return Numbers(
            {
                "cer": float(sums[0] / sums[1]) if sums[1] else None,
                "wer": float(sums[2] / sums[3]) if sums[3] else None,
                "exact": float(rows[:, 4].mean()) if len(rows) else None,
            }
        )
