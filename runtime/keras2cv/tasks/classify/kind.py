"""The task's row in the table."""

from __future__ import annotations

from typing import Final

from keras2cv.tasks.classify.postprocess import classify
from keras2cv.tasks.classify.result import Classification
from keras2cv.tasks.kind import Rows, TaskKind, without_placements


def _rows(result: Classification, top: int) -> Rows:
    """Return the `top` best classes."""
    return [(label, f"{score:.4f}") for label, score in result.shown(result.top(top))]


KIND: Final = TaskKind(
    title="one of many classes",
    result=Classification,
    postprocess=without_placements(classify),
    rows=_rows,
    scores=("softmax", "logits", "sigmoid", "linear"),
    class_scores="one per label",
    traits=frozenset({"top"}),
)
