"""The task's row in the table."""

from __future__ import annotations

from typing import Final

from keras2cv.tasks.binary.postprocess import binary
from keras2cv.tasks.binary.result import BinaryResult
from keras2cv.tasks.kind import Rows, TaskKind, without_placements


def _rows(result: BinaryResult, _: int) -> Rows:
    return [(result.label, f"{result.score:.4f}")]


KIND: Final = TaskKind(
    title="yes or no",
    result=BinaryResult,
    postprocess=without_placements(binary),
    rows=_rows,
    scores=("sigmoid", "logits"),
    single=True,
    class_scores="one",
)
